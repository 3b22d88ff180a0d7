// Package sigma reads rules in the Sigma format, specification 2.1, and finds
// the records that they match.
//
//	*.yml ── Parse ──> Collection ── Compile ──> Set ── Match(Record) ──> hits
//	          yaml        rules         one index       in the reading pass
//	          nodes       filters       over all        of internal/source
//	                      correlations  rules     Correlate(hits) ──> matches
//
// Parse makes of each document a [Rule], a filter or a [Correlation]. What
// cannot be honoured is a *[Mistake] with file, line and column: a rule is
// never taken that would silently match nothing. A rule's condition is a tree
// of [Expr] whose leaves are [Test]: one field (or the whole record) against
// one value.
//
// Compile puts the rules of a [Collection] into a [Set]. Equal tests of
// different rules are one. Of each rule it finds tests of which at least one
// must hold (its requirement), and keys an index with them, so that the cost
// of a record depends on how many rules it could match, not on how many there
// are. Match gives the rules that a [Record] matches.
//
// How a field is read, where the specification leaves it open:
//
//   - A dotted name leads through objects, through each element of arrays, and
//     through text that holds an object; a member whose name has the dots is
//     found too. A field has every value that is found.
//   - A value is compared as text: a number as it is written, true and false as
//     words, an object or array (if it is reached by the name) as its JSON
//     without blanks and escapes. The elements of an array are values each.
//   - null holds if no value is there, or only null; an empty string only of
//     empty text; exists tells an absent field from one that is null.
//   - Letter case counts only with cased and re.
package sigma

import (
	"fmt"
	"strings"
	"time"
)

// A Rule is one document: a detection, or a correlation of others.
type Rule struct {
	File   string // as Parse was told
	Line   int    // of its first key
	ID     string
	Name   string
	Title  string
	Status string
	Level  string
	Source LogSource

	Description    string
	References     []string
	FalsePositives []string
	// Question, Motivation and Innocent are keys of this program's own rules:
	// question, motivation and innocent_explanations.
	Question   string
	Motivation string
	Innocent   []string

	Where       *Expr        `json:"-"` // of a detection
	Correlation *Correlation // of a correlation
	Text        string       `json:"-"` // of the document
}

// LogSource says which records a rule is about.
type LogSource struct {
	Category string
	Product  string
	Service  string
}

// String writes a log source as product/service or category.
func (s LogSource) String() string {
	var out []string
	for _, x := range []string{s.Product, s.Service, s.Category} {
		if x != "" {
			out = append(out, x)
		}
	}
	return strings.Join(out, "/")
}

// Key is how results name a rule: its id, or else its name, or else its title.
func (r *Rule) Key() string {
	switch {
	case r.ID != "":
		return r.ID
	case r.Name != "":
		return r.Name
	}
	return r.Title
}

// Is reports whether a reference names the rule: by its id or its name.
func (r *Rule) Is(name string) bool {
	return name != "" && (strings.EqualFold(r.ID, name) || r.Name == name)
}

// An Op says how an Expr is made of others.
type Op uint8

// The operations. Of a Leaf the Test decides.
const (
	Leaf Op = iota
	And
	Or
	Not
)

// An Expr is a part of a condition.
type Expr struct {
	Op   Op
	Kids []*Expr
	Test *Test
	// Name is the search identifier whose content this is, "" within one.
	Name string
	Line int
}

// A Kind says what a Test does.
type Kind uint8

// The kinds of test.
const (
	Text    Kind = iota // the value's text against Pattern
	Null                // no value but null
	Exists              // the field is there
	Regexp              // the value's text against Re
	Network             // the value is an address within Net
	Number              // the value, or a part of the time it gives, against Number by Cmp
	Same                // the value equals one of the field Other
)

// A Filter is a document that takes matches away from rules.
type Filter struct {
	File   string
	Line   int
	Title  string
	Source LogSource
	Rules  []string // ids or names; nil means every rule of the log source
	Where  *Expr
}

// A Collection is what was parsed.
type Collection struct {
	Rules   []*Rule
	Filters []*Filter
}

// A Mistake is a place in a rule that cannot be honoured.
type Mistake struct {
	File      string
	Rule      string // its title, "" if it has none
	Line, Col int
	Text      string
}

func (m *Mistake) Error() string {
	if m.Rule == "" {
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Col, m.Text)
	}
	return fmt.Sprintf("%s:%d:%d: rule %q: %s", m.File, m.Line, m.Col, m.Rule, m.Text)
}

// A CorrelationType says what a correlation looks for.
type CorrelationType string

// The types of correlation.
const (
	EventCount      CorrelationType = "event_count"
	ValueCount      CorrelationType = "value_count"
	Temporal        CorrelationType = "temporal"
	TemporalOrdered CorrelationType = "temporal_ordered"
	ValueSum        CorrelationType = "value_sum"
	ValueAvg        CorrelationType = "value_avg"
	ValuePercentile CorrelationType = "value_percentile"
)

var correlationTypes = []CorrelationType{EventCount, ValueCount, Temporal, TemporalOrdered, ValueSum, ValueAvg, ValuePercentile}

// A Correlation finds groups of matches of other rules within a time.
type Correlation struct {
	Type     CorrelationType
	Rules    []string // ids or names
	GroupBy  []string
	Timespan time.Duration
	// Aliases give, for a name in GroupBy, the field of each rule.
	Aliases    map[string]map[string]string
	Fields     []string // whose values are counted, summed, ...
	Percentile float64  // 50 is the median
	Bounds     []Bound  // all must hold; empty for a temporal one means every rule
	line       int
}

// A Bound compares a figure of a correlation.
type Bound struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}

// Holds reports whether a figure meets the bound.
func (b Bound) Holds(v float64) bool { return compare(b.Op, v, b.Value) }

func compare(op string, a, b float64) bool {
	switch op {
	case "gt":
		return a > b
	case "gte":
		return a >= b
	case "lt":
		return a < b
	case "lte":
		return a <= b
	case "neq":
		return a != b
	}
	return a == b
}
