package plan

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"probity"
	"probity/catalog"
)

// test sets a test against each record.
func (p *Plan) test(c *probity.Case, t *probity.Test, entries map[string]*catalog.Record, order map[string]int) Test {
	out := Test{Subject: subject(t), Where: t.Where, Asks: asks(t), Uses: []Use{}, about: about(t)}
	for i := range p.Records {
		r := &p.Records[i]
		if !concernsProvider(c, t.Where, r.Provider) {
			continue
		}
		if b, note, ok := bound(entries[r.ID], t); ok {
			out.Uses = append(out.Uses, Use{r.ID, r.Witness, b, can(b, t.AtMost), note})
		}
	}
	sort.SliceStable(out.Uses, func(i, j int) bool {
		a, b := &out.Uses[i], &out.Uses[j]
		if x, y := role(a), role(b); x != y {
			return x < y
		}
		return order[a.Record] < order[b.Record]
	})
	return out
}

// concernsProvider reports whether a test can be about records of a provider.
func concernsProvider(c *probity.Case, w probity.Where, provider string) bool {
	if provider == "any" || w.Provider == "" && w.Account == "" {
		return true
	}
	if w.Provider != "" {
		return strings.EqualFold(w.Provider, provider)
	}
	known := false
	for _, s := range c.Estate {
		if strings.EqualFold(s.Account, w.Account) {
			if known = true; strings.EqualFold(s.Provider, provider) {
				return true
			}
		}
	}
	return !known
}

// bound returns from which side a record bounds what a test asks, and why
// that is less than it bounds otherwise. ok is false if it says nothing of it.
func bound(h *catalog.Record, t *probity.Test) (b probity.Bound, note string, ok bool) {
	about := about(t)
	if t.Quantity == "" {
		x, ok := h.Finds[about]
		if h.Needs != "" && ok {
			note = "only with " + h.Needs
		}
		return probity.Bound(x), note, ok
	}
	x, ok := h.Bounds[about]
	if !ok {
		return "", "", false
	}
	b = probity.Bound(x)
	w := probity.Witness(h.Witness)
	hourly := !t.Quantity.Level() && (t.Per == probity.PerHour || t.Per == "" && t.Aggregate != "sum")
	switch {
	case t.Where.Container != "" && w != probity.Logged && w != probity.Listed:
		b, note = b.And(probity.Above), "it does not tell containers apart"
	case hourly && h.Grain == "day":
		b, note = b.And(probity.Above), "within a day it does not say when"
	case h.Needs != "":
		note = "shown to be complete only with " + h.Needs
	}
	return b, note, true
}

// can lists the findings that a bound could carry.
func can(b probity.Bound, atMost bool) []string {
	out := []string{}
	proves, refutes := b.Lower(), b.Upper()
	if atMost {
		proves, refutes = refutes, proves
	}
	if proves {
		out = append(out, probity.Supported.String())
	}
	if refutes {
		out = append(out, probity.Contradicted.String())
	}
	if proves && !atMost {
		out = append(out, probity.NotSupported.String())
	}
	return out
}

// roles are what a record could do for a claim, the most first.
var roles = []string{
	"could prove it or refute it",
	"could prove it; that they show nothing can only support an absence, within their coverage",
	"could prove it, never refute it",
	"could refute it, never prove it",
	"compared with the others, never proof",
}

// role is the position among roles.
func role(u *Use) int {
	proves, refutes := has(u.Can, probity.Supported.String()), has(u.Can, probity.Contradicted.String())
	switch {
	case proves && refutes:
		return 0
	case proves && has(u.Can, probity.NotSupported.String()):
		return 1
	case proves:
		return 2
	case refutes:
		return 3
	}
	return 4
}

// about is the quantity of a test, or the key of Finds: one for all rules, which
// are about the same records.
func about(t *probity.Test) string {
	if t.Rule != "" {
		return "rule"
	}
	for _, s := range []string{string(t.Quantity), t.Indicator} {
		if s != "" {
			return s
		}
	}
	return t.Estate
}

func subject(t *probity.Test) string {
	switch {
	case t.Quantity != "":
		return string(t.Quantity)
	case t.Rule != "":
		return "rule: " + t.Rule
	case t.Indicator != "":
		return "indicator: " + t.Indicator
	}
	return "estate: " + t.Estate
}

// asks writes a test in words.
func asks(t *probity.Test) string {
	s := subject(t)
	if t.Indicator == "" {
		relation := "at least"
		if t.AtMost {
			relation = "at most"
		}
		amount := t.Text
		if v := probity.FormatAmount(t.Threshold, t.Quantity.Unit()); t.Quantity.Unit() == probity.One || amount == "" {
			amount = v
		}
		s += ", "
		if t.Aggregate != "" {
			s += string(t.Aggregate) + " "
		}
		s += relation + " " + amount
		if t.Per != "" {
			s += " per " + string(t.Per)
		}
	}
	if !t.After.IsZero() {
		s += ", after " + t.After.UTC().Format(time.DateOnly)
	}
	if w := t.Where.String(); w != "" {
		s += ", where " + w
	}
	return s
}

// suppressor says who can make a record fall silent.
func suppressor(h *catalog.Record) string {
	w := probity.Witness(h.Witness)
	switch {
	case w == probity.Control && h.ID == "aws-cloudtrail-digest":
		return "the customer, by switching validation off; that a file is gone then shows"
	case w == probity.Control && h.Holders[0] == catalog.Customer:
		return "the customer, by switches and deletion; digests show it"
	case w == probity.Metered && !h.OnByDefault:
		return "the customer, by not switching it on; then the provider only"
	case w == probity.Billed && !h.OnByDefault:
		return "the provider's finance department; the export also whoever ordered it"
	}
	return w.Suppressor()
}

// kept says the retention in words.
func kept(h *catalog.Record) string {
	switch {
	case h.Kept != "":
		return h.Kept
	case h.KeptDays == 0:
		return "as the place that it is sent to"
	}
	return plural(h.KeptDays, "day", "days")
}

// nouns say what a quantity is, without saying what is alleged.
var nouns = map[probity.Quantity]string{
	probity.BytesStored: "volume stored", probity.ObjectsStored: "number of objects stored",
	probity.BytesWritten: "volume written", probity.ObjectsWritten: "number of objects written",
	probity.BytesRead: "volume read", probity.ObjectsRead: "number of objects read",
	probity.Requests: "number of requests", probity.BytesEgressed: "volume sent out", probity.SpeechSeconds: "volume of speech processing",
}

// why says in words that are blind to content why a record matters.
func why(h *catalog.Record) string {
	var parts []string
	sides := []probity.Bound{probity.Both, probity.Below, probity.Above}
	words := map[probity.Bound]string{probity.Both: "from both sides", probity.Below: "from below", probity.Above: "from above"}
	for _, b := range sides {
		var list []string
		for _, q := range probity.Quantities {
			if h.Bounds[string(q)] == string(b) {
				list = append(list, nouns[q])
			}
		}
		if len(list) > 0 {
			parts = append(parts, fmt.Sprintf("bounds %s the %s", words[b], strings.Join(list, ", ")))
		}
	}
	for _, x := range [][2]string{{"rule", "shows what was configured, switched off or deleted"}, {"speech_archive", "sizes and times of objects show what kind of use it is"}, {"undisclosed", "shows which accounts and resources exist"}} {
		if _, ok := h.Finds[x[0]]; ok {
			parts = append(parts, x[1])
		}
	}
	return strings.Join(parts, "; ")
}
