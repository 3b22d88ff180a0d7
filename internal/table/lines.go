package table

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// Folders returns the names of the tables below dir, in order.
func Folders(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading tables: %w", err)
	}
	var out []string
	for _, d := range list {
		if d.IsDir() {
			out = append(out, d.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

// files returns the files of a table, in order.
func files(dir, name string) ([]string, error) {
	list, err := filepath.Glob(filepath.Join(dir, name, "*.parquet"))
	slices.Sort(list)
	return list, err
}

// Lines calls f with the canonical line of each row of a table below dir, file
// by file in the order of their names: a JSON object with the columns in their
// order and no spaces; times RFC 3339, tokens in hex, decimals exact and as
// text. text is applied to each string before it is written. The line is valid
// until f returns.
func Lines(dir, name string, text func(string) (string, error), f func(line []byte) error) error {
	list, err := files(dir, name)
	if err != nil {
		return err
	}
	for _, file := range list {
		if err := linesOf(file, text, f); err != nil {
			return fmt.Errorf("reading tables/%s/%s: %w", name, filepath.Base(file), err)
		}
	}
	return nil
}

func linesOf(file string, text func(string) (string, error), f func([]byte) error) error {
	in, err := openTable(file)
	if err != nil {
		return err
	}
	defer in.Close()
	columns := columnsOf(in.Schema(), text)
	var line []byte
	return in.each(func(row parquet.Row) error {
		line = append(line[:0], '{')
		for i, v := range row {
			c := &columns[i]
			line = append(line, c.name...)
			if line, err = c.append(line, v); err != nil {
				return err
			}
		}
		line = append(line, '}')
		return f(line)
	})
}

// Rewrite writes the files of a table below dir anew below to, with text
// applied to each string.
func Rewrite(dir, to, name string, text func(string) (string, error)) error {
	list, err := files(dir, name)
	if err != nil {
		return err
	}
	for _, file := range list {
		if err := rewrite(file, filepath.Join(to, name), text); err != nil {
			return fmt.Errorf("writing tables/%s/%s: %w", name, filepath.Base(file), err)
		}
	}
	return nil
}

func rewrite(file, dir string, text func(string) (string, error)) (err error) {
	in, err := openTable(file)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, filepath.Base(file)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := parquet.NewGenericWriter[any](out, in.Schema(), parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(groupRows), parquet.PageBufferSize(64<<10), parquet.CreatedBy("probity", "1", ""))
	columns := columnsOf(in.Schema(), text)
	err = in.each(func(row parquet.Row) error {
		for i, v := range row {
			if c := &columns[i]; c.means == meansText && !v.IsNull() {
				s, err := c.text(string(v.ByteArray()))
				if err != nil {
					return err
				}
				row[i] = parquet.ByteArrayValue([]byte(s)).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
			}
		}
		_, err := w.WriteRows([]parquet.Row{row})
		return err
	})
	return errors.Join(err, w.Close())
}

// A tableFile is one file of a table.
type tableFile struct {
	*os.File
	parquet *parquet.File
}

func (t *tableFile) Schema() *parquet.Schema { return t.parquet.Schema() }

func openTable(name string) (*tableFile, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	i, err := in.Stat()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	p, err := parquet.OpenFile(in, i.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<18))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	for _, c := range p.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return nil, errors.Join(fmt.Errorf("the column %s is no single value", c.Name()), in.Close())
		}
	}
	return &tableFile{in, p}, nil
}

// each calls f for each row. A damaged file is an error.
func (t *tableFile) each(f func(parquet.Row) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged: %v", r)
		}
	}()
	batch := make([]parquet.Row, 128)
	for _, group := range t.parquet.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(batch)
			for _, row := range batch[:n] {
				if err := f(row); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// What the values of a column mean.
type meaning int

const (
	meansNothing meaning = iota // a type that no table has
	meansText
	meansToken
	meansTime
	meansDecimal
	meansWhole
	meansTruth
)

// A column writes its values.
type column struct {
	name  []byte // ,"name":
	means meaning
	scale int
	known map[string]string // texts that were seen, as JSON
	plain map[string]string // the same as they are
	apply func(string) (string, error)
}

func columnsOf(s *parquet.Schema, text func(string) (string, error)) []column {
	var out []column
	for i, f := range s.Fields() {
		c := column{apply: text, known: map[string]string{}, plain: map[string]string{}}
		name, _ := json.Marshal(f.Name()) // a string marshals
		if i > 0 {
			c.name = append(c.name, ',')
		}
		c.name = append(append(c.name, name...), ':')
		c.means, c.scale = meaningOf(f.Type())
		out = append(out, c)
	}
	return out
}

func meaningOf(t parquet.Type) (meaning, int) {
	if l := t.LogicalType(); l != nil {
		switch x := l.Value.(type) {
		case *format.UUIDType:
			return meansToken, 0
		case *format.DecimalType:
			return meansDecimal, int(x.Scale)
		case *format.TimestampType:
			return meansTime, 0
		}
	}
	switch t.Kind() {
	case parquet.ByteArray:
		return meansText, 0
	case parquet.Boolean:
		return meansTruth, 0
	case parquet.Int32, parquet.Int64:
		return meansWhole, 0
	}
	return meansNothing, 0
}

// maxKnown bounds how many texts of a column are remembered.
const maxKnown = 1 << 16

func (c *column) text(s string) (string, error) {
	if t, ok := c.plain[s]; ok {
		return t, nil
	}
	t, err := c.apply(s)
	if err == nil && len(c.plain) < maxKnown {
		c.plain[s] = t
	}
	return t, err
}

func (c *column) append(line []byte, v parquet.Value) ([]byte, error) {
	if v.IsNull() {
		return append(line, "null"...), nil
	}
	switch c.means {
	case meansText:
		return c.quote(line, v.ByteArray())
	case meansToken:
		return append(hex.AppendEncode(append(line, '"'), v.ByteArray()), '"'), nil
	case meansTime:
		return append(time.UnixMicro(v.Int64()).UTC().AppendFormat(append(line, '"'), time.RFC3339Nano), '"'), nil
	case meansDecimal:
		return append(appendDecimal(append(line, '"'), v.ByteArray(), c.scale), '"'), nil
	case meansTruth:
		return strconv.AppendBool(line, v.Boolean()), nil
	case meansWhole:
		if v.Kind() == parquet.Int32 {
			return strconv.AppendInt(line, int64(v.Int32()), 10), nil
		}
		return strconv.AppendInt(line, v.Int64(), 10), nil
	}
	return nil, fmt.Errorf("the column %s has a type that tables do not have", c.name)
}

func (c *column) quote(line, s []byte) ([]byte, error) {
	if t, ok := c.known[string(s)]; ok {
		return append(line, t...), nil
	}
	t, err := c.apply(string(s))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	if len(c.known) < maxKnown {
		c.known[string(s)] = string(text)
	}
	return append(line, text...), nil
}

// appendDecimal writes a two's complement big-endian integer scaled by 10^-scale.
func appendDecimal(line, raw []byte, scale int) []byte {
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	if n.Sign() < 0 {
		line = append(line, '-')
		n.Neg(n)
	}
	digits := n.String()
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, rest := digits[:len(digits)-scale], digits[len(digits)-scale:]
	for len(rest) > 0 && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	line = append(line, whole...)
	if rest != "" {
		line = append(append(line, '.'), rest...)
	}
	return line
}
