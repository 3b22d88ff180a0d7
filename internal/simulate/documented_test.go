package simulate

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// docs/simulate.md names every use and every fault, FORMATS.md every key.
func TestScenariosAreDocumented(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	page, formats := read("docs/simulate.md"), read("FORMATS.md")
	formats = formats[strings.Index(formats, "## Scenarios of probity simulate"):]
	s := &Scenario{}
	var err error
	if s.profiles, err = Profiles(); err != nil {
		t.Fatal(err)
	}
	for _, use := range s.uses() {
		if !strings.Contains(page, "`"+use+"`") {
			t.Errorf("docs/simulate.md does not name the use %s", use)
		}
	}
	keys := func(v any) (out []string) {
		for i := range reflect.TypeOf(v).NumField() {
			if key := reflect.TypeOf(v).Field(i).Tag.Get("yaml"); key != "" {
				out = append(out, key)
			}
		}
		return out
	}
	for _, key := range keys(Edit{}) {
		if !strings.Contains(page, "`"+key+"`") && key != "share" {
			t.Errorf("docs/simulate.md does not name the fault %s", key)
		}
	}
	for _, v := range []any{Scenario{}, Account{}, Storage{}, Container{}, Speech{}, Edit{}, CaseText{}, ClaimText{}} {
		for _, key := range keys(v) {
			if !strings.Contains(formats, "`"+key+"`") && !strings.Contains(formats, "."+key+"`") {
				t.Errorf("FORMATS.md does not name the key %s of a scenario", key)
			}
		}
	}
	// The scenario of the page reads.
	_, text, _ := strings.Cut(page, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	if _, err := Parse("docs/simulate.md", []byte(text)); err != nil {
		t.Error(err)
	}
}
