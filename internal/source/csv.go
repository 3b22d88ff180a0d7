package source

import (
	"bytes"
	"io"
)

// maxRow is the longest row of a CSV file that is read. A quoted field that is
// not closed within it was never meant to be one.
const maxRow = 1 << 20

// A csvTaker is told of the rows of a CSV file (RFC 4180). The first row is the
// header, and framing.
type csvTaker interface {
	framing(from, until int64)
	header(fields [][]byte)
	row(from, until int64, fields [][]byte) // valid until it returns
	unread(from, until int64, reason string)
}

// readCSV reads a CSV file to its end. damaged reports, at the end of the
// stream, that it was cut off: then a last row without a line end is unread.
//
// A stream of JSON objects, as the rows of a Parquet file are, is read as a
// table too: the names of its first object are the header.
func readCSV(in io.Reader, to csvTaker, damaged func() bool) error {
	return readTable(in, to, damaged, true)
}

// readRows is readCSV for a file without a header.
func readRows(in io.Reader, to csvTaker, damaged func() bool) error {
	return readTable(in, to, damaged, false)
}

func readTable(in io.Reader, to csvTaker, damaged func() bool, first bool) error {
	fresh := newWindow(in)
	w := &fresh
	defer w.release()
	if c, ok := w.at(0); ok && c == '{' {
		return readJSON(io.MultiReader(bytes.NewReader(w.buf), in), &objectTaker{to: to, damaged: damaged})
	}
	frame := func(n int) {
		if n > 0 {
			to.framing(w.offset, w.offset+int64(n))
			w.give(n)
		}
	}
	if c, ok := w.at(2); ok && w.buf[0] == 0xEF && w.buf[1] == 0xBB && c == 0xBF {
		frame(3)
	}
	var fields [][]byte
	for {
		for { // empty lines
			c, ok := w.at(0)
			if !ok {
				return w.err
			}
			if c != '\n' && c != '\r' {
				break
			}
			frame(1)
		}
		end, closed := rowEnd(w)
		if w.err != nil {
			return w.err
		}
		row := bytes.TrimRight(w.buf[:end], "\r")
		_, more := w.at(end)
		var ok bool
		fields, ok = split(row, fields[:0])
		from, until := w.offset, w.offset+int64(len(row))
		switch {
		case first && ok:
			first = false
			to.framing(from, until)
			to.header(fields)
		case !more && damaged():
			to.unread(from, until, "cut off")
		case !closed || !ok:
			to.unread(from, until, "quotes do not match")
		default:
			to.row(from, until, fields)
		}
		first = false
		w.give(len(row))
	}
}

// rowEnd returns the length of the row at the start of the window, without its
// line end. If a quote is not closed within bounds, the row ends with the line
// and closed is false.
func rowEnd(w *window) (n int, closed bool) {
	quoted, line := false, -1
	for i := 0; ; i++ {
		c, ok := w.at(i)
		switch {
		case !ok && !quoted:
			return i, true
		case !ok || i > maxRow:
			if line < 0 {
				line = i
				for ; !quoted; line++ {
					if c, ok := w.at(line); !ok || c == '\n' {
						break
					}
				}
			}
			return line, false
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			return i, true
		case c == '\n' && line < 0:
			line = i
		}
	}
}

// split cuts a row into its fields. Fields with doubled quotes are copied, the
// others are parts of row. It reports false if text follows a closing quote.
func split(row []byte, fields [][]byte) ([][]byte, bool) {
	for i := 0; ; {
		if i < len(row) && row[i] == '"' {
			field, next, ok := quotedField(row, i+1)
			if !ok {
				return fields, false
			}
			fields = append(fields, field)
			i = next
		} else {
			k := bytes.IndexByte(row[i:], ',')
			if k < 0 {
				return append(fields, row[i:]), true
			}
			fields = append(fields, row[i:i+k])
			i += k
		}
		if i >= len(row) {
			return fields, true
		}
		if row[i] != ',' {
			return fields, false
		}
		i++
	}
}

// quotedField returns the field whose opening quote lies before i, and where
// the next comma must be.
func quotedField(row []byte, i int) (field []byte, next int, ok bool) {
	start, doubled := i, false
	for ; i < len(row); i++ {
		if row[i] != '"' {
			continue
		}
		if i+1 < len(row) && row[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		field = row[start:i]
		if doubled {
			field = bytes.ReplaceAll(field, []byte(`""`), []byte(`"`))
		}
		return field, i + 1, true
	}
	return nil, i, false
}

// columns finds columns by name, without regard to case, blanks and
// punctuation.
type columns map[string]int

func columnsOf(header [][]byte) columns {
	c := columns{}
	for i, h := range header {
		name := plain(string(h))
		if _, twice := c[name]; !twice {
			c[name] = i
		}
	}
	return c
}

// plain is a column's name in lower case without blanks, dashes and
// underscores.
func plain(name string) string {
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		case c != ' ' && c != '-' && c != '_':
			out = append(out, c)
		}
	}
	return string(out)
}

// get returns the field of a column, "" if the column is absent or the field
// is null: empty or the bare word NULL.
func (c columns) get(fields [][]byte, name string) []byte {
	i, ok := c[name]
	if !ok || i >= len(fields) || string(fields[i]) == "NULL" || string(fields[i]) == "null" {
		return nil
	}
	return fields[i]
}

// An objectTaker makes a table of JSON objects: the names of the first are its
// columns, and each further one is a row.
type objectTaker struct {
	to      csvTaker
	damaged func() bool
	columns map[string]int
	fields  [][]byte
}

func (t *objectTaker) framing(from, until int64)               { t.to.framing(from, until) }
func (t *objectTaker) unread(from, until int64, reason string) { t.to.unread(from, until, reason) }

func (t *objectTaker) record(from int64, data []byte) {
	if t.columns == nil {
		t.columns = map[string]int{}
		var header [][]byte
		members(data, func(name, _ []byte) bool {
			if _, twice := t.columns[string(name)]; !twice {
				t.columns[string(name)] = len(header)
				header = append(header, append([]byte(nil), name...))
			}
			return true
		})
		t.to.header(header)
		t.fields = make([][]byte, len(header))
	}
	clear(t.fields)
	extra := false
	members(data, func(name, value []byte) bool {
		i, ok := t.columns[string(name)]
		if !ok {
			extra = extra || string(value) != "null"
			return true
		}
		t.fields[i] = text(value)
		if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
			t.fields[i] = value
		}
		return true
	})
	until := from + int64(len(data))
	if extra {
		t.to.unread(from, until, "a row with other columns than the first")
		return
	}
	t.to.row(from, until, t.fields)
}
