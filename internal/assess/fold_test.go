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
