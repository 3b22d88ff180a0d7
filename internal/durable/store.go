package durable

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A Store keeps files by the SHA-256 of their content: ab/abcdef... It has one
// way in, and none out: nothing in it is replaced or removed.
type Store struct {
	root *os.Root
	sys  storeCalls
}

// storeCalls are the operations of a store that change what lies on disk; tests
// break each.
type storeCalls struct {
	write func(f *os.File, data []byte) error
	sync  func(f *os.File) error
	link  func(r *os.Root, from, to string) error
}

var storeDisk = storeCalls{
	write: func(f *os.File, data []byte) error {
		_, err := f.Write(data)
		return err
	},
	sync: (*os.File).Sync,
	link: (*os.Root).Link,
}

// ErrChanged is the error of a file that is not what it was.
var ErrChanged = errors.New("its content is not what its name says")

// unfinished begins the names of files that are being written.
const unfinished = ".unfinished-"

// OpenStore opens the store in dir, and makes it if it is not there. What a
// write that was cut off left is removed.
func OpenStore(dir string) (*Store, error) { return openStore(dir, storeDisk) }

func openStore(dir string, sys storeCalls) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	s := &Store{root, sys}
	left, err := fs.Glob(root.FS(), unfinished+"*")
	for _, name := range left {
		err = errors.Join(err, root.Remove(name))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store: %w", err), root.Close())
	}
	return s, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.root.Close() }

// Put copies what r has into the store, and returns its SHA-256 and length. It
// is there, synced and readable, or not at all. What is there already with the
// same content stays; if it lies there damaged, the error is ErrChanged.
func (s *Store) Put(r io.Reader) (sum string, size int64, err error) {
	var salt [8]byte
	rand.Read(salt[:])
	temp := unfinished + hex.EncodeToString(salt[:])
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return "", 0, fmt.Errorf("storing: %w", err)
	}
	defer func() {
		if e := s.root.Remove(temp); err == nil {
			err = e
		}
	}()
	h := sha256.New()
	size, err = io.Copy(storeWriter{f, s.sys}, io.TeeReader(r, h))
	if err == nil {
		err = errors.Join(f.Chmod(0o444), s.sys.sync(f))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, fmt.Errorf("storing: %w", err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	name := storePath(sum)
	if err := s.root.Mkdir(path.Dir(name), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", 0, fmt.Errorf("storing: %w", err)
	}
	err = s.sys.link(s.root, temp, name)
	if errors.Is(err, fs.ErrExist) {
		err = s.Check(sum)
	}
	if err == nil {
		err = errors.Join(s.syncDir(path.Dir(name)), s.syncDir("."))
	}
	if err != nil {
		return "", 0, fmt.Errorf("storing %s: %w", sum, err)
	}
	return sum, size, nil
}

type storeWriter struct {
	f   *os.File
	sys storeCalls
}

func (w storeWriter) Write(data []byte) (int, error) {
	if err := w.sys.write(w.f, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

func (s *Store) syncDir(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(s.sys.sync(d), d.Close())
}

// Open opens what has a SHA-256. What is not there is fs.ErrNotExist.
func (s *Store) Open(sum string) (fs.File, error) {
	if !isSum(sum) {
		return nil, fmt.Errorf("%q is no SHA-256", sum)
	}
	return s.root.Open(storePath(sum))
}

// Check reads what has a SHA-256 and compares.
func (s *Store) Check(sum string) error {
	f, err := s.Open(sum)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return ErrChanged
	}
	return nil
}

// List returns the SHA-256 of each file in order, and the names of files that
// do not belong there.
func (s *Store) List() (sums, strays []string, err error) {
	err = fs.WalkDir(s.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case isSum(d.Name()) && storePath(d.Name()) == p:
			sums = append(sums, d.Name())
		default:
			strays = append(strays, p)
		}
		return nil
	})
	return sums, strays, err
}

func storePath(sum string) string { return sum[:2] + "/" + sum }

func isSum(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha256.Size && s == strings.ToLower(s)
}

// Keep writes a file that is not there yet, as [WriteNew] does; if it is there
// with the same content, nothing is done, with another it is an error.
func Keep(name string, data []byte) error {
	err := WriteNew(name, data)
	if errors.Is(err, fs.ErrExist) {
		was, err := os.ReadFile(name)
		if err == nil && !bytes.Equal(was, data) {
			err = fmt.Errorf("%s is there with another content", name)
		}
		return err
	}
	return err
}

// Replace writes a file that may be there already: the old one stays until the
// new one is whole and synced.
func Replace(name string, data []byte) error { return replace(name, data, Disk()) }

func replace(name string, data []byte, sys Calls) error {
	f, err := os.CreateTemp(path.Dir(name), "."+path.Base(name)+".unfinished-")
	if err != nil {
		return err
	}
	err = errors.Join(sys.Write(f, data), f.Chmod(0o644), f.Close())
	if err == nil {
		err = sys.Sync(f.Name())
	}
	if err == nil {
		err = sys.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name()) // gone if the rename took effect
		return err
	}
	return sys.Sync(path.Dir(name))
}
