package source

import (
	"bytes"

	"probity/internal/evidence"
)

// An opening is the beginning of a stream, by which its kind is recognised.
type opening struct {
	head    []byte // up to headSize bytes, without a byte order mark
	whole   bool   // it is all of the stream
	objects []object

	named  columns // see columns
	looked bool
}

// An object is one of the first JSON objects of a stream, with those of its
// members that lie within the opening.
type object map[string][]byte

// maxLook is how many objects are looked at: the first may be damaged, or a
// record of another sort.
const maxLook = 16

// wrappers are the members under which any of the readers finds records.
var wrappers = map[string]bool{"Records": true, "records": true, "Events": true, "events": true, "value": true, "entries": true, "timeSeries": true}

func openingOf(head []byte, whole bool, look int) *opening {
	o := &opening{head: bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), whole: whole}
	b := o.head
	for i := 0; i < len(b) && len(o.objects) < look; {
		for i < len(b) && (blank(b[i]) || b[i] == ',' || b[i] == '[' || b[i] == ']') {
			i++
		}
		if i >= len(b) {
			break
		}
		if b[i] == '{' {
			end, err := skipValue(b, i, 0)
			x := objectOf(b[i:])
			o.objects = append(o.objects, x)
			if n := inside(b, i, x); n > 0 {
				i = n
				continue
			}
			if err == nil {
				i = end
				continue
			}
		}
		k := bytes.IndexByte(b[i:], '\n')
		if k < 0 {
			break
		}
		i += k + 1
	}
	return o
}

// objectOf returns the members of an object that may be cut off.
func objectOf(b []byte) object {
	x := object{}
	i := skipBlank(b, 1)
	for i < len(b) && b[i] == '"' {
		end, err := skipString(b, i)
		if err != nil {
			break
		}
		name := string(b[i+1 : end-1])
		i = skipBlank(b, end)
		if i >= len(b) || b[i] != ':' {
			break
		}
		i = skipBlank(b, i+1)
		end, err = skipValue(b, i, 0)
		if err != nil {
			if i < len(b) {
				x[name] = b[i:] // what is there of it
			}
			break
		}
		x[name] = b[i:end]
		if i = skipBlank(b, end); i >= len(b) || b[i] != ',' {
			break
		}
		i = skipBlank(b, i+1)
	}
	return x
}

// inside returns where the records of a wrapper begin, 0 if x is none.
func inside(b []byte, at int, x object) int {
	for name, v := range x {
		if wrappers[name] && len(v) > 0 && v[0] == '[' {
			return cap(b) - cap(v) + 1
		}
	}
	return 0
}

// any reports whether one of the first objects satisfies f.
func (o *opening) any(f func(object) bool) bool {
	for _, x := range o.objects {
		if f(x) {
			return true
		}
	}
	return false
}

// has reports whether one of the first objects has all the members.
func (o *opening) has(names ...string) bool {
	return o.any(func(x object) bool { return x.has(names...) })
}

func (x object) has(names ...string) bool {
	for _, n := range names {
		if _, ok := x[n]; !ok {
			return false
		}
	}
	return true
}

// text returns the text of the first of the members that is there.
func (x object) text(names ...string) []byte {
	for _, n := range names {
		if v, ok := x[n]; ok && len(v) > 1 {
			if v[0] == '"' && v[len(v)-1] != '"' {
				continue // cut off
			}
			return named(v)
		}
	}
	return nil
}

// columns returns the columns of a file whose first line is a CSV header.
func (o *opening) columns() columns {
	if !o.looked {
		o.named, o.looked = o.findColumns(), true
	}
	return o.named
}

func (o *opening) findColumns() columns {
	line, _, _ := bytes.Cut(o.head, []byte("\n"))
	fields, ok := split(bytes.TrimRight(line, "\r"), nil)
	if len(line) > 0 && line[0] == '{' && len(o.objects) > 0 {
		c := columns{}
		for name := range o.objects[0] {
			c[plain(name)] = 0
		}
		return c
	}
	if !ok || len(fields) < 2 || len(line) > 0 && (line[0] == '{' || line[0] == '[') {
		return nil
	}
	return columnsOf(fields)
}

func (c columns) has(names ...string) bool {
	for _, n := range names {
		if _, ok := c[n]; !ok {
			return false
		}
	}
	return true
}

// choose returns the reader for a file, nil if none knows it.
func choose(f *evidence.File, head []byte) *Reader {
	for _, look := range []int{2, maxLook} { // a wrapper and its first record mostly tell
		if r := recognise(f, openingOf(head, len(head) < headSize, look)); r != nil {
			return r
		}
	}
	if f.From != nil && f.From.Kind != "" { // of several readers of the kind, the last
		for i := len(All) - 1; i >= 0; i-- {
			if All[i].Kind == f.From.Kind {
				return &All[i]
			}
		}
	}
	return nil
}

func recognise(f *evidence.File, o *opening) *Reader {
	for i := range All {
		if f.From != nil && f.From.Kind != "" && All[i].Kind != f.From.Kind {
			continue
		}
		if All[i].detect(o) {
			return &All[i]
		}
	}
	return nil
}
