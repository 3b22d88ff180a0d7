package review

import (
	"encoding/hex"

	"probity/internal/custody"
	"probity/internal/seal"
	"probity/internal/table"
)

// RowKey returns the key from which the salts of a table's rows derive.
func RowKey(s *seal.Sealer, name string) []byte { return s.Key("table " + name) }

// A Row is one row of a table as it is committed to.
type Row struct {
	Table string
	Index int64
	Leaf  seal.Hash
	Line  []byte // in its sealed form; valid until the callback returns
}

// Roots commits to the rows of every table below dir, in which names stand
// sealed. each, if not nil, is told of every row.
func Roots(dir string, s *seal.Sealer, names *seal.Names, each func(Row) error) ([]custody.TableRoot, error) {
	text := func(v string) (string, error) { return s.Text(v, names), nil }
	return rootsOf(dir, func(name string) []byte { return RowKey(s, name) }, text, each)
}

// RootsKnown is [Roots] for who has the keys of the tables and knows the names
// by their digests, or by what stands for them where they are withheld.
func RootsKnown(dir string, key func(table string) []byte, k *seal.Known, names *seal.Names) ([]custody.TableRoot, error) {
	digests := k.Digests()
	text := func(v string) (string, error) { return k.Reseal(v, names, digests) }
	return rootsOf(dir, key, text, nil)
}

func rootsOf(dir string, key func(string) []byte, text func(string) (string, error), each func(Row) error) ([]custody.TableRoot, error) {
	folders, err := table.Folders(dir)
	if err != nil {
		return nil, err
	}
	out := []custody.TableRoot{}
	for _, name := range folders {
		rows := seal.NewRows(key(name))
		err := table.Lines(dir, name, text, func(line []byte) error {
			leaf := rows.Add(line)
			if each == nil {
				return nil
			}
			return each(Row{Table: name, Index: rows.Len() - 1, Leaf: leaf, Line: line})
		})
		if err != nil {
			return nil, err
		}
		root := rows.Root()
		out = append(out, custody.TableRoot{Name: name, Rows: rows.Len(), Root: hex.EncodeToString(root[:])})
	}
	return out, nil
}
