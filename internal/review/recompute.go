package review

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"probity"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/query"
)

// Recompute answers the claims of a published review anew, from its tables and
// its case alone, and compares: each claim, the discrepancies, the gaps, the
// estate and the conclusion must come out byte for byte. dir is the folder that
// holds review.json, case.yaml and tables/; events are those of its ledger. It
// returns how many claims came out, and the first difference as an error.
func Recompute(ctx context.Context, dir string, events []*custody.Event) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, durable.Mark))
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
	c, err := casefile.Load(dir)
	if err != nil {
		return 0, err
	}
	if c.SHA256 != r.CaseSHA256 {
		return 0, errors.New("case.yaml is not the case of this review")
	}
	custody.MergeRequests(events, c)
	temp, err := os.MkdirTemp("", "probity-recompute-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temp)
	engine, err := query.Open(ctx, dir, c.Period, query.Options{Temp: temp, Settled: true})
	if err != nil {
		return 0, err
	}
	a, err := decide(ctx, engine, c, r.Exhibits, nil)
	if err := errors.Join(err, engine.Close()); err != nil {
		return 0, err
	}
	return len(r.Claims), compare(&r, compose(c, a, r.Exhibits, r.Integrity))
}

// compare returns the first part in which two reviews differ.
func compare(was, now *probity.Review) error {
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
