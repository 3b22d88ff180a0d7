package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"probity"
)

// TextOptions say how the terminal summary looks.
type TextOptions struct {
	Width int  // columns; 0 means 100, and less than 60 means 60
	Color bool // with ANSI colours
}

// The most lines of a kind that the summary shows; the page shows all.
const (
	mostDiscrepancies = 15
	mostGaps          = 20
	mostNotes         = 10
)

// Text writes the summary of a review for a terminal.
func Text(w io.Writer, r *probity.Review, opts TextOptions) error {
	if opts.Width == 0 {
		opts.Width = 100
	}
	t := &writer{width: max(opts.Width, 60), color: opts.Color}
	t.head(r)
	for i := range r.Allegations {
		t.allegation(r, &r.Allegations[i])
	}
	t.discrepancies(r)
	t.gaps(r)
	t.estate(r)
	t.records(r)
	_, err := w.Write(t.b.Bytes())
	return err
}

type writer struct {
	b     bytes.Buffer
	width int
	color bool
}

// The ANSI styles in use.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (t *writer) style(code, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// para writes text, wrapped, with the first line after lead and the others
// indented by as much.
func (t *writer) para(lead, text string) { t.styled("", lead, text) }

func (t *writer) styled(code, lead, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	line, length := "", 0
	flush := func() {
		fmt.Fprintf(&t.b, "%s%s\n", lead, t.style(code, strings.ReplaceAll(line, "\u00a0", " ")))
		lead, line, length = indent, "", 0
	}
	whole := strings.ReplaceAll(clean(text), " %", "\u00a0%") // a number and its sign stay together
	for _, word := range strings.FieldsFunc(whole, func(r rune) bool { return r == ' ' }) {
		n := utf8.RuneCountInString(word)
		if length > 0 && utf8.RuneCountInString(indent)+length+1+n > t.width {
			flush()
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	flush()
}

func (t *writer) blank() { t.b.WriteByte('\n') }

func (t *writer) heading(text string) {
	t.blank()
	fmt.Fprintf(&t.b, "%s\n", t.style(bold, clean(text)))
}

// table writes rows with aligned columns; those in right are aligned right.
func (t *writer) table(indent string, rows [][]string, right ...int) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			cell = clean(cell)
			row[i] = cell
			if i >= len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			isRight := false
			for _, k := range right {
				isRight = isRight || k == i
			}
			if isRight {
				line += pad + cell
			} else {
				line += cell + pad
			}
			line += "  "
		}
		t.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func (t *writer) head(r *probity.Review) {
	title := r.Title
	if title == "" {
		title = r.Case
	}
	fmt.Fprintf(&t.b, "%s\n", t.style(bold, clean(title)))
	t.para("", strings.TrimPrefix(fmt.Sprintf("%s, case %s, %s (UTC)", r.Subject, r.Case, r.Period), ", "))
	t.blank()
	t.para("", "Opinion proposed: "+string(r.Conclusion.Opinion)+" ("+r.Conclusion.Opinion.Meaning()+").")
	t.para("", r.Plan.Sentence())
}

func (t *writer) allegation(r *probity.Review, a *probity.Alleged) {
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
	for i := range r.Claims {
		if r.Claims[i].Allegation == a.ID {
			t.claim(&r.Claims[i])
		}
	}
}

func (t *writer) claim(c *probity.ClaimResult) {
	t.blank()
	o := c.Finding.Outcome()
	code := map[string]string{"against": red, "for": green, "open": yellow}[bearing(c)]
	kind := ""
	if c.Kind == probity.ClaimAssurance {
		kind = ", an assurance"
	}
	if !c.Material {
		kind += ", not material"
	}
	fmt.Fprintf(&t.b, "  %s  %s%s\n", clean(c.ID), t.style(bold+";"+code, strings.ToUpper(outcomeWords(o))), kind)
	t.para("        ", c.Statement)
	t.para("        ", c.Sentence)
	for i := range c.Tests {
		t.test(&c.Tests[i], len(c.Tests) > 1)
	}
	for _, w := range c.Warnings {
		t.styled(yellow, "        ! ", w)
	}
	if len(c.InnocentExplanations) > 0 {
		t.para("        ", "Innocent uses that look the same:")
		for _, x := range c.InnocentExplanations {
			t.para("        - ", x)
		}
	}
	if len(c.ErrorRates) > 0 {
		t.para("        ", "How often such findings were wrong, where the truth was known:")
		for _, x := range c.ErrorRates {
			t.para("        - ", x)
		}
	}
	if len(c.WouldChange) > 0 {
		t.para("        ", "What could change the answer:")
		for _, x := range c.WouldChange {
			t.para("        - ", x)
		}
	}
}

func (t *writer) test(x *probity.TestResult, several bool) {
	t.styled(dim, "        ", "test: "+x.Subject+", "+threshold(x))
	if several {
		t.para("        ", x.Sentence)
	}
	var rows [][]string
	for _, w := range x.Witnesses {
		row := []string{string(w.Witness), bounds[w.Bound], amount(w.Value, w.Unit), "covers " + probity.Percent(w.Coverage), ""}
		if w.Impeached {
			row[4] = "impeached"
		} else if w.At != nil && x.Per != "" {
			row[4] = "in " + w.At.String()
		}
		rows = append(rows, row)
	}
	t.table("          ", rows, 2)
	for _, l := range x.Limits {
		t.para("        . ", l)
	}
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
		rows = append(rows, []string{string(d.Quantity), fmt.Sprintf("%s %s, %s %s", d.Left, amount(d.LeftValue, d.Unit), d.Right, amount(d.RightValue, d.Unit)),
			mark, place(d.Account, d.Resource), d.Span.String()})
	}
	t.table("  ", rows)
	t.more(len(r.Discrepancies), mostDiscrepancies)
}

func (t *writer) more(n, most int) {
	if n > most {
		t.para("  ", fmt.Sprintf("... and %d more in report.html", n-most))
	}
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
		parts := ""
		if l.parts > 1 {
			parts = fmt.Sprintf("%d spans, %s h in all", l.parts, amount(l.hours, probity.One))
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
	for _, u := range r.Estate.Undisclosed {
		name := u.Provider + " " + u.Account
		if u.Resource != "" {
			name += "/" + u.Resource
		}
		t.para("  ", fmt.Sprintf("%s, shown by %s from %s to %s", name, strings.Join(u.Shown, ", "), u.First, u.Last))
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
	t.blank()
	t.para("", "These findings are proposed by a program from records about use; no content was looked at. A named person signs them.")
}

func count(n int64) string { return amount(float64(n), probity.One) }
