package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
	"probity/internal/casefile"
)

var update = flag.Bool("update", false, "write the golden files")

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func harbour(t *testing.T) *probity.Case {
	t.Helper()
	c, err := casefile.Load("../../examples/harbour")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// When a record of a period is lost, by the calendar.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		from, until, today string
		kept               int
		want               Clock
	}{
		{"2025-01-06", "2025-01-14", "2025-02-10", 90, Clock{Intact, 90, "2025-04-06", "2025-04-13", 55, 0}},
		{"2025-01-06", "2025-01-14", "2025-04-05", 90, Clock{Intact, 90, "2025-04-06", "2025-04-13", 1, 0}},
		{"2025-01-06", "2025-01-14", "2025-04-06", 90, Clock{Losing, 90, "2025-04-06", "2025-04-13", 0, 0}},
		{"2025-01-06", "2025-01-14", "2025-04-10", 90, Clock{Losing, 90, "2025-04-06", "2025-04-13", 0, 0.5}},
		{"2025-01-06", "2025-01-14", "2025-04-14", 90, Clock{Lost, 90, "2025-04-06", "2025-04-13", 0, 1}},
		{"2025-01-06", "2025-01-14", "2026-04-14", 0, Clock{State: Unknown}},
		{"2024-02-28", "2024-03-01", "2024-02-29", 1, Clock{Losing, 1, "2024-02-29", "2024-03-01", 0, 0}}, // a leap day
		{"2023-02-28", "2023-03-01", "2023-02-20", 1, Clock{Intact, 1, "2023-03-01", "2023-03-01", 9, 0}},
		{"2030-01-01", "2030-02-01", "2025-01-01", 30, Clock{Intact, 30, "2030-01-31", "2030-03-02", 1856, 0}}, // not begun
	} {
		got := clock(probity.Span{From: day(c.from), Until: day(c.until)}, day(c.today), c.kept)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s..%s on %s, kept %d days:\n%s", c.from, c.until, c.today, c.kept, d)
		}
	}
}

// What a user sees of the example: the text, the JSON, the letters.
func TestHarbour(t *testing.T) {
	p, err := Make(harbour(t), day("2025-02-10"))
	if err != nil {
		t.Fatal(err)
	}
	p.CaseSHA256 = strings.Repeat("0", 64) // the case file may be edited without another plan
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "harbour.txt", p.Text(TextOptions{Width: 100}))
	golden(t, "harbour.json", append(data, '\n'))
	letters := p.Requests()
	if len(letters) != 4 {
		t.Errorf("%d letters, want one a custodian: 4", len(letters))
	}
	for name, text := range letters {
		golden(t, name, text)
		if !bytes.Contains(text, []byte("No content is asked for")) || !bytes.Contains(text, []byte("Audit committee of the provider")) {
			t.Errorf("%s does not say who asks, or that no content is asked for", name)
		}
	}
	// The letters name resources that claims are about, and never a container of
	// people's files beyond them.
	if n := len(slices.DeleteFunc(slices.Clone(p.Records), func(r Record) bool { return r.Clock.State != Lost })); n == 0 {
		t.Error("no record is said to be lost, and sign-in logs are")
	}
}

// What is lost soonest comes first, whatever the day.
func TestSoonestFirst(t *testing.T) {
	for _, today := range []string{"2024-12-01", "2025-02-10", "2025-04-10", "2025-06-01", "2034-01-01"} {
		p, err := Make(harbour(t), day(today))
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(p.Records); i++ {
			if p.Records[i].Clock.before(p.Records[i-1].Clock) {
				t.Errorf("%s: %s stands before %s", today, p.Records[i-1].Name, p.Records[i].Name)
			}
		}
	}
}

// Every claim of the example can be decided by something, and each record that
// is named is in the list.
func TestEveryClaimHasRecords(t *testing.T) {
	p, err := Make(harbour(t), day("2025-02-10"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range p.Records {
		known[r.ID] = true
		if r.Source == "" || r.Dated == "" || r.Holder == "" || r.Suppressor == "" {
			t.Errorf("%s lacks its source, date, holder or who can suppress it", r.ID)
		}
	}
	for _, c := range p.Claims {
		for _, x := range c.Tests {
			if len(x.Uses) == 0 || len(x.Uses[0].Can) == 0 {
				t.Errorf("%s: nothing could decide it", c.ID)
			}
			for _, u := range x.Uses {
				if !known[u.Record] {
					t.Errorf("%s uses %s, which is not listed", c.ID, u.Record)
				}
			}
		}
	}
}

// Each rule of a case that changes is told, and no other.
func TestRules(t *testing.T) {
	before := Rules(harbour(t), nil, nil)
	if d := cmp.Diff(before, Rules(harbour(t), nil, nil)); d != "" {
		t.Fatal(d)
	}
	for what, change := range map[string]func(c *probity.Case){
		"a threshold":            func(c *probity.Case) { c.Allegations[0].Claims[0].Tests[0].Threshold *= 2 },
		"whether it is material": func(c *probity.Case) { c.Allegations[0].Claims[1].Material = false },
		"the words of a claim":   func(c *probity.Case) { c.Allegations[0].Claims[0].Statement = "other words" },
		"the least coverage":     func(c *probity.Case) { c.Minimum = 0.5 },
		"the period":             func(c *probity.Case) { c.Period.Until = c.Period.Until.AddDate(0, 0, 1) },
		"a tolerance": func(c *probity.Case) {
			c.Tolerances = append(c.Tolerances, probity.Tolerance{Quantity: "requests", Between: [2]probity.Witness{"logged", "metered"}, Share: 0.5})
		},
		"a claim more": func(c *probity.Case) {
			x := c.Allegations[0].Claims[0]
			x.ID = "A1.99"
			c.Allegations[0].Claims = append(c.Allegations[0].Claims, x)
		},
		"a claim less": func(c *probity.Case) { c.Allegations[0].Claims = c.Allegations[0].Claims[1:] },
	} {
		c := harbour(t)
		change(c)
		var moved []string
		for _, x := range Compare(before, Rules(c, nil, nil)) {
			if x.Standing != Sealed {
				moved = append(moved, x.ID+" "+string(x.Standing))
			}
		}
		if len(moved) != 1 {
			t.Errorf("%s changed: %q, want one rule", what, moved)
		}
		if Digest(before) == Digest(Rules(c, nil, nil)) {
			t.Errorf("%s changed, and the digest did not", what)
		}
	}
	for what, change := range map[string]func(c *probity.Case){
		"the evidence": func(c *probity.Case) { c.Evidence = nil },
	} {
		c := harbour(t)
		change(c)
		if Digest(before) != Digest(Rules(c, nil, nil)) {
			t.Errorf("%s is no rule, and changed the digest", what)
		}
	}
	if d := cmp.Diff(len(before), len(must(parseRules(rulesText(before))))); d != "" {
		t.Error(d)
	}
}

func must(r []Rule, err error) []Rule {
	if err != nil {
		panic(err)
	}
	return r
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	p := filepath.Join("testdata", name)
	if *update {
		os.MkdirAll("testdata", 0o777)
		if err := os.WriteFile(p, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (run go test ./internal/plan -update if this is meant):\n%s", name, d)
	}
}
