package review

import (
	"encoding/hex"
	"errors"

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
// sealed. each, if not nil, is told of every row, while the next ones are read
// and sealed: it must not seal anything with s.
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
		err := ahead(dir, name, text, func(line []byte) error {
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

// A batch is some lines of a table, one behind the other.
type batch struct {
	text []byte
	ends []int
}

// batchBytes is about how much text a batch has.
const batchBytes = 1 << 18

// errStopped ends the reading of lines that nobody wants any more.
var errStopped = errors.New("stopped")

// ahead calls f with each line of a table, as [table.Lines] does, while the next
// ones are read in another goroutine: reading and hashing take about as long.
func ahead(dir, name string, text func(string) (string, error), f func([]byte) error) error {
	batches, stop := make(chan batch, 4), make(chan struct{})
	var reading error // may be looked at once batches is closed
	go func() {
		defer close(batches)
		reading = batched(dir, name, text, func(b batch) error {
			select {
			case batches <- b:
				return nil
			case <-stop:
				return errStopped
			}
		})
	}()
	for b := range batches {
		if err := b.each(f); err != nil {
			close(stop)
			for range batches { // until nobody reads any more
			}
			return err
		}
	}
	return reading
}

func batched(dir, name string, text func(string) (string, error), send func(batch) error) error {
	fresh := func() batch { return batch{text: make([]byte, 0, batchBytes+batchBytes/8)} }
	b := fresh()
	err := table.Lines(dir, name, text, func(line []byte) error {
		b.text = append(b.text, line...)
		b.ends = append(b.ends, len(b.text))
		if len(b.text) < batchBytes {
			return nil
		}
		full := b
		b = fresh()
		return send(full)
	})
	if err != nil {
		return err
	}
	return send(b)
}

func (b *batch) each(f func([]byte) error) error {
	from := 0
	for _, end := range b.ends {
		if err := f(b.text[from:end:end]); err != nil {
			return err
		}
		from = end
	}
	return nil
}
