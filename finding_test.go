package probity_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"probity"
)

var (
	full  = probity.Coverage{Share: 1, Minimum: 0.95}
	half  = probity.Coverage{Share: 0.5, Minimum: 0.95}
	seen  = probity.Observed{Value: 12, Unit: probity.One, Witness: probity.Logged, Of: "objects written"}
	never = probity.Coverage{Share: 1} // no minimum was declared
)

// An absence cannot be stated without its coverage: the constructors refuse,
// and the fields are out of reach.
func TestNoAbsenceWithoutCoverage(t *testing.T) {
	for _, c := range []probity.Coverage{half, never, {}, {Share: 0.949, Minimum: 0.95}} {
		if f, err := probity.FindNotSupported(seen, c); err == nil || f.Outcome() != probity.Undetermined {
			t.Errorf("coverage %+v: %v, %v", c, f.Outcome(), err)
		}
	}
	if f, err := probity.FindContradicted(seen, half); err == nil || f.Outcome() != probity.Undetermined {
		t.Errorf("contradicted with half of the coverage: %v, %v", f.Outcome(), err)
	}
	if f, err := probity.FindWithin(seen, half); err == nil || f.Outcome() != probity.Undetermined {
		t.Errorf("within a limit with half of the coverage: %v, %v", f.Outcome(), err)
	}
	typ := reflect.TypeOf(probity.Finding{})
	for i := range typ.NumField() {
		if typ.Field(i).IsExported() {
			t.Errorf("field %s of Finding is exported: anybody could state an absence", typ.Field(i).Name)
		}
	}
	if got := (probity.Finding{}).Outcome(); got != probity.Undetermined {
		t.Errorf("the zero finding is %s", got)
	}
}

// Every sentence of every finding that can be made carries its coverage, or
// says that nothing was assessed; none speaks of "no evidence".
func TestSentencesCarryCoverage(t *testing.T) {
	notSupported, err := probity.FindNotSupported(seen, full)
	if err != nil {
		t.Fatal(err)
	}
	contradicted, err := probity.FindContradicted(seen, full)
	if err != nil {
		t.Fatal(err)
	}
	within, err := probity.FindWithin(seen, full)
	if err != nil {
		t.Fatal(err)
	}
	all := []probity.Finding{notSupported, contradicted, within, probity.FindSupported(seen, half), probity.FindExceeded(seen, half), probity.FindUndetermined(&seen, half), probity.FindUndetermined(nil, half)}
	all = append(all, probity.JoinFindings([]probity.Finding{all[3], all[5]}))
	for _, f := range all {
		s := f.Sentence()
		if !strings.Contains(s, "%") || !strings.Contains(s, "cover") || strings.Contains(strings.ToLower(s), "no evidence") {
			t.Errorf("%s: %q", f.Outcome(), s)
		}
	}
	if s := probity.FindNotAssessed(half).Sentence(); !strings.Contains(s, "no test of this claim could be run") {
		t.Errorf("%q", s)
	}
}

// A review whose findings state more than their coverage allows cannot be read
// back.
func TestForgedReview(t *testing.T) {
	for _, c := range []struct {
		text string
		good bool
	}{
		{`{"id":"A1.1","finding":"not_supported","coverage":{"share":0.2,"minimum":0.95}}`, false},
		{`{"id":"A1.1","finding":"not_supported","coverage":{"share":1,"minimum":0}}`, false},
		{`{"id":"A1.1","finding":"not_supported"}`, false},
		{`{"id":"A1.1","finding":"contradicted","coverage":{"share":0.99,"minimum":0.95}}`, false},
		{`{"id":"A1.1","finding":"no_evidence","coverage":{"share":1,"minimum":0.95}}`, false},
		{`{"id":"A1.1","finding":"not_supported","coverage":{"share":0.96,"minimum":0.95}}`, true},
		{`{"id":"A1.1","finding":"contradicted","coverage":{"share":0.1,"minimum":0.95},"tests":[{"relation":"at_most","finding":"contradicted","coverage":{"share":0.1,"minimum":0.95}}]}`, true},
	} {
		var r probity.ClaimResult
		if err := json.Unmarshal([]byte(c.text), &r); (err == nil) != c.good {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

func TestJoin(t *testing.T) {
	yes, open := probity.FindSupported(seen, full), probity.FindUndetermined(nil, half)
	no, _ := probity.FindContradicted(seen, full)
	absent, _ := probity.FindNotSupported(seen, full)
	for _, c := range []struct {
		name  string
		tests []probity.Finding
		want  probity.Outcome
	}{
		{"none", nil, probity.NotAssessed},
		{"all", []probity.Finding{yes, yes}, probity.Supported},
		{"some", []probity.Finding{yes, open}, probity.SupportedInPart},
		{"one refuted", []probity.Finding{open, no}, probity.Contradicted},
		{"one open", []probity.Finding{absent, open}, probity.Undetermined},
		{"absent", []probity.Finding{absent, absent}, probity.NotSupported},
	} {
		if got := probity.JoinFindings(c.tests).Outcome(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestConclude(t *testing.T) {
	yes, open := probity.FindSupported(seen, full), probity.FindUndetermined(nil, half)
	no, _ := probity.FindContradicted(seen, full)
	absent, _ := probity.FindNotSupported(seen, full)
	claim := func(f probity.Finding) probity.ClaimResult {
		return probity.ClaimResult{ID: "x", Material: true, Finding: f}
	}
	denial := func(f probity.Finding) probity.ClaimResult {
		return probity.ClaimResult{ID: "x", Material: true, Finding: f, Kind: probity.ClaimAssurance}
	}
	type list = []probity.ClaimResult
	for _, c := range []struct {
		name   string
		claims list
		want   probity.Opinion
	}{
		{"nothing found", list{claim(no), claim(absent)}, probity.Unmodified},
		{"one of two", list{claim(no), claim(yes)}, probity.Qualified},
		{"most supported", list{claim(yes), claim(yes), claim(no)}, probity.Adverse},
		{"most open", list{claim(open), claim(open), claim(yes)}, probity.Disclaimer},
		{"half open, half supported", list{claim(open), claim(yes)}, probity.Qualified},
		{"none material", list{{ID: "x", Finding: yes}}, probity.Disclaimer},
		{"a denial borne out", list{denial(yes)}, probity.Unmodified},
		{"a denial refuted", list{denial(no)}, probity.Adverse},
	} {
		if got := probity.Conclude(c.claims).Opinion; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		text string
		unit probity.Unit
		want float64
	}{
		{"8 PB", probity.Byte, 8e15}, {"8 PiB", probity.Byte, 8 << 50}, {"11.5 TiB", probity.Byte, 11.5 * (1 << 40)}, {"3.4 GB", probity.Byte, 3.4e9},
		{"1000000", probity.One, 1e6}, {"1_000_000", probity.One, 1e6}, {"1e6", probity.One, 1e6}, {"10000 h", probity.Second, 3.6e7}, {"8PB", probity.Byte, 8e15}, {"2.5e3 B", probity.Byte, 2500},
	} {
		if got, err := probity.ParseAmount(c.text, c.unit); err != nil || got != c.want {
			t.Errorf("%q: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "PB", "8 PX", "-1 GB", "8 gb", "1..2", "NaN", "Inf GB", "8 h"} {
		if v, err := probity.ParseAmount(bad, probity.Byte); err == nil {
			t.Errorf("%q was read as %v", bad, v)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	f.Add("8 PB")
	f.Add("1e6")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := probity.ParseAmount(text, probity.Byte)
		if err == nil && !(v >= 0) {
			t.Errorf("%q: %v", text, v)
		}
	})
}

func TestFormatAmount(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit probity.Unit
		want string
	}{
		{8.1e15, probity.Byte, "8.1 PB"}, {1181, probity.One, "1,181"}, {45000, probity.Second, "12.5 h"}, {0, probity.Byte, "0 B"}, {1234567, probity.One, "1,234,567"},
		{71120489096, probity.Byte, "71.12 GB"}, {90, probity.Second, "1.5 min"}, {2.5, probity.One, "2.5"},
	} {
		if got := probity.FormatAmount(c.v, c.unit); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

// A share is never rounded up to a whole that it does not reach.
func TestPercent(t *testing.T) {
	for v, want := range map[float64]string{1: "100 %", 0.99999: "99.99 %", 0.95: "95 %", 0: "0 %", 0.30729: "30.72 %"} {
		if got := probity.Percent(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func TestMergeSpans(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	at := func(h int) probity.Span { return probity.Span{From: day(h), Until: day(h + 1 + rng.IntN(3))} }
	for range 200 {
		var in []probity.Span
		hours := map[string]bool{}
		for range rng.IntN(8) {
			s := at(rng.IntN(20))
			in = append(in, s)
			for d := s.From; d.Before(s.Until); d = d.AddDate(0, 0, 1) {
				hours[fmt.Sprint(d)] = true
			}
		}
		out := probity.MergeSpans(in)
		n := 0
		for i, s := range out {
			n += int(s.Hours() / 24)
			if i > 0 && !out[i-1].Until.Before(s.From) {
				t.Fatalf("%v touch", out)
			}
		}
		if n != len(hours) {
			t.Fatalf("%v became %v", in, out)
		}
	}
}
