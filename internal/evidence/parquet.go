package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetRows renders the rows of a Parquet file as JSON, one a line. Every
// column is there, null or not, in the order of the schema. Times are written
// in UTC as RFC 3339, decimals as numbers, binary values that are no text in
// base64.
type parquetRows struct {
	file   *parquet.File
	close  func() error
	groups []parquet.RowGroup
	rows   parquet.Rows
	batch  []parquet.Row
	text   bytes.Buffer
	off    int
	err    error
}

// parquetRows opens the file as rows. If it cannot be read as Parquet, why
// says so, and its bytes are taken as they are.
func (f *File) parquetRows() (p *parquetRows, why string, err error) {
	at, size, closer, err := f.at()
	if err != nil {
		return nil, "", err
	}
	file, bad := openParquet(at, size)
	if bad != nil {
		return nil, "a Parquet file that is cut off or damaged: its footer cannot be read", closer()
	}
	return &parquetRows{file: file, close: closer, groups: file.RowGroups(), batch: make([]parquet.Row, 64)}, "", nil
}

// maxFooter is the longest footer that is read.
const maxFooter = 64 << 20

func openParquet(at io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged: %v", r)
		}
	}()
	var tail [8]byte // the length of the footer, and the magic number again
	if _, err := at.ReadAt(tail[:], size-8); err != nil || size < 12 || string(tail[4:]) != "PAR1" {
		return nil, errors.New("no footer")
	}
	if footer := int64(binary.LittleEndian.Uint32(tail[:4])); footer > size-12 || footer > maxFooter {
		return nil, errors.New("a footer that is longer than the file")
	}
	return parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
}

// at returns random access to the file's own bytes. What lies in an archive is
// copied to the spool first.
func (f *File) at() (at io.ReaderAt, size int64, closer func() error, err error) {
	if f.member == nil {
		in, err := os.Open(f.Abs)
		if err != nil {
			return nil, 0, nil, fmt.Errorf("opening evidence %s: %w", f.Path, cause(err))
		}
		return in, f.Bytes, in.Close, nil
	}
	in, err := f.Raw()
	if err != nil {
		return nil, 0, nil, err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(f.member.of.spool, "member-*")
	if err != nil {
		return nil, 0, nil, fmt.Errorf("spooling evidence %s: %w", f.Path, err)
	}
	size, err = io.Copy(tmp, in)
	remove := func() error { return errors.Join(tmp.Close(), os.Remove(tmp.Name())) }
	if err != nil && !errors.As(err, new(*memberError)) {
		return nil, 0, nil, errors.Join(fmt.Errorf("spooling evidence %s: %w", f.Path, err), remove())
	}
	return tmp, size, remove, nil
}

// Close closes the file and removes its spooled copy.
func (p *parquetRows) Close() error {
	if p.rows != nil {
		p.rows.Close()
	}
	return p.close()
}

// Read delivers the lines. An error means that the rest cannot be read.
func (p *parquetRows) Read(b []byte) (int, error) {
	for p.off >= p.text.Len() {
		if p.err != nil {
			return 0, p.err
		}
		p.text.Reset()
		p.off = 0
		p.err = p.more()
	}
	n := copy(b, p.text.Bytes()[p.off:])
	p.off += n
	return n, nil
}

// more renders another batch of rows.
func (p *parquetRows) more() (err error) {
	defer func() { // a damaged file must not end the review
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged: %v", r)
		}
	}()
	if p.rows == nil {
		if len(p.groups) == 0 {
			return io.EOF
		}
		p.rows, p.groups = p.groups[0].Rows(), p.groups[1:]
	}
	n, err := p.rows.ReadRows(p.batch)
	root := p.file.Root()
	for _, row := range p.batch[:n] {
		columns := make([][]parquet.Value, 0, len(root.Columns()))
		row.Range(func(_ int, v []parquet.Value) bool { columns = append(columns, v); return true })
		p.value(root, columns, 0, 0)
		p.text.WriteByte('\n')
	}
	switch {
	case errors.Is(err, io.EOF):
		err = p.rows.Close()
		p.rows = nil
	case err == nil && n == 0:
		err = errors.New("damaged: a page without an end")
	}
	return err
}

// value writes one value of a column, whose leaves have the values given, for
// one parent at the repetition and definition levels given (Dremel encoding).
func (p *parquetRows) value(c *parquet.Column, leaves [][]parquet.Value, rep, def int) {
	switch {
	case len(leaves) == 0 || len(leaves[0]) == 0:
		p.text.WriteString("null")
	case c.Optional() && leaves[0][0].DefinitionLevel() <= def:
		p.text.WriteString("null")
	case c.Repeated():
		p.list(c, leaves, rep, def)
	case c.Optional():
		p.present(c, leaves, rep, def+1)
	default:
		p.present(c, leaves, rep, def)
	}
}

// list writes the values of a repeated column as an array.
func (p *parquetRows) list(c *parquet.Column, leaves [][]parquet.Value, rep, def int) {
	p.text.WriteByte('[')
	if leaves[0][0].DefinitionLevel() > def {
		starts := make([]int, len(leaves))
		for n := 0; ; n++ {
			part := make([][]parquet.Value, len(leaves))
			for i, v := range leaves {
				if starts[i] >= len(v) {
					continue
				}
				end := starts[i] + 1
				for end < len(v) && v[end].RepetitionLevel() > rep+1 {
					end++
				}
				part[i] = v[starts[i]:end]
				starts[i] = end
			}
			if len(part[0]) == 0 {
				break
			}
			if n > 0 {
				p.text.WriteByte(',')
			}
			p.present(c, part, rep+1, def+1)
		}
	}
	p.text.WriteByte(']')
}

// present writes a value that is there: a group or a leaf.
func (p *parquetRows) present(c *parquet.Column, leaves [][]parquet.Value, rep, def int) {
	if c.Leaf() {
		p.leaf(c, leaves[0][0])
		return
	}
	children := c.Columns()
	if len(children) == 1 && children[0].Repeated() { // a list, however it is annotated
		inner := children[0]
		if !inner.Leaf() && len(inner.Columns()) == 1 { // the three levels of a list
			p.elements(inner, leaves, rep, def)
			return
		}
		p.value(inner, leaves, rep, def)
		return
	}
	p.text.WriteByte('{')
	at := 0
	for i, child := range children {
		if i > 0 {
			p.text.WriteByte(',')
		}
		n := leavesOf(child)
		p.text.WriteString(quoted(child.Name()))
		p.text.WriteByte(':')
		p.value(child, leaves[at:at+n], rep, def)
		at += n
	}
	p.text.WriteByte('}')
}

// elements writes a list without the name of its elements.
func (p *parquetRows) elements(inner *parquet.Column, leaves [][]parquet.Value, rep, def int) {
	only := inner.Columns()[0]
	p.text.WriteByte('[')
	if len(leaves[0]) > 0 && leaves[0][0].DefinitionLevel() > def {
		starts := make([]int, len(leaves))
		for n := 0; starts[0] < len(leaves[0]); n++ {
			part := make([][]parquet.Value, len(leaves))
			for i, v := range leaves {
				end := min(starts[i]+1, len(v))
				for end < len(v) && v[end].RepetitionLevel() > rep+1 {
					end++
				}
				part[i] = v[min(starts[i], len(v)):end]
				starts[i] = end
			}
			if n > 0 {
				p.text.WriteByte(',')
			}
			p.value(only, part, rep+1, def+1)
		}
	}
	p.text.WriteByte(']')
}

func leavesOf(c *parquet.Column) int {
	if c.Leaf() {
		return 1
	}
	n := 0
	for _, child := range c.Columns() {
		n += leavesOf(child)
	}
	return n
}

// leaf writes a single value.
func (p *parquetRows) leaf(c *parquet.Column, v parquet.Value) {
	if v.IsNull() {
		p.text.WriteString("null")
		return
	}
	logical := annotation(c.Type())
	switch v.Kind() {
	case parquet.Boolean:
		p.text.WriteString(strconv.FormatBool(v.Boolean()))
	case parquet.Int32:
		p.whole(logical, int64(v.Int32()))
	case parquet.Int64:
		p.whole(logical, v.Int64())
	case parquet.Int96:
		p.text.WriteString(quoted(int96Time(v.Int96())))
	case parquet.Float:
		p.float(float64(v.Float()), 32)
	case parquet.Double:
		p.float(v.Double(), 64)
	default:
		b := v.ByteArray()
		switch {
		case logical.decimal:
			p.text.WriteString(decimal(new(big.Int).SetBytes(b), len(b) > 0 && b[0] >= 0x80, len(b), logical.scale))
		case utf8.Valid(b):
			p.text.WriteString(quoted(string(b)))
		default:
			p.text.WriteString(quoted(base64.StdEncoding.EncodeToString(b)))
		}
	}
}

func (p *parquetRows) float(f float64, bits int) {
	if f != f || f > 1e308 || f < -1e308 {
		p.text.WriteString("null")
		return
	}
	p.text.WriteString(strconv.FormatFloat(f, 'f', -1, bits))
}

// A meaning is what a column's annotation says of its values.
type meaning struct {
	unit    time.Duration // of a timestamp; 0 if it is none
	date    bool
	decimal bool
	scale   int
}

func annotation(t parquet.Type) meaning {
	if l := t.LogicalType(); l != nil {
		switch x := l.Value.(type) {
		case *format.TimestampType:
			if x.Unit.Value != nil {
				return meaning{unit: x.Unit.Value.Duration()}
			}
		case *format.DateType:
			return meaning{date: true}
		case *format.DecimalType:
			return meaning{decimal: true, scale: int(x.Scale)}
		}
	}
	if c := t.ConvertedType(); c != nil {
		switch *c {
		case deprecated.TimestampMillis:
			return meaning{unit: time.Millisecond}
		case deprecated.TimestampMicros:
			return meaning{unit: time.Microsecond}
		case deprecated.Date:
			return meaning{date: true}
		}
	}
	return meaning{}
}

// whole writes a whole number, which may stand for a time or a decimal.
func (p *parquetRows) whole(m meaning, n int64) {
	switch {
	case m.unit == time.Millisecond:
		p.text.WriteString(quoted(time.UnixMilli(n).UTC().Format(time.RFC3339Nano)))
	case m.unit == time.Microsecond:
		p.text.WriteString(quoted(time.UnixMicro(n).UTC().Format(time.RFC3339Nano)))
	case m.unit != 0:
		p.text.WriteString(quoted(time.Unix(0, n).UTC().Format(time.RFC3339Nano)))
	case m.date:
		p.text.WriteString(quoted(time.Unix(n*86400, 0).UTC().Format(time.DateOnly)))
	case m.decimal:
		p.text.WriteString(decimal(big.NewInt(n), false, 0, m.scale))
	default:
		p.text.WriteString(strconv.FormatInt(n, 10))
	}
}

// decimal writes an unscaled number; negative says that it is the two's
// complement of so many bytes.
func decimal(n *big.Int, negative bool, size, scale int) string {
	if negative {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	if scale <= 0 || scale > 100 {
		return n.String()
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
}

// int96Time reads the days and nanoseconds of an old timestamp.
func int96Time(v deprecated.Int96) string {
	nanos := int64(v[0]) | int64(v[1])<<32
	return time.Unix((int64(v[2])-2440588)*86400, nanos).UTC().Format(time.RFC3339Nano)
}

const hexDigits = "0123456789abcdef"

// quoted is a JSON string.
func quoted(s string) string {
	b := append(make([]byte, 0, len(s)+2), '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
