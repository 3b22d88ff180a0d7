package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"html"
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

var (
	negative = regexp.MustCompile(`(?i)no evidence|nothing was found|did not happen|no misuse|innocent of`)
	finding  = regexp.MustCompile(`(?:Not supported within the stated coverage|Contradicted|Undetermined, a scope limitation)(?:\*\*)?: `)
	tag      = regexp.MustCompile(`<style>[^<]*</style>|<script>[^<]*</script>|<[^>]*>`)
	number   = regexp.MustCompile(`(?:about|at least|at most|no more than) +(\d[\d.,]*)((?: +\S+)?)`)
	unit     = regexp.MustCompile(`^ +(?:%|(?:B|[kMGTPE]B|h|min|s|objects?|requests?|events?|resources?|times|years?|days?)\b|\(count\))`)
)

// bareOf finds what no rendering may say: an absence or a finding without its
// coverage, and a bound without its unit.
func bareOf(text []byte) (bad []string) {
	s := strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(string(text), " "))), " ")
	bad = append(bad, negative.FindAllString(s, -1)...)
	for _, at := range finding.FindAllStringIndex(s, -1) {
		if sentence, _, ok := strings.Cut(s[at[0]:], "%)"); !ok || len(sentence) > 300 || !strings.Contains(sentence, "minimum") {
			bad = append(bad, s[at[0]:min(at[0]+120, len(s))])
		}
	}
	for _, m := range number.FindAllStringSubmatch(s, -1) {
		if !unit.MatchString(m[2]) {
			bad = append(bad, m[0])
		}
	}
	return bad
}

// What bareOf looks for, it sees.
func TestBareOf(t *testing.T) {
	for _, s := range []string{"There is no evidence.", "Contradicted: the records show no more than 3 objects.", "billed about 17, covers", "at least 5</td><td>1 objects"} {
		if len(bareOf([]byte(s))) == 0 {
			t.Errorf("%q passes", s)
		}
	}
	if bad := bareOf([]byte("Contradicted: the records show no more than 3 objects written (billed); within coverage of 100 % (minimum 95 %).")); len(bad) > 0 {
		t.Error(bad)
	}
}

// No rendering tells a name of a person, an object or an address, speaks of an
// absence without coverage, or gives a bound without a unit.
func TestRenderings(t *testing.T) {
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
		for _, bad := range bareOf(text) {
			t.Errorf("%s: %q", format, bad)
		}
	}
}
