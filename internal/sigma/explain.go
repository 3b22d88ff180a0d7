package sigma

import (
	"fmt"
	"strings"
)

// Explain calls f with each part of a rule's condition, from the whole to the
// tests, and whether it holds of the record that was matched last. It tells
// what a field was tested for, and whether it was there, never its value.
func (m *Matcher) Explain(i int, f func(depth int, holds bool, text string)) {
	m.explain(m.set.exprs[i], 0, f)
}

func (m *Matcher) explain(e *Expr, depth int, f func(int, bool, string)) {
	text := map[Op]string{And: "all of", Or: "one of", Not: "not"}[e.Op]
	if e.Op == Leaf {
		text = m.describe(e.Test, e.Line) // equal tests of several rules are one, and only the leaf knows its own line
	}
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	f(depth, m.eval(e), text)
	for _, k := range e.Kids {
		m.explain(k, depth+1, f)
	}
}

// describe says what a test asks, at which line, and what the record has to say
// to it.
func (m *Matcher) describe(t *Test, line int) string {
	if t.Field == "" {
		return fmt.Sprintf("the record holds %s (line %d)", t.Pattern, line)
	}
	var what string
	switch t.Kind {
	case Null:
		what = "is null or absent"
	case Exists:
		what = "is there"
	case Regexp:
		what = "matches " + t.Re.String()
	case Network:
		what = "is in " + t.Net.String()
	case Same:
		what = "equals the field " + t.Other
	case Number:
		what = strings.TrimSpace(fmt.Sprintf("%s %s %v", t.Part, t.Cmp, t.Number))
	default:
		what = fmt.Sprintf("is %q", t.Pattern.String())
		if t.Cased {
			what += ", in this letter case"
		}
	}
	values, nulls := m.fetch(m.set.at(t.Field)), 0
	for _, v := range values {
		if v.Kind == Nothing {
			nulls++
		}
	}
	state := fmt.Sprintf("the record has %d values", len(values))
	switch {
	case len(values) == 0:
		state = "the field is absent"
	case nulls == len(values):
		state = "the field is null"
	case len(values) == 1:
		state = "the record has a value"
	}
	return fmt.Sprintf("%s %s (line %d): %s", t.Field, what, line, state)
}
