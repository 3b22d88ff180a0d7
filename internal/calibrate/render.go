package calibrate

import (
	"fmt"
	"strings"

	"probity/catalog"
)

// Markdown renders measured rates as docs/error-rates.md.
func Markdown(e *catalog.ErrorRates) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# Error rates

How often version %s errs, measured by `+"`probity calibrate`"+` on %s simulated estates (seed %d). Each estate is three days of three storage
accounts at Azure or, one estate in four, buckets at AWS, each with a use drawn from %s, and with one fault of records or none. Every estate is reviewed like a
real one, without its truth, and what comes out is compared with it. Intervals are exact (Clopper-Pearson) with %s confidence. The rates are those of estates as
they are drawn here: real ones differ, and no estate here was drawn by somebody who wanted to mislead this program.

Again, and compared with what is checked in: `+"`probity calibrate --check 20`"+`. All of it anew: `+"`probity calibrate --estates %d --seed %d --write .`"+`.

`, e.Version, count(e.Estates), e.Seed, "`internal/simulate/profiles.yaml`", catalog.Share(e.Confidence), e.Estates, e.Seed)
	b.WriteString(targets(e))
	table(&b, e, "Estates without a recording of a call", "An estate counts once, however many of its three storage accounts are called an archive.",
		func(r *catalog.Rate) bool { return r.Subject == "estates" }, false)
	table(&b, e, "Claims", "Thresholds lie between half and three times the true value. A claim that holds by less than what a witness leaves open is rightly not found.",
		func(r *catalog.Rate) bool {
			return r.By == "" && r.Subject != "estates" && r.Subject != "discrepancies"
		}, true)
	table(&b, e, "The indicators, by use", "`speech_archive` is asked of all three stores, `bulk_collection` of the first. Contact centres and voicemail are recordings of telephone conversations, and innocent: the claim holds for them, and the answer names such uses. They are one party's own, and no bulk collection. Of `move_out` and `transcription`, which need more days, the tests of `internal/indicator` measure the rates (docs/indicators.md).",
		func(r *catalog.Rate) bool { return r.By == "profile" }, true)
	table(&b, e, "Claims about quantities, rules and the estate, by fault", "", func(r *catalog.Rate) bool { return r.Subject == "claims" }, false)
	table(&b, e, "Faults that are told, by size", "Three requests a day and 0.1 % are within the tolerance, and never reported: of a quiet day a small share is less than that.",
		func(r *catalog.Rate) bool { return r.By == "size" && r.Measure == catalog.FaultFound }, false)
	table(&b, e, "Faults that are told, by kind", "", func(r *catalog.Rate) bool {
		return r.Subject == "discrepancies" && r.By == "fault" && r.Measure == catalog.FaultFound
	}, false)
	table(&b, e, "Discrepancies that nothing caused", "Best-effort loss, late lines, lines delivered twice and clocks that are off by up to two minutes are no cause: what is reported of them is false.",
		func(r *catalog.Rate) bool { return r.Measure == catalog.FalseDiscrepancy }, false)
	table(&b, e, "Stated bounds", "Between the bounds that a witness states lies the true value. A witness that is impeached states nothing.",
		func(r *catalog.Rate) bool { return r.Measure == catalog.IntervalHolds }, true)
	return []byte(b.String())
}

// targets sets what was asked of the program beside what was measured.
func targets(e *catalog.ErrorRates) string {
	sum := func(is func(*catalog.Rate) bool) (k, n int) {
		for i := range e.Rows {
			if r := &e.Rows[i]; is(r) {
				k, n = k+r.Events, n+r.Trials
			}
		}
		return k, n
	}
	var b strings.Builder
	b.WriteString("| what is asked | measured | reached |\n|---|---|---|\n")
	line := func(what string, k, n int, ok bool) {
		low, high := bounds(k, n)
		fmt.Fprintf(&b, "| %s | %d of %d, %s (%s to %s) | %s |\n", what, k, n, catalog.Share(ratio(k, n)), catalog.Share(low), catalog.Share(high), map[bool]string{true: "yes", false: "no"}[ok])
	}
	of := func(subject string) func(*catalog.Rate) bool {
		return func(r *catalog.Rate) bool {
			return r.Subject == subject && r.By == "profile" && r.Measure == catalog.FalseSupport
		}
	}
	// uses lists those that were called what they are not.
	uses := func(subject string) string {
		var list []string
		for i := range e.Rows {
			if r := &e.Rows[i]; of(subject)(r) && r.Events > 0 {
				list = append(list, fmt.Sprintf("%s (%d of %d)", r.Of, r.Events, r.Trials))
			}
		}
		return strings.Join(list, ", ")
	}
	k, n := sum(of(speechArchive))
	line("no use without recordings of calls is called an archive of them", k, n, k == 0)
	k, n = sum(of(bulkCollection))
	line("no use that is one party's own is called bulk collection", k, n, k == 0)
	k, n = sum(func(r *catalog.Rate) bool {
		return r.By == "" && r.Measure == catalog.FalseSupport && r.Subject != "estates" && !strings.HasPrefix(r.Subject, "indicator")
	})
	line("no other claim that does not hold is supported", k, n, k == 0)
	k, n = sum(func(r *catalog.Rate) bool { return strings.HasPrefix(r.Of, "drop_lines, 1 % of a day with at least") })
	line("dropping 1 % of a day's requests (of at least 400) is told in 99 %", k, n, ratio(k, n) >= 0.99)
	k, n = sum(func(r *catalog.Rate) bool { return r.By == "size" && r.Measure == catalog.FalseDiscrepancy })
	line("best-effort loss of up to 0.05 % of each day is never reported", k, n, k == 0)
	for _, x := range []struct{ subject, text string }{{speechArchive, "Called an archive of calls though they are none"}, {bulkCollection, "Called bulk collection though they are one party's own"}} {
		if list := uses(x.subject); list != "" {
			fmt.Fprintf(&b, "\n%s: %s. Sizes, times and counts do not tell them apart, and every such answer names the innocent uses that look the same.\n", x.text, list)
		}
	}
	return b.String() + "\n"
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// table writes the rows that are wanted.
func table(b *strings.Builder, e *catalog.ErrorRates, title, text string, want func(*catalog.Rate) bool, subject bool) {
	fmt.Fprintf(b, "## %s\n\n", title)
	if text != "" {
		b.WriteString(text + "\n\n")
	}
	b.WriteString("| of | what is counted | seen | share | interval |\n|---|---|---|---|---|\n")
	for i := range e.Rows {
		r := &e.Rows[i]
		if !want(r) {
			continue
		}
		of := r.Of
		if subject {
			of = r.Subject
			if r.Of != "" {
				of += ", " + r.Of
			}
		}
		fmt.Fprintf(b, "| %s | %s | %d of %d | %s | %s to %s |\n", of, r.Measure.Says(), r.Events, r.Trials, catalog.Share(r.Share()), catalog.Share(r.Low), catalog.Share(r.High))
	}
	b.WriteString("\n")
}

// count writes a number with commas.
func count(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", count(n/1000), n%1000)
}
