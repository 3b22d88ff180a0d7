// Package compare says what a second review looked at that the first did not,
// what it finds otherwise, and why, as far as the two reviews establish it. It
// is a function of two reviews alone: it reads no records and no case.
package compare

import (
	"cmp"
	"slices"

	"probity"
)

// Version is the version of the JSON that a Difference is written as.
const Version = 1

// A Difference is how a new review differs from an old one. FORMATS.md documents
// each field.
type Difference struct {
	Version       int                 `json:"probity_diff"`
	Old           Side                `json:"old"`
	New           Side                `json:"new"`
	Rules         []Cause             `json:"rules"` // differences of the whole review that may bear on findings
	Looked        Looked              `json:"looked_at"`
	Claims        []Claim             `json:"claims"`
	Gaps          Gaps                `json:"gaps"`
	Discrepancies Discrepancies       `json:"discrepancies"`
	Undisclosed   Names               `json:"undisclosed"`
	Requests      []Request           `json:"requests"`
	Plan          Plan                `json:"plan"`
	Warnings      []string            `json:"warnings"`
	Integrity     []probity.Integrity `json:"integrity"` // checks that did not come out well in the new review and were not so in the old
}

// A Side is one of the two reviews.
type Side struct {
	Case       string          `json:"case"`
	Title      string          `json:"title"`
	Subject    string          `json:"subject"`
	Period     probity.Span    `json:"period"`
	Tool       probity.Tool    `json:"tool"`
	CaseSHA256 string          `json:"case_sha256"`
	Opinion    probity.Opinion `json:"opinion"`
}

// Names are what one of the reviews has and the other has not.
type Names struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// Empty reports whether both reviews have the same.
func (n Names) Empty() bool { return len(n.Added)+len(n.Removed) == 0 }

// Looked is what was looked at.
type Looked struct {
	Exhibits  Exhibits  `json:"exhibits"`
	Kinds     []Kind    `json:"kinds"` // of exhibits; those whose counts differ
	Witnesses Names     `json:"witnesses"`
	Accounts  Names     `json:"accounts"`
	Resources Names     `json:"resources"`
	Uncovered []Silence `json:"uncovered"` // witnesses whose uncovered hours differ
}

// Exhibits are compared by SHA-256.
type Exhibits struct {
	Added   []Exhibit `json:"added"`
	Removed []Exhibit `json:"removed"`
	Reread  []Exhibit `json:"reread"` // the same bytes, of which something else was read
	Renamed []Exhibit `json:"renamed"`
	Same    int       `json:"same"` // with the same bytes, those reread and renamed among them
}

// An Exhibit names one. Was is of those that were reread or renamed.
type Exhibit struct {
	SHA256  string       `json:"sha256"`
	Path    string       `json:"path"`
	Kind    probity.Kind `json:"kind"`
	Bytes   int64        `json:"bytes"`
	Records int64        `json:"records"`
	Was     *Was         `json:"was,omitempty"`
}

// Was is what the old review has of an exhibit.
type Was struct {
	Path    string       `json:"path"`
	Kind    probity.Kind `json:"kind"`
	Records int64        `json:"records"`
}

// A Kind is the exhibits of one kind in both reviews.
type Kind struct {
	Kind        probity.Kind `json:"kind"`
	OldExhibits int          `json:"old_exhibits"`
	NewExhibits int          `json:"new_exhibits"`
	OldRecords  int64        `json:"old_records"`
	NewRecords  int64        `json:"new_records"`
}

// A Silence is for how long a witness is uncovered, summed over accounts and
// resources, in hours.
type Silence struct {
	Witness  probity.Witness `json:"witness"`
	OldHours float64         `json:"old_hours"`
	NewHours float64         `json:"new_hours"`
}

// Discrepancies are compared by quantity, witnesses, place and span.
type Discrepancies struct {
	Gone    []probity.Discrepancy `json:"gone"`
	New     []probity.Discrepancy `json:"new"`
	Changed []ChangedDiscrepancy  `json:"changed"` // with other values, another tolerance or another reading
	Same    int                   `json:"same"`
}

// A ChangedDiscrepancy is one that both reviews have.
type ChangedDiscrepancy struct {
	Old probity.Discrepancy `json:"old"`
	New probity.Discrepancy `json:"new"`
}

// A Request is one whose state differs; "" stands for a review that lacks it.
type Request struct {
	ID        string          `json:"id"`
	Custodian string          `json:"custodian"`
	Witness   probity.Witness `json:"witness"`
	OldState  string          `json:"old_state"`
	NewState  string          `json:"new_state"`
	Reason    string          `json:"reason,omitempty"`
}

// Plan is how the sealed plan stands in both.
type Plan struct {
	Changed bool                 `json:"changed"`
	Old     probity.PlanStanding `json:"old"`
	New     probity.PlanStanding `json:"new"`
}

// Reviews compares two reviews. Its lists are never nil, and in a fixed order.
func Reviews(old, new *probity.Review) *Difference {
	d := &Difference{Version: Version, Old: side(old), New: side(new), Looked: looked(old, new), Gaps: gaps(old, new), Discrepancies: discrepancies(old, new),
		Undisclosed: names(undisclosed(old), undisclosed(new)), Requests: requests(old, new), Integrity: []probity.Integrity{}, Warnings: []string{}}
	d.Plan = Plan{Changed: old.Plan.Sentence() != new.Plan.Sentence(), Old: standing(old.Plan), New: standing(new.Plan)}
	d.Rules = rules(old, new, d)
	d.Claims = claims(old, new, d)
	for _, x := range new.Integrity {
		if x.Result != "ok" && !slices.Contains(old.Integrity, x) {
			d.Integrity = append(d.Integrity, x)
		}
	}
	if old.Case != new.Case {
		d.Warnings = append(d.Warnings, "the reviews are of two cases: claims are compared by their ids, which may mean different things")
	}
	return d
}

func standing(p probity.PlanStanding) probity.PlanStanding {
	p.NotAsSealed = append([]probity.RuleNow{}, p.NotAsSealed...)
	return p
}

func side(r *probity.Review) Side {
	return Side{Case: r.Case, Title: r.Title, Subject: r.Subject, Period: r.Period, Tool: r.Tool, CaseSHA256: r.CaseSHA256, Opinion: r.Conclusion.Opinion}
}

// names compares two sets.
func names(old, new map[string]bool) Names {
	n := Names{Added: []string{}, Removed: []string{}}
	for k := range new {
		if !old[k] {
			n.Added = append(n.Added, k)
		}
	}
	for k := range old {
		if !new[k] {
			n.Removed = append(n.Removed, k)
		}
	}
	slices.Sort(n.Added)
	slices.Sort(n.Removed)
	return n
}

func undisclosed(r *probity.Review) map[string]bool {
	out := map[string]bool{}
	for _, u := range r.Estate.Undisclosed {
		out[place(u.Provider, u.Account, u.Resource)] = true
	}
	return out
}

// place names an account or a resource.
func place(provider, account, resource string) string {
	s := account
	if provider != "" {
		s = provider + "/" + s
	}
	if resource != "" {
		s += "/" + resource
	}
	return s
}

func requests(old, new *probity.Review) []Request {
	out := []Request{}
	was := map[string]*probity.RequestRef{}
	for i := range old.Requests {
		was[old.Requests[i].ID] = &old.Requests[i]
	}
	for i := range new.Requests {
		q := &new.Requests[i]
		x := Request{ID: q.ID, Custodian: q.Custodian, Witness: q.Witness, NewState: q.State, Reason: q.Reason}
		if o := was[q.ID]; o != nil {
			x.OldState = o.State
		}
		delete(was, q.ID)
		if x.OldState != x.NewState {
			out = append(out, x)
		}
	}
	for i := range old.Requests {
		if q := &old.Requests[i]; was[q.ID] != nil {
			out = append(out, Request{ID: q.ID, Custodian: q.Custodian, Witness: q.Witness, OldState: q.State})
		}
	}
	return out
}

// discrepancyKey says what a discrepancy is of.
type discrepancyKey struct {
	quantity          probity.Quantity
	left, right       probity.Witness
	account, resource string
	from, until       int64
	nth               int // among those that are alike so far
}

func keyed(list []probity.Discrepancy) ([]discrepancyKey, map[discrepancyKey]*probity.Discrepancy) {
	var keys []discrepancyKey
	at := map[discrepancyKey]*probity.Discrepancy{}
	for i := range list {
		d := &list[i]
		k := discrepancyKey{d.Quantity, d.Left, d.Right, place(d.Provider, d.Account, ""), d.Resource, d.From.UnixNano(), d.Until.UnixNano(), 0}
		for at[k] != nil {
			k.nth++
		}
		at[k] = d
		keys = append(keys, k)
	}
	return keys, at
}

func discrepancies(old, new *probity.Review) Discrepancies {
	out := Discrepancies{Gone: []probity.Discrepancy{}, New: []probity.Discrepancy{}, Changed: []ChangedDiscrepancy{}}
	before, was := keyed(old.Discrepancies)
	after, is := keyed(new.Discrepancies)
	for _, k := range before {
		if is[k] == nil {
			out.Gone = append(out.Gone, *was[k])
		}
	}
	for _, k := range after {
		o, n := was[k], is[k]
		switch {
		case o == nil:
			out.New = append(out.New, *n)
		case o.LeftValue != n.LeftValue || o.RightValue != n.RightValue || o.Tolerance != n.Tolerance || o.Reading != n.Reading || o.Impeaches != n.Impeaches:
			out.Changed = append(out.Changed, ChangedDiscrepancy{*o, *n})
		default:
			out.Same++
		}
	}
	return out
}

// sorted returns the keys of a map in their order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
