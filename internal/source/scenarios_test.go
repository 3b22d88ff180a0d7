package source

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"probity"
	"probity/internal/evidence"
)

// readDir reads every file below dir/evidence into tables below a new folder.
func readDir(t *testing.T, dir string) (Result, string) {
	t.Helper()
	c := &probity.Case{Dir: dir, File: filepath.Join(dir, "case.yaml"), Evidence: []probity.Evidence{{Path: "evidence"}}}
	files, _, err := evidence.Walk(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	tables := t.TempDir()
	res, err := Read(context.Background(), files, Options{Tables: tables, Tokens: evidence.NewTokens(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	return res, tables
}

// The synthetic estates say how many records of each kind they hold.
func TestScenarios(t *testing.T) {
	for _, name := range []string{"azure-clean-archive", "azure-withheld-undisclosed"} {
		dir := filepath.Join("..", "..", "..", "shared", "scenarios", name)
		data, err := os.ReadFile(filepath.Join(dir, "truth.json"))
		if err != nil {
			t.Skip("the scenarios are not here")
		}
		var truth struct {
			Records map[probity.Kind]struct {
				Records    any   `json:"records"`
				Unread     int64 `json:"unread_ranges"`
				Duplicates int64 `json:"duplicates"`
			} `json:"records"`
		}
		if err := json.Unmarshal(data, &truth); err != nil {
			t.Fatal(err)
		}
		res, _ := readDir(t, dir)
		got := map[probity.Kind]int64{}
		for _, x := range res.Exhibits {
			got[x.Kind] += x.Records
			if x.Unread > 0 || x.Duplicates > 0 || x.Note != "" {
				t.Errorf("%s: %s: %d unread, %d duplicates, %q", name, x.Path, x.Unread, x.Duplicates, x.Note)
			}
		}
		for kind, want := range truth.Records {
			n, _ := want.Records.(float64)
			if list, ok := want.Records.([]any); ok { // several ways of counting are right
				n = list[len(list)-1].(float64)
			}
			if got[kind] != int64(n) {
				t.Errorf("%s: %s: %d records, want %v", name, kind, got[kind], want.Records)
			}
		}
		for _, i := range res.Integrity {
			if i.Result != "ok" {
				t.Errorf("%s: %+v", name, i)
			}
		}
	}
}

// A published sample of a bill reads to its last byte.
func TestFocusSample(t *testing.T) {
	sample, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "billing", "focus-sample", "FOCUS-1.0", "focus_sample.csv"))
	if err != nil {
		t.Skip("the sample is not here")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "evidence", "x"), sample, 0o666); err != nil {
		t.Fatal(err)
	}
	res, _ := readDir(t, dir)
	if x := res.Exhibits[0]; x.Kind != probity.Focus || x.Records != 1000 || x.Unread != 0 {
		t.Errorf("%s: %d records, %d unread", x.Kind, x.Records, x.Unread)
	}
}
