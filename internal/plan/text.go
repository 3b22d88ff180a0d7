package plan

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"probity"
	"probity/catalog"
)

// TextOptions say how the terminal page looks.
type TextOptions struct {
	Width int  // columns; 0 means 100, less than 72 means 72
	Color bool // with ANSI colours
}

// Text writes the plan for a terminal: the evidence clock, what would decide
// each claim, and who holds what.
func (p *Plan) Text(opts TextOptions) []byte {
	if opts.Width == 0 {
		opts.Width = 100
	}
	t := &page{width: max(opts.Width, 72), color: opts.Color}
	t.line(bold, clean(p.Title))
	t.para("", strings.TrimPrefix(fmt.Sprintf("%s, case %s, %s (UTC)", p.Subject, p.Case, p.Period), ", "))
	t.para("", "Planned as of "+p.Today+", from the case file and the catalogue alone: no evidence was read.")
	for _, w := range p.Warnings {
		t.styled(yellow, "! ", w)
	}
	t.clock(p)
	for i := range p.Claims {
		t.claim(p, &p.Claims[i])
	}
	t.holders(p)
	t.suppressors(p)
	return t.b.Bytes()
}

// The ANSI styles in use.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
)

type page struct {
	b     bytes.Buffer
	width int
	color bool
}

func (t *page) style(code, s string) string {
	if !t.color || s == "" || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *page) line(code, s string) {
	fmt.Fprintf(&t.b, "%s\n", t.style(code, strings.TrimRight(s, " ")))
}

func (t *page) heading(s string) {
	t.b.WriteByte('\n')
	t.line(bold, clean(s))
}

func (t *page) para(lead, text string) { t.styled("", lead, text) }

// styled writes text, wrapped, the first line after lead and the others
// indented by as much.
func (t *page) styled(code, lead, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	for i, line := range wrap(text, t.width-len(indent)) {
		if i > 0 {
			lead = indent
		}
		t.line("", lead+t.style(code, line))
	}
}

// wrap breaks text into lines of at most width columns; a longer word stands
// alone. A number and its sign stay together.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Split(strings.ReplaceAll(clean(text), " %", "\u00a0%"), " ") {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			out, line = append(out, line), ""
		}
		if line != "" && word != "" {
			line += " "
		}
		line += word
	}
	out = append(out, line)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "\u00a0", " ")
	}
	return out
}

// pad fills s to n columns, or cuts it.
func pad(s string, n int) string {
	s = clean(s)
	if k := utf8.RuneCountInString(s); k < n {
		return s + strings.Repeat(" ", n-k)
	}
	return s
}

// The columns of a record's name and of its holder.
const (
	nameColumn   = 28
	holderColumn = 18
)

// clock writes the table of dates.
func (t *page) clock(p *Plan) {
	t.heading("The evidence clock: what is lost, soonest first")
	t.line(dim, "  "+pad("record", nameColumn)+pad("held by", holderColumn)+pad("first day", 12)+pad("last day", 12)+"lost")
	anyOff := false
	for i := range p.Records {
		r := &p.Records[i]
		mark := " "
		if !r.OnByDefault && r.Witness != probity.Stated {
			mark, anyOff = "*", true
		}
		row := " " + mark + pad(r.Name, nameColumn) + pad(holderWords[r.Holder], holderColumn)
		code := ""
		switch r.Clock.State {
		case Unknown:
			row += unknown(r)
			code = dim
		case Losing, Lost:
			code = red
			fallthrough
		default:
			row += pad(r.Clock.FirstLost, 12) + pad(r.Clock.LastLost, 12) + r.Clock.Words()
		}
		t.line(code, row)
	}
	t.b.WriteByte('\n')
	t.para("  ", "The first and the last day of the period are lost on these dates, as kept by default.")
	if anyOff {
		t.para("  * ", "Off unless somebody switched it on: if nobody did, there is none.")
	}
	if state(p.Records, Unknown) {
		t.para("  ", "Where no date is known, the record is kept as the place that it is sent to, or no figure is published: ask its holder for the retention there, and have deletion suspended now.")
	}
	if state(p.Records, Lost) {
		t.para("  ", "What is all lost by default may have been exported before: ask for copies.")
	}
}

// unknown says in a few words why no date is known.
func unknown(r *Record) string {
	switch {
	case r.Witness == probity.Stated:
		return "made when it is asked for"
	case strings.HasPrefix(r.Kept, "as the place"), strings.HasPrefix(r.Kept, "as the trail"):
		return "as where it is sent: ask"
	}
	return "no figure is published: ask"
}

func state(list []Record, s State) bool {
	for i := range list {
		if list[i].Clock.State == s && list[i].Witness != probity.Stated {
			return true
		}
	}
	return false
}

// claim writes what would decide a claim.
func (t *page) claim(p *Plan, c *Claim) {
	if c.Material || c.Kind != probity.ClaimAllegation {
		kind := ""
		if c.Kind == probity.ClaimAssurance {
			kind = " (an assurance)"
		}
		t.heading(c.ID + "  " + c.Statement + kind)
	} else {
		t.heading(c.ID + "  " + c.Statement + " (not material)")
	}
	for i := range c.Tests {
		x := &c.Tests[i]
		t.styled(dim, "  ", x.Asks)
		last := -1
		for j := range x.Uses {
			u := &x.Uses[j]
			if k := role(u); k != last {
				last = k
				t.para("  ", roles[k]+":")
			}
			r := p.record(u.Record)
			t.para("    "+pad(string(u.Witness), 9)+pad(r.Name, nameColumn), holderWords[r.Holder]+", "+until(r)+comma(p.named(u.Note)))
		}
		if len(x.Uses) == 0 {
			t.styled(yellow, "  ! ", "no record of these providers tells of it")
		}
	}
}

// named writes a note with the names of records instead of their ids.
func (p *Plan) named(note string) string {
	for i := range p.Records {
		if id := p.Records[i].ID; strings.HasSuffix(note, " "+id) {
			return strings.TrimSuffix(note, id) + p.Records[i].Name
		}
	}
	return note
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return "; " + s
}

// until says in a few words until when a record can be had.
func until(r *Record) string {
	switch c := r.Clock; {
	case r.Witness == probity.Stated:
		return "on request"
	case c.State == Lost:
		return "all lost by default"
	case c.State == Losing:
		return "being lost now"
	case c.State == Intact:
		return "whole until " + c.FirstLost
	case !r.OnByDefault:
		return "if it was switched on"
	}
	return "no date known"
}

// holders writes who holds what, and what is known to have been handed over.
func (t *page) holders(p *Plan) {
	t.heading("Who holds what")
	for _, h := range catalog.Holders {
		var keeps, copies []string
		for i := range p.Records {
			switch r := &p.Records[i]; {
			case keeper(r, h):
				keeps = append(keeps, r.Name)
			case has(r.Copies, h):
				copies = append(copies, r.Name)
			}
		}
		if len(keeps) > 0 {
			t.para("  "+pad(holderWords[h], holderColumn), strings.Join(keeps, ", "))
		}
		if len(copies) > 0 {
			t.styled(dim, "  "+pad("", holderColumn), "perhaps copies of: "+strings.Join(copies, ", "))
		}
	}
	for i := range p.Records {
		r := &p.Records[i]
		for _, x := range r.HandedOver {
			t.para("  ", r.Name+": the case names some, handed over by "+x.Custodian+on(x.On))
		}
		for _, x := range r.Withheld {
			t.styled(yellow, "  ! ", r.Name+": "+strings.TrimSpace(x.Custodian+": ")+" "+x.Outcome.Meaning())
		}
	}
}

func on(day string) string {
	if day == "" {
		return ""
	}
	return " on " + day
}

// suppressors writes, once a witness and answer, who can make it fall silent.
func (t *page) suppressors(p *Plan) {
	t.heading("Who can make a record fall silent")
	for _, w := range probity.Witnesses {
		var answers []string
		names := map[string][]string{}
		for i := range p.Records {
			if r := &p.Records[i]; r.Witness == w {
				if names[r.Suppressor] == nil {
					answers = append(answers, r.Suppressor)
				}
				names[r.Suppressor] = append(names[r.Suppressor], r.Name)
			}
		}
		for i, a := range answers {
			lead := "  " + pad(string(w), 9)
			if i > 0 {
				lead = strings.Repeat(" ", 11)
			}
			if len(answers) > 1 {
				a += " (" + strings.Join(names[a], ", ") + ")"
			}
			t.para(lead, a)
		}
	}
}

// holderWords are the holders in words.
var holderWords = map[string]string{
	catalog.ProviderFinance: "provider finance", catalog.ProviderPlatform: "provider platform",
	catalog.Customer: "customer", catalog.LocalOffice: "local office",
}

// keeper reports whether a holder is the one to ask: a disclosure is asked of
// each.
func keeper(r *Record, holder string) bool {
	return r.Holder == holder || r.Witness == probity.Stated && has(r.Copies, holder)
}

func (p *Plan) record(id string) *Record {
	for i := range p.Records {
		if p.Records[i].ID == id {
			return &p.Records[i]
		}
	}
	return &Record{}
}

// clean is [probity.Plain], for which a carriage return is a blank too.
func clean(s string) string { return probity.Plain(strings.ReplaceAll(s, "\r", " ")) }
