package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"probity"
	"probity/internal/collect"
	"probity/internal/custody"
	"probity/internal/evidence"
	"probity/internal/plan"
	"probity/internal/report"
)

// proceedings adds what the ledger of a case knows to the case: refusals, which
// are causes of gaps, and how the plan stands. A case without a ledger has
// none.
func proceedings(c *probity.Case) (probity.PlanStanding, []string, error) {
	b, err := custody.Read(c.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		b, err = nil, nil
	}
	if err != nil {
		return probity.PlanStanding{}, nil, err
	}
	p, err := plan.Stand(c, b)
	if err != nil || b == nil {
		return p, nil, err
	}
	return p, b.Merge(c), nil
}

// enter records in the ledger of a case, if it has one, that the evidence was
// read and what came out.
func enter(c *probity.Case, r *probity.Review, text []byte, catalogDigest string) (err error) {
	b, err := custody.Resume(c.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the review is written, and not in the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	inputs := sha256.New()
	for i := range r.Exhibits {
		fmt.Fprintf(inputs, "%s\n", r.Exhibits[i].SHA256)
	}
	raw := sha256.Sum256(text)
	sum := hex.EncodeToString(raw[:])
	if _, err = b.Record(custody.AnalysisRun, "", &custody.Analysis{Tool: r.Tool, CaseSHA256: c.SHA256, CatalogSHA256: catalogDigest,
		InputsSHA256: hex.EncodeToString(inputs.Sum(nil)), Exhibits: len(r.Exhibits), ReviewSHA256: sum}); err != nil {
		return err
	}
	return b.Found(r, sum)
}

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
