package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/casefile"
	"probity/internal/reconcile"
	"probity/internal/sigma"
)

// A Rule is one thing by which a review decides and that must not change once
// evidence is read: a claim, a tolerance, the least coverage, the period, the
// estate, a file of the catalogue, a folder of the case's own rules.
type Rule struct {
	ID     string `json:"id"`     // "claim/A1.1", "tolerance/requests/metered-logged", "coverage/minimum", "period", "estate", "catalog/records.yaml", "rules/1"
	SHA256 string `json:"sha256"` // of the file's bytes, or of the rule as JSON: see FORMATS.md
}

// OwnRules returns what the case's folders of rules hold, one rule a folder by
// its place in the case ("rules/1"): the digest of a line "SHA256  PATH\n" for each
// file that ends in .yml or .yaml, by path.
func OwnRules(c *probity.Case) ([]Rule, error) {
	var out []Rule
	for i := range c.Rules {
		folder, _, err := casefile.RulesFolder(c, i)
		if err != nil {
			return nil, err
		}
		list, err := sigma.Files(folder)
		if err != nil {
			return nil, fmt.Errorf("%s: rules: %w", c.File, err)
		}
		var text bytes.Buffer
		for _, p := range list {
			data, err := fs.ReadFile(folder, p)
			if err != nil {
				return nil, fmt.Errorf("%s: rules: %w", c.File, err)
			}
			fmt.Fprintf(&text, "%s  %s\n", digest(data), p)
		}
		out = append(out, Rule{fmt.Sprintf("rules/%d", i+1), digest(text.Bytes())})
	}
	return out, nil
}

// Rules returns the rules of a case, by id, with its own as [OwnRules] gives
// them. The tolerances are those in force,
// whether the case declares them or not. What of the case may hold names is
// digested in the sealed form that sealed gives of a text; nil leaves it as it is.
func Rules(c *probity.Case, own []Rule, sealed func(string) string) []Rule {
	if sealed == nil {
		sealed = func(text string) string { return text }
	}
	out := append([]Rule(nil), own...)
	add := func(id string, value any) {
		out = append(out, Rule{id, digest([]byte(sealed(string(canonical(value)))))})
	}
	add("period", map[string]string{"from": instant(c.Period.From), "until": instant(c.Period.Until)})
	add("coverage/minimum", c.Minimum)
	estate := []string{}
	for _, s := range c.Estate {
		regions := append([]string{}, s.Regions...)
		sort.Strings(regions)
		estate = append(estate, strings.ToLower(s.Provider+"/"+s.Account)+"/"+strings.Join(regions, ","))
	}
	sort.Strings(estate)
	add("estate", estate)
	for _, x := range c.Claims() {
		add("claim/"+x.Claim.ID, ruleOf(x))
	}
	for _, q := range probity.Quantities {
		for i, a := range probity.Witnesses {
			for _, b := range probity.Witnesses[i+1:] {
				if measured(q, a) && measured(q, b) {
					add(fmt.Sprintf("tolerance/%s/%s-%s", q, a, b), reconcile.Tolerance(c, q, a, b))
				}
			}
		}
	}
	for path, data := range files() {
		out = append(out, Rule{"catalog/" + path, digest(data)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// ruleOf is what of a claim is sealed.
func ruleOf(x probity.ClaimOf) any {
	type test struct {
		Subject   string      `json:"subject"`
		Where     [][2]string `json:"where"`
		Per       string      `json:"per"`
		Aggregate string      `json:"aggregate"`
		AtMost    bool        `json:"at_most"`
		Threshold string      `json:"threshold"`
		After     string      `json:"after,omitempty"`
	}
	tests := []test{}
	for i := range x.Claim.Tests {
		t := &x.Claim.Tests[i]
		tests = append(tests, test{subject(t), t.Where.Named(), string(t.Per), string(t.Aggregate), t.AtMost, strconv.FormatFloat(t.Threshold, 'g', -1, 64), ""})
		if !t.After.IsZero() {
			tests[i].After = instant(t.After)
		}
	}
	return map[string]any{"allegation": x.Allegation.ID, "id": x.Claim.ID, "statement": x.Claim.Statement, "material": x.Claim.Material,
		"kind": string(x.Claim.Kind), "tests": tests}
}

// measured reports whether the catalogue has a measure.
func measured(q probity.Quantity, w probity.Witness) bool {
	_, err := fs.Stat(catalog.Files, fmt.Sprintf("quantities/%s.%s.sql", q, w))
	return err == nil
}

// files returns the catalogue's files by path. They are embedded: reading
// them cannot go wrong.
func files() map[string][]byte {
	out := map[string][]byte{}
	err := fs.WalkDir(catalog.Files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[p], err = catalog.Files.ReadFile(p)
		return err
	})
	if err != nil {
		panic("reading the embedded catalogue: " + err.Error())
	}
	return out
}

// Digest returns one digest of all rules: the SHA-256, in hex, of a line
// "SHA256  ID\n" for each, in the order of their ids.
func Digest(rules []Rule) string {
	return digest(rulesText(rules))
}

func inOrder(rules []Rule) []Rule {
	list := append([]Rule(nil), rules...)
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

// Standing says how a rule stands to those that were sealed.
type Standing string

// The standings.
const (
	Sealed  Standing = "sealed"  // as it was sealed
	Changed Standing = "changed" // sealed with another content
	Added   Standing = "added"   // not sealed
	Removed Standing = "removed" // sealed, and no longer there
)

// A Comparison is a rule and how it stands.
type Comparison struct {
	ID       string   `json:"id"`
	Standing Standing `json:"standing"`
	Sealed   string   `json:"sealed"` // SHA-256 when sealed, "" if it was not
	Now      string   `json:"now"`    // SHA-256 now, "" if it is gone
}

// Compare sets the rules of now against the sealed ones. Each rule of either
// list stands once, by id.
func Compare(sealed, now []Rule) []Comparison {
	at := map[string]*Comparison{}
	get := func(id string) *Comparison {
		if at[id] == nil {
			at[id] = &Comparison{ID: id}
		}
		return at[id]
	}
	for _, r := range sealed {
		get(r.ID).Sealed = r.SHA256
	}
	for _, r := range now {
		get(r.ID).Now = r.SHA256
	}
	out := []Comparison{}
	for _, c := range at {
		switch {
		case c.Sealed == c.Now:
			c.Standing = Sealed
		case c.Sealed == "":
			c.Standing = Added
		case c.Now == "":
			c.Standing = Removed
		default:
			c.Standing = Changed
		}
		out = append(out, *c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// canonical is JSON in one line, without escapes for HTML; keys of maps are
// sorted, those of a test stand as in FORMATS.md.
func canonical(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("writing a rule: " + err.Error()) // of plain values
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
