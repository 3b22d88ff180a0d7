package compare

import (
	"fmt"
	"slices"
	"strings"

	"probity"
)

// A Claim is one in both reviews or in one of them.
type Claim struct {
	ID        string `json:"id"`
	Statement string `json:"statement"`
	// Status is "same", "changed" (the finding), "moved" (the finding is the same,
	// and what it rests on is not), "added" or "removed".
	Status string  `json:"status"`
	Old    *Answer `json:"old,omitempty"`
	New    *Answer `json:"new,omitempty"`
	// Asked says what of the claim itself differs.
	Asked []Asked `json:"asked"`
	// Testimony is the witnesses that say something else, or cover more or less.
	Testimony []Testimony `json:"testimony"`
	// Causes are the differences that may have changed the finding. Established
	// reports whether it is one alone, so that nothing else in the two reviews can
	// have.
	Causes      []Cause `json:"causes"`
	Established bool    `json:"established"`
	Why         string  `json:"why"` // the same in a sentence; "" if the finding is the same
}

// An Answer is what one review finds of a claim.
type Answer struct {
	Finding  string            `json:"finding"`
	Sentence string            `json:"sentence"` // with its coverage
	Coverage probity.Coverage  `json:"coverage"`
	Hours    float64           `json:"hours"` // covered, summed over the accounts and resources of the tests
	Observed *probity.Observed `json:"observed,omitempty"`
}

// Asked is one difference of what a claim asks.
type Asked struct {
	What string `json:"what"` // statement, kind, material, minimum_coverage, tests, or test N and what of it
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Testimony is what a witness says of a test in both reviews.
type Testimony struct {
	Test    int             `json:"test"` // from 1
	Subject string          `json:"subject"`
	Witness probity.Witness `json:"witness"`
	Old     *Said           `json:"old,omitempty"` // absent if it did not speak
	New     *Said           `json:"new,omitempty"`
}

// Said is a value with its unit, bound and coverage.
type Said struct {
	Value     float64       `json:"value"`
	Unit      probity.Unit  `json:"unit"`
	Bound     probity.Bound `json:"bound"`
	Upper     *float64      `json:"upper,omitempty"`
	Coverage  float64       `json:"coverage"`
	Hours     float64       `json:"hours"` // covered, summed over accounts and resources
	Impeached bool          `json:"impeached"`
}

// claims compares those of both reviews, in the order of the new one; those
// that are gone come last.
func claims(old, new *probity.Review, d *Difference) []Claim {
	out := []Claim{}
	was := map[string]*probity.ClaimResult{}
	for i := range old.Claims {
		was[old.Claims[i].ID] = &old.Claims[i]
	}
	for i := range new.Claims {
		n := &new.Claims[i]
		o := was[n.ID]
		delete(was, n.ID)
		if o == nil {
			out = append(out, Claim{ID: n.ID, Statement: n.Statement, Status: "added", New: answer(n, new.Period), Asked: []Asked{}, Testimony: []Testimony{}, Causes: []Cause{}})
			continue
		}
		out = append(out, both(o, n, old, new, d))
	}
	for i := range old.Claims {
		if o := &old.Claims[i]; was[o.ID] != nil {
			out = append(out, Claim{ID: o.ID, Statement: o.Statement, Status: "removed", Old: answer(o, old.Period), Asked: []Asked{}, Testimony: []Testimony{}, Causes: []Cause{}})
		}
	}
	return out
}

func both(o, n *probity.ClaimResult, old, new *probity.Review, d *Difference) Claim {
	c := Claim{ID: n.ID, Statement: n.Statement, Old: answer(o, old.Period), New: answer(n, new.Period), Asked: asked(o, n), Testimony: testimony(o, n, old.Period, new.Period), Causes: []Cause{}}
	switch {
	case o.Finding.Outcome() != n.Finding.Outcome():
		c.Status = "changed"
		c.explain(d)
	case len(c.Asked)+len(c.Testimony) > 0 || o.Coverage != n.Coverage || c.Old.Hours != c.New.Hours:
		c.Status = "moved"
	default:
		c.Status = "same"
	}
	return c
}

func answer(c *probity.ClaimResult, period probity.Span) *Answer {
	a := &Answer{Finding: c.Finding.Outcome().String(), Sentence: c.Sentence, Coverage: c.Coverage, Observed: c.Observed}
	for i := range c.Tests {
		a.Hours += covered(c.Tests[i].Coverage.Share, &c.Tests[i], period)
	}
	return a
}

// covered is a share of a test's accounts x resources x hours, in hours.
func covered(share float64, t *probity.TestResult, period probity.Span) float64 {
	return share * float64(len(t.Population)) * period.Hours()
}

func asked(o, n *probity.ClaimResult) []Asked {
	out := []Asked{}
	add := func(what, old, new string) {
		if old != new {
			out = append(out, Asked{what, old, new})
		}
	}
	add("statement", o.Statement, n.Statement)
	add("kind", string(o.Kind), string(n.Kind))
	add("material", fmt.Sprint(o.Material), fmt.Sprint(n.Material))
	add("minimum_coverage", probity.Percent(o.Coverage.Minimum), probity.Percent(n.Coverage.Minimum))
	add("tests", fmt.Sprint(len(o.Tests)), fmt.Sprint(len(n.Tests)))
	for i := range min(len(o.Tests), len(n.Tests)) {
		a, b := &o.Tests[i], &n.Tests[i]
		test := fmt.Sprintf("test %d, ", i+1)
		add(test+"subject", a.Subject, b.Subject)
		add(test+"where", a.Where.String(), b.Where.String())
		add(test+"after", a.After, b.After)
		add(test+"per", string(a.Per), string(b.Per))
		add(test+"aggregate", a.Aggregate, b.Aggregate)
		add(test+"threshold", limit(a), limit(b))
	}
	return out
}

// limit writes a threshold with its relation and unit.
func limit(t *probity.TestResult) string {
	s := strings.ReplaceAll(t.Relation, "_", " ") + " " + probity.FormatAmount(t.Threshold, t.Unit)
	if t.Unit != probity.One {
		return s + fmt.Sprintf(" (%s %s)", probity.FormatAmount(t.Threshold, probity.One), t.Unit)
	}
	return s
}

func testimony(o, n *probity.ClaimResult, before, after probity.Span) []Testimony {
	out := []Testimony{}
	for i := range max(len(o.Tests), len(n.Tests)) {
		var a, b probity.TestResult
		if i < len(o.Tests) {
			a = o.Tests[i]
		}
		if i < len(n.Tests) {
			b = n.Tests[i]
		}
		for _, w := range probity.Witnesses {
			t := Testimony{Test: i + 1, Subject: b.Subject, Witness: w, Old: said(&a, w, before), New: said(&b, w, after)}
			if t.Subject == "" {
				t.Subject = a.Subject
			}
			if !alike(t.Old, t.New) {
				out = append(out, t)
			}
		}
	}
	return out
}

func said(t *probity.TestResult, w probity.Witness, period probity.Span) *Said {
	i := slices.IndexFunc(t.Witnesses, func(v probity.WitnessValue) bool { return v.Witness == w })
	if i < 0 {
		return nil
	}
	v := &t.Witnesses[i]
	return &Said{Value: v.Value, Unit: v.Unit, Bound: v.Bound, Upper: v.Upper, Coverage: v.Coverage, Hours: covered(v.Coverage, t, period), Impeached: v.Impeached}
}

func alike(a, b *Said) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Upper, y.Upper = nil, nil
	return x == y && (a.Upper == nil) == (b.Upper == nil) && (a.Upper == nil || *a.Upper == *b.Upper)
}
