package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// hits writes hits as "rule second user value": value is a token and a figure.
func hitsOf(text string) []Hit {
	var out []Hit
	for i, line := range strings.Split(strings.TrimSpace(text), ";") {
		var rule, user, value string
		var at int64
		fmt.Sscan(line, &rule, &at, &user, &value)
		h := Hit{Rule: rule, Exhibit: "x", Position: int64(i), Time: at * 1_000_000, Keys: map[string]string{"v": value, "other": value}, Numbers: map[string]float64{}}
		if user != "-" {
			h.Keys["user"] = user
		}
		var f float64
		if _, err := fmt.Sscan(value, &f); err == nil {
			h.Numbers["v"] = f
		}
		out = append(out, h)
	}
	return out
}

func TestCorrelate(t *testing.T) {
	for _, c := range []struct{ name, correlation, hits, want string }{
		{"count", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: 3}", "a 0 u 1; a 5 u 1; a 10 u 1; a 3 w 1", "2"},
		{"too late", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: 3}", "a 0 u 1; a 5 u 1; a 11 u 1", ""},
		{"sliding", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: 3}", "a 0 u 1; a 9 u 1; a 14 u 1; a 18 u 1", "3"},
		{"once a window", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: 2}", "a 0 u 1; a 1 u 1; a 2 u 1; a 3 u 1; a 20 u 1; a 21 u 1", "1 5"},
		{"no group", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gte: 2}", "a 0 - 1; a 1 - 1", ""},
		{"range", "type: event_count, rules: [a], group-by: [user], timespan: 10s, condition: {gt: 1, lte: 2}", "a 0 u 1; a 1 u 1; a 2 u 1; a 30 u 1; a 31 u 1", "2 4"},
		{"two rules", "type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}", "a 0 u 1; b 1 w 1", "1"},
		{"values", "type: value_count, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, gte: 2}", "a 0 u x; a 1 u x; a 2 u y", "2"},
		{"same values", "type: value_count, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, gte: 2}", "a 0 u x; a 1 u x", ""},
		{"temporal", "type: temporal, rules: [a, b], group-by: [user], timespan: 10s", "b 0 u 1; a 5 u 1; a 6 w 1", "1"},
		{"temporal, other user", "type: temporal, rules: [a, b], group-by: [user], timespan: 10s", "b 0 u 1; a 5 w 1", ""},
		{"temporal, one is enough", "type: temporal, rules: [a, b], group-by: [user], timespan: 10s, condition: {gte: 1}", "b 0 u 1", "0"},
		{"ordered", "type: temporal_ordered, rules: [a, b], group-by: [user], timespan: 10s", "a 0 u 1; b 5 u 1", "1"},
		{"wrong order", "type: temporal_ordered, rules: [a, b], group-by: [user], timespan: 10s", "b 0 u 1; a 5 u 1", ""},
		{"one instant", "type: temporal_ordered, rules: [a, b], group-by: [user], timespan: 10s", "b 5 u 1; a 5 u 1", "1"},
		{"sum", "type: value_sum, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, gt: 10}", "a 0 u 6; a 1 u 6; a 30 u 6", "1"},
		{"mean", "type: value_avg, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, lt: 5}", "a 0 u 9; a 1 u 1; a 30 w 2; a 31 w 3", "1 3"},
		{"median", "type: value_percentile, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, gte: 5}", "a 0 u 1; a 1 u 5; a 2 u 9", "2"},
		{"percentile", "type: value_percentile, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, percentile: 10, gte: 5}", "a 0 u 9; a 1 u 5; a 2 u 1; a 30 u 1", ""},
		{"percentile, from the second on", "type: value_percentile, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, percentile: 10, gte: 5}", "a 0 u 1; a 1 u 5; a 2 u 9; a 30 u 1", "2"},
		{"no figures", "type: value_sum, rules: [a], group-by: [user], timespan: 10s, condition: {field: v, lt: 10}", "a 0 u x", ""},
		{"alias", "type: temporal, rules: [a, b], group-by: [k], timespan: 10s, aliases: {k: {a: user, b: other}}", "a 0 u 1; b 1 w u", "1"},
		{"alias, other value", "type: temporal, rules: [a, b], group-by: [k], timespan: 10s, aliases: {k: {a: user, b: other}}", "a 0 u 1; b 1 u w", ""},
	} {
		var text strings.Builder
		fmt.Fprintf(&text, "title: C\nname: c\ncorrelation: {%s}\n", c.correlation)
		for _, n := range []string{"a", "b"} {
			fmt.Fprintf(&text, "---\ntitle: %s\nname: %s\nlogsource: {product: aws}\ndetection: {s: {x: 1}, condition: s}\n", n, n)
		}
		got, err := Parse("r.yml", []byte(text.String()), nil)
		if err == nil {
			err = got.Resolve()
		}
		if err != nil {
			t.Fatal(c.name, err)
		}
		var at []string
		for _, h := range got.Correlate(hitsOf(c.hits)) {
			at = append(at, fmt.Sprint(h.Position))
			if h.Rule != "c" {
				t.Errorf("%s: a match of %s", c.name, h.Rule)
			}
		}
		if strings.Join(at, " ") != c.want {
			t.Errorf("%s: matches at %v, want %s", c.name, at, c.want)
		}
	}
}

// Correlations of correlations, as the specification's example has them.
func TestCorrelateChain(t *testing.T) {
	c, err := Parse("r.yml", []byte(`title: Failures, then a success
name: chain
correlation: {type: temporal_ordered, rules: [many, good], group-by: [user], timespan: 60s}
---
title: Many failures
name: many
correlation: {type: event_count, rules: [bad], group-by: [user], timespan: 10s, condition: {gte: 3}}
---
title: A failure
name: bad
logsource: {product: aws}
detection: {s: {x: 1}, condition: s}
---
title: A success
name: good
logsource: {product: aws}
detection: {s: {x: 2}, condition: s}
`), nil)
	if err == nil {
		err = c.Resolve()
	}
	if err != nil {
		t.Fatal(err)
	}
	if w := fmt.Sprint(c.Wants(c.Find("bad"))); w != "[{user false}]" {
		t.Errorf("wanted of a failure: %s", w)
	}
	for hits, want := range map[string]int{"bad 0 u 1; bad 1 u 1; bad 2 u 1; good 30 u 1": 1, "bad 0 u 1; bad 1 u 1; good 30 u 1": 0, "good 0 u 1; bad 1 u 1; bad 2 u 1; bad 3 u 1": 0, "bad 0 u 1; bad 1 u 1; bad 2 u 1; good 30 w 1": 0} {
		n := 0
		for _, h := range c.Correlate(hitsOf(hits)) {
			if h.Rule == "chain" {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d matches, want %d", hits, n, want)
		}
	}
}
