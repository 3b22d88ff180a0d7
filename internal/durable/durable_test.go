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

func write(t *testing.T, target, n string, sys Calls) (string, error) {
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
		kept, err := write(t, target, step.n, Disk())
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

// failing returns calls of which the n-th fails, before or after it took effect;
// count tells how many there were.
func failing(n int, after bool) (sys Calls, count *int) {
	count = new(int)
	fail := func(do func() error) error {
		if *count++; *count != n {
			return do()
		}
		if after {
			_ = do() // what is reported is another error
		}
		return &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	disk := Disk()
	return Calls{
		Write:  func(f *os.File, b []byte) error { return fail(func() error { return disk.Write(f, b) }) },
		Sync:   func(p string) error { return fail(func() error { return disk.Sync(p) }) },
		Rename: func(a, b string) error { return fail(func() error { return disk.Rename(a, b) }) },
		Link:   func(a, b string) error { return fail(func() error { return disk.Link(a, b) }) },
		Remove: func(p string) error { return fail(func() error { return disk.Remove(p) }) },
	}, count
}

// Every call is broken in turn, in two ways: it fails, and it fails after it
// took effect. Either the old output stands, whole, or the new one does, and
// nothing unfinished is left.
func TestFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := range 20 {
			dir := t.TempDir()
			target := filepath.Join(dir, "out")
			if _, err := write(t, target, "1", Disk()); err != nil {
				t.Fatal(err)
			}
			sys, count := failing(n+1, after)
			_, err := write(t, target, "2", sys)
			if *count <= n {
				if n < 8 {
					t.Errorf("only %d calls were tried", n)
				}
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

// Whatever fails, a file that is written anew or over another is there whole,
// the old one or the new one, and nothing unfinished is left.
func TestFileFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			put(t, dir, "old", "old")
			sys, count := failing(n, after)
			fresh := writeNew(filepath.Join(dir, "new"), []byte("new"), sys)
			over := replace(filepath.Join(dir, "old"), []byte("new"), sys)
			if *count < n {
				if n < 9 {
					t.Errorf("only %d calls were tried", n-1)
				}
				break
			}
			if fresh == nil && over == nil {
				t.Errorf("call %d, after %v: no error", n, after)
			}
			got, err := os.ReadFile(filepath.Join(dir, "new"))
			if fresh == nil && err != nil || err == nil && string(got) != "new" {
				t.Errorf("call %d, after %v: a new file holds %q, %v (%v)", n, after, got, err, fresh)
			}
			got, err = os.ReadFile(filepath.Join(dir, "old"))
			if err != nil || string(got) != "new" && (over == nil || string(got) != "old") {
				t.Errorf("call %d, after %v: an old file holds %q, %v (%v)", n, after, got, err, over)
			}
			if all := names(t, dir); strings.Contains(all, "unfinished") {
				t.Errorf("call %d, after %v: left behind %q", n, after, all)
			}
		}
	}
}
