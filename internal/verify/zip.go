package verify

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// A zip from strangers: what is packed tighter than this, and is larger than
// that, is made to fill a disk or a memory. Bundles of text and tables are
// packed ten times at most.
const (
	maxGrowth  = 200
	freeGrowth = 64 << 20
	maxMembers = 1 << 18
)

// OpenZip returns the files of a bundle that is packed as a zip; one folder may
// hold it. A zip that readers could unpack in two ways, or not at all, is an
// error: a name that stands twice or leads elsewhere, a link, a member that is
// encrypted or packed in another way than by deflate.
func OpenZip(r io.ReaderAt, size int64) (fs.FS, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxMembers {
		return nil, fmt.Errorf("%d members are too many", len(z.File))
	}
	seen, folders, total := map[string]bool{}, map[string]bool{}, uint64(0)
	for _, f := range z.File {
		name, folder := strings.CutSuffix(f.Name, "/")
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") || !utf8.ValidString(name):
			return nil, fmt.Errorf("the name %q leads elsewhere", f.Name)
		case seen[name] || !folder && folders[name]:
			return nil, fmt.Errorf("the name %q stands twice", f.Name)
		case f.Flags&1 != 0 || f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, fmt.Errorf("%q is encrypted, or packed in another way than by deflate", f.Name)
		case !f.Mode().IsRegular() && !(folder && f.Mode().IsDir()):
			return nil, fmt.Errorf("%q is a link or no file", f.Name)
		case f.UncompressedSize64 > 1<<40:
			return nil, fmt.Errorf("%q is too large", f.Name)
		}
		seen[name] = !folder
		total += f.UncompressedSize64
		for at := strings.LastIndexByte(name, '/'); at >= 0; at = strings.LastIndexByte(name[:at], '/') {
			if seen[name[:at]] {
				return nil, fmt.Errorf("the name %q is that of a file and of a folder", name[:at])
			}
			folders[name[:at]] = true
		}
	}
	if total > freeGrowth && total/maxGrowth > uint64(size) {
		return nil, fmt.Errorf("%d bytes would become %d: no bundle is packed so tight", size, total)
	}
	if top, err := fs.ReadDir(z, "."); err == nil && len(top) == 1 && top[0].IsDir() {
		sub, err := fs.Sub(z, top[0].Name())
		return bounded{sub}, err
	}
	return bounded{z}, nil
}

// bounded is a zip of which no file gives more bytes than it says it has.
type bounded struct{ fs.FS }

// Open implements fs.FS.
func (b bounded) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if err != nil {
		return nil, err
	}
	i, err := f.Stat()
	if err != nil || !i.Mode().IsRegular() {
		return f, err
	}
	return &boundedFile{f, i.Size()}, nil
}

type boundedFile struct {
	fs.File
	left int64
}

// Read implements fs.File.
func (f *boundedFile) Read(p []byte) (int, error) {
	if int64(len(p)) > f.left+1 { // one more: so that the checksum is compared at the end
		p = p[:f.left+1]
	}
	n, err := f.File.Read(p)
	if f.left -= int64(n); f.left < 0 {
		return 0, errors.New("it holds more bytes than the zip says")
	}
	return n, err
}
