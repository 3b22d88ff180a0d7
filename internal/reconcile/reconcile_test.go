package reconcile

import (
	"testing"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
)

func pairOf(q probity.Quantity, left, right probity.Witness, tolerance float64) *pair {
	return &pair{q: q, left: &measure.Series{Quantity: q, Witness: left}, right: &measure.Series{Quantity: q, Witness: right}, tolerance: tolerance}
}

// The relation that two bounds imply decides what a difference means.
func TestCompare(t *testing.T) {
	const below, above, both = probity.Below, probity.Above, probity.Both
	for _, c := range []struct {
		name      string
		left      probity.Witness
		day       day
		reading   probity.Reading
		impeaches probity.Witness
	}{
		{"agreement", probity.Logged, day{left: 1000, right: 1000, leftBound: below, rightBound: both}, "", ""},
		{"within the tolerance", probity.Logged, day{left: 9995, right: 10000, leftBound: below, rightBound: both}, "", ""},
		{"three units", probity.Logged, day{left: 7, right: 10, leftBound: below, rightBound: both}, "", ""},
		{"four units", probity.Logged, day{left: 6, right: 10, leftBound: below, rightBound: both}, probity.LogShort, ""},
		{"a withheld day", probity.Logged, day{left: 0, right: 48211, leftBound: below, rightBound: both, leftSilent: true}, probity.LogShort, ""},
		{"more logged than metered", probity.Logged, day{left: 1200, right: 1000, leftBound: below, rightBound: both}, probity.LogExcess, probity.Logged},
		{"more logged than an upper bound", probity.Logged, day{left: 1200, right: 1000, leftBound: below, rightBound: above}, probity.LogExcess, probity.Logged},
		{"less logged than an upper bound", probity.Logged, day{left: 100, right: 1000, leftBound: below, rightBound: above}, "", ""},
		{"logged before midnight, metered after", probity.Logged, day{left: 990, right: 1000, leftBound: below, rightBound: both, moved: 9}, "", ""},
		{"metered before midnight, logged after", probity.Logged, day{left: 1010, right: 1000, leftBound: below, rightBound: both, moved: -9}, "", ""},
		{"more than the hours beside it make up for", probity.Logged, day{left: 900, right: 1000, leftBound: below, rightBound: both, moved: 9}, probity.LogShort, ""},
		{"a silent meter", probity.Logged, day{left: 1200, right: 0, leftBound: below, rightBound: both, rightSilent: true}, probity.MetricShort, ""},
	} {
		v := pairOf(probity.Requests, c.left, probity.Metered, 0.001).compare(&c.day)
		if v.reading != c.reading || v.impeaches != c.impeaches {
			t.Errorf("%s: %q, impeaches %q; want %q, %q", c.name, v.reading, v.impeaches, c.reading, c.impeaches)
		}
	}
}

// Of a level the day's own growth is allowed.
func TestCompareLevels(t *testing.T) {
	p := pairOf(probity.BytesStored, probity.Metered, probity.Billed, 0.01)
	d := day{left: 900, right: 1000, leftBound: probity.Both, rightBound: probity.Both, slack: 120}
	if v := p.compare(&d); v.reading != "" {
		t.Errorf("within the day's growth: %s", v.reading)
	}
	d.slack = 20
	if v := p.compare(&d); v.reading != probity.MetricShort {
		t.Errorf("beyond it: %q", v.reading)
	}
	d.left, d.right = 1000, 900
	if v := p.compare(&d); v.reading != probity.MetricExcess || v.impeaches != "" {
		t.Errorf("the other way: %q, impeaches %q", v.reading, v.impeaches)
	}
}

func TestTolerance(t *testing.T) {
	c := &probity.Case{Tolerances: []probity.Tolerance{{Quantity: probity.Requests, Between: [2]probity.Witness{probity.Metered, probity.Logged}, Share: 0.2}}}
	if got := Tolerance(c, probity.Requests, probity.Logged, probity.Metered); got != 0.2 {
		t.Errorf("declared: %v", got)
	}
	for q, want := range map[probity.Quantity]float64{probity.ObjectsWritten: 0.001, probity.BytesStored: 0.01, probity.BytesEgressed: 0.05, probity.SpeechSeconds: 0.01} {
		if got := Tolerance(c, q, probity.Logged, probity.Metered); got != want {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}

// The letters GB stand for two things; a difference of that size is named.
func TestBenign(t *testing.T) {
	p := pairOf(probity.BytesStored, probity.Metered, probity.Billed, 0.01)
	d := probity.Discrepancy{Quantity: probity.BytesStored, Left: probity.Metered, Right: probity.Billed, Unit: probity.Byte, LeftValue: 1e12, RightValue: 1e12 * 1.073741824, Reading: probity.MetricShort}
	found := ""
	for _, b := range benign(&d, p) {
		if b.Cause == "GB against GiB" {
			found = b.Result
		}
	}
	if found != "explains" {
		t.Errorf("GB against GiB: %q", found)
	}
	d.RightValue = 1.5e12
	for _, b := range benign(&d, p) {
		if b.Cause == "GB against GiB" && b.Result != "does_not_explain" {
			t.Errorf("half as much again: %q", b.Result)
		}
	}
}

// Where as much is deleted as comes, a level moves within the day by what is
// written, and that is no discrepancy; more than that is one.
func TestTurnover(t *testing.T) {
	const length = 86400
	g := coverage.Grid{N: 48}
	series := func(q probity.Quantity, w probity.Witness, values ...float64) *measure.Series {
		s := &measure.Series{Quantity: q, Witness: w, Bound: probity.Both}
		for i, v := range values {
			s.Points = append(s.Points, measure.Point{From: int64(i) * length, Until: int64(i+1) * length, Value: v, Bound: probity.Both})
		}
		return s
	}
	whole := coverage.NewHours(g.N)
	whole.Add(0, g.N)
	for _, c := range []struct {
		written float64
		want    probity.Reading
	}{{100, ""}, {20, probity.MetricExcess}} {
		p := pair{q: probity.BytesStored, left: series(probity.BytesStored, probity.Metered, 1000, 1000), right: series(probity.BytesStored, probity.Billed, 940, 950), tolerance: 0.01, days: make([]day, g.Days())}
		p.turned = turnover(g, &measure.Set{Series: []*measure.Series{series(probity.BytesWritten, probity.Metered, c.written, c.written)}}, p.q, 0)
		p.fillLevels(g, whole, whole, coverage.NewHours(g.N), coverage.NewHours(g.N))
		if v := p.compare(&p.days[0]); v.reading != c.want {
			t.Errorf("%v written a day: %q, want %q", c.written, v.reading, c.want)
		}
	}
	if turnover(g, &measure.Set{}, probity.Requests, 0) != nil {
		t.Error("a flow has no turnover")
	}
}
