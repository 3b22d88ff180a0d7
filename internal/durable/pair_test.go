package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pairMark = "bag.txt"

// pair writes a folder with two files, and a file beside it.
func pair(target, text string, sys Calls) (err error) {
	p, err := StagePair(target, ".zip", pairMark, sys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Discard()) }()
	for _, create := range []func() (io.WriteCloser, error){
		func() (io.WriteCloser, error) { return p.Create(pairMark) },
		func() (io.WriteCloser, error) { return p.Create("data/a") },
		p.CreateBeside,
	} {
		w, err := create()
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, text)
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
	}
	return p.Publish()
}

func TestPair(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "out")
	if err := pair(target+string(filepath.Separator), "one", Disk()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "out out.zip" {
		t.Fatalf("%q", got)
	}
	if err := pair(target, "one", Disk()); err == nil || !strings.Contains(err.Error(), "out.zip is there: choose another folder") {
		t.Errorf("both are there: %v", err)
	}
	// The file is missing: the same content completes, another is refused.
	os.Remove(target + ".zip")
	for _, text := range []string{"two", "longer"} {
		if err := pair(target, text, Disk()); err == nil || !strings.Contains(err.Error(), "is not what would be written now") {
			t.Errorf("another content: %v", err)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(target, "data", "a")); string(got) != "one" || names(t, dir) != "out" {
		t.Errorf("%q was changed, or %q is left", got, names(t, dir))
	}
	if err := pair(target, "one", Disk()); err != nil {
		t.Error(err)
	}
	// Without the folder, and beside a folder that is something else.
	os.RemoveAll(target)
	if err := pair(target, "one", Disk()); err == nil || !strings.Contains(err.Error(), "out.zip is there") {
		t.Errorf("the file alone: %v", err)
	}
	os.Remove(target + ".zip")
	put(t, dir, "out/mine.txt", "mine")
	if err := pair(target, "one", Disk()); err == nil || !strings.Contains(err.Error(), "out is there: choose another folder") {
		t.Errorf("a foreign folder: %v", err)
	}
	if err := pair(filepath.Join(dir, "no", "such", "out"), "one", Disk()); err == nil {
		t.Error("a folder that is not there")
	}
	if got := names(t, dir); got != "out" {
		t.Errorf("left: %q", got)
	}
}

// Each call fails in turn, before and after it took effect: folder and file are
// absent or whole, the file never without the folder, nothing unfinished is
// left, and doing it again completes.
func TestPairFaults(t *testing.T) {
	between := 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			target := filepath.Join(dir, "out")
			sys, count := failing(n, after)
			err := pair(target, "one", sys)
			if *count < n {
				if n < 12 {
					t.Errorf("only %d calls were tried", n-1)
				}
				break
			}
			switch got := names(t, dir); got {
			case "":
				if err == nil {
					t.Errorf("call %d, after %v: no error, and nothing is there", n, after)
				}
			case "out":
				between++
			case "out out.zip":
			default:
				t.Errorf("call %d, after %v: %q", n, after, got)
			}
			for _, name := range []string{"out/" + pairMark, "out/data/a", "out.zip"} {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err == nil && string(got) != "one" || err != nil && names(t, dir) == "out out.zip" {
					t.Errorf("call %d, after %v: %s holds %q (%v)", n, after, name, got, err)
				}
			}
			if err != nil && names(t, dir) != "out out.zip" {
				if err := pair(target, "one", Disk()); err != nil || names(t, dir) != "out out.zip" {
					t.Errorf("call %d, after %v, again: %v, %q", n, after, err, names(t, dir))
				}
			}
		}
	}
	if between < 2 {
		t.Errorf("only %d failures lay between folder and file", between)
	}
}
