package coverage

import (
	"math"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/measure"
)

var day0 = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

// one returns a map over two days for one storage account, number 0.
func one(set *measure.Set, f *facts) *Map {
	c := &probity.Case{Period: probity.Span{From: day0, Until: day0.AddDate(0, 0, 2)}}
	set.Directory = &measure.Directory{Resources: []measure.Resource{{Provider: "azure", Account: "a", Name: "store", Type: "microsoft.storage/storageaccounts",
		Shown: map[probity.Witness]probity.Span{}}}}
	for _, m := range []*map[streamOf][]float32{&f.logs, &f.meters} {
		if *m == nil {
			*m = map[streamOf][]float32{}
		}
	}
	return &Map{Grid: NewGrid(c.Period), set: set, facts: f, c: c, cache: map[cell]*Hours{}}
}

// hours makes an array by hour: each value fills from its index on.
func hours(fill float32, at map[int]float32) []float32 {
	a := make([]float32, 48)
	for i := range a {
		a[i] = fill
		if v, ok := at[i]; ok {
			a[i] = v
		}
	}
	return a
}

var nan = float32(math.NaN())

// An hour of a log is covered by records, or by a meter that says that there
// was nothing; what was found in it does not matter.
func TestLogged(t *testing.T) {
	write := streamOf{0, "writes"}
	for _, c := range []struct {
		name   string
		logs   []float32
		meters []float32
		hour   int
		want   bool
	}{
		{"records", hours(0, map[int]float32{3: 1}), nil, 3, true},
		{"silence", hours(0, map[int]float32{3: 1}), nil, 4, false},
		{"a meter of zero", nil, hours(0, nil), 4, true},
		{"a meter that counts", hours(0, map[int]float32{9: 1}), hours(0, map[int]float32{4: 5}), 4, false},
		{"a meter that was not read", hours(0, map[int]float32{9: 1}), hours(nan, nil), 4, false},
		{"the neighbouring hour makes up for it", hours(0, map[int]float32{3: 7}), hours(0, map[int]float32{3: 5, 4: 2}), 4, true},
		{"the neighbouring hour does not", hours(0, map[int]float32{3: 6}), hours(0, map[int]float32{3: 5, 4: 2}), 4, false},
	} {
		f := &facts{logs: map[streamOf][]float32{}, meters: map[streamOf][]float32{}}
		if c.logs != nil {
			f.logs[write] = c.logs
		}
		if c.meters != nil {
			f.meters[write] = c.meters
		}
		if got := one(&measure.Set{}, f).logged(0, "writes").Has(c.hour); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The hour in which a log is switched off is not covered, and those after it
// neither, unless a meter says that nothing happened.
func TestSwitchedOff(t *testing.T) {
	f := &facts{logs: map[streamOf][]float32{{0, "writes"}: hours(0, map[int]float32{3: 1, 4: 1})},
		switches: map[int32][]change{0: {{at: day0.Unix() + 4*3600 + 600, witness: probity.Logged, on: false, what: "deleted"}}}}
	m := one(&measure.Set{}, f)
	h := m.logged(0, "writes")
	if !h.Has(3) || h.Has(4) || h.Has(5) {
		t.Error("the hour of the switch counts as covered")
	}
	if c, why := m.cause(probity.Logged, 0, "writes", 5); c != probity.TurnedOff || why != "deleted" {
		t.Errorf("cause %s, %q", c, why)
	}
	if c, _ := m.cause(probity.Logged, 0, "writes", 2); c == probity.TurnedOff {
		t.Error("a cause that comes later")
	}
}

// A bill asserts that there was no flow on a day on which it speaks of the
// resource, unless another witness shows that there was; a level needs a
// charge.
func TestBilled(t *testing.T) {
	speaks := NewHours(48)
	speaks.Add(0, 24)
	written := &measure.Series{Quantity: probity.ObjectsWritten, Witness: probity.Billed}
	stored := &measure.Series{Quantity: probity.BytesStored, Witness: probity.Billed}
	metered := &measure.Series{Quantity: probity.ObjectsWritten, Witness: probity.Metered}
	set := &measure.Set{Series: []*measure.Series{stored, written, metered}}
	f := &facts{bills: map[int32]*Hours{0: speaks}}
	if h := one(set, f).Covered(probity.Billed, probity.ObjectsWritten, 0); h.Count() != 24 || !h.Has(0) || h.Has(24) {
		t.Errorf("a flow: %d hours", h.Count())
	}
	if h := one(set, f).Covered(probity.Billed, probity.BytesStored, 0); h.Count() != 0 {
		t.Errorf("a level: %d hours", h.Count())
	}
	metered.Points = []measure.Point{{From: day0.Unix(), Until: day0.Unix() + 3600, Value: 5, Bound: probity.Both}}
	if h := one(set, f).Covered(probity.Billed, probity.ObjectsWritten, 0); h.Count() != 0 {
		t.Errorf("a flow that the meter shows and the bill does not: %d hours", h.Count())
	}
}

// The first cause that the records establish is given, in the order of the
// theory.
func TestCauses(t *testing.T) {
	write := streamOf{0, "writes"}
	base := func() (*measure.Set, *facts) {
		return &measure.Set{}, &facts{logs: map[streamOf][]float32{write: hours(0, map[int]float32{40: 1})}, meters: map[streamOf][]float32{},
			switches: map[int32][]change{}, controls: map[string]control{}, creation: map[int32]int64{}, acquired: map[probity.Witness]time.Time{},
			kept: map[string]time.Duration{"azure/metered": 93 * 24 * time.Hour}}
	}
	cause := func(set *measure.Set, f *facts, w probity.Witness, change func(*Map)) probity.Cause {
		m := one(set, f)
		if change != nil {
			change(m)
		}
		c, _ := m.cause(w, 0, "writes", 5)
		return c
	}
	set, f := base()
	if got := cause(set, f, probity.Logged, nil); got != probity.Unknown {
		t.Errorf("nothing known: %s", got)
	}
	f.meters[write] = hours(0, map[int]float32{5: 3})
	if got := cause(set, f, probity.Logged, nil); got != probity.Missing {
		t.Errorf("a meter counts: %s", got)
	}
	f.unread = []unreadSpan{{witness: probity.Logged, resource: 0, from: day0.Unix(), until: day0.Unix() + 86400}}
	if got := cause(set, f, probity.Logged, nil); got != probity.CauseUnread {
		t.Errorf("unread ranges: %s", got)
	}
	f.controls["azure/a"] = control{day0.Unix() - 86400, day0.Unix() + 4*86400}
	delete(f.logs, write)
	if got := cause(set, f, probity.Logged, nil); got != probity.NeverOn {
		t.Errorf("the control plane was seen, and nothing switched it on: %s", got)
	}
	f.logs[streamOf{0, "reads"}] = hours(1, nil)
	if got := cause(set, f, probity.Logged, nil); got != probity.Filtered {
		t.Errorf("another category is logged: %s", got)
	}
	f.switches[0] = []change{{at: day0.Unix() + 60, witness: probity.Logged}}
	if got := cause(set, f, probity.Logged, nil); got != probity.TurnedOff {
		t.Errorf("switched off: %s", got)
	}
	for _, outcome := range []probity.Cause{probity.NotRequested, probity.Redacted, probity.Refused} {
		got := cause(set, f, probity.Logged, func(m *Map) {
			m.c.Requests = append(m.c.Requests, probity.Request{Witness: probity.Logged, Outcome: outcome, Custodian: "x"})
		})
		if got != outcome {
			t.Errorf("the case says %s: %s", outcome, got)
		}
	}
	f.first = day0.AddDate(0, 0, 100)
	if got := cause(set, f, probity.Metered, nil); got != probity.Expired {
		t.Errorf("nothing was acquired before 100 days later: %s", got)
	}
	f.acquired[probity.Metered] = day0.AddDate(0, 0, 30)
	if got := cause(set, f, probity.Metered, nil); got == probity.Expired {
		t.Errorf("metrics acquired in time: %s", got)
	}
	f.acquired[probity.Metered] = day0.AddDate(0, 0, 120)
	if got := cause(set, f, probity.Metered, nil); got != probity.Expired {
		t.Errorf("metrics acquired 120 days later: %s", got)
	}
}

// Adjoining hours with the same cause are one gap, and streams that are silent
// together are told together.
func TestGapsAdjoin(t *testing.T) {
	m := one(&measure.Set{}, &facts{logs: map[streamOf][]float32{{0, "writes"}: hours(0, map[int]float32{10: 1})}, controls: map[string]control{}})
	var logged []probity.Gap
	for _, g := range m.Gaps() {
		if g.Witness == probity.Logged {
			logged = append(logged, g)
		}
	}
	if len(logged) != 3 {
		t.Fatalf("%d gaps: %+v", len(logged), logged)
	}
	for _, g := range logged {
		all := g.From.Equal(day0) && g.Until.Equal(day0.AddDate(0, 0, 2))
		if both := len(g.Streams) == 2; both != all {
			t.Errorf("%s: %s", g.Span, strings.Join(g.Streams, ", "))
		}
	}
}

func TestGrid(t *testing.T) {
	g := NewGrid(probity.Span{From: day0.Add(90 * time.Minute), Until: day0.Add(26*time.Hour + time.Minute)})
	if g.N != 26 || g.Days() != 2 {
		t.Errorf("%d hours, %d days", g.N, g.Days())
	}
	if i, j := g.Range(day0.Unix(), day0.Unix()+7200); i != 0 || j != 1 {
		t.Errorf("%d..%d", i, j)
	}
	if i, j := g.DayHours(1); i != 23 || j != 26 {
		t.Errorf("day 1 is %d..%d", i, j)
	}
}

// Where a chain of digests is there, records that none vouches for cover
// nothing, unless the meter counts no more; without a chain, the hours with
// records are covered.
func TestTrails(t *testing.T) {
	write := streamOf{0, "writes"}
	chain := &trail{records: NewHours(48), asserted: NewHours(48)}
	chain.records.Add(0, 30)
	chain.asserted.Add(0, 10)
	chain.holes = []hole{{day0.Unix() + 4*3600 + 60, day0.Unix() + 4*3600 + 120, "a file is missing"}}
	base := func() *facts {
		return &facts{logs: map[streamOf][]float32{write: hours(0, map[int]float32{4: 1, 20: 2, 21: 2})}, meters: map[streamOf][]float32{write: hours(nan, map[int]float32{21: 2, 22: 0, 23: 5})},
			trails: map[string]*trail{"aws/a/r": chain}, selected: map[streamOf][]string{write: {"aws/a/r"}}, spoken: map[int32]*Hours{}}
	}
	for hour, want := range map[int]bool{3: true, 4: false, 11: false, 20: false, 21: true, 22: true, 23: false} {
		if got := one(&measure.Set{}, base()).logged(0, "writes").Has(hour); got != want {
			t.Errorf("hour %d: %v", hour, got)
		}
	}
	f := base()
	f.spoken[0] = NewHours(48)
	f.spoken[0].Add(4, 5)
	m := one(&measure.Set{}, f)
	if !m.logged(0, "writes").Has(4) {
		t.Error("another log speaks of the hour")
	}
	if why := m.holeAt(0, "writes", 4); why != "a file is missing" {
		t.Errorf("hole: %q", why)
	}
	alone := &trail{records: NewHours(48)}
	alone.records.Add(5, 8)
	f = base()
	f.trails["aws/a/r"] = alone
	if h := one(&measure.Set{}, f).logged(0, "writes"); !h.Has(6) || h.Has(9) {
		t.Error("without a chain, the hours with records are covered")
	}
}
