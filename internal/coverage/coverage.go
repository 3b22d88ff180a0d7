// Package coverage says which hours each witness covers, and why it does not
// cover the others. It looks at what was acquired, never at what was found:
// an hour is covered if the witness has records of it, or if there is a
// positive assertion that there was nothing to record.
package coverage

import (
	"context"
	"fmt"
	"math"
	"path"
	"strings"

	"probity"
	"probity/internal/measure"
	"probity/internal/query"
)

// A Map answers, for each witness, resource and quantity, which hours of the
// period are covered.
type Map struct {
	Grid  Grid
	set   *measure.Set
	facts *facts
	c     *probity.Case
	cache map[cell]*Hours
}

type cell struct {
	witness  probity.Witness
	quantity probity.Quantity
	resource int32
}

// Load reads the catalogue's coverage queries.
func Load(ctx context.Context, e *query.Engine, set *measure.Set, c *probity.Case, exhibits []probity.Exhibit) (*Map, error) {
	g := NewGrid(c.Period)
	f, err := loadFacts(ctx, e, set.Directory, g, c, exhibits)
	if err != nil {
		return nil, err
	}
	return &Map{Grid: g, set: set, facts: f, c: c, cache: map[cell]*Hours{}}, nil
}

// Covered returns the hours for which the witness speaks of the quantity at
// the resource. The set is shared: it must not be changed.
func (m *Map) Covered(w probity.Witness, q probity.Quantity, resource int32) *Hours {
	k := cell{w, q, resource}
	if h := m.cache[k]; h != nil {
		return h
	}
	var h *Hours
	s := m.set.Find(q, w)
	switch {
	case s == nil:
		h = NewHours(m.Grid.N)
	case w == probity.Logged:
		h = NewHours(m.Grid.N)
		h.Add(0, m.Grid.N)
		for _, stream := range s.Streams {
			h.And(m.logged(resource, stream))
		}
	case w == probity.Billed:
		h = m.billed(q, resource)
	default:
		h = m.spoken(s, resource)
	}
	m.cache[k] = h
	return h
}

// spoken returns the hours for which a series has points that bound.
func (m *Map) spoken(s *measure.Series, resource int32) *Hours {
	h := NewHours(m.Grid.N)
	for _, p := range s.Of(resource) {
		// A reading that is only a lower bound, where the witness otherwise
		// bounds from above too, is a part of what was acquired.
		if p.Bound.Upper() || p.Bound.Lower() && !s.Bound.Upper() {
			i, j := m.Grid.Range(p.From, p.Until)
			h.Add(i, j)
		}
	}
	return h
}

// logged returns the hours for which one category of the request log has
// records, or the meter says that there was nothing to log. A request logged
// in one hour may be metered in the next: an hour without records is covered
// too if the hours beside it make up for it.
func (m *Map) logged(resource int32, stream string) *Hours {
	h := NewHours(m.Grid.N)
	logs, meters := m.facts.logs[streamOf{resource, stream}], m.facts.meters[streamOf{resource, stream}]
	for i := range m.Grid.N {
		switch {
		case logs != nil && logs[i] > 0, meters != nil && meters[i] == 0:
			h.Add(i, i+1)
		case logs != nil && meters != nil && meters[i] > 0:
			var l, v float32
			for j := max(i-1, 0); j <= min(i+1, m.Grid.N-1); j++ {
				l, v = l+logs[j], v+meters[j] // NaN if the meter is silent there: not covered
			}
			if l >= v {
				h.Add(i, i+1)
			}
		}
	}
	for _, x := range m.facts.coarse[streamOf{resource, stream}] {
		sum := 0.0
		for i := x.i; i < x.j && logs != nil; i++ {
			sum += float64(logs[i])
		}
		if sum >= x.value { // all that was metered over the span is there
			h.Add(x.i, x.j)
		}
	}
	if s := m.facts.spoken[resource]; s != nil {
		h.Or(s)
	}
	m.trailed(h, resource, stream)
	m.cutSwitched(h, resource, stream)
	return h
}

// cutSwitched takes out the hours in which a category of the log was switched
// off, or on again: it speaks of a part of them only.
func (m *Map) cutSwitched(h *Hours, resource int32, stream string) {
	on := true
	for _, c := range m.facts.switches[resource] {
		if !c.concerns(probity.Logged, stream) || c.on == on {
			continue
		}
		on = c.on
		if i, j := m.Grid.Range(c.at, c.at+1); i < j {
			h.Remove(i, j)
		}
	}
}

// billed returns the hours for which the bill speaks. For a level only a
// charge does. For a flow, a day on which the bill speaks of the resource and
// lists no such charge asserts that there was none, unless another witness
// shows that there was.
func (m *Map) billed(q probity.Quantity, resource int32) *Hours {
	s := m.set.Find(q, probity.Billed)
	h := m.spoken(s, resource)
	bill := m.facts.bills[resource]
	if q.Level() || bill == nil {
		return h
	}
	for d := range m.Grid.Days() {
		i, j := m.Grid.DayHours(d)
		if i < j && !h.Has(i) && bill.Has(i) && !m.shown(q, resource, i, j, probity.Billed) {
			h.Add(i, j)
		}
	}
	return h
}

// shown reports whether a witness other than one shows more than nothing of
// the quantity in the hours i..j-1.
func (m *Map) shown(q probity.Quantity, resource int32, i, j int, other probity.Witness) bool {
	for _, s := range m.set.Of(q) {
		if s.Witness != other && m.active(s, resource).any(i, j) {
			return true
		}
	}
	return false
}

// active returns the hours for which a lower bound of a series lies above
// zero, or any bound of a bill: something happened then.
func (m *Map) active(s *measure.Series, resource int32) *Hours {
	k := cell{"active " + s.Witness, s.Quantity, resource}
	h := m.cache[k]
	if h == nil {
		h = NewHours(m.Grid.N)
		for _, p := range s.Of(resource) {
			if p.Value > 0 && (p.Bound.Lower() || s.Witness == probity.Billed) {
				h.Add(m.Grid.Range(p.From, p.Until))
			}
		}
		m.cache[k] = h
	}
	return h
}

// Control returns the hours for which the account's control-plane log can
// speak.
func (m *Map) Control(provider, account string) *Hours {
	h := NewHours(m.Grid.N)
	if provider != "azure" {
		h.Or(m.trailHours(provider, account))
	} else if c, ok := m.facts.controls[provider+"/"+account]; ok {
		i, j := m.Grid.Range(c.from, c.until)
		if i < j {
			h.Add(i, j)
		}
	}
	for _, u := range m.facts.unread { // what could not be read could have been the event
		if u.witness == probity.Control && u.account == account && u.from > 0 {
			if i, j := m.Grid.Range(u.from, u.until); i < j {
				h.Remove(i, j)
			}
		}
	}
	return h
}

// Bill returns the hours for which the bill speaks of any charge of the
// account.
func (m *Map) Bill(provider, account string) *Hours {
	if b := m.facts.billed[provider+"/"+account]; b != nil {
		return b
	}
	return NewHours(m.Grid.N)
}

// Estate returns the hours for which the bill or a meter speaks of any
// resource of the account.
func (m *Map) Estate(provider, account string) *Hours {
	h := NewHours(m.Grid.N)
	if b := m.facts.billed[provider+"/"+account]; b != nil {
		h.Or(b)
	}
	for r := range m.set.Directory.Resources {
		x := &m.set.Directory.Resources[r]
		if x.Provider != provider || x.Account != account {
			continue
		}
		for _, s := range m.set.Series {
			if s.Witness == probity.Metered {
				h.Or(m.Covered(probity.Metered, s.Quantity, int32(r)))
			}
		}
	}
	return h
}

// UnlocatedUnread reports whether a witness has unread ranges that nothing
// ties to a resource or a time: they could hold anything.
func (m *Map) UnlocatedUnread(w probity.Witness) bool {
	for _, u := range m.facts.unread {
		if u.witness == w && (u.resource < 0 && (w != probity.Control || u.account == "") || u.from <= 0) {
			return true
		}
	}
	return false
}

// Place writes where a record stands, as `probity show` takes it.
func Place(exhibit string, position int64) string {
	if len(exhibit) > 12 {
		exhibit = exhibit[:12]
	}
	return fmt.Sprintf("%s:%d", exhibit, position)
}

func under(file, dir string) bool {
	dir = path.Clean(dir)
	return file == dir || strings.HasPrefix(file, dir+"/") || dir == "."
}

func isNaN(v float32) bool { return math.IsNaN(float64(v)) }
