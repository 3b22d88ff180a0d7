package indicator

import (
	"context"
	"sort"
	"strconv"

	"probity"
	"probity/internal/query"
)

// measured is what the SQL measured of one part: a value for each feature, or
// several where a feature is by size, hour or codec.
type measured struct {
	provider, account, resource, container, extension string
	values                                            map[string][]value
}

// A value is one row of a feature.
type value struct {
	of string
	n  float64
}

// load reads the rows of an indicator's SQL that are in scope, all if in is nil: provider,
// account, resource, container, extension, feature, of, value, in order.
func load(ctx context.Context, e *query.Engine, file string, in func(provider, account, resource, container string) bool) ([]measured, error) {
	var list []measured
	err := e.EachOf(ctx, file, func(row func(...any) error) error {
		var m measured
		var feature string
		var v value
		if err := row(&m.provider, &m.account, &m.resource, &m.container, &m.extension, &feature, &v.of, &v.n); err != nil {
			return err
		}
		if n := len(list); n == 0 || !list[n-1].same(&m) {
			if in != nil && !in(m.provider, m.account, m.resource, m.container) {
				return nil
			}
			m.values = map[string][]value{}
			list = append(list, m)
		}
		last := &list[len(list)-1]
		last.values[feature] = append(last.values[feature], v)
		return nil
	})
	return list, err
}

func (m *measured) same(x *measured) bool {
	return m.provider == x.provider && m.account == x.account && m.resource == x.resource && m.container == x.container && m.extension == x.extension
}

// one returns the value of a feature that has one row, 0 if it has none.
func (m *measured) one(feature string) float64 {
	if v := m.values[feature]; len(v) > 0 {
		return v[0].n
	}
	return 0
}

// get returns the value of a feature's row, 0 if there is none.
func (m *measured) get(feature, of string) float64 {
	for _, v := range m.values[feature] {
		if v.of == of {
			return v.n
		}
	}
	return 0
}

// numbers returns the rows of a feature whose of is a whole number, in its
// order.
func (m *measured) numbers(feature string) (at, n []float64) {
	list := append([]value(nil), m.values[feature]...)
	key := func(v value) int64 { k, _ := strconv.ParseInt(v.of, 10, 64); return k }
	sort.Slice(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
	for _, v := range list {
		at, n = append(at, float64(key(v))), append(n, v.n)
	}
	return at, n
}

// hours returns the counts by hour of the day.
func (m *measured) hours() (out [24]float64) {
	for _, v := range m.values["hour"] {
		if h, err := strconv.Atoi(v.of); err == nil && h >= 0 && h < 24 {
			out[h] = v.n
		}
	}
	return out
}

func (m *measured) part(w probity.Witness) Part {
	return Part{Provider: m.provider, Account: m.account, Witness: w,
		IndicatorPart: probity.IndicatorPart{Resource: m.resource, Container: m.container, Extension: m.extension, Features: []probity.Feature{}}}
}

// add notes a feature that the answer rests on.
func (p *Part) add(name string, v float64, u probity.Unit) {
	p.Features = append(p.Features, probity.Feature{Name: name, Value: v, Unit: u})
}

// say sets the answer and its reason.
func (p *Part) say(a probity.Answer, because string) { p.Answer, p.Because = a, because }

// name is the part as sentences name it.
func (p *Part) name() string {
	s := p.Resource
	if p.Container != "" {
		s += "/" + p.Container
	}
	if p.Extension != "" {
		s += " *." + p.Extension
	}
	return s
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
