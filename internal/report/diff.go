package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"probity"
	"probity/internal/compare"
)

//go:embed diff.html
var diffText string

// mostDiffItems is how many items of a section text and page show; JSON has all.
const mostDiffItems = 200

// DiffJSON returns a difference as FORMATS.md documents it.
func DiffJSON(d *compare.Difference) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("writing the difference: %w", err)
	}
	return b.Bytes(), nil
}

// A diffSection is one heading of a comparison with what stands under it.
type diffSection struct {
	Title string
	None  string // what is said if there are no items
	Items []diffItem
	More  int
}

// A diffItem is one difference. Mark is "+" for what only the new review has, "-"
// for what only the old one has, "~" for what both have and differs, or "".
type diffItem struct {
	Mark, Text string
	Sub        []string
}

// DiffText writes a comparison of two reviews for a terminal.
func DiffText(w io.Writer, d *compare.Difference, opts TextOptions) error {
	t := newWriter(opts)
	fmt.Fprintf(&t.b, "%s\n", t.style(bold, probity.Plain(diffTitle(d))))
	for _, s := range d.Warnings {
		t.styled(yellow, "! ", s)
	}
	for _, s := range outline(d) {
		t.heading(s.Title)
		if len(s.Items) == 0 {
			t.para("  ", s.None)
		}
		for _, x := range s.Items {
			code := map[string]string{"+": bold, "-": dim}[x.Mark] // no colour of praise or blame
			lead := "  "
			if x.Mark != "" {
				lead = "  " + x.Mark + " "
			}
			t.styled(code, lead, x.Text)
			for _, sub := range x.Sub {
				t.para("      ", sub)
			}
		}
		if s.More > 0 {
			t.para("  ", moreItems(s.More))
		}
	}
	t.blank()
	t.para("", proposed)
	_, err := w.Write(t.b.Bytes())
	return err
}

func moreItems(n int) string { return fmt.Sprintf("... and %d more with --json", n) }

// DiffHTML writes a comparison of two reviews as one page: no script, nothing
// that is fetched.
func DiffHTML(w io.Writer, d *compare.Difference) error {
	page, err := template.New("diff").Funcs(template.FuncMap{"clean": together, "more": moreItems}).Parse(diffText)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{"Title": diffTitle(d), "Sections": outline(d), "Warnings": d.Warnings, "Old": d.Old, "New": d.New, "Proposed": proposed})
}

// together cleans a text and keeps a number and its sign on one line.
func together(s string) string { return strings.ReplaceAll(probity.Plain(s), " %", "\u00a0%") }

func diffTitle(d *compare.Difference) string {
	name := d.New.Title
	if name == "" {
		name = d.New.Case
	}
	return "Two reviews compared: " + name
}

// outline says a comparison in the order in which it is read: what is found
// otherwise and why, what was looked at, and what was not.
func outline(d *compare.Difference) []diffSection {
	list := []diffSection{
		diffAnswer(d), diffFindings(d), diffMoved(d),
		{Title: "Looked at by the new review only", None: "Nothing: the old review had every exhibit, witness, account and resource that the new one has.", Items: lookedOnly(d, true)},
		{Title: "Looked at by the old review only", None: "Nothing: the new review has every exhibit, witness, account and resource that the old one had.", Items: lookedOnly(d, false)},
		{Title: "Covered for longer or shorter", None: "Each witness lacks as many hours as before.", Items: diffHours(d)},
		{Title: "Gaps closed", None: "None: every gap of the old review is one of the new review.", Items: gapItems(d.Gaps.Closed, "-")},
		{Title: "Gaps opened", None: "None: every gap of the new review was one of the old review.", Items: gapItems(d.Gaps.Opened, "+")},
		{Title: "Gaps with another cause", None: "None.", Items: gapItems(d.Gaps.Other, "~")},
		diffDiscrepancies(d), diffProceedings(d),
	}
	for i := range list {
		if n := len(list[i].Items); n > mostDiffItems {
			list[i].Items, list[i].More = list[i].Items[:mostDiffItems], n-mostDiffItems
		}
	}
	return list
}

func diffAnswer(d *compare.Difference) diffSection {
	s := diffSection{Title: "The answer"}
	text := fmt.Sprintf("Opinion proposed: %s in both reviews (%s).", d.New.Opinion, d.New.Opinion.Meaning())
	if d.Old.Opinion != d.New.Opinion {
		text = fmt.Sprintf("Opinion proposed: it was %s (%s) and is %s (%s).", d.Old.Opinion, d.Old.Opinion.Meaning(), d.New.Opinion, d.New.Opinion.Meaning())
	}
	s.Items = append(s.Items, diffItem{"", text, nil})
	n := map[string]int{}
	for i := range d.Claims {
		n[d.Claims[i].Status]++
	}
	s.Items = append(s.Items, diffItem{"", fmt.Sprintf("%s: %d with another finding, %d with the same on other grounds, %d the same, %d new, %d gone.",
		plural(int64(len(d.Claims)), "claim", "claims"), n["changed"], n["moved"], n["same"], n["added"], n["removed"]), nil})
	for _, x := range d.Rules {
		s.Items = append(s.Items, diffItem{"~", "Differs: " + x.Detail + ".", nil})
	}
	return s
}

func diffFindings(d *compare.Difference) diffSection {
	s := diffSection{Title: "Findings that changed", None: "None."}
	for i := range d.Claims {
		c := &d.Claims[i]
		switch c.Status {
		case "changed":
			x := diffItem{"~", c.ID + ": " + c.Statement, []string{"was: " + c.Old.Sentence, "now: " + c.New.Sentence, c.Why}}
			x.Sub = append(x.Sub, grounds(c)...)
			s.Items = append(s.Items, x)
		case "added":
			s.Items = append(s.Items, diffItem{"+", c.ID + ", a new claim: " + c.Statement, []string{"now: " + c.New.Sentence}})
		case "removed":
			s.Items = append(s.Items, diffItem{"-", c.ID + ", asked no more: " + c.Statement, []string{"was: " + c.Old.Sentence}})
		}
	}
	return s
}

func diffMoved(d *compare.Difference) diffSection {
	s := diffSection{Title: "Findings that are the same on other grounds", None: "None."}
	for i := range d.Claims {
		if c := &d.Claims[i]; c.Status == "moved" {
			s.Items = append(s.Items, diffItem{"~", c.ID + ": " + c.Statement, append([]string{"now: " + c.New.Sentence}, grounds(c)...)})
		}
	}
	return s
}

// grounds says what of a claim and of its witnesses differs.
func grounds(c *compare.Claim) []string {
	var out []string
	for _, a := range c.Asked {
		out = append(out, fmt.Sprintf("asked: %s was %s and is %s", strings.ReplaceAll(a.What, "_", " "), orNothing(a.Old), orNothing(a.New)))
	}
	if o, n := c.Old, c.New; o.Coverage.Share != n.Coverage.Share || o.Hours != n.Hours {
		out = append(out, fmt.Sprintf("covered: %s (%s h over accounts and resources), was %s (%s h)", probity.Percent(n.Coverage.Share), amount(n.Hours, probity.One), probity.Percent(o.Coverage.Share), amount(o.Hours, probity.One)))
	}
	for i := range c.Testimony {
		t := &c.Testimony[i]
		out = append(out, fmt.Sprintf("%s: %s; before: %s", t.Witness, saidText(t.New, t.Subject), saidText(t.Old, t.Subject)))
	}
	return out
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func saidText(s *compare.Said, subject string) string {
	if s == nil {
		return "did not speak"
	}
	text := fmt.Sprintf("%s %s, covers %s", bounds[s.Bound], valueOf(s.Value, s.Unit, subject), probity.Percent(s.Coverage))
	if s.Upper != nil {
		text += fmt.Sprintf(", no more than %s", valueOf(*s.Upper, s.Unit, subject))
	}
	if s.Impeached {
		text += ", impeached"
	}
	return text
}

// lookedOnly lists what one of the reviews looked at and the other did not.
func lookedOnly(d *compare.Difference, added bool) []diffItem {
	l := &d.Looked
	mark, list := "-", l.Exhibits.Removed
	pick := func(n compare.Names) []string { return n.Removed }
	if added {
		mark, list = "+", l.Exhibits.Added
		pick = func(n compare.Names) []string { return n.Added }
	}
	var out []diffItem
	for _, x := range []struct {
		one string
		of  compare.Names
	}{{"witness", l.Witnesses}, {"account", l.Accounts}, {"resource", l.Resources}} {
		for _, name := range pick(x.of) {
			out = append(out, diffItem{mark, x.one + " " + name, nil})
		}
	}
	out = append(out, exhibitItems(l, mark, list)...)
	if added {
		for _, x := range l.Exhibits.Reread {
			out = append(out, diffItem{"~", fmt.Sprintf("exhibit %.12s %s, the same bytes: read as %s, %s; before as %s, %s", x.SHA256, x.Path, x.Kind, plural(x.Records, "record", "records"), x.Was.Kind, plural(x.Was.Records, "record", "records")), nil})
		}
	}
	return out
}

// mostPaths is how many exhibits of a kind are named.
const mostPaths = 5

// exhibitItems lists exhibits by kind.
func exhibitItems(l *compare.Looked, mark string, list []compare.Exhibit) []diffItem {
	var out []diffItem
	at := map[probity.Kind]int{}
	counts := map[probity.Kind][2]int64{}
	for _, x := range list {
		i, ok := at[x.Kind]
		if !ok {
			i = len(out)
			at[x.Kind] = i
			out = append(out, diffItem{Mark: mark})
		}
		c := counts[x.Kind]
		counts[x.Kind] = [2]int64{c[0] + 1, c[1] + x.Records}
		if c[0] < mostPaths {
			out[i].Sub = append(out[i].Sub, fmt.Sprintf("%.12s %s: %s", x.SHA256, x.Path, plural(x.Records, "record", "records")))
		}
	}
	for kind, i := range at {
		c := counts[kind]
		out[i].Text = fmt.Sprintf("%s of the kind %s, %s", plural(c[0], "exhibit", "exhibits"), kind, plural(c[1], "record", "records"))
		for _, k := range l.Kinds {
			if k.Kind == kind && (k.OldExhibits == 0 || k.NewExhibits == 0) {
				out[i].Text += "; the other review had none of this kind"
			}
		}
		if c[0] > mostPaths {
			out[i].Sub = append(out[i].Sub, moreItems(int(c[0])-mostPaths))
		}
	}
	return out
}

func diffHours(d *compare.Difference) []diffItem {
	var out []diffItem
	for _, x := range d.Looked.Uncovered {
		out = append(out, diffItem{"~", fmt.Sprintf("%s: no records for %s h, summed over accounts and resources; before for %s h", x.Witness, amount(x.NewHours, probity.One), amount(x.OldHours, probity.One)), nil})
	}
	return out
}

// whyGap says why a gap is in one review only.
var whyGap = map[string]string{"": "", "records": "", "period": "; outside the other review's period", "estate": "; nothing in the other review shows it"}

func gapItems(list []compare.GapChange, mark string) []diffItem {
	var out []diffItem
	for i := range list {
		g := &list[i]
		s := fmt.Sprintf("%s records of %s", g.Witness, place(g.Account, g.Resource))
		if g.Stream != "" {
			s += " (" + g.Stream + ")"
		}
		s += fmt.Sprintf(" for %s h in %s..%s: %s", amount(g.Hours, probity.One), spanStart(g.Spans), spanEnd(g.Spans), g.Cause.Meaning())
		if g.NewCause != "" {
			s += "; now: " + g.NewCause.Meaning()
		}
		out = append(out, diffItem{mark, s + whyGap[g.Why] + ".", nil})
	}
	return out
}

func spanStart(s []probity.Span) string {
	a, _, _ := strings.Cut(s[0].String(), "..")
	return a
}

func spanEnd(s []probity.Span) string {
	_, b, _ := strings.Cut(s[len(s)-1].String(), "..")
	return b
}

func diffDiscrepancies(d *compare.Difference) diffSection {
	s := diffSection{Title: "Discrepancies", None: fmt.Sprintf("The same in both reviews: %d.", d.Discrepancies.Same)}
	for i := range d.Discrepancies.New {
		s.Items = append(s.Items, diffItem{"+", "new: " + discrepancySentence(&d.Discrepancies.New[i]), nil})
	}
	for i := range d.Discrepancies.Changed {
		x := &d.Discrepancies.Changed[i]
		s.Items = append(s.Items, diffItem{"~", "now: " + discrepancySentence(&x.New), []string{"was: " + discrepancySentence(&x.Old)}})
	}
	for i := range d.Discrepancies.Gone {
		s.Items = append(s.Items, diffItem{"-", "gone: " + discrepancySentence(&d.Discrepancies.Gone[i]), nil})
	}
	return s
}

func diffProceedings(d *compare.Difference) diffSection {
	s := diffSection{Title: "Estate, requests, checks and the sealed plan"}
	for _, x := range d.Undisclosed.Added {
		s.Items = append(s.Items, diffItem{"+", "not disclosed, and not in the old review: " + x, nil})
	}
	for _, x := range d.Undisclosed.Removed {
		s.Items = append(s.Items, diffItem{"-", "no longer shown as undisclosed: " + x, nil})
	}
	for _, q := range d.Requests {
		state := func(s string) string {
			if s == "" {
				return "not in the review"
			}
			return requestState(s)
		}
		x := fmt.Sprintf("request %s to %s for %s records: was %s, is %s", q.ID, q.Custodian, q.Witness, state(q.OldState), state(q.NewState))
		if q.Reason != "" {
			x += ", because: " + q.Reason
		}
		s.Items = append(s.Items, diffItem{"~", x, nil})
	}
	for _, x := range d.Integrity {
		s.Items = append(s.Items, diffItem{"+", fmt.Sprintf("%s: %s: %s (%s)", x.Check, strings.ReplaceAll(x.Result, "_", " "), x.Detail, x.Path), nil})
	}
	if d.Plan.Changed {
		s.Items = append(s.Items, diffItem{"~", "now: " + d.Plan.New.Sentence(), []string{"was: " + d.Plan.Old.Sentence()}})
	} else {
		s.Items = append(s.Items, diffItem{"", "In both reviews: " + d.Plan.New.Sentence(), nil})
	}
	return s
}
