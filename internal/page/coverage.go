package page

import (
	"fmt"
	"html/template"
	"sort"
	"strings"
	"time"

	"probity"
)

// unseen is what was not looked at, in numbers.
type unseen struct {
	Short    []*probity.ClaimResult // claims whose coverage is not complete, least first
	Below    int                    // of these, below the minimum
	Hours    float64                // of gaps, each counted at its witness and resource
	Unknown  int                    // files of unknown kind
	Asked    int                    // requests that were refused, answered in part, or are overdue
	Causes   []causeSum
	Complete bool // each claim reached full coverage
}

// A causeSum is the gaps that one cause explains.
type causeSum struct {
	Cause  probity.Cause
	Hours  float64
	Places int // witnesses at resources
}

func unseenOf(r *probity.Review) unseen {
	var u unseen
	for i := range r.Claims {
		if c := &r.Claims[i]; c.Coverage.Share < 1 {
			u.Short = append(u.Short, c)
			if !c.Coverage.Met() {
				u.Below++
			}
		}
	}
	sort.SliceStable(u.Short, func(i, j int) bool { return u.Short[i].Coverage.Share < u.Short[j].Coverage.Share })
	u.Complete = len(u.Short) == 0 && len(r.Claims) > 0
	for i := range r.Exhibits {
		if r.Exhibits[i].Kind == probity.KindUnknown {
			u.Unknown++
		}
	}
	for i := range r.Requests {
		if troubled(r.Requests[i].State) {
			u.Asked++
		}
	}
	spans := map[probity.Cause]map[string][]probity.Span{}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		if spans[g.Cause] == nil {
			spans[g.Cause] = map[string][]probity.Span{}
		}
		k := string(g.Witness) + "\x00" + g.Provider + "\x00" + g.Account + "\x00" + g.Resource
		spans[g.Cause][k] = append(spans[g.Cause][k], g.Span.Intersect(r.Period))
	}
	for _, c := range probity.Causes {
		if spans[c] == nil {
			continue
		}
		x := causeSum{Cause: c, Places: len(spans[c])}
		for _, k := range sortedKeys(spans[c]) {
			for _, s := range probity.MergeSpans(spans[c][k]) {
				x.Hours += s.Hours()
			}
		}
		u.Hours += x.Hours
		u.Causes = append(u.Causes, x)
	}
	return u
}

// troubled reports whether a request did not bring all that was asked for in
// time.
func troubled(state string) bool {
	return state == "refused" || state == "redacted" || state == "overdue" || state == "received_in_part"
}

// letters are how a heat map writes the causes. They are the same in every
// language, as the numbers are.
var letters = map[probity.Cause]string{
	probity.Refused: "R", probity.Redacted: "D", probity.NotRequested: "Q", probity.TurnedOff: "T", probity.Expired: "E",
	probity.Filtered: "F", probity.NeverOn: "N", probity.CauseUnread: "U", probity.Missing: "M", probity.Unknown: "X",
}

// A heat is a calendar of silence: a row for each witness of an account, a
// column for each part of the period.
type heat struct {
	Step    string // "day", "week", "month" or "quarter"
	Columns []column
	Rows    []heatRow
	Months  []month // day by day, if the columns are longer than a day
}

type column struct {
	probity.Span
	Label string // shown above the column, where it begins a month, a year or a tenth day
	Name  string
}

type heatRow struct {
	Provider, Account string
	First             bool // of its account
	Rows              int  // of its account, if it is the first
	Witness           probity.Witness
	Cells             []cell
	gaps              []*probity.Gap
	places            int
}

// A cell is the silence of a witness of an account in a part of the period.
type cell struct {
	Cause probity.Cause // that of most of the silence, "" if there is none
	Most  bool          // at least half is silent
	Name  string        // when, how much and why
}

// Letter is what stands in the cell.
func (c cell) Letter() string {
	if c.Cause == "" {
		return "·"
	}
	if !c.Most {
		return strings.ToLower(letters[c.Cause])
	}
	return letters[c.Cause]
}

// A month is the calendar day by day: for each witness of an account with a
// gap in it a line of letters.
type month struct {
	Name  string // 2025-01
	Lines []line
}

type line struct {
	Account string
	Witness probity.Witness
	Days    template.HTML
}

func heatOf(r *probity.Review, l *language) heat {
	h := heat{}
	h.Step, h.Columns = columns(r.Period)
	if len(h.Columns) == 0 {
		return h
	}
	h.Rows = heatRows(r)
	for i := range h.Rows {
		x := &h.Rows[i]
		for _, c := range h.Columns {
			y := x.cell(c.Span)
			if y.Cause != "" {
				y.Name = c.Name + ": " + l.plain("c."+string(y.Cause))
			}
			x.Cells = append(x.Cells, y)
		}
	}
	if h.Step != "day" {
		h.Months = months(r.Period, h.Rows)
	}
	return h
}

// mostColumns is how many columns fit a page with a letter in each.
const mostColumns = 37

// columns cuts the period into days, weeks, months or quarters: the shortest
// of which no more are needed than fit.
func columns(period probity.Span) (string, []column) {
	from := period.From.UTC().Truncate(24 * time.Hour)
	steps := []struct {
		name string
		next func(time.Time) time.Time
	}{
		{"day", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"week", func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }},
		{"month", func(t time.Time) time.Time { return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC) }},
		{"quarter", func(t time.Time) time.Time { return time.Date(t.Year(), (t.Month()-1)/3*3+4, 1, 0, 0, 0, 0, time.UTC) }},
		{"year", func(t time.Time) time.Time { return time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC) }},
	}
	for i, s := range steps {
		var out []column
		for t := from; t.Before(period.Until) && len(out) <= 4*mostColumns; {
			next := s.next(t)
			c := column{Span: probity.Span{From: t, Until: next}.Intersect(period), Name: t.Format("2006-01-02")}
			if s.name == "day" && len(out)%7 == 0 || s.name != "day" && (len(out) == 0 || s.name == "week" && t.Day() <= 7 || t.YearDay() < 2) {
				c.Label = map[string]string{"day": t.Format("01-02"), "week": t.Format("01-02")}[s.name]
				if c.Label == "" {
					c.Label = t.Format("2006-01")
				}
			}
			out = append(out, c)
			t = next
		}
		if len(out) <= mostColumns || i == len(steps)-1 {
			return s.name, out
		}
	}
	return "", nil
}

// mostHeatRows is how many witnesses of accounts the calendar shows.
const mostHeatRows = 600

// heatRows lists the witnesses of each account that any record or gap shows.
func heatRows(r *probity.Review) []heatRow {
	type key struct{ provider, account string }
	var accounts []key
	seen := map[key]map[probity.Witness]*heatRow{}
	places := map[key]map[string]bool{}
	add := func(k key, w probity.Witness, resource string) *heatRow {
		if seen[k] == nil {
			seen[k], places[k] = map[probity.Witness]*heatRow{}, map[string]bool{}
			accounts = append(accounts, k)
		}
		if resource != "" {
			places[k][resource] = true
		}
		if seen[k][w] == nil {
			seen[k][w] = &heatRow{Provider: k.provider, Account: k.account, Witness: w}
		}
		return seen[k][w]
	}
	for i := range r.Estate.Resources {
		x := &r.Estate.Resources[i]
		for _, w := range x.Shown {
			if w != string(probity.Stated) { // a disclosure covers no hours
				add(key{x.Provider, x.Account}, probity.Witness(w), x.Resource)
			}
		}
	}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		x := add(key{g.Provider, g.Account}, g.Witness, g.Resource)
		x.gaps = append(x.gaps, g)
	}
	sort.Slice(accounts, func(i, j int) bool {
		return accounts[i].provider+"\x00"+accounts[i].account < accounts[j].provider+"\x00"+accounts[j].account
	})
	var out []heatRow
	for _, k := range accounts {
		first := len(out)
		for _, w := range probity.Witnesses {
			if x := seen[k][w]; x != nil && len(out) < mostHeatRows {
				x.places = max(len(places[k]), 1)
				out = append(out, *x)
			}
		}
		if first < len(out) {
			out[first].First, out[first].Rows = true, len(out)-first
		}
	}
	return out
}

// cell tells the silence of a row within a span: a gap of the whole account
// silences each of its resources.
func (x *heatRow) cell(s probity.Span) cell {
	hours, most := map[probity.Cause]float64{}, 0.0
	silent := map[string][]probity.Span{}
	for _, g := range x.gaps {
		o := g.Span.Intersect(s)
		if o.Empty() {
			continue
		}
		silent[g.Resource] = append(silent[g.Resource], o)
		n := 1.0
		if g.Resource == "" {
			n = float64(x.places)
		}
		hours[g.Cause] += n * o.Hours()
	}
	var c cell
	for _, cause := range probity.Causes {
		if hours[cause] > most {
			c.Cause, most = cause, hours[cause]
		}
	}
	if c.Cause == "" || s.Hours() == 0 {
		return cell{}
	}
	union := func(spans []probity.Span) (h float64) {
		for _, m := range probity.MergeSpans(spans) {
			h += m.Hours()
		}
		return h
	}
	whole := union(silent[""])
	total := whole * float64(x.places)
	for _, resource := range sortedKeys(silent) {
		if resource != "" {
			total += union(append(append([]probity.Span{}, silent[resource]...), silent[""]...)) - whole
		}
	}
	c.Most = total >= 0.5*s.Hours()*float64(x.places)
	return c
}

// months writes the calendar day by day, for the rows with a gap.
func months(period probity.Span, rows []heatRow) []month {
	var out []month
	first := time.Date(period.From.UTC().Year(), period.From.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for t := first; t.Before(period.Until) && len(out) < 240; t = t.AddDate(0, 1, 0) {
		m := month{Name: t.Format("2006-01")}
		whole := probity.Span{From: t, Until: t.AddDate(0, 1, 0)}
		for i := range rows {
			if rows[i].silentIn(whole.Intersect(period)) {
				m.Lines = append(m.Lines, line{rows[i].Account, rows[i].Witness, rows[i].days(whole, period)})
			}
		}
		if len(m.Lines) > 0 {
			out = append(out, m)
		}
	}
	return out
}

func (x *heatRow) silentIn(s probity.Span) bool {
	for _, g := range x.gaps {
		if g.Span.Overlaps(s) {
			return true
		}
	}
	return false
}

// days writes a letter for each day of a month, and a blank for a day outside
// of the period. Days that follow one another with one cause are marked
// together.
func (x *heatRow) days(m, period probity.Span) template.HTML {
	var b strings.Builder
	last := probity.Cause("")
	for t := m.From; t.Before(m.Until); t = t.AddDate(0, 0, 1) {
		s, letter := (probity.Span{From: t, Until: t.AddDate(0, 0, 1)}).Intersect(period), " "
		c := cell{}
		if !s.Empty() {
			c = x.cell(s)
			letter = c.Letter()
		}
		if c.Cause != last {
			if last != "" {
				b.WriteString("</i>")
			}
			if c.Cause != "" {
				fmt.Fprintf(&b, `<i class="c-%s">`, anchor(string(c.Cause)))
			}
			last = c.Cause
		}
		b.WriteString(letter)
	}
	if last != "" {
		b.WriteString("</i>")
	}
	return template.HTML(b.String())
}

// lost is a record of which a part was older, when it was acquired, than the
// record is kept.
type lost struct {
	Witness  probity.Witness
	Account  string
	Resource string
	Span     probity.Span
	Streams  []string
}

// mostLost is how many of them the page lists.
const mostLost = 60

func clock(r *probity.Review) []lost {
	var out []lost
	for i := range r.Gaps {
		if g := &r.Gaps[i]; g.Cause == probity.Expired && len(out) < mostLost {
			out = append(out, lost{g.Witness, g.Account, g.Resource, g.Span, g.Streams})
		}
	}
	return out
}
