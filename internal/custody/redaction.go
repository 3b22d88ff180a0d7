package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"probity/internal/seal"
)

// A Redaction withholds names from a published answer, for a stated reason. It
// does not tell them: it lists their digests, and what stands for each.
type Redaction struct {
	ID     string `json:"id"`
	Nature string `json:"nature"` // what kind of thing is withheld
	Rule   string `json:"rule"`   // which requires it
	// Names is the pseudonym of each digest: withheld-1, and withheld-1 in other
	// letters for the same name in other letters.
	Names map[string]string `json:"names"`
}

// Redactions is redactions.json: what reviewers approve by their signatures.
type Redactions struct {
	List []Redaction `json:"redactions"`
}

var pseudonym = regexp.MustCompile(`^(?i:withheld)-[1-9][0-9]{0,5}$`)

// ParseRedactions reads redactions.json strictly, in its one spelling.
func ParseRedactions(text []byte) (*Redactions, error) {
	if _, err := seal.Decode(text); err != nil {
		return nil, err
	}
	var r Redactions
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	again, err := r.Text()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, text) {
		return nil, errors.New("it is not in the one spelling that it has")
	}
	_, err = r.Withheld()
	return &r, err
}

// Text returns redactions.json.
func (r *Redactions) Text() ([]byte, error) {
	text, err := seal.Canonical(r)
	return append(text, '\n'), err
}

// Withheld returns the pseudonym of each digest that is withheld.
func (r *Redactions) Withheld() (map[string]string, error) {
	out, ids, names := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, x := range r.List {
		switch {
		case !idPattern.MatchString(x.ID) || ids[x.ID]:
			return nil, fmt.Errorf("the redaction %q: want an id of its own", x.ID)
		case strings.TrimSpace(x.Nature) == "" || strings.TrimSpace(x.Rule) == "":
			return nil, fmt.Errorf("the redaction %s does not state its nature and rule", x.ID)
		case len(x.Names) == 0:
			return nil, fmt.Errorf("the redaction %s withholds nothing", x.ID)
		}
		ids[x.ID] = true
		for digest, name := range x.Names {
			if out[digest] != "" || names[name] || !pseudonym.MatchString(name) {
				return nil, fmt.Errorf("the redaction %s: a digest or pseudonym stands twice, or %q is no pseudonym", x.ID, name)
			}
			out[digest], names[name] = name, true
		}
	}
	return out, nil
}

// Approved says that a reviewer approves redactions.
type Approved struct {
	By               string `json:"by"`
	Role             Role   `json:"role"`
	KeySHA256        string `json:"key_sha256"`
	RedactionsSHA256 string `json:"redactions_sha256"` // of redactions.json
	Leaf             int64  `json:"leaf"`              // of the signature
}

// Applied says that a redaction was applied to an answer that is published.
type Applied struct {
	Nature           string `json:"nature"`
	Rule             string `json:"rule"`
	Names            int    `json:"names"`
	RedactionsSHA256 string `json:"redactions_sha256"`
}

// ApprovedIn returns who approved the redactions with a SHA-256.
func ApprovedIn(events []*Event, sum string) []*Approved {
	var out []*Approved
	for _, e := range events {
		if a, ok := e.Body.(*Approved); ok && a.RedactionsSHA256 == sum {
			out = append(out, a)
		}
	}
	return out
}

// TwoApproved reports whether two people with two keys approved, and else what
// is missing.
func TwoApproved(list []*Approved) (bool, string) {
	people, keys := map[string]bool{}, map[string]bool{}
	for _, a := range list {
		people[strings.ToLower(a.By)], keys[a.KeySHA256] = true, true
	}
	if n := min(len(people), len(keys)); n < 2 {
		return false, fmt.Sprintf("%d of 2 reviewers approved the redactions", n)
	}
	return true, ""
}

// RecordApplied records that redactions are applied, each once.
func (b *Book) RecordApplied(r *Redactions) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	sum := sum256(text)
	for _, x := range r.List {
		if applied(b.Events, x.ID, sum) {
			continue
		}
		if _, err := b.Record(RedactionApplied, x.ID, &Applied{Nature: x.Nature, Rule: x.Rule, Names: len(x.Names), RedactionsSHA256: sum}); err != nil {
			return err
		}
	}
	return nil
}

func applied(events []*Event, id, sum string) bool {
	for _, e := range events {
		if a, ok := e.Body.(*Applied); ok && e.ID == id && a.RedactionsSHA256 == sum {
			return true
		}
	}
	return false
}

// CheckApplied returns what the events of a ledger lack of redactions: each
// recorded as it is stated, all approved by two.
func (r *Redactions) CheckApplied(events []*Event) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	sum := sum256(text)
	for _, x := range r.List {
		found := false
		for _, e := range events {
			if a, ok := e.Body.(*Applied); ok && e.ID == x.ID && *a == (Applied{x.Nature, x.Rule, len(x.Names), sum}) {
				found = true
			}
		}
		if !found {
			return fmt.Errorf("the redaction %s is not in the ledger as it is stated", x.ID)
		}
	}
	if ok, missing := TwoApproved(ApprovedIn(events, sum)); !ok {
		return errors.New(missing)
	}
	return nil
}
