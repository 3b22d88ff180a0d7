package simulate

import (
	"math/rand/v2"
	"sort"
	"time"
)

// An entry is a request as the log tells of it.
type entry struct {
	request
	late  bool // its line came with the file that follows
	again bool // a line that is there twice
}

// applied is what an edit by share did to a log on a day.
type applied struct {
	edit  int // index in the scenario's edits
	day   time.Time
	lines int // dropped, lost, fabricated, repeated or late
	all   int // lines of the day before the edits
}

// hidden reports whether nothing but bills shows the storage account.
func (h *history) hidden() bool { return h.account.Hidden || h.storage.Undisclosed }

// elsewhere reports whether the logs were collected for another region only.
func (s *Scenario) elsewhere(x *Storage) bool {
	for _, e := range s.Edits {
		if e.OnlyRegion != "" && e.OnlyRegion != x.Region {
			return true
		}
	}
	return false
}

// deletion is when the storage account was deleted, or zero.
func (x *Storage) deletion() time.Time {
	at, _ := time.Parse(time.DateOnly, x.Deleted) // checked when read
	if x.Deleted == "" {
		return time.Time{}
	}
	return at
}

func (x *Storage) deletedBy(at time.Time) bool {
	d := x.deletion()
	return !d.IsZero() && !at.Before(d)
}

// signed reports whether a container is written to by signed addresses.
func (d *drawing) signed(c *Container) bool {
	p := profileOf(d.s.profiles, c.Use)
	return p != nil && p.SAS
}

// entries projects the requests of a history into what its log tells of them,
// with the edits of single lines: all of them, or, if it is not tampered with,
// those that happen before a log is delivered.
func (h *history) entries(s *Scenario, ended time.Time, withheld map[string]bool, tampered bool) []entry {
	var out []entry
	skew, first := time.Duration(0), ""
	for _, e := range s.Edits {
		if e.SkewClock == h.storage.Name {
			skew = e.By
		}
		if e.ExpireLogs == h.storage.Name {
			first = e.Day
		}
	}
	for i := range h.requests {
		day := h.requests[i].at.Format(time.DateOnly)
		if !ended.IsZero() && !h.requests[i].at.Before(ended) || withheld[day] || day < first {
			continue
		}
		x := entry{request: h.requests[i]}
		x.at = x.at.Add(skew)
		out = append(out, x)
	}
	h.faults = nil
	for i := range s.Edits {
		if e := &s.Edits[i]; e.share() == h.storage.Name && (tampered || e.DropLines == "" && e.FabricateLines == "") {
			out = h.apply(s, i, out)
		}
	}
	return out
}

// apply applies an edit by share, day by day: of each day's lines the same
// number, rounded down, is drawn at random.
func (h *history) apply(s *Scenario, i int, list []entry) []entry {
	e := &s.Edits[i]
	rng := rand.New(rand.NewPCG(s.Seed^0xfa017, uint64(i)))
	var out, more []entry
	for from := 0; from < len(list); {
		day := list[from].at.Truncate(24 * time.Hour)
		until := from
		for until < len(list) && list[until].at.Before(day.AddDate(0, 0, 1)) {
			until++
		}
		lines := list[from:until]
		if e.Day != "" && e.Day != day.Format(time.DateOnly) {
			out, from = append(out, lines...), until
			continue
		}
		n := int(e.Share * float64(len(lines)))
		chosen := map[int]bool{}
		for _, k := range rng.Perm(len(lines))[:n] {
			chosen[k] = true
		}
		for k := range lines {
			x := lines[k]
			switch {
			case !chosen[k] || e.DropLines == "" && e.LoseLines == "":
				x.late = x.late || chosen[k] && e.LateLines != ""
				out = append(out, x)
			}
			if chosen[k] && e.RepeatLines != "" {
				x.again = true
				out = append(out, x)
			}
			if chosen[k] && e.FabricateLines != "" {
				x.serial, x.at = rng.Uint64(), x.at.Add(time.Duration(rng.Int64N(50_000))*time.Microsecond)
				more = append(more, x)
			}
		}
		h.faults = append(h.faults, applied{i, day, n, len(lines)})
		from = until
	}
	if len(more) > 0 {
		out = append(out, more...)
		sort.SliceStable(out, func(a, b int) bool { return out[a].at.Before(out[b].at) })
	}
	return out
}

// faultTruth is what the edits by share, the clocks and the missing logs make a
// review find, and what it may find.
func faultTruth(s *Scenario, all []*history) (must, allowed, gaps []any) {
	const tolerance, least = 0.001, 3
	flows := []string{"requests", "objects_written", "objects_read", "bytes_written", "bytes_read"}
	pair := [][]string{{"logged", "metered"}}
	for _, h := range all {
		name := h.storage.Name
		for _, a := range h.faults {
			e := &s.Edits[a.edit]
			if e.RepeatLines != "" || e.LateLines != "" || a.lines == 0 {
				continue
			}
			reading := "log_short"
			if e.FabricateLines != "" {
				reading = "log_excess"
			}
			p := fields{"quantities": flows, "witnesses": pair, "readings": []string{reading}, "resource": name, "from": a.day.Format(time.RFC3339),
				"until": a.day.AddDate(0, 0, 1).Format(time.RFC3339), "why": "lines of the log"}
			if n := float64(a.lines); n > 2*least && n > 2*tolerance*float64(a.all) {
				must = append(must, p)
			} else {
				allowed = append(allowed, p)
			}
			allowed = append(allowed, fields{"quantities": flows, "witnesses": pair, "readings": []string{reading}, "resource": name, "why": "lines of the log, over the period"})
		}
		for _, e := range s.Edits {
			if e.SkewClock == name {
				allowed = append(allowed, fields{"quantities": flows, "witnesses": [][]string{{"logged", "*"}}, "resource": name, "why": "its clock is wrong"})
			}
			if e.ExpireLogs == name {
				gaps = append(gaps, fields{"witness": "logged", "causes": []string{"expired", "missing"}, "resource": name, "from": s.From.Format(time.RFC3339), "until": e.Day + "T00:00:00Z", "why": "older logs were no longer kept"})
				allowed = append(allowed, fields{"quantities": flows, "witnesses": pair, "readings": []string{"log_short"}, "resource": name, "why": "older logs were no longer kept"})
			}
		}
		if h.storage.Undisclosed || h.storage.Deleted != "" {
			allowed = append(allowed, fields{"witnesses": [][]string{{"billed", "*"}, {"metered", "*"}}, "resource": name, "why": "billed, and without metrics"})
		}
		if h.storage.Versions {
			allowed = append(allowed, fields{"quantities": []string{"bytes_stored", "objects_stored"}, "witnesses": [][]string{{"listed", "*"}}, "resource": name, "why": "a listing leaves versions out"})
		}
	}
	return must, allowed, gaps
}
