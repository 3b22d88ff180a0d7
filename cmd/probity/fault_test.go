package main

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/bundle"
	"probity/internal/casefile"
	"probity/internal/durable"
	"probity/internal/verify"
)

var errInjected = errors.New("injected")

// failing returns calls of which the n-th fails, before or after it took effect;
// count tells how many there were.
func failing(n int, after bool) (sys *durable.Calls, count *int) {
	count = new(int)
	fail := func(do func() error) error {
		if *count++; *count != n {
			return do()
		}
		if after {
			if err := do(); err != nil {
				return err
			}
		}
		return errInjected
	}
	disk := durable.Disk()
	return &durable.Calls{
		Write:  func(f *os.File, b []byte) error { return fail(func() error { return disk.Write(f, b) }) },
		Sync:   func(string) error { return fail(func() error { return nil }) }, // nothing here is as slow, and nobody pulls the plug
		Rename: func(a, b string) error { return fail(func() error { return disk.Rename(a, b) }) },
		Link:   func(a, b string) error { return fail(func() error { return disk.Link(a, b) }) },
		Remove: func(p string) error { return fail(func() error { return disk.Remove(p) }) },
	}, count
}

// published says which of a bundle's folder and zip are there. Each that is has
// to verify.
func published(t *testing.T, target string) (folder, packed bool) {
	t.Helper()
	check := func(what string, f fs.FS) {
		for _, s := range verify.Run(f, verify.Options{}) {
			if s.Failed {
				t.Errorf("the %s fails %s: %s", what, s.Name, s.Says)
			}
		}
	}
	if _, err := os.Lstat(target); err == nil {
		folder = true
		check("folder", os.DirFS(target))
	}
	if _, err := os.Lstat(target + ".zip"); err == nil {
		packed = true
		z, err := zip.OpenReader(target + ".zip")
		if err != nil {
			t.Errorf("the zip: %v", err)
			return folder, packed
		}
		defer z.Close()
		inside, err := fs.Sub(z, filepath.Base(target))
		if err != nil {
			t.Error(err)
			return folder, packed
		}
		check("zip", inside)
	}
	return folder, packed
}

// Each write, sync and rename of a publication fails in turn, before and after it
// took effect. Folder and zip are absent or verify, what is said to be published
// is there, nothing unfinished is left, and publishing again completes.
func TestPublishFaults(t *testing.T) {
	dir := signedCase(t)
	c, err := casefile.Load(filepath.Join(dir, "case"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(target string, sys *durable.Calls) error {
		return bundle.Write(bundle.Config{Case: c, Out: filepath.Join(c.Dir, "out"), Target: target, Disk: sys})
	}
	target := filepath.Join(dir, "to", "answer")
	tried, between := 0, 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			os.RemoveAll(filepath.Dir(target))
			if err := os.Mkdir(filepath.Dir(target), 0o777); err != nil {
				t.Fatal(err)
			}
			sys, count := failing(n, after)
			err := write(target, sys)
			if *count < n {
				break
			}
			tried++
			folder, packed := published(t, target)
			if err == nil && !(folder && packed) {
				t.Errorf("call %d, after %v: no error, and folder %v, zip %v", n, after, folder, packed)
			}
			if err != nil && !errors.Is(err, errInjected) {
				t.Errorf("call %d, after %v: %v", n, after, err)
			}
			if packed && !folder {
				t.Errorf("call %d, after %v: the zip without the folder", n, after)
			}
			list, _ := os.ReadDir(filepath.Dir(target))
			if left := slices.DeleteFunc(list, func(d os.DirEntry) bool { return !strings.HasPrefix(d.Name(), ".") }); len(left) > 0 {
				t.Errorf("call %d, after %v: left %v", n, after, left)
			}
			if folder && !packed || n%16 == 0 && !packed {
				if folder {
					between++
				}
				if err := write(target, nil); err != nil {
					t.Errorf("call %d, after %v, again: %v", n, after, err)
				}
				if folder, packed = published(t, target); !folder || !packed {
					t.Errorf("call %d, after %v, again: folder %v, zip %v", n, after, folder, packed)
				}
			}
		}
	}
	if tried < 200 || between < 2 {
		t.Errorf("only %d calls failed, %d of them between folder and zip", tried, between)
	}
	t.Logf("%d calls failed, %d of them between folder and zip", tried, between)
}
