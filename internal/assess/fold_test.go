package assess

import (
	"math"
	"testing"
	"time"

	"probity"
	"probity/internal/coverage"
)

var day0 = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func grid(hours int) coverage.Grid {
	return coverage.NewGrid(probity.Span{From: day0, Until: day0.Add(time.Duration(hours) * time.Hour)})
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name  string
		test  probity.Test
		hours int
		want  int
	}{
		{"hours of a flow", probity.Test{Quantity: probity.Requests, Aggregate: "max"}, 48, 48},
		{"days", probity.Test{Quantity: probity.Requests, Aggregate: "max", Per: probity.PerDay}, 48, 2},
		{"months", probity.Test{Quantity: probity.Requests, Aggregate: "max", Per: probity.PerMonth}, 24 * 33, 2},
		{"the period for a sum", probity.Test{Quantity: probity.Requests, Aggregate: "sum"}, 48, 1},
		{"hours of a level", probity.Test{Quantity: probity.BytesStored, Aggregate: "max"}, 48, 48},
	} {
		w := cut(grid(c.hours), &c.test)
		if len(w.bounds) != c.want || w.bounds[len(w.bounds)-1][1] != c.hours || w.of[c.hours-1] != c.want-1 {
			t.Errorf("%s: %d windows, want %d", c.name, len(w.bounds), c.want)
		}
	}
}

func TestStep(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		days []float64
		want float64
	}{
		{[]float64{1, 2, 4}, 4}, {[]float64{5}, nan}, {[]float64{1, nan, 4}, nan}, {[]float64{9, 9}, 0},
	} {
		if got := step(c.days); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v: %v, want %v", c.days, got, c.want)
		}
	}
}

// Steps are whole days, few, cover the period once, and keep each window whole.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name  string
		test  probity.Test
		hours int
		most  int
	}{
		{"a week by hour", probity.Test{Quantity: probity.Requests, Aggregate: "max"}, 24 * 7, 7},
		{"three years by hour", probity.Test{Quantity: probity.Requests, Aggregate: "max"}, 24 * 1096, probity.MaxSteps},
		{"three years by month", probity.Test{Quantity: probity.Requests, Aggregate: "max", Per: probity.PerMonth}, 24 * 1096, 37},
		{"the period for a sum", probity.Test{Quantity: probity.Requests, Aggregate: "sum"}, 24 * 40, 1},
	} {
		g := grid(c.hours)
		w := cut(g, &c.test)
		period := probity.Span{From: day0, Until: day0.Add(time.Duration(c.hours) * time.Hour)}
		f := fold{a: &assessor{in: Input{Case: &probity.Case{Period: period}}}, t: &c.test, g: g, w: w}
		covered := make([]int, g.N)
		for i := range w.bounds {
			f.low, f.high, f.seen = append(f.low, float64(i)), append(f.high, float64(i+1)), append(f.seen, float64(i))
		}
		for h := range covered {
			covered[h] = 1
		}
		covered[0] = 0
		steps := f.steps(covered, 1)
		if len(steps) == 0 || len(steps) > c.most || !steps[0].From.Equal(period.From) || !steps[len(steps)-1].Until.Equal(period.Until) {
			t.Fatalf("%s: %d steps: %v", c.name, len(steps), steps)
		}
		for i := 1; i < len(steps); i++ {
			if !steps[i].From.Equal(steps[i-1].Until) {
				t.Errorf("%s: step %d begins at %s, and the one before ends at %s", c.name, i, steps[i].From, steps[i-1].Until)
			}
		}
		if steps[0].Upper != nil || steps[0].Covered >= 1 {
			t.Errorf("%s: an hour without records leaves no upper bound: %+v", c.name, steps[0])
		}
		if last := steps[len(steps)-1]; len(steps) > 1 && (last.Upper == nil || *last.Upper != float64(len(w.bounds)) || last.Lower == nil || *last.Lower != float64(len(w.bounds)-1)) {
			t.Errorf("%s: the last step is %+v, and its highest window is the last", c.name, last)
		}
	}
}

func TestDoubt(t *testing.T) {
	v := 3.0
	y := testimony{steps: []probity.Step{{Seen: 3, Lower: &v, Upper: &v}}, isShort: true}
	if y.doubt(); y.steps[0].Upper != nil || y.steps[0].Lower == nil {
		t.Errorf("a witness that falls short bounds from below alone: %+v", y.steps[0])
	}
	y.impeached = true
	if y.doubt(); y.steps[0].Lower != nil {
		t.Errorf("an impeached witness bounds nothing: %+v", y.steps[0])
	}
}
