// Package chart draws the pictures of a report as SVG: witnesses over time,
// differences between two of them, and bars. A chart has no style of its own:
// it names classes, and the page that holds it says how they look. Horizontal
// places are shares of the width, so that a chart fits any page while its text
// keeps its size. The same value gives the same bytes.
package chart

import (
	"html"
	"math"
	"strconv"
	"strings"
	"time"

	"probity"
)

// An SVG is a drawing, safe to stand in a page as it is.
type SVG string

// canvas collects the elements of a drawing.
type canvas struct{ b strings.Builder }

func (c *canvas) put(parts ...string) {
	for _, p := range parts {
		c.b.WriteString(p)
	}
}

// text writes s so that it cannot leave its place.
func text(s string) string { return html.EscapeString(s) }

// share writes a share as a percentage of the width.
func share(f float64) string { return num(100*f) + "%" }

// num writes a number with two decimals at most. What is no number is zero.
func num(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	s := strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

// open begins a drawing of a height in pixels that says what it shows.
func (c *canvas) open(class string, height float64, says string) {
	c.put(`<svg class="`, class, `" width="100%" height="`, num(height), `" role="img" aria-label="`, text(says), `">`)
}

func (c *canvas) close() SVG {
	c.put("</svg>")
	return SVG(c.b.String())
}

// rect draws a box: x and width as shares, y and height in pixels.
func (c *canvas) rect(class string, x, y, width, height float64, tip string) {
	c.put(`<rect class="`, class, `" x="`, share(x), `" y="`, num(y), `" width="`, share(width), `" height="`, num(height), `"`)
	if tip == "" {
		c.put("/>")
		return
	}
	c.put(`><title>`, text(tip), `</title></rect>`)
}

// level draws a line from one share of the width to another.
func (c *canvas) level(class string, x1, x2, y float64) {
	c.put(`<line class="`, class, `" x1="`, share(x1), `" x2="`, share(x2), `" y1="`, num(y), `" y2="`, num(y), `"/>`)
}

// label writes a line of text that begins, or in a language that is written
// from right to left ends, at the left edge.
func (c *canvas) label(class, s string, y float64, rtl bool) {
	x, dir := "0", ""
	if rtl {
		x, dir = "100%", ` direction="rtl"`
	}
	c.put(`<text class="`, class, `" x="`, x, `" y="`, num(y), `"`, dir, `>`, text(s), `</text>`)
}

// place returns where in the period an instant lies, from 0 to 1.
func place(t time.Time, in probity.Span) float64 {
	whole := in.Hours()
	if whole <= 0 {
		return 0
	}
	return min(max(t.Sub(in.From).Hours()/whole, 0), 1)
}

// axisHeight is the height of the dates below a chart, in pixels.
const axisHeight = 20

// axis writes dates below a chart. Few enough that they fit a telephone.
func (c *canvas) axis(in probity.Span, y float64) {
	days := int(in.Hours() / 24)
	steps := min(max(days, 1), 3)
	for i := 0; i <= steps; i++ {
		at := in.From.UTC().Add(time.Duration(float64(in.Duration()) * float64(i) / float64(steps)))
		if days > 3 && i < steps { // a date stands where its day begins
			at = at.Truncate(24 * time.Hour)
		}
		x, anchor := place(at, in), "middle"
		switch {
		case i == 0:
			anchor = "start"
		case i == steps:
			anchor = "end"
		case x < 0.32 || x > 0.68: // would touch the first or the last on a telephone
			continue
		}
		c.put(`<line class="tick" x1="`, share(x), `" x2="`, share(x), `" y1="`, num(y), `" y2="`, num(y+4), `"/>`)
		c.put(`<text class="date" x="`, share(x), `" y="`, num(y+16), `" text-anchor="`, anchor, `">`, at.Format("2006-01-02"), `</text>`)
	}
}

// Ceiling returns the top of a scale that starts at zero and holds every value.
func Ceiling(values ...float64) float64 {
	top := 0.0
	for _, v := range values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			top = max(top, v)
		}
	}
	if top == 0 {
		return 1
	}
	return top * 1.06
}
