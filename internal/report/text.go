package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"probity"
	"probity/catalog"
)

// The most lines of a kind that the summary shows; the page shows all.
const (
	mostDiscrepancies = 15
	mostGaps          = 20
	mostNotes         = 10
	mostMissing       = 20
)

// Text writes the summary of a review for a terminal: the answer, what was not
// looked at, what would change the answer, where witnesses disagree, the estate,
// what was asked of whom, then each claim in detail and the records.
func Text(w io.Writer, r *probity.Review, opts TextOptions) error {
	t := newWriter(opts)
	t.answer(r)
	t.heading("What was not looked at")
	t.bullets(notLookedAt(r), mostMissing)
	if list := wouldChange(r); len(list) > 0 {
		t.heading("What could change the answer")
		t.bullets(list, mostMissing)
	}
	t.discrepancies(r)
	t.estate(r)
	t.requests(r)
	t.details(r)
	t.gaps(r)
	t.records(r)
	t.closing(opts)
	_, err := w.Write(t.b.Bytes())
	return err
}

// Brief writes the opinion, and one line a claim: its finding in one sentence
// with its coverage. Lines are not wrapped.
func Brief(w io.Writer, r *probity.Review, opts TextOptions) error {
	t := newWriter(opts)
	fmt.Fprintf(&t.b, "%s\n", t.style(bold, probity.Plain(opinion(r))))
	for i := range r.Claims {
		c := &r.Claims[i]
		fmt.Fprintf(&t.b, "%s%s: %s\n", probity.Plain(c.ID), standing(c), t.style(claimColour(c), probity.Plain(c.Sentence)))
	}
	_, err := w.Write(t.b.Bytes())
	return err
}

func claimColour(c *probity.ClaimResult) string {
	return map[string]string{"against": red, "for": green, "open": yellow}[c.Bearing()]
}

func (t *writer) answer(r *probity.Review) {
	t.styled(bold, "", title(r))
	t.para("", strings.TrimPrefix(fmt.Sprintf("%s, case %s, %s (UTC)", r.Subject, r.Case, r.Period), ", "))
	t.blank()
	t.styled(bold, "", opinion(r))
	t.para("", r.Plan.Sentence())
	for i := range r.Allegations {
		a := &r.Allegations[i]
		t.heading(a.ID + "  " + a.Statement)
		for _, s := range a.Sources {
			grade := ""
			if s.Grade != "" {
				grade = ", grade " + s.Grade
			}
			t.styled(dim, "    ", "source: "+s.Name+grade)
		}
		for _, p := range a.Provisions {
			t.styled(dim, "    ", "provision: "+p.Paraphrase+" ("+p.Instrument+" "+p.Version+")")
		}
		for _, c := range claimsOf(r, a) {
			t.claim(c)
		}
	}
}

// claim tells the finding of a claim, and what must not be told without.
func (t *writer) claim(c *probity.ClaimResult) {
	t.blank()
	id := probity.Plain(c.ID)
	if columns(id) > 20 {
		id = fitting(id, 20) + "..."
	}
	outcome, more := strings.ToUpper(outcomeWords(c.Finding.Outcome())), standing(c)
	if more != "" && 4+columns(id+outcome+more) > t.width {
		more = ",\n        " + strings.TrimPrefix(more, ", ")
	}
	fmt.Fprintf(&t.b, "  %s  %s%s\n", id, t.style(bold+";"+claimColour(c), outcome), more)
	t.para("        ", c.Statement)
	t.para("        ", c.Sentence)
	for _, w := range c.Warnings {
		t.styled(yellow, "        ! ", w)
	}
	if len(c.InnocentExplanations) > 0 {
		t.para("        ", "Innocent uses that look the same: "+strings.Join(c.InnocentExplanations, " "))
	}
	if len(c.InnocentExplanations) > 0 {
		t.rate(c)
	}
}

// rate tells how often such findings erred: at once where innocent uses look the
// same as the claim, and with what the witnesses say elsewhere.
func (t *writer) rate(c *probity.ClaimResult) {
	if rate := errorRate(c); rate != "" {
		t.para("        ", "Where the truth was known, "+rate+".")
	}
}

// errorRate is the rate of the error that the finding would be, if it were one.
func errorRate(c *probity.ClaimResult) string {
	m := catalog.ErrorOf(c.Finding.Outcome())
	for _, r := range c.ErrorRates {
		if _, whole := m.Tells(r); whole {
			return r
		}
	}
	return ""
}

// details shows what each witness says of each test.
func (t *writer) details(r *probity.Review) {
	if len(r.Claims) == 0 {
		return
	}
	t.heading("Each claim: what witnesses say")
	for i := range r.Claims {
		for n := range r.Claims[i].Tests {
			t.test(&r.Claims[i], n)
		}
		if len(r.Claims[i].InnocentExplanations) == 0 {
			t.rate(&r.Claims[i])
		}
	}
}

func (t *writer) test(c *probity.ClaimResult, n int) {
	x := &c.Tests[n]
	name := c.ID
	if len(c.Tests) > 1 {
		name += fmt.Sprintf(" (%d of %d)", n+1, len(c.Tests))
	}
	t.para("  ", name+"  "+x.Subject+", "+threshold(x))
	if len(c.Tests) > 1 {
		t.para("        ", x.Sentence)
	}
	var rows [][]string
	for _, w := range x.Witnesses {
		row := []string{string(w.Witness), bounds[w.Bound], valueOf(w.Value, w.Unit, x.Subject), "covers " + probity.Percent(w.Coverage), ""}
		if w.Impeached {
			row[4] = "impeached"
		} else if w.At != nil && x.Per != "" {
			row[4] = "in " + w.At.String()
		}
		rows = append(rows, row)
	}
	t.table("        ", rows, 2)
	for _, l := range x.Limits {
		t.para("        . ", l)
	}
	t.indicator(x.Indicator)
	for i, n := range x.Instances {
		if i == 5 {
			t.para("        * ", fmt.Sprintf("%d more in report.html", len(x.Instances)-i))
			break
		}
		at := ""
		if n.Exhibit != "" {
			at = fmt.Sprintf(" (%.12s:%d)", n.Exhibit, n.Position)
		}
		t.para("        * ", n.What+": "+place(n.Account, n.Resource)+" at "+n.At+at)
	}
}

// indicator writes the parts that an indicator finds consistent.
func (t *writer) indicator(x *probity.IndicatorResult) {
	if x == nil {
		return
	}
	n := 0
	for i := range x.Parts {
		if p := &x.Parts[i]; p.Answer == probity.Consistent {
			if n++; n <= 5 {
				t.para("        * ", p.Because)
			}
		}
	}
	if n > 5 {
		t.para("        * ", fmt.Sprintf("%d more in report.html", n-5))
	}
}

func (t *writer) discrepancies(r *probity.Review) {
	if len(r.Discrepancies) == 0 {
		return
	}
	t.heading(fmt.Sprintf("Discrepancies: witnesses that differ by more than the tolerance (%d)", len(r.Discrepancies)))
	var rows [][]string
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		if i == mostDiscrepancies {
			break
		}
		mark := strings.ReplaceAll(string(d.Reading), "_", " ")
		if d.Impeaches != "" {
			mark += ", impeached"
		}
		rows = append(rows, []string{fmt.Sprintf("%s %s, %s %s %s", d.Left, amount(d.LeftValue, d.Unit), d.Right, amount(d.RightValue, d.Unit), d.Quantity.Noun()),
			mark, place(d.Account, d.Resource), d.Span.String()})
	}
	t.table("  ", rows)
	t.more(len(r.Discrepancies), mostDiscrepancies)
}

func (t *writer) gaps(r *probity.Review) {
	if len(r.Gaps) == 0 {
		return
	}
	t.heading(fmt.Sprintf("Gaps: what no record covers, and why (%d)", len(r.Gaps)))
	lines := gapLines(r.Gaps)
	var rows [][]string
	for i, l := range lines {
		if i == mostGaps {
			break
		}
		parts := amount(l.hours, probity.One) + " h"
		if l.parts > 1 {
			parts = fmt.Sprintf("%s h in %d spans", amount(l.hours, probity.One), l.parts)
		}
		rows = append(rows, []string{string(l.gap.Witness), place(l.gap.Account, l.gap.Resource), string(l.gap.Cause), l.gap.Span.String(), parts})
	}
	t.table("  ", rows)
	t.more(len(lines), mostGaps)
	for _, c := range causesOf(r.Gaps) {
		t.styled(dim, "  ", string(c)+": "+c.Meaning())
	}
}

func (t *writer) estate(r *probity.Review) {
	if len(r.Estate.Undisclosed) == 0 {
		return
	}
	t.heading(fmt.Sprintf("Estate: billed or metered, and not disclosed (%d)", len(r.Estate.Undisclosed)))
	for i := range r.Estate.Undisclosed {
		t.para("  ", undisclosedSentence(&r.Estate.Undisclosed[i]))
	}
}

func (t *writer) requests(r *probity.Review) {
	if len(r.Requests) == 0 {
		return
	}
	n := map[string]int{}
	for i := range r.Requests {
		n[r.Requests[i].State]++
	}
	t.heading(fmt.Sprintf("Requests for records (%d): %d refused, %d overdue", len(r.Requests), n["refused"], n["overdue"]))
	for i := range r.Requests {
		code := ""
		if q := &r.Requests[i]; unanswered(q) && q.State != "open" {
			code = yellow
		}
		t.styled(code, "  ", requestSentence(&r.Requests[i]))
	}
}

func (t *writer) records(r *probity.Review) {
	t.heading("Records")
	rows := [][]string{{"kind", "files", "records", "duplicates", "unread ranges", "unread bytes"}}
	for _, k := range byKind(r) {
		rows = append(rows, []string{string(k.Kind), count(int64(k.Files)), count(k.Records), count(k.Duplicates), count(k.Unread), count(k.UnreadBytes)})
	}
	if len(rows) > 1 {
		t.table("  ", rows, 1, 2, 3, 4, 5)
	}
	for i, x := range noted(r) {
		if i == mostNotes {
			t.more(len(noted(r)), mostNotes)
			break
		}
		text := x.Note
		if text == "" {
			text = plural(x.Unread, "range", "ranges") + " could not be read, " + plural(x.UnreadBytes, "byte", "bytes")
		}
		t.para("  ", x.Path+": "+text)
	}
	for _, i := range troubles(r) {
		t.styled(yellow, "  ! ", fmt.Sprintf("%s: %s: %s (%s)", i.Check, i.Result, i.Detail, i.Path))
	}
	for _, w := range r.Warnings {
		t.styled(yellow, "  ! ", w)
	}
}

// closing says where the files are and how the answer is checked.
func (t *writer) closing(opts TextOptions) {
	if opts.Out != "" {
		t.heading("Files and checks")
		t.para("  ", "The whole answer: "+filepath.Join(opts.Out, "review.json")+", and as a page: "+filepath.Join(opts.Out, "report.html"))
		t.para("  ", "The SQL that the numbers come from: "+filepath.Join(opts.Out, "catalog")+"; run duckdb -init open.sql in the folder above it")
		t.para("  ", "The record behind a number: probity show "+opts.Case+" EXHIBIT:POSITION, as findings name them")
		t.para("  ", "In other formats: probity report "+opts.Out+"; to be checked by others: probity sign and probity publish")
	}
	t.blank()
	t.para("", proposed)
}

func count(n int64) string { return amount(float64(n), probity.One) }
