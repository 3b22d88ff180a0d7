package bundle

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"probity/internal/custody"
	"probity/internal/seal"
)

func TestWishes(t *testing.T) {
	good := "redactions:\n  - {id: X1, nature: n, rule: r, names: [a, b]}\n"
	if list, err := ParseWishes([]byte(good)); err != nil || len(list) != 1 || len(list[0].Names) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	for text, want := range map[string]string{
		"":                   "reading the redactions",
		"redactions: []":     "want a list",
		"redaction: []":      "line 1: field redaction not found",
		good + "more: 1\n":   "field more not found",
		good + "---\na: 1\n": "a second document",
		"redactions:\n  - {nature: n, rule: r, names: [a]}":          "has no id",
		"redactions:\n  - {id: X, rule: r, names: [a]}":              "states no nature",
		"redactions:\n  - {id: X, nature: n, rule: ' ', names: [a]}": "no rule",
		"redactions:\n  - {id: X, nature: n, rule: r}":               "names nothing",
		"redactions:\n  - {id: X, nature: n, rule: r, name: a}":      "line 2: field name not found",
	} {
		if _, err := ParseWishes([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A name is withheld in all its letters, by pseudonyms that are equal where the
// names are.
func TestResolve(t *testing.T) {
	values := []string{"Harbour", "harbour", "HARBOUR", "Other One", "unrelated"}
	digest := func(v string) string { return fmt.Sprintf("%x", v) } // two values have digests that differ in more than their letters
	r, err := Resolve([]Wish{{ID: "X1", Nature: "n", Rule: "r", Names: []string{"HarBour"}}, {ID: "X2", Nature: "n", Rule: "r", Names: []string{"other one"}}}, values, digest)
	if err != nil {
		t.Fatal(err)
	}
	withheld, err := r.Withheld()
	if err != nil {
		t.Fatal(err)
	}
	if withheld[digest("harbour")] != "withheld-1" || len(withheld) != 4 || withheld[digest("unrelated")] != "" {
		t.Errorf("%q", withheld)
	}
	seen := map[string]bool{}
	for _, v := range []string{"Harbour", "harbour", "HARBOUR"} {
		name := withheld[digest(v)]
		if seen[name] || !strings.EqualFold(name, "withheld-1") {
			t.Errorf("%s is %q", v, name)
		}
		seen[name] = true
	}
	if name := withheld[digest("Other One")]; name == "withheld-2" || !strings.EqualFold(name, "withheld-2") {
		t.Errorf("a name with capitals is %q, which only one in lower case is", name)
	}
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(text)), digest("unrelated")) {
		t.Errorf("%s", text)
	}
	if _, err := custody.ParseRedactions(text); err != nil {
		t.Error(err)
	}
	for _, names := range [][]string{{"nobody"}, {"harbour", "HARBOUR"}} {
		if _, err := Resolve([]Wish{{ID: "X", Nature: "n", Rule: "r", Names: names}}, values, digest); err == nil {
			t.Errorf("%q was resolved", names)
		}
	}
}

func TestProofreadEncoded(t *testing.T) {
	s := seal.NewSealer([]byte(strings.Repeat("s", 32)))
	d, _ := s.Value("brought by the Local Office")
	texts, err := encoded("data/disclosures.json", []byte(`["`+d+`"]`))
	if err != nil || len(texts) != 1 {
		t.Fatal(err, texts)
	}
	h := hiddenIn([]Wish{{Names: []string{" local office "}}})
	if h.tellsIn("x", texts[0]) == nil || h.tellsIn("x", "the localoffice") != nil {
		t.Error("a name in a disclosure is not seen, or one that is not there is")
	}
	if texts, err = encoded("data/signatures/x.sigstore.json", []byte(`{"dsseEnvelope":{"payload":"TG9jYWwgT2ZmaWNl"}}`)); err != nil || h.tellsIn("x", texts[0]) == nil {
		t.Errorf("a name in what was signed is not seen: %q %v", texts, err)
	}
}

// A name is found however a file spells it; the program's own words are not
// taken for one.
func TestProofreadSpellings(t *testing.T) {
	h := hiddenIn([]Wish{{Names: []string{`Müller & "Söhne"`, "Local office"}}})
	for _, c := range []struct {
		file, text string
		tells      bool
	}{
		{"data/x.json", `{"a": ["M\u00fcller \u0026 \"SÖHNE\""]}`, true},
		{"data/x.json", `{"Müller & \"Söhne\"": 1}`, true},
		{"data/x.json", `{"a": "Mu\u0308ller & \"So\u0308hne\""}`, true}, // another normal form
		{"data/x.json", `{"a": "s3://b/Local%20office/x"}`, true},
		{"data/x.json", `{"relation": "local_office"}`, false},
		{"data/x.html", `<b>M&uuml;ller &amp; &#34;Söhne&#34;</b>`, true},
		{"data/x.html", `<td>the local office</td>`, false},
		{"data/x.html", `<td>Local office (local office)</td>`, true},
		{"data/case.yaml", "a: >\n  at the Local\n  office\n", true},
		{"data/case.yaml", `a: "Local \u006fffice"`, true},
		{"data/case.yaml", "# at the Local\n# office\na: 1\n", true},
		{"data/case.yaml", "a: local_office\n", false},
	} {
		list, err := texts(c.file, []byte(c.text))
		if err != nil {
			t.Fatal(c.text, err)
		}
		err = nil
		for _, text := range list {
			err = errors.Join(err, h.tellsIn(c.file, text))
		}
		if (err != nil) != c.tells {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

func FuzzWishes(f *testing.F) {
	f.Add([]byte("redactions:\n  - {id: X1, nature: n, rule: r, names: [a, b]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseWishes(text)
		if err != nil {
			return
		}
		for _, w := range list {
			if w.ID == "" || w.Nature == "" || w.Rule == "" || len(w.Names) == 0 {
				t.Errorf("%q gave %+v", text, w)
			}
		}
	})
}

const redactionsSeed = "{\"redactions\":[{\"id\":\"X1\",\"nature\":\"n\",\"rule\":\"r\",\"names\":{\"d\":\"withheld-1\"}}]}\n"

func FuzzRedactions(f *testing.F) {
	if _, err := custody.ParseRedactions([]byte(redactionsSeed)); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(redactionsSeed))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := custody.ParseRedactions(text)
		if err != nil {
			return
		}
		again, err := r.Text()
		if err != nil || string(again) != string(text) {
			t.Errorf("%q became %q (%v)", text, again, err)
		}
	})
}
