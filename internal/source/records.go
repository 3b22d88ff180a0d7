package source

import (
	"bytes"
	"io"
	"sync"
)

// maxRecord is the longest record that is read; a longer one is unread.
const maxRecord = 16 << 20

// A window holds a part of a stream: the bytes from offset on that were read
// and not yet given up.
type window struct {
	in     io.Reader
	buf    []byte
	memory []byte // that buf is a part of
	offset int64  // of buf[0] in the stream
	eof    bool
	err    error // other than io.EOF
}

const chunk = 256 << 10

// memories are used again: a hand-over may have a million small files.
var memories = sync.Pool{New: func() any { m := make([]byte, 2*chunk); return &m }}

// newWindow returns a window at the start of a stream, to be released.
func newWindow(in io.Reader) window {
	m := *memories.Get().(*[]byte)
	return window{in: in, memory: m, buf: m[:0]}
}

// release gives the memory back. Nothing that was handed out stays valid.
func (w *window) release() {
	if m := w.memory; len(m) == 2*chunk {
		memories.Put(&m)
	}
	w.memory, w.buf = nil, nil
}

// more reads another chunk behind what is held. It reports false at the end.
// What was given up makes room: nothing that was handed out stays valid.
func (w *window) more() bool {
	if w.eof || w.err != nil {
		return false
	}
	if cap(w.buf)-len(w.buf) < chunk/2 {
		if len(w.buf) > len(w.memory)/2 {
			w.memory = make([]byte, 2*len(w.memory))
		} else if w.memory == nil {
			w.memory = make([]byte, 2*chunk)
		}
		w.buf = w.memory[:copy(w.memory, w.buf)]
	}
	n, err := w.in.Read(w.buf[len(w.buf):cap(w.buf)])
	w.buf = w.buf[:len(w.buf)+n]
	switch {
	case err == io.EOF:
		w.eof = true
	case err != nil:
		w.err = err
	}
	return n > 0 || err == nil
}

// give gives up the first n bytes.
func (w *window) give(n int) {
	w.offset += int64(n)
	w.buf = w.buf[n:]
}

// at returns byte i, reading on if needed; ok is false beyond the end.
func (w *window) at(i int) (c byte, ok bool) {
	for i >= len(w.buf) {
		if !w.more() {
			return 0, i < len(w.buf)
		}
	}
	return w.buf[i], true
}

// A taker is told what a stream consists of, in order and without a hole. The
// positions are those of the decompressed stream.
type taker interface {
	framing(from, until int64)
	record(from int64, data []byte) // valid until it returns
	unread(from, until int64, reason string)
}

// A jsonRecords finds the records of a stream of JSON values: objects that
// follow one another, one a line or not, within an array or within the array
// of a wrapper such as {"records":[...]}. What lies between them is framing. A
// record that is no JSON costs itself only: reading goes on with the next line
// that begins like it.
type jsonRecords struct {
	w       window
	to      taker
	depth   int   // how many wrappers are open
	tape    *tape // of the record that is handed over, if the taker wants one
	wrapper map[string]bool
}

// readJSON reads a stream to its end. The wrapper names are the members under
// which records lie in an array.
func readJSON(in io.Reader, to taker, wrappers ...string) error {
	r := &jsonRecords{w: newWindow(in), to: to, wrapper: map[string]bool{}}
	defer r.w.release()
	if t, ok := to.(recordTaker); ok {
		r.tape = &t.tape
	}
	for _, n := range wrappers {
		r.wrapper[n] = true
	}
	if c, ok := r.w.at(2); ok && r.w.buf[0] == 0xEF && r.w.buf[1] == 0xBB && c == 0xBF {
		r.frame(3)
	}
	for {
		c, ok := r.skipFraming()
		switch {
		case !ok:
			return r.w.err
		case c == '{':
			r.object()
		case c == '"' && r.depth > 0 && r.memberOfWrapper():
		default:
			r.garbage("not a JSON object")
		}
		if r.w.err != nil {
			return r.w.err
		}
	}
}

// frame gives up n bytes as framing.
func (r *jsonRecords) frame(n int) {
	if n > 0 {
		r.to.framing(r.w.offset, r.w.offset+int64(n))
		r.w.give(n)
	}
}

// skipFraming gives up what stands between records and returns the first byte
// of what follows.
func (r *jsonRecords) skipFraming() (byte, bool) {
	for i := 0; ; i++ {
		c, ok := r.w.at(i)
		switch {
		case !ok:
			r.frame(i)
			return 0, false
		case blank(c), c == ',', c == '[', c == ']':
			if i > chunk {
				r.frame(i)
				i = 0
			}
		case c == '}' && r.depth > 0:
			r.depth--
		default:
			r.frame(i)
			return c, true
		}
	}
}

// object reads a record, or enters a wrapper.
func (r *jsonRecords) object() {
	if n := r.wrapperHead(); n > 0 {
		r.depth++
		r.frame(n)
		return
	}
	for {
		var end int
		var err error
		if r.tape != nil {
			end, err = r.tape.scan(r.w.buf)
		} else {
			end, err = skipValue(r.w.buf, 0, 0)
		}
		switch {
		case err == nil:
			if !r.wraps(r.w.buf[:end]) || !r.inner(r.w.buf[:end]) {
				r.to.record(r.w.offset, r.w.buf[:end])
			}
			r.w.give(end)
			return
		case err == errSyntax:
			if !r.salvage() {
				r.broken("not valid JSON")
			}
			return
		case len(r.w.buf) > maxRecord:
			r.broken("longer than a record may be")
			return
		case !r.w.more():
			if r.w.err == nil && !r.salvage() {
				r.broken("cut off")
			}
			return
		}
	}
}

// A salvager is a taker whose objects hold several records: of one that is
// damaged or cut off it takes what it can, and returns how many bytes it
// accounted for, 0 for none.
type salvager interface {
	salvage(from int64, data []byte) int
}

// salvage lets the taker have what there is of a broken object.
func (r *jsonRecords) salvage() bool {
	s, ok := r.to.(salvager)
	if !ok {
		return false
	}
	for len(r.w.buf) < maxRecord && r.w.more() {
	}
	n := s.salvage(r.w.offset, r.w.buf)
	r.w.give(n)
	return n > 0
}

// wraps reports whether an object could be a wrapper: it has a member of that
// name. Where there is a tape this is a look at the names only.
func (r *jsonRecords) wraps(object []byte) bool {
	if r.tape == nil || len(r.wrapper) == 0 {
		return len(r.wrapper) > 0
	}
	for i := 0; i < len(r.tape.tokens); i = int(r.tape.tokens[i].next) {
		if k := &r.tape.tokens[i]; object[k.val0] == '[' && r.wrapper[string(r.tape.name(k))] {
			return true
		}
	}
	return false
}

// inner takes the records of a wrapper whose array is not its first member, as
// in {"nextLink":"...","value":[...]}. It reports false for any other object.
func (r *jsonRecords) inner(object []byte) bool {
	var array []byte
	members(object, func(name, value []byte) bool {
		if r.wrapper[string(name)] && value[0] == '[' {
			array = value
		}
		return array == nil
	})
	if array == nil {
		return false
	}
	start, pos := cap(object)-cap(array), 0 // both end where the buffer does
	elements(array, func(at int, value []byte) {
		from := start + at
		r.to.framing(r.w.offset+int64(pos), r.w.offset+int64(from))
		pos = from + len(value)
		if value[0] == '{' {
			r.to.record(r.w.offset+int64(from), value)
		} else {
			r.to.unread(r.w.offset+int64(from), r.w.offset+int64(pos), "not a JSON object")
		}
	})
	r.to.framing(r.w.offset+int64(pos), r.w.offset+int64(len(object)))
	return true
}

// wrapperHead returns the length of {"records":[ at the start, 0 if something
// else stands there.
func (r *jsonRecords) wrapperHead() int {
	i := 0
	skip := func() (byte, bool) {
		for {
			i++
			if c, ok := r.w.at(i); !ok || !blank(c) {
				return c, ok
			}
		}
	}
	if c, ok := skip(); !ok || c != '"' {
		return 0
	}
	start := i + 1
	for {
		i++
		c, ok := r.w.at(i)
		if !ok || i-start > 32 || c == '\\' {
			return 0
		}
		if c == '"' {
			break
		}
	}
	if !r.wrapper[string(r.w.buf[start:i])] {
		return 0
	}
	if c, ok := skip(); !ok || c != ':' {
		return 0
	}
	if c, ok := skip(); !ok || c != '[' {
		return 0
	}
	return i + 1
}

// memberOfWrapper gives up, as framing, a member that follows the array of a
// wrapper, such as "nextLink":"...".
func (r *jsonRecords) memberOfWrapper() bool {
	for {
		i, err := skipString(r.w.buf, 0)
		if err == nil {
			if i = skipBlank(r.w.buf, i); i < len(r.w.buf) && r.w.buf[i] != ':' {
				return false
			}
			i = skipBlank(r.w.buf, i+1)
			i, err = skipValue(r.w.buf, i, 0)
		}
		switch {
		case err == nil:
			r.frame(i)
			return true
		case err == errSyntax, len(r.w.buf) > maxRecord, !r.w.more():
			return false
		}
	}
}

// broken makes an unread range of a record that begins at the start of the
// window and is no JSON: up to the next line that begins, at the same depth of
// indentation, with a brace.
func (r *jsonRecords) broken(reason string) {
	r.garbageUntil(reason, func(line []byte) bool {
		i := 0
		for i < len(line) && (line[i] == ',' || line[i] == ' ' || line[i] == '\t') {
			i++
		}
		return i < len(line) && line[i] == '{'
	})
}

// garbage makes an unread range of what is left of the line.
func (r *jsonRecords) garbage(reason string) {
	r.garbageUntil(reason, func([]byte) bool { return true })
}

// garbageUntil gives up an unread range up to the first line for which next
// reports true. The line end before it is framing. A long range is given up
// in pieces of memory, and is one range all the same.
func (r *jsonRecords) garbageUntil(reason string, next func(line []byte) bool) {
	from := r.w.offset
	i := 0
	for {
		k := bytes.IndexByte(r.w.buf[i:], '\n')
		if k < 0 {
			if n := len(r.w.buf); n > 1 { // keep the last byte: it may be the CR of a line end
				r.w.give(n - 1)
				i = 1
			} else {
				i = n
			}
			if !r.w.more() {
				break
			}
			continue
		}
		i += k + 1
		for len(r.w.buf) < i+64 && r.w.more() {
		}
		if next(r.w.buf[i:min(len(r.w.buf), i+64)]) {
			break
		}
	}
	end := min(i, len(r.w.buf))
	cut := end
	for cut > 0 && (r.w.buf[cut-1] == '\n' || r.w.buf[cut-1] == '\r') {
		cut--
	}
	r.to.unread(from, r.w.offset+int64(cut), reason)
	r.w.give(cut)
	r.frame(end - cut)
}
