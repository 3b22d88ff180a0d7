package review

import (
	"context"
	"path/filepath"

	"probity"
	"probity/internal/collect"
	"probity/internal/evidence"
	"probity/internal/report"
)

// Files returns every file that the case's evidence names, hashed. What lies
// in object storage is copied beside the case first, or, if fetch is false,
// what earlier runs copied is taken. The spool is a folder for what has to be
// unpacked. The files are to be given to evidence.Close.
func Files(ctx context.Context, c *probity.Case, spool string, p *report.Progress, fetch bool) ([]*evidence.File, []string, error) {
	placed := map[string][]evidence.Placed{}
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if !e.Remote() {
			continue
		}
		dir := collect.Folder(c.Dir, e.Path)
		var objects []collect.Object
		var err error
		if fetch {
			p.Stage("copying from object storage")
			objects, err = collect.Fetch(ctx, e.Path, collect.Options{Dir: dir, Progress: p.Bytes})
		} else {
			objects, err = collect.Copied(dir)
		}
		if err != nil {
			return nil, nil, err
		}
		for _, o := range objects {
			placed[e.Path] = append(placed[e.Path], evidence.Placed{Name: o.Key, Abs: filepath.Join(dir, filepath.FromSlash(o.File)), Origin: o.Origin})
		}
	}
	p.Stage("hashing exhibits")
	return evidence.Walk(ctx, c, evidence.Options{Spool: spool, Placed: placed, Progress: p.Bytes, Defer: fetch})
}
