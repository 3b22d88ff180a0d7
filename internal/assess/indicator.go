package assess

import (
	"context"
	"fmt"
	"time"

	"probity"
	"probity/internal/indicator"
)

// indicator tests whether records are consistent with what a claim names:
//
//   - consistent in some part of the population supports, at any coverage, and
//     its innocent explanations and warnings go with it;
//   - not_consistent over the whole population and period contradicts, where the
//     indicator and its witness bound what happened from above;
//   - else not_consistent does not support, within coverage;
//   - cannot_tell, or coverage that is short, leaves the claim undetermined.
func (a *assessor) indicator(ctx context.Context, t *probity.Test, v *verdict) error {
	x := indicator.Find(t.Indicator)
	if x == nil {
		v.test.Finding = probity.FindNotAssessed(probity.Coverage{Minimum: a.in.Case.Minimum}, "this version has no indicator "+t.Indicator)
		return nil
	}
	members := population(a.in.Case, a.in.Set, x.Population, t.Where)
	for i := range members {
		v.test.Population = append(v.test.Population, members[i].name(a.in.Set.Directory))
	}
	parts, err := x.Run(ctx, a.e, a.params(t, members))
	if err != nil {
		return err
	}
	if v.test.Indicator, err = result(x, parts); err != nil {
		return err
	}
	v.test.Threshold, v.test.Unit = 1, x.Unit
	if !t.After.IsZero() {
		v.test.After = t.After.UTC().Format(time.RFC3339)
	}
	s := tallyOf(parts)
	w, share := a.reach(x, members)
	c := probity.Coverage{Share: share, Minimum: a.in.Case.Minimum}
	o := probity.Observed{Value: s.weight, Unit: x.Unit, Witness: w, Of: x.Of}
	v.witness(probity.WitnessValue{Witness: w, Value: s.weight, Unit: x.Unit, Bound: probity.Below, Coverage: share, Independence: w.Suppressor(),
		Notes: append([]string{"what is consistent with the claim, by sizes, times, counts and shapes of names alone"}, s.why...)})
	v.test.Finding, v.test.Indicator.Answer = a.weighParts(x, o, c, s, members, parts)
	switch v.test.Finding.Outcome() {
	case probity.Supported:
		v.warnings = append(v.warnings, v.test.Indicator.Warnings...)
		v.innocent, err = indicator.Innocent(x.File())
	case probity.Undetermined:
		v.wouldChange = append(v.wouldChange, lacking(x))
	}
	return err
}

// params tells an indicator what is in scope and what is covered.
func (a *assessor) params(t *probity.Test, members []member) *indicator.Params {
	d := a.in.Set.Directory
	return &indicator.Params{
		Period: a.in.Case.Period, After: t.After,
		In: func(provider, account, resource, container string) bool {
			if t.Where.Container != "" && container != "" && container != t.Where.Container {
				return false
			}
			i := d.Find(provider, account, resource)
			for k := range members {
				m := &members[k]
				if m.kind == ofResource && !m.maybe && (m.resource == i || i < 0 && account == "" && d.Resources[m.resource].Name == resource) {
					return true
				}
			}
			return false
		},
		Whole: func(w probity.Witness, q probity.Quantity, provider, account, resource string, span probity.Span) bool {
			r := d.Find(provider, account, resource)
			if r < 0 {
				return false
			}
			h := a.in.Coverage.Covered(w, q, r)
			i, j := a.in.Coverage.Grid.Range(span.From.Unix(), span.Until.Unix())
			for ; i < j; i++ {
				if !h.Has(i) {
					return false
				}
			}
			return true
		},
	}
}

// result is what the review shows of an indicator's answers, but for the answer
// as a whole.
func result(x *indicator.Indicator, parts []indicator.Part) (*probity.IndicatorResult, error) {
	out := &probity.IndicatorResult{Name: x.Name, Parts: []probity.IndicatorPart{}}
	question, err := indicator.Header(x.File(), "question")
	if err != nil {
		return nil, err
	}
	if len(question) > 0 {
		out.Question = question[0]
	}
	if out.Assumptions, err = indicator.Header(x.File(), "assumes"); err != nil {
		return nil, err
	}
	if out.Warnings, err = indicator.Header(x.File(), "warning"); err != nil {
		return nil, err
	}
	for i := range parts {
		out.Parts = append(out.Parts, parts[i].IndicatorPart)
	}
	return out, nil
}

// A tally adds up the answers for the parts of a population.
type tally struct {
	weight    float64  // of what is consistent
	open, all float64  // bytes of which nothing can be told, and of everything
	unsure    int      // parts of which nothing can be told
	why       []string // of what is consistent or cannot be told
}

func tallyOf(parts []indicator.Part) tally {
	var s tally
	for i := range parts {
		p := &parts[i]
		s.all += p.Bytes
		switch p.Answer {
		case probity.Consistent:
			s.weight += p.Weight
			s.why = append(s.why, p.Because)
		case probity.CannotTell:
			s.unsure++
			s.open += p.Bytes
			s.why = append(s.why, p.Because)
		}
	}
	return s
}

// weighParts forms the finding, and the answer over the whole population.
func (a *assessor) weighParts(x *indicator.Indicator, o probity.Observed, c probity.Coverage, s tally, members []member, parts []indicator.Part) (probity.Finding, probity.Answer) {
	if s.weight > 0 {
		return probity.FindSupported(o, c), probity.Consistent
	}
	if seen, ok := a.excluded(x, members, parts); ok {
		if f, err := probity.FindContradicted(seen, c); err == nil {
			return f, probity.NotConsistent
		}
	}
	told := len(parts) > 0 && s.all > 0 && s.open <= x.Small*s.all && (x.Small > 0 || s.unsure == 0)
	told = told || len(parts) == 0 && o.Witness == probity.Billed // a bill lists all there was
	if f, err := probity.FindNotSupported(o, c); err == nil && told {
		return f, probity.NotConsistent
	}
	limits := []string{fmt.Sprintf("the records that %s looks at cover %s of what is in scope", x.Name, probity.Percent(c.Share))}
	if s.unsure > 0 {
		limits = append(limits, "of a part, sizes, times and counts do not tell what it is")
	}
	saw := &o
	if c.Share == 0 {
		saw = nil
	}
	return probity.FindUndetermined(saw, c, append(limits, s.why...)...), probity.CannotTell
}

// excluded reports whether answers about every member leave no room for the
// claim, and what was seen of it.
func (a *assessor) excluded(x *indicator.Indicator, members []member, parts []indicator.Part) (probity.Observed, bool) {
	o := probity.Observed{Unit: x.Unit, Witness: probity.Metered}
	d := a.in.Set.Directory
	spoken := map[int32]bool{}
	for i := range parts {
		p := &parts[i]
		if p.Answer != probity.NotConsistent || !p.Excludes {
			return o, false
		}
		o.Value, o.Of = o.Value+p.Seen, p.SeenOf
		spoken[d.Find(p.Provider, p.Account, p.Resource)] = true
	}
	for i := range members {
		if m := &members[i]; m.kind != ofResource || m.maybe || !spoken[m.resource] {
			return o, false
		}
	}
	if len(members) == 0 || a.in.Coverage.UnlocatedUnread(probity.Metered) {
		return o, false
	}
	for i := range a.in.Discrepancies {
		g := &a.in.Discrepancies[i]
		if g.Quantity == x.Covers && concerns(members, d, g) && (g.Reading == probity.ReadingOf(probity.Metered, true) || g.Impeaches == probity.Metered) {
			return o, false
		}
	}
	return o, true
}

// lacking says which records could change what an indicator leaves open.
func lacking(x *indicator.Indicator) string {
	switch x.Witnesses[0] {
	case probity.Listed:
		return "a complete storage inventory of each resource in scope, taken within the period"
	case probity.Logged:
		return "request logs of each resource in scope for the whole period"
	}
	return "the meter of each resource in scope, by hour, for the whole period"
}

// reach returns the witness that covers most of the population, and the share
// that it covers.
func (a *assessor) reach(x *indicator.Indicator, members []member) (probity.Witness, float64) {
	if x.Witnesses[0] == probity.Listed {
		return a.listedOrLogged(members)
	}
	best, share := x.Witnesses[0], 0.0
	for _, w := range x.Witnesses {
		s := a.in.Set.Find(x.Covers, w)
		if s == nil || len(members) == 0 {
			continue
		}
		hours := 0
		for i := range members {
			hours += covered(a.in.Coverage, a.in.Set, s, &members[i]).Count()
		}
		if got := float64(hours) / float64(len(members)*a.in.Coverage.Grid.N); got > share {
			best, share = w, got
		}
	}
	return best, share
}

// listedOrLogged returns the share of the population whose objects are known:
// a resource with a listing in the period for all of it, another for the hours
// in which its writes were logged. It names the witness that covers more.
func (a *assessor) listedOrLogged(members []member) (probity.Witness, float64) {
	listed, logged, cells := 0, 0, 0
	for i := range members {
		cells += a.in.Coverage.Grid.N
		m := &members[i]
		if m.kind != ofResource {
			continue
		}
		if a.in.Coverage.Covered(probity.Listed, probity.ObjectsStored, m.resource).Count() > 0 {
			listed += a.in.Coverage.Grid.N
			continue
		}
		logged += a.in.Coverage.Covered(probity.Logged, probity.ObjectsWritten, m.resource).Count()
	}
	w := probity.Listed
	if logged > listed {
		w = probity.Logged
	}
	if cells == 0 {
		return w, 0
	}
	return w, float64(listed+logged) / float64(cells)
}
