package assess

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/indicator"
)

// rule tests how often a rule of the catalogue matches the control plane's
// log. That log cannot be altered by the customer: where it covers everything,
// its silence contradicts.
func (a *assessor) rule(ctx context.Context, t *probity.Test, v *verdict) error {
	file := "rules/" + t.Rule + ".sql"
	if _, err := catalog.Files.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
		v.test.Finding = probity.FindNotAssessed(probity.Coverage{Minimum: a.in.Case.Minimum}, "the catalogue has no rule "+t.Rule)
		return nil
	}
	d := a.in.Set.Directory
	err := a.e.EachOf(ctx, file, func(row func(...any) error) error {
		var provider, account, resource, what, exhibit string
		var at time.Time
		var position int64
		if err := row(&provider, &account, &resource, &at, &what, &exhibit, &position); err != nil {
			return err
		}
		w := t.Where
		if i := d.Find(provider, account, resource); i >= 0 {
			if in, maybe := matches(&d.Resources[i], w); !in || maybe {
				return nil
			}
		} else if !accountMatches(provider, account, w) || w.Resource != "" || w.Region != "" || w.Service != "" {
			return nil
		}
		v.test.Instances = append(v.test.Instances, probity.Instance{Account: account, Resource: resource, At: at.UTC().Format(time.RFC3339),
			What: what, Exhibit: exhibit, Position: position})
		return nil
	})
	if err != nil {
		return err
	}
	hours, cells := 0, 0
	for _, x := range a.accounts(t.Where) {
		v.test.Population = append(v.test.Population, x.Account+"/")
		hours += a.in.Coverage.Control(x.Provider, x.Account).Count()
		cells += a.in.Coverage.Grid.N
	}
	c := probity.Coverage{Minimum: a.in.Case.Minimum}
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
	v.test.Finding = a.count(t, o, c, !adrift, true, "")
	if v.test.Finding.Outcome() == probity.Supported {
		if v.innocent, err = indicator.Innocent(file); err != nil {
			return err
		}
	}
	for i := range a.in.Gaps {
		if g := &a.in.Gaps[i]; g.Witness == probity.Control && v.test.Finding.Outcome() == probity.Undetermined {
			v.wouldChange = append(v.wouldChange, "the activity log of account "+g.Account+" for "+g.Span.String()+" ("+string(g.Cause)+")")
		}
	}
	return nil
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
