package casefile

import (
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"probity"
)

// A TermsChange is one difference between two versions of terms.
type TermsChange struct {
	Provision string // its id
	// What is added, removed, paraphrase, section, needs, or "text only" where
	// the digest of the text differs and nothing else does.
	What     string
	From, To string
}

// DiffTerms returns what changed from a to b: provisions of a in their order,
// then those that b adds.
func DiffTerms(a, b *probity.Terms) []TermsChange {
	find := func(t *probity.Terms, id string) *probity.Provision {
		for i := range t.Provisions {
			if t.Provisions[i].ID == id {
				return &t.Provisions[i]
			}
		}
		return nil
	}
	var out []TermsChange
	for i := range a.Provisions {
		x := &a.Provisions[i]
		y := find(b, x.ID)
		if y == nil {
			out = append(out, TermsChange{x.ID, "removed", x.Paraphrase, ""})
			continue
		}
		before := len(out)
		for _, f := range [][3]string{{"section", x.Section, y.Section}, {"paraphrase", x.Paraphrase, y.Paraphrase}, {"needs", needsText(x), needsText(y)}} {
			if f[1] != f[2] {
				out = append(out, TermsChange{x.ID, f[0], f[1], f[2]})
			}
		}
		if x.SHA256 != y.SHA256 && len(out) == before {
			out = append(out, TermsChange{x.ID, "text only", x.SHA256, y.SHA256})
		}
	}
	for i := range b.Provisions {
		if y := &b.Provisions[i]; find(a, y.ID) == nil {
			out = append(out, TermsChange{y.ID, "added", "", y.Paraphrase})
		}
	}
	return out
}

func needsText(p *probity.Provision) string {
	var out []string
	for _, n := range p.Needs {
		out = append(out, n.Subject)
	}
	return strings.Join(out, ", ")
}

// WriteTerms writes terms as a list of one element that can stand under terms
// in a case file.
func WriteTerms(w io.Writer, t *probity.Terms) error {
	type need map[string]string
	type provision struct {
		ID, Section, Paraphrase, Author, SHA256 string
		Needs                                   []need `yaml:",omitempty"`
	}
	x := struct {
		ID, Instrument, Version string
		Effective, Captured     map[string]string
		Provisions              []provision
	}{t.Pack, t.Instrument, t.Version, map[string]string{"from": t.Effective.From}, map[string]string{"at": t.Captured.At, "by": t.Captured.By, "locator": t.Captured.Locator}, nil}
	if t.Effective.Until != "" {
		x.Effective["until"] = t.Effective.Until
	}
	for _, p := range t.Provisions {
		y := provision{p.ID, p.Section, p.Paraphrase, p.Author, p.SHA256, nil}
		for _, n := range p.Needs {
			key, v, _ := strings.Cut(n.Subject, ": ")
			y.Needs = append(y.Needs, need{key: v, "why": n.Why})
		}
		x.Provisions = append(x.Provisions, y)
	}
	text, err := yaml.Marshal([]any{x})
	if err != nil {
		return fmt.Errorf("writing terms: %w", err)
	}
	_, err = w.Write(text)
	return err
}
