package custody

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A Policy says who may sign a review and how many must: k of n. What stands in
// force for a review is the last one that was set before its first signature.
type Policy struct {
	Quorum    int        `json:"quorum"`
	Reviewers []Listed   `json:"reviewers"`
	Recused   []Recusal  `json:"recused,omitempty"`
	Witnesses *Witnesses `json:"witnesses,omitempty"` // whose cosignatures a final answer needs; nil for none
}

// A Listed reviewer may sign, in this role and with this key.
type Listed struct {
	By        string `json:"by"`
	Role      Role   `json:"role"`
	KeySHA256 string `json:"key_sha256"` // of the SubjectPublicKeyInfo
}

// A Recusal says that somebody takes no part, and why.
type Recusal struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Witnesses is the policy of witnesses of the ledger, by its digest.
type Witnesses struct {
	SHA256 string `json:"sha256"`
}

// A Key belongs to a reviewer, beside those that the policy lists.
type Key struct {
	By        string `json:"by"`
	KeySHA256 string `json:"key_sha256"`
}

// Revoked says that a key is no longer its owner's alone. What it signed since
// then, or signs after this leaf, does not count.
type Revoked struct {
	KeySHA256 string    `json:"key_sha256"`
	Reason    string    `json:"reason"`
	Since     time.Time `json:"since"`
}

// Acknowledged says that a custodian knows of a request.
type Acknowledged struct {
	Request string    `json:"request"`
	By      string    `json:"by,omitempty"`
	How     string    `json:"how,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// roles are those that a policy may give.
var roles = []Role{Author, Approver, Reviewer}

// Check returns what is wrong with a policy.
func (p *Policy) Check() error {
	people, keys, have := map[string]bool{}, map[string]bool{}, map[Role]int{}
	recused := map[string]bool{}
	for _, r := range p.Recused {
		if strings.TrimSpace(r.By) == "" || strings.TrimSpace(r.Reason) == "" {
			return fmt.Errorf("a recusal needs a name and a reason")
		}
		recused[person(r.By)] = true
	}
	for _, r := range p.Reviewers {
		switch {
		case strings.TrimSpace(r.By) == "":
			return fmt.Errorf("a reviewer has no name")
		case !slices.Contains(roles, r.Role):
			return fmt.Errorf("the role %q of %s: want author, approver or reviewer", r.Role, r.By)
		case !isKey(r.KeySHA256):
			return fmt.Errorf("the key of %s: want the 64 hexadecimal digits that probity key show prints", r.By)
		case people[person(r.By)]:
			return fmt.Errorf("%s is listed twice: nobody has two roles or two votes", r.By)
		case keys[r.KeySHA256]:
			return fmt.Errorf("the key of %s is that of another: each reviewer needs one of their own", r.By)
		}
		people[person(r.By)], keys[r.KeySHA256] = true, true
		if !recused[person(r.By)] {
			have[r.Role]++
		}
	}
	n := have[Author] + have[Approver] + have[Reviewer]
	switch {
	case have[Author] == 0 || have[Approver] == 0:
		return fmt.Errorf("of the reviewers who are not recused one has to be an author and another an approver")
	case p.Quorum < Quorum:
		return fmt.Errorf("a quorum of %d: want at least %d, an author and an approver", p.Quorum, Quorum)
	case p.Quorum > n:
		return fmt.Errorf("a quorum of %d, and %d reviewers who are not recused", p.Quorum, n)
	case p.Witnesses != nil && !isKey(p.Witnesses.SHA256):
		return fmt.Errorf("the digest of the policy of witnesses is no SHA-256")
	}
	return nil
}

// person is by what a name is compared.
func person(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

func isKey(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 32 && s == strings.ToLower(s)
}

func (p *Policy) listed(name string) *Listed {
	for i := range p.Reviewers {
		if person(p.Reviewers[i].By) == person(name) {
			return &p.Reviewers[i]
		}
	}
	return nil
}

func (p *Policy) recusal(name string) *Recusal {
	for i := range p.Recused {
		if person(p.Recused[i].By) == person(name) {
			return &p.Recused[i]
		}
	}
	return nil
}

// counts returns how many reviewers are not recused.
func (p *Policy) counts() int {
	n := 0
	for _, r := range p.Reviewers {
		if p.recusal(r.By) == nil {
			n++
		}
	}
	return n
}

// addable returns why a key cannot be added: it is another's, or it was
// revoked.
func (b *Book) addable(k *Key) error {
	if strings.TrimSpace(k.By) == "" || !isKey(k.KeySHA256) {
		return fmt.Errorf("a key needs a name and the SHA-256 that probity key show prints")
	}
	if why := revoked(b.Events, k.KeySHA256, math.MaxInt64, b.now()); why != "" {
		return fmt.Errorf("%s: make another with probity key new", why)
	}
	for _, e := range b.Events {
		switch body := e.Body.(type) {
		case *Key:
			if body.KeySHA256 == k.KeySHA256 {
				return fmt.Errorf("the key was added with leaf %d, for %s", e.Index, body.By)
			}
		case *Policy:
			for _, r := range body.Reviewers {
				if r.KeySHA256 == k.KeySHA256 {
					return fmt.Errorf("the policy of leaf %d lists the key already, for %s", e.Index, r.By)
				}
			}
		}
	}
	return nil
}

// revocable returns why a key cannot be revoked.
func (b *Book) revocable(r *Revoked) error {
	switch {
	case !isKey(r.KeySHA256) || strings.TrimSpace(r.Reason) == "" || r.Since.IsZero():
		return fmt.Errorf("revoking a key needs its SHA-256, a reason and since when")
	case r.Since.After(b.now()):
		return fmt.Errorf("the key cannot be revoked since a time to come, %s", r.Since.Format(time.DateOnly))
	}
	for _, e := range b.Events {
		if body, ok := e.Body.(*Revoked); ok && body.KeySHA256 == r.KeySHA256 {
			return fmt.Errorf("the key was revoked with leaf %d", e.Index)
		}
	}
	return nil
}
