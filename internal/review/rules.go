package review

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"probity"
	"probity/catalog"
	"probity/internal/casefile"
	"probity/internal/sigma"
)

// Rules returns the rules of the catalogue and of the folders that a case
// names, resolved. What is wrong in them is told at once, and so is a claim
// whose rule is not among them.
func Rules(c *probity.Case) (*sigma.Collection, error) {
	out, err := Catalogue()
	if err != nil {
		return nil, err
	}
	var errs []error
	for i := range c.Rules {
		folder, dir, err := casefile.RulesFolder(c, i)
		if err != nil {
			return nil, err
		}
		more, err := sigma.Load(folder, filepath.Base(dir))
		errs = append(errs, err)
		if more != nil {
			out.Rules, out.Filters = append(out.Rules, more.Rules...), append(out.Filters, more.Filters...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := out.Resolve(); err != nil {
		return nil, err
	}
	for _, x := range c.Claims() {
		for i := range x.Claim.Tests {
			if name := x.Claim.Tests[i].Rule; name != "" && len(out.Answers(name)) == 0 {
				errs = append(errs, fmt.Errorf("%s:%d: claim %s: no rule %q is in the catalogue or the folders of rules: name one by its id, its name or its file", c.File, x.Claim.Line, x.Claim.ID, name))
			}
		}
	}
	return out, errors.Join(errs...)
}

// Catalogue returns the rules that come with the program, not yet resolved.
func Catalogue() (*sigma.Collection, error) {
	files, err := fs.Sub(catalog.Files, "rules")
	if err != nil {
		return nil, err
	}
	return sigma.Load(files, "catalog/rules")
}

// rulesSQL is the query of the rules that ask only for columns of activity.
func rulesSQL(c *sigma.Collection) []byte {
	q, _ := sigma.SQL(c.Rules)
	return []byte(q)
}
