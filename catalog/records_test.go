package catalog

import (
	"regexp"
	"testing"
)

// Each fact has its page and the page's date.
func TestRecords(t *testing.T) {
	list, err := Records()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range list {
		if seen[r.Kind] || r.Kind == "" || r.Witness == "" || r.Semantics == "" || r.Source == "" || !regexp.MustCompile(`^(20\d\d-\d\d|not given)$`).MatchString(r.Dated) {
			t.Errorf("%+v", r)
		}
		seen[r.Kind] = true
	}
	for _, k := range []string{"azure-activity-log", "azure-storage-log", "azure-metrics", "azure-blob-inventory", "focus"} {
		if !seen[k] {
			t.Errorf("no facts of %s", k)
		}
	}
}
