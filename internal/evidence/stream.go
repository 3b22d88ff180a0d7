package evidence

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A Stream is the decompressed content of a file. It hashes the file while it
// is read, under a key that nobody knows: if the bytes are not those that were
// hashed before, the last Read returns an error instead of io.EOF.
//
// The stream of a Parquet file is its rows as JSON, one a line, in their
// order: positions in it are exact, and a reader needs to know no other form.
type Stream struct {
	file   *File
	in     io.ReadCloser
	sum    hash.Hash64 // compared with the one of the pass before
	loaded bool        // the bytes are those that were hashed: nothing to compare
	count  countReader
	raw    *bufio.Reader // the file's own bytes
	body   decoder       // nil for a plain file
	done   func()        // gives back what the decoder uses
	out    *bufio.Reader // what Read delivers
	length int64
	damage string
	ended  bool
}

// A decoder undoes a compression.
type decoder interface{ Read(p []byte) (int, error) }

const headSize = 64 << 10

// A stream that grows beyond bombRatio times its size, after its first
// bombStart bytes, is taken for a decompression bomb. Logs compress to a
// hundredth; deflate cannot exceed 1,032.
const (
	bombRatio = 400
	bombStart = 64 << 20
)

// Open opens the file as a stream. Gzip, of one member or several, zstd and
// Parquet are detected from the content and undone.
func (f *File) Open() (*Stream, error) {
	in, err := f.Raw()
	if err != nil {
		return nil, err
	}
	s := &Stream{file: f, in: in, sum: f.passHash()}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stream) begin() error {
	s.count = countReader{in: s.in}
	if !s.loaded {
		s.count.in = io.TeeReader(s.in, s.sum)
	}
	s.raw = buffers.Get().(*bufio.Reader)
	s.raw.Reset(&s.count)
	magic, _ := s.raw.Peek(4)
	switch packingOf(magic) {
	case "gzip":
		z := gzips.Get().(*gzip.Reader)
		if err := z.Reset(s.raw); err != nil {
			gzips.Put(z)
			if err := s.restart(); err != nil { // not gzip after all, or damaged: its bytes as they are
				return err
			}
			break
		}
		s.body, s.done = z, func() { gzips.Put(z) }
	case "zstd":
		z := zstds.Get().(*zstd.Decoder)
		if err := z.Reset(s.raw); err != nil {
			return s.named(err)
		}
		s.body, s.done = z, func() { z.Reset(nil); zstds.Put(z) }
	case "parquet":
		p, why, err := s.file.parquetRows()
		if err != nil {
			return err
		}
		if s.damage = why; p != nil {
			if _, err := io.Copy(io.Discard, s.raw); err != nil { // hashed as a whole, and then read by its parts
				return s.named(err)
			}
			s.body, s.done = p, func() { p.Close() }
		}
	}
	s.out = buffers.Get().(*bufio.Reader)
	s.out.Reset(source{s})
	return nil
}

// packingOf names the packing that the first bytes of a file show, "" for
// none.
func packingOf(magic []byte) string {
	switch {
	case len(magic) >= 3 && magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8:
		return "gzip"
	case bytes.HasPrefix(magic, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "zstd"
	case bytes.HasPrefix(magic, []byte("PAR1")):
		return "parquet"
	}
	return ""
}

// Decoders are used again: a hand-over may have a million small files.
var (
	buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, headSize) }}
	gzips   = sync.Pool{New: func() any { return new(gzip.Reader) }}
	zstds   = sync.Pool{New: func() any {
		d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderMaxMemory(1<<40)) // these options are valid
		return d
	}}
)

type countReader struct {
	in io.Reader
	n  int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// restart begins the file anew, as plain bytes.
func (s *Stream) restart() error {
	if err := s.in.Close(); err != nil {
		return s.named(err)
	}
	if s.loaded {
		s.loaded, s.sum = false, s.file.passHash()
	}
	in, err := s.file.Raw()
	if err != nil {
		return err
	}
	s.in = in
	s.sum.Reset()
	s.count = countReader{in: io.TeeReader(in, s.sum)}
	s.raw.Reset(&s.count)
	return nil
}

// source delivers what lies in the file, up to the first damage.
type source struct{ s *Stream }

func (r source) Read(p []byte) (int, error) {
	s := r.s
	if s.ended {
		return 0, s.finish()
	}
	if s.body == nil {
		n, err := s.raw.Read(p)
		if err == io.EOF || errors.As(err, new(*memberError)) {
			if err != io.EOF {
				s.damage = err.Error()
			}
			s.ended = true
			return n, s.finish()
		}
		return n, s.named(err)
	}
	n, err := s.body.Read(p)
	if s.grows(int64(n)) {
		s.damage = fmt.Sprintf("it expands to more than %d times its size: reading stopped, as of a decompression bomb", bombRatio)
		s.ended = true
		return n, nil
	}
	if err == nil {
		return n, nil
	}
	if err := s.broken(err); err != nil {
		return n, err
	}
	s.ended = true
	if n > 0 {
		return n, nil
	}
	return 0, s.finish()
}

// grows reports whether the stream grows as a bomb does.
func (s *Stream) grows(n int64) bool {
	size := s.length + int64(s.out.Buffered()) + n
	_, rows := s.body.(*parquetRows)
	return !rows && size > bombStart && size > bombRatio*s.count.n
}

// broken notes what is wrong with the content. It returns an error if the file
// itself could not be read.
func (s *Stream) broken(err error) error {
	var failed *fs.PathError
	var bad *memberError
	what := "gzip"
	if _, ok := s.body.(*zstd.Decoder); ok {
		what = "zstd"
	}
	switch {
	case err == io.EOF:
	case errors.As(err, &failed):
		return s.named(err)
	case errors.As(err, &bad):
		s.damage = bad.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.damage = "the " + what + " stream is cut off (truncated)"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		s.damage = "bytes after the " + what + " stream are not " + what
	default:
		s.damage = "the " + what + " stream is damaged"
	}
	return nil
}

// finish reads what is left of the file and compares its digest.
func (s *Stream) finish() error {
	if _, err := io.Copy(io.Discard, s.raw); err != nil && !errors.As(err, new(*memberError)) {
		return s.named(err)
	}
	if s.file.member != nil && s.damage != "" {
		return io.EOF // how far a damaged member can be read may differ
	}
	if !s.loaded && s.file.SHA256 != "" && s.sum.Sum64() != s.file.pass {
		return fmt.Errorf("evidence %s changed while it was read: keep the originals still and run again", s.file.Path)
	}
	return io.EOF
}

func (s *Stream) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading evidence %s: %w", s.file.Path, cause(err))
}

// Read delivers the decompressed bytes. It returns io.EOF at the end, also
// where a compressed stream is cut off or damaged; Damage then says so.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.out.Read(p)
	s.length += int64(n)
	return n, err
}

// Head returns the first n bytes, or all if there are fewer, without consuming
// them. It is for use before the first Read, with n at most 65,536.
func (s *Stream) Head(n int) []byte {
	head, _ := s.out.Peek(min(n, headSize))
	return head
}

// Damage says, after the end of the stream, why it ended before its time; ""
// if it did not.
func (s *Stream) Damage() string { return s.damage }

// Length returns how many bytes were delivered.
func (s *Stream) Length() int64 { return s.length }

// Close closes the file.
func (s *Stream) Close() error {
	if s.done != nil {
		s.done()
		s.done = nil
	}
	for _, b := range []*bufio.Reader{s.raw, s.out} {
		if b != nil {
			b.Reset(nil)
			buffers.Put(b)
		}
	}
	s.raw, s.out = nil, nil
	return s.in.Close()
}
