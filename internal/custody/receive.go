package custody

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"probity/internal/durable"
)

// A Line of a manifest is one file as it was received.
type Line struct {
	SHA256 string
	Bytes  int64
	Path   string // as it was called; never in a public file
}

// Manifest returns the public manifest of a receipt: a line "SHA-256  length"
// for each content, in order, each once.
func Manifest(lines []Line) []byte {
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%s  %d\n", l.SHA256, l.Bytes))
	}
	slices.Sort(out)
	return []byte(strings.Join(slices.Compact(out), ""))
}

// ParseManifest reads a manifest.
func ParseManifest(data []byte) ([]Line, error) {
	var out []Line
	for text := range strings.Lines(string(data)) {
		sum, length, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "  ")
		n, err := strconv.ParseInt(length, 10, 64)
		raw, hexErr := hex.DecodeString(sum)
		if !ok || err != nil || hexErr != nil || n < 0 || len(raw) != sha256.Size {
			return nil, fmt.Errorf("line %d of a manifest is no SHA-256 and length", len(out)+1)
		}
		out = append(out, Line{SHA256: sum, Bytes: n})
	}
	if !bytes.Equal(Manifest(out), data) {
		return nil, errors.New("the manifest is not in order, or a line has a second spelling")
	}
	return out, nil
}

// manifests is the folder of public manifests, by their SHA-256.
const manifests = "manifests"

// ManifestFile returns where the manifest of a receipt lies.
func (b *Book) ManifestFile(sum string) string {
	return filepath.Join(b.dir, manifests, sum+".txt")
}

func (b *Book) pathsFile(sum string) string {
	return filepath.Join(b.dir, PrivateDir, "manifests", sum+".json")
}

// Take copies every regular file at or below source into the store of the case
// and returns what it copied, in order of paths. Links, and what is no file,
// are refused before anything is copied: what they lead to was not handed over.
func (b *Book) Take(source string, progress func(path string)) ([]Line, error) {
	files, err := regularFiles(source)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no file", source)
	}
	store, err := durable.OpenStore(filepath.Join(b.dir, StoreDir))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var out []Line
	for _, name := range files {
		if progress != nil {
			progress(name)
		}
		l, err := take(store, source, name)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func take(store *durable.Store, source, name string) (Line, error) {
	full := filepath.Join(source, filepath.FromSlash(name))
	f, err := os.Open(full)
	if err != nil {
		return Line{}, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return Line{}, err
	}
	sum, n, err := store.Put(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return Line{}, fmt.Errorf("%s: %w", full, err)
	}
	after, err := f.Stat()
	if err != nil {
		return Line{}, err
	}
	if n != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return Line{}, fmt.Errorf("%s changed while it was copied: take it again when nothing writes to it", full)
	}
	if name == "." {
		name = filepath.Base(source)
	}
	return Line{SHA256: sum, Bytes: n, Path: name}, nil
}

func regularFiles(source string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(source, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is a link or no file: put what it leads to in its place, since only files are received", p)
		}
		rel, err := filepath.Rel(source, p)
		out = append(out, filepath.ToSlash(rel))
		return err
	})
	slices.Sort(out)
	return out, err
}

// Receive records a receipt of what was taken: the manifest first, then its
// names, then the leaf.
func (b *Book) Receive(r Received, lines []Line) (int64, error) {
	text := Manifest(lines)
	sum := sha256.Sum256(text)
	r.Manifest = hex.EncodeToString(sum[:])
	r.Files, r.Bytes = len(lines), 0
	for _, l := range lines {
		r.Bytes += l.Bytes
	}
	if err := b.allowed(EvidenceReceived, "", &r); err != nil {
		return 0, err
	}
	names, err := json.Marshal(lines)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(b.ManifestFile(r.Manifest)), 0o777), os.MkdirAll(filepath.Dir(b.pathsFile(r.Manifest)), 0o700)); err != nil {
		return 0, err
	}
	if err := durable.Keep(b.ManifestFile(r.Manifest), text); err != nil {
		return 0, fmt.Errorf("keeping the manifest: %w", err)
	}
	if err := durable.WriteNew(b.pathsFile(r.Manifest), names); err != nil && !errors.Is(err, fs.ErrExist) { // the same files under other names before
		return 0, fmt.Errorf("keeping the manifest: %w", err)
	}
	return b.Record(EvidenceReceived, "", &r)
}

// Received returns the manifest of each receipt that events tell of, by the
// SHA-256 of each file: the receipts that it came with.
func (b *Book) Received() (map[string][]*Event, error) {
	out := map[string][]*Event{}
	for _, e := range b.Events {
		r, ok := e.Body.(*Received)
		if !ok {
			continue
		}
		data, err := os.ReadFile(b.ManifestFile(r.Manifest))
		if err != nil {
			return nil, fmt.Errorf("the manifest of leaf %d: %w", e.Index, err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != r.Manifest {
			return nil, fmt.Errorf("%s is not the manifest that leaf %d commits to", b.ManifestFile(r.Manifest), e.Index)
		}
		lines, err := ParseManifest(data)
		if err != nil {
			return nil, fmt.Errorf("the manifest of leaf %d: %w", e.Index, err)
		}
		for _, l := range lines {
			out[l.SHA256] = append(out[l.SHA256], e)
		}
	}
	return out, nil
}

// WorkingCopy copies what was taken from the store to a folder that is not
// there yet, or whose files are the same: what is read is apart from what is
// kept as evidence.
func (b *Book) WorkingCopy(dir string, lines []Line) error {
	store, err := durable.OpenStore(filepath.Join(b.dir, StoreDir))
	if err != nil {
		return err
	}
	defer store.Close()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range lines {
		if err := copyOut(store, root, filepath.Join(b.dir, PrivateDir, ".working"), l); err != nil {
			return fmt.Errorf("making the working copy: %w", err)
		}
	}
	return nil
}

// copyOut makes the working copy of one file, unless it is there. scratch is a
// file of the same disk, if possible.
func copyOut(store *durable.Store, root *os.Root, scratch string, l Line) (err error) {
	name := filepath.FromSlash(l.Path)
	if was, err := root.Open(name); err == nil {
		h := sha256.New()
		_, err := io.Copy(h, was)
		if err := errors.Join(err, was.Close()); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)) != l.SHA256 {
			return fmt.Errorf("%s is there already with another content: receive it under another name with --into", l.Path)
		}
		return nil
	}
	if err := root.MkdirAll(path.Dir(l.Path), 0o777); err != nil {
		return err
	}
	// A file that is being written never lies below evidence/, where it would be
	// taken for an exhibit; but where that is another disk.
	target := filepath.Join(root.Name(), name)
	for _, temp := range []string{scratch, target + ".unfinished"} {
		err = copyTo(store, l.SHA256, temp)
		if err == nil {
			err = os.Rename(temp, target)
		}
		if err == nil || !errors.Is(err, syscall.EXDEV) {
			return err
		}
		if err := os.Remove(temp); err != nil {
			return err
		}
	}
	return err
}

// copyTo copies an original to a file, which it writes over.
func copyTo(store *durable.Store, sum, name string) error {
	from, err := store.Open(sum)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// A Problem is something that is not as the record has it.
type Problem struct {
	SHA256 string
	What   string // altered, missing, stray
	Leaf   int64  // of the receipt; -1 if none
}

// CheckStore reads every original in the store and compares it with the
// receipts.
func (b *Book) CheckStore() ([]Problem, error) {
	received, err := b.Received()
	if err != nil {
		return nil, err
	}
	store, err := durable.OpenStore(filepath.Join(b.dir, StoreDir))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	sums, strays, err := store.List()
	if err != nil {
		return nil, err
	}
	var out []Problem
	for sum, events := range received {
		switch err := store.Check(sum); {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, Problem{sum, "missing", events[0].Index})
		case errors.Is(err, durable.ErrChanged):
			out = append(out, Problem{sum, "altered", events[0].Index})
		case err != nil:
			return nil, err
		}
	}
	for _, sum := range sums {
		if received[sum] == nil {
			out = append(out, Problem{sum, "stray", -1})
		}
	}
	for _, name := range strays {
		out = append(out, Problem{name, "stray", -1})
	}
	slices.SortFunc(out, func(a, b Problem) int { return strings.Compare(a.SHA256, b.SHA256) })
	return out, nil
}
