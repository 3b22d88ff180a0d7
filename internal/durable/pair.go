package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A Pair is a folder and a file beside it with the same name and a suffix, each
// of which appears whole or not at all:
//
//  1. [StagePair] makes one hidden folder for both beside the target.
//  2. Files are written below [Pair.Folder], then the file beside it.
//  3. [Pair.Publish] syncs all of it, renames the folder and syncs the folder
//     above, and then does the same with the file.
//
// The file is therefore never there without the folder. If only the folder is
// there, a run was interrupted between the two: a later one that comes to the
// same folder adds the file. Nothing that is there is ever replaced.
type Pair struct {
	target, beside string
	temp           string
	sys            Calls
}

// StagePair begins an output that will become the folder target and the file
// target+suffix. It is an error if they are there; a folder without the file is
// none, if it holds a file mark, as one that a run left does.
func StagePair(target, suffix, mark string, sys Calls) (*Pair, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	p := &Pair{target: target, beside: target + suffix, sys: sys}
	for _, name := range []string{p.beside, p.target} {
		_, err := os.Lstat(name)
		if err == nil && name == p.target {
			_, err = os.Lstat(filepath.Join(name, mark))
			if err == nil {
				continue
			}
		} else if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return nil, errors.Join(fmt.Errorf("%s is there: choose another folder", name), ignoreAbsent(err))
	}
	if p.temp, err = os.MkdirTemp(filepath.Dir(target), "."+filepath.Base(target)+".unfinished-"); err != nil {
		return nil, fmt.Errorf("making the output folder: %w: choose another", err)
	}
	if err := os.Mkdir(p.Folder(), 0o777); err != nil {
		return nil, errors.Join(err, p.Discard())
	}
	return p, nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Folder returns where the folder lies while it is written.
func (p *Pair) Folder() string { return filepath.Join(p.temp, "folder") }

// Scratch returns where files that are no part of the output may lie meanwhile.
func (p *Pair) Scratch() string { return filepath.Join(p.temp, "scratch") }

func (p *Pair) file() string { return filepath.Join(p.temp, "file") }

// Create makes a file of the folder; name has forward slashes. It must not be
// there.
func (p *Pair) Create(name string) (io.WriteCloser, error) {
	to := filepath.Join(p.Folder(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return nil, fmt.Errorf("making an output folder: %w", err)
	}
	return p.create(to)
}

// CreateBeside makes the file beside the folder.
func (p *Pair) CreateBeside() (io.WriteCloser, error) { return p.create(p.file()) }

func (p *Pair) create(name string) (io.WriteCloser, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return pairFile{f, p.sys}, nil
}

// A pairFile has no other way in than Write.
type pairFile struct {
	f   *os.File
	sys Calls
}

func (f pairFile) Close() error { return f.f.Close() }

func (f pairFile) Write(data []byte) (int, error) {
	if err := f.sys.Write(f.f, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Publish makes folder and file appear under their names. After an error the
// folder may be there, whole, without the file.
func (p *Pair) Publish() error {
	if err := syncBelow(p.temp, p.sys); err != nil {
		return err
	}
	for _, x := range [][2]string{{p.Folder(), p.target}, {p.file(), p.beside}} {
		if err := p.place(x[0], x[1]); err != nil {
			return err
		}
		if err := p.sys.Sync(filepath.Dir(p.target)); err != nil {
			return err
		}
	}
	return nil
}

// place renames what is not there yet. What is there has to be the same.
func (p *Pair) place(from, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		same, err := equal(from, to)
		if err == nil && !same {
			err = fmt.Errorf("%s is there and is not what would be written now: another run made it, or one that was interrupted: choose another folder, or move it away", to)
		}
		return err
	}
	if err := p.sys.Rename(from, to); err != nil {
		// A rename may have taken effect although it reported an error.
		if _, gone := os.Lstat(from); !errors.Is(gone, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Discard removes what was staged and not published.
func (p *Pair) Discard() error { return os.RemoveAll(p.temp) }

// equal reports whether two files, or the files below two folders, have the
// same names and content.
func equal(a, b string) (bool, error) {
	var names [2][]string
	for i, dir := range []string{a, b} {
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(dir, p) // p lies below dir
				names[i] = append(names[i], rel)
			}
			return err
		})
		if err != nil {
			return false, err
		}
	}
	if !slices.Equal(names[0], names[1]) {
		return false, nil
	}
	for _, name := range names[0] {
		if same, err := equalFiles(filepath.Join(a, name), filepath.Join(b, name)); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func equalFiles(a, b string) (bool, error) {
	x, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer y.Close()
	one, two := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, err := io.ReadFull(x, one)
		m, err2 := io.ReadFull(y, two)
		if !bytes.Equal(one[:n], two[:m]) {
			return false, nil
		}
		for _, err := range []error{err, err2} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return false, err
			}
		}
		if err != nil || err2 != nil {
			return true, nil
		}
	}
}
