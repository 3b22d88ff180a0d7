package casefile

import (
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"probity"
)

// A builder makes a Case of a checked tree. Where the check has found a
// mistake it goes on with what there is, so that mistakes of sense are told
// in the same run.
type builder struct {
	m *Mistakes
	c probity.Case
}

// get returns the value of a key, nil if it is absent.
func get(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// str returns the text of a scalar as it is written; "" for anything else.
func str(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func text(n *yaml.Node, key string) string { return str(get(n, key)) }

func items(n *yaml.Node, key string) []*yaml.Node {
	v := get(n, key)
	if v == nil || v.Kind != yaml.SequenceNode {
		return nil
	}
	return v.Content
}

func texts(n *yaml.Node, key string) []string {
	var out []string
	for _, x := range items(n, key) {
		if s := str(x); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// ids remembers where each id was first used.
type ids map[string]int

func (b *builder) unique(seen ids, n *yaml.Node, what string) {
	v := get(n, "id")
	if v == nil || str(v) == "" {
		return
	}
	if line, twice := seen[v.Value]; twice {
		b.m.add(v, "%s %q has the id of another in line %d: give each its own", what, v.Value, line)
		return
	}
	seen[v.Value] = v.Line
}

func (b *builder) build(root *yaml.Node) *probity.Case {
	c := &b.c
	c.ID, c.Title, c.Subject, c.Names = text(root, "id"), text(root, "title"), text(get(root, "subject"), "name"), texts(root, "names")
	if p := b.span(get(root, "period"), "the period"); p != nil {
		c.Period = *p
	}
	r := get(root, "review")
	c.Instruction = probity.Instruction{InstructedBy: text(r, "instructed_by"), StandardOfProof: text(r, "standard_of_proof")}
	if a := get(r, "time_authority"); a != nil {
		c.Times = probity.TimeAuthority{URL: text(a, "url"), Certificate: text(a, "certificate")}
		if !filepath.IsLocal(c.Times.Certificate) && c.Times.Certificate != "" {
			b.m.add(get(a, "certificate"), "%q lies outside the case folder: put the certificate into it", c.Times.Certificate)
		}
	}
	b.estate(root)
	b.terms(root)
	b.sources(root)
	c.Rules = texts(root, "rules")
	b.allegations(root)
	b.limits(root)
	b.evidence(root)
	b.requests(root)
	return c
}

// instant returns the time that a scalar gives; zero with a mistake if none.
func (b *builder) instant(n *yaml.Node) time.Time {
	s := str(n)
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	if n != nil && s != "" {
		b.m.add(n, "%q is no date of the calendar: write one such as 2025-01-31", s)
	}
	return time.Time{}
}

func (b *builder) span(n *yaml.Node, what string) *probity.Span {
	if n == nil || get(n, "from") == nil || get(n, "until") == nil {
		return nil
	}
	before := len(b.m.List)
	p := probity.Span{From: b.instant(get(n, "from")), Until: b.instant(get(n, "until"))}
	switch {
	case len(b.m.List) > before || p.From.IsZero() || p.Until.IsZero():
		return nil
	case p.Until.Before(p.From):
		b.m.add(get(n, "until"), "%s is upside down: until %s comes before from %s; exchange them", what, text(n, "until"), text(n, "from"))
		return nil
	case p.Empty():
		b.m.add(get(n, "until"), "%s is empty: until is the first day that no longer belongs to it", what)
		return nil
	case p.Duration() > 20*366*24*time.Hour:
		b.m.add(get(n, "until"), "%s is longer than twenty years", what)
		return nil
	}
	return &p
}

func (b *builder) estate(root *yaml.Node) {
	for _, n := range items(root, "estate") {
		s := probity.Scope{Provider: text(n, "provider")}
		s.Account = b.account(get(n, "account"), s.Provider)
		for _, r := range texts(n, "regions") {
			s.Regions = append(s.Regions, region(r))
		}
		b.c.Estate = append(b.c.Estate, s)
	}
}

// account normalises an account id. YAML drops the leading zeros of AWS
// accounts, which have twelve digits.
func (b *builder) account(n *yaml.Node, provider string) string {
	s := str(n)
	if _, err := strconv.ParseUint(s, 10, 64); provider == "aws" && err == nil && len(s) > 6 && len(s) < 12 {
		full := strings.Repeat("0", 12-len(s)) + s
		b.c.Warnings = append(b.c.Warnings, "case line "+strconv.Itoa(n.Line)+": account "+s+" was read as "+full+": AWS accounts have 12 digits; quote it")
		return full
	}
	return strings.ToLower(s)
}

// region is a region's name as it is compared: West Europe is westeurope.
func region(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "")) }

func (b *builder) terms(root *yaml.Node) {
	seen := ids{}
	for _, n := range items(root, "terms") {
		b.unique(seen, n, "terms")
		t := probity.Terms{ID: text(n, "id"), Instrument: text(n, "instrument"), Version: text(n, "version")}
		own := ids{}
		for _, p := range items(n, "provisions") {
			b.unique(own, p, "provision")
			t.Provisions = append(t.Provisions, probity.Provision{ID: text(p, "id"), Paraphrase: text(p, "paraphrase")})
		}
		b.c.Terms = append(b.c.Terms, t)
	}
}

func (b *builder) sources(root *yaml.Node) {
	seen := ids{}
	for _, n := range items(root, "sources") {
		b.unique(seen, n, "source")
		if d := get(n, "date"); d != nil {
			b.instant(d)
		}
		b.c.Sources = append(b.c.Sources, probity.Source{ID: text(n, "id"), Name: text(n, "name"), Date: text(n, "date"), Grade: text(n, "grade")})
	}
}

func (b *builder) limits(root *yaml.Node) {
	b.c.Minimum = 0.95
	if n := get(get(root, "coverage"), "minimum"); n != nil {
		if v, err := strconv.ParseFloat(str(n), 64); err == nil {
			if b.c.Minimum = v; !(v > 0 && v <= 1) {
				b.m.add(n, "minimum is %s: write a share above 0 and at most 1, such as 0.95", n.Value)
			}
		}
	}
	for _, n := range items(root, "tolerances") {
		t := probity.Tolerance{Quantity: probity.Quantity(text(n, "quantity"))}
		if between := texts(n, "between"); len(between) == 2 && between[0] != between[1] {
			t.Between = [2]probity.Witness{probity.Witness(between[0]), probity.Witness(between[1])}
		} else if v := get(n, "between"); v != nil {
			b.m.add(v, "between names the two witnesses that are compared, such as [logged, metered]")
		}
		if v, err := strconv.ParseFloat(text(n, "share"), 64); err == nil {
			if t.Share = v; !(v >= 0 && v <= 1) {
				b.m.add(get(n, "share"), "share is %s: write a share from 0 to 1, such as 0.001", text(n, "share"))
			}
		}
		b.c.Tolerances = append(b.c.Tolerances, t)
	}
}

func (b *builder) evidence(root *yaml.Node) {
	for _, n := range items(root, "evidence") {
		e := probity.Evidence{Path: text(n, "path"), Kind: probity.Kind(text(n, "kind"))}
		if e.Remote() {
			if u, err := url.Parse(e.Path); err != nil || u.Host == "" {
				b.m.add(get(n, "path"), "path %q is no address: write it like s3://bucket/prefix?region=eu-west-1", e.Path)
			}
		} else if p := path.Clean(strings.ReplaceAll(e.Path, `\`, "/")); e.Path != "" && (path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") || len(p) > 1 && p[1] == ':') {
			b.m.add(get(n, "path"), "path %q leaves the case folder: copy or link the records into it, and write a path below it", e.Path)
		} else if e.Path != "" && p == "." {
			b.m.add(get(n, "path"), "path %q is the case folder itself: put the records into a folder of their own", e.Path)
		}
		c := get(n, "custodian")
		e.Custodian = probity.Custodian{Name: text(c, "name"), Relation: probity.Relation(text(c, "relation"))}
		if a := get(n, "acquired"); a != nil {
			e.Acquired = &probity.Acquired{By: text(a, "by"), How: text(a, "how")}
			if at := get(a, "at"); at != nil {
				e.Acquired.At = b.instant(at)
			}
		}
		e.Covers = b.span(get(n, "covers"), "what the custodian says it covers")
		b.c.Evidence = append(b.c.Evidence, e)
	}
}

func (b *builder) requests(root *yaml.Node) {
	for _, n := range items(root, "requests") {
		b.c.Requests = append(b.c.Requests, probity.Request{
			Custodian: text(n, "custodian"), Witness: probity.Witness(text(n, "witness")), Accounts: texts(n, "accounts"), Resources: texts(n, "resources"),
			Period: b.span(get(n, "period"), "the period of the request"), Outcome: probity.Cause(text(n, "outcome")), Line: n.Line})
	}
}
