package custody

import (
	"fmt"
	"strings"
)

// Quorum is how many reviewers must stand by a review: four eyes.
const Quorum = 2

// Reviewed says who stands by a review and who does not.
type Reviewed struct {
	Signed  []*Signed
	Dissent []*Dissent
}

// Reviewed returns the signatures of the review with a SHA-256.
func (b *Book) Reviewed(review string) Reviewed { return ReviewedIn(b.Events, review) }

// ReviewedIn returns the signatures of a review that events tell of.
func ReviewedIn(events []*Event, review string) Reviewed {
	var out Reviewed
	for _, e := range events {
		switch body := e.Body.(type) {
		case *Signed:
			if body.ReviewSHA256 == review {
				out.Signed = append(out.Signed, body)
			}
		case *Dissent:
			if body.ReviewSHA256 == review {
				out.Dissent = append(out.Dissent, body)
			}
		}
	}
	return out
}

// Met reports whether a quorum of different people with different keys signed,
// with an author and an approver among them, and else what is missing.
func (r Reviewed) Met() (bool, string) {
	people, keys, roles := map[string]bool{}, map[string]bool{}, map[Role]bool{}
	for _, s := range r.Signed {
		people[strings.ToLower(s.By)], keys[s.KeySHA256], roles[s.Role] = true, true, true
	}
	switch {
	case !roles[Author]:
		return false, "an author has not signed"
	case !roles[Approver]:
		return false, "an approver has not signed"
	case min(len(people), len(keys)) < Quorum:
		return false, fmt.Sprintf("%d of %d reviewers have signed", min(len(people), len(keys)), Quorum)
	}
	return true, ""
}

// MaySign returns why somebody may not sign the review with a SHA-256: it is
// not what the ledger's last run gave, or the person or the key has signed it.
func (b *Book) MaySign(review, by, key string) error {
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
	for _, s := range r.Signed {
		if strings.EqualFold(s.By, by) || s.KeySHA256 == key {
			return fmt.Errorf("%s has signed this review as %s: another person, with a key of their own, has to", s.By, s.Role)
		}
	}
	for _, s := range r.Dissent {
		if strings.EqualFold(s.By, by) || s.KeySHA256 == key {
			return fmt.Errorf("%s has dissented from this review", s.By)
		}
	}
	return nil
}
