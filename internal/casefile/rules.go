package casefile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"probity"
)

// RulesFolder opens a folder of a case's own rules, by its place in the case, and
// returns its path on the disk.
func RulesFolder(c *probity.Case, i int) (fs.FS, string, error) {
	dir := c.Rules[i]
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.Dir, dir)
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, "", fmt.Errorf("%s: rules: %w", c.File, err)
	} else if !info.IsDir() {
		return nil, "", fmt.Errorf("%s: rules: %s is no folder: name the one that the files of rules lie in", c.File, dir)
	}
	return os.DirFS(dir), dir, nil
}
