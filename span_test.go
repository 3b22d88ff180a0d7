package probity_test

import (
	"testing"
	"time"

	"probity"
)

func day(n int) time.Time { return time.Date(2025, 1, 1+n, 0, 0, 0, 0, time.UTC) }

func TestSpan(t *testing.T) {
	a, b := probity.Span{From: day(0), Until: day(2)}, probity.Span{From: day(2), Until: day(3)}
	switch {
	case a.Overlaps(b):
		t.Error("spans are half-open: these only touch")
	case !a.Contains(day(0)) || a.Contains(day(2)):
		t.Error("the first instant belongs to a span, the last does not")
	case a.Hours() != 48 || !(probity.Span{From: day(2), Until: day(1)}).Empty():
		t.Error("lengths")
	case a.String() != "2025-01-01..2025-01-03":
		t.Error(a.String())
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct{ a, b, want probity.Bound }{
		{probity.Both, probity.Both, probity.Both}, {probity.Both, probity.Below, probity.Below}, {probity.Below, probity.Above, probity.Neither}, {probity.Above, probity.Both, probity.Above},
	} {
		if got := c.a.And(c.b); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
