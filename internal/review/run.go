// Package review runs the stages of a review in their order.
package review

import (
	"context"
	"errors"
	"path/filepath"
	"runtime/debug"
	"slices"

	"probity"
	"probity/internal/assess"
	"probity/internal/casefile"
	"probity/internal/coverage"
	"probity/internal/durable"
	"probity/internal/evidence"
	"probity/internal/measure"
	"probity/internal/query"
	"probity/internal/reconcile"
	"probity/internal/report"
	"probity/internal/source"
)

// Config says what to review and where to write.
type Config struct {
	Case     string           // the case folder, or the case file
	Out      string           // the output folder; "" means out in the case folder
	Key      string           // the file that keeps the key of the case; "" chooses
	Progress *report.Progress // may be nil; never changes a result
}

// A Result is a review and where it was written.
type Result struct {
	Review  *probity.Review
	Out     string
	Warning string // of this machine rather than of the records; "" for none
	Kept    string // where an earlier, different output was moved; "" if none was there
}

// Run reviews a case: it reads the records, measures, compares, assesses and
// writes the output folder, which appears whole or not at all.
func Run(ctx context.Context, cfg Config) (res *Result, err error) {
	c, err := casefile.Load(cfg.Case)
	if err != nil {
		return nil, err
	}
	rules, err := Rules(c)
	if err != nil {
		return nil, err
	}
	rec, err := proceedings(c)
	if err != nil {
		return nil, err
	}
	if cfg.Out == "" {
		cfg.Out = filepath.Join(c.Dir, "out")
	}
	out, err := durable.Stage(cfg.Out)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Discard()) }()

	files, warnings, err := Files(ctx, c, out.Path(".spool"), cfg.Progress, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, evidence.Close(files)) }()
	tokens, warning, err := evidence.CaseTokens(c, cfg.Key)
	if err != nil {
		return nil, err
	}
	cfg.Progress.Stage("reading records")
	tables, err := out.Sub("tables")
	if err != nil {
		return nil, err
	}
	read, err := source.Read(ctx, files, source.Options{Tables: tables, Tokens: tokens, Rules: rules, Progress: cfg.Progress.Bytes})
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory() // the engine needs memory of its own
	cfg.Progress.Stage("measuring")
	engine, err := query.Open(ctx, out.Path(), c.Period, query.Options{Temp: out.Path(".engine")})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	exhibits, err := settle(ctx, engine, read.Exhibits)
	if err != nil {
		return nil, err
	}
	a, err := decide(ctx, engine, c, exhibits, cfg.Progress)
	if err != nil {
		return nil, err
	}
	if err := engine.Close(); err != nil {
		return nil, err
	}
	r := compose(c, a, exhibits, read.Integrity)
	rec.tell(r)
	r.Warnings = slices.Concat(r.Warnings, c.Warnings, rec.warnings, warnings, read.Warnings, a.warnings)
	note(r, a.conflicts)
	cfg.Progress.Stage("writing")
	kept, err := write(out, c, r, rec)
	cfg.Progress.Done()
	return &Result{Review: r, Out: out.Target(), Kept: kept, Warning: warning}, err
}

// An answer is what the tables say of the claims.
type answer struct {
	claims        []probity.ClaimResult
	discrepancies []probity.Discrepancy
	gaps          []probity.Gap
	estate        probity.Estate
	conflicts     []reconcile.Conflict
	warnings      []string
}

// decide measures, compares and assesses: all that comes of tables, a case and
// what became of the exhibits' bytes.
func decide(ctx context.Context, engine *query.Engine, c *probity.Case, exhibits []probity.Exhibit, p *report.Progress) (*answer, error) {
	set, err := measure.Run(ctx, engine, c.Period)
	if err != nil {
		return nil, err
	}
	cover, err := coverage.Load(ctx, engine, set, c, exhibits)
	if err != nil {
		return nil, err
	}
	a := &answer{gaps: cover.Gaps(), warnings: cover.Warnings(), estate: assess.Estate(c, set.Directory)}
	if a.conflicts, err = loadConflicts(ctx, engine, set.Directory, c.Period); err != nil {
		return nil, err
	}
	a.discrepancies = append(reconcile.Run(c, set, cover, a.gaps), reconcile.Conflicts(a.conflicts, set.Directory)...)
	p.Stage("assessing claims")
	book, err := assess.ReadRules(ctx, engine)
	if err != nil {
		return nil, err
	}
	a.warnings = append(a.warnings, book.Warnings()...)
	a.claims, err = assess.Run(ctx, engine, assess.Input{Case: c, Set: set, Rules: book, Coverage: cover, Gaps: a.gaps, Discrepancies: a.discrepancies, Unknown: unknown(exhibits)})
	return a, err
}
