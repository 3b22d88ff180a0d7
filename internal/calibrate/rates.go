package calibrate

import (
	"fmt"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"

	"probity/catalog"
	"probity/internal/review"
	"probity/internal/simulate"
)

const confidence = 0.95

// Interval of Clopper and Pearson for a probability of which k of n trials
// were seen: exact, and never too narrow.
func bounds(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	alpha := 1 - confidence
	high = 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(alpha / 2)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - alpha/2)
	}
	return low, high
}

// A tally counts events and trials of rows.
type tally struct {
	rows map[catalog.Rate]*[2]int // by a row without counts
}

func (t *tally) add(subject string, m catalog.Measure, by, of string, event bool) {
	k := catalog.Rate{Subject: subject, Measure: m, By: by, Of: of}
	if t.rows[k] == nil {
		t.rows[k] = &[2]int{}
	}
	t.rows[k][1]++
	if event {
		t.rows[k][0]++
	}
}

// enough is how many lines a day needs so that the shares of a fault are seen
// beside the three units that are never reported.
const enough = 400

const (
	speechArchive  = "indicator: speech_archive"
	bulkCollection = "indicator: bulk_collection"
)

// Rates sums outcomes up.
func Rates(seed uint64, list []Outcome) (*catalog.ErrorRates, error) {
	profiles, err := simulate.Profiles()
	if err != nil {
		return nil, err
	}
	speech := map[string]bool{}
	for i := range profiles {
		speech[profiles[i].Name] = profiles[i].Speech
	}
	t := &tally{rows: map[catalog.Rate]*[2]int{}}
	for i := range list {
		o := &list[i]
		t.claims(o)
		t.records(o)
		benign, accused := true, false
		for _, p := range o.Profiles {
			benign = benign && !speech[p]
		}
		for _, c := range o.Claims {
			accused = accused || c.Subject == speechArchive && c.Profile != "" && supported(c.Finding) && !c.Holds
		}
		if benign {
			t.add("estates", catalog.FalseSupport, "", "no recordings of calls in it", accused)
		}
	}
	return &catalog.ErrorRates{Format: 1, Version: review.Version, Seed: seed, Estates: len(list), Confidence: confidence, Rows: t.sorted()}, nil
}

func supported(finding string) bool { return finding == "supported" || finding == "supported_in_part" }

// claims counts the findings of an estate.
func (t *tally) claims(o *Outcome) {
	fault := o.Fault
	if fault == "" {
		fault = "none"
	}
	for _, c := range o.Claims {
		yes := supported(c.Finding)
		each := func(m catalog.Measure, event bool) {
			t.add(c.Subject, m, "", "", event)
			if c.Profile != "" {
				t.add(c.Subject, m, "profile", c.Profile, event)
			} else {
				t.add("claims", m, "fault", fault, event)
			}
		}
		if c.Holds {
			each(catalog.FalseContradiction, c.Finding == "contradicted")
			each(catalog.Missed, !yes)
		} else {
			each(catalog.FalseSupport, yes)
		}
		if c.Profile != "" && yes {
			t.add(c.Subject, catalog.Explained, "", "", c.Innocent)
		}
	}
	for _, x := range o.Intervals {
		t.add(x.Quantity, catalog.IntervalHolds, "witness", x.Witness, x.Holds)
	}
}

// records counts what was reported of an estate's records.
func (t *tally) records(o *Outcome) {
	fault := o.Fault
	if fault == "" {
		fault = "none"
	}
	t.add("discrepancies", catalog.FalseDiscrepancy, "fault", fault, len(o.False) > 0)
	switch o.Fault {
	case "drop_lines", "fabricate_lines":
		size := fmt.Sprintf("%s, %s of a day", o.Fault, catalog.Share(o.Share))
		t.add("discrepancies", catalog.FaultFound, "size", size, o.Found)
		if float64(o.Lines)/o.Share >= enough {
			t.add("discrepancies", catalog.FaultFound, "size", fmt.Sprintf("%s with at least %d requests", size, enough), o.Found)
		}
	case "lose_lines":
		t.add("discrepancies", catalog.FalseDiscrepancy, "size", fmt.Sprintf("%s, %s of each day", o.Fault, catalog.Share(o.Share)), len(o.False) > 0)
	case "", "late_lines", "skew_clock", "versions": // nothing to tell
	default:
		t.add("discrepancies", catalog.FaultFound, "fault", fault, o.Found)
	}
}

// sorted returns the rows in an order that does not depend on the counting.
func (t *tally) sorted() []catalog.Rate {
	out := []catalog.Rate{}
	for k, n := range t.rows {
		k.Events, k.Trials = n[0], n[1]
		k.Low, k.High = bounds(n[0], n[1])
		out = append(out, k)
	}
	key := func(r *catalog.Rate) string {
		return r.Subject + "\x00" + r.By + "\x00" + string(r.Measure) + "\x00" + r.Of
	}
	sort.Slice(out, func(i, j int) bool { return key(&out[i]) < key(&out[j]) })
	return out
}
