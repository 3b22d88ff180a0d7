package plan

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"probity"
	"probity/catalog"
)

// Requests returns the letters that ask for the records, by file name: one
// each holder, in Markdown, ready to send. They ask for records of use, never
// for content, and name no claim.
func (p *Plan) Requests() map[string][]byte {
	out := map[string][]byte{}
	for _, h := range catalog.Holders {
		l := &letter{p: p, holder: h}
		for i := range p.Records {
			switch r := &p.Records[i]; {
			case keeper(r, h):
				l.asked = append(l.asked, r)
			case has(r.Copies, h):
				l.copies = append(l.copies, r)
			}
		}
		if len(l.asked)+len(l.copies) > 0 {
			out[strings.ReplaceAll(h, "_", "-")+".md"] = l.write()
		}
	}
	return out
}

// A letter is the request to one holder.
type letter struct {
	p             *Plan
	holder        string
	asked, copies []*Record
	b             bytes.Buffer
}

func (l *letter) line(format string, args ...any) { fmt.Fprintf(&l.b, format+"\n", args...) }

func (l *letter) write() []byte {
	l.head()
	l.line("## 1. Records asked for\n")
	if len(l.asked) == 0 {
		l.line("None are kept by you in the first place; see the copies in part 2.\n")
	} else {
		l.line("Soonest lost first. Please **preserve now**, before anything is exported, and then hand over.\n")
		l.table(l.asked, 0)
	}
	l.line("## 2. Copies, if you have any\n")
	if len(l.copies) == 0 {
		l.line("None.\n")
	} else {
		l.line("Others keep these in the first place. Please preserve and hand over what you have of them: exports, archives, mirrored stores.\n")
		l.table(l.copies, len(l.asked))
	}
	l.retention()
	l.line("%s", handingOver)
	l.acknowledgement()
	return append(bytes.TrimRight(l.b.Bytes(), "\n"), '\n')
}

func (l *letter) head() {
	p := l.p
	by := p.InstructedBy
	if by == "" {
		by = "(to be filled in)"
	}
	l.line("# Request to preserve and to hand over records: %s\n", holderWords[l.holder])
	l.line("| | |\n|---|---|")
	l.line("| Asked by | %s |", cell(by))
	l.line("| Asked of | %s |", addressees[l.holder])
	l.line("| Case | %s: %s |", cell(p.Case), cell(p.Title))
	if p.Subject != "" {
		l.line("| Subject | %s |", cell(p.Subject))
	}
	l.line("| Period | %s to %s, both days included, UTC |", p.Period.From.UTC().Format(time.DateOnly), lastDay(p.Period).Format(time.DateOnly))
	l.line("| Written on | %s |\n", p.Today)
	l.line("%s\n", l.urgency())
	l.line("%s\n", "**No content is asked for.** This request is for records *about* use: sizes, times, places, kinds and counts. It asks for no content of "+
		"anybody's communications, no recordings, no transcripts and none of the data that is stored, and for no names of persons.")
}

// urgency says which date comes first.
func (l *letter) urgency() string {
	var losing []string
	first := ""
	for _, r := range append(append([]*Record{}, l.asked...), l.copies...) {
		switch r.Clock.State {
		case Losing:
			losing = append(losing, r.Name)
		case Intact:
			if keeper(r, l.holder) && (first == "" || r.Clock.FirstLost < first) {
				first = r.Clock.FirstLost
			}
		}
	}
	switch {
	case len(losing) > 0:
		return "**Urgent: days of the period are being lost now, one every day: " + strings.Join(losing, ", ") + ".**"
	case first != "":
		return "**The first of these records is lost on " + first + ". Please preserve before that date.**"
	}
	return "**For none of these records is a date of deletion known. Please suspend deletion now, and say which retention is set.**"
}

func (l *letter) table(list []*Record, after int) {
	l.line("| No. | Record | Accounts, regions, resources | Period (UTC) | Format | Why it matters | Preserve before |")
	l.line("|---|---|---|---|---|---|---|")
	for i, r := range list {
		l.line("| %d | %s | %s | %s | %s | %s | %s |", after+i+1, cell(r.Name), scope(r), period(l.p.Period, r), cell(r.Format), cell(r.Why), before(r))
	}
	l.line("")
}

// scope writes the accounts and resources of a record.
func scope(r *Record) string {
	var parts []string
	for _, a := range r.Accounts {
		s := cell(a.Provider + " " + a.Account)
		if len(a.Regions) > 0 {
			s += " (" + cell(strings.Join(a.Regions, ", ")) + ")"
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		parts = append(parts, "every account of the subject")
	} else if r.Witness == probity.Billed || r.Witness == probity.Metered || r.Witness == probity.Stated {
		parts = append(parts, "and every other account of the subject, deleted ones included")
	}
	switch {
	case len(r.Resources) > 0 && !r.Whole:
		parts = append(parts, "resources: "+cell(strings.Join(r.Resources, ", ")))
	default:
		parts = append(parts, "all resources, deleted ones included")
	}
	return strings.Join(parts, "; ")
}

// period writes the days that are asked for: of a bill whole months.
func period(s probity.Span, r *Record) string {
	from, last := date(s.From), lastDay(s)
	if r.grain == "day" {
		from = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
		last = time.Date(last.Year(), last.Month()+1, 0, 0, 0, 0, 0, time.UTC)
		return fmt.Sprintf("%s to %s (whole billing months)", from.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	return fmt.Sprintf("%s to %s", from.Format(time.DateOnly), last.Format(time.DateOnly))
}

// before says until when a record must be secured.
func before(r *Record) string {
	switch c := r.Clock; {
	case r.Witness == probity.Stated:
		return "as it is made on request, no date"
	case c.State == Intact:
		return fmt.Sprintf("**%s**; its last day is lost on %s", c.FirstLost, c.LastLost)
	case c.State == Losing && c.LostShare == 0:
		return fmt.Sprintf("**today**: the first day is lost today, the last on %s", c.LastLost)
	case c.State == Losing:
		return fmt.Sprintf("**at once**: %s is lost since %s, the last day is lost on %s", probity.Percent(c.LostShare), c.FirstLost, c.LastLost)
	case c.State == Lost:
		return fmt.Sprintf("by default nothing is left since %s: exports and archives made before", c.LastLost)
	}
	return "**at once**: no date is known; say which retention is set where it lies"
}

// retention says where each record lies and how long it is kept.
func (l *letter) retention() {
	l.line("## 3. Where they lie, and for how long by default\n")
	for i, r := range append(append([]*Record{}, l.asked...), l.copies...) {
		on := "written without being asked for"
		if r.Witness == probity.Stated {
			on = "written on request"
		} else if !r.OnByDefault {
			on = "an option: if it was not on, say so, and since when it was on or off, with the record of that setting"
		}
		l.line("%d. %s: in %s; kept %s; %s. Source: %s (%s).", i+1, cell(r.Name), cell(r.Destination), keptFor(r), on, cell(r.Source), dated(r))
	}
	l.line("")
}

// dated says of when the page is that a figure comes from.
func dated(r *Record) string {
	if r.Dated == "not given" {
		return "its date is not given"
	}
	return "of " + r.Dated
}

// keptFor makes the retention follow the word "kept".
func keptFor(r *Record) string {
	if strings.HasPrefix(r.Kept, "as ") || strings.HasPrefix(r.Kept, "for ") || strings.HasPrefix(r.Kept, "at least") {
		return r.Kept
	}
	if r.Clock.KeptDays > 0 {
		return "for " + r.Kept
	}
	return "as follows: " + r.Kept
}

// addressees are the holders as a letter calls them.
var addressees = map[string]string{
	catalog.ProviderFinance:  "the provider, finance and billing",
	catalog.ProviderPlatform: "the provider, platform operations",
	catalog.Customer:         "the customer, owner of the accounts",
	catalog.LocalOffice:      "the local office that serves the customer",
}

const handingOver = `## 4. How to preserve and hand over

* **Preserve first.** Suspend expiry, lifecycle rules and deletion where the records lie, also of backups, until this request is released in
  writing. Switch no log off and narrow no selector meanwhile; what is changed, and when, is to be told.
* **As exported.** Hand over files as the system writes them: same names, folders, compression, manifests, digests and signatures. Do not open and
  save them, convert, merge, sort or rename them.
* **Do not filter.** Do not leave out accounts, regions, resources, days, columns or rows, unless part 1 says so. If the system can only export
  a part, say which.
* **Names in passing.** A record of use may name an object, a person or an address in passing. It stays as it was exported and is sealed as the
  evidentiary copy; the review replaces such names by tokens as it reads, and shows none. Nobody is asked to make a list of names.
* **Hashes.** Add a list of the files with size and SHA-256, made where the files were exported, before they travel.
* **Chain of custody.** Say for each record who exported it, from which system, when (UTC), with which command or page and which settings, who held it
  since, and how it travelled. An employee may be named by function.
* **Empty is an answer.** If a record was never switched on, is expired, or shows nothing, say which of these it is, and what shows it.

## 5. If something is refused

Say so for each record, in writing: which records, accounts and days; under which rule (law, contract, order or policy, with its section); who decided;
and whether a part can be handed over, or inspected on site. A refusal, and silence after the date below, is recorded and stands in the
published result as a gap with its cause. A redaction is to be marked as one, with the rule that requires it.
`

// acknowledgement is the part that comes back.
func (l *letter) acknowledgement() {
	l.line("## 6. Acknowledgement\n")
	l.line("Please return this part at once, and the records as they become ready.\n")
	l.line("| No. | Record | Preserved since (UTC) | Retention set where it lies | Handed over on, or refused under which rule |")
	l.line("|---|---|---|---|---|")
	for i, r := range append(append([]*Record{}, l.asked...), l.copies...) {
		l.line("| %d | %s | | | |", i+1, cell(r.Name))
	}
	l.line("\n| | |\n|---|---|\n| Received on | |\n| For the custodian (function) | |\n| Answer due on | |\n| Signature | |")
}

// cell makes text safe within a cell of a Markdown table.
func cell(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if strings.ContainsRune("\\`*_[]<>|#&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
