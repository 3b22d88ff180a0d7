// Package durable is the one door through which a run writes its output. The
// output is a folder that appears whole or not at all:
//
//  1. [Stage] makes a hidden folder beside the target.
//  2. Files are written below it.
//  3. [Dir.Publish] syncs every file and folder, moves an earlier output of the
//     same kind aside, renames the hidden folder to the target and syncs the
//     folder above.
//
// Until the rename the target is untouched; [Dir.Discard] removes what was
// staged. A folder that holds something other than an earlier output is never
// replaced.
package durable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Mark is the file by which an output folder is recognised.
const Mark = "review.json"

// A Dir is an output folder that is being written.
type Dir struct {
	target string
	temp   string
	sys    Calls
	done   bool
}

// Calls are the system calls that change what lies on disk; tests break each.
type Calls struct {
	Write  func(f *os.File, data []byte) error
	Sync   func(name string) error
	Rename func(from, to string) error
	Link   func(from, to string) error
	Remove func(name string) error
}

// Disk returns the calls of the system.
func Disk() Calls {
	return Calls{
		Write: func(f *os.File, data []byte) error {
			_, err := f.Write(data)
			return err
		},
		Sync: syncPath, Rename: os.Rename, Link: os.Link, Remove: os.RemoveAll,
	}
}

// Stage begins an output that will become the folder target. It returns an
// error if target exists and is neither empty nor an earlier output.
func Stage(target string) (*Dir, error) { return stage(target, Disk()) }

func stage(target string, sys Calls) (*Dir, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	if err := replaceable(target); err != nil {
		return nil, err
	}
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, fmt.Errorf("making the folder for the output: %w", err)
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(target)+".unfinished-")
	if err != nil {
		return nil, fmt.Errorf("making the output folder: %w: choose another with --out", err)
	}
	return &Dir{target: target, temp: temp, sys: sys}, nil
}

// replaceable returns an error that says why target must not be replaced.
func replaceable(target string) error {
	entries, err := os.ReadDir(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking at the output folder: %w", err)
	case len(entries) == 0:
		return nil
	}
	head, err := os.ReadFile(filepath.Join(target, Mark))
	if err != nil || !bytes.Contains(head[:min(len(head), 64)], []byte(`"probity"`)) {
		return fmt.Errorf("%s is not empty and holds no earlier review: choose another folder with --out, or empty it", target)
	}
	return nil
}

// Path returns where a file or folder of the output lies while it is written.
func (d *Dir) Path(elem ...string) string {
	return filepath.Join(append([]string{d.temp}, elem...)...)
}

// Target returns the folder that the output will be.
func (d *Dir) Target() string { return d.target }

// Sub makes a folder below the output and returns its path.
func (d *Dir) Sub(elem ...string) (string, error) {
	p := d.Path(elem...)
	if err := os.MkdirAll(p, 0o777); err != nil {
		return "", fmt.Errorf("making an output folder: %w", err)
	}
	return p, nil
}

// WriteFile writes a file of the output; name has forward slashes.
func (d *Dir) WriteFile(name string, data []byte) error {
	p := d.Path(filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		return fmt.Errorf("making an output folder: %w", err)
	}
	if err := writeFile(p, data, d.sys); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// Publish makes the output appear under its name. An earlier output with
// another review is kept beside it, as target.XXXXXXXXXXXX with the first
// digits of its review's SHA-256; kept is that name, or "". On an error the
// target is as it was before, and nothing staged is left.
func (d *Dir) Publish() (kept string, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Discard())
		}
	}()
	if err := os.Chmod(d.temp, 0o755); err != nil {
		return "", fmt.Errorf("publishing the output: %w", err)
	}
	if err := syncBelow(d.temp, d.sys); err != nil {
		return "", fmt.Errorf("publishing the output: %w", err)
	}
	if err := replaceable(d.target); err != nil {
		return "", err
	}
	old, same, err := d.setAside()
	if err != nil {
		return "", fmt.Errorf("moving the earlier output aside: %w", err)
	}
	if err := d.sys.Rename(d.temp, d.target); err != nil {
		// A rename may have taken effect although it reported an error.
		if _, gone := os.Lstat(d.temp); !errors.Is(gone, fs.ErrNotExist) {
			if old != "" {
				err = errors.Join(err, os.Rename(old, d.target))
			}
			return "", fmt.Errorf("publishing the output: %w", err)
		}
	}
	d.done = true
	if err := d.sys.Sync(filepath.Dir(d.target)); err != nil {
		return "", fmt.Errorf("publishing the output: %w", err)
	}
	if old != "" && same {
		return "", d.sys.Remove(old)
	}
	return old, nil
}

// setAside renames an earlier output. same reports that its review is the one
// that is staged now.
func (d *Dir) setAside() (old string, same bool, err error) {
	before, err := os.ReadFile(filepath.Join(d.target, Mark))
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Remove(d.target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", false, err
		}
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	now, err := os.ReadFile(d.Path(Mark))
	if err != nil {
		return "", false, err
	}
	sum := sha256.Sum256(before)
	old = d.target + "." + hex.EncodeToString(sum[:6])
	for n := 2; ; n++ {
		if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			break
		}
		old = fmt.Sprintf("%s.%s-%d", d.target, hex.EncodeToString(sum[:6]), n)
	}
	if err := d.sys.Rename(d.target, old); err != nil {
		if _, gone := os.Lstat(d.target); !errors.Is(gone, fs.ErrNotExist) {
			return "", false, err
		}
	}
	return old, bytes.Equal(before, now), nil
}

// syncBelow syncs every file and folder at and below one, deepest first.
func syncBelow(dir string, sys Calls) error {
	var paths []string
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		paths = append(paths, p)
		return err
	})
	for i := len(paths) - 1; i >= 0 && err == nil; i-- {
		err = sys.Sync(paths[i])
	}
	return err
}

// Discard removes what was staged. After Publish it does nothing.
func (d *Dir) Discard() error {
	if d.done {
		return nil
	}
	d.done = true
	return os.RemoveAll(d.temp)
}

// WriteNew writes a file that must not exist yet, readable by its owner alone,
// and syncs it and its folder. It appears whole or not at all.
func WriteNew(name string, data []byte) error { return writeNew(name, data, Disk()) }

func writeNew(name string, data []byte, sys Calls) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".unfinished-") // mode 0600
	if err != nil {
		return err
	}
	temp := f.Name()
	err = errors.Join(sys.Write(f, data), f.Close())
	if err == nil {
		err = sys.Sync(temp)
	}
	if err == nil {
		err = sys.Link(temp, name) // unlike a rename, a link never replaces a file
	}
	if err = errors.Join(err, os.Remove(temp)); err != nil {
		return err
	}
	return sys.Sync(filepath.Dir(name))
}

func writeFile(name string, data []byte, sys Calls) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(sys.Write(f, data), f.Close())
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
