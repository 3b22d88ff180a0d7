package coverage

import (
	"math/bits"
	"time"

	"probity"
)

// A Grid cuts a period into whole hours, counted from the hour in which it
// begins.
type Grid struct {
	Start int64 // seconds since 1970, on the hour
	N     int
}

// NewGrid returns the grid of a period.
func NewGrid(p probity.Span) Grid {
	start := p.From.UTC().Truncate(time.Hour).Unix()
	end := p.Until.UTC().Unix()
	return Grid{Start: start, N: int((end - start + 3599) / 3600)}
}

// Span returns the span of the hours i..j-1.
func (g Grid) Span(i, j int) probity.Span {
	at := func(h int) time.Time { return time.Unix(g.Start+int64(h)*3600, 0).UTC() }
	return probity.Span{From: at(i), Until: at(j)}
}

// Range returns the hours that from..until touches, clipped to the grid.
func (g Grid) Range(from, until int64) (i, j int) {
	i, j = int(floorDiv(from-g.Start, 3600)), int(floorDiv(until-g.Start+3599, 3600))
	return max(i, 0), min(j, g.N)
}

// Day returns the number of the UTC day that hour h lies in, from zero.
func (g Grid) Day(h int) int {
	return int((g.Start+int64(h)*3600)/86400 - g.Start/86400)
}

// Days returns how many UTC days the grid touches.
func (g Grid) Days() int {
	if g.N == 0 {
		return 0
	}
	return g.Day(g.N-1) + 1
}

// DayHours returns the hours of day d that lie in the grid.
func (g Grid) DayHours(d int) (i, j int) {
	day := (g.Start/86400 + int64(d)) * 86400
	return g.Range(day, day+86400)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Hours is a set of hours of a grid.
type Hours struct {
	n    int
	bits []uint64
}

// NewHours returns an empty set for n hours.
func NewHours(n int) *Hours { return &Hours{n: n, bits: make([]uint64, (n+63)/64)} }

// Len returns how many hours the grid has.
func (h *Hours) Len() int { return h.n }

// Add puts the hours i..j-1 into the set.
func (h *Hours) Add(i, j int) {
	for ; i < j; i++ {
		h.bits[i/64] |= 1 << (i % 64)
	}
}

// Remove takes the hours i..j-1 out of the set.
func (h *Hours) Remove(i, j int) {
	for ; i < j; i++ {
		h.bits[i/64] &^= 1 << (i % 64)
	}
}

// Has reports whether hour i is in the set.
func (h *Hours) Has(i int) bool { return h.bits[i/64]>>(i%64)&1 == 1 }

// Count returns how many hours are in the set.
func (h *Hours) Count() int {
	n := 0
	for _, b := range h.bits {
		n += bits.OnesCount64(b)
	}
	return n
}

// And keeps the hours that o has too.
func (h *Hours) And(o *Hours) {
	for i := range h.bits {
		h.bits[i] &= o.bits[i]
	}
}

// Or adds the hours of o.
func (h *Hours) Or(o *Hours) {
	for i := range h.bits {
		h.bits[i] |= o.bits[i]
	}
}

// any reports whether one of the hours i..j-1 is in the set.
func (h *Hours) any(i, j int) bool {
	for ; i < j; i++ {
		if h.Has(i) {
			return true
		}
	}
	return false
}
