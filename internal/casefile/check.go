package casefile

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mistake is one thing that is wrong in a case file, and what would be right.
type Mistake struct {
	Line, Column int
	Text         string
}

// Mistakes are all mistakes of a case file, by line.
type Mistakes struct {
	File string
	List []Mistake
}

// Error has one line for each mistake.
func (m *Mistakes) Error() string {
	var b strings.Builder
	for i, x := range m.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", m.File, x.Line, x.Column, x.Text)
	}
	return b.String()
}

func (m *Mistakes) add(n *yaml.Node, format string, args ...any) {
	m.List = append(m.List, Mistake{n.Line, n.Column, fmt.Sprintf(format, args...)})
}

func (m *Mistakes) sort() {
	sort.SliceStable(m.List, func(i, j int) bool {
		a, b := m.List[i], m.List[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
}

// check compares a node with its definition; what is the place in words.
func (m *Mistakes) check(n *yaml.Node, v value, what string) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		m.add(n, "anchors and aliases are not used here: write the value out")
		return
	}
	switch v.kind {
	case object:
		m.checkObject(n, v, what)
	case either:
		if n.Kind != yaml.SequenceNode {
			m.checkObject(n, v, what)
			return
		}
		if len(n.Content) == 0 {
			m.add(n, "%s is empty: write at least one", what)
		}
		for _, c := range n.Content {
			m.checkObject(c, v, what)
		}
	case list:
		if n.Kind != yaml.SequenceNode {
			m.add(n, "%s must be a list: begin each element with a dash, or write [a, b]", what)
			return
		}
		for _, c := range n.Content {
			m.check(c, *v.item, "an element of "+what)
		}
	default:
		m.checkScalar(n, v, what)
	}
}

func (m *Mistakes) checkObject(n *yaml.Node, v value, what string) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		m.add(n, "anchors and aliases are not used here: write the value out")
		return
	}
	if n.Kind != yaml.MappingNode {
		m.add(n, "%s must have keys: %s", what, strings.Join(keys(v), ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, c := n.Content[i], n.Content[i+1]
		f := find(v.fields, k.Value)
		switch {
		case f == nil:
			m.add(k, "unknown key %q in %s: %suse one of %s", k.Value, what, guess(k.Value, keys(v)), strings.Join(keys(v), ", "))
			continue
		case seen[k.Value] > 0:
			m.add(k, "key %q stands twice in %s, first in line %d: keep one", k.Value, what, seen[k.Value])
			continue
		}
		seen[k.Value] = k.Line
		m.check(c, f.value, f.key)
	}
	for _, f := range v.fields {
		if f.required && seen[f.key] == 0 {
			m.add(n, "%s lacks the key %q: %s", what, f.key, f.text)
		}
	}
}

func (m *Mistakes) checkScalar(n *yaml.Node, v value, what string) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		m.add(n, "%s must be %s", what, v.words())
		return
	}
	switch {
	case v.kind == number:
		if _, err := strconv.ParseFloat(n.Value, 64); err != nil {
			m.add(n, "%s is %q: write a number", what, n.Value)
		}
	case v.kind == truth:
		if n.Value != "true" && n.Value != "false" {
			m.add(n, "%s is %q: write true or false", what, n.Value)
		}
	case len(v.enum) > 0 && !in(v.enum, n.Value):
		m.add(n, "%s %q is unknown: %suse one of %s", what, n.Value, guess(n.Value, v.enum), short(v.enum))
	case v.pattern != "" && !regexp.MustCompile(v.pattern).MatchString(n.Value):
		m.add(n, "%s is %q: write %s", what, n.Value, v.means)
	case n.Value == "":
		m.add(n, "%s is empty", what)
	}
}

// words says what a value must be.
func (v value) words() string {
	switch {
	case v.kind == number:
		return "a number"
	case v.kind == truth:
		return "true or false"
	case len(v.enum) > 0:
		return "one of " + short(v.enum)
	case v.means != "":
		return v.means
	}
	return "text"
}

// short lists words; of the percentiles it names the ends.
func short(words []string) string {
	if len(words) > 50 {
		return strings.Join(words[:5], ", ") + ", p1 to p99"
	}
	return strings.Join(words, ", ")
}

func keys(v value) []string {
	var out []string
	for _, f := range v.fields {
		out = append(out, f.key)
	}
	return out
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

func in(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// guess names the word that was probably meant.
func guess(s string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(s), w); d < least && d < len(w) {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q? ", best)
}

// distance is the number of letters to add, drop or change to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, last+1)
		}
	}
	return row[len(b)]
}
