package compare

import (
	"cmp"
	"slices"

	"probity"
)

// Gaps are the hours that one review has records of and the other has not, by
// witness, resource, part of the witness and cause.
type Gaps struct {
	Closed []GapChange `json:"closed"` // a gap in the old review, and none in the new
	Opened []GapChange `json:"opened"` // a gap in the new review, and none in the old
	Other  []GapChange `json:"other_cause"`
}

// A GapChange is the hours of one witness, resource, part and cause that differ.
type GapChange struct {
	Witness  probity.Witness `json:"witness"`
	Provider string          `json:"provider,omitempty"`
	Account  string          `json:"account"`
	Resource string          `json:"resource"`
	Stream   string          `json:"stream,omitempty"`
	Cause    probity.Cause   `json:"cause"` // of the gap; in other_cause that of the old review
	NewCause probity.Cause   `json:"new_cause,omitempty"`
	Spans    []probity.Span  `json:"spans"`
	Hours    float64         `json:"hours"`
	// Why says why the gap is there in one review only: "records" (there are
	// records in the other), "period" (the other's period leaves it out) or
	// "estate" (nothing in the other shows the account or resource).
	Why string `json:"why,omitempty"`
}

type gapKey struct {
	witness                             probity.Witness
	provider, account, resource, stream string
}

func (k gapKey) change(cause probity.Cause, spans []probity.Span) GapChange {
	return GapChange{Witness: k.witness, Provider: k.provider, Account: k.account, Resource: k.resource, Stream: k.stream, Cause: cause, Spans: spans, Hours: hours(spans)}
}

// silent are the spans of a review's gaps by key and cause, merged.
type silent map[gapKey]map[probity.Cause][]probity.Span

func silences(gaps []probity.Gap) silent {
	out := silent{}
	for i := range gaps {
		g := &gaps[i]
		streams := g.Streams
		if len(streams) == 0 {
			streams = []string{""}
		}
		for _, s := range streams {
			k := gapKey{g.Witness, g.Provider, g.Account, g.Resource, s}
			if out[k] == nil {
				out[k] = map[probity.Cause][]probity.Span{}
			}
			out[k][g.Cause] = append(out[k][g.Cause], g.Span)
		}
	}
	for _, causes := range out {
		for c, spans := range causes {
			causes[c] = probity.MergeSpans(spans)
		}
	}
	return out
}

// all are the spans of a key whatever their cause.
func (s silent) all(k gapKey) []probity.Span {
	var out []probity.Span
	for _, spans := range s[k] {
		out = append(out, spans...)
	}
	return probity.MergeSpans(out)
}

func gaps(old, new *probity.Review) Gaps {
	before, after := silences(old.Gaps), silences(new.Gaps)
	out := Gaps{Closed: onlyIn(before, after, new), Opened: onlyIn(after, before, old), Other: []GapChange{}}
	for k, causes := range before {
		for c, spans := range causes {
			for n, others := range after[k] {
				// An hour whose cause is among those of the other review is no change.
				shared := within(without(spans, after[k][c]), without(others, causes[n]))
				if n != c && len(shared) > 0 {
					x := k.change(c, shared)
					x.NewCause = n
					out.Other = append(out.Other, x)
				}
			}
		}
	}
	order(out.Other)
	return out
}

// onlyIn returns the gaps that the other review has not, and why.
func onlyIn(has, other silent, r *probity.Review) []GapChange {
	out := []GapChange{}
	accounts, resources := estate(r)
	for k, causes := range has {
		shown := accounts[place(k.provider, k.account, "")]
		if k.resource != "" {
			shown = resources[place(k.provider, k.account, k.resource)]
		}
		for c, spans := range causes {
			rest := without(spans, other.all(k))
			inside := within(rest, []probity.Span{r.Period})
			for _, part := range []struct {
				why   string
				spans []probity.Span
			}{{"records", inside}, {"period", without(rest, []probity.Span{r.Period})}} {
				if len(part.spans) == 0 {
					continue
				}
				x := k.change(c, part.spans)
				if x.Why = part.why; !shown {
					x.Why = "estate"
				}
				out = append(out, x)
			}
		}
	}
	order(out)
	return out
}

func order(list []GapChange) {
	slices.SortFunc(list, func(a, b GapChange) int {
		return cmp.Or(cmp.Compare(a.Witness.Rank(), b.Witness.Rank()), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Stream, b.Stream),
			cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.NewCause, b.NewCause), cmp.Compare(a.Why, b.Why))
	})
}
