package assess

import (
	"math"
	"sort"
	"strconv"
	"time"

	"probity"
	"probity/internal/coverage"
)

// windows are the stretches of the period over which a test's values are
// formed before they are aggregated.
type windows struct {
	bounds [][2]int // hours of the grid, half-open
	of     []int    // the window of each hour
}

// cut returns the windows of a test: by hour, day or month as it says; else
// the whole period for the sum of a flow, and hours for anything else.
func cut(g coverage.Grid, t *probity.Test) windows {
	w := windows{of: make([]int, g.N)}
	label := func(h int) int64 { return int64(h) }
	at := func(h int) time.Time { return time.Unix(g.Start+int64(h)*3600, 0).UTC() }
	switch {
	case t.Per == probity.PerDay:
		label = func(h int) int64 { return int64(g.Day(h)) }
	case t.Per == probity.PerMonth:
		label = func(h int) int64 { return int64(at(h).Year()*12) + int64(at(h).Month()) }
	case t.Per == "" && !t.Quantity.Level() && t.Aggregate == "sum":
		label = func(int) int64 { return 0 }
	}
	for h := range g.N {
		if h == 0 || label(h) != label(h-1) {
			w.bounds = append(w.bounds, [2]int{h, h})
		}
		n := len(w.bounds) - 1
		w.bounds[n][1], w.of[h] = h+1, n
	}
	return w
}

// aggregate makes one number of the windows' values, and says which window it
// stands in, -1 if in several. Every aggregate grows with each value, so that
// an aggregate of lower bounds is a lower bound.
func aggregate(kind probity.Aggregate, values []float64) (float64, int) {
	if len(values) == 0 {
		return 0, -1
	}
	switch kind {
	case "sum", "mean":
		total := 0.0
		for _, v := range values {
			total += v
		}
		if kind == "mean" {
			total /= float64(len(values))
		}
		return total, -1
	case "last":
		return values[len(values)-1], len(values) - 1
	}
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return values[order[i]] < values[order[j]] })
	at := len(order) - 1
	switch {
	case kind == "min":
		at = 0
	case len(kind) > 1 && kind[0] == 'p': // nearest rank
		p, _ := strconv.Atoi(string(kind[1:]))
		at = max(int(math.Ceil(float64(p)/100*float64(len(order))))-1, 0)
	default: // of equal highest values the first
		for at > 0 && values[order[at-1]] == values[order[at]] {
			at--
		}
	}
	return values[order[at]], order[at]
}
