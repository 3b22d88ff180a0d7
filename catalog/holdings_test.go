package catalog

import (
	"regexp"
	"strings"
	"testing"
)

// Every entry says whose it is, what it tells and where that is written, and
// tells no more than the SQL of its witness does.
func TestHoldings(t *testing.T) {
	list, err := Holdings()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, r := range list {
		ids[r.ID] = true
	}
	strength := map[string]int{"neither": 0, "below": 1, "above": 2, "both": 3}
	names := map[string]string{}
	for _, r := range list {
		if r.ID == "" || r.Name == "" || len(r.Holders) == 0 || r.Destination == "" || r.Format == "" || r.Semantics == "" || r.Source == "" ||
			!regexp.MustCompile(`^(20\d\d-\d\d|not given)$`).MatchString(r.Dated) || len(r.Bounds)+len(r.Finds) == 0 {
			t.Errorf("%s: incomplete: %+v", r.ID, r)
		}
		if other := names[r.Name]; other != "" || len(r.Name) > 28 {
			t.Errorf("%s: the name %q is long, or that of %s", r.ID, r.Name, other)
		}
		names[r.Name] = r.ID
		if !strings.Contains(" azure aws gcp any ", " "+r.Provider+" ") || r.Needs != "" && !ids[r.Needs] || r.Grain != "" && r.Grain != "day" {
			t.Errorf("%s: provider %q, needs %q, grain %q", r.ID, r.Provider, r.Needs, r.Grain)
		}
		for _, h := range r.Holders {
			if !strings.Contains(" "+strings.Join(Holders, " ")+" ", " "+h+" ") {
				t.Errorf("%s: holder %q", r.ID, h)
			}
		}
		for q, b := range r.Bounds {
			text, err := Files.ReadFile("quantities/" + q + "." + r.Witness + ".sql")
			if err != nil {
				t.Errorf("%s: no measure of %s", r.ID, q)
				continue
			}
			_, rest, _ := strings.Cut(string(text), "-- bound: ")
			usual, _, _ := strings.Cut(rest, "\n")
			if s, ok := strength[b]; !ok || s&^strength[usual] != 0 {
				t.Errorf("%s: %s is bounded %s, its measure %s", r.ID, q, b, usual)
			}
		}
		for f, b := range r.Finds {
			_, shape := Files.Open("indicators/" + f + ".sql")
			if _, ok := strength[b]; !ok || f != "undisclosed" && f != "rule" && shape != nil {
				t.Errorf("%s: finds %s %s", r.ID, f, b)
			}
		}
	}
}

// The retention that public pages give, by record.
func TestRetention(t *testing.T) {
	want := map[string]int{"azure-activity-log": 90, "azure-metrics": 93, "azure-speech-metrics": 93, "azure-entra-log": 7, "azure-cost": 2557,
		"aws-event-history": 90, "aws-cloudwatch-metrics": 455, "aws-s3-request-metrics": 455, "gcp-admin-activity": 400, "gcp-data-access": 30}
	list, err := Holdings()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.KeptDays != want[r.ID] {
			t.Errorf("%s is kept %d days, want %d", r.ID, r.KeptDays, want[r.ID])
		}
	}
}
