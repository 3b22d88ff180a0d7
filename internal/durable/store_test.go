package durable

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const helloSum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 { // the second time it is there already
		sum, n, err := s.Put(strings.NewReader("hello"))
		if err != nil || sum != helloSum || n != 5 {
			t.Fatal(sum, n, err)
		}
	}
	f, err := s.Open(helloSum)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(f)
	f.Close()
	if string(data) != "hello" {
		t.Errorf("%q", data)
	}
	p := filepath.Join(dir, helloSum[:2], helloSum)
	if i, _ := os.Stat(p); i.Mode().Perm() != 0o444 {
		t.Errorf("mode %v", i.Mode())
	}
	for _, bad := range []string{"", "../../etc/passwd", strings.ToUpper(helloSum), helloSum[1:]} {
		if _, err := s.Open(bad); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	if _, err := s.Open(strings.Repeat("0", 64)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
	// What was changed is seen, and not taken for the original.
	os.Chmod(p, 0o644)
	os.WriteFile(p, []byte("hullo"), 0o644)
	if err := s.Check(helloSum); !errors.Is(err, ErrChanged) {
		t.Errorf("a changed file: %v", err)
	}
	if _, _, err := s.Put(strings.NewReader("hello")); !errors.Is(err, ErrChanged) {
		t.Errorf("putting the original of a changed file: %v", err)
	}
	os.WriteFile(filepath.Join(dir, "note.txt"), nil, 0o644)
	sums, strays, err := s.List()
	if err != nil || len(sums) != 1 || len(strays) != 1 || strays[0] != "note.txt" {
		t.Errorf("%q %q %v", sums, strays, err)
	}
}

// Whatever operation fails, before or after it took effect, a file is there
// whole or not at all, and putting it again succeeds.
func TestStoreFaults(t *testing.T) {
	injected := errors.New("injected")
	content := bytes.Repeat([]byte("x"), 100_000)
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			count := 0
			fail := func(do func() error) error {
				if count++; count != n {
					return do()
				}
				if after {
					if err := do(); err != nil {
						return err
					}
				}
				return injected
			}
			dir := t.TempDir()
			s, err := openStore(dir, storeCalls{
				write: func(f *os.File, b []byte) error { return fail(func() error { return storeDisk.write(f, b) }) },
				sync:  func(f *os.File) error { return fail(func() error { return storeDisk.sync(f) }) },
				link:  func(r *os.Root, a, b string) error { return fail(func() error { return storeDisk.link(r, a, b) }) },
			})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = s.Put(bytes.NewReader(content))
			if count < n {
				if n < 6 {
					t.Errorf("only %d operations were tried", n-1)
				}
				break
			}
			if !errors.Is(err, injected) {
				t.Errorf("operation %d: %v", n, err)
			}
			sums, strays, err := s.List()
			if err != nil || len(strays) > 0 {
				t.Errorf("operation %d left %q (%v)", n, strays, err)
			}
			for _, sum := range sums {
				if err := s.Check(sum); err != nil {
					t.Errorf("operation %d: %v", n, err)
				}
			}
			s.Close()
			if s, err = OpenStore(dir); err != nil {
				t.Fatal(err)
			}
			if sum, _, err := s.Put(bytes.NewReader(content)); err != nil || s.Check(sum) != nil {
				t.Errorf("operation %d, again: %v", n, err)
			}
			s.Close()
		}
	}
}

// A source that ends with an error leaves nothing.
func TestStoreCut(t *testing.T) {
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Put(io.MultiReader(strings.NewReader("half"), failingReader{})); err == nil {
		t.Error("half a file was stored")
	}
	if sums, strays, _ := s.List(); len(sums)+len(strays) > 0 {
		t.Errorf("left: %q %q", sums, strays)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("unplugged") }
