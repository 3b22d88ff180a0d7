package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"probity"
	"probity/internal/compare"
)

// twoReviews are an old and a new review that differ in everything, with one
// text put everywhere.
func twoReviews(t *testing.T, text string) (old, new *probity.Review) {
	old, new = fixture(t, text), fixture(t, text)
	full := probity.Coverage{Share: 1, Minimum: 0.95}
	c := &new.Claims[3] // undetermined before
	f := probity.FindSupported(*c.Observed, full)
	c.Finding, c.Sentence, c.Coverage = f, f.Sentence(), full
	c.Tests[0].Finding, c.Tests[0].Coverage, c.Tests[0].Witnesses[1].Coverage = f, full, 1
	new.Claims[0].Tests[0].Threshold = 7e15
	new.Claims[1].ID, new.Claims[1].Statement = "A1.9", "Another claim"+text
	new.Conclusion = probity.Conclude(new.Claims)
	new.Exhibits = append(new.Exhibits, probity.Exhibit{SHA256: strings.Repeat("e", 64), Path: "evidence/bill" + text, Kind: probity.Focus, Records: 12})
	old.Exhibits = append(old.Exhibits, probity.Exhibit{SHA256: strings.Repeat("f", 64), Path: "evidence/gone" + text, Kind: probity.AzureMetrics, Records: 5})
	new.Gaps = new.Gaps[:3]
	old.Gaps[0].Resource = "was" + text
	new.Discrepancies[0].RightValue, new.Discrepancies[1].Resource = 9, "elsewhere"+text
	new.Estate.Resources = []probity.Resource{{Provider: "aws", Account: "1" + text, Resource: "bucket" + text, Shown: []string{"billed"}}}
	new.Estate.Undisclosed = nil
	new.Requests[1].State = "received_late"
	new.Plan = probity.PlanStanding{Sealed: true, At: "2025-01-02T00:00:00Z", Rules: 3, SealedBefore: 2, NotAsSealed: []probity.RuleNow{{Rule: "claims/A1.1" + text, Standing: "changed"}}}
	new.Integrity = append(new.Integrity, probity.Integrity{Exhibit: "e", Path: "evidence/bill" + text, Check: "checksum", Result: "missing", Detail: "none" + text})
	new.CaseSHA256, new.Tool.Version = strings.Repeat("9", 64), "1"
	return old, new
}

func diffs(t *testing.T, text string) map[string]string {
	t.Helper()
	d := compare.Reviews(twoReviews(t, text))
	var plain, colour, page bytes.Buffer
	for _, err := range []error{DiffText(&plain, d, TextOptions{}), DiffText(&colour, d, TextOptions{Width: 40, Color: true}), DiffHTML(&page, d)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := DiffJSON(d)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"diff.txt": plain.String(), "diff.html": page.String(), "diff.json": string(data), "colour": colour.String()}
}

func TestDiffGolden(t *testing.T) {
	for name, got := range diffs(t, "") {
		if name != "colour" {
			golden(t, name, []byte(got))
		}
	}
}

// Names forge nothing, and the page runs and fetches nothing.
func TestDiffHostile(t *testing.T) {
	for name, text := range diffs(t, hostile) {
		bad := []string{"\x07", "\u202E", "\r", "\x1b[31mred"}
		if name == "diff.json" {
			if !json.Valid([]byte(text)) {
				t.Error("diff.json is no JSON")
			}
			continue
		}
		if name == "diff.html" {
			bad = append(bad, "<script", "src=", "href=", "url(", "@import", "<img", " onload")
			if !strings.Contains(text, "default-src 'none'") || !strings.Contains(text, "prefers-color-scheme:dark") {
				t.Error("the page has no policy, or no dark form")
			}
		}
		for _, b := range bad {
			if strings.Contains(text, b) {
				t.Errorf("%s holds %q", name, b)
			}
		}
	}
}

// Text and page say the same, item for item, and no absence without coverage.
func TestDiffSaysTheSame(t *testing.T) {
	all := diffs(t, "")
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	page := flat(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(all["diff.html"]), " "))
	text := flat(all["diff.txt"])
	for _, s := range outline(compare.Reviews(twoReviews(t, ""))) {
		for _, x := range s.Items {
			for _, line := range append(x.Sub, x.Text) {
				if !strings.Contains(page, flat(line)) {
					t.Errorf("the page does not say %q", line)
				}
				if !strings.Contains(text, flat(line)) {
					t.Errorf("the text does not say %q", line)
				}
			}
		}
	}
	for _, at := range regexp.MustCompile(`(Not supported|Contradicted)[ :]`).FindAllStringIndex(text, -1) {
		if sentence := text[at[0]:min(len(text), at[0]+220)]; !strings.Contains(sentence, "coverage of") {
			t.Errorf("%q", sentence)
		}
	}
}

// FORMATS.md names every field of the difference.
func TestDiffIsDocumented(t *testing.T) {
	documented(t, reflect.TypeOf(compare.Difference{}))
}
