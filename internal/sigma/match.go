package sigma

import (
	"bytes"
	"slices"
)

// A Matcher matches records with a Set. It is not for several goroutines.
type Matcher struct {
	set *Set
	rec Record
	now uint32 // the record at hand

	truth  []uint32 // by test: now if it holds
	looked []uint32 // by field: now if its values were looked at
	held   []uint32 // by field: now if its values were fetched
	values [][]Value
	memo   []map[string][]int32 // by field: which tests hold of a text
	seen   uint32               // now if the whole record was looked at

	tried []uint32 // by rule
	hits  []int

	// Records counts the records; Carried tells by rule whether one of them had
	// one of its fields.
	Records int64
	Carried []bool
	pending []int32
}

// NewMatcher returns a Matcher of a set.
func NewMatcher(s *Set) *Matcher {
	m := &Matcher{set: s, truth: make([]uint32, len(s.tests)), looked: make([]uint32, len(s.fields)), held: make([]uint32, len(s.fields)),
		values: make([][]Value, len(s.fields)), memo: make([]map[string][]int32, len(s.fields)), tried: make([]uint32, len(s.Rules)), Carried: make([]bool, len(s.Rules))}
	for i := range s.Rules {
		m.pending = append(m.pending, int32(i))
	}
	return m
}

// Match returns which rules of the set a record matches, by their place in
// Rules, in order. The list is valid until the next call.
func (m *Matcher) Match(rec Record) []int {
	if m.now++; m.now == 0 { // the stamps have gone round
		for _, list := range [][]uint32{m.truth, m.looked, m.held, m.tried} {
			clear(list)
		}
		m.seen, m.now = 0, 1
	}
	m.rec, m.hits = rec, m.hits[:0]
	m.Records++
	if len(m.pending) > 0 {
		m.carry()
	}
	for _, f := range m.set.asks {
		for _, v := range m.fetch(f) {
			if v.Kind != Nothing {
				m.consider(m.outcomes(f, v.Text))
			}
		}
		m.looked[f] = m.now
	}
	if m.set.seeks {
		m.search()
		for _, t := range m.set.whole {
			if m.truth[t] == m.now {
				m.candidates(t)
			}
		}
	}
	for _, r := range m.set.always {
		m.try(r)
	}
	slices.Sort(m.hits)
	return m.hits
}

// consider notes the tests that hold, and tries the rules that they are
// requirements of.
func (m *Matcher) consider(tests []int32) {
	for _, t := range tests {
		m.truth[t] = m.now
	}
	for _, t := range tests {
		m.candidates(t)
	}
}

func (m *Matcher) candidates(t int32) {
	for _, r := range m.set.keyed[t] {
		m.try(r)
	}
}

func (m *Matcher) try(r int32) {
	if m.tried[r] == m.now {
		return
	}
	m.tried[r] = m.now
	if m.eval(m.set.exprs[r]) {
		m.hits = append(m.hits, int(r))
	}
}

// carry notes which rules have a field in the record.
func (m *Matcher) carry() {
	left := m.pending[:0]
	for _, r := range m.pending {
		uses := m.set.uses[r]
		found := len(uses) == 0
		for i := 0; i < len(uses) && !found; i++ {
			found = len(m.fetch(uses[i])) > 0
		}
		if m.Carried[r] = found; !found {
			left = append(left, r)
		}
	}
	m.pending = left
}

// fetch returns the values of a field in the record.
func (m *Matcher) fetch(f int32) []Value {
	if m.held[f] == m.now {
		return m.values[f]
	}
	m.held[f] = m.now
	to := m.values[f][:0]
	for _, name := range m.set.fields[f].names {
		if to = m.rec.Values(name, to); len(to) > 0 {
			break
		}
	}
	m.values[f] = to
	return to
}

// maxMemo bounds what is remembered of a field, and maxText the texts that are.
const (
	maxMemo = 4096
	maxText = 512
)

// outcomes returns which tests of a field hold of a text.
func (m *Matcher) outcomes(f int32, text []byte) []int32 {
	x := m.set.fields[f]
	if len(x.other) == 0 && len(x.cased) == 0 {
		return x.exact[string(fold(text))]
	}
	if known, ok := m.memo[f][string(text)]; ok {
		return known
	}
	folded := fold(text)
	list := slices.Concat(x.exact[string(folded)], x.cased[string(text)])
	for _, t := range x.other {
		if m.set.tests[t].holds(text, folded) {
			list = append(list, t)
		}
	}
	if len(text) <= maxText {
		if m.memo[f] == nil || len(m.memo[f]) >= maxMemo {
			m.memo[f] = map[string][]int32{}
		}
		m.memo[f][string(text)] = list
	}
	return list
}

// look finds which tests of a field hold.
func (m *Matcher) look(f int32) {
	if m.looked[f] == m.now {
		return
	}
	m.looked[f] = m.now
	for _, v := range m.fetch(f) {
		if v.Kind != Nothing {
			for _, t := range m.outcomes(f, v.Text) {
				m.truth[t] = m.now
			}
		}
	}
}

// search finds which tests of the whole record hold.
func (m *Matcher) search() {
	if m.seen == m.now {
		return
	}
	m.seen = m.now
	text := m.rec.Text()
	folded := fold(text)
	for _, t := range m.set.whole {
		if m.set.tests[t].holds(text, folded) {
			m.truth[t] = m.now
		}
	}
}

func (m *Matcher) eval(e *Expr) bool {
	switch e.Op {
	case And:
		for _, k := range e.Kids {
			if !m.eval(k) {
				return false
			}
		}
		return true
	case Or:
		for _, k := range e.Kids {
			if m.eval(k) {
				return true
			}
		}
		return false
	case Not:
		return !m.eval(e.Kids[0])
	}
	return m.test(e.Test)
}

func (m *Matcher) test(t *Test) bool {
	if t.Field == "" {
		m.search()
		return m.truth[t.id] == m.now
	}
	f := m.set.at(t.Field)
	switch t.Kind {
	case Exists:
		return len(m.fetch(f)) > 0
	case Null:
		for _, v := range m.fetch(f) {
			if v.Kind != Nothing {
				return false
			}
		}
		return true
	case Same:
		return m.same(t, m.fetch(f), m.fetch(m.set.at(t.Other)))
	}
	m.look(f)
	return m.truth[t.id] == m.now
}

// same reports whether two fields have a value in common.
func (m *Matcher) same(t *Test, a, b []Value) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Kind == Nothing || y.Kind == Nothing {
				continue
			}
			if t.Cased && bytes.Equal(x.Text, y.Text) || !t.Cased && bytes.Equal(fold(x.Text), fold(y.Text)) {
				return true
			}
		}
	}
	return false
}

// Field returns the values that a rule's field has in the record that was
// matched last.
func (m *Matcher) Field(name string) []Value {
	var to []Value
	if f, ok := m.set.index[name]; ok {
		for _, n := range m.set.fields[f].names {
			if to = m.rec.Values(n, to); len(to) > 0 {
				break
			}
		}
		return to
	}
	return m.rec.Values(name, to)
}

// Rule returns a rule of the set.
func (m *Matcher) Rule(i int) *Rule { return m.set.Rules[i] }

// Tell calls f with each rule, how many records it was matched with, and
// whether one of them had one of its fields.
func (m *Matcher) Tell(f func(r *Rule, records int64, carried bool)) {
	for i, r := range m.set.Rules {
		f(r, m.Records, m.Carried[i])
	}
}
