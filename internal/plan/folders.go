package plan

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"probity"
)

// Folders returns a rule for each folder of further rules that a case names:
// "rules/1" for the first. Its digest is of a line "SHA-256  path" for each
// file of rules in it, in the order of paths.
func Folders(c *probity.Case) ([]Rule, error) {
	var out []Rule
	for i, dir := range c.Rules {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(c.Dir, dir)
		}
		text, err := folderText(os.DirFS(dir))
		if err != nil {
			return nil, fmt.Errorf("%s: rules: %w", c.File, err)
		}
		out = append(out, Rule{folderID(i), digest(text)})
	}
	return out, nil
}

func folderID(i int) string { return fmt.Sprintf("rules/%d", i+1) }

// folderText lists the files that are read as rules: not what is hidden, such
// as the history of a checkout.
func folderText(files fs.FS) ([]byte, error) {
	var b bytes.Buffer
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if ext := path.Ext(p); !d.Type().IsRegular() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		data, err := fs.ReadFile(files, p)
		fmt.Fprintf(&b, "%s  %s\n", digest(data), p)
		return err
	})
	return b.Bytes(), err
}

// FoldersAsTold returns the rules of [Folders] where the folders are not at
// hand, as beside a published answer: as they were sealed, except those of
// which a review says otherwise.
func FoldersAsTold(c *probity.Case, told probity.PlanStanding, sealed []Rule) []Rule {
	var out []Rule
	for i := range c.Rules {
		r := Rule{ID: folderID(i), SHA256: "as told"}
		differs := false
		for _, x := range told.NotAsSealed {
			differs = differs || x.Rule == r.ID
		}
		for _, s := range sealed {
			if s.ID == r.ID && !differs {
				r.SHA256 = s.SHA256
			}
		}
		out = append(out, r)
	}
	return out
}
