package assess

import (
	"math"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
	"probity/internal/reconcile"
)

// A testimony is what one witness says in a test: between which values the
// truth lies, as far as the witness goes.
type testimony struct {
	witness   probity.Witness
	bound     probity.Bound
	low       float64 // a sound lower bound
	high      float64 // a sound upper bound, +Inf where any cell is uncovered
	seen      float64 // what the records show, bound or not
	at        *probity.Span
	coverage  float64 // share of members x hours
	impeached bool
	short     float64 // by how much other witnesses show that this one falls short
	isShort   bool
	adrift    bool // unread ranges that nothing places: they could hold anything
	notes     []string
	steps     []probity.Step // the same over the period
}

// testify folds a witness's points over the population into bounds.
func (a *assessor) testify(t *probity.Test, s *measure.Series, members []member) testimony {
	f := fold{a: a, t: t, s: s, g: a.in.Coverage.Grid, w: cut(a.in.Coverage.Grid, t)}
	f.low, f.high, f.seen = make([]float64, len(f.w.bounds)), make([]float64, len(f.w.bounds)), make([]float64, len(f.w.bounds))
	hours, at := 0, make([]int, f.g.N) // covered cells, in all and by hour
	for i := range members {
		m := &members[i]
		h := covered(a.in.Coverage, a.in.Set, s, m)
		hours += h.Count()
		for hour := range f.g.N {
			if h.Has(hour) {
				at[hour]++
			} else {
				f.high[f.w.of[hour]] = math.Inf(1)
			}
		}
	}
	if t.Quantity.Level() {
		f.levels(members)
	} else {
		f.flows(members)
	}
	y := testimony{witness: s.Witness, bound: f.bound(), adrift: a.in.Coverage.UnlocatedUnread(s.Witness)}
	if y.bound == "" {
		y.bound = s.Bound
		if t.Where.Container != "" && !knowsContainers(s.Witness) {
			y.bound = withoutLower(y.bound)
		}
	}
	if cells := len(members) * f.g.N; cells > 0 {
		y.coverage = float64(hours) / float64(cells)
	}
	y.low, _ = aggregate(t.Aggregate, f.low)
	y.high, _ = aggregate(t.Aggregate, f.high)
	var window int
	if y.seen, window = aggregate(t.Aggregate, f.seen); window >= 0 && y.seen > 0 {
		span := f.g.Span(f.w.bounds[window][0], f.w.bounds[window][1]).Intersect(a.in.Case.Period)
		y.at = &span
	}
	a.weigh(&y, t, members)
	y.steps = f.steps(at, len(members))
	y.doubt()
	return y
}

// knowsContainers reports whether the witness tells containers apart.
func knowsContainers(w probity.Witness) bool { return w == probity.Logged || w == probity.Listed }

func withoutLower(b probity.Bound) probity.Bound {
	if b.Upper() {
		return probity.Above
	}
	return probity.Neither
}

// weigh adds what the reconciliation says of the witness within the test.
func (a *assessor) weigh(y *testimony, t *probity.Test, members []member) {
	for i := range a.in.Discrepancies {
		d := &a.in.Discrepancies[i]
		if d.Left == d.Right || !concerns(members, a.in.Set.Directory, d) {
			continue
		}
		if d.Impeaches == y.witness && (d.Quantity == t.Quantity || sameLines(y.witness, d.Quantity, t.Quantity)) {
			y.impeached = true
		}
		if d.Quantity == t.Quantity && d.Reading == probity.ReadingOf(y.witness, true) {
			y.isShort = true
			y.short += math.Abs(d.LeftValue - d.RightValue)
		}
	}
}

// sameLines reports whether a witness tells of two quantities by the same
// records: a log that holds requests which no meter saw is not believed about
// the bytes of requests either.
func sameLines(w probity.Witness, a, b probity.Quantity) bool {
	return w == probity.Logged && !a.Level() && !b.Level()
}

func concerns(members []member, d *measure.Directory, x *probity.Discrepancy) bool {
	for i := range members {
		m := &members[i]
		if m.kind == ofResource && m.account == x.Account && d.Resources[m.resource].Name == x.Resource {
			return true
		}
	}
	return false
}

// A fold adds up the points of one witness by window.
type fold struct {
	a               *assessor
	t               *probity.Test
	s               *measure.Series
	g               coverage.Grid
	w               windows
	low, high, seen []float64
	points          int
	lower, open     bool // a point is a lower bound; a point is no upper one
}

// bound is how the points together bound the truth: a lower bound of a part is
// one of the whole, an upper bound of a part is none.
func (f *fold) bound() probity.Bound {
	switch {
	case f.points == 0:
		return ""
	case f.lower && !f.open:
		return probity.Both
	case f.lower:
		return probity.Below
	case !f.open:
		return probity.Above
	}
	return probity.Neither
}

// takes reports whether a point belongs to the test's container, and whether
// that is unsure because the witness does not know containers.
func (f *fold) takes(p *measure.Point) (in, unsure bool) {
	if f.t.Where.Container == "" {
		return true, false
	}
	name := f.a.in.Set.Directory.Containers[p.Container]
	if name == "" {
		return true, !knowsContainers(f.s.Witness)
	}
	return name == f.t.Where.Container, false
}

func (f *fold) meet(b probity.Bound) {
	f.points++
	f.lower = f.lower || b.Lower()
	f.open = f.open || !b.Upper()
}

// flows adds up a flow. A point that lies in one window counts there; one that
// spans several, or reaches beyond the period, could lie wholly in each.
func (f *fold) flows(members []member) {
	start, end := f.a.in.Case.Period.From.Unix(), f.a.in.Case.Period.Until.Unix()
	for i := range members {
		m := &members[i]
		if m.resource < 0 {
			continue
		}
		points := f.s.Of(m.resource)
		for k := range points {
			p := &points[k]
			a, b := f.g.Range(p.From, p.Until)
			in, unsure := f.takes(p)
			if !in || a >= b || p.Bound == probity.Neither {
				continue
			}
			bound := p.Bound
			first, last := f.w.of[a], f.w.of[b-1]
			if unsure || m.maybe || first != last || p.From < start || p.Until > end {
				bound = withoutLower(bound)
			}
			f.meet(bound)
			for n := first; n <= last; n++ {
				f.seen[n] += p.Value
				if bound.Lower() {
					f.low[n] += p.Value
				}
				if bound.Upper() {
					f.high[n] += p.Value
				} else {
					f.high[n] = math.Inf(1)
				}
			}
		}
	}
}

// levels adds up a level by hour over the members. Between two readings of a
// level, more could have been there: the upper bound gets twice the largest
// step from one day to the next.
func (f *fold) levels(members []member) {
	low, high, seen := make([]float64, f.g.N), make([]float64, f.g.N), make([]float64, f.g.N)
	days := make([]float64, f.g.Days())
	for i := range members {
		m := &members[i]
		if m.resource < 0 {
			continue
		}
		var own []measure.Point
		points := f.s.Of(m.resource)
		for k := range points {
			if in, unsure := f.takes(&points[k]); in && points[k].Bound != probity.Neither {
				p := points[k]
				if unsure || m.maybe {
					p.Bound = withoutLower(p.Bound)
				}
				f.meet(p.Bound)
				own = append(own, p)
			}
		}
		f.addReadings(own, low, high, seen)
		for d, v := range reconcile.DayMeans(f.g, own) {
			days[d] += v // NaN where a member has none: such a step is not known
		}
	}
	slack := step(days)
	tight := f.t.Aggregate == "max" || f.t.Aggregate == "mean"
	for h := range f.g.N {
		n := f.w.of[h]
		extra := slack
		if math.IsNaN(extra) {
			extra = 0.01 * high[h]
		}
		f.high[n] = math.Max(f.high[n], high[h]+extra)
		f.seen[n] = math.Max(f.seen[n], seen[h])
		if !tight {
			low[h] = math.Max(low[h]-extra, 0)
		}
		f.low[n] = math.Max(f.low[n], low[h])
	}
}

// addReadings adds one resource's readings to the hours that they stand for.
// Of two readings for the same hour the smaller is the lower bound and the
// larger the upper one.
func (f *fold) addReadings(points []measure.Point, low, high, seen []float64) {
	type span struct{ from, until int64 }
	type reading struct {
		span
		value float64
		bound probity.Bound
	}
	var readings []reading
	at := map[span]int{}
	for _, p := range points {
		k := span{p.From, p.Until}
		n, ok := at[k]
		if !ok {
			n = len(readings)
			at[k] = n
			readings = append(readings, reading{k, 0, p.Bound})
		}
		readings[n].value += p.Value
		readings[n].bound = readings[n].bound.And(p.Bound)
	}
	lo, hi := make([]float64, f.g.N), make([]float64, f.g.N)
	known := make([]bool, f.g.N)
	open := make([]bool, f.g.N)
	for _, r := range readings {
		a, b := f.g.Range(r.from, r.until)
		for h := a; h < b; h++ {
			v := r.value
			if !r.bound.Upper() {
				open[h] = true
			}
			hi[h] = math.Max(hi[h], v)
			if !r.bound.Lower() {
				v = 0
			}
			if !known[h] || v < lo[h] {
				lo[h] = v
			}
			known[h] = true
		}
	}
	for h := range f.g.N {
		low[h], seen[h] = low[h]+lo[h], seen[h]+hi[h]
		if open[h] {
			high[h] = math.Inf(1)
		} else {
			high[h] += hi[h]
		}
	}
}

// step returns twice the largest step from one day to the next, NaN if no two
// days that follow one another are known.
func step(days []float64) float64 {
	most := math.NaN()
	for i := 1; i < len(days); i++ {
		if s := 2 * math.Abs(days[i]-days[i-1]); !math.IsNaN(s) && (math.IsNaN(most) || s > most) {
			most = s
		}
	}
	return most
}
