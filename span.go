package probity

import (
	"fmt"
	"sort"
	"time"
)

// A Span is a stretch of time in UTC, half-open: From belongs to it, Until
// does not.
type Span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Empty reports whether s holds no instant.
func (s Span) Empty() bool { return !s.From.Before(s.Until) }

// Duration returns the length of s, zero if it is empty.
func (s Span) Duration() time.Duration {
	if s.Empty() {
		return 0
	}
	return s.Until.Sub(s.From)
}

// Hours returns the length of s in hours.
func (s Span) Hours() float64 { return s.Duration().Hours() }

// Contains reports whether t lies in s.
func (s Span) Contains(t time.Time) bool { return !t.Before(s.From) && t.Before(s.Until) }

// Intersect returns the part that s and o share; it may be empty.
func (s Span) Intersect(o Span) Span {
	if o.From.After(s.From) {
		s.From = o.From
	}
	if o.Until.Before(s.Until) {
		s.Until = o.Until
	}
	return s
}

// Overlaps reports whether s and o share an instant.
func (s Span) Overlaps(o Span) bool { return !s.Intersect(o).Empty() }

// String writes the span with the precision that it needs:
// "2025-01-01..2025-02-01" or with times of day.
func (s Span) String() string {
	layout := "2006-01-02"
	if s.From.Hour()+s.From.Minute()+s.From.Second()+s.Until.Hour()+s.Until.Minute()+s.Until.Second() > 0 {
		layout = "2006-01-02T15:04Z"
	}
	return fmt.Sprintf("%s..%s", s.From.UTC().Format(layout), s.Until.UTC().Format(layout))
}

// MergeSpans returns the union of spans as sorted spans that neither touch
// nor overlap.
func MergeSpans(spans []Span) []Span {
	var in []Span
	for _, s := range spans {
		if !s.Empty() {
			in = append(in, s)
		}
	}
	sort.Slice(in, func(i, j int) bool { return in[i].From.Before(in[j].From) })
	var out []Span
	for _, s := range in {
		if n := len(out); n > 0 && !s.From.After(out[n-1].Until) {
			if s.Until.After(out[n-1].Until) {
				out[n-1].Until = s.Until
			}
			continue
		}
		out = append(out, s)
	}
	return out
}
