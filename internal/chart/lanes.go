package chart

import (
	"strings"

	"probity"
)

// A Lane is one witness in a chart of several over the same time.
type Lane struct {
	Label     string
	Steps     []probity.Step
	Impeached bool
}

// Lanes is a chart of witnesses, one below the other on one time axis and one
// scale from zero to Top, with the threshold as a line through each. What a
// witness does not cover is hatched.
type Lanes struct {
	Period    probity.Span
	Lanes     []Lane
	Threshold float64
	Top       float64
	Says      string // what the drawing shows, in words
	RTL       bool   // labels are written from right to left; time is not
}

// The heights of a lane's parts, in pixels.
const (
	labelHeight = 20
	laneHeight  = 58
)

// Draw returns the chart.
func (l Lanes) Draw() SVG {
	var c canvas
	height := float64(len(l.Lanes)*(labelHeight+laneHeight) + axisHeight)
	c.open("lanes", height, l.Says)
	y := 0.0
	for i := range l.Lanes {
		c.label("name", l.Lanes[i].Label, y+14, l.RTL)
		y += labelHeight
		l.lane(&c, &l.Lanes[i], y)
		y += laneHeight
	}
	c.axis(l.Period, y)
	return c.close()
}

func (l Lanes) lane(c *canvas, lane *Lane, y float64) {
	c.rect("rail", 0, y, 1, laneHeight, "")
	for i := range lane.Steps {
		s := &lane.Steps[i]
		if s.Covered >= 1 {
			continue
		}
		class := "bare"
		if s.Covered > 0 {
			class = "bare part"
		}
		x := place(s.From, l.Period)
		c.rect(class, x, y, place(s.Until, l.Period)-x, laneHeight, s.Span.String()+": "+probity.Percent(s.Covered))
	}
	seen, band := l.paths(lane.Steps)
	c.put(`<svg x="0" y="`, num(y), `" width="100%" height="`, num(laneHeight), `" viewBox="0 0 1000 `, num(laneHeight), `" preserveAspectRatio="none">`)
	if band != "" {
		c.put(`<path class="band" d="`, band, `"/>`)
	}
	if seen != "" {
		class := "seen"
		if lane.Impeached {
			class = "seen impeached"
		}
		c.put(`<path class="`, class, `" d="`, seen, `"/>`)
	}
	c.put(`</svg>`)
	if l.Threshold > 0 && l.Threshold <= l.Top {
		c.level("threshold", 0, 1, y+l.at(l.Threshold))
	}
}

// at returns the height of a value within a lane, in pixels from its top.
func (l Lanes) at(v float64) float64 { return laneHeight * (1 - min(max(v/l.Top, 0), 1)) }

// paths returns the line of what is seen and the outline of what lies between
// the bounds. Where nothing is seen and not all is covered there is no line: a
// zero is drawn only if the whole step is covered.
func (l Lanes) paths(steps []probity.Step) (seen, band string) {
	var line, area strings.Builder
	pen := false
	for i := range steps {
		s := &steps[i]
		x1, x2 := num(1000*place(s.From, l.Period)), num(1000*place(s.Until, l.Period))
		if s.Upper != nil {
			low := 0.0
			if s.Lower != nil {
				low = *s.Lower
			}
			area.WriteString("M" + x1 + " " + num(l.at(*s.Upper)) + "H" + x2 + "V" + num(l.at(low)) + "H" + x1 + "Z")
		}
		if s.Covered < 1 && s.Seen == 0 {
			pen = false
			continue
		}
		if y := num(l.at(s.Seen)); pen {
			line.WriteString("V" + y + "H" + x2)
		} else {
			line.WriteString("M" + x1 + " " + y + "H" + x2)
		}
		pen = true
	}
	return line.String(), area.String()
}
