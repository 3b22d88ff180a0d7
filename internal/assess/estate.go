package assess

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"probity"
	"probity/internal/measure"
)

// Estate returns the accounts and resources that the records show, and those
// of them that were billed or metered in the period and that no disclosure
// names. Without any disclosure nothing can be called undisclosed.
func Estate(c *probity.Case, d *measure.Directory) probity.Estate {
	e := probity.Estate{Undisclosed: []probity.Undisclosed{}, Resources: []probity.Resource{}, Disclosed: len(d.Disclosed)}
	named := map[string]bool{} // accounts with an undisclosed resource
	for i := range d.Resources {
		r := &d.Resources[i]
		if r.Name == "" {
			continue
		}
		known := d.Discloses(r.Provider, r.Account, r.Name)
		e.Resources = append(e.Resources, probity.Resource{Provider: r.Provider, Account: r.Account, Resource: r.Name, Type: r.Type, Region: r.Region,
			Disclosed: known, Shown: shownBy(r)})
		if u, ok := undisclosed(c, r); ok && !known && len(d.Disclosed) > 0 {
			e.Undisclosed = append(e.Undisclosed, u)
			named[r.Provider+"/"+r.Account] = true
		}
	}
	for i := range d.Resources { // an account of which only charges of its own are known
		r := &d.Resources[i]
		if r.Name != "" || named[r.Provider+"/"+r.Account] || len(d.Disclosed) == 0 || accountDisclosed(d, r) {
			continue
		}
		if u, ok := undisclosed(c, r); ok {
			e.Undisclosed = append(e.Undisclosed, u)
		}
	}
	sort.SliceStable(e.Undisclosed, func(i, j int) bool {
		a, b := &e.Undisclosed[i], &e.Undisclosed[j]
		return a.Provider+"/"+a.Account+"/"+a.Resource < b.Provider+"/"+b.Account+"/"+b.Resource
	})
	return e
}

// accountDisclosed reports whether any disclosure names the account.
func accountDisclosed(d *measure.Directory, r *measure.Resource) bool {
	for _, x := range d.Disclosed {
		if x.Account == r.Account {
			return true
		}
	}
	return false
}

// undisclosed describes a resource if the bill or a meter shows it in the
// period.
func undisclosed(c *probity.Case, r *measure.Resource) (probity.Undisclosed, bool) {
	var span probity.Span
	for _, w := range []probity.Witness{probity.Billed, probity.Metered} {
		s, ok := r.Shown[w]
		if !ok {
			continue
		}
		if s.Until.Equal(s.From) {
			s.Until = s.From.Add(time.Hour)
		}
		if s = s.Intersect(c.Period); s.Empty() {
			continue
		}
		if span.From.IsZero() || s.From.Before(span.From) {
			span.From = s.From
		}
		if s.Until.After(span.Until) {
			span.Until = s.Until
		}
	}
	return probity.Undisclosed{Provider: r.Provider, Account: r.Account, Resource: r.Name, Type: r.Type, Region: r.Region,
		First: span.From.Format(time.RFC3339), Last: span.Until.Format(time.RFC3339), Shown: shownBy(r)}, !span.Empty()
}

func shownBy(r *measure.Resource) []string {
	out := []string{}
	for _, w := range probity.Witnesses {
		if _, ok := r.Shown[w]; ok {
			out = append(out, string(w))
		}
	}
	return out
}

// estate tests how many billed or metered resources were not disclosed. Its
// coverage is that of bills and meters over the accounts in scope: an account
// that no record shows cannot be excluded, so it never contradicts.
func (a *assessor) estate(t *probity.Test, v *verdict) {
	d := a.in.Set.Directory
	e := Estate(a.in.Case, d)
	n, byBill := 0, false
	for _, u := range e.Undisclosed {
		r := &measure.Resource{Provider: u.Provider, Account: u.Account, Name: u.Resource, Type: u.Type, Region: u.Region}
		if i := d.Find(u.Provider, u.Account, u.Resource); i >= 0 {
			r = &d.Resources[i]
		}
		if in, maybe := matches(r, t.Where); !in || maybe {
			continue
		}
		n++
		byBill = byBill || has(u.Shown, string(probity.Billed))
		v.test.Instances = append(v.test.Instances, probity.Instance{Account: u.Account, Resource: u.Resource, At: u.First,
			What: "shown by " + strings.Join(u.Shown, ", ") + ", not disclosed"})
	}
	hours, cells := 0, 0
	for _, x := range a.accounts(t.Where) {
		v.test.Population = append(v.test.Population, x.Account+"/")
		hours += a.in.Coverage.Estate(x.Provider, x.Account).Count()
		cells += a.in.Coverage.Grid.N
	}
	c := probity.Coverage{Minimum: a.in.Case.Minimum}
	if cells > 0 {
		c.Share = float64(hours) / float64(cells)
	}
	w := probity.Metered
	if byBill || n == 0 {
		w = probity.Billed
	}
	o := probity.Observed{Value: float64(n), Unit: probity.One, Witness: w, Of: "resources not disclosed"}
	v.witness(probity.WitnessValue{Witness: w, Value: o.Value, Unit: o.Unit, Bound: probity.Below,
		Coverage: c.Share, Independence: w.Suppressor(), Notes: []string{"resources billed or metered in the period that no disclosure names"}})
	v.test.Finding = a.count(t, o, c, false, len(d.Disclosed) > 0, "nothing was disclosed: there is nothing to compare the estate with")
	if len(d.Disclosed) == 0 {
		v.wouldChange = append(v.wouldChange, "a list of the accounts and resources that were disclosed (kind disclosures)")
	}
}

// accounts returns the accounts in scope: those that any record shows, and
// those that the case names.
func (a *assessor) accounts(w probity.Where) []probity.Scope {
	d := a.in.Set.Directory
	var out []probity.Scope
	for _, x := range d.Accounts {
		if accountMatches(x.Provider, x.Account, w) {
			out = append(out, x)
		}
	}
	for _, s := range a.in.Case.Estate {
		x := probity.Scope{Provider: strings.ToLower(s.Provider), Account: strings.ToLower(s.Account)}
		if !shown(d, x.Provider, x.Account) && accountMatches(x.Provider, x.Account, w) {
			out = append(out, x)
		}
	}
	return out
}

// count decides a test that counts: undisclosed resources, matches of a rule.
// total says that the witness would have shown every one there was.
func (a *assessor) count(t *probity.Test, o probity.Observed, c probity.Coverage, total, able bool, why string) probity.Finding {
	enough := o.Value >= t.Threshold
	var saw *probity.Observed // nothing, if there was nowhere to look
	if c.Share > 0 {
		saw = &o
	}
	short := fmt.Sprintf("%s covers %s of the accounts and hours, the minimum is %s", o.Witness, probity.Percent(c.Share), probity.Percent(c.Minimum))
	switch {
	case !able:
		return probity.FindUndetermined(nil, probity.Coverage{Minimum: c.Minimum}, why)
	case t.AtMost && o.Value > t.Threshold:
		return probity.FindExceeded(o, c)
	case t.AtMost:
		if f, err := probity.FindWithin(o, c); total && err == nil {
			return f
		}
		return probity.FindUndetermined(saw, c, "nothing shows that there were no more")
	case enough:
		return probity.FindSupported(o, c)
	}
	if f, err := probity.FindContradicted(o, c); total && err == nil {
		return f
	}
	if f, err := probity.FindNotSupported(o, c); err == nil {
		return f
	}
	return probity.FindUndetermined(saw, c, short)
}
