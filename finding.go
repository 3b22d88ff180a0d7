package probity

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An Outcome is what the records allow to be said of a claim. The zero value
// is Undetermined.
type Outcome uint8

// The outcomes.
const (
	Undetermined    Outcome = iota // a scope limitation: coverage is short
	NotAssessed                    // no test could be run
	NotSupported                   // not supported within the stated coverage
	Contradicted                   // a sound upper bound over the whole population stays under the threshold
	SupportedInPart                // some of several tests are supported
	Supported                      // a sound lower bound reaches the threshold
)

var outcomeNames = [...]string{"undetermined", "not_assessed", "not_supported", "contradicted", "supported_in_part", "supported"}

// String returns the name that review.json carries.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return outcomeNames[Undetermined]
}

// Strength orders outcomes by how much they say: 0 nothing, 1 an absence
// within coverage, 2 a part, 3 a proof in either direction. Taking records
// away never raises it.
func (o Outcome) Strength() int {
	switch o {
	case NotSupported:
		return 1
	case SupportedInPart:
		return 2
	case Supported, Contradicted:
		return 3
	}
	return 0
}

func parseOutcome(name string) (Outcome, error) {
	for i, n := range outcomeNames {
		if n == name {
			return Outcome(i), nil
		}
	}
	return Undetermined, fmt.Errorf("finding %q is none of the six", name)
}

// Observed is the value that decided a finding, and who gave it.
type Observed struct {
	Value   float64 `json:"value"`
	Unit    Unit    `json:"unit"`
	Witness Witness `json:"witness"`
	// Of says what is counted or measured, to follow the value in a sentence:
	// "objects written".
	Of string `json:"of,omitempty"`
}

// String writes the value with what it is of and who gives it.
func (o Observed) String() string {
	s := FormatAmount(o.Value, o.Unit)
	if o.Of != "" {
		of := o.Of
		if first, rest, ok := strings.Cut(of, " "); ok && o.Value == 1 && o.Unit == One {
			of = strings.TrimSuffix(first, "s") + " " + rest
		}
		s += " " + of
	}
	return s + " (" + string(o.Witness) + ")"
}

// A Finding is an outcome together with the coverage it was reached with. Its
// fields are out of reach, and each constructor asks for the coverage, so that
// an absence cannot be stated without it. The zero value is undetermined with
// no coverage.
type Finding struct {
	outcome  Outcome
	observed *Observed
	coverage Coverage
	atMost   bool // the threshold was an upper one
	// limits are the reasons for an undetermined or unassessed outcome.
	limits []string
}

// FindSupported is the finding that a sound lower bound reaches the threshold.
func FindSupported(o Observed, c Coverage) Finding {
	return Finding{outcome: Supported, observed: &o, coverage: c}
}

// FindContradicted is the finding that a sound upper bound stays under the
// threshold. The upper bound must cover the whole population and period: with
// a smaller share it returns an error.
func FindContradicted(o Observed, c Coverage) (Finding, error) {
	if c.Share < 1 {
		return Finding{coverage: c}, fmt.Errorf("contradicted needs full coverage: it is %s", Percent(c.Share))
	}
	return Finding{outcome: Contradicted, observed: &o, coverage: c}, nil
}

// FindNotSupported is the finding that lower bounds stay under the threshold
// and that their coverage meets the declared minimum. Where it does not, or no
// minimum was declared, it returns an error.
func FindNotSupported(o Observed, c Coverage) (Finding, error) {
	if !c.Met() {
		return Finding{coverage: c}, fmt.Errorf("an absence needs its coverage: %s is below the minimum of %s", Percent(c.Share), Percent(c.Minimum))
	}
	return Finding{outcome: NotSupported, observed: &o, coverage: c}, nil
}

// FindWithin is the finding, for an at_most threshold, that a sound upper bound
// stays within it: supported. The bound must cover the whole population and
// period: with a smaller share it returns an error.
func FindWithin(o Observed, c Coverage) (Finding, error) {
	if c.Share < 1 {
		return Finding{coverage: c, atMost: true}, fmt.Errorf("supporting an upper limit needs full coverage: it is %s", Percent(c.Share))
	}
	return Finding{outcome: Supported, observed: &o, coverage: c, atMost: true}, nil
}

// FindExceeded is the finding, for an at_most threshold, that a sound lower
// bound exceeds it: contradicted, at any coverage.
func FindExceeded(o Observed, c Coverage) Finding {
	return Finding{outcome: Contradicted, observed: &o, coverage: c, atMost: true}
}

// FindUndetermined is a scope limitation. The limits say why. What was seen,
// if anything, may be given.
func FindUndetermined(o *Observed, c Coverage, limits ...string) Finding {
	return Finding{outcome: Undetermined, observed: o, coverage: c, limits: limits}
}

// FindNotAssessed says that no test could be run.
func FindNotAssessed(c Coverage, limits ...string) Finding {
	return Finding{outcome: NotAssessed, coverage: c, limits: limits}
}

// JoinFindings forms the finding of a claim from those of its tests, all of
// which must hold. It returns the zero Finding for none.
func JoinFindings(tests []Finding) Finding {
	if len(tests) == 0 {
		return Finding{outcome: NotAssessed}
	}
	if len(tests) == 1 {
		return tests[0]
	}
	var count [len(outcomeNames)]int
	pick := func(o Outcome) Finding { // the first test with outcome o
		for _, t := range tests {
			if t.outcome == o {
				return t
			}
		}
		return Finding{}
	}
	for _, t := range tests {
		count[t.outcome]++
	}
	switch {
	case count[Supported] == len(tests):
		f := tests[0]
		for _, t := range tests { // the weakest coverage stands for all
			if t.coverage.Share < f.coverage.Share {
				f.coverage = t.coverage
			}
		}
		return f
	case count[Supported]+count[SupportedInPart] > 0:
		f := pick(Supported)
		f.outcome = SupportedInPart
		for _, t := range tests {
			if t.coverage.Share < f.coverage.Share {
				f.coverage = t.coverage
			}
			f.limits = append(f.limits, t.limits...)
		}
		return f
	case count[Contradicted] > 0:
		return pick(Contradicted)
	case count[Undetermined] > 0:
		return pick(Undetermined)
	case count[NotSupported] > 0:
		return pick(NotSupported)
	}
	return pick(NotAssessed)
}

// Outcome returns what is found.
func (f Finding) Outcome() Outcome { return f.outcome }

// Observed returns the value that decided, nil if none did.
func (f Finding) Observed() *Observed { return f.observed }

// Coverage returns the coverage that the finding was reached with.
func (f Finding) Coverage() Coverage { return f.coverage }

// Limits returns why nothing stronger can be said.
func (f Finding) Limits() []string { return f.limits }

// Sentence says the finding in the words that the theory allows. Every
// sentence that speaks of an absence carries its coverage.
func (f Finding) Sentence() string {
	seen := ""
	if f.observed != nil {
		seen = f.observed.String()
	}
	cov := fmt.Sprintf("within coverage of %s (minimum %s)", Percent(f.coverage.Share), Percent(f.coverage.Minimum))
	switch f.outcome {
	case Supported:
		if f.atMost {
			return "Supported: the records of the whole population and period show no more than " + seen + "; " + cov + "."
		}
		return "Supported: the records show " + seen + "; " + cov + "."
	case SupportedInPart:
		return "Supported in part: some of the claim's tests are supported (" + seen + "), others are not; " + cov + "."
	case Contradicted:
		if f.atMost {
			return "Contradicted: the records show " + seen + ", more than is claimed; " + cov + "."
		}
		return "Contradicted: the records of the whole population and period show no more than " + seen + "; " + cov + "."
	case NotSupported:
		return "Not supported within the stated coverage: the records show " + seen + "; " + cov + "."
	case NotAssessed:
		return "Not assessed: no test of this claim could be run."
	}
	s := "Undetermined, a scope limitation: the records cover " + Percent(f.coverage.Share) +
		" of what the claim is about (minimum " + Percent(f.coverage.Minimum) + ")"
	if seen != "" {
		s += "; as far as they go they show " + seen
	}
	return s + "."
}

// MarshalJSON writes the outcome's name.
func (f Finding) MarshalJSON() ([]byte, error) { return json.Marshal(f.outcome.String()) }

// Percent writes a share so that it is never rounded up to a whole it does not
// reach: 99.97 % stays below 100 %.
func Percent(share float64) string {
	p := share * 100
	if p > 0 && p < 100 {
		p = float64(int64(p*100)) / 100
	}
	return fmt.Sprintf("%.4g %%", p)
}

// An Opinion is the conclusion in the words of ISA 705.
type Opinion string

// The opinions.
const (
	Unmodified Opinion = "unmodified" // each material claim contradicted or not supported
	Qualified  Opinion = "qualified"  // some supported or undetermined, not most
	Adverse    Opinion = "adverse"    // most supported
	Disclaimer Opinion = "disclaimer" // most undetermined
)

// Meaning says what an opinion means, in one clause.
func (o Opinion) Meaning() string {
	switch o {
	case Unmodified:
		return "each material claim is contradicted, or not supported within its stated coverage"
	case Qualified:
		return "some material claims are supported or could not be determined, but not most"
	case Adverse:
		return "most material claims are supported"
	}
	return "most material claims could not be determined: no opinion can be given"
}

// A Conclusion is the opinion over the material claims, with one line for each.
type Conclusion struct {
	Opinion Opinion  `json:"opinion"`
	Basis   []string `json:"basis"`
}

// Conclude forms the conclusion. Only material claims count; "most" is more
// than half; a disclaimer stands before an adverse opinion. For an assurance
// contradicted counts as supported and the reverse. Without a material claim
// there is nothing to conclude on, which is a disclaimer.
func Conclude(claims []ClaimResult) Conclusion {
	var n, supported, open int
	c := Conclusion{Basis: []string{}}
	for i := range claims {
		r := &claims[i]
		if !r.Material {
			continue
		}
		n++
		o := r.Finding.Outcome()
		against := o == Supported || o == SupportedInPart
		if r.Kind == ClaimAssurance {
			against = o == Contradicted
		}
		switch {
		case against:
			supported++
		case o == Undetermined || o == NotAssessed:
			open++
		case r.Kind == ClaimAssurance && o == NotSupported:
			open++ // a denial that is neither borne out nor refuted stays open
		}
		c.Basis = append(c.Basis, fmt.Sprintf("%s: %s", r.ID, r.Finding.Sentence()))
	}
	switch {
	case n == 0:
		c.Opinion = Disclaimer
		c.Basis = append(c.Basis, "the case has no material claim")
	case 2*open > n:
		c.Opinion = Disclaimer
	case 2*supported > n:
		c.Opinion = Adverse
	case supported+open > 0:
		c.Opinion = Qualified
	default:
		c.Opinion = Unmodified
	}
	return c
}
