package coverage

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"probity"
)

// Gaps returns every span that a witness does not cover for a resource that
// could carry the quantity, with its cause. Adjoining spans with the same
// cause are one gap; what a witness has several streams for is told together
// where they are silent together.
func (m *Map) Gaps() []probity.Gap {
	var out []probity.Gap
	d := m.set.Directory
	for r := range d.Resources {
		x := &d.Resources[r]
		if x.Name == "" {
			continue
		}
		for _, w := range []probity.Witness{probity.Billed, probity.Metered, probity.Listed, probity.Logged} {
			out = append(out, m.resourceGaps(w, int32(r))...)
		}
	}
	for _, a := range m.accounts() {
		h := m.Control(a.Provider, a.Account)
		name := "activity log"
		if a.Provider != "azure" {
			name = "control plane"
		}
		out = append(out, m.runs(probity.Control, a.Provider, a.Account, "", name, h, func(i int) (probity.Cause, string) {
			if c, why := m.requested(probity.Control, a.Account, "", i); c != probity.Unknown {
				return c, why
			}
			if a.Provider != "azure" {
				return m.trailCause(a.Provider, a.Account, i)
			}
			return m.expired(a.Provider, probity.Control, i)
		})...)
	}
	return merge(out)
}

// accounts returns the accounts that any record shows or that the case names.
func (m *Map) accounts() []probity.Scope {
	seen := map[string]bool{}
	var out []probity.Scope
	for _, a := range append(append([]probity.Scope{}, m.set.Directory.Accounts...), m.c.Estate...) {
		k := strings.ToLower(a.Provider + "/" + a.Account)
		if !seen[k] {
			seen[k] = true
			out = append(out, probity.Scope{Provider: strings.ToLower(a.Provider), Account: strings.ToLower(a.Account)})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Provider+out[i].Account < out[j].Provider+out[j].Account })
	return out
}

func (m *Map) resourceGaps(w probity.Witness, r int32) []probity.Gap {
	x := &m.set.Directory.Resources[r]
	var out []probity.Gap
	add := func(stream string, h *Hours) {
		out = append(out, m.runs(w, x.Provider, x.Account, x.Name, stream, h, func(i int) (probity.Cause, string) {
			return m.cause(w, r, stream, i)
		})...)
	}
	if w == probity.Logged {
		if x.Storage() {
			for _, s := range logStreams {
				add(s, m.logged(r, s))
			}
		}
		return out
	}
	for _, s := range m.set.Series {
		if s.Witness == w && x.Type != "" && x.Carries(s.Quantity) {
			add(strings.Join(s.Streams, ", "), m.Covered(w, s.Quantity, r))
		}
	}
	return out
}

// runs turns the hours that h lacks into gaps, cutting where the cause changes.
func (m *Map) runs(w probity.Witness, provider, account, resource, stream string, h *Hours, cause func(int) (probity.Cause, string)) []probity.Gap {
	var out []probity.Gap
	for i := 0; i < h.Len(); i++ {
		if h.Has(i) {
			continue
		}
		c, why := cause(i)
		span := m.Grid.Span(i, i+1).Intersect(m.c.Period)
		if n := len(out); n > 0 && out[n-1].Until.Equal(span.From) && out[n-1].Cause == c && out[n-1].Detail == why {
			out[n-1].Until = span.Until
			continue
		}
		out = append(out, probity.Gap{Witness: w, Provider: provider, Account: account, Resource: resource, Span: span,
			Cause: c, Streams: []string{stream}, Detail: why})
	}
	return out
}

// cause returns the first cause that the records establish for the silence of
// a witness about a resource in an hour, in the order of probity.Causes.
func (m *Map) cause(w probity.Witness, r int32, stream string, hour int) (probity.Cause, string) {
	x := &m.set.Directory.Resources[r]
	if c, why := m.requested(w, x.Account, x.Name, hour); c != probity.Unknown {
		return c, why
	}
	span := m.Grid.Span(hour, hour+1)
	from, until := span.From.Unix(), span.Until.Unix()
	if last := m.lastSwitch(w, r, stream, until); last != nil && !last.on {
		return probity.TurnedOff, last.what
	} else if last != nil && last.at >= from { // switched on again within the hour
		if before := m.lastSwitch(w, r, stream, last.at); before != nil && !before.on {
			return probity.TurnedOff, before.what
		}
	}
	if c, why := m.expired(x.Provider, w, hour); c != probity.Unknown {
		return c, why
	}
	if w == probity.Logged && m.filtered(r, stream) {
		return probity.Filtered, "other categories of the log are there, " + stream + " never is, and the meter counts such requests"
	}
	if m.neverOn(w, r, stream, from) {
		return probity.NeverOn, "the control plane's log shows no event that switched it on"
	}
	for _, u := range m.facts.unread {
		if u.witness == w && u.resource == r && (u.stream == "" || u.stream == stream || w != probity.Logged) && u.from < until && u.until > from {
			return probity.CauseUnread, "an exhibit has unread ranges there"
		}
	}
	if why := m.evidence(w, r, stream, hour); why != "" {
		return probity.Missing, why
	}
	return probity.Unknown, ""
}

// expired returns Expired for an hour whose record was no longer kept when it
// was acquired. Where none of it was acquired, the first hand-over of anything
// counts.
func (m *Map) expired(provider string, w probity.Witness, hour int) (probity.Cause, string) {
	kept := m.facts.keptFor(provider, w)
	at := m.facts.acquired[w]
	if at.IsZero() {
		at = m.facts.first
	}
	if kept == 0 || at.IsZero() || m.Grid.Span(hour, hour+1).Until.After(at.Add(-kept)) {
		return probity.Unknown, ""
	}
	return probity.Expired, fmt.Sprintf("it is kept for %d days, and was acquired on %s", int(kept.Hours()/24), at.Format(time.DateOnly))
}

// requested returns the cause that the case itself states.
func (m *Map) requested(w probity.Witness, account, resource string, hour int) (probity.Cause, string) {
	has := func(list []string, s string) bool {
		for _, x := range list {
			if strings.EqualFold(x, s) {
				return true
			}
		}
		return len(list) == 0
	}
	span := m.Grid.Span(hour, hour+1)
	best, why := probity.Unknown, ""
	for _, q := range m.c.Requests {
		if q.Witness != w || !has(q.Accounts, account) || !has(q.Resources, resource) || q.Period != nil && !q.Period.Overlaps(span) {
			continue
		}
		if order(q.Outcome) < order(best) {
			best, why = q.Outcome, "as the case states of "+q.Custodian
		}
	}
	return best, why
}

func order(c probity.Cause) int {
	for i, x := range probity.Causes {
		if x == c {
			return i
		}
	}
	return len(probity.Causes)
}

// lastSwitch returns the latest event before t that switched the stream of the
// witness on or off for the resource.
func (m *Map) lastSwitch(w probity.Witness, r int32, stream string, t int64) *change {
	var last *change
	for i := range m.facts.switches[r] {
		if c := &m.facts.switches[r][i]; c.concerns(w, stream) && c.at < t {
			last = c
		}
	}
	return last
}

// filtered reports whether a category was never logged although others were
// and the meter counts requests that belong to it.
func (m *Map) filtered(r int32, stream string) bool {
	if m.facts.logs[streamOf{r, stream}] != nil {
		return false
	}
	others := false
	for _, s := range logStreams {
		others = others || m.facts.logs[streamOf{r, s}] != nil
	}
	if !others {
		return false
	}
	for _, v := range m.facts.meters[streamOf{r, stream}] {
		if v > 0 {
			return true
		}
	}
	for _, x := range m.facts.coarse[streamOf{r, stream}] {
		if x.value > 0 {
			return true
		}
	}
	return false
}

// neverOn reports whether the control plane was seen from the resource's
// creation, or through the period, and nothing had switched the witness on by
// the time t: there are no records of it at all, or an event switches it on
// later.
func (m *Map) neverOn(w probity.Witness, r int32, stream string, t int64) bool {
	if w != probity.Logged && w != probity.Listed {
		return false
	}
	x := &m.set.Directory.Resources[r]
	seen, ok := m.facts.controls[x.Provider+"/"+x.Account]
	if x.Provider != "azure" && m.Control(x.Provider, x.Account).Count() == m.Grid.N {
		seen, ok = control{m.c.Period.From.Unix(), m.c.Period.Until.Unix()}, true
	}
	start := m.c.Period.From.Unix()
	if at, known := m.facts.creation[r]; known {
		start = max(start, at)
	}
	if !ok || seen.from > start || seen.until < min(m.c.Period.Until.Unix(), t) {
		return false
	}
	for _, c := range m.facts.switches[r] {
		if c.concerns(w, stream) {
			return c.on && c.at >= t // the first event switches it on, and comes later
		}
	}
	if w == probity.Listed {
		_, listed := x.Shown[probity.Listed]
		return !listed
	}
	for _, s := range logStreams {
		if m.facts.logs[streamOf{r, s}] != nil {
			return false
		}
	}
	return true
}

// evidence says which other records show that something happened that the
// witness should have told of, or "".
func (m *Map) evidence(w probity.Witness, r int32, stream string, hour int) string {
	day := m.Grid.Day(hour)
	i, j := m.Grid.DayHours(day)
	if w != probity.Logged && w != probity.Metered && w != probity.Billed {
		return ""
	}
	if w == probity.Logged {
		if why := m.holeAt(r, stream, hour); why != "" {
			return why
		}
		if v := m.facts.meters[streamOf{r, stream}]; v != nil && v[hour] > 0 {
			return "the meter counts requests in that time"
		} else if v != nil && !isNaN(v[hour]) {
			return ""
		}
		for _, x := range m.facts.coarse[streamOf{r, stream}] {
			if x.i <= hour && hour < x.j && x.value > 0 && !m.anyOf(r, stream, x.i, x.j) {
				return "the meter counts requests in that time"
			}
		}
		if t := m.facts.meters[streamOf{r, ""}]; t != nil && t[hour] > 0 && !m.anyLog(r, hour, hour+1) {
			return "the meter counts requests in that time"
		}
		if stream != "deletes" && !m.anyLog(r, i, j) && m.shownBy(probity.Billed, r, i, j) {
			return "the bill has operations on that day"
		}
		return ""
	}
	if m.anyLog(r, hour, hour+1) {
		return "the log has requests in that time"
	}
	if w == probity.Billed && m.shownBy(probity.Metered, r, hour, hour+1) {
		return "the meter shows use in that time"
	}
	if w == probity.Metered && m.shownBy(probity.Billed, r, i, j) {
		return "the bill has charges for that day"
	}
	return ""
}

func (m *Map) anyLog(r int32, i, j int) bool {
	for _, s := range logStreams {
		if m.anyOf(r, s, i, j) {
			return true
		}
	}
	return false
}

// anyOf reports whether one category of the log has records in the hours
// i..j-1.
func (m *Map) anyOf(r int32, stream string, i, j int) bool {
	logs := m.facts.logs[streamOf{r, stream}]
	for h := i; logs != nil && h < j; h++ {
		if logs[h] > 0 {
			return true
		}
	}
	return false
}

// shownBy reports whether any measure of the witness shows more than nothing
// at the resource in the hours i..j-1.
func (m *Map) shownBy(w probity.Witness, r int32, i, j int) bool {
	for _, s := range m.set.Series {
		if s.Witness == w && m.active(s, r).any(i, j) {
			return true
		}
	}
	return false
}

// merge joins gaps of the same witness, resource, span and cause into one that
// names all their streams, and orders them.
func merge(gaps []probity.Gap) []probity.Gap {
	type same struct {
		w                           probity.Witness
		provider, account, resource string
		from, until                 int64
		cause                       probity.Cause
	}
	at := map[same]int{}
	out := []probity.Gap{}
	for _, g := range gaps {
		k := same{g.Witness, g.Provider, g.Account, g.Resource, g.From.Unix(), g.Until.Unix(), g.Cause}
		if i, ok := at[k]; ok {
			for _, s := range g.Streams {
				if !strings.Contains(strings.Join(out[i].Streams, "\n")+"\n", s+"\n") {
					out[i].Streams = append(out[i].Streams, s)
				}
			}
			continue
		}
		at[k] = len(out)
		out = append(out, g)
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.Account != b.Account {
			return a.Provider+a.Account < b.Provider+b.Account
		}
		if a.Resource != b.Resource {
			return a.Resource < b.Resource
		}
		if a.Witness != b.Witness {
			return a.Witness.Rank() < b.Witness.Rank()
		}
		if !a.From.Equal(b.From) {
			return a.From.Before(b.From)
		}
		if !a.Until.Equal(b.Until) {
			return a.Until.Before(b.Until)
		}
		return order(a.Cause) < order(b.Cause)
	})
	return out
}

func sortChanges(list []change) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
}
