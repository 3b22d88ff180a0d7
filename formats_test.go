package probity_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"probity"
)

// FORMATS.md names every field of review.json.
func TestFormatsNameEveryField(t *testing.T) {
	data, err := os.ReadFile("FORMATS.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range fields(reflect.TypeOf(probity.Review{}), map[string]bool{}) {
		if !strings.Contains(string(data), "`"+name+"`") {
			t.Errorf("FORMATS.md does not name %s", name)
		}
	}
}

func fields(t reflect.Type, out map[string]bool) map[string]bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeOf(time.Time{}) {
		return out
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			out[name] = true
		}
		fields(f.Type, out)
	}
	return out
}
