package report

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"probity"
)

// readings are the readings in words.
var readings = map[probity.Reading]string{
	probity.LogShort: "the log has too little", probity.LogExcess: "the log has too much",
	probity.ListingShort: "the listing has too little", probity.ListingExcess: "the listing has too much",
	probity.BillShort: "the bill has too little", probity.BillExcess: "the bill has too much",
	probity.MetricShort: "the meter has too little", probity.MetricExcess: "the meter has too much",
}

// bounds are the bounds in words.
var bounds = map[probity.Bound]string{
	probity.Below: "at least", probity.Above: "at most", probity.Both: "about", probity.Neither: "not proof",
}

// outcomeWords are the findings as headings.
func outcomeWords(o probity.Outcome) string {
	switch o {
	case probity.Supported:
		return "supported"
	case probity.SupportedInPart:
		return "supported in part"
	case probity.Contradicted:
		return "contradicted"
	case probity.NotSupported:
		return "not supported within coverage"
	case probity.NotAssessed:
		return "not assessed"
	}
	return "undetermined"
}

// answerWords say what an indicator answers.
var answerWords = map[probity.Answer]string{probity.Consistent: "consistent", probity.NotConsistent: "not consistent", probity.CannotTell: "cannot tell"}

// threshold writes what a test asks for.
func threshold(t *probity.TestResult) string {
	if x := t.Indicator; x != nil {
		s := answerWords[x.Answer] + ": " + x.Question
		if t.After != "" {
			s = "after " + strings.TrimSuffix(t.After, "T00:00:00Z") + ", " + s
		}
		if w := t.Where.String(); w != "" {
			s += ", where " + w
		}
		return s
	}
	if strings.HasPrefix(t.Subject, "indicator") {
		return "sizes and shapes of names like those of telephone conversations"
	}
	relation := "at least"
	if t.Relation == "at_most" {
		relation = "at most"
	}
	amount := valueOf(t.Threshold, t.Unit, t.Subject)
	if t.Text != "" && t.Unit != probity.One {
		amount = t.Text // as the case writes it
	}
	s := fmt.Sprintf("%s %s", relation, amount)
	if t.Aggregate != "" {
		s = t.Aggregate + " " + s
	}
	if t.Per != "" {
		s += " per " + string(t.Per)
	}
	if w := t.Where.String(); w != "" {
		s += ", where " + w
	}
	return s
}

// place writes account/resource; a subscription's id is cut where a resource
// follows it.
func place(account, resource string) string {
	if resource == "" {
		return "account " + account
	}
	if len(account) > 13 {
		account = account[:8] + "..."
	}
	return account + "/" + resource
}

// valueOf writes a value with its unit; a count says what it counts.
func valueOf(v float64, u probity.Unit, subject string) string {
	s := amount(v, u)
	if u != probity.One {
		return s
	}
	return s + " " + countedBy(subject, v)
}

// countedBy is what a test of a subject counts.
func countedBy(subject string, v float64) string {
	noun := "objects"
	switch q := probity.Quantity(subject); {
	case strings.HasPrefix(subject, "rule"):
		noun = "events"
	case strings.HasPrefix(subject, "estate"):
		noun = "resources"
	case q == probity.Requests:
		noun = "requests"
	}
	if v == 1 {
		noun = noun[:len(noun)-1]
	}
	return noun
}

// undisclosedSentence tells a resource that was used and not disclosed.
func undisclosedSentence(u *probity.Undisclosed) string {
	name := u.Provider + " " + u.Account
	if u.Resource != "" {
		name += "/" + u.Resource
	}
	return fmt.Sprintf("%s, shown by %s from %s to %s", name, strings.Join(u.Shown, ", "), u.First, u.Last)
}

func amount(v float64, u probity.Unit) string { return probity.FormatAmount(v, u) }

// fileKind counts the exhibits of one kind.
type fileKind struct {
	Kind                                            probity.Kind
	Files                                           int
	Bytes, Records, Duplicates, Unread, UnreadBytes int64
}

func byKind(r *probity.Review) []fileKind {
	at := map[probity.Kind]*fileKind{}
	var out []*fileKind
	for i := range r.Exhibits {
		x := &r.Exhibits[i]
		k := at[x.Kind]
		if k == nil {
			k = &fileKind{Kind: x.Kind}
			at[x.Kind] = k
			out = append(out, k)
		}
		k.Files++
		k.Bytes, k.Records, k.Duplicates = k.Bytes+x.Bytes, k.Records+x.Records, k.Duplicates+x.Duplicates
		k.Unread, k.UnreadBytes = k.Unread+x.Unread, k.UnreadBytes+x.UnreadBytes
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Kind < out[j].Kind })
	list := make([]fileKind, len(out))
	for i, k := range out {
		list[i] = *k
	}
	return list
}

// troubles are the checks that did not come out well.
func troubles(r *probity.Review) []probity.Integrity {
	var out []probity.Integrity
	for _, i := range r.Integrity {
		if i.Result != "ok" {
			out = append(out, i)
		}
	}
	return out
}

// noted are the exhibits of which something is to be said.
func noted(r *probity.Review) []probity.Exhibit {
	var out []probity.Exhibit
	for _, x := range r.Exhibits {
		if x.Note != "" || x.Unread > 0 {
			out = append(out, x)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// plural writes a count with its noun.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return amount(float64(n), probity.One) + " " + many
}

// causesOf returns the causes that occur, in their order.
func causesOf(gaps []probity.Gap) []probity.Cause {
	var out []probity.Cause
	for _, c := range probity.Causes {
		for i := range gaps {
			if gaps[i].Cause == c {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// A gapLine is the gaps of one witness, resource and cause, told together.
type gapLine struct {
	gap   probity.Gap // with the span of all
	parts int
	hours float64 // of the union of the spans
}

func gapLines(gaps []probity.Gap) []gapLine {
	at := map[string]int{}
	var out []gapLine
	spans := map[int][]probity.Span{}
	for _, g := range gaps {
		k := string(g.Witness) + "\x00" + g.Provider + g.Account + "\x00" + g.Resource + "\x00" + string(g.Cause)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, gapLine{gap: g})
		}
		spans[i] = append(spans[i], g.Span)
	}
	for i := range out {
		union := probity.MergeSpans(spans[i])
		out[i].parts = len(union)
		for _, s := range union {
			out[i].hours += s.Hours()
		}
		if len(union) > 0 {
			out[i].gap.Span = probity.Span{From: union[0].From, Until: union[len(union)-1].Until}
		}
	}
	return out
}

// discrepancySentence tells a discrepancy with both values, the tolerance and
// the reading.
func discrepancySentence(d *probity.Discrepancy) string {
	s := fmt.Sprintf("%s of %s in %s: %s %s, %s %s; they differ by %s (tolerance %s): %s", d.Quantity, place(d.Account, d.Resource), d.Span,
		d.Left, valueOf(d.LeftValue, d.Unit, string(d.Quantity)), d.Right, valueOf(d.RightValue, d.Unit, string(d.Quantity)), probity.Percent(d.Share), probity.Percent(d.Tolerance), readings[d.Reading])
	if d.Impeaches != "" {
		s += "; " + string(d.Impeaches) + " is impeached"
	}
	if d.Detail != "" {
		s += "; " + d.Detail
	}
	return s + "."
}

// gapSentence tells what no record covers, and why.
func gapSentence(g *gapLine) string {
	s := fmt.Sprintf("No %s records of %s for %s h in %s: %s", g.gap.Witness, place(g.gap.Account, g.gap.Resource), amount(g.hours, probity.One), g.gap.Span, g.gap.Cause.Meaning())
	if len(g.gap.Streams) > 0 {
		s += " (" + strings.Join(g.gap.Streams, ", ") + ")"
	}
	return s + "."
}

// requestStates are the states of a request in words.
var requestStates = map[string]string{
	"open": "open, not yet due", "received_in_part": "received in part", "received": "received", "received_late": "received late",
	"refused": "refused", "redacted": "answered with parts taken out", "overdue": "overdue",
}

func requestState(state string) string {
	if s := requestStates[state]; s != "" {
		return s
	}
	return strings.ReplaceAll(state, "_", " ")
}

// unanswered reports whether what was asked for did not come whole.
func unanswered(q *probity.RequestRef) bool {
	return q.State != "received" && q.State != "received_late"
}

// requestSentence tells what was asked of whom, and what came of it.
func requestSentence(q *probity.RequestRef) string {
	s := q.ID + ", to " + q.Custodian
	if q.Relation != "" {
		s += " (" + strings.ReplaceAll(string(q.Relation), "_", " ") + ")"
	}
	s += ": " + string(q.Witness) + " records"
	if q.Kind != "" {
		s += " (" + string(q.Kind) + ")"
	}
	if len(q.Accounts)+len(q.Resources) > 0 {
		s += " of " + strings.Join(slices.Concat(q.Accounts, q.Resources), ", ")
	}
	if q.Period != nil {
		s += " for " + q.Period.String()
	}
	s += fmt.Sprintf("; asked %s, due %s: %s", probity.Day(q.At), probity.Day(q.Due), requestState(q.State))
	if q.Reason != "" {
		s += ", because: " + q.Reason
	}
	return s + "."
}

// linkSentence tells one step of an exhibit's chain of custody.
func linkSentence(l *probity.Link) string {
	s := fmt.Sprintf("leaf %d, recorded %s", l.Leaf, l.Recorded)
	for _, x := range [][2]string{{"from", l.Custodian}, {"by", l.By}, {"how:", l.How}, {"on request", l.Request}} {
		if x[1] != "" {
			s += ", " + x[0] + " " + x[1]
		}
	}
	if l.Request == "" {
		s += ", on no request"
	}
	return s
}
