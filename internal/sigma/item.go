package sigma

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
)

// A Test is one field against one value.
type Test struct {
	Field   string // "" means the whole record
	Kind    Kind
	Cased   bool
	Pattern Pattern
	Re      *regexp.Regexp
	Net     netip.Prefix
	Cmp     string // gt, gte, lt, lte, eq
	Number  float64
	Part    string // minute, hour, day, week, month, year; "" for the number itself
	Other   string // of Same
	Line    int

	id  int    // among the tests of a Set
	key string // equal for tests that are the same
}

// modifiers are what the modifiers of one item ask for.
type modifiers struct {
	all, cased, neq, exists, re, cidr, fieldref, expand bool
	cmp, part, flags                                    string
	steps                                               []string // that change values, in order
}

var modifierSteps = []string{"contains", "startswith", "endswith", "windash", "base64", "base64offset", "utf16le", "utf16be", "utf16", "wide"}

// modifiers reads the names behind a field.
func (p *parser) modifiers(names []string, key *yaml.Node) (m modifiers, ok bool) {
	ok = true
	bad := func(format string, args ...any) { p.fail(key, format, args...); ok = false }
	for _, n := range names {
		switch n {
		case "all":
			m.all = true
		case "cased":
			m.cased = true
		case "neq":
			m.neq = true
		case "exists":
			m.exists = true
		case "re":
			m.re = true
		case "cidr":
			m.cidr = true
		case "fieldref":
			m.fieldref = true
		case "expand":
			m.expand = true
			m.steps = append(m.steps, n)
		case "lt", "lte", "gt", "gte":
			if m.cmp != "" {
				bad("modifiers %s and %s exclude each other", m.cmp, n)
			}
			m.cmp = n
		case "minute", "hour", "day", "week", "month", "year":
			m.part = n
		case "i", "m", "s":
			if !m.re {
				bad("modifier %q is of regular expressions: write |re|%s", n, n)
			}
			m.flags += n
		default:
			if !contains(modifierSteps, n) {
				bad("modifier %q is not defined", n)
			}
			m.steps = append(m.steps, n)
		}
	}
	kinds := 0
	for _, on := range []bool{m.exists, m.re, m.cidr, m.fieldref, m.cmp != "" || m.part != ""} {
		if on {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		bad("the modifiers %s exclude each other", strings.Join(names, ", "))
	case kinds == 1 && len(m.steps) > 0 && !(len(m.steps) == 1 && m.expand && m.cidr):
		bad("%s changes text, and cannot be combined with the others of %s", m.steps[0], strings.Join(names, ", "))
	case m.exists && len(names) > 1:
		bad("exists stands alone")
	case m.cased && (m.cidr || m.cmp != "" || m.part != "" || m.re):
		bad("cased has no meaning here: only text has letter case, and regular expressions take |re|i to leave it out of account")
	}
	return m, ok
}

// item reads one field with its modifiers and values.
func (p *parser) item(field string, names []string, key, value *yaml.Node) *Expr {
	m, ok := p.modifiers(names, key)
	if !ok {
		return nil
	}
	p.column(field, key)
	if field == "" && (m.exists || m.cidr || m.fieldref || m.cmp != "" || m.part != "") {
		p.fail(key, "the modifiers %s need a field", strings.Join(names, ", "))
		return nil
	}
	list := []*yaml.Node{value}
	if value = alias(value); value.Kind == yaml.SequenceNode {
		list = value.Content
		if len(list) == 0 {
			p.fail(value, "the list of values is empty: it would match nothing")
			return nil
		}
	}
	if m.all && len(list) == 1 {
		p.fail(key, "all needs several values")
		return nil
	}
	op := Or
	if m.all {
		op = And
	}
	e := &Expr{Op: op, Line: key.Line}
	for _, v := range list {
		v = alias(v)
		if v.Kind != yaml.ScalarNode {
			p.fail(v, "a value of %q must be text, a number, true, false or null", field)
			return nil
		}
		if v.Tag == "!!null" && len(list) > 1 {
			p.fail(v, "null cannot be one of several values: give it a search identifier of its own")
			return nil
		}
		k := p.value(field, &m, v)
		if k == nil {
			return nil
		}
		e.Kids = append(e.Kids, k)
	}
	if len(e.Kids) == 1 {
		e = e.Kids[0]
	}
	if m.neq {
		e = &Expr{Op: Not, Kids: []*Expr{e}, Line: key.Line}
	}
	return e
}

// column checks a field that should be a column of activity.
func (p *parser) column(field string, n *yaml.Node) {
	if name, ok := strings.CutPrefix(field, Column); ok && !contains(Columns, name) {
		p.fail(n, "the table activity has no open column %q: use one of %s", name, strings.Join(Columns, ", "))
	}
}

func leaf(t *Test) *Expr { return &Expr{Op: Leaf, Test: t, Line: t.Line} }

// value reads one value: a test, or several of which one must hold.
func (p *parser) value(field string, m *modifiers, v *yaml.Node) *Expr {
	t := &Test{Field: field, Cased: m.cased, Line: v.Line}
	bad := func(format string, args ...any) *Expr { p.fail(v, format, args...); return nil }
	switch {
	case m.exists:
		if v.Tag != "!!bool" {
			return bad("exists takes true or false")
		}
		t.Kind = Exists
		if v.Value == "true" || v.Value == "True" || v.Value == "TRUE" {
			return leaf(t)
		}
		return &Expr{Op: Not, Kids: []*Expr{leaf(t)}, Line: v.Line}
	case v.Tag == "!!null":
		if field == "" || len(m.steps) > 0 || m.re || m.cidr || m.fieldref || m.cmp != "" || m.part != "" {
			return bad("null takes a field, and no modifier but neq")
		}
		t.Kind = Null
		return leaf(t)
	case m.cmp != "" || m.part != "":
		n, err := strconv.ParseFloat(v.Value, 64)
		if err != nil {
			return bad("%q is no number", v.Value)
		}
		t.Kind, t.Number, t.Cmp, t.Part = Number, n, m.cmp, m.part
		if t.Cmp == "" {
			t.Cmp = "eq"
		}
		return leaf(t)
	case m.fieldref:
		if v.Value == "" {
			return bad("fieldref takes the name of a field")
		}
		t.Kind, t.Other = Same, v.Value
		return leaf(t)
	case m.re:
		text := v.Value
		if m.flags != "" {
			text = "(?" + m.flags + ")" + text
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return bad("the regular expression cannot be honoured: %v", err)
		}
		t.Kind, t.Re = Regexp, re
		return leaf(t)
	}
	patterns, ok := p.steps(m, v)
	if !ok {
		return nil
	}
	or := &Expr{Op: Or, Line: v.Line}
	for _, x := range patterns {
		k := *t
		if m.cidr {
			text, plain := x.plain()
			net, err := netip.ParsePrefix(text)
			if err != nil || !plain {
				return bad("%q is no network such as 10.0.0.0/8", v.Value)
			}
			k.Kind, k.Net = Network, net.Masked()
		} else {
			if field == "" {
				x = x.within(true, true)
			}
			if !m.cased {
				x = x.mapped(func(s string) string { return string(fold([]byte(s))) })
			}
			k.Pattern = x
		}
		or.Kids = append(or.Kids, leaf(&k))
	}
	if len(or.Kids) == 1 {
		return or.Kids[0]
	}
	return or
}

// maxForms is the most texts that one value may become.
const maxForms = 5000

// steps applies the modifiers that change text, in their order.
func (p *parser) steps(m *modifiers, v *yaml.Node) ([]Pattern, bool) {
	forms := []Pattern{wildcards(v.Value)}
	if m.expand {
		forms = nil
	} else if v.Tag != "!!str" {
		forms = []Pattern{literal(v.Value)}
	}
	for _, s := range m.steps {
		if s == "expand" {
			if len(forms) > 0 {
				p.fail(v, "expand must come first")
				return nil, false
			}
			texts, ok := p.expand(v)
			if !ok {
				return nil, false
			}
			for _, x := range texts {
				forms = append(forms, wildcards(x))
			}
			continue
		}
		var next []Pattern
		for _, x := range forms {
			list, why := step(s, x)
			if why != "" {
				p.fail(v, "%s cannot be honoured: %s", s, why)
				return nil, false
			}
			if next = append(next, list...); len(next) > maxForms {
				p.fail(v, "%s makes more than %d forms of this value", s, maxForms)
				return nil, false
			}
		}
		forms = next
	}
	return forms, true
}

// step applies one modifier to one value. why says why it cannot be.
func step(name string, x Pattern) (out []Pattern, why string) {
	switch name {
	case "contains":
		return []Pattern{x.within(true, true)}, ""
	case "startswith":
		return []Pattern{x.within(false, true)}, ""
	case "endswith":
		return []Pattern{x.within(true, false)}, ""
	case "windash":
		return windash(x)
	}
	text, ok := x.plain()
	if !ok {
		return nil, "the value has wildcards, which cannot be encoded"
	}
	switch name {
	case "base64":
		return []Pattern{literal(base64.StdEncoding.EncodeToString([]byte(text)))}, ""
	case "base64offset":
		return base64Offsets(text), ""
	}
	return []Pattern{literal(wide(name, text))}, ""
}

var dashes = []string{"-", "/", "\u2013", "\u2014", "\u2015"}

// windash gives each dash every form.
func windash(x Pattern) ([]Pattern, string) {
	forms := []Pattern{{}}
	for _, q := range x.parts {
		if q.wild != 0 {
			forms = appended(forms, q)
			continue
		}
		for _, r := range q.lit {
			if !contains(dashes, string(r)) {
				forms = appended(forms, part{lit: string(r)})
				continue
			}
			if len(forms)*len(dashes) > maxForms {
				return nil, "the value has too many dashes"
			}
			var next []Pattern
			for _, d := range dashes {
				next = append(next, appended(forms, part{lit: d})...)
			}
			forms = next
		}
	}
	return forms, ""
}

// appended returns the patterns with a part behind each.
func appended(forms []Pattern, q part) []Pattern {
	out := make([]Pattern, len(forms))
	for i, f := range forms {
		ps := append([]part(nil), f.parts...)
		if n := len(ps); n > 0 && q.wild == 0 && ps[n-1].wild == 0 {
			ps[n-1].lit += q.lit
		} else {
			ps = append(ps, q)
		}
		out[i] = Pattern{ps}
	}
	return out
}

// base64Offsets are the three texts that stand for s within a longer text in
// Base64, less the characters at the ends that depend on its neighbours.
func base64Offsets(s string) []Pattern {
	var out []Pattern
	for shift := range 3 {
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + s))
		from := []int{0, 2, 3}[shift]
		until := len(coded) - []int{0, 3, 2}[(len(s)+shift)%3]
		if from < until {
			out = append(out, literal(coded[from:until]))
		}
	}
	return out
}

// wide encodes text as UTF-16.
func wide(name, s string) string {
	var b strings.Builder
	if name == "utf16" {
		b.WriteString("\xff\xfe")
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if name == "utf16be" {
			b.WriteByte(byte(u >> 8))
			b.WriteByte(byte(u))
		} else {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
	}
	return b.String()
}

// expand replaces %names% by what they mean. A percent sign behind a backslash
// is one.
func (p *parser) expand(v *yaml.Node) ([]string, bool) {
	out, used := []string{""}, 0
	s := v.Value
	add := func(list ...string) bool {
		var next []string
		for _, head := range out {
			for _, x := range list {
				next = append(next, head+x)
			}
		}
		out = next
		return len(out) <= maxForms
	}
	for len(s) > 0 {
		i := strings.IndexAny(s, `%\`)
		if i < 0 {
			add(s)
			break
		}
		add(s[:i])
		s = s[i:]
		if s[0] == '\\' {
			n := min(2, len(s))
			if strings.HasPrefix(s, `\%`) {
				add("%")
			} else {
				add(s[:n])
			}
			s = s[n:]
			continue
		}
		name, rest, ok := strings.Cut(s[1:], "%")
		if !ok {
			add(s)
			break
		}
		means, known := p.placeholders[name]
		if !known || len(means) == 0 {
			p.fail(v, "nobody says what the placeholder %%%s%% means: write it into placeholders.yaml beside the rules", name)
			return nil, false
		}
		if used++; !add(means...) {
			p.fail(v, "the placeholders make more than %d forms of this value", maxForms)
			return nil, false
		}
		s = rest
	}
	if used == 0 {
		p.fail(v, "expand finds no placeholder here")
		return nil, false
	}
	return out, true
}
