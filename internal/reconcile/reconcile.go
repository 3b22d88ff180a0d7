// Package reconcile sets witness against witness: the same quantity of the
// same resource over the same spans must agree as far as their bounds imply.
// What exceeds the tolerance is a discrepancy.
package reconcile

import (
	"math"
	"sort"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
)

// minUnits is the difference below which none is reported, whatever its share.
const minUnits = 3

// Default tolerances: shares of the larger value. Providers publish no loss
// rates; a case declares its own, and these stand where it does not.
func defaultTolerance(q probity.Quantity) float64 {
	switch q {
	case probity.BytesEgressed:
		return 0.05
	case probity.Requests, probity.ObjectsWritten, probity.ObjectsRead:
		return 0.001
	}
	return 0.01
}

// Tolerance returns the share by which two witnesses of q may differ.
func Tolerance(c *probity.Case, q probity.Quantity, a, b probity.Witness) float64 {
	for _, t := range c.Tolerances {
		if t.Quantity == q && (t.Between == [2]probity.Witness{a, b} || t.Between == [2]probity.Witness{b, a}) {
			return t.Share
		}
	}
	return defaultTolerance(q)
}

// A pair is two witnesses of one quantity at one resource, by day. The left
// one is easier to suppress; readings name it, unless the right one is silent.
type pair struct {
	q           probity.Quantity
	left, right *measure.Series
	resource    int32
	tolerance   float64
	turned      []float64 // for a level: what was written, by day; nil for none
	days        []day
}

// A day holds what both witnesses say of one day, over the hours in which they
// can be compared. Silence whose cause is established is not compared.
type day struct {
	comparable              bool
	left, right             float64
	leftBound               probity.Bound
	rightBound              probity.Bound
	leftSilent, rightSilent bool    // in some of the hours that count it is silent although it should speak
	slack                   float64 // for a level: its growth over the day, or what was written on it
	// moved is by how much the left witness exceeds the right one in the hours
	// just outside the day: what is logged in one hour may be metered in the
	// next.
	moved float64
}

// Run compares every pair of witnesses of every quantity at every resource.
// The result is ordered, and adjoining days with the same reading are one.
func Run(c *probity.Case, set *measure.Set, cov *coverage.Map, gaps []probity.Gap) []probity.Discrepancy {
	silent := newSilence(cov.Grid, set.Directory, gaps)
	out := []probity.Discrepancy{}
	for _, q := range probity.Quantities {
		series := set.Of(q)
		for i, right := range series {
			for _, left := range series[i+1:] {
				for r := range set.Directory.Resources {
					p := pair{q: q, left: left, right: right, resource: int32(r), tolerance: Tolerance(c, q, left.Witness, right.Witness)}
					if !set.Directory.Resources[r].Carries(q) && left.Of(p.resource) == nil && right.Of(p.resource) == nil {
						continue
					}
					p.turned = turnover(cov.Grid, set, q, p.resource)
					p.fill(cov, silent)
					out = append(out, p.judge(c, cov, set.Directory)...)
				}
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.Account != b.Account {
			return a.Account < b.Account
		}
		if a.Resource != b.Resource {
			return a.Resource < b.Resource
		}
		return a.From.Before(b.From)
	})
	return out
}

// fill computes the days of a pair.
func (p *pair) fill(cov *coverage.Map, silent *silence) {
	g := cov.Grid
	p.days = make([]day, g.Days())
	lh, rh := cov.Covered(p.left.Witness, p.q, p.resource), cov.Covered(p.right.Witness, p.q, p.resource)
	lm, rm := silent.missing(p.left, p.resource), silent.missing(p.right, p.resource)
	if p.q.Level() {
		p.fillLevels(g, lh, rh, lm, rm)
		return
	}
	usable := coverage.NewHours(g.N) // both speak, or one is silent although it should
	for h := range g.N {
		l, r := lh.Has(h), rh.Has(h)
		if l && r || l && rm.Has(h) || r && lm.Has(h) {
			usable.Add(h, h+1)
		}
	}
	near := make([]float64, g.N)
	p.byHour(g, p.left, near, 1)
	p.byHour(g, p.right, near, -1)
	p.sum(g, p.left, usable, func(d *day, v float64, b probity.Bound) { d.left, d.leftBound = d.left+v, meet(d.leftBound, b) })
	p.sum(g, p.right, usable, func(d *day, v float64, b probity.Bound) { d.right, d.rightBound = d.right+v, meet(d.rightBound, b) })
	for i := range p.days {
		d := &p.days[i]
		a, b := g.DayHours(i)
		for h := a; h < b; h++ {
			if !usable.Has(h) {
				continue
			}
			d.comparable = true
			d.leftSilent = d.leftSilent || !lh.Has(h)
			d.rightSilent = d.rightSilent || !rh.Has(h)
		}
		for _, h := range []int{a - 1, b} {
			if h >= 0 && h < g.N && usable.Has(h) {
				d.moved += near[h]
			}
		}
		p.defaults(d)
	}
}

// byHour adds the points that lie in one hour to hours, times sign.
func (p *pair) byHour(g coverage.Grid, s *measure.Series, hours []float64, sign float64) {
	for _, x := range s.Of(p.resource) {
		if i, j := g.Range(x.From, x.Until); j == i+1 && x.Bound != probity.Neither {
			hours[i] += sign * x.Value
		}
	}
}

// defaults gives a day without points the usual bounds of its witnesses.
func (p *pair) defaults(d *day) {
	if d.leftBound == "" {
		d.leftBound = p.left.Bound
	}
	if d.rightBound == "" {
		d.rightBound = p.right.Bound
	}
}

// sum adds up a flow by day over the usable hours. A point that spans several
// hours counts if all of them are usable and lie in one day; else its days
// cannot be compared with it.
func (p *pair) sum(g coverage.Grid, s *measure.Series, usable *coverage.Hours, add func(*day, float64, probity.Bound)) {
	for _, x := range s.Of(p.resource) {
		i, j := g.Range(x.From, x.Until)
		if i >= j || x.Bound == probity.Neither {
			continue
		}
		if g.Day(i) != g.Day(j-1) || x.From < g.Start || x.Until > g.Start+int64(g.N)*3600 {
			usable.Remove(i, j)
			continue
		}
		if j-i > 1 { // a day's value: the hours that cannot be compared would be in it
			a, b := g.DayHours(g.Day(i))
			if !all(usable, i, j) {
				usable.Remove(a, b)
				continue
			}
		} else if !usable.Has(i) {
			continue
		}
		add(&p.days[g.Day(i)], x.Value, x.Bound)
	}
}

// fillLevels computes for a level each day's mean reading.
func (p *pair) fillLevels(g coverage.Grid, lh, rh, lm, rm *coverage.Hours) {
	left, right := DayMeans(g, p.left.Of(p.resource)), DayMeans(g, p.right.Of(p.resource))
	for i := range p.days {
		d := &p.days[i]
		a, b := g.DayHours(i)
		d.leftSilent, d.rightSilent = all(lm, a, b), all(rm, a, b)
		l, r := !math.IsNaN(left[i]), !math.IsNaN(right[i])
		d.comparable = l && r || l && d.rightSilent || r && d.leftSilent
		if l {
			d.left = left[i]
		}
		if r {
			d.right = right[i]
		}
		d.slack = math.Max(growth(left, i), growth(right, i))
		if p.turned != nil && l && r {
			d.slack = math.Max(d.slack, p.turned[i])
		}
		p.defaults(d)
	}
}

// DayMeans returns the mean of a level's readings for each day of the grid,
// summed over containers; NaN for a day without one.
func DayMeans(g coverage.Grid, points []measure.Point) []float64 {
	sum, hours := make([]float64, g.N), make([]bool, g.N)
	for _, x := range points {
		i, j := g.Range(x.From, x.Until)
		for ; i < j; i++ {
			sum[i] += x.Value
			hours[i] = true
		}
	}
	out := make([]float64, g.Days())
	for d := range out {
		a, b := g.DayHours(d)
		total, n := 0.0, 0
		for ; a < b; a++ {
			if hours[a] {
				total, n = total+sum[a], n+1
			}
		}
		out[d] = total / float64(n)
	}
	return out
}

// turnover returns what the meter counts as written to a resource on each day,
// in the unit of a level: where as much is deleted as comes, a level moves by
// that much within a day, although it does not grow.
func turnover(g coverage.Grid, set *measure.Set, level probity.Quantity, resource int32) []float64 {
	flow, ok := map[probity.Quantity]probity.Quantity{probity.BytesStored: probity.BytesWritten, probity.ObjectsStored: probity.ObjectsWritten}[level]
	if !ok {
		return nil
	}
	out := make([]float64, g.Days())
	for _, s := range set.Of(flow) {
		if s.Witness != probity.Metered {
			continue
		}
		for _, x := range s.Of(resource) {
			if i, j := g.Range(x.From, x.Until); i < j {
				out[g.Day(i)] += x.Value
			}
		}
	}
	return out
}

// growth returns the largest step between day i and the days beside it.
func growth(days []float64, i int) float64 {
	most := 0.0
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(days) {
			if step := math.Abs(days[i] - days[j]); step > most {
				most = step
			}
		}
	}
	return most
}

func meet(a, b probity.Bound) probity.Bound {
	if a == "" {
		return b
	}
	return a.And(b)
}

func all(h *coverage.Hours, i, j int) bool {
	for k := i; k < j; k++ {
		if !h.Has(k) {
			return false
		}
	}
	return i < j
}

// silence holds the hours of gaps with the cause missing: the witness should
// have spoken, and its silence counts as nothing.
type silence struct {
	g     coverage.Grid
	hours map[silentKey]*coverage.Hours
}

type silentKey struct {
	w        probity.Witness
	resource int32
	stream   string
}

func newSilence(g coverage.Grid, d *measure.Directory, gaps []probity.Gap) *silence {
	s := &silence{g: g, hours: map[silentKey]*coverage.Hours{}}
	for _, x := range gaps {
		r := d.Find(x.Provider, x.Account, x.Resource)
		if x.Cause != probity.Missing || r < 0 {
			continue
		}
		for _, stream := range x.Streams {
			k := silentKey{x.Witness, r, stream}
			if s.hours[k] == nil {
				s.hours[k] = coverage.NewHours(g.N)
			}
			s.hours[k].Add(g.Range(x.From.Unix(), x.Until.Unix()))
		}
	}
	return s
}

// missing returns the hours in which any stream that the series is read from
// is missing.
func (s *silence) missing(x *measure.Series, r int32) *coverage.Hours {
	h := coverage.NewHours(s.g.N)
	for _, stream := range x.Streams {
		if m := s.hours[silentKey{x.Witness, r, stream}]; m != nil {
			h.Or(m)
		}
	}
	return h
}
