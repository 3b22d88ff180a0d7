package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"probity"
	"probity/internal/collect"
	"probity/internal/custody"
	"probity/internal/evidence"
	"probity/internal/plan"
	"probity/internal/report"
)

// A record is what the ledger of a case tells a review. The zero value is that
// of a case without one.
type record struct {
	standing probity.PlanStanding
	warnings []string
	requests []probity.RequestRef
	chains   map[string][]probity.Link
	seen     int64
}

// proceedings reads the ledger of a case, and adds to the case what it knows:
// refusals, which are causes of gaps.
func proceedings(c *probity.Case) (*record, error) {
	rec := &record{requests: []probity.RequestRef{}}
	b, err := custody.Read(c.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		rec.standing, err = plan.Stand(c, nil, nil, nil)
		return rec, err
	}
	if err != nil {
		return nil, err
	}
	b.Adopt(c)
	if rec.standing, err = plan.Stand(c, b.Events, plan.Sealing(c, b), func([]plan.Rule) ([]plan.Rule, error) { return plan.Folders(c) }); err != nil {
		return nil, err
	}
	rec.seen, rec.requests = b.View().Size(), custody.RequestRefs(b.Events)
	rec.chains, err = custody.Chains(b.Events, func(sum string) ([]byte, error) { return os.ReadFile(b.ManifestFile(sum)) })
	rec.warnings = b.Merge(c)
	return rec, err
}

// tell adds what the ledger tells to a review.
func (rec *record) tell(r *probity.Review) {
	r.Plan, r.Requests = rec.standing, rec.requests
	for i := range r.Exhibits {
		r.Exhibits[i].Chain = rec.chains[r.Exhibits[i].SHA256]
	}
}

// enter records in the ledger of a case, if it has one, that the evidence was
// read and what came out: the digest of the review's sealed form, and the root
// of the rows of each table.
func (rec *record) enter(c *probity.Case, r *probity.Review, out string, text []byte, catalogDigest string) (err error) {
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
	_, sum, err := b.SealReview(c, r, text)
	if err != nil {
		return fmt.Errorf("sealing the review: %w", err)
	}
	roots, err := Roots(filepath.Join(out, "tables"), b.Sealer(), custody.ReviewNames(c, r), nil)
	if err != nil {
		return err
	}
	if _, err = b.Record(custody.AnalysisRun, "", &custody.Analysis{Tool: r.Tool, CaseSHA256: c.SHA256, CatalogSHA256: catalogDigest,
		InputsSHA256: hex.EncodeToString(inputs.Sum(nil)), Exhibits: len(r.Exhibits), ReviewSHA256: sum, Seen: rec.seen, Tables: roots}); err != nil {
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
