package report

import (
	"fmt"
	"strings"

	"probity"
)

// mostRowsMarkdown is how many rows of a table an issue gets; trackers limit the
// length of a text.
const mostRowsMarkdown = 40

// Markdown returns the review for an issue tracker, in the order of the page.
// Every text of the case or of a record is escaped: it begins no link, image,
// heading, table, mention or element of HTML.
func Markdown(r *probity.Review) []byte {
	m := &markdownWriter{}
	m.line("# %s", issueText(title(r)))
	m.line("%s", issueText(strings.TrimPrefix(fmt.Sprintf("%s, case %s, %s (UTC)", r.Subject, r.Case, r.Period), ", ")))
	m.line("**%s**", issueText(opinion(r)))
	m.line("%s", issueText(r.Plan.Sentence()))
	for i := range r.Allegations {
		m.allegation(r, &r.Allegations[i])
	}
	m.list("What was not looked at", notLookedAt(r))
	m.list("What could change the answer", wouldChange(r))
	m.witnesses(r)
	m.discrepancies(r)
	var estate, requests []string
	for i := range r.Estate.Undisclosed {
		estate = append(estate, undisclosedSentence(&r.Estate.Undisclosed[i]))
	}
	for i := range r.Requests {
		requests = append(requests, requestSentence(&r.Requests[i]))
	}
	m.list("Billed or metered, and not disclosed", estate)
	m.list("Requests for records", requests)
	m.records(r)
	m.list("Warnings", r.Warnings)
	m.line("---")
	m.line("%s", issueText(proposed+" Written by "+r.Tool.Name+" "+r.Tool.Version+" from case.yaml with the SHA-256 "+r.CaseSHA256+"; review.json holds the whole."))
	return []byte(m.b.String())
}

type markdownWriter struct{ b strings.Builder }

// line writes a paragraph.
func (m *markdownWriter) line(format string, args ...any) {
	if m.b.Len() > 0 {
		m.b.WriteByte('\n')
	}
	fmt.Fprintf(&m.b, format+"\n", args...)
}

func (m *markdownWriter) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	m.line("## %s", heading)
	m.b.WriteByte('\n')
	for i, x := range items {
		if i == mostRowsMarkdown {
			fmt.Fprintf(&m.b, "- and %d more in review.json\n", len(items)-i)
			break
		}
		m.b.WriteString("- " + issueText(x) + "\n")
	}
}

func (m *markdownWriter) table(heading string, header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	m.line("## %s", heading)
	m.b.WriteString("\n| " + strings.Join(header, " | ") + " |\n|" + strings.Repeat("---|", len(header)) + "\n")
	for i, row := range rows {
		if i == mostRowsMarkdown {
			break
		}
		for _, c := range row {
			m.b.WriteString("| " + issueText(c) + " ")
		}
		m.b.WriteString("|\n")
	}
	if len(rows) > mostRowsMarkdown {
		m.line("and %d more in review.json", len(rows)-mostRowsMarkdown)
	}
}

func (m *markdownWriter) allegation(r *probity.Review, a *probity.Alleged) {
	m.line("## %s", issueText(a.ID+" "+a.Statement))
	m.b.WriteByte('\n')
	for _, c := range claimsOf(r, a) {
		word, rest, _ := strings.Cut(c.Sentence, ": ")
		fmt.Fprintf(&m.b, "- %s%s: %s **%s**: %s\n", issueText(c.ID), standing(c), issueText(c.Statement), issueText(word), issueText(rest))
		for _, w := range c.Warnings {
			m.b.WriteString("  - Warning: " + issueText(w) + "\n")
		}
		if rate := errorRate(c); rate != "" {
			m.b.WriteString("  - Where the truth was known, " + issueText(rate) + "\n")
		}
		if len(c.InnocentExplanations) > 0 {
			m.b.WriteString("  - Innocent uses that look the same: " + issueText(strings.Join(c.InnocentExplanations, " ")) + "\n")
		}
	}
}

func (m *markdownWriter) witnesses(r *probity.Review) {
	var rows [][]string
	for i := range r.Claims {
		for n := range r.Claims[i].Tests {
			t := &r.Claims[i].Tests[n]
			for _, w := range t.Witnesses {
				note := ""
				if w.Impeached {
					note = "impeached"
				}
				rows = append(rows, []string{r.Claims[i].ID, t.Subject + ", " + threshold(t), string(w.Witness), bounds[w.Bound] + " " + valueOf(w.Value, w.Unit, t.Subject), probity.Percent(w.Coverage), note})
			}
		}
	}
	m.table("What each witness says", []string{"claim", "test", "witness", "value", "covers", ""}, rows)
}

func (m *markdownWriter) discrepancies(r *probity.Review) {
	var rows [][]string
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		rows = append(rows, []string{string(d.Quantity), string(d.Left) + " " + valueOf(d.LeftValue, d.Unit, string(d.Quantity)), string(d.Right) + " " + valueOf(d.RightValue, d.Unit, string(d.Quantity)),
			probity.Percent(d.Share) + " (tolerance " + probity.Percent(d.Tolerance) + ")", readings[d.Reading], place(d.Account, d.Resource), d.Span.String()})
	}
	m.table("Witnesses that differ by more than the tolerance", []string{"quantity", "one", "other", "difference", "reading", "where", "when"}, rows)
}

func (m *markdownWriter) records(r *probity.Review) {
	var rows [][]string
	for _, k := range byKind(r) {
		rows = append(rows, []string{string(k.Kind), count(int64(k.Files)), count(k.Records), count(k.Duplicates), count(k.Unread), count(k.UnreadBytes)})
	}
	m.table("Records", []string{"kind", "files", "records", "duplicate records", "unread ranges", "unread bytes"}, rows)
	var bad []string
	for _, x := range troubles(r) {
		bad = append(bad, fmt.Sprintf("%s: %s: %s (%s)", x.Check, strings.ReplaceAll(x.Result, "_", " "), x.Detail, x.Path))
	}
	m.list("Checks of integrity that did not come out well", bad)
}
