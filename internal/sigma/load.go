package sigma

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Placeholders is the name of the file, beside the rules, that says what
// %names% mean: a map of names and lists of texts.
const Placeholders = "placeholders.yaml"

// maxFiles bounds what is read of a folder.
const maxFiles = 20_000

// Files lists every *.yml and *.yaml below a folder, in order; folders whose names
// begin with a dot are left out.
func Files(files fs.FS) ([]string, error) {
	var list []string
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if ext := path.Ext(p); d.Type().IsRegular() && (ext == ".yml" || ext == ".yaml") {
			if list = append(list, p); len(list) > maxFiles {
				return fmt.Errorf("more than %d files of rules", maxFiles)
			}
		}
		return nil
	})
	sort.Strings(list)
	return list, err
}

// Load reads every *.yml and *.yaml below a folder, in order. name stands for
// the folder in errors, which join a *[Mistake] for each place that cannot be
// honoured. What has none is returned all the same, not yet resolved.
func Load(files fs.FS, name string) (*Collection, error) {
	list, err := Files(files)
	if err != nil {
		return nil, fmt.Errorf("reading rules of %s: %w", name, err)
	}
	list = slices.DeleteFunc(list, func(p string) bool { return path.Base(p) == Placeholders })
	means, err := placeholders(files, path.Join(name, Placeholders))
	errs := []error{err}
	out := &Collection{}
	for _, f := range list {
		data, err := fs.ReadFile(files, f)
		if err != nil {
			return nil, fmt.Errorf("reading rules of %s: %w", name, err)
		}
		c, err := Parse(path.Join(name, f), data, means)
		errs = append(errs, err)
		out.Rules, out.Filters = append(out.Rules, c.Rules...), append(out.Filters, c.Filters...)
	}
	if len(list) == 0 {
		errs = append(errs, fmt.Errorf("%s holds no rules: they are files that end in .yml", name))
	}
	return out, errors.Join(errs...)
}

func placeholders(files fs.FS, name string) (map[string][]string, error) {
	data, err := fs.ReadFile(files, Placeholders)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out map[string][]string
	if err == nil {
		err = yaml.Unmarshal(data, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// Resolve applies the filters to their rules and checks what documents say of
// each other: ids and names stand once, what a filter or a correlation names
// is there, and no correlation needs itself.
func (c *Collection) Resolve() error {
	var errs []error
	fail := func(r *Rule, line int, format string, args ...any) {
		errs = append(errs, &Mistake{File: r.File, Rule: r.Title, Line: line, Col: 1, Text: fmt.Sprintf(format, args...)})
	}
	ids := map[string]*Rule{}
	for _, r := range c.Rules {
		for _, id := range []string{strings.ToLower(r.ID), r.Name} {
			if o := ids[id]; id != "" && o != nil && o != r {
				fail(r, r.Line, "%q names a rule of %s:%d too: give each its own", id, o.File, o.Line)
			}
			ids[id] = r
		}
	}
	for _, f := range c.Filters {
		for _, n := range f.Rules {
			if c.Find(n) == nil {
				errs = append(errs, &Mistake{File: f.File, Rule: f.Title, Line: f.Line, Col: 1, Text: fmt.Sprintf("the filter names a rule %q that is not there", n)})
			}
		}
		for _, r := range c.Rules {
			if f.concerns(r) {
				r.Where = &Expr{Op: And, Line: r.Where.Line, Kids: []*Expr{r.Where, {Op: Not, Line: f.Line, Name: "filter " + f.Title, Kids: []*Expr{f.Where}}}}
			}
		}
	}
	for _, r := range c.Rules {
		if r.Correlation == nil {
			continue
		}
		for _, n := range r.Correlation.Rules {
			if c.Find(n) == nil {
				fail(r, r.Correlation.line, "the correlation names a rule %q that is not there", n)
			}
		}
		if c.circular(r, r, 0) {
			fail(r, r.Correlation.line, "the correlation needs itself")
		}
	}
	return errors.Join(errs...)
}

// concerns reports whether a filter is of a rule.
func (f *Filter) concerns(r *Rule) bool {
	if r.Where == nil || !f.Source.within(r.Source) {
		return false
	}
	for _, n := range f.Rules {
		if r.Is(n) {
			return true
		}
	}
	return f.Rules == nil
}

// within reports whether what is named of a log source agrees with another.
func (s LogSource) within(o LogSource) bool {
	same := func(a, b string) bool { return a == "" || a == b }
	return same(s.Category, o.Category) && same(s.Product, o.Product) && same(s.Service, o.Service)
}

// Find returns the rule that a reference names, nil if none does.
func (c *Collection) Find(name string) *Rule {
	for _, r := range c.Rules {
		if r.Is(name) {
			return r
		}
	}
	return nil
}

func (c *Collection) circular(r, start *Rule, depth int) bool {
	if r.Correlation == nil {
		return false
	}
	for _, n := range r.Correlation.Rules {
		if k := c.Find(n); k != nil && (k == start || depth > maxDepth || c.circular(k, start, depth+1)) {
			return true
		}
	}
	return false
}

// Stem is the name of a rule's file without its folder and ending.
func (r *Rule) Stem() string {
	base := path.Base(r.File)
	return strings.TrimSuffix(base, path.Ext(base))
}

// Answers returns the rules that answer to a name: those with that id or name,
// or else those of the file of that name which no correlation of the file
// uses.
func (c *Collection) Answers(name string) []*Rule {
	if r := c.Find(name); r != nil {
		return []*Rule{r}
	}
	used := map[*Rule]bool{}
	for _, r := range c.Rules {
		if r.Correlation != nil && r.Stem() == name {
			for _, n := range r.Correlation.Rules {
				used[c.Find(n)] = true
			}
		}
	}
	var out []*Rule
	for _, r := range c.Rules {
		if r.Stem() == name && !used[r] {
			out = append(out, r)
		}
	}
	return out
}
