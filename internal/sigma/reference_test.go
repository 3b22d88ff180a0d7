package sigma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The reference is a matcher written straight from the specification, rule by
// rule and field by field, over the YAML as it is decoded. It shares no code
// with the package. It is the judge in agreement_test.go.

type ref struct {
	t      testing.TB
	event  json.RawMessage
	known  map[string][]json.RawMessage // values by field, so that 225 rules do not decode one event anew
	rename func(string) []string
}

// refRule decides a rule, given as decoded YAML.
func (r ref) rule(rule map[string]any) bool {
	d := rule["detection"].(map[string]any)
	found := map[string]bool{}
	for name, body := range d {
		if name != "condition" {
			found[name] = r.search(body)
		}
	}
	switch c := d["condition"].(type) {
	case string:
		return r.condition(c, found)
	case []any:
		for _, x := range c {
			if r.condition(x.(string), found) {
				return true
			}
		}
	}
	return false
}

func (r ref) search(body any) bool {
	switch b := body.(type) {
	case map[string]any:
		for k, v := range b {
			if !r.field(k, v) {
				return false
			}
		}
		return true
	case []any:
		for _, x := range b {
			if m, ok := x.(map[string]any); ok && r.search(m) || !ok && r.keyword(x) {
				return true
			}
		}
		return false
	}
	return r.keyword(body)
}

func (r ref) keyword(v any) bool {
	const whole = "" // no field has this name
	if r.known[whole] == nil {
		r.known[whole] = []json.RawMessage{json.RawMessage(strings.ToLower(refText(r.event)))}
	}
	p := refText(v)
	if !strings.ContainsAny(p, `*?\`) {
		return strings.Contains(string(r.known[whole][0]), strings.ToLower(p))
	}
	return refGlob("*"+p+"*", string(r.known[whole][0]), true)
}

func (r ref) get(name string) []json.RawMessage {
	v, ok := r.known[name]
	if !ok {
		v = refGet(r.event, name)
		r.known[name] = v
	}
	return v
}

func (r ref) field(key string, want any) bool {
	parts := strings.Split(key, "|")
	name, mods := parts[0], map[string]bool{}
	for _, m := range parts[1:] {
		mods[m] = true
	}
	list, ok := want.([]any)
	if !ok {
		list = []any{want}
	}
	all := mods["all"]
	if name == "" {
		for _, w := range list {
			if r.keyword(w) != all {
				return !all
			}
		}
		return all
	}
	var have []json.RawMessage
	for _, n := range r.rename(name) {
		if have = r.get(n); len(have) > 0 {
			break
		}
	}
	if mods["exists"] {
		return len(have) > 0 == want.(bool)
	}
	for _, w := range list {
		if r.one(have, w, mods) != all {
			return !all
		}
	}
	return all
}

// one: some value of the field fulfils one value of the rule.
func (r ref) one(have []json.RawMessage, want any, mods map[string]bool) bool {
	if want == nil {
		for _, h := range have {
			if string(h) != "null" {
				return false
			}
		}
		return true
	}
	for _, h := range have {
		if string(h) == "null" {
			continue
		}
		text := refText(h)
		switch {
		case mods["re"]:
			if regexp.MustCompile(want.(string)).MatchString(text) {
				return true
			}
		case mods["fieldref"]:
			for _, o := range r.get(want.(string)) {
				if string(o) != "null" && strings.EqualFold(refText(o), text) {
					return true
				}
			}
		default:
			p := refText(want)
			if mods["contains"] || mods["endswith"] {
				p = "*" + p
			}
			if mods["contains"] || mods["startswith"] {
				p += "*"
			}
			if mods["cased"] && refGlob(p, text, false) || !mods["cased"] && refGlob(p, strings.ToLower(text), true) {
				return true
			}
		}
	}
	return false
}

// refGet collects the values of a dotted field, as JSON each.
func refGet(v json.RawMessage, name string) []json.RawMessage {
	var out []json.RawMessage
	switch v = bytes.TrimSpace(v); v[0] {
	case '{':
		var x map[string]json.RawMessage
		if json.Unmarshal(v, &x) != nil {
			return nil
		}
		for k, kid := range x {
			if k == name {
				out = append(out, refFlat(kid)...)
			} else if strings.HasPrefix(name, k+".") {
				out = append(out, refGet(kid, name[len(k)+1:])...)
			}
		}
	case '[':
		var x []json.RawMessage
		if json.Unmarshal(v, &x) != nil {
			return nil
		}
		for _, kid := range x {
			out = append(out, refGet(kid, name)...)
		}
	case '"':
		var text string
		if json.Unmarshal(v, &text) == nil && strings.HasPrefix(strings.TrimSpace(text), "{") && json.Valid([]byte(text)) {
			return refGet(json.RawMessage(text), name)
		}
	}
	return out
}

func refFlat(v json.RawMessage) []json.RawMessage {
	if v = bytes.TrimSpace(v); v[0] != '[' {
		return []json.RawMessage{v}
	}
	var list, out []json.RawMessage
	if json.Unmarshal(v, &list) != nil || len(list) == 0 {
		return []json.RawMessage{json.RawMessage("null")}
	}
	for _, x := range list {
		out = append(out, refFlat(x)...)
	}
	return out
}

var refString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// refText is a value as text: of what the rule says, or of JSON.
func refText(v any) string {
	raw, ok := v.(json.RawMessage)
	if !ok {
		if s, ok := v.(string); ok {
			return s
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var b bytes.Buffer
	json.Compact(&b, raw)
	return refString.ReplaceAllStringFunc(b.String(), func(q string) string {
		json.Unmarshal([]byte(q), &s)
		return `"` + s + `"`
	})
}

// refGlob is * and ? with backslash escapes, by trying everything.
func refGlob(p, text string, low bool) bool {
	type tok struct {
		r    rune
		wild bool
	}
	var toks []tok
	rs := []rune(p)
	for i := 0; i < len(rs); i++ {
		if rs[i] == '\\' && i+1 < len(rs) && strings.ContainsRune(`*?\`, rs[i+1]) {
			i++
			toks = append(toks, tok{rs[i], false})
			continue
		}
		toks = append(toks, tok{rs[i], rs[i] == '*' || rs[i] == '?'})
	}
	if low {
		for i := range toks {
			toks[i].r = []rune(strings.ToLower(string(toks[i].r)))[0]
		}
	}
	ts := []rune(text)
	reach := map[int]bool{0: true}
	for _, t := range toks {
		next := map[int]bool{}
		for at := range reach {
			switch {
			case t.wild && t.r == '*':
				for k := at; k <= len(ts); k++ {
					next[k] = true
				}
			case at < len(ts) && (t.wild || ts[at] == t.r):
				next[at+1] = true
			}
		}
		if reach = next; len(reach) == 0 {
			return false
		}
	}
	return reach[len(ts)]
}

var (
	of      = regexp.MustCompile(`(?i)\b(1|any|all) of (\S+?)(\)|\s|$)`)
	inner   = regexp.MustCompile(`\([^()]*\)`)
	orWord  = regexp.MustCompile(`(?i)\sor\s`)
	andWord = regexp.MustCompile(`(?i)\sand\s`)
)

// condition evaluates by rewriting: identifiers become true and false.
func (r ref) condition(c string, found map[string]bool) bool {
	c = of.ReplaceAllStringFunc(c, func(s string) string {
		x := of.FindStringSubmatch(s)
		all := strings.EqualFold(x[1], "all")
		result, n := all, 0
		for name, v := range found {
			in := x[2] == "them" && !strings.HasPrefix(name, "_")
			if ok, _ := regexp.MatchString("^"+strings.ReplaceAll(regexp.QuoteMeta(x[2]), `\*`, ".*")+"$", name); in || ok {
				n++
				if v != all {
					result = !all
				}
			}
		}
		if n == 0 {
			r.t.Fatalf("%q finds nothing", s)
		}
		if result {
			return "true" + x[3]
		}
		return "false" + x[3]
	})
	c = " " + strings.NewReplacer("(", " ( ", ")", " ) ").Replace(c) + " "
	for strings.Contains(c, "(") {
		c = inner.ReplaceAllStringFunc(c, func(s string) string { return fmt.Sprint(r.flat(s[1:len(s)-1], found)) })
	}
	return r.flat(c, found)
}

// flat decides a condition without brackets.
func (r ref) flat(c string, found map[string]bool) bool {
	for _, or := range orWord.Split(c, -1) {
		all := true
		for _, and := range andWord.Split(or, -1) {
			words := strings.Fields(and)
			v, ok := found[words[len(words)-1]]
			if w := words[len(words)-1]; !ok && w != "true" && w != "false" {
				r.t.Fatalf("no %q in %q", w, c)
			} else if !ok {
				v = w == "true"
			}
			for _, not := range words[:len(words)-1] {
				if !strings.EqualFold(not, "not") {
					r.t.Fatalf("%q in %q", not, c)
				}
				v = !v
			}
			all = all && v
		}
		if all {
			return true
		}
	}
	return false
}

func refYAML(t testing.TB, text string) map[string]any {
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
