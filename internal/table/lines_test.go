package table

import (
	"encoding/json"
	"strings"
	"testing"
)

func same(s string) (string, error) { return s, nil }

func linesIn(t *testing.T, dir, name string) []string {
	t.Helper()
	var out []string
	if err := Lines(dir, name, same, func(line []byte) error {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
		out = append(out, string(line))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// The lines of a table hold every value exactly, and a table that is written
// anew with other texts holds those and else the same.
func TestLines(t *testing.T) {
	dir := t.TempDir()
	p, err := NewPart(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	total, _ := ParseDecimal("-12.5", 9)
	at := int64(1736899200123456)
	for i := range 300 {
		if err := p.Metric(&Metric{Exhibit: "e", Position: int64(i), Key: Token{1, 2}, Time: at, Resource: "harbour", Total: &total, Partial: i == 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Inventory(&Inventory{Container: "a \"quoted\" <name>\n"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	lines := linesIn(t, dir, "metrics")
	if len(lines) != 300 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, want := range []string{`"position":1,`, `"key":"01020000000000000000000000000000"`, `"time":"2025-01-15T00:00:00.123456Z"`, `"total":"-12.5"`, `"average":null`, `"partial":true`, `"resource":"harbour"`} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("%s is not in %s", want, lines[1])
		}
	}
	to := t.TempDir()
	if err := Rewrite(dir, to, "metrics", func(s string) (string, error) { return strings.ReplaceAll(s, "harbour", "withheld-1"), nil }); err != nil {
		t.Fatal(err)
	}
	for i, line := range linesIn(t, to, "metrics") {
		if want := strings.ReplaceAll(lines[i], "harbour", "withheld-1"); line != want {
			t.Fatalf("line %d: %s, want %s", i, line, want)
		}
	}
	if names, err := Folders(dir); err != nil || len(names) < 9 || names[0] != "activity" {
		t.Errorf("%q %v", names, err)
	}
}
