package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"probity/internal/sigma"
)

// asked is a rule that both sides read.
type asked struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// answered is what pySigma makes of a rule.
type answered struct {
	Refused     string          `json:"refused"`
	Hits        []int           `json:"hits"`
	Correlation json.RawMessage `json:"correlation"`
}

func pySigma(t *testing.T, rules []asked, events []string, vars map[string][]string) map[string]answered {
	t.Helper()
	in, err := json.Marshal(map[string]any{"rules": rules, "events": events, "vars": vars})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "venv/bin/python"), "rules.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]answered
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// ours are the events that a rule matches, or why it is refused.
func ours(t *testing.T, text string, events []*sigma.Document, vars map[string][]string) (hits []int, refused string) {
	t.Helper()
	c, err := sigma.Parse("r.yml", []byte(text), vars)
	if err == nil {
		err = c.Resolve()
	}
	if err != nil {
		return nil, err.Error()
	}
	hits = []int{}
	m := sigma.NewMatcher(sigma.Compile(c.Rules[:1], nil))
	for i, e := range events {
		if len(m.Match(e)) > 0 {
			hits = append(hits, i)
		}
	}
	return hits, ""
}

func documents(t *testing.T, events []string) []*sigma.Document {
	t.Helper()
	var out []*sigma.Document
	for _, e := range events {
		d, err := sigma.NewDocument([]byte(e))
		if err != nil {
			t.Fatalf("%v: %s", err, e)
		}
		out = append(out, d)
	}
	return out
}

// Each construct of the specification on the same events. Where the two read a
// rule in different ways, differs says so, and README.md says why.
func TestPySigmaConstructs(t *testing.T) {
	const (
		same      = ""
		theyTake  = "only pySigma takes it"
		weTake    = "only probity takes it"
		otherwise = "both take it and find different events"
		neither   = "both refuse it"
	)
	vars := map[string][]string{"p": {"b", "c?"}}
	events := []string{`{}`, `{"x":null}`, `{"x":""}`, `{"x":[]}`, `{"x":"abc"}`, `{"x":"ABC"}`, `{"x":"a*b"}`, `{"x":"a\\b"}`, `{"x":"a-b-cd"}`, `{"x":["z","Abc"]}`,
		`{"x":200}`, `{"x":"200"}`, `{"x":2000}`, `{"x":9.5}`, `{"x":true}`, `{"x":"a\nc"}`, `{"x":"xaby"}`, `{"x":"aby"}`, `{"x":"xab"}`, `{"x":"/a b"}`, `{"x":"–a b"}`, `{"x":"-a b"}`,
		`{"x":"a/b-c"}`, `{"x":"YWJj"}`, `{"x":"eHNlY3JldHk="}`, `{"x":"eHAAaQBuAGcAeQ=="}`, `{"x":"//5hAA=="}`, `{"x":"AGE="}`, `{"x":"2025-01-06T23:10:00Z"}`,
		`{"x":"2025-02-07T22:40:00Z"}`, `{"x":"10.1.2.3"}`, `{"x":"192.168.0.1"}`, `{"x":"fe80::1"}`, `{"x":"a","y":"A"}`, `{"x":"ab","y":"a"}`, `{"x":"a","y":{"z":"a"}}`,
		`{"x":"ab"}`, `{"x":"ac1"}`, `{"x":"a%p%"}`, `{"y":"foo","z":{"w":["bar"]}}`, `{"y":"foo"}`, `{"x":1,"y":1}`, `{"x":1,"z":1}`, `{"y":1,"z":1}`, `{"x":1}`, `{"y":1}`,
		`{"a":[{"b":{"c":2}},{"b":{"c":1}}]}`, `{"a.b":{"c":1}}`, `{"a":"{\"b\":{\"c\":1}}"}`, `{"x":{"b" : "c\\d"}}`, `{"x":"aÖb"}`, `{"x":"abcd","y":"1"}`, `{"x":"adm_1"}`}
	sel := func(s string) string { return "  s: {" + s + "}\n  condition: s" }
	list := []struct{ detection, differs string }{
		{sel("x: abc"), same}, {sel("x|cased: abc"), same}, {sel("x: 'a*c?'"), same}, {sel(`x: 'a\*b'`), same}, {sel(`x: 'a\b'`), same}, {sel(`x: 'a\\b'`), same}, {sel(`x: 'a\\*'`), same},
		{sel("x: 200"), same}, {sel("x: true"), same}, {sel("x: ''"), same}, {sel("x: null"), same}, {sel("x|exists: true"), same}, {sel("x|exists: false"), same},
		{sel("x|neq: abc"), same}, {sel("x|neq: [abc, '200']"), same}, {sel("x: [abc, 200]"), same}, {sel("x|contains|all: [a, b]"), same}, {sel("x|all: ['a*', '*c']"), same},
		{sel("x|contains: ab"), same}, {sel("x|startswith: ab"), same}, {sel("x|endswith: ab"), same}, {sel("x|contains: 'ö'"), same}, {sel("x|contains: '*'"), same},
		{sel("x|contains|cased: b"), same}, {sel("x|re: '^a.c$'"), same}, {sel("x|re|i: '^a.c$'"), same}, {sel("x|re|s: '^a.c$'"), same}, {sel("x|re|i|s: '^A.c$'"), same}, {sel("x|re|m: '^c$'"), same},
		{sel("x|base64: abc"), same}, {sel("x|base64offset|contains: secret"), same}, {sel("x|wide|base64offset|contains: ping"), same}, {sel("x|utf16|base64: a"), same},
		{sel("x|utf16be|base64: a"), same}, {sel("x|gte: 200"), same}, {sel("x|lt: 200"), same}, {sel("x|gt: 9"), same}, {sel("x|lte: 9.5"), same}, {sel("x|hour: 23"), same},
		{sel("x|minute: 40"), same}, {sel("x|day: 6"), same}, {sel("x|week: 2"), same}, {sel("x|month: 1"), same}, {sel("x|year: 2025"), same}, {sel("x|cidr: 10.0.0.0/8"), same},
		{sel("x|cidr: ['fe80::/10', '192.168.0.0/16']"), same}, {sel("x|fieldref: y"), same}, {sel("x|fieldref: y.z"), same}, {sel("x|fieldref|neq: y"), same}, {sel("x|expand: 'a%p%'"), same},
		{sel("a.b.c: 1"), same}, {sel(`x|contains: '"b":"c\d"'`), same},
		{"  s: [foo, bar]\n  condition: s", same}, {"  s: {'|all': [foo, bar]}\n  condition: s", same}, {"  s: foo*bar\n  condition: s", same}, {"  s: 200\n  condition: s", same},
		{"  s:\n    - x: 1\n    - y: 1\n      z: 1\n  condition: s", same}, {"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: a or b and not c", same},
		{"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: (a or b) and not c", same}, {"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: not (a or b) or c", same},
		{"  a_1: {x: 1}\n  a_2: {y: 1}\n  condition: all of a_*", same}, {"  a_1: {x: 1}\n  a_2: {y: 1}\n  condition: not 1 of a_*", same}, {"  a_1: {x: 1}\n  _b: {y: 1}\n  condition: 1 of them", same},
		{"  a: {x: 1}\n  b: {z: 1}\n  condition: all of them", same}, {"  a: {x: 1}\n  b: {x: 200}\n  condition: [a, b]", same}, {"  a: {x: 1}\n  condition: NOT a", weTake},
		// What no side can honour.
		{sel("x|nosuch: a"), neither}, {"  a: {x: 1}\n  condition: b", neither}, {"  a: {x: 1}\n  condition: (a", neither}, {"  a: {x: 1}\n  condition: a | count() > 5", neither},
		{"  a: {}\n  condition: a", neither}, {sel("x|re: '(?=a)'"), neither}, {sel("x|base64: 'a*'"), neither}, {sel("x|exists: 1"), neither}, {sel("x|gt: b"), neither}, {sel("x|expand: '%q%'"), neither}, {sel("x|re: '('"), neither},
		// See README.md.
		{sel("x|windash: '-a b'"), same}, {sel("x|windash: 'a-b-c'"), otherwise}, {sel("x|utf16le|base64: a"), weTake}, {sel("x|re|contains: b"), theyTake}, {sel("x|fieldref|startswith: y"), theyTake},
		{sel("x|re|ignorecase: abc"), theyTake}, {sel("x: ['', null]"), theyTake}, {sel("x: []"), theyTake}, {sel("x|cidr: 10.0.0.0"), theyTake},
		{sel("x|gt|neq: 10"), same}, {sel("x|hour|gte: 22"), otherwise}, {sel("x|all: 1"), theyTake},
	}
	var rules []asked
	for i, c := range list {
		rules = append(rules, asked{fmt.Sprint(i), "title: T\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n" + c.detection + "\n"})
	}
	all, docs := pySigma(t, rules, events, vars), documents(t, events)
	for i, c := range list {
		theirs := all[rules[i].Key]
		hits, refused := ours(t, rules[i].Text, docs, vars)
		got := same
		switch {
		case refused != "" && theirs.Refused != "":
			got = neither
		case refused != "":
			got = theyTake
		case theirs.Refused != "":
			got = weTake
		case !reflect.DeepEqual(hits, theirs.Hits):
			got = otherwise
		}
		if got != c.differs {
			t.Errorf("%d: %s\n%q, want %q\nprobity %v %s\npySigma %v %s", i, c.detection, got, c.differs, hits, refused, theirs.Hits, theirs.Refused)
		}
	}
}

// Filters and correlations, which need several documents.
func TestPySigmaDocuments(t *testing.T) {
	const rule = "title: R\nname: r\nid: 6f3e2987-db24-4c78-a860-b4f4095a7095\nlogsource: {product: aws}\ndetection: {s: {x: 1}, condition: s}\n---\n"
	events := []string{`{"x":1}`, `{"x":1,"y":"b"}`, `{"x":1,"y":"adm_1"}`}
	filter := func(condition string) string {
		return rule + "title: F\nlogsource: {product: aws}\nfilter: {rules: [6f3e2987-db24-4c78-a860-b4f4095a7095], s: {y: adm*}, condition: " + condition + "}\n"
	}
	all := pySigma(t, []asked{{"taken away", filter("s")}, {"not", filter("not s")}}, events, nil)
	docs := documents(t, events)
	// README.md: the specification's example takes away what the condition selects.
	if hits, refused := ours(t, filter("s"), docs, nil); !reflect.DeepEqual(hits, []int{0, 1}) || !reflect.DeepEqual(all["taken away"].Hits, []int{2}) {
		t.Errorf("a filter: probity %v %s, pySigma %+v", hits, refused, all["taken away"])
	}
	if _, refused := ours(t, filter("not s"), docs, nil); !strings.Contains(refused, "begins with not") || !reflect.DeepEqual(all["not"].Hits, []int{0, 1}) {
		t.Errorf("a filter with not: probity %q, pySigma %+v", refused, all["not"])
	}
	var list []asked
	for _, c := range []string{
		"type: event_count, rules: [r], group-by: [u], timespan: 90m, condition: {gte: 3}", "type: value_count, rules: [r], group-by: [u], timespan: 1d, condition: {field: f, gt: 1, lte: 4}",
		"type: temporal, rules: [r], group-by: [u], timespan: 30s", "type: temporal_ordered, rules: [r], timespan: 5m", "type: value_sum, rules: [r], timespan: 1h, condition: {field: f, gt: 10.5}",
		"type: value_avg, rules: [r], timespan: 1h, condition: {field: f, lt: 5}", "type: value_percentile, rules: [r], group-by: [u], timespan: 1h, condition: {field: f, percentile: 95, gte: 5}",
		"type: event_cuont, rules: [r], timespan: 1h, condition: {gte: 1}", "type: event_count, rules: [r], timespan: 1 hour, condition: {gte: 1}", "type: value_count, rules: [r], timespan: 1h, condition: {gte: 1}",
	} {
		list = append(list, asked{c, rule + "title: C\nname: c\ncorrelation: {" + c + "}\n"})
	}
	median := asked{"median", rule + "title: C\nname: c\ncorrelation: {type: value_median, rules: [r], timespan: 1h, condition: {field: f, gte: 5}}\n"}
	if _, refused := ours(t, median.Text, nil, nil); !strings.Contains(refused, `type "value_median" is not defined`) || pySigma(t, []asked{median}, nil, nil)["median"].Refused != "" {
		t.Errorf("value_median: probity %q, and pySigma takes it", refused)
	}
	answers := pySigma(t, list, nil, nil)
	for _, x := range list {
		theirs := answers[x.Key]
		c, err := sigma.Parse("r.yml", []byte(x.Text), nil)
		ranged := strings.Contains(x.Key, "lte:") // README.md: the specification has ranges
		if (err != nil) != (theirs.Refused != "" && !ranged) {
			t.Errorf("%s: probity %v, pySigma %s", x.Key, err, theirs.Refused)
		}
		if err != nil || theirs.Refused != "" {
			continue
		}
		k := c.Rules[1].Correlation
		condition := map[string]any{}
		for _, b := range k.Bounds {
			condition[b.Op] = b.Value
		}
		if len(k.Fields) > 0 {
			condition["field"] = k.Fields[0]
		}
		if k.Type == sigma.ValuePercentile {
			condition["percentile"] = k.Percentile
		}
		var got map[string]any
		if err := json.Unmarshal(theirs.Correlation, &got); err != nil {
			t.Fatal(err)
		}
		if got["type"] != string(k.Type) || got["seconds"] != k.Timespan.Seconds() || len(got["rules"].([]any)) != 1 || len(got["group_by"].([]any)) != len(k.GroupBy) {
			t.Errorf("%s: pySigma %s", x.Key, theirs.Correlation)
		}
		if m, ok := got["condition"].(map[string]any); len(condition) > 0 && (!ok || !reflect.DeepEqual(m, condition)) {
			t.Errorf("%s: the condition is %v, of pySigma %s", x.Key, condition, theirs.Correlation)
		}
	}
}

const shared = "../../shared/data"

// Every public rule about a cloud on every event of the public samples.
func TestPySigmaPublicRules(t *testing.T) {
	var rules []asked
	err := filepath.WalkDir(filepath.Join(shared, "sigma", "sigmahq", "rules", "cloud"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(p) != ".yml" {
			return err
		}
		text, err := os.ReadFile(p)
		rules = append(rules, asked{p, string(text)})
		return err
	})
	if err != nil {
		t.Skip("no folder of public rules")
	}
	var events []string
	seen := map[string]bool{}
	for _, dir := range []string{"aws-cloudtrail", "labelled"} {
		if err := filepath.WalkDir(filepath.Join(shared, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(p)
			for dec := json.NewDecoder(bytes.NewReader(text)); ; {
				var v json.RawMessage
				if dec.Decode(&v) != nil {
					return err
				}
				for _, e := range within(v) {
					if !seen[e] {
						seen[e] = true
						events = append(events, e)
					}
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	theirs, docs, n := pySigma(t, rules, events, nil), documents(t, events), 0
	for _, r := range rules {
		hits, refused := ours(t, r.Text, docs, nil)
		if refused != "" || theirs[r.Key].Refused != "" || !reflect.DeepEqual(hits, theirs[r.Key].Hits) {
			t.Errorf("%s: probity %v %s, pySigma %v %s", r.Key, hits, refused, theirs[r.Key].Hits, theirs[r.Key].Refused)
		}
		n += len(hits)
	}
	t.Logf("%d rules, %d events, %d matches", len(rules), len(events), n)
	if len(rules) != 225 || len(events) < 3000 || n < 100 {
		t.Error("too few to tell")
	}
}

// within returns the events of a value: itself, an element of a list or of
// Records, what stands under log.
func within(v json.RawMessage) (out []string) {
	var list []json.RawMessage
	var m map[string]json.RawMessage
	if json.Unmarshal(v, &list) == nil {
		for _, x := range list {
			out = append(out, within(x)...)
		}
		return out
	}
	if json.Unmarshal(v, &m) != nil || m == nil {
		return nil
	}
	for _, k := range []string{"Records", "log"} {
		if m[k] != nil {
			return within(m[k])
		}
	}
	return []string{string(v)}
}
