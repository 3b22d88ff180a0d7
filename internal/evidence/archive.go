package evidence

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// Archives: zip, tar, and tar within gzip or zstd. Each member is an exhibit
// of its own, named below its archive; the archive is one too. A member that
// is an archive itself is opened, one within that is not.

// maxNesting is how many archives may lie within each other.
const maxNesting = 2

// maxMembers is how many members an archive may have.
const maxMembers = 10_000_000

// An archive is an opened one.
type archive struct {
	file  *File
	spool string // a folder for copies
	depth int
	at    io.ReaderAt
	zip   *zip.Reader
	close func() error
}

// A member is where a file lies within an archive.
type member struct {
	of     *archive
	entry  *zip.File // of a zip
	offset int64     // of a tar
	size   int64
}

// A memberError is a damage of what an archive holds: the file itself can be
// read.
type memberError struct{ why string }

func (e *memberError) Error() string { return e.why }

// memberReader makes an error of a member one of its content.
type memberReader struct {
	in     io.ReadCloser
	member *member
	n      int64
}

func (r *memberReader) Read(p []byte) (int, error) {
	if z := r.member.entry; z != nil {
		if left := max(bombStart, bombRatio*(int64(z.CompressedSize64)+1)) - r.n; int64(len(p)) > left {
			p = p[:max(left, 0)]
		}
	}
	n, err := r.in.Read(p)
	r.n += int64(n)
	if len(p) == 0 {
		return 0, &memberError{fmt.Sprintf("the member expands to more than %d times its size: reading stopped, as of a decompression bomb", bombRatio)}
	}
	if err != nil && err != io.EOF {
		return n, &memberError{"the member of the archive is damaged or cut off"}
	}
	if err == io.EOF && r.member.entry == nil && r.n < r.member.size {
		return n, &memberError{"the member of the archive is cut off"}
	}
	return n, err
}

func (r *memberReader) Close() error {
	r.in.Close() // its error is that of damaged content, which reading has told
	return nil
}

// open opens a member as it lies in the archive.
func (m *member) open() (io.ReadCloser, error) {
	if m.entry == nil {
		return &memberReader{in: io.NopCloser(io.NewSectionReader(m.of.at, m.offset, m.size)), member: m}, nil
	}
	in, err := m.entry.Open()
	if err != nil {
		return io.NopCloser(failing{&memberError{"the member cannot be opened: its packing is not known, or it is damaged"}}), nil
	}
	if m.entry.Flags&1 != 0 {
		in.Close()
		return io.NopCloser(failing{&memberError{"the member is encrypted"}}), nil
	}
	return &memberReader{in: in, member: m}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// archiveKind says what archive the first bytes of a file show, "" for none.
func archiveKind(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return "zip"
	case isTar(head[:min(len(head), 512)]):
		return "tar"
	}
	first := make([]byte, 512)
	switch packingOf(head) {
	case "gzip":
		z := gzips.Get().(*gzip.Reader)
		defer gzips.Put(z)
		if z.Reset(bytes.NewReader(head)) != nil {
			return ""
		}
		n, _ := io.ReadFull(z, first)
		first = first[:n]
	case "zstd":
		z := zstds.Get().(*zstd.Decoder)
		defer zstds.Put(z)
		if z.Reset(bytes.NewReader(head)) != nil {
			return ""
		}
		n, _ := io.ReadFull(z, first)
		first = first[:n]
	default:
		return ""
	}
	if isTar(first) {
		return "packed tar"
	}
	return ""
}

// isTar recognises the header of a tar file (POSIX ustar or GNU).
func isTar(head []byte) bool {
	if len(head) < 512 || string(head[257:262]) != "ustar" {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(head)).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// expand returns the members of a file, if it is an archive. What is wrong
// with the archive becomes its note.
func (f *File) expand(ctx context.Context, spool string, depth int) ([]*File, error) {
	kind := f.packing
	f.Archive = true
	if depth >= maxNesting {
		f.Damage = "an archive within an archive within an archive is not opened"
		return nil, nil
	}
	a := &archive{file: f, spool: spool, depth: depth}
	var err error
	if kind == "packed tar" || f.member != nil {
		err = a.copyOut(ctx, kind == "packed tar")
	} else {
		var in *os.File
		if in, err = os.Open(f.Abs); err == nil {
			a.at, a.close = in, in.Close
			err = a.index(ctx, kind, f.Bytes)
		}
	}
	if bad := (*memberError)(nil); errors.As(err, &bad) {
		f.Damage, err = bad.why, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the archive %s: %w", f.Path, cause(err))
	}
	f.archive = a
	return f.members, nil
}

// copyOut copies what an archive holds, or the archive within another, to the
// spool, and reads its index there.
func (a *archive) copyOut(ctx context.Context, unpack bool) error {
	var in io.Reader
	var damage func() string
	if unpack {
		s, err := a.file.Open()
		if err != nil {
			return err
		}
		defer s.Close()
		in, damage = s, s.Damage
	} else {
		raw, err := a.file.Raw()
		if err != nil {
			return err
		}
		defer raw.Close()
		in = raw
	}
	if err := os.MkdirAll(a.spool, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(a.spool, "archive-*")
	if err != nil {
		return err
	}
	a.close = func() error {
		if err := tmp.Close(); err != nil {
			return err
		}
		return os.Remove(tmp.Name())
	}
	a.at = tmp
	w := bufio.NewWriterSize(tmp, 1<<18)
	size, err := io.Copy(w, canceled{ctx, in})
	if err = errors.Join(err, w.Flush()); err != nil {
		return errors.Join(err, a.close())
	}
	head := make([]byte, 4)
	tmp.ReadAt(head, 0)
	kind := "tar"
	if bytes.HasPrefix(head, []byte("PK")) {
		kind = "zip"
	}
	err = a.index(ctx, kind, size)
	if damage != nil && damage() != "" {
		err = errors.Join(&memberError{damage()}, err)
	}
	return err
}

// Canceled is a reader that stops when the context ends.
func Canceled(ctx context.Context, in io.Reader) io.Reader { return canceled{ctx, in} }

type canceled struct {
	ctx context.Context
	in  io.Reader
}

func (c canceled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

// index lists the members.
func (a *archive) index(ctx context.Context, kind string, size int64) error {
	if kind == "zip" {
		return a.indexZip(size)
	}
	return a.indexTar(ctx, size)
}

func (a *archive) indexZip(size int64) error {
	z, err := zip.NewReader(a.at, size)
	if err != nil {
		return &memberError{"the zip archive is cut off or damaged: its directory cannot be read"}
	}
	if len(z.File) > maxMembers {
		return &memberError{fmt.Sprintf("the archive has more than %d members", maxMembers)}
	}
	a.zip = z
	for _, e := range z.File {
		if e.FileInfo().IsDir() {
			continue
		}
		a.add(e.Name, &member{of: a, entry: e, size: int64(e.UncompressedSize64)})
	}
	return nil
}

func (a *archive) indexTar(ctx context.Context, size int64) error {
	section := io.NewSectionReader(a.at, 0, size)
	t := tar.NewReader(section)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &memberError{"the tar archive is cut off or damaged"}
		}
		if len(a.file.members) >= maxMembers {
			return &memberError{fmt.Sprintf("the archive has more than %d members", maxMembers)}
		}
		if h.Typeflag != tar.TypeReg {
			if h.Typeflag != tar.TypeDir {
				a.file.Damage = "some members are links or devices, not files: they were not read"
			}
			continue
		}
		at, _ := section.Seek(0, io.SeekCurrent)
		m := &member{of: a, offset: at, size: h.Size}
		a.add(h.Name, m)
		if at+h.Size > size {
			return &memberError{"the tar archive is cut off"}
		}
	}
}

// add adds a member under a name below the archive's.
func (a *archive) add(name string, m *member) {
	clean := path.Clean("/" + strings.ReplaceAll(name, "\\", "/"))
	f := &File{From: a.file.From, member: m}
	f.Path = readable(a.file.Path + clean)
	f.MemberOf = a.file.SHA256
	f.Custodian, f.Acquired = a.file.Custodian, a.file.Acquired
	a.file.members = append(a.file.members, f)
}
