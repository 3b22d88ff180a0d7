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
