package assess

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/indicator"
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

// indicator tests whether what is stored looks like what the claim names.
func (a *assessor) indicator(ctx context.Context, t *probity.Test, v *verdict) error {
	c := probity.Coverage{Minimum: a.in.Case.Minimum}
	if t.Indicator != "speech_archive" {
		v.test.Finding = probity.FindNotAssessed(c, "this version has no indicator "+t.Indicator)
		return nil
	}
	groups, err := indicator.SpeechArchive(ctx, a.e)
	if err != nil {
		return err
	}
	members := population(a.in.Case, a.in.Set, probity.ObjectsStored, t.Where)
	w, share := a.listedOrLogged(members)
	c.Share = share
	var alike, open, all float64
	var why []string
	for _, g := range groups {
		if !a.groupIn(members, &g) || t.Where.Container != "" && g.Container != t.Where.Container {
			continue
		}
		all += g.Bytes
		switch g.Answer {
		case indicator.Consistent:
			alike += float64(g.Objects)
			why = append(why, g.Why)
		case indicator.CannotTell:
			open += g.Bytes
			why = append(why, g.Why)
		}
	}
	for i := range members {
		v.test.Population = append(v.test.Population, members[i].name(a.in.Set.Directory))
	}
	o := probity.Observed{Value: alike, Unit: probity.One, Witness: w, Of: "objects of such sizes"}
	v.witness(probity.WitnessValue{Witness: w, Value: alike, Unit: probity.One, Bound: probity.Below,
		Coverage: share, Independence: w.Suppressor(), Notes: append([]string{"objects whose sizes look like recordings of telephone conversations"}, why...)})
	v.test.Threshold = 1
	if alike > 0 {
		v.test.Finding = probity.FindSupported(o, c)
		v.warnings = append(v.warnings, "sizes and names look like recordings of telephone conversations; whose calls they are, and why they were recorded, they do not say")
		v.innocent, err = indicator.Innocent("indicators/speech_archive.sql")
		return err
	}
	if f, err := probity.FindNotSupported(o, c); err == nil && all > 0 && open <= 0.05*all {
		v.test.Finding = f
		return nil
	}
	limits := []string{"listings and logs cover " + probity.Percent(share) + " of the resources in scope"}
	if open > 0 {
		limits = append(limits, "of some objects the size does not tell what they are")
	}
	saw := &o
	if share == 0 {
		saw = nil
	}
	v.test.Finding = probity.FindUndetermined(saw, c, append(limits, why...)...)
	v.wouldChange = append(v.wouldChange, "a complete storage inventory of each resource in scope, taken within the period")
	return nil
}

func (a *assessor) groupIn(members []member, g *indicator.Group) bool {
	i := a.in.Set.Directory.Find(g.Provider, "", g.Resource)
	for k := range members {
		m := &members[k]
		if m.kind == ofResource && !m.maybe && (m.resource == i || i < 0 && a.in.Set.Directory.Resources[m.resource].Name == g.Resource) {
			return true
		}
	}
	return false
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
