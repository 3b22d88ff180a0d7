package probity

import (
	"encoding/json"
	"fmt"
)

// Version is the version of review.json that this package writes and reads.
const Version = 1

// A Review is the whole answer: what review.json holds, and the one value of
// which every output is a rendering. FORMATS.md documents each field.
type Review struct {
	Probity       int           `json:"probity"`
	Case          string        `json:"case"`
	Title         string        `json:"title"`
	Subject       string        `json:"subject"`
	Period        Span          `json:"period"`
	Instruction   Instruction   `json:"review"`
	Tool          Tool          `json:"tool"`
	CaseSHA256    string        `json:"case_sha256"`
	Conclusion    Conclusion    `json:"conclusion"`
	Plan          PlanStanding  `json:"plan"`
	Allegations   []Alleged     `json:"allegations"`
	Claims        []ClaimResult `json:"claims"`
	Discrepancies []Discrepancy `json:"discrepancies"`
	Gaps          []Gap         `json:"gaps"`
	Estate        Estate        `json:"estate"`
	Requests      []RequestRef  `json:"requests"`
	Exhibits      []Exhibit     `json:"exhibits"`
	Integrity     []Integrity   `json:"integrity"`
	Totals        Totals        `json:"totals"`
	Warnings      []string      `json:"warnings"`
}

// A RequestRef is a demand for records and what came of it, as the ledger of
// the proceedings tells.
type RequestRef struct {
	ID        string   `json:"id"`
	Leaf      int64    `json:"leaf"` // of the ledger
	At        string   `json:"at"`
	Custodian string   `json:"custodian"`
	Relation  Relation `json:"relation,omitempty"`
	Witness   Witness  `json:"witness"`
	Kind      Kind     `json:"kind,omitempty"`
	Accounts  []string `json:"accounts,omitempty"`
	Resources []string `json:"resources,omitempty"`
	Period    *Span    `json:"period,omitempty"`
	Due       string   `json:"due"`
	// State is open, received_in_part, received, received_late, refused,
	// redacted (answered with parts taken out) or overdue.
	State   string  `json:"state"`
	Reason  string  `json:"reason,omitempty"` // of a refusal
	Answers []int64 `json:"answers"`          // leaves
}

// A PlanStanding says which of the rules that decided a review were frozen
// before evidence was read. The zero value says that none were.
type PlanStanding struct {
	Sealed       bool      `json:"sealed"` // before evidence was read
	At           string    `json:"at,omitempty"`
	Leaf         int64     `json:"leaf"` // of the ledger; -1 if nothing was sealed
	PlanSHA256   string    `json:"plan_sha256,omitempty"`
	Rules        int       `json:"rules"`         // that decide now
	SealedBefore int       `json:"sealed_before"` // as they were sealed before evidence was read
	NotAsSealed  []RuleNow `json:"not_as_sealed"` // the others, and those that are gone
}

// A RuleNow is a rule that is not as it was sealed: changed, added or removed.
type RuleNow struct {
	Rule     string `json:"rule"`
	Standing string `json:"standing"`
}

// Sentence says in words how the plan stands.
func (p PlanStanding) Sentence() string {
	if !p.Sealed {
		return "No plan was sealed before evidence was read: whether thresholds and rules were chosen after the numbers were seen cannot be known."
	}
	s := fmt.Sprintf("The plan was sealed on %s (leaf %d of the ledger), before the first evidence that the ledger records; %d of %d rules are as they were sealed.", p.At, p.Leaf, p.SealedBefore, p.Rules)
	if len(p.NotAsSealed) > 0 {
		s += " Not as sealed:"
		for i, r := range p.NotAsSealed {
			if i == 8 {
				return s + fmt.Sprintf(" and %d more.", len(p.NotAsSealed)-i)
			}
			s += fmt.Sprintf(" %s (%s);", r.Rule, r.Standing)
		}
		s = s[:len(s)-1] + "."
	}
	return s
}

// A Tool is the program that wrote a review.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Alleged is an allegation as the report shows it.
type Alleged struct {
	ID         string        `json:"id"`
	Statement  string        `json:"statement"`
	Sources    []SourceRef   `json:"sources"`
	Provisions []ProvisionOf `json:"provisions"`
	Claims     []string      `json:"claims"`
}

// A SourceRef is a source with its Admiralty grade.
type SourceRef struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Date  string `json:"date,omitempty"`
	Grade string `json:"grade,omitempty"`
}

// A ProvisionOf is a provision with its instrument and version.
type ProvisionOf struct {
	ID         string `json:"id"` // "terms/provision"
	Instrument string `json:"instrument"`
	Version    string `json:"version"`
	Paraphrase string `json:"paraphrase"`
	// Pack is the catalogue's pack that it comes from; the others are as it, or
	// the case, states them.
	Pack      string  `json:"pack,omitempty"`
	Section   string  `json:"section,omitempty"`
	Author    string  `json:"author,omitempty"` // of the paraphrase
	SHA256    string  `json:"text_sha256,omitempty"`
	Effective Effect  `json:"effective,omitzero"`
	Captured  Capture `json:"captured,omitzero"`
}

// A ClaimResult is a claim with its finding and all that bears on it.
type ClaimResult struct {
	ID                   string         `json:"id"`
	Allegation           string         `json:"allegation"`
	Statement            string         `json:"statement"`
	Material             bool           `json:"material"`
	Kind                 ClaimKind      `json:"kind"`
	Finding              Finding        `json:"finding"`
	Sentence             string         `json:"sentence"`
	Observed             *Observed      `json:"observed,omitempty"`
	Witnesses            []WitnessValue `json:"witnesses"`
	Coverage             Coverage       `json:"coverage"`
	Warnings             []string       `json:"warnings"`
	InnocentExplanations []string       `json:"innocent_explanations"`
	// WouldChange says what, if it came in, could change the finding.
	WouldChange []string `json:"would_change"`
	// ErrorRates says how often findings of this kind were wrong on simulated
	// estates whose truth is known.
	ErrorRates []string     `json:"error_rates"`
	Tests      []TestResult `json:"tests"`
}

// A TestResult is one test of a claim with its own finding.
type TestResult struct {
	Subject   string   `json:"subject"` // the quantity, indicator, rule or estate question
	Where     Where    `json:"where"`
	Per       Per      `json:"per,omitempty"`
	Aggregate string   `json:"aggregate,omitempty"`
	Relation  string   `json:"relation"` // "at_least" or "at_most"
	Threshold float64  `json:"threshold"`
	Text      string   `json:"text,omitempty"`
	After     string   `json:"after,omitempty"` // the instant that move_out compares before and after
	Unit      Unit     `json:"unit"`
	Finding   Finding  `json:"finding"`
	Sentence  string   `json:"sentence"`
	Limits    []string `json:"limits"`
	// Population is the resources that the test is about, as account/resource.
	Population []string       `json:"population"`
	Witnesses  []WitnessValue `json:"witnesses"`
	Coverage   Coverage       `json:"coverage"`
	// Series is what each witness of a quantity says over the period, in steps
	// that bound the size of a review: a chart, not a proof.
	Series []WitnessSeries `json:"series,omitempty"`
	// Instances are the matches of a rule or the resources of an estate test.
	Instances []Instance `json:"instances,omitempty"`
	// Indicator is what an indicator answers, and what it measured.
	Indicator *IndicatorResult `json:"indicator,omitempty"`
}

// An Instance is one match of a rule, with the place it was read from.
type Instance struct {
	Account  string `json:"account"`
	Resource string `json:"resource"`
	At       string `json:"at"`
	What     string `json:"what"`
	Exhibit  string `json:"exhibit,omitempty"`
	Position int64  `json:"position"`
}

// A WitnessSeries is what one witness says of a test over the period, in at
// most MaxSteps steps, each of which is a day or, in a long period or of longer
// windows, a whole number of days.
type WitnessSeries struct {
	Witness Witness `json:"witness"`
	Unit    Unit    `json:"unit"`
	Steps   []Step  `json:"steps"`
}

// MaxSteps is the largest number of steps in a WitnessSeries.
const MaxSteps = 128

// A Step is what a witness says within a part of the period: of the test's
// windows that lie in it, that with the highest values (of a "min" test that
// with the lowest). Steps that follow one another and say the same are one.
type Step struct {
	Span
	// Seen is what the records show, bound or not.
	Seen float64 `json:"seen"`
	// Lower is a lower bound of the truth, absent where it is none but zero.
	Lower *float64 `json:"lower,omitempty"`
	// Upper is an upper bound of the truth, absent where the witness gives none:
	// an hour of the step that is not covered leaves it open.
	Upper *float64 `json:"upper,omitempty"`
	// Covered is the share of population x hours of the step that is covered.
	Covered float64 `json:"covered"`
}

// A WitnessValue is what one witness says of a test.
type WitnessValue struct {
	Witness   Witness `json:"witness"`
	Value     float64 `json:"value"`
	Unit      Unit    `json:"unit"`
	Bound     Bound   `json:"bound"`
	Coverage  float64 `json:"coverage"` // share of population x hours
	Impeached bool    `json:"impeached"`
	// At is the window in which the value stands, if it is one window's.
	At *Span `json:"at,omitempty"`
	// Upper is the sound upper bound, if the witness gives one for the whole
	// population: the value and, for a level, what may have come between two
	// readings.
	Upper *float64 `json:"upper,omitempty"`
	// Independence says who can make this witness fall silent.
	Independence string   `json:"independence"`
	Notes        []string `json:"notes,omitempty"`
}

// An Estate is the accounts and resources that the records show.
type Estate struct {
	Undisclosed []Undisclosed `json:"undisclosed"`
	Resources   []Resource    `json:"resources"`
	// Disclosed is the number of rows that the disclosures hold.
	Disclosed int `json:"disclosed"`
}

// Undisclosed is a resource that was billed or metered and not disclosed.
type Undisclosed struct {
	Provider string   `json:"provider"`
	Account  string   `json:"account"`
	Resource string   `json:"resource"`
	Type     string   `json:"type,omitempty"`
	Region   string   `json:"region,omitempty"`
	First    string   `json:"first"`
	Last     string   `json:"last"`
	Shown    []string `json:"shown_by"`
}

// A Resource is one resource and which witnesses speak of it.
type Resource struct {
	Provider  string   `json:"provider"`
	Account   string   `json:"account"`
	Resource  string   `json:"resource"`
	Type      string   `json:"type,omitempty"`
	Region    string   `json:"region,omitempty"`
	Disclosed bool     `json:"disclosed"`
	Shown     []string `json:"shown_by"`
}

// UnmarshalJSON reads a claim back and refuses one whose finding speaks of an
// absence without the coverage it needs.
func (r *ClaimResult) UnmarshalJSON(data []byte) error {
	type plain ClaimResult
	var p struct {
		plain
		Finding string `json:"finding"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	atMost := false
	for i := range p.Tests {
		atMost = atMost || p.Tests[i].Relation == "at_most"
	}
	f, err := rebuild(p.Finding, p.Observed, p.Coverage, atMost)
	if err != nil {
		return fmt.Errorf("claim %s: %w", p.ID, err)
	}
	*r = ClaimResult(p.plain)
	r.Finding = f
	return nil
}

// UnmarshalJSON reads a test back under the same rule as a claim.
func (t *TestResult) UnmarshalJSON(data []byte) error {
	type plain TestResult
	var p struct {
		plain
		Finding string `json:"finding"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	var o *Observed
	if len(p.Witnesses) > 0 {
		o = &Observed{Value: p.Witnesses[0].Value, Unit: p.Witnesses[0].Unit, Witness: p.Witnesses[0].Witness}
	}
	f, err := rebuild(p.Finding, o, p.Coverage, p.Relation == "at_most")
	if err != nil {
		return fmt.Errorf("test of %s: %w", p.Subject, err)
	}
	*t = TestResult(p.plain)
	t.Finding = f
	t.Finding.limits = p.Limits
	return nil
}

// rebuild forms a finding under the rules of its constructors. A claim with
// several tests may have been contradicted by one of them alone.
func rebuild(name string, o *Observed, c Coverage, atMost bool) (Finding, error) {
	outcome, err := parseOutcome(name)
	if err != nil {
		return Finding{}, err
	}
	var seen Observed
	if o != nil {
		seen = *o
	}
	switch {
	case outcome == NotSupported:
		return FindNotSupported(seen, c)
	case outcome == Contradicted && atMost:
		return FindExceeded(seen, c), nil
	case outcome == Contradicted:
		return FindContradicted(seen, c)
	}
	return Finding{outcome: outcome, observed: o, coverage: c, atMost: atMost}, nil
}

// Bearing says on which side of the subject a finding falls: "against", "for"
// or "open". An assurance that is borne out speaks for it.
func (c *ClaimResult) Bearing() string {
	assurance := c.Kind == ClaimAssurance
	switch o := c.Finding.Outcome(); {
	case o == Supported || o == SupportedInPart:
		if assurance {
			return "for"
		}
		return "against"
	case o == Contradicted:
		if assurance {
			return "against"
		}
		return "for"
	case o == NotSupported && !assurance:
		return "for"
	}
	return "open"
}
