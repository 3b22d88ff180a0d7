package reconcile

import (
	"fmt"
	"math"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
)

// A verdict is what one comparison comes to.
type verdict struct {
	reading   probity.Reading
	impeaches probity.Witness
}

// compare applies the relation that the two bounds imply. It returns an empty
// reading if they agree.
//
//   - A lower bound must not exceed an upper bound.
//   - Two values that bound from both sides, or a lower bound of what the other
//     counts fully, must also not fall short of each other.
func (p *pair) compare(d *day) verdict {
	allowed := math.Max(p.tolerance*math.Max(math.Abs(d.left), math.Abs(d.right)), minUnits)
	if p.q.Level() {
		allowed = math.Max(allowed, d.slack)
	}
	over := d.left - d.right
	if p.left.Witness == probity.Logged && p.right.Witness == probity.Metered { // what the hours beside the day make up for
		switch {
		case over < 0 && d.moved > 0:
			over = math.Min(over+d.moved, 0)
		case over > 0 && d.moved < 0:
			over = math.Max(over+d.moved, 0)
		}
	}
	if math.Abs(over) <= allowed {
		return verdict{}
	}
	lw, rw := p.left.Witness, p.right.Witness
	switch {
	case over > 0 && d.rightSilent: // the harder witness is silent: it is the short one
		return verdict{probity.ReadingOf(rw, true), ""}
	case over > 0 && d.leftBound.Lower() && d.rightBound.Upper():
		v := verdict{probity.ReadingOf(lw, false), ""}
		if d.leftBound == probity.Below {
			v.impeaches = lw
		}
		return v
	case over < 0 && d.rightBound.Lower() && d.leftBound.Upper():
		return verdict{probity.ReadingOf(lw, true), ""}
	case over < 0 && d.rightBound == probity.Both && d.leftBound == probity.Below:
		return verdict{probity.ReadingOf(lw, true), ""}
	case over < 0 && d.rightBound.Lower() && d.leftSilent:
		return verdict{probity.ReadingOf(lw, true), ""}
	}
	return verdict{}
}

// judge returns the discrepancies of a pair: each run of days with the same
// reading, and, where no day stands out, the period as a whole.
func (p *pair) judge(c *probity.Case, cov *coverage.Map, dir *measure.Directory) []probity.Discrepancy {
	var out []probity.Discrepancy
	rest := day{leftBound: p.left.Bound, rightBound: p.right.Bound}
	last := -2
	for i := range p.days {
		d := &p.days[i]
		if !d.comparable {
			continue
		}
		v := p.compare(d)
		if v.reading == "" {
			rest.comparable = true
			rest.left, rest.right = rest.left+d.left, rest.right+d.right
			rest.leftBound, rest.rightBound = rest.leftBound.And(d.leftBound), rest.rightBound.And(d.rightBound)
			continue
		}
		a, b := cov.Grid.DayHours(i)
		span := cov.Grid.Span(a, b).Intersect(c.Period)
		if n := len(out); n > 0 && last == i-1 && out[n-1].Reading == v.reading {
			out[n-1].Until = span.Until
			p.extend(&out[n-1], d)
		} else {
			out = append(out, p.discrepancy(dir, span, v, d))
		}
		last = i
	}
	if !p.q.Level() && rest.comparable {
		if v := p.compare(&rest); v.reading != "" {
			x := p.discrepancy(dir, c.Period, v, &rest)
			x.Detail = "no single day stands out; the difference holds over the period"
			out = append(out, x)
		}
	}
	for i := range out {
		out[i].Share = share(out[i].LeftValue, out[i].RightValue)
		out[i].Benign = benign(&out[i], p)
	}
	return out
}

func (p *pair) discrepancy(dir *measure.Directory, span probity.Span, v verdict, d *day) probity.Discrepancy {
	r := &dir.Resources[p.resource]
	return probity.Discrepancy{
		Quantity: p.q, Left: p.left.Witness, Right: p.right.Witness,
		Provider: r.Provider, Account: r.Account, Resource: r.Name, Span: span,
		LeftValue: d.left, RightValue: d.right, Unit: p.q.Unit(),
		Tolerance: p.tolerance, Reading: v.reading, Impeaches: v.impeaches,
	}
}

// extend adds another day: a flow's values add up, of a level the day with the
// larger difference is kept.
func (p *pair) extend(x *probity.Discrepancy, d *day) {
	if !p.q.Level() {
		x.LeftValue += d.left
		x.RightValue += d.right
		return
	}
	if math.Abs(d.left-d.right) > math.Abs(x.LeftValue-x.RightValue) {
		x.LeftValue, x.RightValue = d.left, d.right
	}
}

func share(a, b float64) float64 {
	if m := math.Max(math.Abs(a), math.Abs(b)); m > 0 {
		return math.Abs(a-b) / m
	}
	return 0
}

// benign lists the innocent causes that apply to a discrepancy, each with what
// the records say of it.
func benign(d *probity.Discrepancy, p *pair) []probity.BenignCause {
	const explains, no, untested = "explains", "does_not_explain", "cannot_be_tested"
	var out []probity.BenignCause
	add := func(cause, result, detail string) {
		out = append(out, probity.BenignCause{Cause: cause, Result: result, Detail: detail})
	}
	is := func(a, b probity.Witness) bool { return d.Left == a && d.Right == b || d.Left == b && d.Right == a }
	if d.Unit == probity.Byte && (d.Left == probity.Billed || d.Right == probity.Billed) {
		result, detail := no, "the values are not in a ratio of 1.024 to a whole power"
		if r := math.Max(d.LeftValue, d.RightValue) / math.Min(d.LeftValue, d.RightValue); !math.IsInf(r, 0) && !math.IsNaN(r) {
			for k := 1; k <= 4; k++ {
				if math.Abs(r/math.Pow(1.024, float64(k))-1) < 0.002 {
					result, detail = explains, fmt.Sprintf("the values are in the ratio 1.024^%d", k)
				}
			}
		}
		add("GB against GiB", result, detail)
	}
	switch {
	case is(probity.Logged, probity.Metered) && d.Reading == probity.LogShort:
		add("best-effort delivery of logs", no, fmt.Sprintf("the difference is %.3g %%, the declared tolerance %.3g %%", d.Share*100, d.Tolerance*100))
		add("requests of the service itself and failed anonymous ones are not logged", untested, "the log does not say what it leaves out")
		add("late arrival", untested, "the log carries no time of delivery")
		add("requests metered in the neighbouring hour", no, "compared by day")
	case is(probity.Logged, probity.Metered):
		add("the same event delivered twice", no, "duplicates were set aside before counting")
		add("requests metered in the neighbouring hour", no, "compared by day")
	case d.Quantity.Level():
		add("versions, snapshots, soft delete and unfinished uploads", untested, "meters and bills count them, listings may not; no record here separates them")
		add("capacity is sampled daily", no, "the difference exceeds the growth of the day")
		if d.Left == probity.Listed || d.Right == probity.Listed {
			add("a rule of the listing omits containers", untested, "the manifest's prefixes are counted, not kept")
		}
	case d.Right == probity.Billed || d.Left == probity.Billed:
		add("bills count operations by price class, leave out deletes and refused requests, and count parts", untested, "")
		add("a free allowance is not billed", untested, "")
	}
	if out == nil {
		out = []probity.BenignCause{}
	}
	return out
}

// Conflicts reports records that share the provider's id and differ in
// content, as a discrepancy of the witness with itself.
func Conflicts(list []Conflict, dir *measure.Directory) []probity.Discrepancy {
	var out []probity.Discrepancy
	for _, x := range list {
		if x.Resource < 0 {
			continue
		}
		r := &dir.Resources[x.Resource]
		low, high := x.Low, x.High
		if x.Witness == probity.Logged { // one request, told in several ways
			low, high = 1, float64(x.Versions)
		}
		out = append(out, probity.Discrepancy{
			Quantity: x.Quantity, Left: x.Witness, Right: x.Witness, Provider: r.Provider, Account: r.Account, Resource: r.Name,
			Span: x.Span, LeftValue: high, RightValue: low, Unit: x.Quantity.Unit(), Share: share(low, high),
			Benign:  []probity.BenignCause{{Cause: "the same event delivered twice", Result: "does_not_explain", Detail: "the contents differ"}},
			Reading: probity.ReadingOf(x.Witness, false), Detail: x.Detail,
		})
	}
	return out
}

// A Conflict is a group of records with one id and several contents.
type Conflict struct {
	Witness  probity.Witness
	Quantity probity.Quantity
	Resource int32
	Span     probity.Span
	Low      float64 // the smallest reading
	High     float64 // the largest reading
	Versions int     // records with the id
	Exhibit  string  // the first that holds one of them
	Detail   string
}

// Add puts another record into the group: its reading, and where it stands.
func (c *Conflict) Add(value float64, exhibit, place string) {
	c.Low, c.High = math.Min(c.Low, value), math.Max(c.High, value)
	c.Versions++
	if c.Exhibit == "" {
		c.Exhibit, c.Detail = exhibit, "one id, several contents: "+place
		return
	}
	c.Detail += ", " + place
}
