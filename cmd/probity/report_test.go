package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"probity/internal/page"
)

const harbour = "../../examples/harbour"

// reviewed reviews the example and returns where it wrote.
func reviewed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	step(t, "review", harbour, "--out", filepath.Join(dir, "out"), "--key", filepath.Join(dir, "key"))
	return filepath.Join(dir, "out")
}

// The example's OSCAL is what the schema of NIST asks for.
func TestHarbourIsOSCAL(t *testing.T) {
	f, err := os.Open("../../../shared/data/oscal/oscal_complete_schema-1-1-3.json")
	if err != nil {
		t.Skipf("the schema is not here: %v", err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("oscal.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(product(t, "report", reviewed(t), "--format", "oscal")))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Error(err)
	}
}

// product runs the program in this process and returns what it writes.
func product(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, talked bytes.Buffer
	if code := run(context.Background(), args, &talk{out: &out, err: &talked, width: 100}); code != 0 {
		t.Fatalf("probity %s: exit %d\n%s", strings.Join(args, " "), code, talked.String())
	}
	return out.Bytes()
}

// private are the names of people, objects and addresses in the example's
// evidence.
func private(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	patterns := []*regexp.Regexp{regexp.MustCompile(`"uniqueName": ?"([^"]+)"`), regexp.MustCompile(`"callerIpAddress": ?"([0-9a-fA-F.]+)`), regexp.MustCompile(`"caller": ?"([^"]+)"`),
		regexp.MustCompile(`"objectId": ?"([^"]+)"`), regexp.MustCompile(`"appId": ?"([^"]+)"`), regexp.MustCompile(`(?m)^(calls/[^,]+),`)}
	err := fs.WalkDir(os.DirFS(harbour), "evidence", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(harbour, p))
		if err != nil {
			return err
		}
		if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, _ = io.ReadAll(z) // one is cut off
		}
		for _, re := range patterns {
			for _, m := range re.FindAllSubmatch(data, -1) {
				names[string(m[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range names {
		out = append(out, n)
	}
	return out
}

// Where no browser is installed, the error says what to do, and nothing is
// written.
func TestPDFWithoutBrowser(t *testing.T) {
	if _, err := page.Browser(); err == nil {
		t.Setenv("PATH", t.TempDir())
	}
	if _, err := page.Browser(); err == nil {
		t.Skip("a browser stands at a fixed place") // as on macOS
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	var out, talked bytes.Buffer
	code := run(context.Background(), []string{"report", filepath.Join("..", "..", "internal", "report", "testdata", "review.json"), "--pdf", "--out", file}, &talk{out: &out, err: &talked})
	if code != exitFailed || out.Len() > 0 || !strings.Contains(talked.String(), "no Chromium was found: install one") {
		t.Errorf("code %d, %q: %s", code, out.String(), talked.String())
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was left behind: %v", err)
	}
}

// No rendering tells a name of a person, an object or an address.
func TestRenderingsTellNoNames(t *testing.T) {
	out := reviewed(t)
	names := private(t)
	if len(names) < 1000 {
		t.Fatalf("%d names: the patterns find too few", len(names))
	}
	all := map[string][]byte{}
	for _, f := range []string{"md", "oscal", "claimreview", "json", "html"} {
		all[f] = product(t, "report", out, "--format", f)
	}
	for _, s := range sheetNames() {
		all[s] = product(t, "report", out, "--format", "csv", "--table", s)
	}
	all["html, ar"] = product(t, "report", out, "--format", "html", "--lang", "ar")
	// A second review lacks the meters, so that findings and gaps differ.
	less := filepath.Join(t.TempDir(), "less")
	if err := os.CopyFS(less, os.DirFS(harbour)); err != nil {
		t.Fatal(err)
	}
	meters, err := filepath.Glob(filepath.Join(less, "evidence", "metrics", "*"))
	if err != nil || len(meters) < 2 {
		t.Fatal(err, meters)
	}
	for _, m := range meters {
		if err := os.Remove(m); err != nil {
			t.Fatal(err)
		}
	}
	all["text"] = product(t, "review", less)
	all["quiet"] = product(t, "review", less, "--quiet", "--out", filepath.Join(t.TempDir(), "out"))
	differs := filepath.Join(t.TempDir(), "diff.html")
	all["diff"] = product(t, "diff", out, filepath.Join(less, "out"), "--html", differs)
	all["diff --json"] = product(t, "diff", out, filepath.Join(less, "out"), "--json")
	if all["diff --html"], err = os.ReadFile(differs); err != nil {
		t.Fatal(err)
	}
	for format, text := range all {
		for _, n := range names {
			if bytes.Contains(text, []byte(n)) {
				t.Errorf("%s tells %q", format, n)
			}
		}
		if strings.Contains(strings.ToLower(string(text)), "no evidence") {
			t.Errorf("%s says that there is no evidence", format)
		}
	}
}
