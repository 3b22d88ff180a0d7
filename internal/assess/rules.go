package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/sigma"
)

// rule tests how often a rule matches the control plane's log. That log cannot
// be altered by the customer: where it covers everything, its silence
// contradicts.
func (a *assessor) rule(t *probity.Test, v *verdict) {
	book := a.in.Rules
	c := probity.Coverage{Minimum: a.in.Case.Minimum}
	answers := book.rules.Answers(t.Rule)
	if len(answers) == 0 {
		v.test.Finding = probity.FindNotAssessed(c, "no rule "+t.Rule+" was looked for when the records were read")
		return
	}
	v.test.Instances = a.instances(book.hitsOf(answers), t.Where)
	hours, cells := 0, 0
	for _, x := range a.accounts(t.Where) {
		v.test.Population = append(v.test.Population, x.Account+"/")
		hours += a.in.Coverage.Control(x.Provider, x.Account).Count()
		cells += a.in.Coverage.Grid.N
	}
	if cells > 0 {
		c.Share = float64(hours) / float64(cells)
	}
	n := float64(len(v.test.Instances))
	o := probity.Observed{Value: n, Unit: probity.One, Witness: probity.Control, Of: "events found by the rule"}
	adrift := a.in.Coverage.UnlocatedUnread(probity.Control)
	bound := probity.Both
	if adrift || c.Share < 1 {
		bound = probity.Below
	}
	v.witness(probity.WitnessValue{Witness: probity.Control, Value: n, Unit: probity.One, Bound: bound,
		Coverage: c.Share, Independence: probity.Control.Suppressor()})
	limits := book.limits(answers)
	if len(limits) == len(answers) && n == 0 {
		v.test.Finding = probity.FindUndetermined(nil, probity.Coverage{Minimum: a.in.Case.Minimum}, append([]string{"the rule is not applicable"}, limits...)...)
		v.warnings = append(v.warnings, "the rule "+t.Rule+" is not applicable: "+strings.Join(limits, "; "))
		return
	}
	v.test.Finding = a.count(t, o, c, !adrift, true, "")
	if v.test.Finding.Outcome() == probity.Supported {
		v.innocent = book.innocent(answers)
	}
	for i := range a.in.Gaps {
		if g := &a.in.Gaps[i]; g.Witness == probity.Control && v.test.Finding.Outcome() == probity.Undetermined {
			v.wouldChange = append(v.wouldChange, "the activity log of account "+g.Account+" for "+g.Span.String()+" ("+string(g.Cause)+")")
		}
	}
}

// instances makes an instance of each match within where. What one request
// did to one resource is one, however many records tell of it.
func (a *assessor) instances(hits []sigma.Hit, w probity.Where) []probity.Instance {
	d := a.in.Set.Directory
	slices.SortFunc(hits, func(x, y sigma.Hit) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Account, y.Account), cmp.Compare(x.Resource, y.Resource), cmp.Compare(x.Operation, y.Operation),
			cmp.Compare(x.Exhibit, y.Exhibit), cmp.Compare(x.Position, y.Position))
	})
	type event struct{ provider, account, resource, operation, token string }
	seen := map[event]bool{}
	var out []probity.Instance
	for i := range hits {
		h := &hits[i]
		k := event{h.Provider, h.Account, h.Resource, h.Operation, h.Token}
		if k.token == "" {
			k.token = fmt.Sprint(h.Exhibit, " ", h.Position)
		}
		if seen[k] {
			continue
		}
		if i := d.Find(h.Provider, h.Account, h.Resource); i >= 0 {
			if in, maybe := matches(&d.Resources[i], w); !in || maybe {
				continue
			}
		} else if !accountMatches(h.Provider, h.Account, w) || w.Resource != "" || w.Region != "" || w.Service != "" {
			continue
		}
		seen[k] = true
		out = append(out, probity.Instance{Account: h.Account, Resource: h.Resource, At: time.UnixMicro(h.Time).UTC().Format(time.RFC3339),
			What: h.Operation, Exhibit: h.Exhibit, Position: h.Position})
	}
	return out
}
