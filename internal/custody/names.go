package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"probity"
	"probity/internal/seal"
)

// reviewPlaces are the members of review.json whose texts may hold names that
// can be withheld: names themselves, and sentences that mention them. What is
// decided (findings, opinions, causes, states), counted, dated or digested is
// not among them.
var reviewPlaces = []string{
	"title", "subject", "instructed_by", "name", "custodian", "by", "how", "statement", "sentence", "warnings", "innocent_explanations",
	"would_change", "account", "accounts", "resource", "resources", "container", "limits", "population", "what", "notes", "note", "detail", "path", "duplicate_of",
	"basis", "paraphrase", "instrument", "author", "locator", "reason", "because",
}

// ReviewPlace reports whether a text at a place of review.json may hold names
// that can be withheld.
func ReviewPlace(place []string) bool { return lastMember(place, reviewPlaces) }

func lastMember(place, of []string) bool {
	for i := len(place) - 1; i >= 0; i-- {
		if place[i] != "*" {
			return slices.Contains(of, place[i])
		}
	}
	return false
}

// CaseNames returns the names in a case that may have to be withheld: people,
// custodians, the subject, accounts, resources and containers, and those that
// the case lists as names.
func CaseNames(c *probity.Case) *seal.Names { return seal.NewNames(caseNames(c)...) }

func caseNames(c *probity.Case) []string {
	out := append([]string{c.Subject, c.Instruction.InstructedBy}, c.Names...)
	for _, s := range c.Estate {
		out = append(out, s.Account)
	}
	for i := range c.Terms {
		out = append(out, c.Terms[i].Captured.By)
		for j := range c.Terms[i].Provisions {
			out = append(out, c.Terms[i].Provisions[j].Author)
		}
	}
	for _, x := range c.Claims() {
		for i := range x.Claim.Tests {
			w := &x.Claim.Tests[i].Where
			out = append(out, w.Account, w.Resource, w.Container)
		}
	}
	for i := range c.Evidence {
		e := &c.Evidence[i]
		out = append(out, e.Custodian.Name)
		if e.Acquired != nil {
			out = append(out, e.Acquired.By)
		}
	}
	for i := range c.Requests {
		r := &c.Requests[i]
		out = append(append(append(out, r.Custodian), r.Accounts...), r.Resources...)
	}
	return out
}

// ReviewNames returns the names in a review and its case that may have to be
// withheld.
func ReviewNames(c *probity.Case, r *probity.Review) *seal.Names {
	out := caseNames(c)
	for i := range r.Estate.Resources {
		out = append(out, r.Estate.Resources[i].Account, r.Estate.Resources[i].Resource)
	}
	for i := range r.Estate.Undisclosed {
		out = append(out, r.Estate.Undisclosed[i].Account, r.Estate.Undisclosed[i].Resource)
	}
	for i := range r.Gaps {
		out = append(out, r.Gaps[i].Account, r.Gaps[i].Resource)
	}
	for i := range r.Discrepancies {
		out = append(out, r.Discrepancies[i].Account, r.Discrepancies[i].Resource)
	}
	for i := range r.Claims {
		for j := range r.Claims[i].Tests {
			for _, x := range r.Claims[i].Tests[j].Instances {
				out = append(out, x.Account, x.Resource)
			}
			if x := r.Claims[i].Tests[j].Indicator; x != nil {
				for _, p := range x.Parts {
					out = append(out, p.Resource, p.Container)
				}
			}
		}
	}
	for i := range r.Exhibits {
		for _, l := range r.Exhibits[i].Chain {
			out = append(out, l.Custodian, l.By)
		}
	}
	for i := range r.Requests {
		out = append(out, r.Requests[i].Custodian)
		out = append(append(out, r.Requests[i].Accounts...), r.Requests[i].Resources...)
	}
	return seal.NewNames(out...)
}

// SealCase returns the sealed form of the case file, and its SHA-256 in hex.
func (b *Book) SealCase(c *probity.Case) (text []byte, sum string) {
	text = []byte(b.sealer.Text(string(c.Text), CaseNames(c)))
	return text, sum256(text)
}

// Adopt makes the SHA-256 of a case that of its sealed form: what stands in the
// ledger and in reviews must not let anybody confirm a guess at a name.
func (b *Book) Adopt(c *probity.Case) { _, c.SHA256 = b.SealCase(c) }

// SealReview returns the sealed form of review.json, which is what reviewers
// sign, and its SHA-256 in hex.
func (b *Book) SealReview(c *probity.Case, r *probity.Review, text []byte) (sealed []byte, sum string, err error) {
	sealed, err = b.sealer.JSON(text, ReviewNames(c, r), ReviewPlace)
	return sealed, sum256(sealed), err
}

func sum256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
