package plan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	folders, err := Folders(c)
	if err != nil {
		return 0, 0, late, fmt.Errorf("sealing the plan: %w", err)
	}
	list := append(Rules(c, Sealing(c, b)), folders...)
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
// read, by the events of its ledger. Without any nothing was. sealed is as at
// [Rules]. folders gives the rules of [Folders]; it is told what was sealed.
func Stand(c *probity.Case, events []*custody.Event, seal func(string) string, folders func(sealed []Rule) ([]Rule, error)) (probity.PlanStanding, error) {
	now := Rules(c, seal)
	p := probity.PlanStanding{Leaf: -1, Rules: len(now) + len(c.Rules), NotAsSealed: []probity.RuleNow{}}
	sealed, _ := sealedBefore(events)
	if sealed == nil {
		return p, nil
	}
	body, ok := sealed.Body.(*custody.Plan)
	if !ok {
		return p, fmt.Errorf("what leaf %d of the ledger sealed is not known: restore %s/ from a copy", sealed.Index, custody.PrivateDir)
	}
	name := filepath.Join(c.Dir, folder, body.PlanSHA256+".txt")
	text, err := os.ReadFile(name)
	if err != nil {
		return p, fmt.Errorf("the sealed plan: %w: restore it from a copy", err)
	}
	before, err := parseRules(text)
	if err != nil || Digest(before) != body.PlanSHA256 {
		return p, fmt.Errorf("%s is not the plan that leaf %d of the ledger sealed: restore it from a copy", name, sealed.Index)
	}
	more, err := folders(before)
	if err != nil {
		return p, err
	}
	now = append(now, more...)
	p.Sealed, p.At, p.Leaf, p.PlanSHA256 = true, instant(sealed.At), sealed.Index, body.PlanSHA256
	for _, x := range Compare(before, now) {
		if x.Standing == Sealed {
			p.SealedBefore++
			continue
		}
		p.NotAsSealed = append(p.NotAsSealed, probity.RuleNow{Rule: x.ID, Standing: string(x.Standing)})
	}
	return p, nil
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
