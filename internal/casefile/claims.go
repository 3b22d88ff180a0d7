package casefile

import (
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"probity"
)

func (b *builder) allegations(root *yaml.Node) {
	list := get(root, "allegations")
	if list != nil && list.Kind == yaml.SequenceNode && len(list.Content) == 0 {
		b.m.add(list, "allegations is empty: a review answers at least one")
	}
	seen, claims := ids{}, ids{}
	for _, n := range items(root, "allegations") {
		b.unique(seen, n, "allegation")
		a := probity.Allegation{ID: text(n, "id"), Statement: text(n, "statement"), Sources: texts(n, "sources"), Provisions: texts(n, "provisions")}
		b.known(items(n, "sources"), "source", b.sourceIDs())
		b.known(items(n, "provisions"), "provision", b.provisionIDs())
		if cs := get(n, "claims"); cs != nil && cs.Kind == yaml.SequenceNode && len(cs.Content) == 0 {
			b.m.add(cs, "claims is empty: an allegation needs at least one claim that records can show")
		}
		for _, c := range items(n, "claims") {
			b.unique(claims, c, "claim")
			a.Claims = append(a.Claims, b.claim(c))
		}
		b.c.Allegations = append(b.c.Allegations, a)
	}
}

func (b *builder) sourceIDs() []string {
	var out []string
	for _, s := range b.c.Sources {
		out = append(out, s.ID)
	}
	return out
}

func (b *builder) provisionIDs() []string {
	var out []string
	for _, t := range b.c.Terms {
		for _, p := range t.Provisions {
			out = append(out, t.ID+"/"+p.ID)
		}
	}
	return out
}

// known checks that each reference names something that exists.
func (b *builder) known(refs []*yaml.Node, what string, there []string) {
	for _, r := range refs {
		s := str(r)
		if s == "" || in(there, s) {
			continue
		}
		sort.Strings(there)
		have := "the case has none"
		if len(there) > 0 {
			have = "the case has " + strings.Join(there, ", ")
		}
		b.m.add(r, "%s %q does not exist: %s%s", what, s, guess(s, there), have)
	}
}

func (b *builder) claim(n *yaml.Node) probity.Claim {
	c := probity.Claim{ID: text(n, "id"), Statement: text(n, "statement"), Material: text(n, "material") != "false",
		Kind: probity.ClaimKind(text(n, "kind")), Line: n.Line}
	if c.Kind == "" {
		c.Kind = probity.ClaimAllegation
	}
	t := get(n, "test")
	if t == nil {
		return c
	}
	tests := []*yaml.Node{t}
	if t.Kind == yaml.SequenceNode {
		tests = t.Content
	}
	for _, x := range tests {
		if x.Kind == yaml.MappingNode {
			c.Tests = append(c.Tests, b.test(x))
		}
	}
	return c
}

// subjects are the keys of a test of which exactly one must stand.
var subjects = []string{"quantity", "indicator", "rule", "estate"}

func (b *builder) test(n *yaml.Node) probity.Test {
	t := probity.Test{Quantity: probity.Quantity(text(n, "quantity")), Indicator: text(n, "indicator"), Rule: text(n, "rule"), Estate: text(n, "estate"),
		Per: probity.Per(text(n, "per")), Aggregate: probity.Aggregate(text(n, "aggregate"))}
	var have []string
	for _, s := range subjects {
		if get(n, s) != nil {
			have = append(have, s)
		}
	}
	if len(have) != 1 {
		found := "has none"
		if len(have) > 1 {
			found = "has " + strings.Join(have, " and ")
		}
		b.m.add(n, "a test asks one thing: write exactly one of %s; this one %s", strings.Join(subjects, ", "), found)
	}
	w := get(n, "where")
	t.Where = probity.Where{Provider: text(w, "provider"), Region: region(text(w, "region")), Service: text(w, "service"),
		Resource: strings.ToLower(text(w, "resource")), Container: text(w, "container")}
	t.Where.Account = b.account(get(w, "account"), t.Where.Provider)
	if t.Quantity != "" {
		b.quantity(n, &t)
	} else {
		b.other(n, &t)
	}
	return t
}

// quantity completes a test of a quantity.
func (b *builder) quantity(n *yaml.Node, t *probity.Test) {
	if t.Aggregate == "" {
		t.Aggregate = "sum"
		if t.Quantity.Level() {
			t.Aggregate = "max"
		}
	}
	if t.Quantity.Level() && t.Aggregate == "sum" {
		b.m.add(get(n, "aggregate"), "%s exists at an instant: its sum over time says nothing; use max, mean, min or last", t.Quantity)
	}
	limit := b.threshold(n, t)
	if limit == nil {
		b.m.add(n, "the test of %s lacks its threshold: write at_least or at_most, such as at_least: %s", t.Quantity, example(t.Quantity))
		return
	}
	if t.Text = str(limit); t.Text == "" || !t.Quantity.Known() {
		return
	}
	v, err := probity.ParseAmount(t.Text, t.Quantity.Unit())
	if err != nil {
		b.m.add(limit, "%v", err)
	}
	t.Threshold = v
}

func example(q probity.Quantity) string {
	switch q.Unit() {
	case probity.Byte:
		return "8 PB"
	case probity.Second:
		return "10000 h"
	}
	return "1000000"
}

// threshold returns the node of at_least or at_most.
func (b *builder) threshold(n *yaml.Node, t *probity.Test) *yaml.Node {
	least, most := get(n, "at_least"), get(n, "at_most")
	if least != nil && most != nil {
		b.m.add(most, "at_least and at_most stand in one test: write two tests")
	}
	t.AtMost = least == nil && most != nil
	if least != nil {
		return least
	}
	return most
}

// other completes a test that counts: of a rule, the estate or an indicator.
func (b *builder) other(n *yaml.Node, t *probity.Test) {
	for _, k := range []string{"per", "aggregate"} {
		if v := get(n, k); v != nil && get(n, "quantity") == nil {
			b.m.add(v, "%s belongs to a test of a quantity: leave it out", k)
		}
	}
	if have := rules(); t.Rule != "" && len(b.c.Rules) == 0 && !in(have, t.Rule) {
		b.m.add(get(n, "rule"), "rule %q is unknown: %suse one of %s, or name a folder of rules under rules", t.Rule, guess(t.Rule, have), strings.Join(have, ", "))
	}
	limit := b.threshold(n, t)
	if t.Indicator != "" {
		if limit != nil {
			b.m.add(limit, "an indicator has no threshold: leave it out")
		}
		return
	}
	t.Threshold = 1
	if limit == nil {
		t.Text = "1"
		return
	}
	if t.Text = str(limit); t.Text == "" {
		return
	}
	v, err := probity.ParseAmount(t.Text, probity.One)
	if err != nil {
		b.m.add(limit, "%v", err)
	} else if v < 1 && !t.AtMost {
		b.m.add(limit, "at_least: %s holds of everything: write 1 or more", t.Text)
	}
	t.Threshold = v
}
