package sigma

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// conditions parses the conditions of one detection.
type conditions struct {
	p     *parser
	names []string // search identifiers, in order
	found map[string]*Expr

	at     *yaml.Node
	tokens []string
	depth  int
	failed bool
}

var conditionToken = regexp.MustCompile(`\s+|[()]|\||[^\s()|]+`)

// parse reads: or binds least, then and, not, "1 of x", brackets.
func (c *conditions) parse(at *yaml.Node) *Expr {
	c.at, c.tokens, c.depth, c.failed = at, nil, 0, false
	for _, t := range conditionToken.FindAllString(at.Value, -1) {
		if strings.TrimSpace(t) != "" {
			c.tokens = append(c.tokens, t)
		}
	}
	e := c.or()
	if !c.failed && len(c.tokens) > 0 {
		if c.tokens[0] == "|" {
			c.fail("aggregations after | are of the format before 2.0: write a correlation")
		} else {
			c.fail("%q stands where and, or, or the end should", c.tokens[0])
		}
	}
	if c.failed {
		return nil
	}
	return e
}

func (c *conditions) fail(format string, args ...any) *Expr {
	if !c.failed {
		c.p.fail(c.at, "in the condition: "+format, args...)
	}
	c.failed = true
	return nil
}

// next takes a word, whatever its letter case, if it comes next.
func (c *conditions) next(word string) bool {
	if len(c.tokens) == 0 || !strings.EqualFold(c.tokens[0], word) {
		return false
	}
	c.tokens = c.tokens[1:]
	return true
}

func (c *conditions) or() *Expr  { return c.joined(Or, "or", c.and) }
func (c *conditions) and() *Expr { return c.joined(And, "and", c.not) }

func (c *conditions) joined(op Op, word string, part func() *Expr) *Expr {
	first := part()
	if first == nil || len(c.tokens) == 0 || !strings.EqualFold(c.tokens[0], word) {
		return first
	}
	e := &Expr{Op: op, Kids: []*Expr{first}, Line: c.at.Line}
	for c.next(word) {
		k := part()
		if k == nil {
			return nil
		}
		e.Kids = append(e.Kids, k)
	}
	return e
}

func (c *conditions) not() *Expr {
	if c.depth++; c.depth > maxDepth {
		return c.fail("it is nested deeper than %d", maxDepth)
	}
	defer func() { c.depth-- }()
	if c.next("not") {
		k := c.not()
		if k == nil {
			return nil
		}
		return &Expr{Op: Not, Kids: []*Expr{k}, Line: c.at.Line}
	}
	return c.primary()
}

func (c *conditions) primary() *Expr {
	if len(c.tokens) == 0 {
		return c.fail("it ends where a search identifier should stand")
	}
	if c.next("(") {
		e := c.or()
		if e != nil && !c.next(")") {
			return c.fail("a bracket is not closed")
		}
		return e
	}
	word := c.tokens[0]
	if len(c.tokens) >= 3 && strings.EqualFold(c.tokens[1], "of") {
		c.tokens = c.tokens[2:]
		return c.of(word)
	}
	c.tokens = c.tokens[1:]
	if e := c.found[word]; e != nil {
		return e
	}
	if strings.ContainsAny(word, "()|") || isWord(word) {
		return c.fail("%q stands where a search identifier should", word)
	}
	return c.fail("there is no search identifier %q", word)
}

func isWord(s string) bool {
	for _, w := range []string{"and", "or", "not", "of", "them"} {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// of reads what follows "1 of" and "all of": them, or a pattern of names.
func (c *conditions) of(count string) *Expr {
	op := Or
	switch strings.ToLower(count) {
	case "1", "any":
	case "all":
		op = And
	default:
		return c.fail("%q of is not defined: write 1 of, or all of", count)
	}
	pattern := c.tokens[0]
	c.tokens = c.tokens[1:]
	e := &Expr{Op: op, Line: c.at.Line}
	for _, n := range c.names {
		if strings.EqualFold(pattern, "them") && !strings.HasPrefix(n, "_") || matchName(pattern, n) {
			e.Kids = append(e.Kids, c.found[n])
		}
	}
	if len(e.Kids) == 0 {
		return c.fail("no search identifier is named like %q", pattern)
	}
	return e
}

// matchName matches a name with a pattern in which * is any characters.
func matchName(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}
