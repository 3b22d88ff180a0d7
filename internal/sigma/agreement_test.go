package sigma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sharedData = "../../../shared/data"

// public loads the public rules, or skips the test.
func public(t testing.TB) *Collection {
	dir := filepath.Join(sharedData, "sigma", "sigmahq", "rules", "cloud")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no folder of public rules")
	}
	c, err := Load(os.DirFS(dir), "cloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPublicRulesLoad(t *testing.T) {
	c := public(t)
	if len(c.Rules) != 225 {
		t.Errorf("%d rules, want 225", len(c.Rules))
	}
	for _, r := range c.Rules {
		if r.Text == "" || r.Key() != r.ID || r.Title == "" {
			t.Errorf("%s: %+v", r.File, r)
		}
		if again, err := Parse(r.File, []byte(r.Text), nil); err != nil || len(again.Rules) != 1 || again.Rules[0].ID != r.ID {
			t.Errorf("%s: its text does not read again: %v", r.File, err)
		}
	}
}

// events calls f with each JSON object that looks like an event.
func events(t testing.TB, f func(data []byte)) int {
	n := 0
	each := func(raw json.RawMessage) {
		if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
			n++
			f(raw)
		}
	}
	for _, dir := range []string{"aws-cloudtrail", "labelled"} {
		err := filepath.WalkDir(filepath.Join(sharedData, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(p, ".json") && !strings.HasSuffix(p, ".txt") {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for dec := json.NewDecoder(bytes.NewReader(data)); ; {
				var v json.RawMessage
				if dec.Decode(&v) != nil {
					return nil
				}
				var list []json.RawMessage
				var m map[string]json.RawMessage
				if json.Unmarshal(v, &list) == nil {
					for _, x := range list {
						each(x)
					}
				} else if json.Unmarshal(v, &m) == nil && m["Records"] != nil && json.Unmarshal(m["Records"], &list) == nil {
					for _, x := range list {
						each(x)
					}
				} else if m["log"] != nil {
					each(m["log"])
				} else {
					each(v)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Every public rule on every event of the samples: the index finds what the
// reference finds, and nothing else.
func TestAgreementOnSamples(t *testing.T) {
	c := public(t)
	set := Compile(c.Rules, nil)
	m := NewMatcher(set)
	decoded := make([]map[string]any, len(set.Rules))
	for i, r := range set.Rules {
		decoded[i] = refYAML(t, r.Text)
	}
	same := func(n string) []string { return []string{n} }
	hits, seen := 0, map[string]bool{}
	n := events(t, func(data []byte) {
		if seen[string(data)] {
			return
		}
		seen[string(data)] = true
		d, err := NewDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]bool{}
		for _, i := range m.Match(d) {
			got[i] = true
			hits++
		}
		judge := ref{t, data, map[string][]json.RawMessage{}, same}
		for i := range decoded {
			if want := judge.rule(decoded[i]); want != got[i] {
				t.Errorf("%s: %v, the reference says %v, of %s", set.Rules[i].File, got[i], want, data)
			}
		}
	})
	if n < 3000 || hits < 100 {
		t.Errorf("%d events, %d hits: too few to tell", n, hits)
	}
	t.Logf("%d events, %d distinct, %d rules, %d hits, %d rules always looked at", n, len(seen), len(set.Rules), hits, len(set.always))
}

// For every rule an event is made that it matches, and each field of it is
// taken away, made null, made empty and put into the other letter case.
func TestProbe(t *testing.T) {
	c := public(t)
	same := func(n string) []string { return []string{n} }
	matched, probes := 0, 0
	for _, r := range c.Rules {
		rule := refYAML(t, r.Text)
		m := NewMatcher(Compile([]*Rule{r}, nil))
		base := sample(r.Where, map[string]any{})
		check := func(e map[string]any, what string) bool {
			data, _ := json.Marshal(e)
			d, err := NewDocument(data)
			if err != nil {
				t.Fatal(err)
			}
			got, want := len(m.Match(d)) == 1, ref{t, data, map[string][]json.RawMessage{}, same}.rule(rule)
			if got != want {
				t.Errorf("%s, %s: %v, the reference says %v, of %s", r.File, what, got, want, data)
			}
			probes++
			return got
		}
		if check(base, "as it is") {
			matched++
		}
		for k, v := range base {
			for what, x := range map[string]any{"absent": nil, "null": nil, "empty": "", "upper": strings.ToUpper(fmt.Sprint(v)), "lower": strings.ToLower(fmt.Sprint(v)), "list": []any{v}, "none": []any{}} {
				e := map[string]any{}
				for n, y := range base {
					e[n] = y
				}
				if e[k] = x; what == "absent" {
					delete(e, k)
				}
				got := check(e, k+" "+what)
				if (what == "upper" || what == "lower" || what == "list") && !strings.Contains(r.Text, "|re") && got != check(base, "again") {
					t.Errorf("%s: %s in %s case or as a list changes the outcome", r.File, k, what)
				}
			}
		}
	}
	t.Logf("%d of %d rules match their sample, %d probes", matched, len(c.Rules), probes)
	if matched < 215 {
		t.Errorf("only %d rules match the event that was made for them", matched)
	}
}

// sample makes an event that an expression is likely to match: flat, with the
// names of fields as they are.
func sample(e *Expr, to map[string]any) map[string]any {
	switch e.Op {
	case And:
		for _, k := range e.Kids {
			sample(k, to)
		}
	case Or:
		return sample(e.Kids[0], to)
	case Not:
	default:
		t := e.Test
		text := strings.NewReplacer("*", "", "?", "x").Replace(t.Pattern.String())
		switch t.Kind {
		case Null:
		case Regexp:
			to[t.Field] = "arn:aws:sts::1:assumed-role/aws:x"
		default:
			if t.Field == "" {
				to["message"] = text
			} else if had, ok := to[t.Field].(string); ok {
				to[t.Field] = had + text
			} else {
				to[t.Field] = text
			}
		}
	}
	return to
}
