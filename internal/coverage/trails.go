package coverage

import (
	"context"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/measure"
	"probity/internal/query"
)

// A trail is the control plane's log of one account and region, where it is
// delivered as files: the hours that it speaks of.
type trail struct {
	records  *Hours // there are records of the hour
	asserted *Hours // a chain of digests says what was delivered; nil if there is none
	holes    []hole // what the chain shows to be missing or altered
}

type hole struct {
	from, until int64
	detail      string
}

// covered returns the hours of which the trail speaks: those that digests
// assert, or, without digests, those with records.
func (t *trail) covered(g Grid) *Hours {
	h := NewHours(g.N)
	if t.asserted != nil {
		h.Or(t.asserted)
	} else {
		h.Or(t.records)
	}
	for _, x := range t.holes {
		if i, j := g.Range(x.from, x.until); i < j {
			h.Remove(i, j)
		}
	}
	return h
}

// loadTrails reads which hours the trails speak of, and of which resources
// they record requests.
func (f *facts) loadTrails(ctx context.Context, e *query.Engine, d *measure.Directory, g Grid) error {
	err := e.EachOf(ctx, "coverage/trail_hours.sql", func(row func(...any) error) error {
		var provider, account, region, origin, detail string
		var from, until time.Time
		if err := row(&provider, &account, &region, &origin, &from, &until, &detail); err != nil {
			return err
		}
		k := provider + "/" + account + "/" + region
		t := f.trails[k]
		if t == nil {
			t = &trail{records: NewHours(g.N)}
			f.trails[k] = t
		}
		i, j := g.Range(from.Unix(), until.Unix())
		switch {
		case origin == "records" && i < j:
			t.records.Add(i, j)
		case origin == "asserted":
			if t.asserted == nil {
				t.asserted = NewHours(g.N)
			}
			if i < j {
				t.asserted.Add(i, j)
			}
		case origin != "records":
			t.holes = append(t.holes, hole{from.Unix(), until.Unix(), detail})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range sortedKeys(f.trails) {
		if t := f.trails[k]; t.asserted == nil && t.records.Count() > 0 && strings.HasPrefix(k, "aws/") {
			f.warnings = append(f.warnings, "CloudTrail of "+strings.TrimPrefix(k, "aws/")+": no digest files were handed over, so its coverage is that of the hours with records, and a file that was left out would not show")
		}
	}
	return e.EachOf(ctx, "coverage/selected.sql", func(row func(...any) error) error {
		var provider, account, region, resource, stream string
		var at time.Time
		if err := row(&provider, &account, &region, &resource, &stream, &at); err != nil {
			return err
		}
		r := d.Find(provider, account, resource)
		if r < 0 {
			return nil
		}
		streams := []string{stream}
		if stream == "writes" { // one selector is for writes and deletes
			streams = append(streams, "deletes")
		}
		for _, s := range streams {
			f.record(r, s, provider+"/"+account+"/"+region)
		}
		return nil
	})
}

// record notes that a trail records a class of a resource's requests.
func (f *facts) record(r int32, stream, trail string) {
	k := streamOf{r, stream}
	if !slices.Contains(f.selected[k], trail) {
		f.selected[k] = append(f.selected[k], trail)
	}
}

// selects applies an event that says of which buckets a trail records requests
// from then on: data:All:bucket, with no bucket for every one.
func (f *facts) selects(d *measure.Directory, provider, account, enabled string, c change) {
	if strings.Contains(enabled, "advanced") {
		return // what advanced selectors select is not read
	}
	for r := range d.Resources {
		x := &d.Resources[r]
		if x.Provider != provider || x.Account != account || !x.Storage() {
			continue
		}
		var on, off []string
		for _, s := range logStreams {
			class := "WriteOnly"
			if s == "reads" {
				class = "ReadOnly"
			}
			list := "," + enabled + ","
			if strings.Contains(list, ",data:All:"+x.Name+",") || strings.Contains(list, ",data:All:,") ||
				strings.Contains(list, ",data:"+class+":"+x.Name+",") || strings.Contains(list, ",data:"+class+":,") {
				on = append(on, s)
				for _, t := range sortedKeys(f.trails) {
					if strings.HasPrefix(t, provider+"/"+account+"/") && (x.Region == "" || strings.HasSuffix(t, "/"+x.Region)) {
						f.record(int32(r), s, t)
					}
				}
			} else if len(f.selected[streamOf{int32(r), s}]) > 0 {
				off = append(off, s)
			}
		}
		c.witness = probity.Logged
		for _, part := range []struct {
			on      bool
			streams []string
		}{{true, on}, {false, off}} {
			if len(part.streams) > 0 {
				c.on, c.streams = part.on, part.streams
				f.switches[int32(r)] = append(f.switches[int32(r)], c)
			}
		}
	}
}

// spreadStops turns the switching of trails into that of the logs of the
// resources whose requests they record. While one trail of an account is on,
// the log is.
func (f *facts) spreadStops(d *measure.Directory) {
	for k, list := range f.stopped {
		sortChanges(list)
		on := map[string]bool{}
		var out []change
		for _, c := range list {
			before := anyOn(on)
			first := len(on) == 0
			on[c.trail] = c.on
			if now := anyOn(on); now != before || first {
				c.on = now
				out = append(out, c)
			}
		}
		f.stopped[k] = out
		for r := range d.Resources {
			x := &d.Resources[r]
			if x.Provider+"/"+x.Account != k {
				continue
			}
			var streams []string
			for _, s := range logStreams {
				if len(f.selected[streamOf{int32(r), s}]) > 0 {
					streams = append(streams, s)
				}
			}
			for _, c := range out {
				if c.witness, c.streams = probity.Logged, streams; len(streams) > 0 {
					f.switches[int32(r)] = append(f.switches[int32(r)], c)
				}
			}
		}
	}
}

func anyOn(m map[string]bool) bool {
	for _, v := range m {
		if v {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// keptFor returns how long a provider keeps what a witness reads; 0 if as long
// as the place that it is sent to.
func (f *facts) keptFor(provider string, w probity.Witness) time.Duration {
	if d, ok := f.kept[provider+"/"+string(w)]; ok {
		return d
	}
	return f.kept["/"+string(w)]
}

// trailed adds the hours in which a trail speaks of a class of a resource's
// requests, and takes out those that a chain of digests shows to be missing or
// altered, unless another log speaks of them. Where there is a chain, records
// that no digest vouches for cover an hour only if the meter counts no more.
func (m *Map) trailed(h *Hours, resource int32, stream string) {
	spoken := m.facts.spoken[resource]
	logs, meters := m.facts.logs[streamOf{resource, stream}], m.facts.meters[streamOf{resource, stream}]
	for _, k := range m.facts.selected[streamOf{resource, stream}] {
		t := m.facts.trails[k]
		if t == nil {
			continue
		}
		covered := t.covered(m.Grid)
		for i := 0; t.asserted != nil && i < m.Grid.N; i++ {
			if covered.Has(i) || spoken != nil && spoken.Has(i) || meters != nil && (meters[i] == 0 || logs != nil && logs[i] >= meters[i]) {
				continue
			}
			h.Remove(i, i+1)
		}
		h.Or(covered)
		for _, x := range t.holes {
			i, j := m.Grid.Range(x.from, x.until)
			for ; i < j; i++ {
				if spoken == nil || !spoken.Has(i) {
					h.Remove(i, i+1)
				}
			}
		}
	}
}

// holeAt says what a chain of digests shows to be missing or altered of a
// class of a resource's requests in an hour, or "".
func (m *Map) holeAt(resource int32, stream string, hour int) string {
	for _, k := range m.facts.selected[streamOf{resource, stream}] {
		if why := m.facts.trails[k].holeAt(m.Grid, hour); why != "" {
			return why
		}
	}
	return ""
}

func (t *trail) holeAt(g Grid, hour int) string {
	if t == nil {
		return ""
	}
	for _, x := range t.holes {
		if i, j := g.Range(x.from, x.until); i <= hour && hour < j {
			return x.detail
		}
	}
	return ""
}

// regions returns the trails that must speak for an account's control plane:
// those of the regions that the case names, or else of those with resources or
// records.
func (m *Map) regions(provider, account string) []string {
	seen := map[string]bool{}
	for _, s := range m.c.Estate {
		if strings.EqualFold(s.Provider, provider) && strings.EqualFold(s.Account, account) {
			for _, r := range s.Regions {
				seen[strings.ToLower(r)] = true
			}
		}
	}
	if len(seen) == 0 {
		for i := range m.set.Directory.Resources {
			if x := &m.set.Directory.Resources[i]; x.Provider == provider && x.Account == account && x.Region != "" && x.Storage() {
				seen[x.Region] = true
			}
		}
	}
	prefix := provider + "/" + account + "/"
	if len(seen) == 0 {
		for k := range m.facts.trails {
			if r, ok := strings.CutPrefix(k, prefix); ok {
				seen[r] = true
			}
		}
	}
	var out []string
	for _, r := range sortedKeys(seen) {
		out = append(out, prefix+r)
	}
	return out
}

// trailHours returns the hours for which the trails of every region of an
// account speak.
func (m *Map) trailHours(provider, account string) *Hours {
	h := NewHours(m.Grid.N)
	keys := m.regions(provider, account)
	if len(keys) == 0 {
		return h
	}
	h.Add(0, m.Grid.N)
	for _, k := range keys {
		t := m.facts.trails[k]
		if t == nil {
			return NewHours(m.Grid.N)
		}
		h.And(t.covered(m.Grid))
	}
	on := true
	for _, c := range m.facts.stopped[provider+"/"+account] {
		if c.on == on {
			continue
		}
		on = c.on
		if i, j := m.Grid.Range(c.at, c.at+1); i < j {
			h.Remove(i, j)
		}
	}
	return h
}

// trailCause returns why an account's trails do not speak of an hour.
func (m *Map) trailCause(provider, account string, hour int) (probity.Cause, string) {
	until := m.Grid.Span(hour, hour+1).Until.Unix()
	var last *change
	list := m.facts.stopped[provider+"/"+account]
	for i := range list {
		if list[i].at < until {
			last = &list[i]
		}
	}
	if last != nil && !last.on {
		return probity.TurnedOff, last.what
	}
	for _, k := range m.regions(provider, account) {
		if why := m.facts.trails[k].holeAt(m.Grid, hour); why != "" {
			return probity.Missing, why
		}
	}
	return probity.Unknown, ""
}

// Warnings says what a reader should know of how coverage was found.
func (m *Map) Warnings() []string { return m.facts.warnings }
