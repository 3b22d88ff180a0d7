package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// calls are the operations that change what lies on disk; tests break each.
type calls struct {
	writeAt  func(f *os.File, data []byte, at int64) error
	sync     func(f *os.File) error
	truncate func(f *os.File, size int64) error
	rename   func(root *os.Root, from, to string) error
	syncDir  func(root *os.Root, name string) error
}

var disk = calls{
	writeAt: func(f *os.File, data []byte, at int64) error {
		_, err := f.WriteAt(data, at)
		return err
	},
	sync:     (*os.File).Sync,
	truncate: (*os.File).Truncate,
	rename:   (*os.Root).Rename,
	syncDir: func(root *os.Root, name string) error {
		d, err := root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(d.Sync(), d.Close())
	},
}

// hidden begins the names of files that are being written.
const hidden = ".unfinished-"

// A folder is where the files of a ledger lie. Paths do not leave it.
type folder struct {
	root *os.Root
	sys  calls
}

func openFolder(dir string, sys calls) (*folder, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{r, sys}, nil
}

func (d *folder) close() error { return d.root.Close() }

// put writes a file that appears whole: under a hidden name, synced, renamed,
// the folder synced.
func (d *folder) put(name string, data []byte) error { return d.putMode(name, data, 0o666) }

// putMode is put for a file with a mode.
func (d *folder) putMode(name string, data []byte, mode os.FileMode) error {
	dir := path.Dir(name)
	if dir != "." {
		if err := d.mkdir(dir); err != nil {
			return err
		}
	}
	temp := path.Join(dir, hidden+path.Base(name))
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	err = d.sys.writeAt(f, data, 0)
	if err == nil {
		err = d.sys.sync(f)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := d.sys.rename(d.root, temp, name); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := d.sys.syncDir(d.root, dir); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// mkdir makes a folder and syncs the one above each that is new.
func (d *folder) mkdir(name string) error {
	if _, err := d.root.Stat(name); err == nil {
		return nil
	}
	if up := path.Dir(name); up != "." {
		if err := d.mkdir(up); err != nil {
			return err
		}
	}
	if err := d.root.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.sys.syncDir(d.root, path.Dir(name))
}

// sweep removes what a write that was cut off left under a hidden name.
func (d *folder) sweep() error {
	return fs.WalkDir(d.root.FS(), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), hidden) {
			return err
		}
		return d.root.Remove(p)
	})
}

func readAll(f *os.File) ([]byte, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}
