package source

import (
	"bytes"
	"io"
)

// A lineTaker is told of the lines of a text file, without their ends. The
// last line of a file may have none.
type lineTaker interface {
	framing(from, until int64)
	line(from int64, data []byte, ended bool) // valid until it returns
	unread(from, until int64, reason string)
}

// readLines reads a text file to its end. Line ends, empty lines and a byte
// order mark are framing.
func readLines(in io.Reader, to lineTaker) error {
	fresh := newWindow(in)
	w := &fresh
	defer w.release()
	frame := func(n int) {
		if n > 0 {
			to.framing(w.offset, w.offset+int64(n))
			w.give(n)
		}
	}
	if c, ok := w.at(2); ok && w.buf[0] == 0xEF && w.buf[1] == 0xBB && c == 0xBF {
		frame(3)
	}
	for scanned := 0; ; {
		k := bytes.IndexByte(w.buf[scanned:], '\n')
		switch {
		case k >= 0:
			line := w.buf[:scanned+k]
			whole := len(line) + 1
			scanned = 0
			line = bytes.TrimSuffix(line, []byte("\r"))
			if len(line) > 0 {
				to.line(w.offset, line, true)
				w.give(len(line))
				whole -= len(line)
			}
			frame(whole)
		case len(w.buf) > maxRecord:
			giveLong(w, to)
			scanned = 0
		default:
			scanned = len(w.buf)
			if w.more() {
				continue
			}
			if w.err != nil || len(w.buf) == 0 {
				return w.err
			}
			line := bytes.TrimRight(w.buf, "\r")
			if n := len(line); n > 0 {
				to.line(w.offset, line, false)
				w.give(n)
			}
			frame(len(w.buf))
			return w.err
		}
	}
}

// giveLong makes one unread range of a line that is longer than a record may
// be.
func giveLong(w *window, to lineTaker) {
	from := w.offset
	for {
		k := bytes.IndexByte(w.buf, '\n')
		if k >= 0 {
			w.give(k)
			break
		}
		w.give(len(w.buf))
		if !w.more() {
			break
		}
	}
	if w.offset > from {
		to.unread(from, w.offset, "longer than a record may be")
	}
}
