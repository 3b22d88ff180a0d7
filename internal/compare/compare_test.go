package compare

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
)

func hour(n int) time.Time { return time.Date(2025, 1, 1, n, 0, 0, 0, time.UTC) }

func span(from, until int) probity.Span { return probity.Span{From: hour(from), Until: hour(until)} }

// review is one with one claim, one gap, one discrepancy and one exhibit.
func review(share float64, seen float64) *probity.Review {
	c := probity.Coverage{Share: share, Minimum: 0.95}
	o := probity.Observed{Value: seen, Unit: probity.One, Witness: probity.Logged, Of: "objects written"}
	f, err := probity.FindNotSupported(o, c)
	if err != nil {
		f = probity.FindUndetermined(&o, c)
	}
	if seen >= 60 {
		f = probity.FindSupported(o, c)
	}
	r := &probity.Review{Probity: 1, Case: "c", Period: span(0, 24), Tool: probity.Tool{Name: "probity", Version: "1"}, CaseSHA256: "aa",
		Claims: []probity.ClaimResult{{ID: "A.1", Allegation: "A", Statement: "s", Material: true, Kind: probity.ClaimAllegation, Finding: f, Sentence: f.Sentence(), Observed: &o, Coverage: c,
			Tests: []probity.TestResult{{Subject: "objects_written", Relation: "at_least", Threshold: 60, Unit: probity.One, Aggregate: "max", Per: probity.PerDay, Finding: f, Coverage: c, Population: []string{"acc/res"},
				Witnesses: []probity.WitnessValue{{Witness: probity.Logged, Value: seen, Unit: probity.One, Bound: probity.Below, Coverage: share}}}}}},
		Gaps:          []probity.Gap{{Witness: probity.Logged, Provider: "azure", Account: "acc", Resource: "res", Span: span(12, 24), Cause: probity.TurnedOff, Streams: []string{"writes", "reads"}}},
		Discrepancies: []probity.Discrepancy{{Quantity: probity.Requests, Left: probity.Logged, Right: probity.Metered, Account: "acc", Resource: "res", Span: span(0, 24), LeftValue: 1, RightValue: 9, Unit: probity.One, Tolerance: 0.01, Reading: probity.LogShort}},
		Estate:        probity.Estate{Resources: []probity.Resource{{Provider: "azure", Account: "acc", Resource: "res", Shown: []string{"billed", "logged"}}}},
		Exhibits:      []probity.Exhibit{{SHA256: "e1", Path: "evidence/a", Kind: probity.AzureStorageLog, Records: 3}}}
	r.Conclusion = probity.Conclude(r.Claims)
	return r
}

// A review compared with itself differs in nothing.
func TestSame(t *testing.T) {
	r := review(0.5, 40)
	d := Reviews(r, r)
	if d.Claims[0].Status != "same" || len(d.Rules) > 0 || d.Plan.Changed || d.Looked.Exhibits.Same != 1 || d.Discrepancies.Same != 1 || len(d.Gaps.Closed)+len(d.Gaps.Opened)+len(d.Gaps.Other) > 0 || len(d.Looked.Uncovered) > 0 {
		t.Errorf("%+v", d)
	}
	text, err := json.Marshal(d)
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%v %s", err, text)
	}
}

// A cause is named alone only where nothing else that the reviews state can have
// changed the finding.
func TestCauses(t *testing.T) {
	more := func(r *probity.Review) {
		r.Exhibits = append(r.Exhibits, probity.Exhibit{SHA256: "e2", Path: "evidence/b", Kind: probity.Focus, Records: 9})
	}
	for _, tt := range []struct {
		name        string
		old, new    *probity.Review
		change      func(old, new *probity.Review)
		causes      []string
		established bool
	}{
		{"new exhibits alone", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { more(n) }, []string{ExhibitsAdded}, true},
		{"exhibits taken away", review(1, 70), review(0.5, 40), func(o, _ *probity.Review) { more(o) }, []string{ExhibitsRemoved}, true},
		{"exhibits exchanged", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { n.Exhibits[0].SHA256 = "e3" }, []string{ExhibitsAdded, ExhibitsRemoved}, false},
		{"another version", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { n.Tool.Version = "2" }, []string{Tool}, true},
		{"another version that reads more", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { n.Tool.Version, n.Exhibits[0].Records = "2", 8 }, []string{ExhibitsReread, Tool}, false},
		{"new exhibits and another case file", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { more(n); n.CaseSHA256 = "bb" }, []string{ExhibitsAdded, CaseFile}, false},
		{"nothing that is stated", review(0.5, 40), review(1, 70), func(_, _ *probity.Review) {}, nil, false},
		{"another threshold, witnesses as before", review(1, 40), review(1, 40), func(_, n *probity.Review) {
			n.CaseSHA256, n.Claims[0].Tests[0].Threshold = "bb", 30
			n.Claims[0].Finding = probity.FindSupported(*n.Claims[0].Observed, n.Claims[0].Coverage)
		}, []string{ClaimChanged}, true},
		{"another date, witnesses as before", review(1, 40), review(1, 40), func(o, n *probity.Review) {
			n.CaseSHA256, o.Claims[0].Tests[0].After, n.Claims[0].Tests[0].After = "bb", "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"
			n.Claims[0].Finding = probity.FindSupported(*n.Claims[0].Observed, n.Claims[0].Coverage)
		}, []string{ClaimChanged}, true},
		{"another threshold with new exhibits, witnesses as before", review(1, 40), review(1, 40), func(_, n *probity.Review) {
			more(n)
			n.CaseSHA256, n.Claims[0].Tests[0].Threshold = "bb", 30
			n.Claims[0].Finding = probity.FindSupported(*n.Claims[0].Observed, n.Claims[0].Coverage)
		}, []string{ClaimChanged}, true},
		{"another threshold and other testimony", review(1, 40), review(1, 70), func(_, n *probity.Review) {
			more(n)
			n.CaseSHA256, n.Claims[0].Tests[0].Threshold = "bb", 30
		}, []string{ClaimChanged, ExhibitsAdded, CaseFile}, false},
		{"a lower minimum", review(0.5, 40), review(0.5, 40), func(_, n *probity.Review) {
			c := &n.Claims[0]
			n.CaseSHA256, c.Coverage.Minimum = "bb", 0.4
			f, err := probity.FindNotSupported(*c.Observed, c.Coverage)
			if err != nil {
				t.Fatal(err)
			}
			c.Finding = f
		}, []string{MinimumCoverage}, true},
		{"another statement explains nothing", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { more(n); n.Claims[0].Statement = "other words" }, []string{ExhibitsAdded}, true},
		{"another period", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { n.Period, n.CaseSHA256 = span(0, 12), "bb" }, []string{Period, CaseFile}, false},
		{"another tolerance", review(0.5, 40), review(1, 70), func(_, n *probity.Review) { n.Discrepancies[0].Tolerance, n.CaseSHA256 = 0.5, "bb" }, []string{Tolerances, CaseFile}, false},
	} {
		tt.change(tt.old, tt.new)
		c := Reviews(tt.old, tt.new).Claims[0]
		if c.Status != "changed" {
			t.Errorf("%s: the claim is %s", tt.name, c.Status)
		}
		var got []string
		for _, x := range c.Causes {
			got = append(got, x.Cause)
		}
		if diff := cmp.Diff(tt.causes, got); diff != "" || c.Established != tt.established {
			t.Errorf("%s: established %v\n%s", tt.name, c.Established, diff)
		}
		if c.Established != strings.HasPrefix(c.Why, "Because: ") || len(c.Causes) > 1 != strings.Contains(c.Why, "do not establish which") || len(c.Causes) == 0 != strings.Contains(c.Why, "Nothing that the two reviews state") {
			t.Errorf("%s: %q", tt.name, c.Why)
		}
	}
}

func TestClaims(t *testing.T) {
	old, new := review(0.5, 40), review(1, 40)
	new.Claims[0].Finding = old.Claims[0].Finding // the same word on more coverage
	new.Claims = append(new.Claims, old.Claims[0])
	new.Claims[1].ID = "A.2"
	gone := old.Claims[0]
	gone.ID = "A.0"
	old.Claims = append(old.Claims, gone)
	var got []string
	d := Reviews(old, new)
	for _, c := range d.Claims {
		got = append(got, c.ID+" "+c.Status)
	}
	if diff := cmp.Diff([]string{"A.1 moved", "A.2 added", "A.0 removed"}, got); diff != "" {
		t.Error(diff)
	}
	c := d.Claims[0]
	if c.Old.Hours != 12 || c.New.Hours != 24 || len(c.Testimony) != 1 || c.Testimony[0].New.Coverage != 1 || c.Why != "" {
		t.Errorf("%+v", c)
	}
}

// Gaps are compared hour by hour and part by part, and it is said why one of the
// reviews has none.
func TestGaps(t *testing.T) {
	old, new := review(0.5, 40), review(0.5, 40)
	new.Gaps = []probity.Gap{
		{Witness: probity.Logged, Provider: "azure", Account: "acc", Resource: "res", Span: span(12, 18), Cause: probity.TurnedOff, Streams: []string{"writes"}},
		{Witness: probity.Logged, Provider: "azure", Account: "acc", Resource: "res", Span: span(18, 20), Cause: probity.Refused, Streams: []string{"writes"}},
		{Witness: probity.Listed, Provider: "azure", Account: "other", Resource: "x", Span: span(0, 24), Cause: probity.Unknown},
	}
	d := Reviews(old, new)
	type line struct {
		Stream string
		Cause  probity.Cause
		Hours  float64
		Why    string
	}
	lines := func(list []GapChange) (out []line) {
		for _, g := range list {
			out = append(out, line{g.Stream, g.Cause, g.Hours, g.Why})
		}
		return out
	}
	for name, x := range map[string]struct{ got, want []line }{
		"closed": {lines(d.Gaps.Closed), []line{{"reads", probity.TurnedOff, 12, "records"}, {"writes", probity.TurnedOff, 4, "records"}}},
		"opened": {lines(d.Gaps.Opened), []line{{"", probity.Unknown, 24, "estate"}}},
		"other":  {lines(d.Gaps.Other), []line{{"writes", probity.TurnedOff, 2, ""}}},
	} {
		if diff := cmp.Diff(x.want, x.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if d.Gaps.Other[0].NewCause != probity.Refused {
		t.Errorf("%+v", d.Gaps.Other)
	}
	if diff := cmp.Diff([]Silence{{probity.Listed, 0, 24}, {probity.Logged, 12, 8}}, d.Looked.Uncovered); diff != "" {
		t.Error(diff)
	}
	shorter := review(0.5, 40)
	shorter.Period, shorter.Gaps = span(0, 14), []probity.Gap{}
	if got := lines(Reviews(old, shorter).Gaps.Closed); !slices.Contains(got, line{"reads", probity.TurnedOff, 2, "records"}) || !slices.Contains(got, line{"reads", probity.TurnedOff, 10, "period"}) {
		t.Errorf("%+v", got)
	}
}

func TestLooked(t *testing.T) {
	old, new := review(0.5, 40), review(0.5, 40)
	new.Exhibits = []probity.Exhibit{{SHA256: "e1", Path: "evidence/renamed", Kind: probity.AzureStorageLog, Records: 3}, {SHA256: "e1", Path: "evidence/copy", DuplicateOf: "evidence/renamed"}, {SHA256: "e2", Path: "evidence/b", Kind: probity.Focus, Records: 2}}
	new.Estate.Resources = append(new.Estate.Resources, probity.Resource{Provider: "aws", Account: "1", Resource: "b", Shown: []string{"billed", "stated"}})
	new.Estate.Undisclosed = []probity.Undisclosed{{Provider: "aws", Account: "1", Resource: "b"}}
	new.Requests = []probity.RequestRef{{ID: "R1", Custodian: "Office", Witness: probity.Logged, State: "refused", Reason: "secret"}}
	new.Integrity = []probity.Integrity{{Exhibit: "e1", Check: "digest", Result: "ok"}, {Exhibit: "e2", Check: "manifest", Result: "altered"}}
	new.Plan = probity.PlanStanding{Sealed: true, At: "2025-01-01", Leaf: 0}
	new.Discrepancies[0].RightValue = 10
	d := Reviews(old, new)
	for name, ok := range map[string]bool{
		"exhibits":      len(d.Looked.Exhibits.Added) == 1 && d.Looked.Exhibits.Added[0].SHA256 == "e2" && len(d.Looked.Exhibits.Renamed) == 1 && d.Looked.Exhibits.Renamed[0].Was.Path == "evidence/a" && len(d.Looked.Exhibits.Reread) == 0,
		"witnesses":     cmp.Equal(d.Looked.Witnesses, Names{[]string{"stated"}, []string{}}),
		"accounts":      cmp.Equal(d.Looked.Accounts, Names{[]string{"aws/1"}, []string{}}),
		"resources":     cmp.Equal(d.Looked.Resources, Names{[]string{"aws/1/b"}, []string{}}),
		"undisclosed":   cmp.Equal(d.Undisclosed, Names{[]string{"aws/1/b"}, []string{}}),
		"requests":      cmp.Equal(d.Requests, []Request{{"R1", "Office", probity.Logged, "", "refused", "secret"}}),
		"integrity":     len(d.Integrity) == 1 && d.Integrity[0].Check == "manifest",
		"plan":          d.Plan.Changed,
		"discrepancies": len(d.Discrepancies.Changed) == 1 && d.Discrepancies.Changed[0].New.RightValue == 10,
		"kinds":         slices.ContainsFunc(d.Looked.Kinds, func(k Kind) bool { return k.Kind == probity.Focus && k.OldExhibits == 0 && k.NewRecords == 2 }),
	} {
		if !ok {
			t.Errorf("%s: %+v", name, d)
		}
	}
	back := Reviews(new, old)
	if !cmp.Equal(back.Looked.Accounts.Removed, d.Looked.Accounts.Added) || len(back.Requests) != 1 || back.Requests[0].NewState != "" {
		t.Errorf("the other way round: %+v", back)
	}
}

func TestWithout(t *testing.T) {
	for _, tt := range []struct{ a, b, want []probity.Span }{
		{[]probity.Span{span(0, 10)}, []probity.Span{span(2, 3), span(5, 7)}, []probity.Span{span(0, 2), span(3, 5), span(7, 10)}},
		{[]probity.Span{span(0, 10)}, []probity.Span{span(0, 10)}, nil},
		{[]probity.Span{span(0, 10)}, []probity.Span{span(10, 12)}, []probity.Span{span(0, 10)}},
		{[]probity.Span{span(0, 4), span(6, 8)}, []probity.Span{span(3, 7)}, []probity.Span{span(0, 3), span(7, 8)}},
		{[]probity.Span{span(2, 4)}, []probity.Span{span(0, 9)}, nil},
	} {
		if diff := cmp.Diff(tt.want, without(tt.a, tt.b)); diff != "" {
			t.Error(diff)
		}
	}
}
