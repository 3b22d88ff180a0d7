package sigma

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Set is rules that are matched together. It is not changed by matching, and
// serves any number of Matchers.
type Set struct {
	Rules []*Rule // that match single records

	exprs  []*Expr // of the rules, over the tests below
	tests  []*Test
	fields []*field
	whole  []int32          // tests of the whole record
	keyed  [][]int32        // by test: the rules of which it is a requirement
	always []int32          // rules without a requirement
	asks   []int32          // fields that requirements are of
	seeks  bool             // whether a test of the whole record is a requirement
	uses   [][]int32        // by rule: its fields
	index  map[string]int32 // fields by their name
}

// A field is what is tested of one field.
type field struct {
	names []string // in which a record may have it; the first that is there counts
	exact map[string][]int32
	cased map[string][]int32
	other []int32 // tests that must look at the value
}

// Compile makes a Set. Correlations are left out. rename gives the names under
// which a field is looked for in records of the kind that the set is for; nil
// means the name itself.
func Compile(rules []*Rule, rename func(field string) []string) *Set {
	s := &Set{}
	known, at := map[string]int32{}, map[string]int32{}
	s.index = at
	for _, r := range rules {
		if r.Where == nil {
			continue
		}
		b := &builder{s: s, known: known, at: at, rename: rename}
		s.exprs = append(s.exprs, b.expr(r.Where))
		s.Rules = append(s.Rules, r)
		s.uses = append(s.uses, b.uses)
	}
	s.keyed = make([][]int32, len(s.tests))
	for i, e := range s.exprs {
		need, _ := s.requires(e)
		if need == nil {
			s.always = append(s.always, int32(i))
		}
		for _, t := range need {
			if !slices.Contains(s.keyed[t], int32(i)) {
				s.keyed[t] = append(s.keyed[t], int32(i))
			}
			if f := s.tests[t].Field; f == "" {
				s.seeks = true
			} else if n := at[f]; !slices.Contains(s.asks, n) {
				s.asks = append(s.asks, n)
			}
		}
	}
	return s
}

// at returns the place of a field that a test is of.
func (s *Set) at(name string) int32 { return s.index[name] }

// A builder rewrites the expression of one rule over the tests of a set.
type builder struct {
	s      *Set
	known  map[string]int32 // tests by their key
	at     map[string]int32 // fields by their name
	rename func(string) []string
	uses   []int32
}

func (b *builder) expr(e *Expr) *Expr {
	if e.Op != Leaf {
		out := &Expr{Op: e.Op, Name: e.Name, Line: e.Line}
		for _, k := range e.Kids {
			out.Kids = append(out.Kids, b.expr(k))
		}
		return out
	}
	t := *e.Test
	t.key = t.identity()
	for _, name := range []string{t.Field, t.Other} {
		if name != "" {
			if f := b.field(name); !slices.Contains(b.uses, f) {
				b.uses = append(b.uses, f)
			}
		}
	}
	id, ok := b.known[t.key]
	if !ok {
		id = int32(len(b.s.tests))
		t.id = int(id)
		b.known[t.key] = id
		b.s.tests = append(b.s.tests, &t)
		b.file(&t, id)
	}
	return &Expr{Op: Leaf, Test: b.s.tests[id], Name: e.Name, Line: e.Line}
}

func (b *builder) field(name string) int32 {
	n, ok := b.at[name]
	if !ok {
		n = int32(len(b.s.fields))
		b.at[name] = n
		f := &field{names: []string{name}, exact: map[string][]int32{}, cased: map[string][]int32{}}
		if b.rename != nil {
			f.names = b.rename(name)
		}
		b.s.fields = append(b.s.fields, f)
	}
	return n
}

// file enters a test where the values of its field will find it.
func (b *builder) file(t *Test, id int32) {
	if t.Field == "" {
		b.s.whole = append(b.s.whole, id)
		return
	}
	f := b.s.fields[b.field(t.Field)]
	switch t.Kind {
	case Null, Exists, Same:
	case Text:
		if text, ok := t.Pattern.plain(); ok && t.Cased {
			f.cased[text] = append(f.cased[text], id)
			return
		} else if ok {
			f.exact[text] = append(f.exact[text], id)
			return
		}
		fallthrough
	default:
		f.other = append(f.other, id)
	}
}

// identity is equal for tests that always have the same outcome.
func (t *Test) identity() string {
	re := ""
	if t.Re != nil {
		re = t.Re.String()
	}
	return fmt.Sprintf("%q %d %t %q %q %s %s %v %s %q", t.Field, t.Kind, t.Cased, t.Pattern.String(), re, t.Net, t.Cmp, t.Number, t.Part, t.Other)
}

// rare are fields that tell records apart best, and common one that hardly
// does: requirements are made of the former.
var (
	rare   = []string{"eventName", "operationName", "gcp.audit.method_name", "protoPayload.methodName", Column + "api_operation"}
	common = []string{"eventSource", "activity.status", "errorCode", "userIdentity.type"}
)

// requires returns tests of which at least one holds whenever the expression
// does, and what looking for them costs; nil if there are none.
func (s *Set) requires(e *Expr) ([]int32, int) {
	switch e.Op {
	case Leaf:
		t := e.Test
		_, plain := t.Pattern.plain()
		switch {
		case t.Kind == Null || t.Kind == Exists || t.Kind == Same:
			return nil, 0
		case t.Field == "":
			return []int32{int32(t.id)}, 1000
		case t.Kind != Text || !plain:
			return []int32{int32(t.id)}, 50
		case slices.Contains(rare, t.Field):
			return []int32{int32(t.id)}, 1
		case slices.Contains(common, t.Field):
			return []int32{int32(t.id)}, 10
		}
		return []int32{int32(t.id)}, 3
	case And:
		var best []int32
		cost := math.MaxInt
		for _, k := range e.Kids {
			if need, c := s.requires(k); need != nil && c < cost {
				best, cost = need, c
			}
		}
		return best, cost
	case Or:
		var all []int32
		cost := 0
		for _, k := range e.Kids {
			need, c := s.requires(k)
			if need == nil {
				return nil, 0
			}
			all, cost = append(all, need...), max(cost, c)
		}
		return all, cost
	}
	return nil, 0
}

// holds reports whether a test of a value's text holds. folded is the text
// without letter case.
func (t *Test) holds(text, folded []byte) bool {
	switch t.Kind {
	case Text:
		if t.Cased {
			return t.Pattern.match(text)
		}
		return t.Pattern.match(folded)
	case Regexp:
		return t.Re.Match(text)
	case Network:
		a, err := netip.ParseAddr(string(text))
		return err == nil && t.Net.Contains(a.Unmap())
	case Number:
		v, ok := t.figure(string(text))
		return ok && compare(t.Cmp, v, t.Number)
	}
	return false
}

// figure returns the number that a value is, or that a part of the time it
// gives is. The time is taken as it is written, in its own zone.
func (t *Test) figure(text string) (float64, bool) {
	if t.Part == "" {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return v, err == nil && !math.IsNaN(v)
	}
	var at time.Time
	ok := false
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if x, err := time.Parse(layout, text); err == nil {
			at, ok = x, true
			break
		}
	}
	if !ok {
		return 0, false
	}
	switch t.Part {
	case "minute":
		return float64(at.Minute()), true
	case "hour":
		return float64(at.Hour()), true
	case "day":
		return float64(at.Day()), true
	case "week":
		_, w := at.ISOWeek()
		return float64(w), true
	case "month":
		return float64(at.Month()), true
	}
	return float64(at.Year()), true
}
