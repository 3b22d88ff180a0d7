package casefile

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"probity"
	"probity/catalog"
)

// A Pack is the terms of one instrument of a provider in several versions, each
// with its time of effect and of capture. It holds paraphrases and digests of
// what was captured, never the text.
type Pack struct {
	ID, Provider, Instrument string
	Versions                 []probity.Terms // in order of effect
}

// maxParaphrase is the longest paraphrase, in characters: longer ones are
// likely to be the text.
const maxParaphrase = 300

var digestValue = value{pattern: `^[0-9a-f]{64}$`, means: "the SHA-256 of the captured text, 64 hexadecimal digits in lower case"}

// effectOf is when terms had effect.
func effectOf() value {
	return objectOf(
		field{"from", "the first day on which it had effect", true, date},
		field{"until", "the first day on which it no longer had; absent while it lasts", false, date})
}

func captureOf() value {
	return objectOf(
		field{"at", "when the text was seen", true, date},
		field{"by", "by whom", true, plain},
		field{"locator", "where: an address, or a file and page", true, plain})
}

// provisionFields are the keys of a provision in a case and in a pack.
func provisionFields(pack bool) []field {
	return []field{
		{"id", "a short name", true, id},
		{"section", "where in the instrument it stands", pack, plain},
		{"paraphrase", "what it says, in your words", true, plain},
		{"author", "whose reading the paraphrase is", pack, plain},
		{"sha256", "of the captured text, which is not kept", pack, digestValue},
		{"needs", "what claims must test for it to be answered", pack, listOf(objectOf(
			field{"quantity", "a quantity", false, oneOf(quantities()...)},
			field{"indicator", "an indicator", false, oneOf(indicators()...)},
			field{"rule", "a rule of the catalogue", false, oneOf(rules()...)},
			field{"estate", "the estate question", false, oneOf("undisclosed")},
			field{"why", "what it would show", pack, plain}))},
	}
}

// termsOf is an element of terms in a case: a pack of the catalogue and a
// version, or the provisions themselves.
func termsOf() value {
	return objectOf(
		field{"id", "by which provisions are named: id/provision", true, id},
		field{"pack", "a pack of the catalogue: probity terms list", false, oneOf(packs()...)},
		field{"instrument", "its title; a pack has its own", false, plain},
		field{"version", "its version or date; of a pack, which", false, plain},
		field{"effective", "when it had effect; a pack has its own", false, effectOf()},
		field{"captured", "when its text was seen, by whom and where; a pack has its own", false, captureOf()},
		field{"provisions", "the rules that matter; a pack has its own", false, listOf(objectOf(provisionFields(false)...))})
}

// packOf is a file of terms.
func packOf() value {
	return objectOf(
		field{"probity_terms", "the version of this format", true, oneOf("1")},
		field{"id", "a short name", true, id},
		field{"provider", "whose terms they are", true, plain},
		field{"instrument", "the title", true, plain},
		field{"versions", "each version", true, listOf(objectOf(
			field{"version", "as the provider names it, or its date", true, plain},
			field{"effective", "when it had effect", true, effectOf()},
			field{"captured", "when its text was seen, by whom and where", true, captureOf()},
			field{"provisions", "the rules that matter", true, listOf(objectOf(provisionFields(true)...))}))})
}

// packs are the names of the catalogue's packs.
func packs() []string {
	files, _ := fs.Glob(catalog.Files, "terms/*.yaml") // the pattern is well formed
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	return out
}

// Packs returns the catalogue's packs of terms, by name.
func Packs() ([]*Pack, error) {
	var out []*Pack
	for _, name := range packs() {
		p, err := LoadPack(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// LoadPack reads a pack of the catalogue by its name, or the file of one. What
// is wrong in it is one *Mistakes.
func LoadPack(name string) (*Pack, error) {
	if in(packs(), name) {
		data, err := catalog.Files.ReadFile("terms/" + name + ".yaml")
		if err != nil {
			return nil, err
		}
		return ParsePack("catalog/terms/"+name+".yaml", data)
	}
	data, err := readFile(name)
	if err != nil {
		return nil, fmt.Errorf("opening the terms: %w: name one of the catalogue's packs (%s), or a file", err, strings.Join(packs(), ", "))
	}
	return ParsePack(name, data)
}

// ParsePack reads the bytes of a pack; name stands for it in errors. The error
// is a *Mistakes.
func ParsePack(name string, data []byte) (*Pack, error) {
	m := &Mistakes{File: name}
	root := m.decode(data)
	if root == nil {
		return nil, m
	}
	m.refuseText(root)
	if len(m.List) == 0 {
		m.check(root, packOf(), "the terms")
	}
	b := &builder{m: m}
	p := &Pack{ID: text(root, "id"), Provider: text(root, "provider"), Instrument: text(root, "instrument")}
	seen := map[string]bool{}
	for _, n := range items(root, "versions") {
		t := b.version(n)
		t.Pack, t.Instrument = p.ID, p.Instrument
		if t.Version != "" && seen[t.Version] {
			m.add(n, "version %q stands twice: keep one", t.Version)
		}
		seen[t.Version] = true
		if k := len(p.Versions); k > 0 && len(m.List) == 0 {
			if last := p.Versions[k-1].Effective; last.Until == "" || t.Effective.From < last.Until {
				m.add(n, "version %q begins before the one above it has ended: give that one its until, and order versions by effect", t.Version)
			}
		}
		p.Versions = append(p.Versions, t)
	}
	if v := get(root, "versions"); v != nil && len(p.Versions) == 0 {
		m.add(v, "versions is empty: write at least one")
	}
	if len(m.List) > 0 {
		m.sort()
		return nil, m
	}
	return p, nil
}

// wordings are keys under which somebody could keep the text itself.
var wordings = []string{"text", "fulltext", "full_text", "quote", "quotation", "wording", "body", "content", "excerpt", "verbatim", "original"}

// refuseText refuses members for the captured text, wherever they stand.
func (m *Mistakes) refuseText(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := n.Content[i]; in(wordings, strings.ToLower(k.Value)) {
				m.add(k, "%q would keep the captured text: a pack holds its paraphrase, its section and its sha256, never the text", k.Value)
			}
		}
	}
	for _, c := range n.Content {
		m.refuseText(c)
	}
}

// version reads what a case and a pack have in common. Dates become the day,
// times the second, UTC.
func (b *builder) version(n *yaml.Node) probity.Terms {
	t := probity.Terms{Version: text(n, "version"), Effective: b.effect(get(n, "effective"))}
	if c := get(n, "captured"); c != nil {
		t.Captured = probity.Capture{By: text(c, "by"), Locator: text(c, "locator")}
		if at := b.instant(get(c, "at")); !at.IsZero() {
			t.Captured.At = at.Format(time.RFC3339)
		}
	}
	own := ids{}
	for _, p := range items(n, "provisions") {
		b.unique(own, p, "provision")
		x := probity.Provision{ID: text(p, "id"), Section: text(p, "section"), Paraphrase: text(p, "paraphrase"), Author: text(p, "author"), SHA256: text(p, "sha256")}
		if k := len([]rune(x.Paraphrase)); k > maxParaphrase {
			b.m.add(get(p, "paraphrase"), "paraphrase has %d characters, at most %d: say it in your own words, the text is not kept", k, maxParaphrase)
		}
		for _, need := range items(p, "needs") {
			x.Needs = append(x.Needs, b.need(need))
		}
		t.Provisions = append(t.Provisions, x)
	}
	return t
}

func (b *builder) need(n *yaml.Node) probity.Need {
	var have []string
	for _, s := range subjects {
		if v := text(n, s); v != "" {
			have = append(have, s+": "+v)
		}
	}
	if len(have) != 1 {
		b.m.add(n, "a need names one thing: write exactly one of %s", strings.Join(subjects, ", "))
	}
	return probity.Need{Subject: strings.Join(have, ", "), Why: text(n, "why")}
}

func (b *builder) effect(n *yaml.Node) probity.Effect {
	var e probity.Effect
	from, until := b.instant(get(n, "from")), b.instant(get(n, "until"))
	if !from.IsZero() {
		e.From = from.Format(time.DateOnly)
	}
	if !until.IsZero() {
		e.Until = until.Format(time.DateOnly)
	}
	if e.Until != "" && e.Until <= e.From {
		b.m.add(get(n, "until"), "effective ends on %s, not after it begins on %s", e.Until, e.From)
	}
	return e
}

// terms reads the instruments of a case. The provisions of a pack become those
// of the case, so that a case says the same wherever it is read.
func (b *builder) terms(root *yaml.Node) {
	seen := ids{}
	for _, n := range items(root, "terms") {
		b.unique(seen, n, "terms")
		var t probity.Terms
		if name := get(n, "pack"); name != nil {
			t = b.fromPack(n, name)
		} else {
			t = b.version(n)
			t.Instrument = text(n, "instrument")
			for _, k := range []string{"instrument", "provisions"} {
				if n.Kind == yaml.MappingNode && get(n, k) == nil {
					b.m.add(n, "an element of terms lacks the key %q: write it, or name a pack", k)
				}
			}
		}
		t.ID = text(n, "id")
		b.c.Terms = append(b.c.Terms, t)
		b.inEffect(&t)
	}
}

func (b *builder) fromPack(n, name *yaml.Node) probity.Terms {
	for _, k := range []string{"instrument", "effective", "captured", "provisions"} {
		if v := get(n, k); v != nil {
			b.m.add(v, "%s stands beside pack: a pack has its own, leave it out", k)
		}
	}
	if !in(packs(), str(name)) {
		return probity.Terms{}
	}
	p, err := LoadPack(str(name))
	if err != nil {
		b.m.add(name, "%v", err)
		return probity.Terms{}
	}
	var have []string
	for _, t := range p.Versions {
		if have = append(have, t.Version); t.Version == text(n, "version") {
			return t
		}
	}
	at := get(n, "version")
	if at == nil {
		at = n
	}
	b.m.add(at, "pack %s has no version %q: write one of %s", p.ID, text(n, "version"), strings.Join(have, ", "))
	return probity.Terms{}
}

// inEffect warns if the period lies outside the time of effect.
func (b *builder) inEffect(t *probity.Terms) {
	e, p := t.Effective, b.c.Period
	if e.From == "" || p.Empty() {
		return
	}
	from, _ := time.Parse(time.DateOnly, e.From)
	until, _ := time.Parse(time.DateOnly, e.Until)
	has := "from " + e.From
	if e.Until != "" {
		has += " until " + e.Until
	}
	how := ""
	switch {
	case !from.Before(p.Until), e.Until != "" && !until.After(p.From):
		how = "lies outside"
	case from.After(p.From), e.Until != "" && until.Before(p.Until):
		how = "lies partly outside"
	default:
		return
	}
	b.c.Warnings = append(b.c.Warnings, fmt.Sprintf("the period under review %s the time of effect of terms %s, version %s (%s): which version applies depends on when the customer agreed to it", how, t.ID, t.Version, has))
}

// needs warns of provisions whose needs no claim of the allegation tests.
func (b *builder) needs() {
	tested := func(a *probity.Allegation, need string) bool {
		for _, c := range a.Claims {
			for _, t := range c.Tests {
				if in([]string{"quantity: " + string(t.Quantity), "indicator: " + t.Indicator, "rule: " + t.Rule, "estate: " + t.Estate}, need) {
					return true
				}
			}
		}
		return false
	}
	for i := range b.c.Allegations {
		a := &b.c.Allegations[i]
		for _, t := range b.c.Terms {
			for _, p := range t.Provisions {
				if !in(a.Provisions, t.ID+"/"+p.ID) {
					continue
				}
				for _, need := range p.Needs {
					if !tested(a, need.Subject) {
						b.c.Warnings = append(b.c.Warnings, fmt.Sprintf("provision %s/%s needs a claim on %s, and allegation %s has none", t.ID, p.ID, need.Subject, a.ID))
					}
				}
			}
		}
	}
}
