package calibrate

import (
	"bytes"
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"probity"
	"probity/catalog"
)

// The exact interval has known values: the rule of three for no events, and a
// published one for 10 of 100.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 100, 0, 0.03622}, {100, 100, 0.96378, 1}, {10, 100, 0.04900, 0.17622}, {1, 1, 0.025, 1}, {0, 0, 0, 1}} {
		low, high := bounds(c.k, c.n)
		if math.Abs(low-c.low) > 2e-5 || math.Abs(high-c.high) > 2e-5 {
			t.Errorf("%d of %d: %.5f to %.5f, want %.5f to %.5f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// The same seed and number give the same estate and the same outcome; another
// number another estate.
func TestSameSeedSameOutcome(t *testing.T) {
	run := func(first int) []byte {
		var list []Outcome
		if err := Run(context.Background(), Config{Seed: 1, First: first, Estates: 1, Scratch: t.TempDir()}, func(o Outcome) error { list = append(list, o); return nil }); err != nil {
			t.Fatal(err)
		}
		text, err := Lines(list)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	a, b, c := run(0), run(0), run(1)
	if !bytes.Equal(a, b) {
		t.Errorf("two runs of one estate:\n%s%s", a, b)
	}
	if bytes.Equal(a, c) {
		t.Error("two estates are alike")
	}
	back, err := ParseLines(append(a, c...))
	if err != nil || len(back) != 2 || len(back[0].Claims) < 10 || len(back[0].Intervals) == 0 {
		t.Errorf("read back: %v, %v", back, err)
	}
}

// Every fault is drawn sooner or later, and every profile.
func TestDrawsEverything(t *testing.T) {
	seen := map[string]bool{}
	for i := range 150 {
		e, err := draw(7, i)
		if err != nil {
			t.Fatal(err)
		}
		seen[e.fault.Name] = true
		for _, p := range e.profiles {
			seen[p] = true
		}
		for k, c := range e.claims {
			if c.level && c.value <= 0 && c.holds {
				t.Errorf("estate %d, claim %d holds of nothing", i, k)
			}
		}
	}
	for _, want := range []string{"", "drop_lines", "lose_lines", "fabricate_lines", "delete_setting", "contact-centre", "calls-g729", "software-mirror"} {
		if !seen[want] {
			t.Errorf("%q was never drawn", want)
		}
	}
}

// The scoring tells a discrepancy that the fault is the cause of from one that
// nothing is, and bounds that hold the truth from those that do not.
func TestScore(t *testing.T) {
	e, err := draw(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	e.fault = Fault{Name: "drop_lines", Share: 0.01, Day: e.scenario.From.Format("2006-01-02")}
	day := probity.Span{From: e.scenario.From, Until: e.scenario.From.AddDate(0, 0, 1)}
	d := func(resource string, s probity.Span, r probity.Reading) probity.Discrepancy {
		return probity.Discrepancy{Quantity: probity.Requests, Left: probity.Logged, Right: probity.Metered, Resource: resource, Span: s, Reading: r}
	}
	next := probity.Span{From: day.Until, Until: day.Until.AddDate(0, 0, 1)}
	for _, c := range []struct {
		what  string
		x     probity.Discrepancy
		false int
		found bool
	}{
		{"the fault's", d("firststore", day, probity.LogShort), 0, true},
		{"of another day", d("firststore", next, probity.LogShort), 1, false},
		{"of another store", d("secondstore", day, probity.LogShort), 1, false},
		{"the other way", d("firststore", day, probity.LogExcess), 1, false},
	} {
		o := score(0, e, &probity.Review{Discrepancies: []probity.Discrepancy{c.x}})
		if len(o.False) != c.false || o.Found != c.found {
			t.Errorf("%s: false %v, found %v", c.what, o.False, o.Found)
		}
	}
	upper := func(v float64) *float64 { return &v }
	truth := claim{subject: "requests", value: 1000, level: true}
	for _, c := range []struct {
		w    probity.WitnessValue
		want string
	}{
		{probity.WitnessValue{Value: 999, Bound: probity.Below}, "holds"},
		{probity.WitnessValue{Value: 1002, Bound: probity.Below}, "fails"},
		{probity.WitnessValue{Value: 990, Bound: probity.Both, Upper: upper(995)}, "fails"},
		{probity.WitnessValue{Value: 2000, Bound: probity.Above, Upper: upper(2000)}, "holds"},
		{probity.WitnessValue{Value: 2000, Bound: probity.Both, Impeached: true}, "says nothing"},
		{probity.WitnessValue{Value: 2000, Bound: probity.Neither}, "says nothing"},
	} {
		got := "says nothing"
		if x := intervals(truth, &probity.ClaimResult{Witnesses: []probity.WitnessValue{c.w}}); len(x) == 1 {
			got = map[bool]string{true: "holds", false: "fails"}[x[0].Holds]
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.w, got, c.want)
		}
	}
}

// Counting: each claim once by what it is, supported ones that do not hold as
// false.
func TestRates(t *testing.T) {
	r, err := Rates(3, []Outcome{
		{Profiles: []string{"podcast"}, Claims: []ClaimOutcome{{Subject: "indicator: speech_archive", Profile: "podcast", Finding: "supported"}}},
		{Profiles: []string{"contact-centre"}, Fault: "drop_lines", Share: 0.01, Lines: 9, Found: true, Claims: []ClaimOutcome{
			{Subject: "indicator: speech_archive", Profile: "contact-centre", Holds: true, Finding: "supported", Innocent: true},
			{Subject: "requests", Holds: true, Finding: "contradicted"}}, False: []string{"x"}, Intervals: []Interval{{"requests", "metered", false}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int{}
	for _, x := range r.Rows {
		got[strings.Join([]string{x.Subject, string(x.Measure), x.By, x.Of}, "|")] = [2]int{x.Events, x.Trials}
	}
	for k, want := range map[string][2]int{
		"indicator: speech_archive|false_support||":                                          {1, 1},
		"indicator: speech_archive|false_support|profile|podcast":                            {1, 1},
		"indicator: speech_archive|missed||":                                                 {0, 1},
		"estates|false_support||no recordings of calls in it":                                {1, 1},
		"requests|false_contradiction||":                                                     {1, 1},
		"discrepancies|fault_found|size|drop_lines, 1 % of a day":                            {1, 1},
		"discrepancies|fault_found|size|drop_lines, 1 % of a day with at least 400 requests": {1, 1},
		"discrepancies|false_discrepancy|fault|drop_lines":                                   {1, 1},
		"requests|interval_holds|witness|metered":                                            {0, 1},
	} {
		if got[k] != want {
			t.Errorf("%s: %v, want %v", k, got[k], want)
		}
	}
	page := string(Markdown(r))
	if !strings.Contains(page, "1 of 1") || !strings.Contains(page, "| no |") {
		t.Errorf("the page does not say that a target was missed:\n%s", page)
	}
}

// The page is what the rates give, and the rates are what the outcomes give.
func TestPageAndRatesAreCheckedIn(t *testing.T) {
	e, err := catalog.Rates()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/error-rates.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, Markdown(e)) {
		t.Error("docs/error-rates.md is not what catalog/error-rates.json gives: run probity calibrate --write")
	}
	list, err := ParseLines(catalog.Outcomes())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Rates(e.Seed, list)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != e.Estates || len(again.Rows) != len(e.Rows) {
		t.Fatalf("%d outcomes and %d rows, the rates say %d and %d", len(list), len(again.Rows), e.Estates, len(e.Rows))
	}
	for i := range again.Rows {
		if again.Rows[i].Events != e.Rows[i].Events || again.Rows[i].Trials != e.Rows[i].Trials || again.Rows[i].Of != e.Rows[i].Of {
			t.Errorf("row %d: %+v, the outcomes give %+v", i, e.Rows[i], again.Rows[i])
		}
	}
}
