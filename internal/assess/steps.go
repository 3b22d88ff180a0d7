package assess

import (
	"math"

	"probity"
)

// steps tells a fold over the period, in at most probity.MaxSteps steps that
// begin and end with a day, the period or a window. covered counts the covered
// members of each hour.
func (f *fold) steps(covered []int, members int) []probity.Step {
	var out []probity.Step
	for _, b := range f.cuts() {
		s := f.step(b[0], b[1], covered, members)
		if n := len(out) - 1; n >= 0 && alike(&out[n], &s) {
			out[n].Until = s.Until
			continue
		}
		out = append(out, s)
	}
	return out
}

// cuts returns the hours of each step: whole days, and as many of them as keep
// the number of steps within its limit and each window in one step.
func (f *fold) cuts() [][2]int {
	days := f.g.Days()
	each := max((days+probity.MaxSteps-1)/probity.MaxSteps, 1)
	var out [][2]int
	for d := 0; d < days; {
		from, _ := f.g.DayHours(d)
		d = min(d+each, days)
		_, until := f.g.DayHours(d - 1)
		for d < days && f.w.of[until-1] == f.w.of[until] { // a window that goes on
			d++
			_, until = f.g.DayHours(d - 1)
		}
		out = append(out, [2]int{from, until})
	}
	return out
}

// step tells the hours from..until-1.
func (f *fold) step(from, until int, covered []int, members int) probity.Step {
	s := probity.Step{Span: f.g.Span(from, until).Intersect(f.a.in.Case.Period)}
	pick := f.w.of[from]
	low, high := f.low[pick], f.high[pick]
	s.Seen = f.seen[pick]
	choose := math.Max
	if f.t.Aggregate == "min" {
		choose = math.Min
	}
	cells := 0
	for h := from; h < until; h++ {
		n := f.w.of[h]
		low, high, s.Seen = choose(low, f.low[n]), choose(high, f.high[n]), choose(s.Seen, f.seen[n])
		cells += covered[h]
	}
	if low > 0 {
		s.Lower = &low
	}
	if members > 0 {
		s.Covered = float64(cells) / float64(members*(until-from))
	}
	if !math.IsInf(high, 1) && members > 0 && cells == members*(until-from) {
		s.Upper = &high
	}
	return s
}

func alike(a, b *probity.Step) bool {
	same := func(x, y *float64) bool { return x == y || x != nil && y != nil && *x == *y }
	return a.Until.Equal(b.From) && a.Seen == b.Seen && a.Covered == b.Covered && same(a.Lower, b.Lower) && same(a.Upper, b.Upper)
}

// doubt takes from the steps the bounds that the test itself does not use: an
// impeached witness has none, and one that falls short, or of which ranges are
// unread that nothing places, bounds nothing from above.
func (y *testimony) doubt() {
	for i := range y.steps {
		if y.impeached {
			y.steps[i].Lower = nil
		}
		if y.impeached || y.isShort || y.adrift {
			y.steps[i].Upper = nil
		}
	}
}
