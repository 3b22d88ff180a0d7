package page

import (
	"math"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/chart"
)

// A group is an allegation with its claims.
type group struct {
	probity.Alleged
	Results []claim
}

// A claim is a claim's result with its drawings.
type claim struct {
	*probity.ClaimResult
	Standing string // of its rule: "sealed", "changed" or "unsealed"
	Tests    []test
	Rates    rates
}

// rates are how often such findings erred, what bears on this one first.
type rates struct {
	Basis  string   // what they were measured on
	First  []string // of the error that the finding would be
	Others []string
}

func ratesOf(c *probity.ClaimResult) (r rates) {
	m := catalog.ErrorOf(c.Finding.Outcome())
	for _, text := range c.ErrorRates {
		if about, _ := m.Tells(text); about {
			r.First = append(r.First, text)
		} else if strings.HasPrefix(text, catalog.MeasuredOn) {
			r.Basis = text
		} else {
			r.Others = append(r.Others, text)
		}
	}
	return r
}

// A test is a test's result with its drawing and the same as rows.
type test struct {
	*probity.TestResult
	Drawing chart.SVG // empty if no witness tells of the period
	Scale   float64   // its top
	Beyond  float64   // how often the top of the scale goes into a threshold above it, 0 if that is on the scale
	Rows    []row
	Places  []string // the first of the population
	More    int      // how many places are left out
	Shown   []probity.Instance
	Left    int // instances left out
}

// A row is what the witnesses of a test say within a part of the period.
type row struct {
	probity.Span
	Cells []*probity.Step // one a witness, nil where it says nothing
}

// Notes are what is noted of a witness and does not stand among the parts of an
// indicator.
func (t test) Notes(w probity.WitnessValue) []string {
	if t.Indicator == nil {
		return w.Notes
	}
	return slices.DeleteFunc(slices.Clone(w.Notes), func(note string) bool {
		return slices.ContainsFunc(t.Indicator.Parts, func(p probity.IndicatorPart) bool { return p.Because == note })
	})
}

// because says why a part looks as it does, without its name, which stands
// beside it.
func because(p probity.IndicatorPart) string {
	name, rest, ok := strings.Cut(p.Because, ": ")
	if ok && strings.HasPrefix(name, p.Resource) {
		return rest
	}
	return p.Because
}

func groups(r *probity.Review, l *language) []group {
	of := map[string]int{}
	var out []group
	for i, a := range r.Allegations {
		of[a.ID] = i
		out = append(out, group{Alleged: a})
	}
	for i := range r.Claims {
		c := &r.Claims[i]
		n, ok := of[c.Allegation]
		if !ok { // a claim without its allegation is shown all the same
			n = len(out)
			of[c.Allegation] = n
			out = append(out, group{Alleged: probity.Alleged{ID: c.Allegation}})
		}
		x := claim{ClaimResult: c, Standing: standing(r, c.ID), Rates: ratesOf(c)}
		for k := range c.Tests {
			x.Tests = append(x.Tests, testOf(r, &c.Tests[k], l))
		}
		out[n].Results = append(out[n].Results, x)
	}
	return out
}

// standing says whether the rule of a claim was sealed before evidence was
// read.
func standing(r *probity.Review, id string) string {
	if !r.Plan.Sealed {
		return "unsealed"
	}
	for _, x := range r.Plan.NotAsSealed {
		if x.Rule == "claim/"+id {
			return "changed"
		}
	}
	return "sealed"
}

// The most places and instances that a test shows.
const (
	mostPlaces    = 12
	mostInstances = 200
)

func testOf(r *probity.Review, t *probity.TestResult, l *language) test {
	x := test{TestResult: t, Places: t.Population, Shown: t.Instances}
	if n := len(x.Places) - mostPlaces; n > 0 {
		x.Places, x.More = x.Places[:mostPlaces], n
	}
	for i, p := range x.Places {
		if rest, ok := strings.CutSuffix(p, "/"); ok { // an account itself
			x.Places = slices.Clone(x.Places)
			x.Places[i] = rest
		}
	}
	if n := len(x.Shown) - mostInstances; n > 0 {
		x.Shown, x.Left = x.Shown[:mostInstances], n
	}
	if len(t.Series) == 0 {
		return x
	}
	var values []float64
	for _, s := range t.Series {
		for i := range s.Steps {
			values = append(values, s.Steps[i].Seen)
			if u := s.Steps[i].Upper; u != nil {
				values = append(values, *u)
			}
		}
	}
	top := chart.Ceiling(values...)
	if t.Threshold <= 8*top { // a threshold far above would flatten what is to be seen
		top = chart.Ceiling(append(values, t.Threshold)...)
	} else {
		x.Beyond = t.Threshold / top
	}
	x.Scale = rounded(top)
	x.Drawing = drawing(r, t, top, x.Beyond > 0, l)
	x.Rows = rows(t.Series)
	return x
}

// drawing draws the witnesses of a test on one scale.
func drawing(r *probity.Review, t *probity.TestResult, top float64, beyond bool, l *language) chart.SVG {
	lanes := chart.Lanes{Period: r.Period, Threshold: t.Threshold, Top: top, RTL: l.rtl}
	says := []said{l.plain("chart.lanes", "top", l.amountText(rounded(top), t.Unit, t.Subject), "threshold", l.plain("threshold.is", "what", l.threshold(t)))}
	if beyond {
		says = append(says, l.plain("chart.above"))
	}
	for _, s := range t.Series {
		highest, impeached := 0.0, false
		for i := range s.Steps {
			highest = max(highest, s.Steps[i].Seen)
		}
		share := 0.0
		for _, w := range t.Witnesses {
			if w.Witness == s.Witness {
				share, impeached = w.Coverage, w.Impeached
			}
		}
		name, value := l.plain("w."+string(s.Witness)), l.amountText(highest, s.Unit, t.Subject)
		if impeached {
			name += " (" + l.plain("impeached") + ")"
		}
		label := l.plain("chart.label", "witness", name, "value", value) // short enough for a telephone
		lanes.Lanes = append(lanes.Lanes, chart.Lane{Label: string(label), Steps: s.Steps, Impeached: impeached})
		says = append(says, l.plain("chart.says", "witness", name, "value", value, "share", probity.Percent(share))+".")
	}
	lanes.Says = string(joined(says, " "))
	return lanes.Draw()
}

// rounded keeps three digits of a scale's top: it is no value of a witness.
func rounded(f float64) float64 {
	if f <= 0 {
		return f
	}
	unit := math.Pow(10, math.Floor(math.Log10(f))-2)
	if f < 100 {
		return math.Round(f*10) / 10
	}
	return math.Round(f/unit) * unit
}

// threshold writes what a test asks for, and of what.
func (l *language) threshold(t *probity.TestResult) said {
	s := l.asked(t)
	var narrow []said
	if t.After != "" {
		narrow = append(narrow, l.plain("in.after", "name", probity.Day(t.After)))
	}
	for _, x := range t.Where.Named() {
		narrow = append(narrow, l.plain("in."+x[0], "name", x[1]))
	}
	if len(narrow) > 0 {
		s += "; " + joined(narrow, ", ")
	}
	return s
}

// asked writes what a test asks for.
func (l *language) asked(t *probity.TestResult) said {
	if x := t.Indicator; x != nil {
		return said(probity.Plain(x.Question))
	}
	if strings.HasPrefix(t.Subject, "indicator") {
		return l.plain("asks.indicator")
	}
	amount := l.amountText(t.Threshold, t.Unit, t.Subject)
	if t.Text != "" && t.Unit != probity.One {
		amount = said(probity.Plain(t.Text)) // as the case writes it
	}
	s := l.plain("asks."+t.Relation, "amount", amount)
	if t.Aggregate != "" && l.messages["ag."+t.Aggregate] != "" {
		s = l.plain("ag."+t.Aggregate) + ": " + s
	} else if t.Aggregate != "" {
		s = said(probity.Plain(t.Aggregate)) + ": " + s
	}
	if t.Per != "" {
		s += " " + l.plain("per."+string(t.Per))
	}
	return s
}

// asks says what the test asks for.
func (l *language) asks(t test) said { return l.threshold(t.TestResult) }

// rows puts the steps of several witnesses beside one another: a row begins
// wherever a step of one of them begins.
func rows(series []probity.WitnessSeries) []row {
	var edges []time.Time
	for _, s := range series {
		for i := range s.Steps {
			edges = append(edges, s.Steps[i].From, s.Steps[i].Until)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	at := make([]int, len(series))
	var out []row
	for i := 0; i+1 < len(edges); i++ {
		x := row{Span: probity.Span{From: edges[i], Until: edges[i+1]}, Cells: make([]*probity.Step, len(series))}
		for k := range series {
			steps := series[k].Steps
			for at[k] < len(steps) && !steps[at[k]].Until.After(x.From) {
				at[k]++
			}
			if n := at[k]; n < len(steps) && !steps[n].From.After(x.From) {
				x.Cells[k] = &steps[n]
			}
		}
		out = append(out, x)
	}
	return out
}

// A tally is an outcome and the claims that have it.
type tally struct {
	Outcome probity.Outcome
	Claims  []*probity.ClaimResult
}

// tallies counts the claims by outcome, what says most first.
func tallies(r *probity.Review) []tally {
	var out []tally
	for _, o := range outcomes {
		x := tally{Outcome: o}
		for i := range r.Claims {
			if r.Claims[i].Finding.Outcome() == o {
				x.Claims = append(x.Claims, &r.Claims[i])
			}
		}
		out = append(out, x)
	}
	return out
}

// outcomes are all of them, in the order in which the page names them.
var outcomes = []probity.Outcome{probity.Supported, probity.SupportedInPart, probity.Contradicted, probity.NotSupported, probity.Undetermined, probity.NotAssessed}

// A change is a claim and what, if it came in, could change its finding.
type change struct {
	ID    string
	Texts []string
}

func changes(r *probity.Review) (out []change, settled []string) {
	for i := range r.Claims {
		if c := &r.Claims[i]; len(c.WouldChange) > 0 {
			out = append(out, change{c.ID, c.WouldChange})
		} else {
			settled = append(settled, c.ID)
		}
	}
	return out, settled
}
