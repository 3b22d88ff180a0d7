package review

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"probity"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/plan"
	"probity/internal/query"
	"probity/internal/seal"
)

// A Published is what a bundle holds besides the review: what answering anew
// starts from.
type Published struct {
	Dir    string           // holds review.json, case.yaml, plans/ and tables/
	Events []*custody.Event // of its ledger
	Known  *seal.Known      // what opens its texts and rows
	Names  *seal.Names      // that stand sealed in rows, as they are known
	Keys   map[string][]byte
}

// Recompute answers the claims of a published review anew, from its tables and
// its case alone, and compares: the rows must be those that the run committed
// to, and the plan's standing, each claim, the discrepancies, the gaps, the
// estate and the conclusion must come out as the review has them. It returns how
// many claims came out, and the first difference as an error.
func Recompute(ctx context.Context, p Published) (int, error) {
	text, err := os.ReadFile(filepath.Join(p.Dir, durable.Mark))
	if err != nil {
		return 0, err
	}
	var r probity.Review
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, fmt.Errorf("review.json: %w", err)
	}
	if r.Tool.Version != Version {
		return 0, fmt.Errorf("the review was made by version %s, and this is %s: use that one", r.Tool.Version, Version)
	}
	run := lastRun(p.Events)
	if run == nil {
		return 0, errors.New("the ledger tells of no run")
	}
	if err := p.rows(run); err != nil {
		return 0, err
	}
	c, err := casefile.Load(p.Dir)
	if err != nil {
		return 0, err
	}
	c.SHA256 = r.CaseSHA256 // of the sealed form, which a step before compared
	then := custody.Before(p.Events, run.Seen)
	if err := p.standing(c, &r, then); err != nil {
		return 0, err
	}
	custody.MergeRequests(then, c)
	temp, err := os.MkdirTemp("", "probity-recompute-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temp)
	engine, err := query.Open(ctx, p.Dir, c.Period, query.Options{Temp: temp, Settled: true})
	if err != nil {
		return 0, err
	}
	a, err := decide(ctx, engine, c, r.Exhibits, nil)
	if err := errors.Join(err, engine.Close()); err != nil {
		return 0, err
	}
	return len(r.Claims), compare(&r, compose(c, a, r.Exhibits, r.Integrity), len(p.Known.Withheld) > 0)
}

func lastRun(events []*custody.Event) (last *custody.Analysis) {
	for _, e := range events {
		if x, ok := e.Body.(*custody.Analysis); ok {
			last = x
		}
	}
	return last
}

// rows compares the rows of the tables with what a run committed to.
func (p *Published) rows(run *custody.Analysis) error {
	roots, err := RootsKnown(filepath.Join(p.Dir, "tables"), func(table string) []byte { return p.Keys[table] }, p.Known, p.Names)
	if err != nil {
		return err
	}
	if len(roots) != len(run.Tables) {
		return fmt.Errorf("%d tables, and the run committed to %d", len(roots), len(run.Tables))
	}
	for i, x := range roots {
		if x != run.Tables[i] {
			return fmt.Errorf("the rows of tables/%s are not those that the run committed to", x.Name)
		}
	}
	return nil
}

// standing compares the rules of the case with those that were sealed.
func (p *Published) standing(c *probity.Case, r *probity.Review, then []*custody.Event) error {
	names, digests := custody.CaseNames(c), p.Known.Digests()
	now, err := plan.Stand(c, then, func(text string) string {
		sealed, err := p.Known.Reseal(text, names, digests)
		if err != nil {
			return text // of a name that was never sealed: its rule is then not as sealed
		}
		return sealed
	}, func(sealed []plan.Rule) ([]plan.Rule, error) { return plan.FoldersAsTold(c, r.Plan, sealed), nil })
	if err != nil {
		return err
	}
	if !same(r.Plan, now) {
		return errors.New("the rules of the case do not stand to the sealed plan as the review says")
	}
	return nil
}

// compare returns the first part in which two reviews differ. Where names are
// withheld, the order of lists may be another, and with it the last digit of sums.
func compare(was, now *probity.Review, unordered bool) error {
	same := same
	if unordered {
		same = sameUnordered
	}
	if len(was.Claims) != len(now.Claims) {
		return fmt.Errorf("%d claims come out, and the review has %d", len(now.Claims), len(was.Claims))
	}
	for i := range was.Claims {
		if a, b := &was.Claims[i], &now.Claims[i]; !same(a, b) {
			return fmt.Errorf("the claim %s comes out as %s, and the review says %s: or with other figures", b.ID, b.Finding.Outcome(), a.Finding.Outcome())
		}
	}
	for _, x := range []struct {
		name     string
		was, now any
	}{{"the conclusion", was.Conclusion, now.Conclusion}, {"the discrepancies", was.Discrepancies, now.Discrepancies},
		{"the gaps", was.Gaps, now.Gaps}, {"the estate", was.Estate, now.Estate}} {
		if !same(x.was, x.now) {
			return fmt.Errorf("%s come out otherwise than the review says", x.name)
		}
	}
	return nil
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// sameUnordered is same but for the order of lists.
func sameUnordered(a, b any) bool {
	x, err1 := unordered(a)
	y, err2 := unordered(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func unordered(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	tree, err := seal.Decode(text)
	if err != nil {
		return nil, err
	}
	return seal.Canonical(inOrder(tree))
}

// inOrder returns a tree whose lists are sorted by what they hold, and whose
// fractions have twelve digits: sums over resources are taken in their order.
func inOrder(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(string(v), ".eE") {
			return json.Number(strconv.FormatFloat(f, 'e', 11, 64))
		}
	case map[string]any:
		for k := range v {
			v[k] = inOrder(v[k])
		}
	case []any:
		for i := range v {
			v[i] = inOrder(v[i])
		}
		slices.SortFunc(v, func(a, b any) int {
			x, _ := seal.Canonical(a) // what was decoded encodes
			y, _ := seal.Canonical(b)
			return bytes.Compare(x, y)
		})
	}
	return v
}
