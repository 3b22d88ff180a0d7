package sigma

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const head = "title: T\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n"

func one(t testing.TB, detection string, means map[string][]string) *Rule {
	t.Helper()
	c, err := Parse("r.yml", []byte(head+detection), means)
	if err != nil {
		t.Fatalf("%s: %v", detection, err)
	}
	return c.Rules[0]
}

// What cannot be honoured is told with its place, and the rule is not taken.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{head + "  a: {x|contians: 1}\n  condition: a", `r.yml:4:7: rule "T": modifier "contians" is not defined`},
		{head + "  a: {x: 1}\n  condition: b", `5:14: rule "T": in the condition: there is no search identifier "b"`},
		{head + "  a: {x: 1}\n  condition: a and", "ends where a search identifier should stand"},
		{head + "  a: {x: 1}\n  condition: (a", "a bracket is not closed"},
		{head + "  a: {x: 1}\n  condition: a a", `"a" stands where and, or, or the end should`},
		{head + "  a: {x: 1}\n  condition: 1 of b*", `no search identifier is named like "b*"`},
		{head + "  a: {x: 1}\n  condition: 2 of a*", "write 1 of, or all of"},
		{head + "  a: {x: 1}\n  condition: a | count() > 5", "write a correlation"},
		{head + "  a: {x: 1}\n  timeframe: 5m\n  condition: a", "write a correlation with a timespan"},
		{head + "  a: {x: 1}", "detection has no condition"},
		{head + "  a: {}\n  condition: a", "a is empty: it would match everything"},
		{head + "  a: []\n  condition: a", "a is empty: it would match nothing"},
		{head + "  a: {x: []}\n  condition: a", "the list of values is empty"},
		{head + "  a: {x: 1, x: 2}\n  condition: a", `the key "x" stands twice`},
		{head + "  a: {x: ['', null]}\n  condition: a", "null cannot be one of several values"},
		{head + "  a: {x: {y: 1}}\n  condition: a", "must be text, a number"},
		{head + "  a: {x|all: 1}\n  condition: a", "all needs several values"},
		{head + "  a: {x|exists: 1}\n  condition: a", "exists takes true or false"},
		{head + "  a: {x|exists|neq: true}\n  condition: a", "exists stands alone"},
		{head + "  a: {x|re: '(?=a)'}\n  condition: a", "the regular expression cannot be honoured"},
		{head + "  a: {x|i: a}\n  condition: a", `modifier "i" is of regular expressions`},
		{head + "  a: {x|re|contains: a}\n  condition: a", "cannot be combined"},
		{head + "  a: {x|re|cidr: a}\n  condition: a", "exclude each other"},
		{head + "  a: {x|cidr: 10.0.0.0}\n  condition: a", "is no network"},
		{head + "  a: {x|gt: b}\n  condition: a", `"b" is no number`},
		{head + "  a: {x|gt|lt: 1}\n  condition: a", "gt and lt exclude each other"},
		{head + "  a: {x|base64: 'a*'}\n  condition: a", "the value has wildcards, which cannot be encoded"},
		{head + "  a: {x|windash: '----------'}\n  condition: a", "too many dashes"},
		{head + "  a: {x|expand: '%servers%'}\n  condition: a", "nobody says what the placeholder %servers% means"},
		{head + "  a: {x|expand: servers}\n  condition: a", "expand finds no placeholder"},
		{head + "  a: {'|exists': true}\n  condition: a", "need a field"},
		{head + "  a: {activity.actor_user_token: 1}\n  condition: a", "no open column"},
		{"title: T\ndetection: {a: {x: 1}, condition: a}", "the rule has no logsource"},
		{"title: T\nlogsource: {}\ndetection: {a: {x: 1}, condition: a}", "names none of category"},
		{"logsource: {product: aws}\ndetection: {a: {x: 1}, condition: a}", "the rule has no title"},
		{"title: T", "exactly one of detection, correlation and filter"},
		{"title: T\ntaxonomy: ecs\nlogsource: {product: aws}\ndetection: {a: {x: 1}, condition: a}", `taxonomy "ecs" is not known`},
		{"", "holds no rule"},
		{"a: [", "r.yml:1:1: not valid YAML"},
		{"title: T\ncorrelation: {type: event_cuont, rules: [a], timespan: 1h, condition: {gte: 1}}", `type "event_cuont" is not defined`},
		{"title: T\ncorrelation: {type: event_count, rules: [a], timespan: 1 hour, condition: {gte: 1}}", "needs a timespan such as 15m"},
		{"title: T\ncorrelation: {type: event_count, rules: [a], timespan: 1h}", "needs a condition"},
		{"title: T\ncorrelation: {type: value_count, rules: [a], timespan: 1h, condition: {gte: 1}}", "needs a field in its condition"},
		{"title: T\ncorrelation: {type: temporal, rules: [a], timespan: 1h, aliases: {x: {b: c}}}", `a rule "b" that the correlation does not name`},
		{"title: T\nlogsource: {product: aws}\nfilter: {rules: any, a: {x: 1}, condition: not a}", "says what is taken away"},
	} {
		got, err := Parse("r.yml", []byte(c.text), nil)
		var m *Mistake
		if !errors.As(err, &m) || !strings.Contains(err.Error(), c.want) || m.Line == 0 {
			t.Errorf("%s\n got %v\nwant %s", c.text, err, c.want)
		}
		if len(got.Rules)+len(got.Filters) > 0 {
			t.Errorf("%s: taken all the same", c.text)
		}
	}
}

func TestReferencesBetweenDocuments(t *testing.T) {
	rule := head + "  a: {x: 1}\n  condition: a\n"
	for _, c := range []struct{ text, want string }{
		{rule + "---\n" + strings.Replace(rule, "title: T", "title: U\nname: n", 1) + "---\n" + strings.Replace(rule, "title: T", "title: V\nname: n", 1), `"n" names a rule of`},
		{"title: C\nname: c\ncorrelation: {type: temporal, rules: [c], timespan: 1h}", "needs itself"},
		{"title: C\ncorrelation: {type: temporal, rules: [nobody], timespan: 1h}", `"nobody" that is not there`},
		{"title: F\nlogsource: {product: aws}\nfilter: {rules: [nobody], a: {x: 1}, condition: a}", `"nobody" that is not there`},
	} {
		got, err := Parse("r.yml", []byte(c.text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err = got.Resolve(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

// Each construct against events that it matches and that it does not.
func TestConstructs(t *testing.T) {
	sel := func(s string) string { return "  s: {" + s + "}\n  condition: s" }
	for _, c := range []struct{ detection, yes, no string }{
		{sel("x: abc"), `{"x":"ABC"}`, `{"x":"abcd"}`},
		{sel("x|cased: abc"), `{"x":"abc"}`, `{"x":"Abc"}`},
		{sel("x: 'a*c?'"), `{"x":"a-b-cd"}`, `{"x":"a-b-c"}`},
		{sel(`x: 'a\*b\\c'`), `{"x":"a*b\\c"}`, `{"x":"axb\\c"}`},
		{sel(`x: 'a\b\\*'`), `{"x":"a\\b\\zz"}`, `{"x":"a\\b"}`},
		{sel(`x: 'a\\\*'`), `{"x":"a\\*"}`, `{"x":"a\\b"}`},
		{sel("x: 200"), `{"x":200}`, `{"x":2000}`},
		{sel("x: 200"), `{"x":"200"}`, `{"y":200}`},
		{sel("x: true"), `{"x":true}`, `{"x":false}`},
		{sel("x: ''"), `{"x":""}`, `{"x":null}`},
		{sel("x: ''"), `{"x":[""]}`, `{}`},
		{sel("x: null"), `{"x":null}`, `{"x":""}`},
		{sel("x: null"), `{}`, `{"x":0}`},
		{sel("x|exists: true"), `{"x":null}`, `{"y":1}`},
		{sel("x|exists: false"), `{"y":1}`, `{"x":""}`},
		{sel("x|neq: a"), `{"x":"b"}`, `{"x":"A"}`},
		{sel("x|neq: [a, b]"), `{"x":"c"}`, `{"x":"b"}`},
		{sel("x|contains|all: [ab, cd]"), `{"x":"zcdabz"}`, `{"x":"ab"}`},
		{sel("x|startswith: ab"), `{"x":"ABc"}`, `{"x":"cab"}`},
		{sel("x|endswith: ab"), `{"x":"cAB"}`, `{"x":"abc"}`},
		{sel("x|contains: 'ö'"), `{"x":"aÖb"}`, `{"x":"aob"}`},
		{sel("x|contains: '*'"), `{"x":""}`, `{"x":null}`},
		{sel("x|re: '^a.c$'"), `{"x":"abc"}`, `{"x":"aBC"}`},
		{sel("x|re|i: '^a.c$'"), `{"x":"ABC"}`, `{"x":"a\nc"}`},
		{sel("x|re|s: '^a.c$'"), `{"x":"a\nc"}`, `{"x":"A\nc"}`},
		{sel("x|re|m: '^b$'"), `{"x":"a\nb"}`, `{"x":"ab"}`},
		{sel("x|windash: '-a b'"), `{"x":"/A b"}`, `{"x":"a b"}`},
		{sel("x|windash|contains: ' -a -b'"), `{"x":"z –a ―b"}`, `{"x":"z a b"}`},
		{sel("x|base64: abc"), `{"x":"YWJj"}`, `{"x":"abc"}`},
		{sel("x|base64offset|contains: secret"), `{"x":"` + "eHNlY3JldHk=" + `"}`, `{"x":"secret"}`},
		{sel("x|wide|base64offset|contains: ping"), `{"x":"` + "eHAAaQBuAGcAeQ==" + `"}`, `{"x":"cGluZw=="}`},
		{sel("x|utf16|base64: a"), `{"x":"//5hAA=="}`, `{"x":"YQ=="}`},
		{sel("x|utf16be|base64: a"), `{"x":"AGE="}`, `{"x":"YQA="}`},
		{sel("x|gte: 10"), `{"x":"10.5"}`, `{"x":9}`},
		{sel("x|lt: 10"), `{"x":9}`, `{"x":"abc"}`},
		{sel("x|gt|neq: 10"), `{"x":10}`, `{"x":11}`},
		{sel("x|hour: 23"), `{"x":"2025-01-06T23:10:00Z"}`, `{"x":"2025-01-06T22:10:00Z"}`},
		{sel("x|hour|gte: 22"), `{"x":"2025-01-06 23:10:00"}`, `{"x":"never"}`},
		{sel("x|week: 2"), `{"x":"2025-01-06"}`, `{"x":"2025-01-05"}`},
		{sel("x|minute: 10"), `{"x":"2025-01-06T23:10:00+05:30"}`, `{"x":"2025-01-06T23:40:00Z"}`},
		{sel("x|month: 1"), `{"x":"2025-01-06"}`, `{"x":"2025-02-06"}`},
		{sel("x|day: 6"), `{"x":"2025-01-06"}`, `{"x":"2025-01-07"}`},
		{sel("x|year: 2025"), `{"x":"2025-01-06"}`, `{"x":"2024-01-06"}`},
		{sel("x|cidr: 10.0.0.0/8"), `{"x":"10.1.2.3"}`, `{"x":"11.1.2.3"}`},
		{sel("x|cidr: ['fe80::/10', '192.168.0.0/16']"), `{"x":"fe80::1"}`, `{"x":"localhost"}`},
		{sel("x|fieldref: y.z"), `{"x":"A","y":{"z":"a"}}`, `{"x":"A"}`},
		{sel("x|fieldref|neq: y"), `{"x":"a","y":"b"}`, `{"x":"a","y":"a"}`},
		{sel("x|expand: 'a%p%'"), `{"x":"ac1"}`, `{"x":"a%p%"}`},
		{sel(`x|expand: '\%p%p%'`), `{"x":"%pb"}`, `{"x":"b"}`},
		{sel("a.b.c: 1"), `{"a":[{"b":{"c":2}},{"b":{"c":1}}]}`, `{"a":{"b":1}}`},
		{sel("a.b.c: 1"), `{"a.b":{"c":1}}`, `{"a.b.c.d":1}`},
		{sel("a.b: 1"), `{"a":"{\"b\":1}"}`, `{"a":"b:1"}`},
		{sel(`a|contains: '"b":"c\d"'`), `{"a": {"b" : "c\\d"}}`, `{"a":{"b":"cd"}}`},
		{sel("x: [a, b]"), `{"x":["z","B"]}`, `{"x":[]}`},
		{"  s: [foo, bar]\n  condition: s", `{"a":{"b":["xFOOx"]}}`, `{"a":"fo o"}`},
		{"  s: {'|all': [foo, bar]}\n  condition: s", `{"a":"foo","b":"bar"}`, `{"a":"foo"}`},
		{"  s: foo*bar\n  condition: s", `{"a":"foo","b":"bar"}`, `{"a":"bar","b":"foo"}`},
		{"  s:\n    - x: 1\n    - y: 2\n      z: 3\n  condition: s", `{"y":2,"z":3}`, `{"y":2}`},
		{"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: a or b and not c", `{"x":1,"z":1}`, `{"y":1,"z":1}`},
		{"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: (a or b) and not c", `{"y":1}`, `{"x":1,"z":1}`},
		{"  a_1: {x: 1}\n  a_2: {y: 1}\n  condition: all of a_*", `{"x":1,"y":1}`, `{"x":1}`},
		{"  a_1: {x: 1}\n  _b: {y: 1}\n  condition: 1 of them", `{"x":1}`, `{"y":1}`},
		{"  a: {x: 1}\n  condition: NOT a", `{"x":2}`, `{"x":1}`},
		{"  a: {x: 1}\n  b: {x: 2}\n  condition: [a, b]", `{"x":2}`, `{"x":3}`},
	} {
		m := NewMatcher(Compile([]*Rule{one(t, c.detection, map[string][]string{"p": {"b", "c?"}})}, nil))
		for text, want := range map[string]bool{c.yes: true, c.no: false} {
			d, err := NewDocument([]byte(text))
			if err != nil {
				t.Fatal(text, err)
			}
			if got := len(m.Match(d)) == 1; got != want {
				t.Errorf("%s\nof %s: %v", c.detection, text, got)
			}
		}
	}
}

func TestFilterTakesMatchesAway(t *testing.T) {
	c, err := Parse("r.yml", []byte("title: R\nname: r\nlogsource: {product: aws}\ndetection: {s: {x: 1}, condition: s}\n---\n"+
		"title: F\nlogsource: {product: aws}\nfilter: {rules: [r], s: {y: adm*}, condition: s}\n"), nil)
	if err == nil {
		err = c.Resolve()
	}
	if err != nil {
		t.Fatal(err)
	}
	m := NewMatcher(Compile(c.Rules, nil))
	for text, want := range map[string]int{`{"x":1}`: 1, `{"x":1,"y":"b"}`: 1, `{"x":1,"y":"ADM1"}`: 0} {
		d, _ := NewDocument([]byte(text))
		if got := len(m.Match(d)); got != want {
			t.Errorf("%s: %d matches", text, got)
		}
	}
}

// Many rules at once find what each finds alone.
func TestManyAsOne(t *testing.T) {
	var rules []*Rule
	for i := range 300 {
		rules = append(rules, one(t, fmt.Sprintf("  s: {eventName: E%d, x|contains: v%d}\n  n: {y: %d}\n  condition: s and not n", i%50, i%7, i%3), nil))
	}
	m := NewMatcher(Compile(rules, nil))
	for i := range 200 {
		d, _ := NewDocument(fmt.Appendf(nil, `{"eventName":"e%d","x":"av%dv%d","y":%d}`, i%60, i%7, i%5, i%4))
		got := fmt.Sprint(m.Match(d))
		var want []int
		for k, r := range rules {
			if len(NewMatcher(Compile([]*Rule{r}, nil)).Match(d)) == 1 {
				want = append(want, k)
			}
		}
		if got != fmt.Sprint(want) {
			t.Fatalf("%d: %s, want %v", i, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head + "  a: {x|contains|all: [a, b], y|re|i: a, z: null}\n  b: [k, {w|cidr: 10.0.0.0/8}]\n  condition: not (1 of a* and b) or all of them")
	f.Add("title: C\ncorrelation: {type: temporal, rules: [a, b], group-by: [x], timespan: 5m, aliases: {x: {a: y}}}")
	f.Add("title: F\nlogsource: {product: aws}\nfilter: {rules: any, a: {x|windash: -a}, condition: a}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("r.yml", []byte(text), map[string][]string{"p": {"a"}})
		if err == nil && len(c.Rules)+len(c.Filters) == 0 {
			t.Errorf("%q: neither rules nor a mistake", text)
		}
		if c.Resolve() == nil {
			d, _ := NewDocument([]byte(`{"x":"a","y":[null,{"z":1}]}`))
			NewMatcher(Compile(c.Rules, nil)).Match(d)
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x\"y",{"c":null}]},"a.b":"{\"c\":true}"}`, "a.b.c")
	f.Fuzz(func(t *testing.T, text, field string) {
		d, err := NewDocument([]byte(text))
		if err != nil {
			return
		}
		d.Values(field, nil)
		d.Text()
	})
}

func FuzzPattern(f *testing.F) {
	f.Add(`a*b?c\*`, "axxbyc*")
	f.Add(`**a`, "aa")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 20 || len(text) > 40 || strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text {
			return
		}
		p := wildcards(pattern)
		if got, want := p.match([]byte(text)), refGlob(pattern, text, false); got != want {
			t.Errorf("%q of %q: %v, want %v", pattern, text, got, want)
		}
	})
}
