package report

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func day(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }

// fixture is a review with every outcome, and one text put everywhere.
func fixture(t *testing.T, text string) *probity.Review {
	t.Helper()
	full, half := probity.Coverage{Share: 1, Minimum: 0.95}, probity.Coverage{Share: 0.28125, Minimum: 0.95}
	seen := probity.Observed{Value: 8.1e15, Unit: probity.Byte, Witness: probity.Billed, Of: "stored"}
	must := func(f probity.Finding, err error) probity.Finding {
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	findings := []probity.Finding{probity.FindSupported(seen, full), must(probity.FindContradicted(seen, full)), must(probity.FindNotSupported(seen, full)),
		probity.FindUndetermined(&seen, half, "listed covers 28 %"+text), probity.FindNotAssessed(half, "no such rule")}
	findings = append(findings, probity.JoinFindings([]probity.Finding{findings[0], findings[3]}))
	upper := 9e15
	r := &probity.Review{Probity: 1, Case: "fixture", Title: "A title" + text, Subject: "Tenant" + text, Period: probity.Span{From: day(1), Until: day(9)},
		Tool: probity.Tool{Name: "probity", Version: "0"}, CaseSHA256: strings.Repeat("a", 64),
		Allegations: []probity.Alleged{{ID: "A1", Statement: "An allegation" + text, Sources: []probity.SourceRef{{ID: "S", Name: "Press" + text, Grade: "B2"}},
			Provisions: []probity.ProvisionOf{{ID: "t/p", Instrument: "Terms" + text, Version: "1", Paraphrase: "No such thing" + text}}}},
		Estate:   probity.Estate{Undisclosed: []probity.Undisclosed{{Provider: "azure", Account: "acc" + text, Resource: "hidden" + text, First: "2025-01-01T00:00:00Z", Last: "2025-01-09T00:00:00Z", Shown: []string{"billed"}}}, Resources: []probity.Resource{}},
		Warnings: []string{"mind this" + text}}
	for i, f := range findings {
		id := "A1." + string(rune('1'+i))
		r.Allegations[0].Claims = append(r.Allegations[0].Claims, id)
		r.Claims = append(r.Claims, probity.ClaimResult{ID: id, Allegation: "A1", Statement: "A claim" + text, Material: i < 5, Kind: probity.ClaimAllegation, Finding: f, Sentence: f.Sentence(), Observed: f.Observed(), Coverage: f.Coverage(),
			Warnings: []string{"warned" + text}, InnocentExplanations: []string{"innocent" + text}, WouldChange: []string{"more records" + text}, ErrorRates: []string{"measured" + text, "claims that do not hold and came out supported: 0 of 9" + text},
			Tests: []probity.TestResult{{Subject: "bytes_stored", Aggregate: "max", Relation: "at_least", Threshold: 8e15, Text: "8 PB", Unit: probity.Byte, Finding: f, Sentence: f.Sentence(), Limits: f.Limits(), Population: []string{"acc/res" + text}, Coverage: f.Coverage(),
				Witnesses: []probity.WitnessValue{{Witness: probity.Billed, Value: 8.1e15, Unit: probity.Byte, Bound: probity.Both, Coverage: 1, Upper: &upper, Independence: "x"},
					{Witness: probity.Logged, Value: 9.9e15, Unit: probity.Byte, Bound: probity.Below, Coverage: 0.28125, Impeached: true, Notes: []string{"note" + text}}},
				Instances: []probity.Instance{{Account: "acc", Resource: "res" + text, At: "2025-01-02T00:00:00Z", What: "event" + text, Exhibit: strings.Repeat("b", 64), Position: 7}}}}})
	}
	for i, c := range probity.Causes {
		r.Gaps = append(r.Gaps, probity.Gap{Witness: probity.Logged, Provider: "azure", Account: "acc", Resource: "res" + text, Span: probity.Span{From: day(1), Until: day(2 + i%7)}, Cause: c, Streams: []string{"StorageWrite" + text}, Detail: "because" + text})
	}
	for reading := range readings {
		if reading == probity.LogShort || reading == probity.LogExcess {
			r.Discrepancies = append(r.Discrepancies, probity.Discrepancy{Quantity: probity.Requests, Left: probity.Logged, Right: probity.Metered, Account: "acc", Resource: "res" + text, Span: probity.Span{From: day(3), Until: day(4)},
				RightValue: 48211, Unit: probity.One, Share: 1, Tolerance: 0.001, Reading: probity.LogShort, Impeaches: probity.Logged, Benign: []probity.BenignCause{{Cause: "late arrival" + text, Result: "cannot_be_tested"}}, Detail: "detail" + text})
		}
	}
	r.Exhibits = []probity.Exhibit{{SHA256: strings.Repeat("c", 64), Path: "evidence/x" + text, Kind: probity.AzureStorageLog, Bytes: 10, StreamBytes: 10, Records: 3, Unread: 1, UnreadBytes: 4, Note: "cut" + text,
		Custodian: &probity.Custodian{Name: "Office" + text, Relation: probity.RelLocalOffice}, Acquired: &probity.Acquired{At: day(20), By: "A" + text, How: "copy" + text}}}
	r.Integrity = []probity.Integrity{{Exhibit: "c", Path: "evidence/x" + text, Check: "manifest", Result: "altered", Detail: "differs" + text}}
	r.Requests = []probity.RequestRef{}
	r.Conclusion = probity.Conclude(r.Claims)
	return proceedings(r, text)
}

// proceedings adds what a ledger tells: a request that was refused, one that is
// overdue, and how an exhibit came here.
func proceedings(r *probity.Review, text string) *probity.Review {
	span := probity.Span{From: day(1), Until: day(9)}
	r.Requests = []probity.RequestRef{
		{ID: "R1", Leaf: 1, At: "2025-01-10T00:00:00Z", Custodian: "Office" + text, Relation: probity.RelLocalOffice, Witness: probity.Logged, Kind: probity.AzureStorageLog, Accounts: []string{"acc" + text},
			Period: &span, Due: "2025-01-12T00:00:00Z", State: "refused", Reason: "secret" + text, Answers: []int64{3}},
		{ID: "R2", Leaf: 2, At: "2025-01-10T00:00:00Z", Custodian: "Provider" + text, Relation: probity.RelProvider, Witness: probity.Billed, Resources: []string{"res" + text}, Due: "2025-01-15T00:00:00Z", State: "overdue", Answers: []int64{}},
	}
	r.Exhibits[0].Chain = []probity.Link{{Leaf: 4, Recorded: "2025-01-20T00:00:00Z", Request: "R1", Custodian: "Office" + text, Relation: probity.RelLocalOffice, By: "A" + text, How: "copy" + text, At: day(20), Manifest: strings.Repeat("d", 64)}}
	return r
}

func texts(t *testing.T, r *probity.Review) map[string]string {
	t.Helper()
	var page, plain, colour bytes.Buffer
	for _, err := range []error{HTML(&page, r), Text(&plain, r, TextOptions{Width: 100}), Text(&colour, r, TextOptions{Width: 60, Color: true, Out: "out", Case: "."})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"page": page.String(), "text": plain.String(), "colour": colour.String()}
}

func TestGolden(t *testing.T) {
	r := fixture(t, "")
	all := texts(t, r)
	data, err := JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"review.json": string(data), "review.txt": all["text"]} {
		file := "testdata/" + name
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (run go test ./internal/report -update if this is meant):\n%s", name, diff)
		}
	}
	back, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := JSON(back)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("reading review.json back and writing it changes it: %v\n%s", err, cmp.Diff(string(data), string(again)))
	}
}

// What stands in a record or a case cannot forge a page or a terminal.
func TestHostileText(t *testing.T) {
	const hostile = "<script>alert(1)</script>\"'&\x1b[31mred\x07\u202Eevil\nSUPPORTED\r"
	for name, text := range texts(t, fixture(t, hostile)) {
		for _, bad := range []string{"<script>alert", "\x07", "\u202E", "\r", "\x1b[31mred"} {
			if strings.Contains(text, bad) && !(name != "page" && bad == "<script>alert") {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		if name == "text" && regexp.MustCompile(`(?m)^SUPPORTED`).MatchString(text) {
			t.Error("a text broke out of its line")
		}
	}
}

// No rendering speaks of an absence without its coverage.
func TestAbsenceCarriesCoverage(t *testing.T) {
	tag := regexp.MustCompile(`<[^>]*>`)
	for name, text := range texts(t, fixture(t, "")) {
		flat := strings.Join(strings.Fields(tag.ReplaceAllString(text, "\n")), " ")
		if strings.Contains(strings.ToLower(flat), "no evidence") {
			t.Errorf("%s speaks of no evidence", name)
		}
		for _, at := range regexp.MustCompile(`(?:Not supported|Contradicted)[ :]`).FindAllStringIndex(flat, -1) {
			sentence := flat[at[0]:min(len(flat), at[0]+220)]
			if !strings.Contains(sentence, "coverage") {
				t.Errorf("%s: %q", name, sentence)
			}
		}
	}
}

// Long lists are cut with a word on what is left out.
func TestLongLists(t *testing.T) {
	r := fixture(t, "")
	for range 2500 {
		r.Gaps = append(r.Gaps, r.Gaps[0])
		r.Discrepancies = append(r.Discrepancies, r.Discrepancies[0])
	}
	all := texts(t, r)
	if !strings.Contains(all["page"], "stand in review.json") || !strings.Contains(all["text"], "more in report.html") {
		t.Error("a long list was cut without a word")
	}
	if len(all["page"]) > 4<<20 {
		t.Errorf("the page has %d bytes", len(all["page"]))
	}
}

// Whole numbers have no exponent, and nothing is lost in the others.
func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{"8.1e+15": "8100000000000000", "0.30000000000000004": "0.30000000000000004", "1e-9": "1e-09", "0": "0", "-4": "-4"} {
		if got := number(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if _, err := Parse([]byte(`{"probity":2}`)); err == nil {
		t.Error("a review of another version was read")
	}
}
