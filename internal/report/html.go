package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"sort"
	"strings"

	"probity"
)

//go:embed page.html
var pageText string

// mostRows is how many rows of a kind the page shows.
const mostRows = 2000

// HTML writes the review as one self-contained page: no script, nothing that
// is fetched.
func HTML(w io.Writer, r *probity.Review) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"clean": clean, "place": place, "amount": amount, "percent": probity.Percent, "words": outcomeWords, "class": outcomeClass, "bearing": bearing,
		"threshold": threshold, "bound": func(b probity.Bound) string { return bounds[b] }, "reading": func(x probity.Reading) string { return readings[x] },
		"count": count, "plural": plural, "bars": bars, "result": func(s string) string { return strings.ReplaceAll(s, "_", " ") },
		"short": func(s string) string { return fmt.Sprintf("%.12s", s) },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return page.Execute(w, pageOf(r))
}

// A page is what the template shows.
type page struct {
	*probity.Review
	Groups            []group
	Discrepancies     []probity.Discrepancy
	MoreDiscrepancies int
	Gaps              []probity.Gap
	MoreGaps          int
	Exhibits          []probity.Exhibit
	MoreExhibits      int
	Kinds             []fileKind
	Troubles          []probity.Integrity
	Noted             []probity.Exhibit
	Strips            []strip
	Causes            []probity.Cause
	Outcomes          []glossary
}

// A group is an allegation with its claims.
type group struct {
	probity.Alleged
	Results []*probity.ClaimResult
}

type glossary struct{ Word, Class, Meaning string }

func pageOf(r *probity.Review) *page {
	p := &page{Review: r, Kinds: byKind(r), Troubles: troubles(r), Noted: noted(r), Strips: strips(r), Causes: causesOf(r.Gaps)}
	for _, a := range r.Allegations {
		g := group{Alleged: a}
		for i := range r.Claims {
			if r.Claims[i].Allegation == a.ID {
				g.Results = append(g.Results, &r.Claims[i])
			}
		}
		p.Groups = append(p.Groups, g)
	}
	p.Discrepancies, p.MoreDiscrepancies = most(r.Discrepancies)
	p.Gaps, p.MoreGaps = most(r.Gaps)
	p.Exhibits, p.MoreExhibits = most(r.Exhibits)
	for _, o := range []probity.Outcome{probity.Supported, probity.SupportedInPart, probity.Contradicted, probity.NotSupported, probity.Undetermined, probity.NotAssessed} {
		p.Outcomes = append(p.Outcomes, glossary{outcomeWords(o), outcomeClass(o), meanings[o]})
	}
	return p
}

var meanings = map[probity.Outcome]string{
	probity.Supported:       "a sound lower bound reaches the threshold: at least that much happened",
	probity.SupportedInPart: "some of the claim's tests are supported, others are not",
	probity.Contradicted:    "a sound upper bound, with full coverage of the whole population and period, stays under the threshold",
	probity.NotSupported:    "only lower bounds exist; they stay under the threshold, and their coverage meets the minimum that was declared beforehand",
	probity.Undetermined:    "none of these, because coverage is short: a limitation of scope. The gaps say why",
	probity.NotAssessed:     "no test of the claim could be run",
}

func most[T any](list []T) ([]T, int) {
	if len(list) > mostRows {
		return list[:mostRows], len(list) - mostRows
	}
	return list, 0
}

// A bar is a witness's value on the scale of its test.
type bar struct {
	probity.WitnessValue
	Value, Mark float64 // percent of the scale
}

// bars puts the values of a test and its threshold on one scale.
func bars(t *probity.TestResult) []bar {
	top := t.Threshold
	for _, w := range t.Witnesses {
		top = math.Max(top, w.Value)
	}
	at := func(v float64) float64 {
		if top <= 0 || v <= 0 {
			return 0
		}
		return math.Round(1000*v/top) / 10
	}
	var out []bar
	for _, w := range t.Witnesses {
		out = append(out, bar{w, at(w.Value), at(t.Threshold)})
	}
	return out
}

// A strip shows over the period which spans a witness does not cover at a
// resource.
type strip struct {
	Witness probity.Witness
	Place   string
	Spans   []stripSpan
}

type stripSpan struct {
	X, Width float64 // percent of the period
	Cause    probity.Cause
	Title    string
}

func rank(c probity.Cause) int {
	for i, x := range probity.Causes {
		if x == c {
			return i
		}
	}
	return len(probity.Causes)
}

// strips draws the gaps, one line for each witness and resource that has any.
func strips(r *probity.Review) []strip {
	whole := r.Period.Hours()
	if whole <= 0 {
		return nil
	}
	at := map[string]int{}
	var out []strip
	for i := range r.Gaps {
		g := &r.Gaps[i]
		k := string(g.Witness) + "\x00" + g.Account + "\x00" + g.Resource
		n, ok := at[k]
		if !ok {
			if len(out) >= 60 {
				continue
			}
			n = len(out)
			at[k] = n
			out = append(out, strip{Witness: g.Witness, Place: place(g.Account, g.Resource)})
		}
		span := g.Span.Intersect(r.Period)
		out[n].Spans = append(out[n].Spans, stripSpan{
			X: 100 * span.From.Sub(r.Period.From).Hours() / whole, Width: math.Max(100*span.Hours()/whole, 0.2),
			Cause: g.Cause, Title: fmt.Sprintf("%s: %s, %s", g.Span, g.Cause, strings.Join(g.Streams, ", "))})
	}
	for i := range out { // what is known is drawn over what is not
		sort.SliceStable(out[i].Spans, func(a, b int) bool { return rank(out[i].Spans[a].Cause) > rank(out[i].Spans[b].Cause) })
	}
	return out
}
