package durable

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const review = "{\n  \"probity\": 1,\n  \"n\": "

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// names lists what lies in dir, hidden names included.
func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func write(t *testing.T, target, n string, sys calls) (string, error) {
	t.Helper()
	d, err := stage(target, sys)
	if err != nil {
		return "", err
	}
	if err := d.WriteFile("tables/a.parquet", []byte("x")); err != nil {
		return "", errors.Join(err, d.Discard())
	}
	if err := d.WriteFile(Mark, []byte(review+n+"}")); err != nil {
		return "", errors.Join(err, d.Discard())
	}
	return d.Publish()
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "out")
	for _, step := range []struct{ n, kept, after string }{
		{"1", "", "out"},
		{"1", "", "out"},
		{"2", "out.", "out out."},
	} {
		kept, err := write(t, target, step.n, disk)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(filepath.Base(kept), step.kept) || (kept == "") != (step.kept == "") {
			t.Errorf("kept %q, want %q...", kept, step.kept)
		}
		if got := names(t, dir); len(strings.Fields(got)) != len(strings.Fields(step.after)) || !strings.HasPrefix(got, step.after) {
			t.Errorf("folder holds %q, want %q", got, step.after)
		}
		if got := names(t, target); got != "review.json tables" {
			t.Errorf("output holds %q", got)
		}
	}
}

func TestRefusesForeignFolder(t *testing.T) {
	for _, have := range []string{"notes.txt", Mark} {
		dir := t.TempDir()
		put(t, dir, "out/"+have, "mine")
		_, err := Stage(filepath.Join(dir, "out"))
		if err == nil || !strings.Contains(err.Error(), "--out") {
			t.Errorf("%s: error %v, want one that names --out", have, err)
		}
		if got := names(t, dir); got != "out" {
			t.Errorf("left behind: %q", got)
		}
	}
}

func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	d, err := Stage(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sub("tables", "activity"); err != nil {
		t.Fatal(err)
	}
	if err := d.Discard(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

// Every call is broken in turn, in two ways: it fails, and it fails after it
// took effect. Either the old output stands, whole, or the new one does, and
// nothing unfinished is left.
func TestFaults(t *testing.T) {
	full := &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, after := range []bool{false, true} {
		for n := range 20 {
			dir := t.TempDir()
			target := filepath.Join(dir, "out")
			if _, err := write(t, target, "1", disk); err != nil {
				t.Fatal(err)
			}
			count, broken := 0, false
			fail := func(f func() error) error {
				count++
				if count-1 != n {
					return f()
				}
				broken = true
				if after {
					_ = f()
				}
				return full
			}
			sys := calls{
				writeFile: func(p string, b []byte) error { return fail(func() error { return disk.writeFile(p, b) }) },
				sync:      func(p string) error { return fail(func() error { return disk.sync(p) }) },
				rename:    func(a, b string) error { return fail(func() error { return disk.rename(a, b) }) },
				remove:    func(p string) error { return fail(func() error { return disk.remove(p) }) },
			}
			_, err := write(t, target, "2", sys)
			if !broken {
				if err != nil {
					t.Fatal(err)
				}
				continue
			}
			got, readErr := os.ReadFile(filepath.Join(target, Mark))
			if readErr != nil || string(got) != review+"1}" && string(got) != review+"2}" {
				t.Errorf("call %d, after %v: the output holds %q, %v", n, after, got, readErr)
			}
			if err == nil && string(got) != review+"2}" {
				t.Errorf("call %d, after %v: no error, and the old output", n, after)
			}
			if all := names(t, dir); strings.Contains(all, "unfinished") {
				t.Errorf("call %d, after %v: left behind %q", n, after, all)
			}
		}
	}
}

func TestWriteNew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if err := WriteNew(name, []byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(name, []byte("b")); !errors.Is(err, os.ErrExist) {
		t.Errorf("second write: %v, want one that says it exists", err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := names(t, filepath.Dir(name)); got != "key" {
		t.Errorf("left behind: %q", got)
	}
}
