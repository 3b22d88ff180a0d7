package compare

import (
	"fmt"
	"slices"
	"strings"

	"probity"
)

// A Cause is a difference between two reviews that may have changed a finding.
type Cause struct {
	// Cause is exhibits_added, exhibits_removed, exhibits_reread, period, tool,
	// tolerances, case, claim or minimum_coverage.
	Cause  string `json:"cause"`
	Detail string `json:"detail"`
}

// The causes.
const (
	ExhibitsAdded   = "exhibits_added"
	ExhibitsRemoved = "exhibits_removed"
	ExhibitsReread  = "exhibits_reread"  // the same bytes, read otherwise
	Period          = "period"           // of the case
	Tool            = "tool"             // another version of the program
	Tolerances      = "tolerances"       // between witnesses
	CaseFile        = "case"             // the case file differs: in what it asks of other claims, or in what reviews do not show
	ClaimChanged    = "claim"            // its threshold or what it is about
	MinimumCoverage = "minimum_coverage" // declared for stating an absence
)

// rules are the differences of the whole reviews.
func rules(old, new *probity.Review, d *Difference) []Cause {
	out := []Cause{}
	add := func(cause, format string, args ...any) { out = append(out, Cause{cause, fmt.Sprintf(format, args...)}) }
	x := &d.Looked.Exhibits
	if n := len(x.Added); n > 0 {
		add(ExhibitsAdded, "%s added", counted(n, "exhibit"))
	}
	if n := len(x.Removed); n > 0 {
		add(ExhibitsRemoved, "%s removed", counted(n, "exhibit"))
	}
	if n := len(x.Reread); n > 0 {
		add(ExhibitsReread, "%s with the same bytes read otherwise", counted(n, "exhibit"))
	}
	if old.Period != new.Period {
		add(Period, "the period was %s and is %s", old.Period, new.Period)
	}
	if old.Tool != new.Tool {
		add(Tool, "written by %s %s, then by %s %s", old.Tool.Name, old.Tool.Version, new.Tool.Name, new.Tool.Version)
	}
	if changed := tolerances(old, new); len(changed) > 0 {
		add(Tolerances, "%s", strings.Join(changed, "; "))
	}
	if old.CaseSHA256 != new.CaseSHA256 {
		add(CaseFile, "the case file differs; what it says of estate, evidence, tolerances and requests stands in no review")
	}
	return out
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return probity.FormatAmount(float64(n), probity.One) + " " + noun + "s"
}

// tolerances says which differ, as far as discrepancies in both reviews show.
func tolerances(old, new *probity.Review) []string {
	type pair struct {
		quantity    probity.Quantity
		left, right probity.Witness
	}
	key := func(d *probity.Discrepancy) pair {
		if d.Left.Rank() > d.Right.Rank() {
			return pair{d.Quantity, d.Right, d.Left}
		}
		return pair{d.Quantity, d.Left, d.Right}
	}
	was := map[pair]float64{}
	for i := range old.Discrepancies {
		was[key(&old.Discrepancies[i])] = old.Discrepancies[i].Tolerance
	}
	var out []string
	for i := range new.Discrepancies {
		d := &new.Discrepancies[i]
		k := key(d)
		if t, ok := was[k]; ok && t != d.Tolerance {
			s := fmt.Sprintf("the tolerance of %s between %s and %s was %s and is %s", k.quantity, k.left, k.right, probity.Percent(t), probity.Percent(d.Tolerance))
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// explain says why a finding changed, as far as the two reviews establish it. A
// finding follows from what a claim asks and from what witnesses say. Where
// witnesses say the same, only what it asks can have changed it; where it asks
// the same, only what made them say otherwise.
func (c *Claim) explain(d *Difference) {
	var askedHere []Cause
	for _, a := range c.Asked {
		switch a.What {
		case "statement", "material": // no part of the decision
		case "minimum_coverage":
			askedHere = append(askedHere, Cause{MinimumCoverage, fmt.Sprintf("the minimum coverage was %s and is %s", a.Old, a.New)})
		default:
			askedHere = append(askedHere, Cause{ClaimChanged, fmt.Sprintf("%s was %s and is %s", a.What, orNone(a.Old), orNone(a.New))})
		}
	}
	switch {
	case len(askedHere) > 0 && len(c.Testimony) == 0 && c.Old.Coverage.Share == c.New.Coverage.Share && d.Discrepancies.alike():
		c.Causes = askedHere
	default:
		c.Causes = append(askedHere, d.Rules...)
	}
	c.Established = len(c.Causes) == 1
	var details []string
	for _, x := range c.Causes {
		details = append(details, x.Detail)
	}
	switch {
	case len(c.Causes) == 0:
		c.Why = "Nothing that the two reviews state explains it: compare the catalogues that their folders hold."
	case c.Established:
		c.Why = "Because: " + details[0] + "; nothing else that the reviews state differs and could have changed it."
	default:
		c.Why = "Several differences came together, and the two reviews do not establish which of them changed it: " + strings.Join(details, "; ") + "."
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// alike reports whether both reviews have the same discrepancies.
func (d *Discrepancies) alike() bool { return len(d.Gone)+len(d.New)+len(d.Changed) == 0 }
