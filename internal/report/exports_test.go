package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
	"probity/internal/compare"
)

// exports are the renderings for other programs, by file.
func exports(t *testing.T, r *probity.Review) map[string][]byte {
	t.Helper()
	news, err := ClaimReviews(r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{"report.md": Markdown(r), "claimreview.json": news, "oscal.json": rendered(t, r)}
	for _, s := range Sheets(r) {
		out[s.Name+".csv"] = s.CSV()
	}
	return out
}

func TestExportsGolden(t *testing.T) {
	for name, got := range exports(t, fixture(t, "")) {
		if name != "oscal.json" { // TestOSCALGolden
			golden(t, name, got)
		}
	}
}

// A rendering is a function of the review: what was read back gives the same.
func TestExportsArePure(t *testing.T) {
	for _, text := range []string{"", hostile} {
		r := fixture(t, strings.ToValidUTF8(text, "\uFFFD")) // as JSON writes it
		before, err := JSON(r)
		if err != nil {
			t.Fatal(err)
		}
		first := exports(t, r)
		after, _ := JSON(r)
		if !bytes.Equal(before, after) {
			t.Error("rendering changed the review")
		}
		back, err := Parse(before)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range exports(t, back) {
			if !bytes.Equal(first[name], got) {
				t.Errorf("%s differs after reading back:\n%s", name, cmp.Diff(string(first[name]), string(got)))
			}
		}
	}
	if got := exports(t, empty()); len(got) != 11 {
		t.Errorf("%d renderings of an empty review", len(got))
	}
}

// No cell of a table begins a formula, whatever a spreadsheet takes for the end
// of a cell, and no text leaves its cell.
func TestSheetsAreDefused(t *testing.T) {
	for _, begin := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n=1", "\uFF1D1", "x;=1", "x; =1", "x;\"=1", `";=1`, "\u00a0=1", "\uFEFF=1", "\x00=1"} {
		for _, s := range Sheets(hostileStart(t, begin)) {
			rows, err := csv.NewReader(bytes.NewReader(s.CSV())).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			if len(rows) != len(s.Rows)+1 {
				t.Errorf("%s has %d rows, want %d", s.Name, len(rows), len(s.Rows)+1)
			}
			for _, row := range rows {
				if len(row) != len(s.Header) {
					t.Errorf("%s: %d cells, want %d", s.Name, len(row), len(s.Header))
				}
				for _, cell := range row {
					if regexp.MustCompile(`(^|;)[\s"\x{A0}\x{FEFF}\x{FFFD}]*[=+@\x{FF1D}-]`).MatchString(cell) {
						t.Errorf("%s: the cell %q", s.Name, cell)
					}
				}
			}
		}
	}
}

// hostileStart is a review whose names begin with a text.
func hostileStart(t *testing.T, text string) *probity.Review {
	r := fixture(t, "")
	c := &r.Claims[0]
	c.Statement, c.ID, c.Allegation, c.Sentence = text, text, text, text
	c.Warnings, c.WouldChange, c.Tests[0].Limits, c.Tests[0].Subject = []string{text, text}, []string{text}, []string{text}, text
	c.Tests[0].Witnesses[0].Notes = []string{text, text}
	r.Gaps[0].Account, r.Gaps[0].Resource, r.Gaps[0].Detail, r.Gaps[0].Streams = text, text, text, []string{text}
	r.Discrepancies[0].Account, r.Discrepancies[0].Resource, r.Discrepancies[0].Detail = text, text, text
	r.Discrepancies[0].Benign = []probity.BenignCause{{Cause: text, Result: text, Detail: text}}
	r.Estate.Undisclosed[0].Account, r.Estate.Undisclosed[0].Resource, r.Estate.Undisclosed[0].Type = text, text, text
	r.Requests[0].Reason, r.Requests[0].Custodian, r.Requests[0].ID, r.Requests[0].Accounts = text, text, text, []string{text, text}
	r.Exhibits[0].Path, r.Exhibits[0].Note, r.Exhibits[0].Custodian.Name, r.Exhibits[0].Acquired.By = text, text, text, text
	r.Integrity[0].Path, r.Integrity[0].Detail = text, text
	return r
}

// A column of numbers has its unit in the header, or a column of units beside
// it in which no cell that is needed is empty.
func TestSheetsHaveUnits(t *testing.T) {
	for _, s := range Sheets(fixture(t, "")) {
		if len(s.Rows) == 0 {
			t.Errorf("%s: the fixture has no row", s.Name)
		}
		for i, head := range s.Header {
			for _, row := range s.Rows {
				if _, err := strconv.ParseFloat(row[i], 64); err != nil {
					continue
				}
				if !strings.Contains(head, "[") {
					t.Errorf("%s, %s: %s has no unit", s.Name, head, row[i])
				}
				if strings.Contains(head, "next column") && row[i+1] != "byte" && row[i+1] != "count" && row[i+1] != "second" {
					t.Errorf("%s, %s: the unit of %s is %q", s.Name, head, row[i], row[i+1])
				}
			}
		}
	}
}

// A text from a record or a case begins nothing in Markdown: every line of the
// hostile review is one that the harmless one has, up to the text itself.
func TestMarkdownIsEscaped(t *testing.T) {
	for _, text := range []string{hostile, "](javascript:alert(1))", "# x", "@everyone #12 !3 ~bug %1", "a|b|c", "`code`", "**bold**", "<img src=x>", "&lt;", "\n\n- item\n1. one", "https://e.example www.e.example", "\u2028# x", "$x$", "^x^", "~~x~~"} {
		got := string(Markdown(fixture(t, text)))
		if a, b := shape(string(Markdown(fixture(t, "")))), shape(got); a != b {
			t.Errorf("%q changes the shape of the text:\n%s", text, cmp.Diff(a, b))
		}
		for _, bad := range []string{"<", "](", "![", "`", "@e", "#1", "http:/", "https:/", "www.e", "\x1b", "\u202E", "\r", "*bold", "$x$", "^x^", "~x"} {
			if i := strings.Index(got, bad); i >= 0 && (i == 0 || got[i-1] != '\\') {
				t.Errorf("%q: %q stands in %q", text, bad, got[max(0, i-20):min(len(got), i+20)])
			}
		}
	}
}

// shape is how a Markdown text looks to a parser: what begins each line, and how
// many cells a table's row has.
func shape(md string) string {
	var out []string
	for _, line := range strings.Split(md, "\n") {
		begin := regexp.MustCompile(`^( *- |#+ |\||---|\d+[.)] |> )?`).FindString(line)
		cells := strings.Count(line, "|") - strings.Count(line, `\|`)
		bold := strings.Count(line, "**") - strings.Count(line, `\**`)
		out = append(out, fmt.Sprintf("%q %d %d %v", begin, cells, bold, line == ""))
	}
	return strings.Join(out, "\n")
}

// No rendering says less of a finding than its sentence: wherever an absence is
// told, coverage is told with it, and no rating is a number.
func TestExportsCarryCoverage(t *testing.T) {
	all := exports(t, fixture(t, ""))
	for name, text := range all {
		lower := strings.ToLower(string(text))
		for _, bad := range []string{"no evidence", "nothing was found", "no breach", "innocent of", "ratingvalue", "bestrating"} {
			if strings.Contains(lower, bad) {
				t.Errorf("%s says %q", name, bad)
			}
		}
		for _, at := range regexp.MustCompile(`(Not supported|Contradicted)\W`).FindAllStringIndex(string(text), -1) {
			sentence := string(text[at[0]:min(len(text), at[0]+220)])
			sentence, _, _ = strings.Cut(sentence, "\n")
			if !strings.Contains(sentence, "coverage") || !strings.Contains(sentence, "%") {
				t.Errorf("%s: %q", name, sentence)
			}
		}
	}
	var doc struct {
		Parts []struct {
			Rating map[string]string `json:"reviewRating"`
		} `json:"hasPart"`
		Abstract []string
	}
	if err := json.Unmarshal(all["claimreview.json"], &doc); err != nil {
		t.Fatal(err)
	}
	for _, p := range doc.Parts {
		if word := p.Rating["alternateName"]; !strings.Contains(word, "coverage") && !strings.Contains(word, "cover ") && !strings.Contains(word, "Not assessed") {
			t.Errorf("a rating without its coverage: %q", word)
		}
		if !strings.Contains(p.Rating["ratingExplanation"], "% of what the claim is about") {
			t.Errorf("%q", p.Rating["ratingExplanation"])
		}
	}
	if !strings.Contains(strings.Join(doc.Abstract, " "), "Not looked at: A1.4") {
		t.Errorf("what was not looked at is missing: %q", doc.Abstract)
	}
}

// The summary for newsrooms may stand in a script element.
func TestClaimReviewsInAPage(t *testing.T) {
	got := string(exports(t, fixture(t, hostile+"</script><!--"))["claimreview.json"])
	for _, bad := range []string{"</", "<!--", "<script", "\u202E", "\x1b"} {
		if strings.Contains(got, bad) {
			t.Errorf("it holds %q", bad)
		}
	}
	if !json.Valid([]byte(got)) {
		t.Error("it is no JSON")
	}
}

// What was not looked at is told in numbers.
func TestNotLookedAt(t *testing.T) {
	got := strings.Join(notLookedAt(fixture(t, "")), "\n")
	for _, want := range []string{"A1.4: the records cover 28.12 % of what the claim is about", "No logged records of 1 resource for 96 h, summed over them: turned off", "Request R1, to Office", "refused, because: secret", "overdue", "it was not opened"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if got := wouldChange(fixture(t, "")); len(got) != 1 || got[0] != "A1.1, A1.2, A1.3, A1.4, A1.5, A1.6: more records" {
		t.Errorf("%q", got)
	}
}

// documented checks that FORMATS.md names each field of a type.
func documented(t *testing.T, typ reflect.Type) {
	t.Helper()
	data, err := os.ReadFile("../../FORMATS.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || seen[x] || x == reflect.TypeOf(time.Time{}) {
			return
		}
		seen[x] = true
		for i := range x.NumField() {
			if name, _, _ := strings.Cut(x.Field(i).Tag.Get("json"), ","); name != "" && !strings.Contains(string(data), "`"+name+"`") {
				t.Errorf("FORMATS.md does not name %s of %s", name, x)
			}
			walk(x.Field(i).Type)
		}
	}
	walk(typ)
}

// Whatever stands in a review.json that is read, no rendering fails on it, and
// none lets a control character through.
func FuzzRenderings(f *testing.F) {
	seed, err := os.ReadFile("testdata/review.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"probity":1,"claims":[{"finding":"undetermined","tests":[{"finding":"not_assessed","unit":"x"}]}],"gaps":[{}],"discrepancies":[{}],"exhibits":[{}],"requests":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		all := [][]byte{Markdown(r)}
		for _, s := range Sheets(r) {
			all = append(all, s.CSV())
		}
		news, err := ClaimReviews(r)
		if err != nil {
			t.Fatal(err)
		}
		assessed, err := OSCAL(r)
		if err != nil {
			t.Fatal(err)
		}
		d := compare.Reviews(r, r)
		var text, other, page bytes.Buffer
		for _, err := range []error{Text(&text, r, TextOptions{Width: 40}), DiffText(&other, d, TextOptions{}), DiffHTML(&page, d)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range append(all, news, assessed, text.Bytes(), other.Bytes(), page.Bytes()) {
			if at := bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' || r == '\u202E' }); at >= 0 {
				t.Errorf("rendering %d holds %q", i, b[at])
			}
		}
	})
}
