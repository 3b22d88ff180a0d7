package plan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/custody"
	"probity/internal/durable"
)

// folder keeps the rules of each sealed plan, by the digest in the ledger.
const folder = "plans"

// Seal freezes the rules of a case: their digests go to plans/ in the case
// folder, the digest of them all to the ledger. If the plan that was sealed
// last is the same, nothing is recorded. late is when evidence was first
// received or read, if that was before.
func Seal(c *probity.Case, b *custody.Book) (leaf int64, rules int, late time.Time, err error) {
	own, err := OwnRules(c)
	if err != nil {
		return 0, 0, late, fmt.Errorf("sealing the plan: %w", err)
	}
	list := Rules(c, own, Sealing(c, b))
	text := rulesText(list)
	sum := Digest(list)
	_, late = sealedBefore(b.Events)
	if last := lastPlan(b.Events); last != nil && last.Body.(*custody.Plan).PlanSHA256 == sum {
		return last.Index, len(list), late, nil
	}
	dir := filepath.Join(c.Dir, folder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, 0, late, fmt.Errorf("sealing the plan: %w", err)
	}
	if err := durable.Keep(filepath.Join(dir, sum+".txt"), text); err != nil {
		return 0, 0, late, fmt.Errorf("sealing the plan: %w", err)
	}
	leaf, err = b.Record(custody.PlanSealed, "", &custody.Plan{Rules: len(list), PlanSHA256: sum, CaseSHA256: c.SHA256})
	return leaf, len(list), late, err
}

// Sealing returns what seals the texts of a case's rules.
func Sealing(c *probity.Case, b *custody.Book) func(string) string {
	names := custody.CaseNames(c)
	return func(text string) string { return b.Sealer().Text(text, names) }
}

// lastPlan returns the event of the plan that was sealed last.
func lastPlan(events []*custody.Event) (last *custody.Event) {
	for _, e := range events {
		if _, ok := e.Body.(*custody.Plan); ok {
			last = e
		}
	}
	return last
}

// sealedBefore returns the last plan that was sealed before the first evidence
// was received or read, and when that was; zero if it was not yet.
func sealedBefore(events []*custody.Event) (plan *custody.Event, first time.Time) {
	for _, e := range events {
		switch e.Kind {
		case custody.PlanSealed:
			plan = e
		case custody.EvidenceReceived, custody.AnalysisRun:
			return plan, e.At
		}
	}
	return plan, time.Time{}
}

// Stand says which rules of a case are as they were sealed before evidence was
// read, by the events of its ledger. Without any nothing was. own and seal are
// as at [Rules].
func Stand(c *probity.Case, own []Rule, events []*custody.Event, seal func(string) string) (probity.PlanStanding, error) {
	now := Rules(c, own, seal)
	p := probity.PlanStanding{Leaf: -1, Rules: len(now), NotAsSealed: []probity.RuleNow{}}
	sealed, _ := sealedBefore(events)
	if sealed == nil {
		return p, nil
	}
	before, sum, err := planOf(c, sealed)
	if err != nil {
		return p, err
	}
	p.Sealed, p.At, p.Leaf, p.PlanSHA256 = true, instant(sealed.At), sealed.Index, sum
	for _, x := range Compare(before, now) {
		if x.Standing == Sealed {
			p.SealedBefore++
			continue
		}
		p.NotAsSealed = append(p.NotAsSealed, probity.RuleNow{Rule: x.ID, Standing: string(x.Standing)})
	}
	return p, nil
}

// planOf reads the plan that an event sealed.
func planOf(c *probity.Case, sealed *custody.Event) (rules []Rule, sum string, err error) {
	body, ok := sealed.Body.(*custody.Plan)
	if !ok {
		return nil, "", fmt.Errorf("what leaf %d of the ledger sealed is not known: restore %s/ from a copy", sealed.Index, custody.PrivateDir)
	}
	name := filepath.Join(c.Dir, folder, body.PlanSHA256+".txt")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, "", fmt.Errorf("the sealed plan: %w: restore it from a copy", err)
	}
	rules, err = parseRules(text)
	if err != nil || Digest(rules) != body.PlanSHA256 {
		return nil, "", fmt.Errorf("%s is not the plan that leaf %d of the ledger sealed: restore it from a copy", name, sealed.Index)
	}
	return rules, body.PlanSHA256, nil
}

// Believed returns the case's own rules for a place where their files are not:
// those that a review says to be as sealed have the digests of the plan, others
// have none.
func Believed(c *probity.Case, events []*custody.Event, says *probity.PlanStanding) ([]Rule, error) {
	before := map[string]string{}
	if sealed, _ := sealedBefore(events); sealed != nil {
		list, _, err := planOf(c, sealed)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			before[r.ID] = r.SHA256
		}
	}
	var out []Rule
	for i := range c.Rules {
		r := Rule{ID: fmt.Sprintf("rules/%d", i+1)}
		if r.SHA256 = before[r.ID]; slices.ContainsFunc(says.NotAsSealed, func(x probity.RuleNow) bool { return x.Rule == r.ID }) || r.SHA256 == "" {
			r.SHA256 = strings.Repeat("0", 64)
		}
		out = append(out, r)
	}
	return out, nil
}

// rulesText is what [Digest] is the SHA-256 of: any tool can check it.
func rulesText(list []Rule) []byte {
	var b bytes.Buffer
	for _, r := range inOrder(list) {
		fmt.Fprintf(&b, "%s  %s\n", r.SHA256, r.ID)
	}
	return b.Bytes()
}

func parseRules(text []byte) ([]Rule, error) {
	var out []Rule
	for line := range strings.Lines(string(text)) {
		sum, id, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(sum) != 64 || id == "" {
			return nil, errors.New("a line is no digest and rule")
		}
		out = append(out, Rule{ID: id, SHA256: sum})
	}
	return out, nil
}
