package custody

import (
	"fmt"
	"slices"
	"time"
)

// Quorum is how many reviewers must stand by a review where no policy says
// more: four eyes.
const Quorum = 2

// Reviewed says who stands by a review and who does not, and by which rule.
type Reviewed struct {
	Signed     []*Signed // the signatures that count
	Void       []Void    // those that do not
	Dissent    []*Dissent
	Challenged []*Challenged
	Policy     *Policy // nil if none was set
	PolicyLeaf int64
	Late       bool     // the policy was set after evidence was received or read
	Notes      []string // what readers should know of signatures that count
}

// Void is a signature that does not count, and why.
type Void struct {
	Signed *Signed
	Why    string
}

// Reviewed returns the signatures of the review with a SHA-256.
func (b *Book) Reviewed(review string) Reviewed { return ReviewedIn(b.Events, review) }

// ReviewedIn returns the signatures of a review that events tell of. Only what
// the events say decides which of them count, so that everybody who has the
// ledger comes to the same answer.
func ReviewedIn(events []*Event, review string) Reviewed {
	out := Reviewed{PolicyLeaf: -1}
	evidence, begun := false, false
	var signed []*Event
	for _, e := range events {
		switch body := e.Body.(type) {
		case *Received, *Analysis:
			evidence = true
		case *Policy:
			if !begun {
				out.Policy, out.PolicyLeaf, out.Late = body, e.Index, evidence
			}
		case *Signed:
			if body.ReviewSHA256 == review {
				signed, begun = append(signed, e), true
			}
		case *Dissent:
			if body.ReviewSHA256 == review {
				out.Dissent, begun = append(out.Dissent, body), true
			}
		case *Challenged:
			if body.ReviewSHA256 == review {
				out.Challenged = append(out.Challenged, body)
			}
		}
	}
	for _, e := range signed {
		s := e.Body.(*Signed)
		if why := out.void(events, s, e.At); why != "" {
			out.Void = append(out.Void, Void{s, why})
			continue
		}
		out.Signed = append(out.Signed, s)
		if out.Policy != nil && out.Policy.listed(s.By).KeySHA256 != s.KeySHA256 {
			out.Notes = append(out.Notes, s.By+" signed with a key that was added after the policy listed another")
		}
	}
	return out
}

// void returns why a signature does not count, "" if it does. Those before it
// were looked at.
func (r *Reviewed) void(events []*Event, s *Signed, at time.Time) string {
	for _, other := range r.Signed {
		if person(other.By) == person(s.By) || other.KeySHA256 == s.KeySHA256 {
			return fmt.Sprintf("%s has signed it as %s: another person, with a key of their own, has to", other.By, other.Role)
		}
	}
	for _, d := range r.Dissent {
		if person(d.By) == person(s.By) || d.KeySHA256 == s.KeySHA256 {
			return fmt.Sprintf("%s dissents from it", d.By)
		}
	}
	if why := revoked(events, s.KeySHA256, s.Leaf, at); why != "" {
		return why
	}
	return r.entitled(events, s)
}

// revoked returns why a key counts no more for what is leaf, signed at a time.
func revoked(events []*Event, key string, leaf int64, at time.Time) string {
	for _, e := range events {
		if body, ok := e.Body.(*Revoked); ok && body.KeySHA256 == key && (e.Index < leaf || !body.Since.After(at)) {
			return fmt.Sprintf("the key was revoked with leaf %d, since %s: %s", e.Index, body.Since.Format(time.DateOnly), body.Reason)
		}
	}
	return ""
}

// entitled returns why somebody may not sign in a role with a key.
func (r *Reviewed) entitled(events []*Event, s *Signed) string {
	added := keysOf(events, s.By, s.Leaf)
	if r.Policy == nil {
		switch {
		case s.Role != Author && s.Role != Approver:
			return fmt.Sprintf("no policy gives %s the role %s", s.By, s.Role)
		case len(added) > 0 && !slices.Contains(added, s.KeySHA256):
			return fmt.Sprintf("the ledger has another key of %s", s.By)
		}
		return ""
	}
	if x := r.Policy.recusal(s.By); x != nil {
		return fmt.Sprintf("%s is recused: %s", s.By, x.Reason)
	}
	listed := r.Policy.listed(s.By)
	switch {
	case listed == nil:
		return fmt.Sprintf("%s is no reviewer by the policy of leaf %d", s.By, r.PolicyLeaf)
	case listed.Role != s.Role:
		return fmt.Sprintf("%s is %s by the policy of leaf %d, not %s", s.By, listed.Role, r.PolicyLeaf, s.Role)
	case listed.KeySHA256 != s.KeySHA256 && !slices.Contains(added, s.KeySHA256):
		return fmt.Sprintf("%s has another key by the policy of leaf %d", s.By, r.PolicyLeaf)
	}
	return ""
}

// keysOf returns the keys that were added for somebody before a leaf; leaf is
// negative for now.
func keysOf(events []*Event, name string, leaf int64) []string {
	var out []string
	for _, e := range events {
		if k, ok := e.Body.(*Key); ok && person(k.By) == person(name) && (leaf < 0 || e.Index < leaf) {
			out = append(out, k.KeySHA256)
		}
	}
	return out
}

// need is how many signatures there must be.
func (r Reviewed) need() int {
	if r.Policy != nil {
		return r.Policy.Quorum
	}
	return Quorum
}

// Rule says in words by which rule signatures are counted.
func (r Reviewed) Rule() string {
	if r.Policy == nil {
		return "no policy was set: an author and an approver, two people with two keys"
	}
	text := fmt.Sprintf("%d of %d reviewers, by the policy of leaf %d", r.Policy.Quorum, r.Policy.counts(), r.PolicyLeaf)
	if r.Late {
		text += " (policy set late: evidence had been received or read before)"
	}
	return text
}

// Met reports whether a quorum of different people with different keys signed,
// with an author and an approver among them, and else what is missing.
func (r Reviewed) Met() (bool, string) {
	people, keys, roles := map[string]bool{}, map[string]bool{}, map[Role]bool{}
	for _, s := range r.Signed {
		people[person(s.By)], keys[s.KeySHA256], roles[s.Role] = true, true, true
	}
	missing := ""
	switch {
	case !roles[Author]:
		missing = "an author has not signed"
	case !roles[Approver]:
		missing = "an approver has not signed"
	case min(len(people), len(keys)) < r.need():
		missing = fmt.Sprintf("%d of %d reviewers have signed", min(len(people), len(keys)), r.need())
	default:
		return true, ""
	}
	for _, v := range r.Void {
		missing += fmt.Sprintf("; the signature of %s does not count: %s", v.Signed.By, v.Why)
	}
	return false, missing
}

// MaySign returns why somebody may not sign the review with a SHA-256, or
// dissent from it: it is not what the ledger's last run gave, the person or the
// key has signed it, or the signature would not count.
func (b *Book) MaySign(review string, s Signed, dissent bool) error {
	last := ""
	for _, e := range b.Events {
		if a, ok := e.Body.(*Analysis); ok {
			last = a.ReviewSHA256
		}
	}
	switch last {
	case review:
	case "":
		return fmt.Errorf("the ledger knows of no run: begin it with probity plan --seal, request or collect, and run probity review")
	default:
		return fmt.Errorf("this review.json is not what the last run gave, by the ledger: run probity review again and read what it says")
	}
	r := b.Reviewed(review)
	for _, x := range r.Signed {
		if person(x.By) == person(s.By) || x.KeySHA256 == s.KeySHA256 {
			return fmt.Errorf("%s has signed this review as %s: another person, with a key of their own, has to", x.By, x.Role)
		}
	}
	for _, x := range r.Dissent {
		if person(x.By) == person(s.By) || x.KeySHA256 == s.KeySHA256 {
			return fmt.Errorf("%s has dissented from this review", x.By)
		}
	}
	s.Leaf = int64(b.View().Size())
	if why := revoked(b.Events, s.KeySHA256, s.Leaf, b.now()); why != "" {
		return fmt.Errorf("signing: %s", why)
	}
	if dissent {
		return b.known(r, s)
	}
	if why := r.entitled(b.Events, &s); why != "" {
		return fmt.Errorf("signing: %s", why)
	}
	return nil
}

// known refuses a dissent in somebody's name with a key that is not theirs.
// Whoever is not listed may dissent: nobody's objection is kept out.
func (b *Book) known(r Reviewed, s Signed) error {
	keys := keysOf(b.Events, s.By, s.Leaf)
	if r.Policy != nil {
		if l := r.Policy.listed(s.By); l != nil {
			keys = append(keys, l.KeySHA256)
		}
	}
	if len(keys) > 0 && !slices.Contains(keys, s.KeySHA256) {
		return fmt.Errorf("the ledger has another key of %s", s.By)
	}
	return nil
}
