package evidence

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// A Stream is the decompressed content of a file. It hashes the file while it
// is read: if the bytes are not those that were hashed before, the last Read
// returns an error instead of io.EOF.
type Stream struct {
	file   *File
	in     *os.File
	sum    hash.Hash
	raw    *bufio.Reader // the file's own bytes
	gz     *gzip.Reader  // nil for a plain file
	out    *bufio.Reader // what Read delivers
	length int64
	damage string
	ended  bool
}

const headSize = 64 << 10

// Raw opens the file as it was received.
func (f *File) Raw() (io.ReadCloser, error) {
	in, err := os.Open(f.Abs)
	if err != nil {
		return nil, fmt.Errorf("opening evidence %s: %w", f.Path, cause(err))
	}
	return in, nil
}

// Open opens the file as a stream. Gzip, of one member or several, is detected
// from the content and undone.
func (f *File) Open() (*Stream, error) {
	in, err := os.Open(f.Abs)
	if err != nil {
		return nil, fmt.Errorf("opening evidence %s: %w", f.Path, cause(err))
	}
	s := &Stream{file: f, in: in, sum: sha256.New()}
	s.raw = bufio.NewReaderSize(io.TeeReader(in, s.sum), headSize)
	if magic, _ := s.raw.Peek(3); len(magic) == 3 && magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8 {
		if s.gz, err = gzip.NewReader(s.raw); err != nil {
			if err := s.restart(); err != nil { // not gzip after all, or damaged: its bytes as they are
				return nil, errors.Join(err, in.Close())
			}
		}
	}
	s.out = bufio.NewReaderSize(source{s}, headSize)
	return s, nil
}

// restart begins the file anew, as plain bytes.
func (s *Stream) restart() error {
	if _, err := s.in.Seek(0, io.SeekStart); err != nil {
		return s.named(err)
	}
	s.gz = nil
	s.sum.Reset()
	s.raw.Reset(io.TeeReader(s.in, s.sum))
	return nil
}

// source delivers what lies in the file, up to the first damage.
type source struct{ s *Stream }

func (r source) Read(p []byte) (int, error) {
	s := r.s
	if s.ended {
		return 0, s.finish()
	}
	if s.gz == nil {
		n, err := s.raw.Read(p)
		if err == io.EOF {
			s.ended = true
			return n, s.finish()
		}
		return n, s.named(err)
	}
	n, err := s.gz.Read(p)
	if err == nil {
		return n, nil
	}
	var broken *os.PathError
	switch {
	case errors.As(err, &broken):
		return n, s.named(err)
	case err == io.EOF:
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.damage = "the gzip stream is cut off (truncated)"
	case errors.Is(err, gzip.ErrHeader):
		s.damage = "bytes after the gzip stream are not gzip"
	default:
		s.damage = "the gzip stream is damaged"
	}
	s.ended = true
	if n > 0 {
		return n, nil
	}
	return 0, s.finish()
}

// finish reads what is left of the file and compares its digest.
func (s *Stream) finish() error {
	if _, err := io.Copy(io.Discard, s.raw); err != nil {
		return s.named(err)
	}
	if got := hex.EncodeToString(s.sum.Sum(nil)); s.file.SHA256 != "" && got != s.file.SHA256 {
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
func (s *Stream) Close() error { return s.in.Close() }
