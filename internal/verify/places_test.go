package verify

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"probity"
	"probity/internal/custody"
)

// listed returns a list of names that verify.html keeps as a set.
func listed(t *testing.T, name string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("web", "verify.html"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?s)const ` + name + ` = new Set\(\[(.*?)\]\);`).FindSubmatch(page)
	if found == nil {
		t.Fatalf("verify.html has no set %s", name)
	}
	var out []string
	for _, x := range regexp.MustCompile(`'(\w+)'`).FindAllSubmatch(found[1], -1) {
		out = append(out, string(x[1]))
	}
	return out
}

// members adds the names of the members that a type has as JSON.
func members(of reflect.Type, seen map[reflect.Type]bool, to map[string]bool) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || seen[of] {
		return
	}
	seen[of] = true
	for i := range of.NumField() {
		f := of.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			to[name] = true
		}
		members(f.Type, seen, to)
	}
}

// The page opens the same members of review.json as this package, and knows the
// same of them to be names.
func TestPlacesOfPage(t *testing.T) {
	places, all := listed(t, "reviewPlaces"), map[string]bool{}
	members(reflect.TypeFor[probity.Review](), map[reflect.Type]bool{}, all)
	if len(all) < 100 || !all["because"] {
		t.Fatalf("%d members", len(all))
	}
	for _, name := range places {
		all[name] = true
	}
	for name := range all {
		if custody.ReviewPlace([]string{name}) != slices.Contains(places, name) {
			t.Errorf("%s: a place here is %v, at verify.html %v", name, custody.ReviewPlace([]string{name}), slices.Contains(places, name))
		}
	}
	whole := listed(t, "wholeNames")
	slices.Sort(whole)
	if want := slices.Sorted(slices.Values(names)); !slices.Equal(whole, want) {
		t.Errorf("whole names %q, at verify.html %q", want, whole)
	}
}
