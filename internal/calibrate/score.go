package calibrate

import (
	"strings"
	"time"

	"probity"
)

// An Outcome is what came of one estate: one line of the checked-in record.
type Outcome struct {
	Estate   int            `json:"estate"`
	Cloud    string         `json:"cloud,omitempty"` // aws; Azure if it is not there
	Profiles []string       `json:"profiles"`        // of its storage accounts
	Fault    string         `json:"fault,omitempty"`
	Share    float64        `json:"share,omitempty"` // of the fault, of the lines of a day
	Lines    int64          `json:"lines,omitempty"` // that it concerned on its worst day
	Found    bool           `json:"found,omitempty"` // the fault shows in discrepancies, gaps, duplicates or the estate
	Claims   []ClaimOutcome `json:"claims"`
	// False are discrepancies that nothing in the estate is the cause of.
	False []string `json:"false,omitempty"`
	// Intervals are the bounds that witnesses stated, and whether they hold the
	// true value.
	Intervals []Interval `json:"intervals"`
}

// A ClaimOutcome is a claim with what is true of it and what was found.
type ClaimOutcome struct {
	Subject  string `json:"subject"`
	Profile  string `json:"profile,omitempty"` // that an indicator was asked about
	Holds    bool   `json:"holds"`
	Finding  string `json:"finding"`
	Innocent bool   `json:"innocent,omitempty"` // innocent explanations go with it
}

// An Interval is the bounds that a witness stated of a quantity.
type Interval struct {
	Quantity string `json:"quantity"`
	Witness  string `json:"witness"`
	Holds    bool   `json:"holds"`
}

// score compares a review with the truth of its estate.
func score(number int, e *estate, r *probity.Review) Outcome {
	o := Outcome{Estate: number, Cloud: e.scenario.Accounts[0].Provider, Profiles: e.profiles, Fault: e.fault.Name, Share: e.fault.Share}
	o.Lines = e.lines()
	for i, c := range e.claims {
		if i >= len(r.Claims) {
			break
		}
		got := &r.Claims[i]
		o.Claims = append(o.Claims, ClaimOutcome{Subject: c.subject, Profile: c.profile, Holds: c.holds,
			Finding: got.Finding.Outcome().String(), Innocent: len(got.InnocentExplanations) > 0})
		if c.level {
			o.Intervals = append(o.Intervals, intervals(c, got)...)
		}
	}
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		if !e.explains(d) {
			o.False = append(o.False, string(d.Quantity)+" "+string(d.Left)+"-"+string(d.Right)+" "+string(d.Reading))
		}
	}
	o.Found = e.found(r)
	return o
}

// intervals checks each witness's bounds against the true value. A witness that
// is impeached states nothing any more.
func intervals(c claim, got *probity.ClaimResult) []Interval {
	var out []Interval
	for i := range got.Witnesses {
		w := &got.Witnesses[i]
		if w.Impeached || !w.Bound.Lower() && w.Upper == nil {
			continue
		}
		slack := 1e-6*c.value + 0.5 // of numbers that were written in decimals
		ok := !w.Bound.Lower() || w.Value <= c.value+slack
		if w.Upper != nil {
			ok = ok && *w.Upper >= c.value-slack
		}
		out = append(out, Interval{c.subject, string(w.Witness), ok})
	}
	return out
}

// lines is the number of lines that a fault by share concerned on the day on
// which there were most of them.
func (e *estate) lines() int64 {
	most := int64(0)
	for i, n := range e.truth["firststore"].RequestsByDay {
		day := e.scenario.From.AddDate(0, 0, i).Format(time.DateOnly)
		if e.fault.Day == "" || e.fault.Day == day {
			most = max(most, int64(e.fault.Share*float64(n)))
		}
	}
	return most
}

// shortens are the faults after which a log tells too little.
func shortens(fault string) bool {
	switch fault {
	case "drop_lines", "withhold_logs", "delete_setting", "no_logs", "expire_logs", "only_region", "cut_file", "malform", "alter_file", "lose_file":
		return true
	}
	return false
}

// whole reports whether the fault is one of files that tell of every bucket, as
// a trail's do.
func (e *estate) whole() bool {
	switch e.fault.Name {
	case "alter_file", "lose_file":
		return true
	case "withhold_logs", "delete_setting", "no_logs", "expire_logs", "cut_file", "malform":
		return e.scenario.Accounts[0].Log == "cloudtrail"
	}
	return false
}

// explains reports whether the estate's fault is the cause of a discrepancy.
// Best-effort loss, late lines, lines delivered twice and clocks that are a
// little off are no cause: a reviewer should not be troubled with them.
func (e *estate) explains(d *probity.Discrepancy) bool {
	logged := d.Left == probity.Logged || d.Right == probity.Logged
	first := (e.whole() || strings.EqualFold(d.Resource, "firststore")) && e.during(d.Span)
	third := strings.EqualFold(d.Resource, "thirdstore")
	switch f := e.fault.Name; {
	case shortens(f):
		return first && logged && d.Reading == probity.LogShort
	case f == "fabricate_lines":
		return first && logged && d.Reading == probity.ReadingOf(probity.Logged, false)
	case f == "undisclosed" || f == "deleted":
		return third
	case f == "versions":
		return first && (d.Left == probity.Listed || d.Right == probity.Listed)
	}
	return false
}

// during reports whether a span meets the day of the fault.
func (e *estate) during(s probity.Span) bool {
	day, err := time.Parse(time.DateOnly, e.fault.Day)
	if err != nil || e.fault.Name == "expire_logs" {
		return true
	}
	return s.Overlaps(probity.Span{From: day, Until: day.AddDate(0, 0, 1)})
}

// found reports whether a reader of the review learns of the fault.
func (e *estate) found(r *probity.Review) bool {
	for i := range r.Discrepancies {
		if e.explains(&r.Discrepancies[i]) {
			return true
		}
	}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		whole := e.fault.Name != "drop_lines" // a gap of hours tells of silence, not of single lines
		if shortens(e.fault.Name) && whole && g.Witness == probity.Logged && strings.EqualFold(g.Resource, "firststore") && e.during(g.Span) ||
			e.fault.Name == "deleted" && g.Witness == probity.Metered && strings.EqualFold(g.Resource, "thirdstore") ||
			e.fault.Name == "expired_metrics" && g.Witness == probity.Metered && g.Cause == probity.Expired {
			return true
		}
	}
	switch e.fault.Name {
	case "alter_file", "lose_file", "lose_digest":
		for i := range r.Integrity {
			if x := r.Integrity[i].Result; x == "altered" && e.fault.Name == "alter_file" || x == "missing" && e.fault.Name != "alter_file" {
				return true
			}
		}
	case "repeat_lines", "double_file":
		return r.Totals.Duplicates > 0
	case "undisclosed":
		return len(r.Estate.Undisclosed) > 0
	case "malform", "cut_file":
		return r.Totals.Unread > 0
	}
	return false
}
