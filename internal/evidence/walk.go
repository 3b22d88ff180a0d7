// Package evidence finds the files that were handed over, hashes them as
// received, opens them as streams, and replaces what names people by keyed
// tokens. It never writes to a file that it finds.
package evidence

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/minio/highwayhash"

	"probity"
)

// A File is an exhibit before it is read: where it lies, its digest and how it
// came. The counts of its Exhibit are zero.
type File struct {
	probity.Exhibit
	Abs      string            // where it lies; "" for a member of an archive
	From     *probity.Evidence // the entry of the case that it was found under
	Original *File             // the first file with the same bytes, nil if this is it
	Archive  bool              // its members are files of their own
	Damage   string            // what is wrong with an archive, "" if nothing

	member  *member
	archive *archive
	members []*File
	packing string // what archive it is, "" for none

	// pass is a keyed hash of what was read when SHA256 was computed, so that a
	// second reading can tell whether the file is still the same, at a tenth of
	// the cost.
	pass    uint64
	passKey []byte
}

// Options say how to find files.
type Options struct {
	// Spool is a folder for copies of what has to be unpacked to be read; ""
	// means the system's folder for temporary files.
	Spool string
	// Workers is how many files are hashed at once; 0 means one a core.
	Workers int
	// Placed are the files of entries whose path is an address of object storage,
	// by that path.
	Placed map[string][]Placed
	// Progress, if not nil, is called with the bytes hashed and the bytes in all.
	Progress func(done, total int64)
}

// A Placed file is one that was copied from object storage.
type Placed struct {
	Name   string // below the address
	Abs    string // of the copy
	Origin probity.Origin
}

// Walk returns every file below the evidence folders of a case, and every
// member of their archives, ordered by path, with its size and SHA-256. A file
// below two entries belongs to the deeper one. What is neither a file nor a
// folder is named in a warning. A folder or file that cannot be read is an
// error: nothing is left out.
func Walk(ctx context.Context, c *probity.Case, opts Options) ([]*File, []string, error) {
	found := map[string]*File{}
	var warnings []string
	for i := range c.Evidence {
		if e := &c.Evidence[i]; e.Remote() {
			placed(e, opts.Placed[e.Path], found)
			continue
		}
		w, err := find(c, &c.Evidence[i], found)
		if err != nil {
			return nil, nil, err
		}
		warnings = append(warnings, w...)
	}
	files := make([]*File, 0, len(found))
	for _, f := range found {
		files = append(files, f)
	}
	sortFiles(files)
	if opts.Spool == "" {
		opts.Spool = os.TempDir()
	}
	var all []*File
	for level, depth := files, 0; len(level) > 0; depth++ {
		if err := hashAll(ctx, level, opts.Workers, opts.Progress); err != nil {
			return nil, nil, err
		}
		all = append(all, level...)
		var inner []*File
		for _, f := range level {
			if f.packing != "" {
				members, err := f.expand(ctx, opts.Spool, depth)
				if err != nil {
					return nil, nil, err
				}
				inner = append(inner, members...)
			}
		}
		level = inner
	}
	files = all
	sortFiles(files)
	first := map[string]*File{}
	for _, f := range files {
		if o := first[f.SHA256]; o != nil && f.Bytes > 0 {
			f.Original, f.DuplicateOf = o, o.Path
			continue
		}
		first[f.SHA256] = f
	}
	slices.Sort(warnings)
	return files, slices.Compact(warnings), nil
}

// Whole reports whether an archive is lost as a whole: nothing in it could be
// read.
func (f *File) Whole() bool { return f.Archive && f.Damage != "" && len(f.members) == 0 }

// Close closes the archives of files and removes what was unpacked of them.
func Close(files []*File) error {
	var errs []error
	for _, f := range files {
		if f.archive != nil && f.archive.close != nil {
			errs = append(errs, f.archive.close())
			f.archive.close = nil
		}
	}
	return errors.Join(errs...)
}

func sortFiles(files []*File) {
	sort.Slice(files, func(i, j int) bool {
		return files[i].Path < files[j].Path || files[i].Path == files[j].Path && files[i].Abs < files[j].Abs
	})
}

// Raw opens the file as it was received.
func (f *File) Raw() (io.ReadCloser, error) {
	if f.member != nil {
		return f.member.open()
	}
	in, err := os.Open(f.Abs)
	if err != nil {
		return nil, fmt.Errorf("opening evidence %s: %w: make it readable for this user, or take it out of the case", f.Path, cause(err))
	}
	return in, nil
}

// readable writes the bytes of a file's name that are no UTF-8 as \xHH, so that
// two names never become one.
func readable(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, "\\x%02x", name[i])
		} else {
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}

// find adds the files of one evidence entry to found, by where they lie.
func find(c *probity.Case, e *probity.Evidence, found map[string]*File) ([]string, error) {
	clean := path.Clean(filepath.ToSlash(e.Path))
	if clean == "." {
		return nil, fmt.Errorf("evidence path %q is the case folder itself: put the records into a folder of their own", e.Path)
	}
	top := filepath.Join(c.Dir, filepath.FromSlash(clean))
	if _, err := os.Stat(top); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("evidence %q: nothing lies at %s: correct the path in %s or make the folder", e.Path, top, filepath.Base(c.File))
		}
		return nil, fmt.Errorf("evidence %q: %w", e.Path, err)
	}
	if resolved, err := filepath.EvalSymlinks(top); err == nil {
		top = resolved // the folder itself may be a link to another disk
	}
	var warnings []string
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(top, p)
		name := readable(path.Join(clean, filepath.ToSlash(rel)))
		switch {
		case err != nil:
			return fmt.Errorf("reading evidence %s: %w: make it readable for this user, or take it out of the case", name, cause(err))
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			warnings = append(warnings, name+" is a link or a device, not a file: it was not read")
			return nil
		}
		if old := found[p]; old != nil && len(path.Clean(old.From.Path)) >= len(clean) {
			return nil
		}
		found[p] = newFile(name, p, e)
		return nil
	})
	return warnings, err
}

// placed adds the copies of the objects below an address.
func placed(e *probity.Evidence, list []Placed, found map[string]*File) {
	address, _, _ := strings.Cut(e.Path, "?")
	for _, p := range list {
		f := newFile(readable(strings.TrimSuffix(address, "/")+"/"+p.Name), p.Abs, e)
		f.Origin = &p.Origin
		found[p.Abs] = f
	}
}

func newFile(name, abs string, e *probity.Evidence) *File {
	f := &File{Abs: abs, From: e}
	f.Path = name
	if e.Custodian.Name != "" || e.Custodian.Relation != "" {
		f.Custodian = &e.Custodian
	}
	f.Acquired = e.Acquired
	return f
}

// cause strips the path from an error, which names it already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// hashAll computes the digests with as many goroutines as there are cores.
func hashAll(ctx context.Context, files []*File, workers int, progress func(done, total int64)) error {
	var total, done, next atomic.Int64
	for _, f := range files {
		if f.member != nil {
			total.Add(f.member.size)
			continue
		}
		info, err := os.Stat(f.Abs)
		if err != nil {
			return fmt.Errorf("reading evidence %s: %w", f.Path, cause(err))
		}
		total.Add(info.Size())
	}
	var wg sync.WaitGroup
	errs := make([]error, len(files))
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, len(files)) {
		wg.Go(func() {
			buffer := make([]byte, 1<<18)
			for i := next.Add(1) - 1; i < int64(len(files)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if errs[i] = files[i].hash(ctx, buffer); errs[i] != nil {
					return
				}
				if n := done.Add(files[i].Bytes); progress != nil {
					progress(n, total.Load())
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// passHash returns the hash for a pass over the file.
func (f *File) passHash() hash.Hash64 {
	if f.passKey == nil {
		f.passKey = make([]byte, highwayhash.Size)
		rand.Read(f.passKey)
	}
	h, _ := highwayhash.New64(f.passKey) // the size of the key is right
	return h
}

func (f *File) hash(ctx context.Context, buffer []byte) error {
	in, err := f.Raw()
	if err != nil {
		return err
	}
	defer in.Close()
	h, pass := sha256.New(), f.passHash()
	for {
		n, err := in.Read(buffer)
		h.Write(buffer[:n])
		pass.Write(buffer[:n])
		if f.Bytes == 0 && n > 0 {
			f.packing = archiveKind(buffer[:n])
		}
		f.Bytes += int64(n)
		switch {
		case err == io.EOF, errors.As(err, new(*memberError)): // what is damaged in an archive is hashed as far as it goes
			f.SHA256, f.pass = hex.EncodeToString(h.Sum(nil)), pass.Sum64()
			return nil
		case err != nil:
			return fmt.Errorf("reading evidence %s at byte %d: %w", f.Path, f.Bytes, cause(err))
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
