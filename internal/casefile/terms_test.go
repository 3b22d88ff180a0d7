package casefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"probity"
	"probity/catalog"
)

func packText(t testing.TB) string {
	t.Helper()
	data, err := catalog.Files.ReadFile("terms/example-cloud.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every pack that ships is whole: each version says when it had effect and when
// it was seen, each provision whose paraphrase it is and what it needs.
func TestPacks(t *testing.T) {
	list, err := Packs()
	if err != nil || len(list) == 0 {
		t.Fatalf("%d packs: %v", len(list), err)
	}
	for _, p := range list {
		if len(p.Versions) < 2 {
			t.Errorf("%s has %d versions", p.ID, len(p.Versions))
		}
		for _, v := range p.Versions {
			for _, x := range v.Provisions {
				if v.Effective.From == "" || v.Captured.At == "" || v.Captured.By == "" || v.Captured.Locator == "" || x.Section == "" || x.Author == "" || len(x.SHA256) != 64 || len(x.Needs) == 0 {
					t.Errorf("%s %s %s: incomplete: %+v", p.ID, v.Version, x.ID, x)
				}
			}
		}
	}
}

func TestPackMistakes(t *testing.T) {
	good := packText(t)
	for _, c := range []struct{ name, from, to, want string }{
		{"text of a provision", "        section: \"4 (b)\"\n", "        section: \"4 (b)\"\n        text: The customer shall not\n", `"text" would keep the captured text`},
		{"quote of a version", `  - version: "2023-03-01"`, "  - version: \"2023-03-01\"\n    Quote: x", `"Quote" would keep the captured text`},
		{"wording at the top", "id: example-cloud\n", "id: example-cloud\nwording: x\n", `"wording" would keep the captured text`},
		{"long paraphrase", "Customers may not use the service", "Customers may not use the service " + strings.Repeat("and so on ", 40), "at most 300: say it in your own words"},
		{"unknown key", "        author: B. Example\n", "        auther: B. Example\n", `unknown key "auther"`},
		{"digest", `        sha256: `, `        sha256: z`, "64 hexadecimal digits"},
		{"indicator", "indicator: speech_archive", "indicator: speech_archives", `did you mean "speech_archive"?`},
		{"two needs in one", "indicator: speech_archive,", "indicator: speech_archive, quantity: bytes_stored,", "a need names one thing"},
		{"no effect", "    effective: {from: 2024-10-01}\n", "", `lacks the key "effective"`},
		{"overlap", "until: 2024-10-01", "until: 2024-12-01", "begins before the one above it has ended"},
		{"upside down", "until: 2024-10-01", "until: 2022-10-01", "not after it begins"},
		{"twice", `version: "2024-10-01"`, `version: "2023-03-01"`, "stands twice"},
		{"not YAML", "versions:", "versions: [", "not valid YAML"},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if bad == good {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		p, err := ParsePack("p.yaml", []byte(bad))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "p.yaml:") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if p != nil {
			t.Errorf("%s: a pack with mistakes was returned", c.name)
		}
	}
}

const caseOfPack = `probity: 1
id: x
period: {from: PERIOD}
terms:
  - {id: aup, pack: example-cloud, version: "VERSION"}
allegations:
  - {id: A1, statement: s, provisions: [aup/surveillance], claims: [{id: A1.1, statement: s, test: {quantity: bytes_stored, at_least: 8 PB}}]}
`

func TestCaseOfPack(t *testing.T) {
	for _, c := range []struct{ period, version, warns string }{
		{"2025-01-01, until: 2025-02-01", "2024-10-01", ""},
		{"2025-01-01, until: 2025-02-01", "2023-03-01", "lies outside the time of effect of terms aup, version 2023-03-01 (from 2023-03-01 until 2024-10-01)"},
		{"2024-09-01, until: 2024-11-01", "2024-10-01", "lies partly outside the time of effect"},
		{"2024-09-01, until: 2024-10-01", "2023-03-01", ""},
		{"2022-01-01, until: 2022-02-01", "2023-03-01", "lies outside"},
	} {
		got, err := Parse("case.yaml", []byte(strings.NewReplacer("PERIOD", c.period, "VERSION", c.version).Replace(caseOfPack)))
		if err != nil {
			t.Fatal(err)
		}
		warnings := strings.Join(got.Warnings, "\n")
		if c.warns != "" && !strings.Contains(warnings, c.warns) || c.warns == "" && strings.Contains(warnings, "time of effect") {
			t.Errorf("%s, %s: %s", c.period, c.version, warnings)
		}
		if !strings.Contains(warnings, "provision aup/surveillance needs a claim on indicator: speech_archive, and allegation A1 has none") || strings.Contains(warnings, "bytes_stored") {
			t.Errorf("needs: %s", warnings)
		}
		if x := got.Terms[0]; x.ID != "aup" || x.Pack != "example-cloud" || x.Captured.By != "A. Example" || x.Provisions[0].Section == "" {
			t.Errorf("%+v", x)
		}
	}
	for _, c := range []struct{ from, to, want string }{
		{`version: "VERSION"`, `version: "1999"`, `pack example-cloud has no version "1999": write one of 2023-03-01, 2024-10-01`},
		{`version: "VERSION"`, `instrument: other, version: "2024-10-01"`, "instrument stands beside pack"},
		{`pack: example-cloud, `, ``, `lacks the key "instrument"`},
		{`pack: example-cloud`, `pack: exampel-cloud`, `"exampel-cloud" is unknown`},
		{"aup/surveillance", "aup/profile", `provision "aup/profile" does not exist`},
	} {
		text := strings.NewReplacer("PERIOD", "2025-01-01, until: 2025-02-01", c.from, c.to, "VERSION", "2024-10-01").Replace(caseOfPack)
		if _, err := Parse("case.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

// What show --case prints stands in a case as the pack does.
func TestWriteTerms(t *testing.T) {
	p, err := LoadPack("example-cloud")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteTerms(&b, &p.Versions[1]); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("PERIOD", "2025-01-01, until: 2025-02-01", "  - {id: aup, pack: example-cloud, version: \"VERSION\"}\n", b.String(), "aup/", "example-cloud/").Replace(caseOfPack)
	got, err := Parse("case.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want := p.Versions[1]
	if x := got.Terms[0]; x.Effective != want.Effective || x.Captured != want.Captured || len(DiffTerms(&x, &want)) != 0 || len(x.Provisions) != len(want.Provisions) {
		t.Errorf("%+v", x)
	}
}

func TestDiffTerms(t *testing.T) {
	p := func(id, section, paraphrase, sum string) probity.Provision {
		return probity.Provision{ID: id, Section: section, Paraphrase: paraphrase, SHA256: sum}
	}
	a := &probity.Terms{Provisions: []probity.Provision{p("same", "1", "x", "1"), p("moved", "2", "x", "2"), p("reworded", "3", "x", "3"), p("gone", "4", "g", "4")}}
	b := &probity.Terms{Provisions: []probity.Provision{p("new", "5", "n", "5"), p("same", "1", "x", "1"), p("moved", "7", "x", "2"), p("reworded", "3", "x", "9")}}
	want := []TermsChange{{"moved", "section", "2", "7"}, {"reworded", "text only", "3", "9"}, {"gone", "removed", "g", ""}, {"new", "added", "", "n"}}
	got := DiffTerms(a, b)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestLoadPackOfFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte(packText(t)), 0o666); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadPack(file); err != nil || p.ID != "example-cloud" {
		t.Errorf("%v %v", p, err)
	}
	if _, err := LoadPack("nosuch"); err == nil || !strings.Contains(err.Error(), "name one of the catalogue's packs (example-cloud") {
		t.Errorf("%v", err)
	}
}

// Whatever the bytes, a pack is read whole or not at all, and holds no text.
func FuzzPack(f *testing.F) {
	f.Add([]byte(packText(f)))
	f.Add([]byte("probity_terms: 1\nid: x\nversions: [{text: x}]\n"))
	f.Add([]byte("versions: [{provisions: [{needs: [[]]}]}, {}]\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePack("f.yaml", data)
		if (p == nil) == (err == nil) {
			t.Fatalf("%v and %v", p, err)
		}
		if p == nil {
			return
		}
		for _, v := range p.Versions {
			if v.Effective.From == "" || v.Captured.At == "" {
				t.Errorf("a version without effect or capture was taken: %+v", v)
			}
			for _, x := range v.Provisions {
				if len([]rune(x.Paraphrase)) > maxParaphrase || len(x.SHA256) != 64 {
					t.Errorf("%+v", x)
				}
			}
		}
	})
}
