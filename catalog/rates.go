package catalog

import (
	_ "embed" // the measured rates are data
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"probity"
)

//go:embed error-rates.json
var measured []byte

//go:embed error-outcomes.jsonl
var outcomes []byte

// ErrorRates is what reviews of estates whose truth is known came to, as
// probity calibrate measured it.
type ErrorRates struct {
	Format     int     `json:"error_rates"` // version of this format: 1
	Version    string  `json:"version"`     // of the program that was measured
	Seed       uint64  `json:"seed"`
	Estates    int     `json:"estates"`
	Confidence float64 `json:"confidence"` // of the intervals
	Rows       []Rate  `json:"rows"`
}

// A Rate is how often something happened, with an exact (Clopper-Pearson)
// interval for its probability.
type Rate struct {
	// Subject is what a test asks (as in review.json), or "discrepancies" or
	// "estates".
	Subject string  `json:"subject"`
	Measure Measure `json:"measure"`
	// By is what the row is limited by: "", profile, fault, size, witness; Of
	// is which.
	By     string  `json:"by,omitempty"`
	Of     string  `json:"of,omitempty"`
	Events int     `json:"events"`
	Trials int     `json:"trials"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// A Measure is what a row counts.
type Measure string

// The measures.
const (
	FalseSupport       Measure = "false_support"       // claims that do not hold: came out supported
	FalseContradiction Measure = "false_contradiction" // claims that hold: came out contradicted
	Missed             Measure = "missed"              // claims that hold: came out other than supported
	Explained          Measure = "explained"           // supported indicators: innocent explanations were given
	FaultFound         Measure = "fault_found"         // estates with a fault: the review tells of it
	FalseDiscrepancy   Measure = "false_discrepancy"   // estates: a discrepancy was reported that nothing caused
	IntervalHolds      Measure = "interval_holds"      // stated bounds: they hold the true value
)

// Says is what a measure counts, in words.
func (m Measure) Says() string {
	return map[Measure]string{
		FalseSupport:       "claims that do not hold and came out supported",
		FalseContradiction: "claims that hold and came out contradicted",
		Missed:             "claims that hold and did not come out supported",
		Explained:          "supported answers with innocent explanations",
		FaultFound:         "faults that the review tells of",
		FalseDiscrepancy:   "estates with a discrepancy that nothing caused",
		IntervalHolds:      "stated bounds that hold the true value",
	}[m]
}

// ErrorOf is the error that a finding would be, if it were wrong.
func ErrorOf(o probity.Outcome) Measure {
	switch o {
	case probity.Supported, probity.SupportedInPart:
		return FalseSupport
	case probity.Contradicted:
		return FalseContradiction
	}
	return Missed
}

// Tells reports whether a sentence, as Concerning writes it, is about the
// measure; whole is false if it is about one profile or witness only.
func (m Measure) Tells(sentence string) (about, whole bool) {
	rest, about := strings.CutPrefix(sentence, m.Says())
	whole = strings.HasPrefix(rest, ":")
	return about && (whole || strings.HasPrefix(rest, " (")), about && whole
}

// Share is the observed share, 0 to 1.
func (r *Rate) Share() float64 {
	if r.Trials == 0 {
		return 0
	}
	return float64(r.Events) / float64(r.Trials)
}

// Rates returns the rates that were measured of this program.
func Rates() (*ErrorRates, error) { return ParseRates(measured) }

// Outcomes returns what came of each of the estates that the rates rest on, as
// JSON, one a line.
func Outcomes() []byte { return outcomes }

// ParseRates reads error-rates.json.
func ParseRates(text []byte) (*ErrorRates, error) {
	var e ErrorRates
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("error-rates.json: %w", err)
	}
	if e.Format != 1 {
		return nil, fmt.Errorf("error-rates.json: error_rates is %d, this program reads 1", e.Format)
	}
	return &e, nil
}

// MeasuredOn begins the sentence that says what rates rest on.
const MeasuredOn = "measured on "

// Concerning returns, in words, the rows that a reader of a test's finding
// should know: first on what they rest, then how often such findings erred.
func (e *ErrorRates) Concerning(subject string) []string {
	list := []string{}
	quantity := !strings.Contains(subject, ": ")
	for _, m := range []Measure{FalseSupport, FalseContradiction, Missed, Explained, IntervalHolds, FaultFound} {
		for i := range e.Rows {
			r := &e.Rows[i]
			switch {
			case r.Measure != m || r.Trials == 0:
			case r.Subject == subject && r.By == "",
				r.Subject == subject && r.By == "profile" && m == FalseSupport && r.Events > 0,
				r.Subject == subject && r.By == "witness",
				quantity && r.Subject == "discrepancies" && r.By == "size" && strings.HasPrefix(r.Of, "drop_lines, 1 %"):
				list = append(list, Sentence(r))
			}
		}
	}
	if len(list) == 0 {
		return list
	}
	return append([]string{fmt.Sprintf(MeasuredOn+"%d simulated estates (seed %d), each share with the interval that holds the probability with %s confidence", e.Estates, e.Seed, Share(e.Confidence))}, list...)
}

// Sentence writes a row in words.
func Sentence(r *Rate) string {
	of := ""
	if r.Of != "" {
		of = " (" + r.Of + ")"
	}
	return fmt.Sprintf("%s%s: %d of %d, %s (%s to %s)", r.Measure.Says(), of, r.Events, r.Trials, Share(r.Share()), Share(r.Low), Share(r.High))
}

// Share writes a share in percent, with two digits that count.
func Share(v float64) string {
	digits := 1
	if v > 0 && v < 0.1 {
		digits = min(6, 1-int(math.Floor(math.Log10(v*100))))
	}
	s := strconv.FormatFloat(v*100, 'f', max(digits, 0), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + " %"
}
