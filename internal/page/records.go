package page

import (
	"math"
	"sort"
	"strings"

	"probity"
	"probity/internal/chart"
)

// A pairing is two witnesses of one quantity at one place, with all of their
// differences drawn over time.
type pairing struct {
	*probity.Discrepancy // the largest
	Drawing              chart.SVG
}

// mostPairings is how many of them are drawn.
const mostPairings = 24

func pairings(r *probity.Review, l *language) (out []pairing, others int) {
	at := map[string]int{}
	var drawn []chart.Pairs
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		k := strings.Join([]string{string(d.Quantity), string(d.Left), string(d.Right), d.Provider, d.Account, d.Resource}, "\x00")
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, pairing{Discrepancy: d})
			drawn = append(drawn, chart.Pairs{Period: r.Period})
		}
		if apart(d) > apart(out[n].Discrepancy) {
			out[n].Discrepancy = d
		}
		side := func(w probity.Witness, v float64) string {
			return l.plain("w."+string(w)) + " " + l.amountText(v, d.Unit, string(d.Quantity))
		}
		drawn[n].Top = max(drawn[n].Top, d.LeftValue, d.RightValue)
		drawn[n].Pairs = append(drawn[n].Pairs, chart.Pair{Span: d.Span, Left: d.LeftValue, Right: d.RightValue,
			Tip: d.Span.String() + ": " + side(d.Left, d.LeftValue) + ", " + side(d.Right, d.RightValue)})
	}
	for i := range out {
		if i == mostPairings {
			return out[:i], len(out) - i
		}
		d := out[i].Discrepancy
		drawn[i].Top = chart.Ceiling(drawn[i].Top)
		drawn[i].Says = l.plain("dif.chart", "quantity", l.plain("q."+string(d.Quantity)), "place", d.Account+"/"+d.Resource,
			"left", l.plain("w."+string(d.Left)), "right", l.plain("w."+string(d.Right)), "top", l.amountText(rounded(drawn[i].Top), d.Unit, string(d.Quantity))) +
			" " + l.plain("count.dif", "n", len(drawn[i].Pairs))
		out[i].Drawing = drawn[i].Draw()
	}
	return out, 0
}

func apart(d *probity.Discrepancy) float64 { return math.Abs(d.LeftValue - d.RightValue) }

// An estate is the resources of each account, counted by who shows them.
type estate struct {
	Accounts    []accountSum
	Undisclosed []probity.Undisclosed
	More        int
}

type accountSum struct {
	Provider, Account          string
	Billed, Metered, Disclosed int
	All                        int
	Drawing                    chart.SVG
}

// shows reports whether a witness is among those that show a resource.
func shows(shown []string, w probity.Witness) bool {
	for _, s := range shown {
		if s == string(w) {
			return true
		}
	}
	return false
}

func estateOf(r *probity.Review, l *language) estate {
	at := map[string]int{}
	var e estate
	for i := range r.Estate.Resources {
		x := &r.Estate.Resources[i]
		k := x.Provider + "\x00" + x.Account
		n, ok := at[k]
		if !ok {
			n = len(e.Accounts)
			at[k] = n
			e.Accounts = append(e.Accounts, accountSum{Provider: x.Provider, Account: x.Account})
		}
		a := &e.Accounts[n]
		a.All++
		if shows(x.Shown, probity.Billed) {
			a.Billed++
		}
		if shows(x.Shown, probity.Metered) {
			a.Metered++
		}
		if x.Disclosed {
			a.Disclosed++
		}
	}
	top := 1
	for i := range e.Accounts {
		top = max(top, e.Accounts[i].All)
	}
	for i := range e.Accounts {
		e.Accounts[i].draw(float64(top), l)
	}
	e.Undisclosed, e.More = most(r.Estate.Undisclosed)
	return e
}

func (a *accountSum) draw(top float64, l *language) {
	b := chart.Bars{Top: top, RTL: l.rtl}
	var says []string
	for _, x := range []struct {
		class, word string
		n           int
	}{{"b-billed", "w.billed", a.Billed}, {"b-metered", "w.metered", a.Metered}, {"b-disclosed", "disclosed", a.Disclosed}} {
		label := l.plain("est.bar", "witness", l.plain(x.word), "n", x.n)
		b.Bars = append(b.Bars, chart.Bar{Class: x.class, Value: float64(x.n), Label: label})
		says = append(says, label)
	}
	b.Says = l.plain("est.says", "account", a.Account, "bars", strings.Join(says, "; "))
	a.Drawing = b.Draw()
}

// A custody is what was handed over by whom, and what became of it.
type custody struct {
	Kinds    []kindSum
	Hands    []hand
	Troubles []probity.Integrity
	Sound    int // checks that came out well
	Noted    []probity.Exhibit
	More     int // noted ones left out
	Chained  int // exhibits with a chain of custody in the ledger
}

// A kindSum counts the exhibits of one kind.
type kindSum struct {
	Kind                                            probity.Kind
	Files                                           int
	Bytes, Records, Duplicates, Unread, UnreadBytes int64
}

// A hand is what one custodian handed over at one time in one way.
type hand struct {
	Custodian, By, How string
	Relation           probity.Relation
	At                 string
	Files              int
	Bytes              int64
}

func custodyOf(r *probity.Review) custody {
	var c custody
	kinds, hands := map[string]*kindSum{}, map[string]*hand{}
	for i := range r.Exhibits {
		x := &r.Exhibits[i]
		k := kinds[string(x.Kind)]
		if k == nil {
			k = &kindSum{Kind: x.Kind}
			kinds[string(x.Kind)] = k
		}
		k.Files++
		k.Bytes, k.Records, k.Duplicates = k.Bytes+x.Bytes, k.Records+x.Records, k.Duplicates+x.Duplicates
		k.Unread, k.UnreadBytes = k.Unread+x.Unread, k.UnreadBytes+x.UnreadBytes
		var h hand
		if x.Custodian != nil {
			h.Custodian, h.Relation = x.Custodian.Name, x.Custodian.Relation
		}
		if a := x.Acquired; a != nil {
			h.By, h.How = a.By, a.How
			if !a.At.IsZero() {
				h.At = a.At.UTC().Format("2006-01-02")
			}
		}
		key := strings.Join([]string{h.Custodian, string(h.Relation), h.At, h.By, h.How}, "\x00")
		if hands[key] == nil {
			hands[key] = &h
		}
		hands[key].Files++
		hands[key].Bytes += x.Bytes
		if x.Note != "" || x.Unread > 0 || x.DuplicateOf != "" {
			c.Noted = append(c.Noted, *x)
		}
		if len(x.Chain) > 0 {
			c.Chained++
		}
	}
	for _, k := range sortedKeys(kinds) {
		c.Kinds = append(c.Kinds, *kinds[k])
	}
	for _, k := range sortedKeys(hands) {
		c.Hands = append(c.Hands, *hands[k])
	}
	for _, i := range r.Integrity {
		if i.Result != "ok" {
			c.Troubles = append(c.Troubles, i)
		} else {
			c.Sound++
		}
	}
	sort.SliceStable(c.Noted, func(i, j int) bool { return c.Noted[i].Path < c.Noted[j].Path })
	c.Noted, c.More = most(c.Noted)
	return c
}
