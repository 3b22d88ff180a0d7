package sigma

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

var timespan = regexp.MustCompile(`^([0-9]{1,9})([smhd])$`)

// correlation reads the correlation section of a document.
func (p *parser) correlation(n *yaml.Node) *Correlation {
	m, keys := p.pairs(n, "correlation")
	if m == nil {
		return nil
	}
	for _, k := range keys {
		if !contains([]string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}, k.Value) {
			p.fail(k, "a correlation has no key %q", k.Value)
		}
	}
	c := &Correlation{Type: CorrelationType(p.str(m["type"], "type")), Rules: p.list(m["rules"], "rules"), GroupBy: p.list(m["group-by"], "group-by"), line: n.Line}
	if !slices.Contains(correlationTypes, c.Type) {
		p.fail(at(m["type"], n), "correlation type %q is not defined: use one of %s", c.Type, joinTypes())
	}
	if len(c.Rules) == 0 {
		p.fail(at(m["rules"], n), "the correlation names no rules")
	}
	if x := timespan.FindStringSubmatch(p.str(m["timespan"], "timespan")); x != nil {
		v, _ := strconv.ParseInt(x[1], 10, 64) // nine digits at most
		unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[x[2]]
		if v > int64(math.MaxInt64/unit) {
			p.fail(m["timespan"], "the timespan is too long")
		} else {
			c.Timespan = time.Duration(v) * unit
		}
	} else {
		p.fail(at(m["timespan"], n), "a correlation needs a timespan such as 15m: a number and one of s, m, h, d")
	}
	p.bounds(c, m["condition"], n)
	p.aliases(c, m["aliases"])
	return c
}

func at(n, otherwise *yaml.Node) *yaml.Node {
	if n == nil {
		return otherwise
	}
	return n
}

func joinTypes() string {
	var out []string
	for _, t := range correlationTypes {
		out = append(out, string(t))
	}
	return strings.Join(out, ", ")
}

// bounds reads the condition of a correlation.
func (p *parser) bounds(c *Correlation, n, parent *yaml.Node) {
	temporal := c.Type == Temporal || c.Type == TemporalOrdered
	if n == nil {
		if !temporal {
			p.fail(parent, "a correlation of type %s needs a condition such as {gte: 10}", c.Type)
		}
		return
	}
	m, keys := p.pairs(n, "condition")
	for _, k := range keys {
		v := m[k.Value]
		switch k.Value {
		case "field":
			c.Fields = p.list(v, "field")
			if temporal || c.Type == EventCount {
				p.fail(k, "a correlation of type %s has no field", c.Type)
			}
			continue
		case "percentile":
			x, err := strconv.ParseFloat(p.str(v, "percentile"), 64)
			if c.Type != ValuePercentile || err != nil || !(x >= 0 && x <= 100) {
				p.fail(v, "percentile is of value_percentile, from 0 to 100")
			}
			c.Percentile = x
			continue
		case "gt", "gte", "lt", "lte", "eq", "neq":
		default:
			p.fail(k, "the condition of a correlation has no key %q", k.Value)
			continue
		}
		x, err := strconv.ParseFloat(p.str(v, k.Value), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			p.fail(v, "%s takes a number", k.Value)
		}
		c.Bounds = append(c.Bounds, Bound{Op: k.Value, Value: x})
	}
	if m["percentile"] == nil {
		c.Percentile = 50
	}
	if m != nil && len(c.Bounds) == 0 {
		p.fail(n, "the condition compares with nothing: write gt, gte, lt, lte, eq or neq")
	}
	if len(c.Fields) == 0 && c.Type != EventCount && !temporal {
		p.fail(n, "a correlation of type %s needs a field in its condition", c.Type)
	}
	if len(c.Fields) > 1 && c.Type != ValueCount {
		p.fail(m["field"], "a correlation of type %s takes one field", c.Type)
	}
}

func (p *parser) aliases(c *Correlation, n *yaml.Node) {
	if n == nil {
		return
	}
	m, keys := p.pairs(n, "aliases")
	c.Aliases = map[string]map[string]string{}
	for _, k := range keys {
		fields, names := p.pairs(m[k.Value], "the alias "+k.Value)
		c.Aliases[k.Value] = map[string]string{}
		for _, r := range names {
			if !contains(c.Rules, r.Value) {
				p.fail(r, "the alias %s is of a rule %q that the correlation does not name", k.Value, r.Value)
			}
			c.Aliases[k.Value][r.Value] = p.str(fields[r.Value], "a field")
		}
	}
}
