package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"probity"
)

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (run go test ./internal/report -update if this is meant):\n%s", name, diff)
	}
}

// empty is the review of a case that alleges nothing and holds nothing.
func empty() *probity.Review {
	r := &probity.Review{Probity: 1, Case: "empty", Period: probity.Span{From: day(1), Until: day(2)}, Tool: probity.Tool{Name: "probity", Version: "0"},
		CaseSHA256: strings.Repeat("e", 64), Plan: probity.PlanStanding{Leaf: -1, NotAsSealed: []probity.RuleNow{}}, Allegations: []probity.Alleged{}, Claims: []probity.ClaimResult{},
		Discrepancies: []probity.Discrepancy{}, Gaps: []probity.Gap{}, Requests: []probity.RequestRef{}, Exhibits: []probity.Exhibit{}, Integrity: []probity.Integrity{}, Warnings: []string{},
		Estate: probity.Estate{Undisclosed: []probity.Undisclosed{}, Resources: []probity.Resource{}}}
	r.Conclusion = probity.Conclude(nil)
	return r
}

// hostile is what a name in a record may hold.
const hostile = "<script>alert(1)</script>\"'&\x1b[31mred\x07\u202Eevil\nSUPPORTED\r![x](http://e.example)|`=cmd()`\xff"

func rendered(t *testing.T, r *probity.Review) []byte {
	t.Helper()
	text, err := OSCAL(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OSCAL(r)
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the same review gives other bytes: %v", err)
	}
	return text
}

func TestOSCALGolden(t *testing.T) { golden(t, "oscal.json", rendered(t, fixture(t, ""))) }

// What is written is assessment-results of OSCAL 1.1.3, whatever names hold.
func TestOSCALIsValid(t *testing.T) {
	const file = "../../../shared/data/oscal/oscal_complete_schema-1-1-3.json"
	f, err := os.Open(file)
	if err != nil {
		t.Skipf("the schema is not here: %v", err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("oscal.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	strange := fixture(t, hostile)
	strange.Claims[0].ID, strange.Case, strange.CaseSHA256 = hostile, hostile, strings.Repeat("a", 64)
	strange.Exhibits[0].Path = "//host:80/" + hostile
	strange.Exhibits = append(strange.Exhibits, strange.Exhibits[0])
	bare := fixture(t, "")
	bare.Claims[0].Tests, bare.Claims[1].Tests[0].Witnesses, bare.Exhibits = nil, nil, nil
	for name, r := range map[string]*probity.Review{"fixture": fixture(t, ""), "empty": empty(), "hostile": strange, "bare": bare} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(rendered(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := strings.Replace(string(rendered(t, fixture(t, ""))), `"collected"`, `"gathered"`, 1)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(broken))
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(v) == nil {
		t.Error("the schema takes anything")
	}
}

// Each UUID is given once, and each that is referred to is given.
func TestOSCALReferences(t *testing.T) {
	for name, r := range map[string]*probity.Review{"fixture": fixture(t, ""), "hostile": fixture(t, hostile), "empty": empty()} {
		var v any
		if err := json.Unmarshal(rendered(t, r), &v); err != nil {
			t.Fatal(err)
		}
		given, asked := map[string]int{}, map[string]bool{}
		var walk func(v any)
		walk = func(v any) {
			switch x := v.(type) {
			case []any:
				for _, e := range x {
					walk(e)
				}
			case map[string]any:
				for k, e := range x {
					s, _ := e.(string)
					switch {
					case k == "uuid":
						given[s]++
					case strings.HasSuffix(k, "-uuid"):
						asked[s] = true
					case k == "href" && strings.HasPrefix(s, "#"):
						asked[s[1:]] = true
					}
					walk(e)
				}
			}
		}
		walk(v)
		for id, n := range given {
			if n > 1 {
				t.Errorf("%s: %s is given %d times", name, id, n)
			}
		}
		for id := range asked {
			if given[id] == 0 {
				t.Errorf("%s: %s is referred to and not given", name, id)
			}
		}
	}
}

// OSCAL has two states. What is open is told as neither passed nor failed.
func TestOSCALStates(t *testing.T) {
	var doc struct {
		Results struct {
			Results []struct {
				Findings []struct {
					Title  string
					Target struct {
						Status struct{ State, Reason, Remarks string }
					}
				}
			}
		} `json:"assessment-results"`
	}
	if err := json.Unmarshal(rendered(t, fixture(t, "")), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range doc.Results.Results[0].Findings {
		s := f.Target.Status
		got = append(got, f.Title+" | "+s.State+" "+s.Reason)
		if s.Reason == "other" && !strings.Contains(s.Remarks, "coverage") && !strings.Contains(s.Remarks, "cover ") && !strings.Contains(s.Remarks, "Not assessed") {
			t.Errorf("%s: %s", f.Title, s.Remarks)
		}
	}
	want := []string{"A1.1: supported | not-satisfied fail", "A1.2: contradicted | satisfied pass", "A1.3: not supported within coverage | satisfied other",
		"A1.4: undetermined | not-satisfied other", "A1.5: not assessed | not-satisfied other", "A1.6: supported in part | not-satisfied fail"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
