package casefile

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestSchemaIsCheckedIn(t *testing.T) {
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "../../case.schema.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("case.schema.json is not what the definitions give: run go test ./internal/casefile -update")
	}
}

func TestTemplate(t *testing.T) {
	c, err := Parse("case.yaml", Template())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Claims()) != 5 || c.Minimum != 0.95 || !c.Allegations[0].Claims[1].Material || c.Allegations[0].Claims[1].Tests[0].Per != probity.PerHour {
		t.Errorf("%+v", c)
	}
	if got := c.Allegations[0].Claims[0].Tests[0]; got.Threshold != 8e15 || got.Where.Region != "westeurope" || got.Text != "8 PB" {
		t.Errorf("%+v", got)
	}
}

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	file, err := Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(dir)
	if err != nil || c.File != file || c.Dir != dir || len(c.SHA256) != 64 {
		t.Errorf("%v %+v", err, c)
	}
	if _, err := Init(dir); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("second init: %v", err)
	}
}

const small = `probity: 1
id: x
period: {from: 2025-01-01, until: 2025-02-01}
allegations:
  - id: A1
    statement: s
    claims:
      - {id: A1.1, statement: s, test: {quantity: bytes_stored, at_least: 8 PB}}
`

// Each mistake is told with its place and with what would be right.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "at_least: 8 PB", "at_leest: 8 PB", `8:65: unknown key "at_leest" in test: did you mean "at_least"?`},
		{"no threshold", ", at_least: 8 PB", "", "lacks its threshold: write at_least or at_most"},
		{"bad unit", "8 PB", "8 PX", `8:75: "PX" is no unit here: use one of B, EB`},
		{"negative", "8 PB", "-8 PB", "negative"},
		{"unknown quantity", "bytes_stored", "bytes_storred", `quantity "bytes_storred" is unknown: did you mean "bytes_stored"?`},
		{"no test", ", test: {quantity: bytes_stored, at_least: 8 PB}", "", `8:9: an element of claims lacks the key "test"`},
		{"empty test", "{quantity: bytes_stored, at_least: 8 PB}", "{}", "exactly one of quantity, indicator, rule, estate; this one has none"},
		{"two subjects", "quantity: bytes_stored,", "quantity: bytes_stored, rule: logging_reduced,", "has quantity and rule"},
		{"provision", "statement: s\n    claims", "statement: s\n    provisions: [aup/x]\n    claims", `7:18: provision "aup/x" does not exist: the case has none`},
		{"source", "statement: s\n    claims", "statement: s\n    sources: [S9]\n    claims", `source "S9" does not exist`},
		{"upside down", "until: 2025-02-01", "until: 2024-02-01", "3:35: the period is upside down"},
		{"empty period", "until: 2025-02-01", "until: 2025-01-01", "the period is empty"},
		{"no such day", "from: 2025-01-01", "from: 2025-02-30", "3:16: \"2025-02-30\" is no date of the calendar"},
		{"claims alike", "    claims:\n", "    claims:\n      - {id: A1.1, statement: s, test: {estate: undisclosed}}\n", `9:14: claim "A1.1" has the id of another in line 8`},
		{"key twice", "id: x\n", "id: x\nid: y\n", `3:1: key "id" stands twice in the case, first in line 2`},
		{"sum of a level", "at_least", "aggregate: sum, at_least", "its sum over time says nothing"},
		{"threshold of an indicator", "{quantity: bytes_stored, at_least: 8 PB}", "{indicator: speech_archive, at_least: 1}", "an indicator has no threshold"},
		{"unknown rule", "{quantity: bytes_stored, at_least: 8 PB}", "{rule: logging_reduce}", `did you mean "logging_reduced"?`},
		{"version", "probity: 1", "probity: 2", `probity "2" is unknown: use one of 1`},
		{"relation", "allegations:", "evidence:\n  - {path: e, custodian: {name: a, relation: friend}}\nallegations:", `relation "friend" is unknown`},
		{"path", "allegations:", "evidence:\n  - {path: ../e}\nallegations:", "leaves the case folder"},
		{"absolute", "allegations:", "evidence:\n  - {path: /e}\nallegations:", "leaves the case folder"},
		{"minimum", "allegations:", "coverage: {minimum: 95}\nallegations:", "write a share above 0 and at most 1"},
		{"tolerance", "allegations:", "tolerances: [{quantity: requests, between: [logged], share: 2}]\nallegations:", "names the two witnesses"},
		{"grade", "allegations:", "sources: [{id: S1, name: n, grade: G2}]\nallegations:", "a grade from A1 to F6"},
		{"not a list", "allegations:\n  - id: A1", "allegations:\n    id: A1", "allegations must be a list"},
		{"alias", "id: x\n", "id: &a x\ntitle: *a\n", "anchors and aliases are not used"},
		{"syntax", "id: x", "id: [x", "not valid YAML"},
		{"two documents", "probity: 1", "probity: 1\n---\nprobity: 1", "a case is one document"},
		{"time authority without a certificate", "allegations:", "review: {time_authority: {url: \"https://t.example\"}}\nallegations:", `lacks the key "certificate"`},
		{"time authority elsewhere", "allegations:", "review: {time_authority: {url: \"https://t.example\", certificate: ../t.pem}}\nallegations:", "lies outside the case folder"},
		{"time authority of another kind", "allegations:", "review: {time_authority: {url: ldap, certificate: t.pem}}\nallegations:", "write an address such as https://"},
		{"number", "minimum", "minimum", ""},
	} {
		if c.want == "" {
			continue
		}
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		_, err := Parse("case.yaml", []byte(text))
		var m *Mistakes
		if !errors.As(err, &m) {
			t.Errorf("%s: error %v, want mistakes", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "case.yaml:") {
			t.Errorf("%s: got\n%v\nwant %q", c.name, err, c.want)
		}
	}
	if _, err := Parse("case.yaml", []byte(small)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "# nothing\n", "\xff\xfe", "just text"} {
		if _, err := Parse("case.yaml", []byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// All mistakes of a file are told in one run, by line.
func TestAllMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer("until: 2025-02-01", "until: 2024-02-01", "8 PB", "8 PX", "id: x", "ide: x", "bytes_stored", "bytes").Replace(small)
	_, err := Parse("case.yaml", []byte(text))
	var m *Mistakes
	if !errors.As(err, &m) {
		t.Fatal(err)
	}
	var lines []int
	for _, x := range m.List {
		lines = append(lines, x.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 8}, lines); diff != "" {
		t.Errorf("%s\n%v", diff, err)
	}
}

func TestLeadingZero(t *testing.T) {
	text := strings.Replace(small, "allegations:", "estate: [{provider: aws, account: 12345678901}]\nallegations:", 1)
	c, err := Parse("case.yaml", []byte(text))
	if err != nil || c.Estate[0].Account != "012345678901" || len(c.Warnings) != 1 {
		t.Errorf("%v %+v", err, c)
	}
}

func TestScenarioCases(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/scenarios/*/case.yaml")
	for _, f := range files {
		if _, err := Load(filepath.Dir(f)); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add(Template())
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("case.yaml", data)
		if err != nil {
			return
		}
		if c.Period.Empty() || len(c.Claims()) == 0 {
			t.Fatalf("a case without a period or a claim: %q", data)
		}
		for _, x := range c.Claims() {
			if len(x.Claim.Tests) == 0 {
				t.Fatalf("a claim without a test: %q", data)
			}
		}
	})
}

// move_out needs a date within the period, and nothing else takes one.
func TestAfter(t *testing.T) {
	const text = "probity: 1\nid: x\nperiod: {from: 2025-01-01, until: 2025-02-01}\nallegations:\n  - {id: A1, statement: s, claims: [{id: A1.1, statement: s, test: {TEST}}]}\n"
	for test, want := range map[string]string{
		"indicator: move_out, after: 2025-01-20":                      "",
		"indicator: move_out":                                         "move_out compares days before and after a date",
		"indicator: move_out, after: 2025-03-20":                      "must lie within the period",
		"indicator: move_out, after: 2025-01-01":                      "must lie within the period",
		"indicator: move_out, after: soon":                            "after is \"soon\"",
		"indicator: speech_archive, after: 2025-01-20":                "after belongs to the indicator move_out",
		"quantity: bytes_egressed, at_least: 8 PB, after: 2025-01-20": "after belongs to the indicator move_out",
	} {
		c, err := Parse("case.yaml", []byte(strings.Replace(text, "TEST", test, 1)))
		switch {
		case want == "" && (err != nil || c.Allegations[0].Claims[0].Tests[0].After.Format("2006-01-02") != "2025-01-20"):
			t.Errorf("%s: %v", test, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", test, err, want)
		}
	}
}
