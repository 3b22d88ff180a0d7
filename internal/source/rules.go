package source

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"probity/internal/sigma"
	"probity/internal/table"
)

// Rules are matched with records while they are read, before names become
// tokens: what is kept is that a rule matched, and where.

// rulesOf are the rules that a run looks for, compiled for each place.
type rulesOf struct {
	all   *sigma.Collection
	sets  map[sigma.Place]*sigma.Set
	wants map[*sigma.Rule][]sigma.Want
}

// compile prepares a collection; nil of none.
func compile(c *sigma.Collection) *rulesOf {
	if c == nil {
		return nil
	}
	x := &rulesOf{all: c, sets: map[sigma.Place]*sigma.Set{}, wants: map[*sigma.Rule][]sigma.Want{}}
	for _, p := range sigma.Places {
		if list := p.Of(c.Rules); len(list) > 0 {
			x.sets[p] = sigma.Compile(list, p.Names)
		}
	}
	for _, r := range c.Rules {
		if w := c.Wants(r); len(w) > 0 {
			x.wants[r] = w
		}
	}
	return x
}

// matching is what one worker matches with.
type matching struct {
	of       *rulesOf
	matchers map[sigma.Place]*sigma.Matcher
	place    sigma.Place // of the latest record
	matcher  *sigma.Matcher
	record   event
	told     func(*sigma.Matcher, sigma.Place) // of each record, if not nil
}

func (x *rulesOf) fork() *matching {
	if x == nil {
		return nil
	}
	return &matching{of: x, matchers: map[sigma.Place]*sigma.Matcher{}}
}

// at returns the matcher for the records of a place, nil if no rule is about
// them.
func (m *matching) at(kind, provider string) *sigma.Matcher {
	if kind == m.place.Kind && provider == m.place.Provider {
		return m.matcher
	}
	m.place = sigma.Place{Kind: kind, Provider: provider}
	m.matcher = m.matchers[m.place]
	if set := m.of.sets[m.place]; m.matcher == nil && set != nil {
		m.matcher = sigma.NewMatcher(set)
		m.matchers[m.place] = m.matcher
	}
	return m.matcher
}

// match matches the record that became the row at hand.
func (s *sink) match(data []byte) {
	if s.rules == nil {
		return
	}
	r := &s.activity
	m := s.rules.at(r.Kind, r.CloudProvider)
	if m == nil {
		return
	}
	s.tape.of(data)
	e := &s.rules.record
	e.tape, e.row, e.data = &s.tape, r, data
	for _, i := range m.Match(e) {
		s.hit(m, m.Rule(i))
	}
	if s.rules.told != nil {
		s.rules.told(m, s.rules.place)
	}
}

func (s *sink) hit(m *sigma.Matcher, rule *sigma.Rule) {
	r := &s.activity
	h := table.Hit{Rule: rule.Key(), Exhibit: r.Exhibit, Position: r.Position, Length: r.Length, Kind: r.Kind, Time: r.Time, Provider: r.CloudProvider,
		Account: r.CloudAccountUID, Region: r.CloudRegion, Resource: r.ResourceName, Operation: r.APIOperation, Correlation: r.MetadataCorrelation}
	for _, w := range s.rules.of.wants[rule] {
		for _, v := range m.Field(w.Field) {
			if v.Kind == sigma.Nothing {
				continue
			}
			if !w.Number {
				t := s.tokens.OfBytes("rule", bytes.ToLower(v.Text))
				h.Keys += w.Field + "=" + hex.EncodeToString(t[:]) + "\n"
			} else if f, err := strconv.ParseFloat(string(v.Text), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
				h.Numbers += w.Field + "=" + strconv.FormatFloat(f, 'g', -1, 64) + "\n"
			}
			break // of several values the first
		}
	}
	s.fail(s.part.Hit(&h))
}

// write writes the table of rules, with what the workers saw.
func (x *rulesOf) write(part *table.Part, workers []*worker) error {
	if x == nil {
		return nil
	}
	records, carried := map[*sigma.Rule]int64{}, map[*sigma.Rule]bool{}
	for _, w := range workers {
		for _, m := range w.rules.matchers {
			m.Tell(func(r *sigma.Rule, n int64, c bool) {
				records[r] += n
				carried[r] = carried[r] || c
			})
		}
	}
	for _, r := range x.all.Rules {
		d, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if err := part.Rule(&table.Rule{Rule: r.Key(), Name: r.Name, Title: r.Title, File: r.File, Definition: string(d), Text: r.Text, Records: records[r], Carried: carried[r]}); err != nil {
			return err
		}
	}
	return nil
}

// An event is a record as rules see it.
type event struct {
	tape *tape
	row  *table.Activity
	data []byte
}

// Text is the whole record as JSON, without blanks and escapes.
func (e *event) Text() []byte { return sigma.Plain(e.data) }

// Values appends the values of a field: of a column of the row, or of the
// record.
func (e *event) Values(field string, to []sigma.Value) []sigma.Value {
	if name, ok := strings.CutPrefix(field, sigma.Column); ok {
		if v := column(e.row, name); v != "" {
			to = append(to, sigma.Value{Kind: sigma.Scalar, Text: []byte(v)})
		}
		return to
	}
	return e.within(0, len(e.tape.tokens), field, to)
}

// within looks at the members that the tokens from first to end are.
func (e *event) within(first, end int, rest string, to []sigma.Value) []sigma.Value {
	t := e.tape
	for first < end {
		k := &t.tokens[first]
		if left, on := sigma.Below(rest, memberName(t.name(k))); on {
			switch v := t.value(k); {
			case left == "":
				to = emit(v, to)
			case v[0] == '{':
				to = e.within(first+1, int(k.next), left, to)
			default:
				to = descend(v, left, to)
			}
		}
		first = int(k.next)
	}
	return to
}

// memberName undoes the escapes of a member's name.
func memberName(name []byte) []byte {
	if i := bytes.IndexByte(name, '\\'); i >= 0 {
		return unescape(name, i)
	}
	return name
}

// descend looks for a field within a value that the tape has no tokens of: an
// array, or text that holds an object.
func descend(v []byte, rest string, to []sigma.Value) []sigma.Value {
	switch v[0] {
	case '[':
		elements(v, func(_ int, x []byte) { to = descend(x, rest, to) })
	case '{', '"':
		members(group(v), func(name, value []byte) bool {
			if left, on := sigma.Below(rest, memberName(name)); on && left == "" {
				to = emit(value, to)
			} else if on {
				to = descend(value, left, to)
			}
			return true
		})
	}
	return to
}

// emit appends a value, or each element of an array.
func emit(v []byte, to []sigma.Value) []sigma.Value {
	switch v[0] {
	case '{':
		return append(to, sigma.Value{Kind: sigma.Group, Text: sigma.Plain(v)})
	case '[':
		n := 0
		elements(v, func(_ int, x []byte) { n++; to = emit(x, to) })
		if n == 0 {
			to = append(to, sigma.Value{})
		}
		return to
	case 'n':
		return append(to, sigma.Value{})
	}
	return append(to, sigma.Value{Kind: sigma.Scalar, Text: text(v)})
}

// column returns an open column of a row: one that holds no token.
func column(r *table.Activity, name string) string {
	switch name {
	case "kind":
		return r.Kind
	case "cloud_provider":
		return r.CloudProvider
	case "cloud_account_uid":
		return r.CloudAccountUID
	case "cloud_region":
		return r.CloudRegion
	case "api_service_name":
		return r.APIServiceName
	case "api_operation":
		return r.APIOperation
	case "resource_name":
		return r.ResourceName
	case "resource_type":
		return r.ResourceType
	case "resource_uid":
		return r.ResourceUID
	case "databucket_name":
		return r.DatabucketName
	case "actor_user_type":
		return r.ActorUserType
	case "metadata_log_name":
		return r.MetadataLogName
	case "status":
		return r.Status
	case "status_code":
		return r.StatusCode
	case "status_detail":
		return r.StatusDetail
	case "enabled_log_categories":
		return r.EnabledLogCategories
	case "disabled_log_categories":
		return r.DisabledLogCategories
	case "request_body_bytes":
		return sized(r.RequestBodyBytes)
	case "response_body_bytes":
		return sized(r.ResponseBodyBytes)
	}
	return ""
}

func sized(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
