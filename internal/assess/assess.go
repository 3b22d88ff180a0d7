// Package assess puts each claim against what the witnesses say and how far
// they cover, and proposes a finding. It is the only stage that knows of
// allegations; a named person signs what it proposes.
//
// A test of a quantity goes this way:
//
//  1. population: the resources that the test is about (population.go).
//  2. windows: the stretches of time over which values are formed (windows.go).
//  3. testimony: each witness's points become a lower and an upper bound of
//     the aggregate, with the share of the population that it covers
//     (testimony.go).
//  4. decision: the theory of witnesses and bounds (decide.go).
package assess

import (
	"context"
	"fmt"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
	"probity/internal/query"
)

// Input is what the stages before have found.
type Input struct {
	Case          *probity.Case
	Set           *measure.Set
	Rules         *RuleBook
	Coverage      *coverage.Map
	Gaps          []probity.Gap
	Discrepancies []probity.Discrepancy
	Unknown       int // exhibits that no reader knows
}

type assessor struct {
	in Input
	e  *query.Engine
}

// Run returns the result of every claim of the case, in the order of the case.
func Run(ctx context.Context, e *query.Engine, in Input) ([]probity.ClaimResult, error) {
	a := &assessor{in: in, e: e}
	var out []probity.ClaimResult
	for _, c := range in.Case.Claims() {
		r, err := a.claim(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("assessing claim %s: %w", c.Claim.ID, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// A verdict is a test's result with what the claim takes over from it.
type verdict struct {
	test        probity.TestResult
	warnings    []string
	innocent    []string
	wouldChange []string
}

// witness adds what a witness says, unless it had nowhere to look.
func (v *verdict) witness(w probity.WitnessValue) {
	if w.Coverage > 0 || w.Value > 0 {
		v.test.Witnesses = append(v.test.Witnesses, w)
	}
}

func (a *assessor) claim(ctx context.Context, c probity.ClaimOf) (probity.ClaimResult, error) {
	r := probity.ClaimResult{
		ID: c.Claim.ID, Allegation: c.Allegation.ID, Statement: c.Claim.Statement, Material: c.Claim.Material, Kind: c.Claim.Kind,
		Witnesses: []probity.WitnessValue{}, Warnings: []string{}, InnocentExplanations: []string{}, WouldChange: []string{},
	}
	var findings []probity.Finding
	for i := range c.Claim.Tests {
		v, err := a.test(ctx, &c.Claim.Tests[i])
		if err != nil {
			return r, err
		}
		v.test.Sentence, v.test.Coverage = v.test.Finding.Sentence(), v.test.Finding.Coverage()
		v.test.Limits = append([]string{}, v.test.Finding.Limits()...)
		findings = append(findings, v.test.Finding)
		r.Tests = append(r.Tests, v.test)
		r.Witnesses = append(r.Witnesses, v.test.Witnesses...)
		r.Warnings = appendNew(r.Warnings, v.warnings)
		r.InnocentExplanations = appendNew(r.InnocentExplanations, v.innocent)
		r.WouldChange = appendNew(r.WouldChange, v.wouldChange)
	}
	r.Finding = probity.JoinFindings(findings)
	if n := a.in.Unknown; n > 0 && r.Finding.Outcome() == probity.Undetermined {
		r.WouldChange = append(r.WouldChange, fmt.Sprintf("the exhibits of unknown kind (%d), if they hold records in another form", n))
	}
	r.Sentence, r.Observed, r.Coverage = r.Finding.Sentence(), r.Finding.Observed(), r.Finding.Coverage()
	return r, nil
}

// test runs one test of a claim.
func (a *assessor) test(ctx context.Context, t *probity.Test) (verdict, error) {
	v := verdict{test: probity.TestResult{
		Where: t.Where, Per: t.Per, Aggregate: string(t.Aggregate), Relation: "at_least", Threshold: t.Threshold, Text: t.Text,
		Unit: probity.One, Population: []string{}, Witnesses: []probity.WitnessValue{}, Limits: []string{},
	}}
	if t.AtMost {
		v.test.Relation = "at_most"
	}
	var err error
	switch {
	case t.Quantity != "":
		v.test.Subject, v.test.Unit = string(t.Quantity), t.Quantity.Unit()
		a.quantity(t, &v)
	case t.Estate != "":
		v.test.Subject = "estate: " + t.Estate
		a.estate(t, &v)
	case t.Rule != "":
		v.test.Subject = "rule: " + t.Rule
		a.rule(t, &v)
	case t.Indicator != "":
		v.test.Subject = "indicator: " + t.Indicator
		err = a.indicator(ctx, t, &v)
	}
	return v, err
}

// quantity tests a quantity against its threshold.
func (a *assessor) quantity(t *probity.Test, v *verdict) {
	members := population(a.in.Case, a.in.Set, t.Quantity, t.Where)
	for i := range members {
		v.test.Population = append(v.test.Population, members[i].name(a.in.Set.Directory))
	}
	var list []testimony
	for _, s := range a.in.Set.Of(t.Quantity) {
		y := a.testify(t, s, members)
		if y.coverage > 0 || y.seen > 0 {
			list = append(list, y)
			v.test.Witnesses = append(v.test.Witnesses, y.value(t))
			v.test.Series = append(v.test.Series, probity.WitnessSeries{Witness: y.witness, Unit: t.Quantity.Unit(), Steps: y.steps})
		}
	}
	d := decide(t, list, a.in.Case.Minimum)
	v.test.Finding = d.finding
	v.warnings = append(d.warnings, a.cautions(t, members, list)...)
	v.wouldChange = a.wouldChange(t.Quantity, members, d.finding.Outcome())
}

// value is a testimony as the review shows it.
func (y *testimony) value(t *probity.Test) probity.WitnessValue {
	w := probity.WitnessValue{
		Witness: y.witness, Value: y.seen, Unit: t.Quantity.Unit(), Bound: y.bound, Coverage: y.coverage,
		Impeached: y.impeached, At: y.at, Independence: y.witness.Suppressor(), Notes: y.notes,
	}
	if y.proves() {
		w.Value = y.low
	} else {
		w.At = nil // where an upper bound lies highest says nothing of when
	}
	if top, ok := y.upper(); ok {
		w.Upper = &top
	}
	return w
}

// cautions are what a reader must know of the witnesses beside the finding.
func (a *assessor) cautions(t *probity.Test, members []member, list []testimony) []string {
	var out []string
	for i := range members {
		m := &members[i]
		switch {
		case m.kind == ofNothing:
			out = append(out, fmt.Sprintf("no record shows account %s, which the case names: it counts as not covered", m.account))
		case m.maybe:
			out = append(out, fmt.Sprintf("no record says whether %s is in scope: it can add to an upper bound only", m.name(a.in.Set.Directory)))
		}
	}
	for i := range list {
		if list[i].impeached {
			out = append(out, fmt.Sprintf("%s is impeached: it shows more than an upper bound of another witness, and proves nothing here", list[i].witness))
		}
		if list[i].isShort {
			out = append(out, fmt.Sprintf("%s falls short of another witness by more than the tolerance: see the discrepancies", list[i].witness))
		}
	}
	return out
}

// wouldChange names the records that, if they came in, could change the
// finding: those whose gaps lie in the test's population.
func (a *assessor) wouldChange(q probity.Quantity, members []member, o probity.Outcome) []string {
	if o == probity.Supported || o == probity.Contradicted {
		return nil
	}
	speaks := map[probity.Witness]bool{}
	for _, s := range a.in.Set.Of(q) {
		speaks[s.Witness] = true
	}
	type key struct {
		w                 probity.Witness
		account, resource string
		cause             probity.Cause
	}
	spans := map[key][]probity.Span{}
	var order []key
	for i := range a.in.Gaps {
		g := &a.in.Gaps[i]
		if !speaks[g.Witness] || !inScope(members, a.in.Set.Directory, g) {
			continue
		}
		k := key{g.Witness, g.Account, g.Resource, g.Cause}
		if spans[k] == nil {
			order = append(order, k)
		}
		spans[k] = append(spans[k], g.Span)
	}
	const most = 8
	var out []string
	for i, k := range order {
		if i == most {
			out = append(out, fmt.Sprintf("%d more gaps in scope", len(order)-most))
			break
		}
		union := probity.MergeSpans(spans[k])
		hours := 0.0
		for _, s := range union {
			hours += s.Hours()
		}
		all := probity.Span{From: union[0].From, Until: union[len(union)-1].Until}
		out = append(out, fmt.Sprintf("%s records of %s/%s for %.0f h in %s (%s: %s)", k.w, k.account, k.resource, hours, all, k.cause, k.cause.Meaning()))
	}
	for i := range members {
		if members[i].kind == ofNothing {
			out = append(out, "any record of account "+members[i].account)
		}
	}
	return out
}

func inScope(members []member, d *measure.Directory, g *probity.Gap) bool {
	for i := range members {
		m := &members[i]
		if m.account == g.Account && (m.kind == ofResource && d.Resources[m.resource].Name == g.Resource || m.kind == ofBill) {
			return true
		}
	}
	return false
}

func appendNew(list, more []string) []string {
next:
	for _, s := range more {
		for _, x := range list {
			if x == s {
				continue next
			}
		}
		list = append(list, s)
	}
	return list
}
