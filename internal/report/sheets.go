package report

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"probity"
)

// A Sheet is one table of a report, for spreadsheets. Values are in base units,
// which the headers name in brackets; where rows have different units, the
// column that follows names them.
type Sheet struct {
	Name   string
	Header []string
	Rows   [][]string
}

// Sheets returns the tables of a report, in its order.
func Sheets(r *probity.Review) []Sheet {
	return []Sheet{claimSheet(r), witnessSheet(r), discrepancySheet(r), gapSheet(r), estateSheet(r), requestSheet(r), exhibitSheet(r), integritySheet(r)}
}

// CSV returns the sheet as comma-separated values by RFC 4180, UTF-8. Every cell
// is quoted, and none begins a formula: a text that would gets an apostrophe
// before it.
func (s *Sheet) CSV() []byte {
	var b bytes.Buffer
	row := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(defuse(c), `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	row(s.Header)
	for _, cells := range s.Rows {
		row(cells)
	}
	return b.Bytes()
}

// defuse makes a text one that no spreadsheet takes for a formula: neither where
// a cell begins nor after a semicolon, which some take for the end of a cell.
func defuse(text string) string {
	text = probity.Plain(strings.ToValidUTF8(text, "\uFFFD"))
	if !strings.ContainsAny(text, "=+-@\uFF1D\uFF0B\uFF0D\uFF20") {
		return text
	}
	var b strings.Builder
	begins := true
	for _, r := range text {
		switch {
		case begins && strings.ContainsRune("=+-@\uFF1D\uFF0B\uFF0D\uFF20", r):
			b.WriteByte('\'')
			begins = false
		case r == ';':
			begins = true
		case r != ' ' && r != '"' && r != '\u00a0' && r != '\uFEFF' && r != '\uFFFD':
			begins = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// exact writes a value in its base unit with all its digits.
func exact(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// share writes a share in per cent, never rounded up.
func share(v float64) string {
	return strconv.FormatFloat(math.Floor(v*100*1e6+1e-3)/1e6, 'f', -1, 64)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func claimSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "claims", Header: []string{"claim", "allegation", "statement", "kind", "material", "finding", "coverage [% of accounts x resources x hours]", "minimum coverage [%]",
		"observed [unit in the next column]", "unit", "observed of", "observed by", "sentence", "warnings", "innocent explanations", "what could change it", "error rates"}}
	for i := range r.Claims {
		c := &r.Claims[i]
		o := []string{"", "", "", ""}
		if c.Observed != nil {
			o = []string{exact(c.Observed.Value), unitName(c.Observed.Unit), c.Observed.Of, string(c.Observed.Witness)}
		}
		s.Rows = append(s.Rows, []string{c.ID, c.Allegation, c.Statement, string(c.Kind), yes(c.Material), outcomeWords(c.Finding.Outcome()), share(c.Coverage.Share), share(c.Coverage.Minimum),
			o[0], o[1], o[2], o[3], c.Sentence, strings.Join(c.Warnings, "; "), strings.Join(c.InnocentExplanations, "; "), strings.Join(c.WouldChange, "; "), strings.Join(c.ErrorRates, "; ")})
	}
	return s
}

func witnessSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "witnesses", Header: []string{"claim", "test [number]", "subject", "asks", "test finding", "test coverage [% of accounts x resources x hours]", "minimum coverage [%]",
		"witness", "bound", "value [unit in the next column]", "unit", "upper bound [unit in the next column]", "upper bound unit", "witness coverage [%]", "impeached", "window from", "window until", "who can silence it", "notes", "limits"}}
	for i := range r.Claims {
		for n := range r.Claims[i].Tests {
			t := &r.Claims[i].Tests[n]
			head := []string{r.Claims[i].ID, strconv.Itoa(n + 1), t.Subject, threshold(t), outcomeWords(t.Finding.Outcome()), share(t.Coverage.Share), share(t.Coverage.Minimum)}
			limits := strings.Join(t.Limits, "; ")
			if len(t.Witnesses) == 0 {
				s.Rows = append(s.Rows, append(head, "none spoke", "", "", "", "", "", "", "", "", "", "", "", limits))
			}
			for k := range t.Witnesses {
				s.Rows = append(s.Rows, append(append(append([]string{}, head...), witnessCells(&t.Witnesses[k])...), limits))
			}
		}
	}
	return s
}

func witnessCells(w *probity.WitnessValue) []string {
	upper, unit, from, until := "", "", "", ""
	if w.Upper != nil {
		upper, unit = exact(*w.Upper), unitName(w.Unit)
	}
	if w.At != nil {
		from, until = instant(w.At.From), instant(w.At.Until)
	}
	return []string{string(w.Witness), bounds[w.Bound], exact(w.Value), unitName(w.Unit), upper, unit, share(w.Coverage), yes(w.Impeached), from, until, w.Independence, strings.Join(w.Notes, "; ")}
}

func discrepancySheet(r *probity.Review) Sheet {
	s := Sheet{Name: "discrepancies", Header: []string{"quantity", "provider", "account", "resource", "from", "until", "left witness", "left value [unit in the next column]", "left unit",
		"right witness", "right value [unit in the next column]", "right unit", "difference [% of the larger]", "tolerance [%]", "reading", "impeaches", "benign causes tried", "detail"}}
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		u := unitName(d.Unit)
		s.Rows = append(s.Rows, []string{string(d.Quantity), d.Provider, d.Account, d.Resource, instant(d.From), instant(d.Until), string(d.Left), exact(d.LeftValue), u,
			string(d.Right), exact(d.RightValue), u, share(d.Share), share(d.Tolerance), readings[d.Reading], string(d.Impeaches), benign(d.Benign), d.Detail})
	}
	return s
}

func gapSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "gaps", Header: []string{"witness", "provider", "account", "resource", "from", "until", "length [h]", "cause", "meaning", "what is silent", "detail"}}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		s.Rows = append(s.Rows, []string{string(g.Witness), g.Provider, g.Account, g.Resource, instant(g.From), instant(g.Until), exact(g.Hours()), string(g.Cause), g.Cause.Meaning(),
			strings.Join(g.Streams, "; "), g.Detail})
	}
	return s
}

func estateSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "estate", Header: []string{"provider", "account", "resource", "type", "region", "disclosed", "shown by", "undisclosed from", "undisclosed until"}}
	hidden := map[string]*probity.Undisclosed{}
	for i := range r.Estate.Undisclosed {
		u := &r.Estate.Undisclosed[i]
		hidden[u.Provider+"\x00"+u.Account+"\x00"+u.Resource] = u
	}
	for _, x := range r.Estate.Resources {
		first, last := "", ""
		key := x.Provider + "\x00" + x.Account + "\x00" + x.Resource
		if u := hidden[key]; u != nil {
			first, last = u.First, u.Last
			delete(hidden, key)
		}
		s.Rows = append(s.Rows, []string{x.Provider, x.Account, x.Resource, x.Type, x.Region, yes(x.Disclosed), strings.Join(x.Shown, "; "), first, last})
	}
	for i := range r.Estate.Undisclosed { // those that the list of resources does not have
		u := &r.Estate.Undisclosed[i]
		if hidden[u.Provider+"\x00"+u.Account+"\x00"+u.Resource] == u {
			s.Rows = append(s.Rows, []string{u.Provider, u.Account, u.Resource, u.Type, u.Region, "no", strings.Join(u.Shown, "; "), u.First, u.Last})
		}
	}
	return s
}

func requestSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "requests", Header: []string{"request", "leaf [number in the ledger]", "asked", "custodian", "relation", "witness", "kind", "accounts", "resources", "from", "until", "due", "state", "reason of a refusal", "answers [leaves of the ledger]"}}
	for i := range r.Requests {
		q := &r.Requests[i]
		from, until := "", ""
		if q.Period != nil {
			from, until = instant(q.Period.From), instant(q.Period.Until)
		}
		var answers []string
		for _, a := range q.Answers {
			answers = append(answers, whole(a))
		}
		s.Rows = append(s.Rows, []string{q.ID, whole(q.Leaf), q.At, q.Custodian, string(q.Relation), string(q.Witness), string(q.Kind), strings.Join(q.Accounts, "; "), strings.Join(q.Resources, "; "),
			from, until, q.Due, requestState(q.State), q.Reason, strings.Join(answers, "; ")})
	}
	return s
}

func exhibitSheet(r *probity.Review) Sheet {
	s := Sheet{Name: "exhibits", Header: []string{"sha256", "path", "kind", "size [byte]", "stream [byte]", "records [count]", "duplicates [count]", "unread [ranges]", "in records [byte]", "in duplicates [byte]", "unread [byte]", "framing [byte]",
		"duplicate of", "member of", "custodian", "relation", "acquired", "acquired by", "acquired how", "chain of custody", "note"}}
	for i := range r.Exhibits {
		x := &r.Exhibits[i]
		var c probity.Custodian
		if x.Custodian != nil {
			c = *x.Custodian
		}
		var a probity.Acquired
		if x.Acquired != nil {
			a = *x.Acquired
		}
		var chain []string
		for k := range x.Chain {
			chain = append(chain, linkSentence(&x.Chain[k]))
		}
		s.Rows = append(s.Rows, []string{x.SHA256, x.Path, string(x.Kind), whole(x.Bytes), whole(x.StreamBytes), whole(x.Records), whole(x.Duplicates), whole(x.Unread), whole(x.RecordBytes), whole(x.DuplicateBytes), whole(x.UnreadBytes), whole(x.FramingBytes),
			x.DuplicateOf, x.MemberOf, c.Name, string(c.Relation), instant(a.At), a.By, a.How, strings.Join(chain, "; "), x.Note})
	}
	return s
}

func integritySheet(r *probity.Review) Sheet {
	s := Sheet{Name: "integrity", Header: []string{"exhibit", "path", "check", "result", "detail"}}
	for _, x := range r.Integrity {
		s.Rows = append(s.Rows, []string{x.Exhibit, x.Path, x.Check, strings.ReplaceAll(x.Result, "_", " "), x.Detail})
	}
	return s
}
