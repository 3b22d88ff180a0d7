package indicator

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"probity"
)

// The bounds within which what leaves after a date is in line with before.
const (
	minBefore  = 7 // whole days
	minAfter   = 2
	outOfLine  = 3.0 // times the busiest day before
	inLine     = 1.5
	apart      = 0.9  // Kolmogorov-Smirnov distance of days after to days before
	smallShare = 0.01 // an excess under this share of what left before is none
)

// moveOut answers for each resource by the witness that covers most of its
// days; of equals the meter, which has a figure for each.
func moveOut(list []measured, p *Params) []Part {
	var out []Part
	for i := range list {
		m := &list[i]
		var best *Part
		for _, w := range []probity.Witness{probity.Metered, probity.Billed} {
			before, after, days := daysOf(m, w, p)
			if len(before)+len(after) == 0 || best != nil && best.Objects >= int64(len(before)+len(after)) {
				continue
			}
			x := m.part(w)
			x.Objects = int64(len(before) + len(after))
			x.moved(before, after, days, p.After)
			best = &x
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	return out
}

// daysOf returns what left on each day that the witness covers whole, before
// and after the date, and whether those are all days after it. The day of the
// date itself counts as after.
func daysOf(m *measured, w probity.Witness, p *Params) (before, after []float64, all bool) {
	seen := map[string]float64{}
	for _, v := range m.values[string(w)] {
		seen[v.of] = v.n
	}
	if len(seen) == 0 {
		return nil, nil, false
	}
	all = true
	start := p.Period.From.UTC().Truncate(24 * time.Hour)
	if start.Before(p.Period.From) {
		start = start.AddDate(0, 0, 1)
	}
	for day := start; !day.AddDate(0, 0, 1).After(p.Period.Until); day = day.AddDate(0, 0, 1) {
		late := day.AddDate(0, 0, 1).After(p.After)
		if !p.Whole(w, probity.BytesEgressed, m.provider, m.account, m.resource, probity.Span{From: day, Until: day.AddDate(0, 0, 1)}) {
			all = all && !late
			continue
		}
		if n := seen[day.Format(time.DateOnly)]; late { // a covered day without a row had none
			after = append(after, n)
		} else {
			before = append(before, n)
		}
	}
	return before, after, all
}

// moved judges days after a date by those before.
func (p *Part) moved(before, after []float64, all bool, date time.Time) {
	name := fmt.Sprintf("%s (%s)", p.name(), p.Witness)
	p.add("days_before", float64(len(before)), probity.One)
	p.add("days_after", float64(len(after)), probity.One)
	p.Bytes = floats.Sum(before) + floats.Sum(after)
	if len(before) < minBefore || len(after) < minAfter {
		p.say(probity.CannotTell, fmt.Sprintf("%s: %d whole days before the date and %d after it are too few: %d and %d are needed", name, len(before), len(after), minBefore, minAfter))
		return
	}
	slices.Sort(before)
	slices.Sort(after)
	usual, most := floats.Max(before), floats.Max(after)
	excess := 0.0
	for _, v := range after {
		excess += math.Max(v-usual, 0)
	}
	ks := stat.KolmogorovSmirnov(before, nil, after, nil)
	shift := ratio(stat.Mean(after, nil), stat.Mean(before, nil))
	p.Seen, p.SeenOf = most, "left on the busiest day after it"
	p.add("busiest_day_before", usual, probity.Byte)
	p.add("median_day_before", stat.Quantile(0.5, stat.Empirical, before, nil), probity.Byte)
	p.add("busiest_day_after", most, probity.Byte)
	p.add("median_day_after", stat.Quantile(0.5, stat.Empirical, after, nil), probity.Byte)
	p.add("excess_after", excess, probity.Byte)
	p.add("mean_after_by_mean_before", round(shift), probity.One)
	p.add("distance_of_days", round(ks), probity.One)
	amount := func(v float64) string { return probity.FormatAmount(v, probity.Byte) }
	says := fmt.Sprintf("%s: on the busiest day %s left before %s and %s after", name, amount(usual), date.Format(time.DateOnly), amount(most))
	switch {
	case excess > 0 && excess > smallShare*floats.Sum(before) && (most >= outOfLine*usual || ks >= apart && shift >= 2):
		p.Weight = excess
		p.say(probity.Consistent, fmt.Sprintf("%s; %s more than days before account for", says, amount(excess)))
	case most <= inLine*usual && shift <= inLine && all:
		p.Excludes = p.Witness == probity.Metered // a bill may leave out free allowances
		p.say(probity.NotConsistent, says+", in line with before")
	case most <= inLine*usual && shift <= inLine:
		p.say(probity.CannotTell, says+"; not every day after it is covered whole")
	default:
		p.say(probity.CannotTell, says+": more, and less than makes it out of line")
	}
}
