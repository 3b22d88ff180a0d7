package assess

import (
	"strings"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
)

// A member is one part of a test's population.
type member struct {
	kind     memberKind
	resource int32 // number in the Directory; -1 for none
	provider string
	account  string
	maybe    bool // whether it belongs is not known: it can add to an upper bound only
}

type memberKind uint8

const (
	ofResource memberKind = iota
	// ofAccount stands for charges that a bill makes to the account itself.
	ofAccount
	// ofBill stands for an account none of whose known resources match: only a
	// bill, which lists every resource, can say that there is none.
	ofBill
	// ofNothing stands for an account in scope that no record shows.
	ofNothing
)

// name writes a member as account/resource.
func (m *member) name(d *measure.Directory) string {
	if m.kind == ofResource {
		return m.account + "/" + d.Resources[m.resource].Name
	}
	return m.account + "/"
}

// population returns what a quantity's test is about: every resource that any
// record shows and that could carry the quantity, undisclosed ones included,
// narrowed by where; and accounts of the estate that no record shows.
func population(c *probity.Case, set *measure.Set, q probity.Quantity, w probity.Where) []member {
	d := set.Directory
	var out []member
	real := false
	for i := range d.Resources {
		r := &d.Resources[i]
		m := member{resource: int32(i), provider: r.Provider, account: r.Account}
		in, maybe := matches(r, w)
		if !in || !r.Carries(q) && !anyPoint(set, q, m.resource) {
			continue
		}
		if r.Name == "" {
			if m.kind = ofAccount; !anyPoint(set, q, m.resource) {
				continue
			}
		} else {
			real = true
		}
		m.maybe = maybe
		out = append(out, m)
	}
	if !real {
		for _, a := range d.Accounts {
			if accountMatches(a.Provider, a.Account, w) {
				out = append(out, member{kind: ofBill, resource: -1, provider: a.Provider, account: a.Account})
			}
		}
	}
	return append(out, unseen(c, d, w)...)
}

// unseen returns the accounts of the case's estate that no record shows.
func unseen(c *probity.Case, d *measure.Directory, w probity.Where) []member {
	var out []member
	for _, s := range c.Estate {
		provider, account := strings.ToLower(s.Provider), strings.ToLower(s.Account)
		if shown(d, provider, account) || !accountMatches(provider, account, w) || w.Region != "" && len(s.Regions) > 0 && !has(s.Regions, w.Region) {
			continue
		}
		out = append(out, member{kind: ofNothing, resource: -1, provider: provider, account: account})
	}
	return out
}

func shown(d *measure.Directory, provider, account string) bool {
	for _, a := range d.Accounts {
		if a.Provider == provider && a.Account == account {
			return true
		}
	}
	return false
}

// matches reports whether a resource is in where, and whether that is unsure
// because no record says.
func matches(r *measure.Resource, w probity.Where) (in, maybe bool) {
	check := func(want, got string) bool {
		if want != "" && got == "" {
			maybe = true
			return true
		}
		return want == "" || strings.EqualFold(want, got)
	}
	in = check(w.Provider, r.Provider) && check(w.Account, r.Account) && check(w.Region, r.Region)
	if r.Name == "" && w.Resource != "" {
		maybe = true
	} else {
		in = in && check(w.Resource, r.Name)
	}
	if in && w.Service != "" && !serves(r, w.Service) {
		in, maybe = len(r.Services) == 0, true
	}
	return in, maybe
}

// serves reports whether one of the services that records name for a resource
// is the one asked for: "blob", "Storage Accounts", "microsoft.storage".
func serves(r *measure.Resource, service string) bool {
	for _, s := range append([]string{r.Type}, r.Services...) {
		if strings.EqualFold(s, service) || strings.HasPrefix(strings.ToLower(s), strings.ToLower(service)+"/") ||
			strings.EqualFold(s[strings.LastIndexByte(s, '/')+1:], service+"services") {
			return true
		}
	}
	return false
}

func accountMatches(provider, account string, w probity.Where) bool {
	return (w.Provider == "" || strings.EqualFold(w.Provider, provider)) && (w.Account == "" || strings.EqualFold(w.Account, account))
}

func anyPoint(set *measure.Set, q probity.Quantity, r int32) bool {
	for _, s := range set.Of(q) {
		for _, p := range s.Of(r) {
			if p.Value != 0 {
				return true
			}
		}
	}
	return false
}

func has(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// covered returns the hours for which the witness covers a member.
func covered(cov *coverage.Map, set *measure.Set, s *measure.Series, m *member) *coverage.Hours {
	switch m.kind {
	case ofResource:
		return cov.Covered(s.Witness, s.Quantity, m.resource)
	case ofBill:
		if s.Witness == probity.Billed {
			return cov.Bill(m.provider, m.account)
		}
	case ofAccount:
		if s.Witness == probity.Billed {
			return cov.Bill(m.provider, m.account)
		}
		h := coverage.NewHours(cov.Grid.N) // what the bill charges to the account, no other witness shows
		h.Add(0, cov.Grid.N)
		for _, b := range set.Of(s.Quantity) {
			for _, p := range b.Of(m.resource) {
				if i, j := cov.Grid.Range(p.From, p.Until); i < j {
					h.Remove(i, j)
				}
			}
		}
		return h
	}
	return coverage.NewHours(cov.Grid.N)
}
