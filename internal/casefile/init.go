package casefile

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed template.yaml
var template []byte

// Template returns a commented case to start from.
func Template() []byte { return append([]byte(nil), template...) }

// Init writes a commented case.yaml and an empty folder for evidence into dir,
// which it makes if need be, and returns the name of the case file. A case
// that is there already is never replaced.
func Init(dir string) (string, error) {
	file := filepath.Join(dir, Name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("making the case folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already: choose another folder", file)
	}
	if err != nil {
		return "", fmt.Errorf("writing the case: %w", err)
	}
	_, err = f.Write(template)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "evidence"), 0o777)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("writing the case: %w", err), os.Remove(file))
	}
	return file, nil
}
