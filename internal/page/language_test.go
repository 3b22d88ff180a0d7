package page

import (
	"bytes"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"probity"
)

// Each catalogue has every message with the same names to fill in.
func TestCatalogues(t *testing.T) {
	en, err := load("en")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\{[a-z]+\}`)
	for _, lang := range Languages {
		l, err := load(lang)
		if err != nil {
			t.Fatal(err)
		}
		if l.tag != "en" && l.messages["machine-made"] == "" {
			t.Errorf("%s: the page does not say that it was translated by a machine", lang)
		}
		for key, text := range en.messages {
			if strings.HasSuffix(key, ".one") {
				continue // each language has its own forms
			}
			other, ok := l.messages[key]
			if !ok || other == "" && text != "" {
				t.Errorf("%s: no message %q", lang, key)
				continue
			}
			for _, n := range names.FindAllString(text, -1) {
				if !strings.Contains(other, n) {
					t.Errorf("%s: message %q lacks %s", lang, key, n)
				}
			}
		}
		for key := range l.messages {
			if _, ok := en.messages[strings.TrimSuffix(key, ".one")]; !ok {
				t.Errorf("%s: message %q stands in no other catalogue", lang, key)
			}
		}
	}
	if err := HTML(&bytes.Buffer{}, empty(), Options{Lang: "xx"}); err == nil || !strings.Contains(err.Error(), "use one of en") {
		t.Errorf("a language that is not known: %v", err)
	}
}

// Every word of the vocabulary has its message, and every message is used.
func TestMessagesAreUsed(t *testing.T) {
	en, err := load("en")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	need := func(key string) {
		used[key] = true
		if en.messages[key] == "" {
			t.Errorf("no message %q", key)
		}
	}
	for _, w := range probity.Witnesses {
		need("w." + string(w))
		need("wm." + string(w))
		need("ws." + string(w))
	}
	for _, c := range probity.Causes {
		need("c." + string(c))
		need("cm." + string(c))
		if letters[c] == "" {
			t.Errorf("cause %s has no letter", c)
		}
	}
	for _, q := range probity.Quantities {
		need("q." + string(q))
	}
	for _, o := range outcomes {
		need("o." + o.String())
		need("om." + o.String())
	}
	for _, o := range []probity.Opinion{probity.Unmodified, probity.Qualified, probity.Adverse, probity.Disclaimer} {
		need("opinion." + string(o))
		need("meaning." + string(o))
	}
	for prefix, words := range map[string]string{
		"r.": "customer local_office provider third_party", "b.": "below above both neither", "st.": "open received_in_part received received_late refused redacted overdue",
		"x.": "explains does_not_explain cannot_be_tested altered missing conflict", "ia.": "consistent not_consistent cannot_tell", "rd.": "log_short log_excess listing_short listing_excess bill_short bill_excess metric_short metric_excess",
		"threshold.": "sealed changed unsealed", "step.": "day week month quarter year", "ag.": "max min mean sum last", "per.": "hour day month", "in.": "after provider account region service resource container",
		"asks.": "at_least at_most", "n.": "count objects requests events resources",
	} {
		for _, w := range strings.Fields(words) {
			need(prefix + w)
		}
	}
	var code strings.Builder
	for _, dir := range []string{".", "template"} {
		files, err := fs.ReadDir(os.DirFS(dir), ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir() || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			data, err := os.ReadFile(dir + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			code.Write(data)
		}
	}
	for key := range en.messages {
		key = strings.TrimSuffix(key, ".one")
		if !used[key] && !strings.Contains(code.String(), `"`+key+`"`) {
			t.Errorf("message %q is used nowhere", key)
		}
	}
}

// In a language that is written from right to left the page says so, and what
// the review carries keeps its own language and direction.
func TestRightToLeft(t *testing.T) {
	p := render(t, harbour(t), "ar")
	for _, want := range []string{`<html lang="ar" dir="rtl">`, `<span lang="en" dir="ltr">Supported: the records show 1.532 GB stored (billed); within coverage of 100 % (minimum 95 %).</span>`, `class="machine"`, `<code dir="ltr">`} {
		if !strings.Contains(p, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	// The same numbers, whatever the language.
	number := regexp.MustCompile(`\d+(?:[.,]\d+)* (?:[kMGTPE]?B\b|h\b|%)`)
	count := func(s string) map[string]bool {
		m := map[string]bool{}
		for _, n := range number.FindAllString(flat(s), -1) {
			m[n] = true
		}
		return m
	}
	other := count(p)
	for n := range count(render(t, harbour(t), "en")) {
		if !other[n] {
			t.Errorf("%q stands in the English page only", n)
		}
	}
}
