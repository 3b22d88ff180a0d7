package simulate

import (
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite examples/harbour")

// tree returns the files below dir by path, without what a review adds.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		if d.IsDir() {
			if strings.HasPrefix(rel, "out") || strings.HasPrefix(rel, ".out") {
				return filepath.SkipDir
			}
			return nil
		}
		if rel == "probity.key" {
			return nil
		}
		data, err := os.ReadFile(p)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, name string) string {
	t.Helper()
	s, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), name)
	if err := Write(context.Background(), s, dir, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The example is what its scenario gives, byte for byte, and small.
func TestHarbourIsCheckedIn(t *testing.T) {
	got := tree(t, write(t, "harbour"))
	const example = "../../examples/harbour"
	if *update {
		if err := os.RemoveAll(example); err != nil {
			t.Fatal(err)
		}
		s, _ := Open("harbour")
		if err := Write(context.Background(), s, example, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := tree(t, example)
	size := 0
	for p, text := range got {
		size += len(text)
		if want[p] != text {
			t.Errorf("%s differs from what the scenario gives: run go test ./internal/simulate -update", p)
		}
	}
	if len(want) != len(got) {
		t.Errorf("the example has %d files, the scenario gives %d", len(want), len(got))
	}
	if size > 2e6 {
		t.Errorf("the example has %d bytes", size)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, name := range Builtin() {
		a, b := tree(t, write(t, name)), tree(t, write(t, name))
		if len(a) != len(b) || len(a) < 10 {
			t.Fatalf("%s: %d and %d files", name, len(a), len(b))
		}
		for p := range a {
			if a[p] != b[p] {
				t.Errorf("%s: %s differs between two runs", name, p)
			}
		}
	}
}

// What the pipelines record adds up to what happened.
func TestPipelinesTellOneHistory(t *testing.T) {
	s, err := Open("contact-centre")
	if err != nil {
		t.Fatal(err)
	}
	h := draw(s, &s.Accounts[0], &s.Accounts[0].Storage[0], 1)
	lines := 0
	if err := logFiles(s, h, newTruth(), func(files ...file) error {
		for _, f := range files {
			lines += strings.Count(string(unzip(f.data)), "\n")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	metered := 0
	for _, x := range h.transactions(s) {
		for _, v := range x.values {
			n := 0
			for _, c := range strings.TrimSuffix(v, ".0") {
				n = n*10 + int(c-'0')
			}
			metered += n
		}
	}
	if lines != len(h.requests) || metered != len(h.requests) {
		t.Errorf("%d requests, %d logged, %d metered", len(h.requests), lines, metered)
	}
	refused := 0
	for _, r := range h.requests {
		if !r.moved() {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no request was refused: the estate is too good to test with")
	}
}

// Edits are made to records and never to what happened.
func TestEditsLeaveHistoryAlone(t *testing.T) {
	s, _ := Open("harbour")
	values := func() string {
		h := draw(s, &s.Accounts[0], &s.Accounts[0].Storage[0], 1)
		data, _ := json.Marshal(h.values(s))
		return string(data)
	}
	with := values()
	s.Edits = nil
	if without := values(); with != without {
		t.Errorf("the history changed with the edits:\n%s\n%s", with, without)
	}
}

func TestRefusals(t *testing.T) {
	s, _ := Open("quiet")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), s, dir, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder that is not empty: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	target := filepath.Join(dir, "sub", "new")
	if err := Write(ctx, s, target, nil); err == nil {
		t.Error("a canceled run wrote the estate")
	}
	if list, _ := os.ReadDir(filepath.Join(dir, "sub")); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
	for text, want := range map[string]string{
		"simulate: 2":             "simulate must be 1",
		"simulate: 1\nnonsense: ": "nonsense",
	} {
		if _, err := Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Open("no-such"); err == nil || !strings.Contains(err.Error(), "harbour") {
		t.Errorf("an unknown scenario: %v", err)
	}
}

// What would be misread, escape the folder, or change nothing is refused.
func TestScenarioMistakes(t *testing.T) {
	const good = "{name: one, region: westeurope, containers: [{name: c, use: iot, per_day: 4}]}"
	for _, c := range []struct{ storage, edit, want string }{
		{good, "", ""},
		{"{name: one, region: westeurope}", "", "it needs a container"},
		{"{name: one, region: westeurope, containers: [{name: c, use: iot, per_day: -4}]}", "", "per_day and stock from 0"},
		{"{name: one, region: westeurope, containers: [{use: iot, per_day: 4}]}", "", "it needs a name"},
		{"{name: ../../one, region: westeurope, containers: [{name: c, use: iot, per_day: 4}]}", "", "letters, digits"},
		{good, "{}", "does one thing, and this one does 0"},
		{good, "{drop_lines: one, lose_lines: one, share: 0.1}", "this one does 2"},
		{good, "{drop_lines: one, share: .nan}", "between 0 and 1"},
		{good, "{delete_setting: one}", "needs at"},
		{good, "{skew_clock: one}", "needs by"},
		{good, "{malform: one}", "needs lines"},
		{good, "{withhold_logs: one, day: 2026-01-01}", "outside the period"},
		{good, "{delete_setting: one, at: 2026-01-01T00:00:00Z}", "outside the period"},
		{good, "{only_region: mars}", "nothing of the estate lies there"},
	} {
		_, err := Parse("x", []byte("simulate: 1\nname: x\nseed: 5\nfrom: 2025-05-05T00:00:00Z\nuntil: 2025-05-06T00:00:00Z\nacquired: 2025-06-01T00:00:00Z\ntenant: x\n"+
			"accounts: [{id: 9c0c1c1e-0000-4000-8000-000000000001, name: one, storage: ["+c.storage+"]}]\nedits: ["+c.edit+"]\ncase: {id: x, title: X, subject: N}\n"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.storage, c.edit, err, c.want)
		}
	}
}
