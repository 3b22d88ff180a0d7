package review

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probity"
	"probity/internal/report"
	"probity/internal/simulate"
)

// estate writes a built-in scenario into a new folder.
func estate(t *testing.T, name string) string {
	t.Helper()
	s, err := simulate.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), name)
	if err := simulate.Write(context.Background(), s, dir, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// review reviews a case into a new folder and returns it with its JSON.
func review(t *testing.T, dir string) (*Result, []byte) {
	t.Helper()
	res, err := Run(context.Background(), Config{Case: dir, Out: filepath.Join(t.TempDir(), "out")})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(res.Out, "review.json"))
	if err != nil {
		t.Fatal(err)
	}
	return res, data
}

// evidenceFiles lists the evidence below dir, sorted.
func evidenceFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(dir, "evidence"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

// counts are the numbers of records of which any is right: a digest of a trail may
// be counted as a record, by the files that it lists, or as both.
type counts []int64

func (c *counts) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]int64)(c))
	}
	*c = make(counts, 1)
	return json.Unmarshal(data, &(*c)[0])
}

// Each scenario's truth says which findings are right.
func TestScenariosAnswerAsTheirTruth(t *testing.T) {
	for _, name := range simulate.Builtin() {
		dir := estate(t, name)
		res, _ := review(t, dir)
		var truth struct {
			Claims []struct {
				ID     string
				Holds  bool
				Accept []string
			}
			Opinion struct{ Accept []string }
			Records map[probity.Kind]struct {
				Files, Duplicates int64
				Records           counts
				Unread            int64 `json:"unread_ranges"`
				UnreadBytes       int64 `json:"unread_bytes"`
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &truth); err != nil {
			t.Fatal(err)
		}
		for i, want := range truth.Claims {
			got := res.Review.Claims[i].Finding.Outcome().String()
			if !contains(want.Accept, got) {
				t.Errorf("%s %s: %s, want one of %v", name, want.ID, got, want.Accept)
			}
			if got == "supported" && !want.Holds {
				t.Errorf("%s %s: a false accusation", name, want.ID)
			}
		}
		if !contains(truth.Opinion.Accept, string(res.Review.Conclusion.Opinion)) {
			t.Errorf("%s: opinion %s, want one of %v", name, res.Review.Conclusion.Opinion, truth.Opinion.Accept)
		}
		type sum struct{ Files, Records, Duplicates, Unread, UnreadBytes int64 }
		got, want := map[probity.Kind]sum{}, map[probity.Kind]sum{}
		for _, x := range res.Review.Exhibits {
			s := got[x.Kind]
			got[x.Kind] = sum{s.Files + 1, s.Records + x.Records, s.Duplicates + x.Duplicates, s.Unread + x.Unread, s.UnreadBytes + x.UnreadBytes}
		}
		for _, k := range []probity.Kind{"aws-digest-metadata", "aws-public-keys"} { // what goes with digests is counted with them
			if _, ok := truth.Records[k]; !ok {
				delete(got, k)
			}
		}
		for k, r := range truth.Records {
			n := r.Records[0]
			if slices.Contains(r.Records, got[k].Records) {
				n = got[k].Records
			}
			want[k] = sum{r.Files, n, r.Duplicates, r.Unread, r.UnreadBytes}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s", name, diff)
		}
	}
}

// Two runs give the same bytes; so do runs whose files were renamed and lie
// elsewhere within their evidence folder, but for the paths.
func TestSameBytes(t *testing.T) {
	dir := estate(t, "harbour")
	_, first := review(t, dir)
	_, second := review(t, dir)
	if !bytes.Equal(first, second) {
		t.Error("two runs differ")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	files := evidenceFiles(t, dir)
	names := map[string]string{} // new path -> old
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f)
		parts := strings.Split(filepath.ToSlash(rel), "/")
		if len(parts) < 3 {
			continue // the case names this file itself
		}
		to := filepath.Join(parts[0], parts[1], fmt.Sprintf("%03d", rng.IntN(9)), fmt.Sprintf("x%016x", rng.Uint64()))
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f, filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
		names[filepath.ToSlash(to)] = filepath.ToSlash(rel)
	}
	_, renamed := review(t, dir)
	for to, from := range names {
		renamed = bytes.ReplaceAll(renamed, []byte(to), []byte(from))
	}
	if diff := cmp.Diff(withoutPaths(t, first), withoutPaths(t, renamed)); diff != "" {
		t.Errorf("renaming files changed more than paths (-before +after):\n%.3000s", diff)
	}
}

// withoutPaths is a review without the paths of exhibits. Of two files with
// the same bytes either may be called the other's duplicate.
func withoutPaths(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"exhibits", "integrity"} {
		for _, x := range r[list].([]any) {
			m := x.(map[string]any)
			delete(m, "path")
			delete(m, "duplicate_of")
			if note, _ := m["note"].(string); strings.HasPrefix(note, "the same bytes as") {
				delete(m, "note")
			}
		}
	}
	return r
}

// Taking records away never makes a finding stronger, and no claim is
// contradicted by a witness that does not cover its whole population.
func TestLessEvidenceNeverSaysMore(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for _, name := range []string{"harbour", "contact-centre"} {
		dir := estate(t, name)
		whole, _ := review(t, dir)
		full := map[string]int{}
		for _, c := range whole.Review.Claims {
			full[c.ID] = c.Finding.Outcome().Strength()
		}
		for round := range rounds {
			rng := rand.New(rand.NewPCG(uint64(round), 7))
			gone := hide(t, dir, rng)
			res, _ := review(t, dir)
			for i := range res.Review.Claims {
				c := &res.Review.Claims[i]
				if got := c.Finding.Outcome().Strength(); got > full[c.ID] {
					t.Errorf("%s round %d: without %d files claim %s became stronger: %s", name, round, len(gone), c.ID, c.Sentence)
				}
				soundlyContradicted(t, c)
			}
			for from, to := range gone {
				if err := os.Rename(to, from); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// hide moves some evidence files out of the case: a share of them, or a kind.
func hide(t *testing.T, dir string, rng *rand.Rand) map[string]string {
	t.Helper()
	gone := map[string]string{}
	store := t.TempDir()
	files := evidenceFiles(t, dir)
	kinds := []string{"storage-logs", "metrics", "billing", "inventory", "activity"}
	kind, share := kinds[rng.IntN(len(kinds))], rng.Float64()
	for i, f := range files {
		rel, _ := filepath.Rel(dir, f)
		parts := strings.Split(filepath.ToSlash(rel), "/")
		if len(parts) < 3 || rng.IntN(2) == 0 && parts[1] != kind || rng.Float64() > share && parts[1] != kind {
			continue
		}
		to := filepath.Join(store, fmt.Sprint(i))
		if err := os.Rename(f, to); err != nil {
			t.Fatal(err)
		}
		gone[f] = to
	}
	return gone
}

// soundlyContradicted checks that a contradiction rests on a witness with full
// coverage and an upper bound under the threshold.
func soundlyContradicted(t *testing.T, c *probity.ClaimResult) {
	t.Helper()
	for _, x := range c.Tests {
		if x.Finding.Outcome() != probity.Contradicted || x.Relation != "at_least" || !probity.Quantity(x.Subject).Known() {
			continue
		}
		sound := false
		for _, w := range x.Witnesses {
			sound = sound || w.Coverage == 1 && !w.Impeached && w.Upper != nil && *w.Upper < x.Threshold
		}
		if !sound || x.Coverage.Share != 1 {
			t.Errorf("claim %s is contradicted without an upper bound over everything: %+v", c.ID, x.Witnesses)
		}
	}
}

// With nothing handed over, every claim is undetermined and there is no
// opinion; nothing is called undisclosed.
func TestEmptyEvidence(t *testing.T) {
	dir := estate(t, "harbour")
	for _, f := range evidenceFiles(t, dir) {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "evidence", "disclosures.csv"), 0o777); err != nil { // a folder in its place
		t.Fatal(err)
	}
	res, _ := review(t, dir)
	for _, c := range res.Review.Claims {
		if c.Finding.Outcome() != probity.Undetermined || c.Coverage.Share != 0 {
			t.Errorf("%s: %s", c.ID, c.Sentence)
		}
	}
	if res.Review.Conclusion.Opinion != probity.Disclaimer || len(res.Review.Estate.Undisclosed) != 0 {
		t.Errorf("opinion %s, undisclosed %v", res.Review.Conclusion.Opinion, res.Review.Estate.Undisclosed)
	}
	var b bytes.Buffer
	if err := report.Text(&b, res.Review, report.TextOptions{}); err != nil || !strings.Contains(strings.Join(strings.Fields(b.String()), " "), "no opinion can be given") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// Originals are never written to, and nothing but the key is added to the
// case.
func TestOriginalsStayAsTheyAre(t *testing.T) {
	dir := estate(t, "contact-centre")
	before := map[string]string{}
	for _, f := range evidenceFiles(t, dir) {
		data, _ := os.ReadFile(f)
		before[f] = string(data)
		if err := os.Chmod(f, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	review(t, dir)
	after := evidenceFiles(t, dir)
	if len(after) != len(before) {
		t.Errorf("%d files before, %d after", len(before), len(after))
	}
	for _, f := range after {
		if data, _ := os.ReadFile(f); string(data) != before[f] {
			t.Errorf("%s changed", f)
		}
	}
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		if !contains([]string{"README.md", "case.yaml", "truth.json", "evidence", "probity.key"}, e.Name()) {
			t.Errorf("left in the case: %s", e.Name())
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
