package catalog

import (
	"strings"
	"testing"

	"probity"
)

func TestConcerning(t *testing.T) {
	e := &ErrorRates{Format: 1, Seed: 4, Estates: 50, Confidence: 0.95, Rows: []Rate{
		{Subject: "indicator: x", Measure: FalseSupport, Events: 1, Trials: 40, Low: 0.0006, High: 0.13},
		{Subject: "indicator: x", Measure: FalseSupport, By: "profile", Of: "dictation", Events: 1, Trials: 2, High: 1},
		{Subject: "indicator: x", Measure: FalseSupport, By: "profile", Of: "iot", Trials: 2, High: 0.8},
		{Subject: "requests", Measure: IntervalHolds, By: "witness", Of: "logged", Events: 9, Trials: 9, Low: 0.66, High: 1},
		{Subject: "discrepancies", Measure: FaultFound, By: "size", Of: "drop_lines, 1 % of a day", Events: 8, Trials: 9, Low: 0.5, High: 1},
	}}
	text := strings.Join(e.Concerning("indicator: x"), "\n")
	for _, want := range []string{"came out supported: 1 of 40, 2.5 %", "(0.06 % to 13 %)", "measured on 50 simulated estates (seed 4)", "95 % confidence", "(dictation): 1 of 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	for _, not := range []string{"iot", "drop_lines", "logged"} {
		if strings.Contains(text, not) {
			t.Errorf("%q in:\n%s", not, text)
		}
	}
	if got := e.Concerning("requests"); len(got) != 3 {
		t.Errorf("requests: %v, want what they rest on, the bounds and the discrepancies", got)
	}
	if got := (&ErrorRates{}).Concerning("requests"); got == nil || len(got) != 0 {
		t.Errorf("nothing measured: %v, want an empty list", got)
	}
}

// A finding is quoted with the rate of the error that it would be, not with
// another, and a rate of one profile is told from that of all.
func TestErrorOf(t *testing.T) {
	for _, x := range []struct {
		outcome      probity.Outcome
		text         string
		about, whole bool
	}{
		{probity.Supported, "claims that do not hold and came out supported: 1 of 40, 2.5 % (0.06 % to 13 %)", true, true},
		{probity.SupportedInPart, "claims that do not hold and came out supported (dictation): 1 of 2, 50 % (0 % to 100 %)", true, false},
		{probity.Supported, "claims that hold and did not come out supported: 0 of 9, 0 % (0 % to 33.6 %)", false, false},
		{probity.Contradicted, "claims that hold and came out contradicted: 0 of 9, 0 % (0 % to 33.6 %)", true, true},
		{probity.Undetermined, "claims that hold and did not come out supported: 0 of 9, 0 % (0 % to 33.6 %)", true, true},
		{probity.NotSupported, "claims that hold and did not come out supported at all", false, false},
	} {
		if about, whole := ErrorOf(x.outcome).Tells(x.text); about != x.about || whole != x.whole {
			t.Errorf("%s, %q: %t, %t", x.outcome, x.text, about, whole)
		}
	}
}

func TestParseRates(t *testing.T) {
	for text, want := range map[string]string{`{"error_rates": 2}`: "this program reads 1", `{`: "error-rates.json"} {
		if _, err := ParseRates([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Rates(); err != nil {
		t.Error(err)
	}
}

func TestShare(t *testing.T) {
	for v, want := range map[float64]string{0: "0 %", 1: "100 %", 0.5: "50 %", 0.995: "99.5 %", 0.0005: "0.05 %", 0.0001: "0.01 %", 0.01: "1 %", 0.0362: "3.6 %"} {
		if got := Share(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
