// Package evidence finds the files that were handed over, hashes them as
// received, opens them as streams, and replaces what names people by keyed
// tokens. It never writes to a file that it finds.
package evidence

import (
	"bytes"
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
	passKey *[highwayhash.Size]byte // one for all files of a walk
}

// Options say how to find files.
type Options struct {
	// Spool is a folder for copies of what has to be unpacked to be read; ""
	// means the system's folder for temporary files.
	Spool string
	// Workers is how many files are hashed at once; 0 means one a core.
	Workers int
	// Defer leaves files to be hashed when they are read, in the same pass: those
	// that no other file can equal, because none has their size. Their SHA256 is
	// empty until Open.
	Defer bool
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
	key := newPassKey()
	for level, depth := files, 0; len(level) > 0; depth++ {
		now := level
		for _, f := range level {
			f.passKey = key
		}
		if depth == 0 && opts.Defer {
			var err error
			if now, err = deferred(level); err != nil {
				return nil, nil, err
			}
		}
		if err := hashAll(ctx, now, opts.Workers, opts.Progress); err != nil {
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
		if f.SHA256 == "" {
			continue // no other has its size
		}
		if o := first[f.SHA256]; o != nil && f.Bytes > 0 {
			f.Original, f.DuplicateOf = o, o.Path
			continue
		}
		first[f.SHA256] = f
	}
	slices.Sort(warnings)
	return files, slices.Compact(warnings), nil
}

// maxLoad is the largest file that is hashed and read in one pass, from memory.
const maxLoad = 96 << 20

// deferred returns the files that have to be hashed before they are read: all
// if one may be an archive, whose members could equal any.
func deferred(files []*File) (now []*File, err error) {
	sizes := map[int64]int{}
	for _, f := range files {
		info, err := os.Stat(f.Abs)
		if err != nil {
			return nil, fmt.Errorf("reading evidence %s: %w", f.Path, cause(err))
		}
		f.Bytes = info.Size()
		sizes[f.Bytes]++
	}
	head := make([]byte, headSize)
	for _, f := range files {
		if sizes[f.Bytes] > 1 || f.Bytes > maxLoad || f.Bytes == 0 {
			now = append(now, f)
			continue
		}
		in, err := f.Raw()
		if err != nil {
			return nil, err
		}
		n, _ := io.ReadFull(in, head)
		in.Close()
		if archiveKind(head[:n]) != "" {
			return rehash(files), nil
		}
		if packingOf(head[:n]) == "parquet" {
			now = append(now, f)
		}
	}
	return rehash(now), nil
}

// rehash forgets the sizes that were only looked up.
func rehash(files []*File) []*File {
	for _, f := range files {
		f.Bytes = 0
	}
	return files
}

// Load reads a file that was left to be hashed when it is read, hashes it, and
// returns it as a stream. The buffer is used, grown if it must be, and returned;
// the stream is of it. Any other file is opened.
func (f *File) Load(buffer []byte) (*Stream, []byte, error) {
	if f.SHA256 != "" || f.member != nil {
		s, err := f.Open()
		return s, buffer, err
	}
	in, err := f.Raw()
	if err != nil {
		return nil, buffer, err
	}
	defer in.Close()
	data := buffer[:0]
	if int64(cap(data)) < f.Bytes+1 {
		data = make([]byte, 0, f.Bytes+f.Bytes/4+1)
	}
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, buffer, fmt.Errorf("reading evidence %s at byte %d: %w", f.Path, len(data), cause(err))
		}
	}
	sum := sha256.Sum256(data)
	f.Bytes, f.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	pass := f.passHash()
	pass.Write(data)
	f.pass = pass.Sum64()
	s := &Stream{file: f, in: io.NopCloser(bytes.NewReader(data)), loaded: true}
	if err := s.begin(); err != nil {
		return nil, data, err
	}
	return s, data, nil
}

// Whole reports whether an archive is lost as a whole: nothing in it could be
// read.
func (f *File) Whole() bool { return f.Archive && f.Damage != "" && len(f.members) == 0 }

// Close closes the archives of files and removes what was unpacked of them.
func Close(files []*File) error {
	var errs []error
	for _, f := range files {
		if f.archive != nil && f.archive.close != nil {
			if err := f.archive.close(); !errors.Is(err, fs.ErrNotExist) { // its scratch folder may be gone already
				errs = append(errs, err)
			}
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

func newPassKey() *[highwayhash.Size]byte {
	k := new([highwayhash.Size]byte)
	rand.Read(k[:])
	return k
}

// passHash returns the hash for a pass over the file.
func (f *File) passHash() hash.Hash64 {
	if f.passKey == nil {
		f.passKey = newPassKey()
	}
	h, _ := highwayhash.New64(f.passKey[:]) // the size of the key is right
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
