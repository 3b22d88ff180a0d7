package sigma

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A Hit is a match of a rule, of one record or of a correlation. It holds no
// values of fields: tokens and figures of those that correlations need.
type Hit struct {
	Rule     string // its Key
	Exhibit  string
	Position int64
	Time     int64 // microseconds since 1970

	Provider, Account, Region, Resource, Operation string

	Token   string             // of the request that the record belongs to, "" for none
	Keys    map[string]string  // tokens of values, by field
	Numbers map[string]float64 // figures, by field
}

// A Want is a field that correlations need of a rule's records.
type Want struct {
	Field  string
	Number bool // the figure, for sums, means and percentiles
}

// Wants returns what the correlations need of the records of a rule, in order.
func (c *Collection) Wants(r *Rule) []Want {
	var out []Want
	for _, x := range c.Rules {
		if x.Correlation != nil && c.needs(x, r, 0) {
			for _, f := range x.Correlation.GroupBy {
				out = append(out, Want{Field: x.Correlation.field(f, r)})
				for _, n := range x.Correlation.Rules { // an alias is of the rule that is named, which this one may be a part of
					out = append(out, Want{Field: x.Correlation.field(f, c.Find(n))})
				}
			}
			for _, f := range x.Correlation.Fields {
				out = append(out, Want{Field: f, Number: x.Correlation.Type != ValueCount})
			}
		}
	}
	slices.SortFunc(out, func(a, b Want) int { return cmp.Or(cmp.Compare(a.Field, b.Field), boolean(a.Number)-boolean(b.Number)) })
	return slices.Compact(out)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// needs reports whether a correlation uses a rule, itself or through another.
func (c *Collection) needs(x, r *Rule, depth int) bool {
	for _, n := range x.Correlation.Rules {
		if k := c.Find(n); k == r || k != nil && k.Correlation != nil && depth < maxDepth && c.needs(k, r, depth+1) {
			return true
		}
	}
	return false
}

// field returns which field of a rule's records a name in group-by is.
func (x *Correlation) field(name string, r *Rule) string {
	for n, f := range x.Aliases[name] {
		if r != nil && r.Is(n) {
			return f
		}
	}
	return name
}

// Correlate returns the matches of the correlations among hits of rules. Each
// stands at the record with which its condition came to hold. A window begins
// with a hit, and the next one behind the window of a match. Hits without a
// value to group by belong to no group.
func (c *Collection) Correlate(hits []Hit) []Hit {
	by := map[*Rule][]Hit{}
	for _, h := range hits {
		if r := c.byKey(h.Rule); r != nil {
			by[r] = append(by[r], h)
		}
	}
	var out []Hit
	done := map[*Rule]bool{}
	var run func(r *Rule, depth int)
	run = func(r *Rule, depth int) {
		if done[r] || r.Correlation == nil || depth > maxDepth {
			return
		}
		done[r] = true
		var parts []*Rule
		for _, n := range r.Correlation.Rules {
			if k := c.Find(n); k != nil {
				run(k, depth+1)
				parts = append(parts, k)
			}
		}
		by[r] = r.correlate(parts, by)
		out = append(out, by[r]...)
	}
	for _, r := range c.Rules {
		run(r, 0)
	}
	return out
}

func (c *Collection) byKey(key string) *Rule {
	for _, r := range c.Rules {
		if r.Key() == key {
			return r
		}
	}
	return nil
}

// A member is a hit with which of the correlation's rules it is of.
type member struct {
	Hit
	rule int
}

func (r *Rule) correlate(parts []*Rule, by map[*Rule][]Hit) []Hit {
	x := r.Correlation
	groups := map[string][]member{}
	var names []string
	for n, p := range parts {
	hits:
		for _, h := range by[p] {
			var key strings.Builder
			keys := map[string]string{}
			for k, v := range h.Keys {
				keys[k] = v
			}
			for _, g := range x.GroupBy {
				v := h.Keys[x.field(g, p)]
				if v == "" {
					continue hits
				}
				keys[g] = v
				key.WriteString(v + " ")
			}
			h.Keys = keys
			if groups[key.String()] == nil {
				names = append(names, key.String())
			}
			groups[key.String()] = append(groups[key.String()], member{h, n})
		}
	}
	slices.Sort(names)
	var out []Hit
	for _, k := range names {
		out = append(out, r.windows(groups[k], len(parts))...)
	}
	return out
}

// windows finds the matches in one group.
func (r *Rule) windows(group []member, parts int) []Hit {
	slices.SortFunc(group, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Exhibit, b.Exhibit), cmp.Compare(a.Position, b.Position), cmp.Compare(a.rule, b.rule))
	})
	x := r.Correlation
	var out []Hit
	for i := 0; i < len(group); {
		end := i
		for end < len(group) && group[end].Time-group[i].Time <= x.Timespan.Microseconds() {
			end++
		}
		n := x.first(group[i:end], parts)
		if n == 0 {
			i++
			continue
		}
		h := group[i+n-1].Hit
		h.Rule, h.Numbers, h.Keys = r.Key(), nil, shared(group[i:i+n])
		out = append(out, h)
		i = end
	}
	return out
}

// shared returns the keys that all hits have in common.
func shared(list []member) map[string]string {
	out := map[string]string{}
	for k, v := range list[0].Keys {
		out[k] = v
		for i := range list {
			if list[i].Keys[k] != v {
				delete(out, k)
			}
		}
	}
	return out
}

// first returns with how many hits of a window the condition comes to hold, 0
// if it does not. Where more hits could end it, the whole window decides.
func (x *Correlation) first(window []member, parts int) int {
	growing := x.Type != ValueAvg && x.Type != ValuePercentile && x.Type != ValueSum
	for _, b := range x.Bounds {
		growing = growing && (b.Op == "gt" || b.Op == "gte")
	}
	if !growing {
		if x.met(window, parts) {
			return len(window)
		}
		return 0
	}
	if !x.met(window, parts) {
		return 0
	}
	low, high := 1, len(window)
	for low < high {
		if n := (low + high) / 2; x.met(window[:n], parts) {
			high = n
		} else {
			low = n + 1
		}
	}
	return low
}

// met reports whether the condition holds of some hits.
func (x *Correlation) met(list []member, parts int) bool {
	v, ok := x.figure(list, parts)
	if !ok {
		return false
	}
	if len(x.Bounds) == 0 { // temporal: every rule
		return v >= float64(parts)
	}
	for _, b := range x.Bounds {
		if !b.Holds(v) {
			return false
		}
	}
	return true
}

// figure returns what the condition is about: a count, a sum, a mean.
func (x *Correlation) figure(list []member, parts int) (float64, bool) {
	switch x.Type {
	case EventCount:
		type place struct {
			exhibit  string
			position int64
		}
		seen := map[place]bool{} // a record that two of the rules match is one event
		for i := range list {
			seen[place{list[i].Exhibit, list[i].Position}] = true
		}
		return float64(len(seen)), true
	case Temporal:
		seen := map[int]bool{}
		for i := range list {
			seen[list[i].rule] = true
		}
		return float64(len(seen)), true
	case TemporalOrdered:
		return float64(ordered(list, parts)), true
	case ValueCount:
		seen := map[string]bool{}
		for i := range list {
			key, all := "", true
			for _, f := range x.Fields {
				v := list[i].Keys[f]
				key, all = key+v+" ", all && v != ""
			}
			if all {
				seen[key] = true
			}
		}
		return float64(len(seen)), true
	}
	var figures []float64
	for i := range list {
		if v, ok := list[i].Numbers[x.Fields[0]]; ok {
			figures = append(figures, v)
		}
	}
	if len(figures) == 0 {
		return 0, false
	}
	slices.Sort(figures) // sums then do not depend on order
	sum := 0.0
	for _, v := range figures {
		sum += v
	}
	switch x.Type {
	case ValueSum:
		return sum, true
	case ValueAvg:
		return sum / float64(len(figures)), true
	}
	return figures[max(int(math.Ceil(x.Percentile/100*float64(len(figures))))-1, 0)], true
}

// ordered returns how many rules, from the first on, appear in their order.
// Hits of the same instant are taken in the order that fits.
func ordered(list []member, parts int) int {
	n := 0
	for i := 0; i < len(list) && n < parts; {
		end := i
		for end < len(list) && list[end].Time == list[i].Time {
			end++
		}
		for found := true; found && n < parts; {
			found = slices.ContainsFunc(list[i:end], func(m member) bool { return m.rule == n })
			if found {
				n++
			}
		}
		i = end
	}
	return n
}
