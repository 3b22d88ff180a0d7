package assess

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"probity/internal/query"
	"probity/internal/sigma"
)

// A RuleBook is the rules that were looked for when the records were read, and
// where they matched, as the tables tell.
type RuleBook struct {
	rules   *sigma.Collection
	hits    map[string][]sigma.Hit // by rule, correlations too
	records map[string]int64
	carried map[string]bool
}

// ReadRules reads the tables rules and hits, and evaluates the correlations
// over the hits of the period.
func ReadRules(ctx context.Context, e *query.Engine) (*RuleBook, error) {
	b := &RuleBook{rules: &sigma.Collection{}, hits: map[string][]sigma.Hit{}, records: map[string]int64{}, carried: map[string]bool{}}
	err := e.Each(ctx, "reading rules", "SELECT definition, records, carried FROM rules ORDER BY file, CAST(definition ->> 'Line' AS INTEGER), rule", func(row func(...any) error) error {
		var text string
		var n int64
		var carried bool
		if err := row(&text, &n, &carried); err != nil {
			return err
		}
		r := &sigma.Rule{}
		if err := json.Unmarshal([]byte(text), r); err != nil {
			return fmt.Errorf("a rule of the table: %w", err)
		}
		b.rules.Rules = append(b.rules.Rules, r)
		b.records[r.Key()], b.carried[r.Key()] = n, carried
		return nil
	})
	if err != nil {
		return nil, err
	}
	var hits []sigma.Hit
	const q = `SELECT rule, exhibit, position, time, provider, account, region, resource, operation,
       CASE WHEN correlation_token = '00000000-0000-0000-0000-000000000000' THEN '' ELSE CAST(correlation_token AS VARCHAR) END, keys, numbers
FROM hits, period WHERE time >= period_from AND time < period_until ORDER BY time, exhibit, position, rule`
	err = e.Each(ctx, "reading hits", q, func(row func(...any) error) error {
		var h sigma.Hit
		var at time.Time
		var keys, numbers string
		if err := row(&h.Rule, &h.Exhibit, &h.Position, &at, &h.Provider, &h.Account, &h.Region, &h.Resource, &h.Operation, &h.Token, &keys, &numbers); err != nil {
			return err
		}
		h.Time = at.UnixMicro()
		h.Keys, h.Numbers = map[string]string{}, map[string]float64{}
		for k, v := range pairs(keys) {
			h.Keys[k] = v
		}
		for k, v := range pairs(numbers) {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				h.Numbers[k] = f
			}
		}
		hits = append(hits, h)
		return nil
	})
	for _, h := range append(hits, b.rules.Correlate(hits)...) {
		b.hits[h.Rule] = append(b.hits[h.Rule], h)
	}
	return b, err
}

func pairs(lines string) map[string]string {
	out := map[string]string{}
	for _, l := range strings.Split(lines, "\n") {
		if i := strings.LastIndexByte(l, '='); i >= 0 {
			out[l[:i]] = l[i+1:]
		}
	}
	return out
}

func (b *RuleBook) hitsOf(rules []*sigma.Rule) []sigma.Hit {
	var out []sigma.Hit
	for _, r := range rules {
		out = append(out, b.hits[r.Key()]...)
	}
	return out
}

// innocent returns the innocent explanations of rules, and of the others in
// their files, without repetition.
func (b *RuleBook) innocent(rules []*sigma.Rule) []string {
	var out []string
	for _, r := range rules {
		for _, k := range b.rules.Rules {
			if k.File != r.File {
				continue
			}
			list := k.Innocent
			if k == r {
				list = slices.Concat(list, k.FalsePositives)
			}
			out = appendNew(out, list)
		}
	}
	return out
}

// limits says of which rules no record can tell: records of their log are not
// read, or none of those that were has one of their fields.
func (b *RuleBook) limits(rules []*sigma.Rule) []string {
	var out []string
	for _, r := range rules {
		if why := b.inapplicable(r, 0); why != "" {
			out = append(out, why)
		}
	}
	return out
}

func (b *RuleBook) inapplicable(r *sigma.Rule, depth int) string {
	if r.Correlation != nil {
		for _, n := range r.Correlation.Rules {
			if k := b.rules.Find(n); k != nil && depth < 100 {
				if why := b.inapplicable(k, depth+1); why != "" {
					return why
				}
			}
		}
		return ""
	}
	read := slices.ContainsFunc(sigma.Places, func(p sigma.Place) bool { return p.In(r.Source) })
	switch {
	case !read:
		return fmt.Sprintf("a review does not read the log that the rule %q is about (%s)", r.Title, r.Source)
	case b.records[r.Key()] > 0 && !b.carried[r.Key()]:
		return fmt.Sprintf("no record has any field of the rule %q", r.Title)
	}
	return ""
}

// Warnings says how many of the case's own rules are not applicable.
func (b *RuleBook) Warnings() []string {
	n, all := 0, 0
	for _, r := range b.rules.Rules {
		if strings.HasPrefix(r.File, "catalog/") {
			continue
		}
		if all++; b.inapplicable(r, 0) != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d rules of the case are not applicable: no record that was read can tell of them (tables/rules)", n, all)}
}
