package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"probity/internal/custody"
	"probity/internal/seal"
)

// A Wish is one redaction as redactions.yaml states it.
type Wish struct {
	ID     string   `yaml:"id"`
	Nature string   `yaml:"nature"` // what kind of thing is withheld
	Rule   string   `yaml:"rule"`   // which requires it
	Names  []string `yaml:"names"`  // what is withheld, wherever it stands, in any letters
}

// ParseWishes reads redactions.yaml. Unknown keys are errors that name the
// line.
func ParseWishes(text []byte) ([]Wish, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var file struct {
		Redactions []Wish `yaml:"redactions"`
	}
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("reading the redactions: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the redactions: a second document begins")
	}
	if len(file.Redactions) == 0 {
		return nil, errors.New("reading the redactions: want a list under redactions, each with id, nature, rule and names")
	}
	for i, w := range file.Redactions {
		switch {
		case w.ID == "":
			return nil, fmt.Errorf("reading the redactions: number %d has no id", i+1)
		case strings.TrimSpace(w.Nature) == "" || strings.TrimSpace(w.Rule) == "":
			return nil, fmt.Errorf("reading the redactions: %s states no nature, or no rule that requires it", w.ID)
		case len(w.Names) == 0:
			return nil, fmt.Errorf("reading the redactions: %s names nothing", w.ID)
		}
	}
	return file.Redactions, nil
}

// Resolve finds the digests of the names that are to be withheld, among the
// values that sealed texts hold. A name that stands nowhere as one that can be
// withheld is an error, and so is one of which another name is a part.
func Resolve(wishes []Wish, values []string, digest func(string) string) (*custody.Redactions, error) {
	out := &custody.Redactions{}
	n, seen := 0, map[string]string{}
	for _, w := range wishes {
		r := custody.Redaction{ID: w.ID, Nature: w.Nature, Rule: w.Rule, Names: map[string]string{}}
		for _, name := range w.Names {
			key := strings.ToLower(strings.TrimSpace(name))
			if other, twice := seen[key]; twice {
				return nil, fmt.Errorf("redaction %s: %q is withheld by %s already", w.ID, name, other)
			}
			seen[key] = w.ID
			var found []string
			for _, v := range values {
				if strings.EqualFold(v, key) {
					found = append(found, v)
				}
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("redaction %s: %q stands nowhere as a name that can be withheld: those are accounts, resources, containers, custodians, "+
					"the people who handed over or signed, the subject, and what the case lists under names before the review is run", w.ID, name)
			}
			n++
			for i, v := range spellings(found) {
				if v != "" {
					r.Names[digest(v)] = letters(n, i)
				}
			}
		}
		out.List = append(out.List, r)
	}
	_, err := out.Withheld()
	return out, err
}

// spellings puts the one in lower case first; where there is none the first is
// empty.
func spellings(found []string) []string {
	slices.Sort(found)
	i := slices.IndexFunc(found, func(v string) bool { return v == strings.ToLower(v) })
	if i < 0 {
		return append([]string{""}, found...)
	}
	return append([]string{found[i]}, slices.Delete(slices.Clone(found), i, i+1)...)
}

// letters returns the pseudonym of the i-th spelling of the n-th name: the same
// word in other letters, so that what equals without case still does.
func letters(n, i int) string {
	word := []byte("withheld")
	for bit := range word {
		if i>>bit&1 == 1 {
			word[bit] -= 'a' - 'A'
		}
	}
	return fmt.Sprintf("%s-%d", word, n)
}

// sealedValues returns every value that sealers sealed, each once.
func sealedValues(sealers ...*seal.Sealer) ([]string, error) {
	set := map[string]bool{}
	for _, s := range sealers {
		for _, d := range s.Disclosures() {
			v, _, err := seal.ParseDisclosure(d)
			if err != nil {
				return nil, err
			}
			set[v] = true
		}
	}
	var out []string
	for v := range set {
		out = append(out, v)
	}
	slices.Sort(out)
	return out, nil
}
