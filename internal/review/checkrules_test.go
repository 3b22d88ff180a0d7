package review

import (
	"context"
	"testing"
)

// Every rule of the catalogue matches the records of its own tests, in the
// reading pass and, where it can, in SQL.
func TestCatalogueRules(t *testing.T) {
	checks, differ, err := CheckRules(context.Background(), "../../catalog/rules")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, x := range checks {
		rules[x.Rule] = true
		if x.Got != x.Want {
			t.Errorf("%s/%s (%s): matches %v, want %v", x.Rule, x.Name, x.Kind, x.Got, x.Want)
		}
	}
	if len(rules) != 9 || len(checks) < 80 {
		t.Errorf("%d rules, %d checks", len(rules), len(checks))
	}
	for _, d := range differ {
		t.Error(d)
	}
}
