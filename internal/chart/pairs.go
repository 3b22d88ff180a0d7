package chart

import "probity"

// A Pair is two values of one quantity over one span.
type Pair struct {
	probity.Span
	Left, Right float64
	Tip         string
}

// Pairs is a chart of differences: over time, a box between the value of one
// witness and that of another, with a thick line for the left one and a thin
// one for the right one.
type Pairs struct {
	Period probity.Span
	Pairs  []Pair
	Top    float64
	Says   string
}

const pairHeight = 96

// Draw returns the chart.
func (p Pairs) Draw() SVG {
	var c canvas
	c.open("pairs", pairHeight+axisHeight+4, p.Says)
	c.rect("rail", 0, 2, 1, pairHeight, "")
	at := func(v float64) float64 { return 2 + pairHeight*(1-min(max(v/p.Top, 0), 1)) }
	for _, x := range p.Pairs {
		from, until := place(x.From, p.Period), place(x.Until, p.Period)
		until = max(until, min(from+0.004, 1)) // never too thin to be seen
		l, r := at(x.Left), at(x.Right)
		c.rect("gap", from, min(l, r), until-from, max(max(l, r)-min(l, r), 1), x.Tip)
		c.level("left", from, until, l)
		c.level("right", from, until, r)
	}
	c.axis(p.Period, pairHeight+4)
	return c.close()
}

// A Bar is one count of a group.
type Bar struct {
	Class string
	Value float64
	Label string // the value with its unit, and whose it is
}

// Bars is a group of bars on a scale from zero to Top.
type Bars struct {
	Bars []Bar
	Top  float64
	Says string
	RTL  bool
}

const barHeight = 20

// Draw returns the chart: each bar with its label below one another.
func (b Bars) Draw() SVG {
	var c canvas
	c.open("bars", float64(len(b.Bars)*barHeight), b.Says)
	for i, x := range b.Bars {
		y := float64(i * barHeight)
		width := 0.5 * min(max(x.Value/b.Top, 0), 1)
		if b.RTL {
			c.rect(x.Class, 1-width, y+4, width, barHeight-8, "")
			c.put(`<text class="count" direction="rtl" x="`, share(1-width-0.01), `" y="`, num(y+14), `">`, text(x.Label), `</text>`)
			continue
		}
		c.rect(x.Class, 0, y+4, width, barHeight-8, "")
		c.put(`<text class="count" x="`, share(width+0.01), `" y="`, num(y+14), `">`, text(x.Label), `</text>`)
	}
	return c.close()
}

// Share draws a share of a whole, from 0 to 1, as a bar on a rail. It says
// nothing itself: the number stands beside it.
func Share(f float64) SVG {
	var c canvas
	c.put(`<svg class="share" width="100%" height="8" aria-hidden="true">`)
	c.rect("rail", 0, 0, 1, 8, "")
	c.rect("part", 0, 0, min(max(f, 0), 1), 8, "")
	return c.close()
}
