package custody

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"probity"
)

func keyOf(n int) string { return strings.Repeat(fmt.Sprintf("%02x", n), 32) }

const theReview = "rrrr"

// three is a policy of two of three, Dan recused.
func three() *Policy {
	return &Policy{Quorum: 2, Reviewers: []Listed{{"Ada", Author, keyOf(1)}, {"Bob", Approver, keyOf(2)}, {"Eve", Reviewer, keyOf(3)}},
		Recused: []Recusal{{"Dan", "worked for the customer"}}}
}

// signs records a signature, whether or not it counts, as somebody who writes
// the ledger by other means could.
func signs(t *testing.T, b *Book, by string, role Role, key int) {
	t.Helper()
	leaf, err := b.Log().Append(fmt.Appendf(nil, `{"signature":%q}`, by+keyOf(key)))
	if err != nil {
		t.Fatal(err)
	}
	record(t, b, FindingSigned, "", &Signed{By: by, Role: role, KeySHA256: keyOf(key), ReviewSHA256: theReview, Leaf: leaf})
}

func run(t *testing.T, b *Book) {
	t.Helper()
	record(t, b, AnalysisRun, "", &Analysis{ReviewSHA256: theReview})
}

// Each rule, both ways: what the ledger says decides whether signatures are
// enough, and in the same way whether one may sign.
func TestRules(t *testing.T) {
	type by struct {
		name string
		role Role
		key  int
	}
	ada, bob, eve := by{"Ada", Author, 1}, by{"Bob", Approver, 2}, by{"Eve", Reviewer, 3}
	of := func(k int) *Policy {
		p := three()
		p.Quorum = k
		return p
	}
	revoke := func(key int, since string) func(*testing.T, *Book) {
		return func(t *testing.T, b *Book) {
			record(t, b, KeyRevoked, "", &Revoked{KeySHA256: keyOf(key), Reason: "the disk was stolen", Since: day(since)})
		}
	}
	add := func(name string, key int) func(*testing.T, *Book) {
		return func(t *testing.T, b *Book) { record(t, b, KeyAdded, "", &Key{By: name, KeySHA256: keyOf(key)}) }
	}
	for name, c := range map[string]struct {
		policy *Policy
		before func(*testing.T, *Book)
		signed []by
		after  func(*testing.T, *Book)
		why    string // "" if it is met
	}{
		"two without a policy":             {nil, nil, []by{ada, bob}, nil, ""},
		"one without a policy":             {nil, nil, []by{ada}, nil, "an approver has not signed"},
		"two authors":                      {nil, nil, []by{ada, {"Bob", Author, 2}}, nil, "an approver has not signed"},
		"one person with two keys":         {nil, nil, []by{ada, {" ADA", Approver, 2}}, nil, "Ada has signed it as author"},
		"two people with one key":          {nil, nil, []by{ada, {"Bob", Approver, 1}}, nil, "Ada has signed it as author"},
		"a role that needs a policy":       {nil, nil, []by{ada, eve}, nil, "no policy gives Eve the role reviewer"},
		"two of three":                     {three(), nil, []by{ada, bob}, nil, ""},
		"two of three, no approver":        {three(), nil, []by{ada, eve}, nil, "an approver has not signed"},
		"three of three":                   {of(3), nil, []by{ada, bob, eve}, nil, ""},
		"three of three, one missing":      {of(3), nil, []by{ada, bob}, nil, "2 of 3 reviewers have signed"},
		"three of three, one twice":        {of(3), nil, []by{ada, bob, {"Bob", Reviewer, 3}}, nil, "2 of 3 reviewers have signed"},
		"somebody who is not listed":       {three(), nil, []by{ada, {"Zoe", Approver, 9}}, nil, "Zoe is no reviewer by the policy"},
		"a listed one in another role":     {three(), nil, []by{ada, {"Eve", Approver, 3}}, nil, "Eve is reviewer by the policy"},
		"a listed one with another key":    {three(), nil, []by{ada, {"Bob", Approver, 9}}, nil, "Bob has another key by the policy"},
		"a key that was added":             {three(), add("Bob", 9), []by{ada, {"Bob", Approver, 9}}, nil, ""},
		"a key added for another":          {three(), add("Ada", 9), []by{ada, {"Bob", Approver, 9}}, nil, "Bob has another key"},
		"a key added too late":             {three(), nil, []by{ada, {"Bob", Approver, 9}}, add("Bob", 9), "Bob has another key"},
		"another key without a policy":     {nil, add("Bob", 2), []by{ada, {"Bob", Approver, 9}}, nil, "the ledger has another key of Bob"},
		"the added key without a policy":   {nil, add("Bob", 2), []by{ada, bob}, nil, ""},
		"a recused one":                    {three(), nil, []by{ada, {"dan", Approver, 9}}, nil, "dan is recused: worked for the customer"},
		"a key revoked before":             {three(), revoke(2, "2026-01-01"), []by{ada, bob}, nil, "the key was revoked"},
		"a key revoked, another added":     {three(), func(t *testing.T, b *Book) { revoke(2, "2026-01-01")(t, b); add("Bob", 9)(t, b) }, []by{ada, {"Bob", Approver, 9}}, nil, ""},
		"another's key revoked":            {three(), revoke(3, "2026-01-01"), []by{ada, bob}, nil, ""},
		"a key revoked since before":       {three(), nil, []by{ada, bob}, revoke(2, "2026-01-04"), "the key was revoked"},
		"a key revoked since after":        {three(), nil, []by{ada, bob}, revoke(2, "2026-01-06"), ""},
		"a policy after the signatures":    {nil, nil, []by{ada, bob}, func(t *testing.T, b *Book) { record(t, b, PolicySet, "", of(3)) }, ""},
		"a laxer policy after a signature": {of(3), nil, []by{ada, bob}, func(t *testing.T, b *Book) { record(t, b, PolicySet, "", of(2)) }, "2 of 3 reviewers have signed"},
		"one who also dissents": {three(), nil, []by{ada, bob}, func(t *testing.T, b *Book) {
			record(t, b, FindingDissent, "", &Dissent{By: "Bob", Role: Approver, KeySHA256: keyOf(2), ReviewSHA256: theReview, Reason: "no"})
		}, "Bob dissents from it"},
		"another's dissent": {three(), nil, []by{ada, bob}, func(t *testing.T, b *Book) {
			record(t, b, FindingDissent, "", &Dissent{By: "Eve", Role: Reviewer, KeySHA256: keyOf(3), ReviewSHA256: theReview, Reason: "no"})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			now := "2026-01-01"
			b, err := Start(&probity.Case{ID: "h", Dir: t.TempDir(), Text: []byte("id: h\n")}, Options{Now: func() time.Time { return day(now) }})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if c.policy != nil {
				record(t, b, PolicySet, "", c.policy)
			}
			run(t, b)
			if c.before != nil {
				c.before(t, b)
			}
			now = "2026-01-05"
			refused := ""
			for _, x := range c.signed {
				if err := b.MaySign(theReview, Signed{By: x.name, Role: x.role, KeySHA256: keyOf(x.key)}, false); err != nil {
					refused = err.Error()
				}
				signs(t, b, x.name, x.role, x.key)
			}
			now = "2026-01-09"
			if c.after != nil {
				c.after(t, b)
			}
			met, missing := b.Reviewed(theReview).Met()
			if met != (c.why == "") || !strings.Contains(missing, c.why) {
				t.Errorf("met %v: %s; want %q", met, missing, c.why)
			}
			counts := c.why == "" || strings.Contains(c.why, "not signed") || strings.Contains(c.why, "have signed") || c.after != nil
			if one := name == "three of three, one twice" || name == "a key added too late"; counts && refused != "" && !one || !counts && refused == "" {
				t.Errorf("signing is refused with %q", refused)
			}
			// Whoever has the ledger and what opens it comes to the same answer.
			again, err := Read(b.dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if m, why := again.Reviewed(theReview).Met(); m != met || why != missing {
				t.Errorf("read again: %v %s", m, why)
			}
		})
	}
}

// A policy that was set after evidence was read is said to be late, and so is
// nothing else.
func TestPolicyLate(t *testing.T) {
	for name, c := range map[string]struct {
		policies [2]bool // before and after the run
		late     bool
		rule     string
	}{
		"none":   {[2]bool{false, false}, false, "no policy was set"},
		"before": {[2]bool{true, false}, false, "2 of 3 reviewers, by the policy of leaf 1"},
		"after":  {[2]bool{false, true}, true, "policy set late"},
		"both":   {[2]bool{true, true}, true, "policy set late"},
	} {
		b := begin(t, t.TempDir(), "2026-01-01")
		if c.policies[0] {
			record(t, b, PolicySet, "", three())
		}
		run(t, b)
		if c.policies[1] {
			record(t, b, PolicySet, "", three())
		}
		if r := b.Reviewed(theReview); r.Late != c.late || !strings.Contains(r.Rule(), c.rule) || !c.late && strings.Contains(r.Rule(), "late") {
			t.Errorf("%s: %v, %q", name, r.Late, r.Rule())
		}
	}
}

// What a policy must not be.
func TestPolicyCheck(t *testing.T) {
	if err := three().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *Policy){
		"a quorum of one":               func(p *Policy) { p.Quorum = 1 },
		"a quorum of four":              func(p *Policy) { p.Quorum = 4 },
		"no author":                     func(p *Policy) { p.Reviewers[0].Role = Reviewer },
		"no approver":                   func(p *Policy) { p.Reviewers = p.Reviewers[:1] },
		"a judge":                       func(p *Policy) { p.Reviewers[2].Role = "judge" },
		"a person twice":                func(p *Policy) { p.Reviewers[1].By = "ada " },
		"a key twice":                   func(p *Policy) { p.Reviewers[1].KeySHA256 = keyOf(1) },
		"no name":                       func(p *Policy) { p.Reviewers[2].By = " " },
		"no key":                        func(p *Policy) { p.Reviewers[2].KeySHA256 = "abc" },
		"the only author recused":       func(p *Policy) { p.Recused[0].By = "ADA" },
		"too few who are not recused":   func(p *Policy) { p.Quorum, p.Recused[0].By = 3, "Eve" },
		"a recusal without a reason":    func(p *Policy) { p.Recused[0].Reason = "" },
		"a digest of witnesses that is": func(p *Policy) { p.Witnesses = &Witnesses{"x"} },
	} {
		p := three()
		change(p)
		if p.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// No leaf has a name or a reason in it.
func TestPolicyIsSealed(t *testing.T) {
	b := begin(t, t.TempDir(), "2026-01-01")
	p := three()
	p.Reviewers[0].By, p.Recused[0].By, p.Recused[0].Reason = "Secret Author", "Secret Recused", "a secret reason"
	record(t, b, PolicySet, "", p)
	record(t, b, EvidenceRequested, "R1", asked("2026-02-01"))
	record(t, b, EvidenceAcknowledged, "", &Acknowledged{Request: "R1", By: "Secret Clerk", How: "by secret letter"})
	record(t, b, KeyAdded, "", &Key{By: "Secret Author", KeySHA256: keyOf(9)})
	record(t, b, KeyRevoked, "", &Revoked{KeySHA256: keyOf(9), Reason: "a secret theft", Since: day("2026-01-01")})
	run(t, b)
	record(t, b, FindingChallenged, "", &Challenged{By: "Secret Objector", Claim: "A1", Reason: "secret doubts", ReviewSHA256: theReview})
	for leaf, err := range b.View().Leaves(0) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(leaf)), "secret") {
			t.Errorf("a leaf says %s", leaf)
		}
	}
}

// Acknowledging answers nothing, and is recorded once.
func TestAcknowledged(t *testing.T) {
	b := begin(t, t.TempDir(), "2026-01-01")
	record(t, b, EvidenceRequested, "R1", asked("2026-02-01"))
	at := record(t, b, EvidenceAcknowledged, "", &Acknowledged{Request: "R1"})
	r := b.Requests()[0]
	if r.State != Open || r.Acknowledged == nil || r.Acknowledged.Index != at || len(r.Answers) != 0 {
		t.Errorf("%+v", r)
	}
	for _, id := range []string{"R1", "R2"} {
		if _, err := b.Record(EvidenceAcknowledged, "", &Acknowledged{Request: id}); err == nil {
			t.Errorf("%s was acknowledged", id)
		}
	}
	record(t, b, EvidenceRequested, "R3", asked("2026-02-01"))
	record(t, b, EvidenceRefused, "", &Refused{Request: "R3", Reason: "x"})
	if _, err := b.Record(EvidenceAcknowledged, "", &Acknowledged{Request: "R3"}); err == nil {
		t.Error("a refused request was acknowledged")
	}
}

// A key belongs to one reviewer and is revoked once; nobody objects to what no
// run gave.
func TestKeysAndChallenges(t *testing.T) {
	b := begin(t, t.TempDir(), "2026-01-02")
	record(t, b, PolicySet, "", three())
	record(t, b, KeyAdded, "", &Key{By: "Ada", KeySHA256: keyOf(9)})
	record(t, b, KeyRevoked, "", &Revoked{KeySHA256: keyOf(8), Reason: "lost", Since: day("2026-01-01")})
	for name, e := range map[string]struct {
		kind Kind
		body any
	}{
		"a listed key":           {KeyAdded, &Key{By: "Zoe", KeySHA256: keyOf(1)}},
		"an added key":           {KeyAdded, &Key{By: "Bob", KeySHA256: keyOf(9)}},
		"a revoked key":          {KeyAdded, &Key{By: "Bob", KeySHA256: keyOf(8)}},
		"a key of nobody":        {KeyAdded, &Key{KeySHA256: keyOf(7)}},
		"no key":                 {KeyAdded, &Key{By: "Bob", KeySHA256: "x"}},
		"revoked again":          {KeyRevoked, &Revoked{KeySHA256: keyOf(8), Reason: "lost", Since: day("2026-01-01")}},
		"revoked in time":        {KeyRevoked, &Revoked{KeySHA256: keyOf(7), Reason: "lost", Since: day("2026-01-03")}},
		"revoked for no reason":  {KeyRevoked, &Revoked{KeySHA256: keyOf(7), Since: day("2026-01-01")}},
		"a challenge of nothing": {FindingChallenged, &Challenged{By: "Eve", Claim: "A", Reason: "x", ReviewSHA256: theReview}},
		"a policy of one":        {PolicySet, &Policy{Quorum: 1}},
	} {
		if _, err := b.Record(e.kind, "", e.body); err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
}

// What a run found is recorded once for each result, and compared.
func TestFound(t *testing.T) {
	b := begin(t, t.TempDir(), "2026-01-01")
	run(t, b)
	r := &probity.Review{Gaps: []probity.Gap{{Witness: "logged", Account: "secret", Cause: probity.Refused}, {Witness: "metered", Cause: probity.Missing}},
		Conclusion: probity.Conclusion{Opinion: probity.Qualified}}
	for range 2 {
		if err := b.Found(r, theReview); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.View().Size(); n != 4 {
		t.Errorf("%d leaves, want one of gaps and one of findings after two", n)
	}
	if err := CheckFound(b.Events, r, theReview); err != nil {
		t.Error(err)
	}
	fewer := *r
	fewer.Gaps = r.Gaps[:1]
	if CheckFound(b.Events, &fewer, theReview) == nil {
		t.Error("a gap was taken away")
	}
	other := *r
	other.Conclusion.Opinion = probity.Unmodified
	if CheckFound(b.Events, &other, theReview) == nil {
		t.Error("another opinion")
	}
	if err := CheckFound(b.Events, &other, "another review"); err != nil {
		t.Error(err)
	}
}

// A time stamp lies after the seal, and not long before the run.
func TestCheckTime(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.DateTime, "2026-01-01 "+s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	events := []*Event{
		{Index: 0, Kind: ReviewOpened, At: at("08:00:00")}, {Index: 1, Kind: PlanSealed, At: at("09:00:00")},
		{Index: 2, Kind: AnalysisRun, At: at("09:03:00")}, {Index: 3, Kind: PlanSealed, At: at("23:00:00")},
		{Index: 9, Kind: AnalysisRun, At: at("22:00:00")},
	}
	for _, c := range []struct {
		time     string
		accuracy time.Duration
		good     bool
	}{
		{"09:03:00", 0, true}, {"10:00:00", 0, true}, {"23:59:00", 0, true}, {"09:00:00", 0, true},
		{"08:59:59", time.Second, true}, {"08:59:59", 0, false}, {"08:00:00", time.Hour, false},
	} {
		if err := CheckTime(events, 5, at(c.time), c.accuracy); (err == nil) != c.good {
			t.Errorf("%s, accurate to %s: %v", c.time, c.accuracy, err)
		}
	}
	if err := CheckTime(events, 10, at("21:54:00"), 0); err == nil {
		t.Error("before the run of leaf 9 by six minutes")
	}
	if err := CheckTime(events, 10, at("21:56:00"), 0); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
}
