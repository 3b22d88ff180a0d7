package page

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t testing.TB, r *probity.Review, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r, Options{Lang: lang}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// harbour is the answer of examples/harbour: the review.json that the program
// writes for it, compressed.
func harbour(t testing.TB) *probity.Review {
	t.Helper()
	f, err := os.Open("testdata/harbour.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var r probity.Review
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// empty is the answer of a case without records or claims.
func empty() *probity.Review {
	return &probity.Review{Probity: 1, Case: "empty", Period: probity.Span{From: day(0), Until: day(31)}, Tool: probity.Tool{Name: "probity", Version: "0"},
		CaseSHA256: strings.Repeat("0", 64), Plan: probity.PlanStanding{Leaf: -1}, Conclusion: probity.Conclude(nil)}
}

func day(n int) time.Time { return time.Date(2023, 1, 1+n, 0, 0, 0, 0, time.UTC) }

// large is an answer to 50 claims about 40 accounts over three years, in
// which every vocabulary occurs whole.
func large(t testing.TB) *probity.Review {
	t.Helper()
	period := probity.Span{From: day(0), Until: day(3 * 365)}
	r := &probity.Review{Probity: 1, Case: "large", Title: "Alleged misuse in forty accounts", Subject: "Tenant L (fictional)", Period: period,
		Instruction: probity.Instruction{InstructedBy: "Audit committee", StandardOfProof: "balance_of_probabilities"},
		Tool:        probity.Tool{Name: "probity", Version: "0"}, CaseSHA256: strings.Repeat("1", 64), Warnings: []string{"one warning of the review"},
		Plan: probity.PlanStanding{Sealed: true, At: "2026-01-05T00:00:00Z", Leaf: 3, PlanSHA256: strings.Repeat("2", 64), Rules: 120, SealedBefore: 118,
			NotAsSealed: []probity.RuleNow{{Rule: "claim/A2.3", Standing: "changed"}, {Rule: "coverage/minimum", Standing: "added"}}}}
	accounts := make([]string, 40)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", 0x6f0c1c1e+i*7919, i)
	}
	for i := range 50 {
		if i%10 == 0 {
			id := fmt.Sprintf("A%d", i/10+1)
			r.Allegations = append(r.Allegations, probity.Alleged{ID: id, Statement: "Records of many people are said to be kept in bulk", Sources: []probity.SourceRef{{ID: "S1", Name: "A newspaper", Date: "2025-08-06", Grade: "B2"}},
				Provisions: []probity.ProvisionOf{{ID: "t/p", Instrument: "Service terms", Version: "2022-06", Paraphrase: "No use for mass surveillance of civilians."}}})
		}
		r.Claims = append(r.Claims, largeClaim(t, r, i, accounts[i%40]))
	}
	largeRecords(r, accounts)
	r.Conclusion = probity.Conclude(r.Claims)
	return r
}

func largeClaim(t testing.TB, r *probity.Review, i int, account string) probity.ClaimResult {
	t.Helper()
	q := probity.Quantities[i%len(probity.Quantities)]
	share := []float64{1, 1, 1, 0.4012, 0.97}[i%5]
	cov := probity.Coverage{Share: share, Minimum: 0.95}
	seen := probity.Observed{Value: float64(1+i) * 1.7e9, Unit: q.Unit(), Witness: probity.Billed, Of: q.Noun()}
	var f probity.Finding
	var err error
	switch i % 5 {
	case 0:
		f = probity.FindSupported(seen, cov)
	case 1:
		f, err = probity.FindContradicted(seen, cov)
	case 2:
		f = probity.FindNotAssessed(cov, "no such rule in the catalogue")
	case 3:
		f = probity.FindUndetermined(&seen, cov, "logged covers 40.12 % of the population, less than the minimum of 95 %")
	default:
		f, err = probity.FindNotSupported(seen, cov)
	}
	if err != nil {
		t.Fatal(err)
	}
	x := probity.TestResult{Subject: string(q), Aggregate: "max", Per: probity.PerDay, Relation: "at_least", Threshold: 40e9, Unit: q.Unit(), Finding: f, Sentence: f.Sentence(), Limits: f.Limits(),
		Population: []string{account + "/store01", account + "/store02"}, Coverage: cov}
	for k, w := range []probity.Witness{probity.Billed, probity.Metered, probity.Listed, probity.Logged, probity.Flowed} {
		upper := seen.Value * 1.2
		x.Witnesses = append(x.Witnesses, probity.WitnessValue{Witness: w, Value: seen.Value / float64(1+k), Unit: q.Unit(), Bound: []probity.Bound{probity.Both, probity.Above, probity.Below, probity.Below, probity.Neither}[k],
			Coverage: share / float64(1+k), Upper: &upper, Impeached: k == 3, Independence: w.Suppressor()})
		x.Series = append(x.Series, probity.WitnessSeries{Witness: w, Unit: q.Unit(), Steps: largeSteps(r.Period, seen.Value, k)})
	}
	id := fmt.Sprintf("%s.%d", r.Allegations[i/10].ID, i%10+1)
	r.Allegations[i/10].Claims = append(r.Allegations[i/10].Claims, id)
	c := probity.ClaimResult{ID: id, Allegation: r.Allegations[i/10].ID, Statement: "On one day at least 40 billion were held in one account.", Material: i%7 != 6, Kind: probity.ClaimAllegation, Finding: f, Sentence: f.Sentence(),
		Observed: f.Observed(), Witnesses: x.Witnesses, Coverage: cov, Tests: []probity.TestResult{x}, InnocentExplanations: []string{"A contact centre records its calls."}, Warnings: []string{"logged falls short of metered"}}
	if i%5 == 3 {
		c.WouldChange = []string{"logged records of " + account + "/store01 for 8760 h in 2024-01-01..2025-01-01 (expired: the record was older, when acquired, than it is kept)"}
	}
	if i%9 == 8 {
		c.Kind = probity.ClaimAssurance
	}
	return c
}

func largeSteps(period probity.Span, top float64, k int) []probity.Step {
	var out []probity.Step
	for i := range 122 {
		s := probity.Step{Span: probity.Span{From: period.From.AddDate(0, 0, 9*i), Until: period.From.AddDate(0, 0, 9*i+9)}.Intersect(period)}
		if k >= 2 && i%30 > 30-6*k {
			out = append(out, s) // silent
			continue
		}
		s.Seen = top * float64(20+i+(i*37)%11) / 160 / float64(1+k/2)
		low, high := s.Seen, s.Seen*1.15
		s.Covered = 1
		if s.Lower = &low; k < 2 {
			s.Upper = &high
		}
		if k == 3 {
			s.Covered = 0.6
		}
		out = append(out, s)
	}
	return out
}

func largeRecords(r *probity.Review, accounts []string) {
	kinds := []probity.Witness{probity.Billed, probity.Metered, probity.Listed, probity.Logged, probity.Control}
	for i, a := range accounts {
		for k := range 3 {
			name := fmt.Sprintf("store%02d", k+1)
			shown := []string{"billed", "metered"}
			if k < 2 {
				shown = append(shown, "listed", "logged", "stated", "control")
			}
			r.Estate.Resources = append(r.Estate.Resources, probity.Resource{Provider: "azure", Account: a, Resource: name, Type: "microsoft.storage/storageaccounts", Region: "westeurope", Disclosed: k < 2, Shown: shown})
			if k == 2 && i%4 == 0 {
				r.Estate.Undisclosed = append(r.Estate.Undisclosed, probity.Undisclosed{Provider: "azure", Account: a, Resource: name, Type: "microsoft.storage/storageaccounts", Region: "northeurope", First: "2023-01-01T00:00:00Z", Last: "2025-12-31T00:00:00Z", Shown: []string{"billed"}})
			}
			for g := range 6 {
				from := r.Period.From.AddDate(0, 0, (i*61+k*17+g*173)%1000)
				r.Gaps = append(r.Gaps, probity.Gap{Witness: kinds[(i+g)%5], Provider: "azure", Account: a, Resource: name, Span: probity.Span{From: from, Until: from.AddDate(0, 0, 4+(g*31)%90)}, Cause: probity.Causes[(i+g)%len(probity.Causes)], Streams: []string{"StorageWrite"}})
			}
		}
		for n := range 4 {
			reading := []probity.Reading{probity.LogShort, probity.LogExcess, probity.ListingShort, probity.ListingExcess, probity.BillShort, probity.BillExcess, probity.MetricShort, probity.MetricExcess}[(i+n)%8]
			from := r.Period.From.AddDate(0, 0, i*20+n*3)
			r.Discrepancies = append(r.Discrepancies, probity.Discrepancy{Quantity: probity.Quantities[i%9], Left: probity.Logged, Right: probity.Metered, Provider: "azure", Account: a, Resource: "store01", Span: probity.Span{From: from, Until: from.AddDate(0, 0, 2)},
				LeftValue: float64(n * 400), RightValue: 2100, Unit: probity.Quantities[i%9].Unit(), Share: 0.43, Tolerance: 0.001, Reading: reading, Benign: []probity.BenignCause{{Cause: "late arrival", Result: "does_not_explain"}, {Cause: "failed anonymous requests", Result: "cannot_be_tested"}, {Cause: "GB against GiB", Result: "explains"}}})
		}
		state := []string{"open", "received", "received_in_part", "received_late", "refused", "redacted", "overdue"}[i%7]
		r.Requests = append(r.Requests, probity.RequestRef{ID: fmt.Sprintf("R%d", i+1), Leaf: int64(4 + i), At: "2026-01-06T00:00:00Z", Custodian: "Local office", Relation: []probity.Relation{probity.RelCustomer, probity.RelLocalOffice, probity.RelProvider, probity.RelThirdParty}[i%4],
			Witness: probity.Logged, Accounts: []string{a}, Due: "2026-02-01", State: state, Reason: map[bool]string{true: "held to be confidential"}[state == "refused"], Answers: []int64{int64(60 + i)}})
	}
	for i := range 300 {
		r.Exhibits = append(r.Exhibits, probity.Exhibit{SHA256: fmt.Sprintf("%064x", i+1), Path: fmt.Sprintf("evidence/logs/y=2025/m=%02d/d=%02d/PT1H.json", i%12+1, i%28+1), Kind: probity.Kinds[i%len(probity.Kinds)], Bytes: int64(1000 * i), Records: int64(i), Unread: int64(i % 50 / 49), UnreadBytes: int64(i % 50 / 49 * 77),
			Custodian: &probity.Custodian{Name: "Local office", Relation: probity.RelLocalOffice}, Acquired: &probity.Acquired{At: day(1100), By: "A. Example", How: "copy of the log store"},
			Chain: []probity.Link{{Leaf: 70, Recorded: "2026-01-20T00:00:00Z", Request: "R1", Custodian: "Local office", By: "A. Example", How: "by courier"}}})
		r.Totals.Exhibits, r.Totals.Bytes = r.Totals.Exhibits+1, r.Totals.Bytes+int64(1000*i)
	}
	for _, result := range []string{"ok", "altered", "missing", "conflict", "cannot_be_tested"} {
		r.Integrity = append(r.Integrity, probity.Integrity{Exhibit: strings.Repeat("0", 63) + "1", Path: "evidence/x", Check: "manifest", Result: result, Detail: "differs"})
	}
}

// The pages of the three answers, as they were when somebody last looked.
func TestGolden(t *testing.T) {
	for name, got := range map[string]string{"harbour": render(t, harbour(t), ""), "empty": render(t, empty(), "")} {
		file := "testdata/" + name + ".html"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (run go test ./internal/page -update if this is meant, and look at the page):\n%.4000s", file, diff)
		}
	}
}

// The page of an answer does not outgrow what a telephone opens.
func TestSize(t *testing.T) {
	if n := len(render(t, harbour(t), "")); n > 1_500_000 {
		t.Errorf("the page of harbour has %d bytes", n)
	}
	n := len(render(t, large(t), ""))
	t.Logf("50 claims, 40 accounts, three years: %d bytes", n)
	if n > 8_000_000 {
		t.Errorf("the page of a large review has %d bytes", n)
	}
}
