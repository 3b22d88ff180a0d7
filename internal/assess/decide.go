package assess

import (
	"fmt"
	"math"

	"probity"
)

// A decision is the finding of a test, the witness that it rests on and what
// stands in the way of a stronger one.
type decision struct {
	finding  probity.Finding
	deciding int // index of the testimony, -1 if none decides
	warnings []string
}

// decide applies the theory to what the witnesses say of a threshold:
//
//   - a lower bound that is not impeached and reaches the threshold supports;
//   - an upper bound over the whole population and period that stays under it
//     contradicts;
//   - both at once are a conflict, and decide nothing;
//   - else lower bounds whose coverage meets the minimum do not support;
//   - else the claim is undetermined.
//
// For an at_most threshold the sides are exchanged, and only the two proofs
// remain.
func decide(t *probity.Test, list []testimony, minimum float64) decision {
	lower, upper := -1, -1
	for i := range list {
		y := &list[i]
		if y.proves() && (t.AtMost && y.low > t.Threshold || !t.AtMost && y.low >= t.Threshold) && lower < 0 {
			lower = i
		}
		if top, ok := y.upper(); ok && (t.AtMost && top <= t.Threshold || !t.AtMost && top < t.Threshold) && upper < 0 {
			upper = i
		}
	}
	switch {
	case lower >= 0 && upper >= 0:
		d := undetermined(t, list, minimum)
		d.warnings = append(d.warnings, fmt.Sprintf("the witnesses contradict each other: %s shows at least %s, %s at most %s",
			list[lower].witness, amount(t, list[lower].low), list[upper].witness, amount(t, list[upper].seen)))
		return d
	case lower >= 0:
		c := probity.Coverage{Share: list[lower].coverage, Minimum: minimum}
		o := observed(t, list[lower].witness, list[lower].low)
		if t.AtMost {
			return decision{finding: probity.FindExceeded(o, c), deciding: lower}
		}
		return decision{finding: probity.FindSupported(o, c), deciding: lower}
	case upper >= 0:
		return whole(t, list, upper, minimum)
	}
	return absent(t, list, minimum)
}

// whole is the decision by an upper bound over everything.
func whole(t *probity.Test, list []testimony, i int, minimum float64) decision {
	c := probity.Coverage{Share: list[i].coverage, Minimum: minimum}
	find := probity.FindContradicted
	if t.AtMost {
		find = probity.FindWithin
	}
	f, err := find(observed(t, list[i].witness, list[i].seen), c)
	if err != nil {
		return undetermined(t, list, minimum)
	}
	return decision{finding: f, deciding: i}
}

// absent is the decision where no bound proves anything: an absence within
// its coverage, if a lower bound covers enough.
func absent(t *probity.Test, list []testimony, minimum float64) decision {
	if t.AtMost {
		return undetermined(t, list, minimum)
	}
	best := -1
	for i := range list {
		y := &list[i]
		if y.proves() && !y.isShort && (best < 0 || y.coverage > list[best].coverage) {
			best = i
		}
	}
	if best < 0 {
		return undetermined(t, list, minimum)
	}
	c := probity.Coverage{Share: list[best].coverage, Minimum: minimum}
	f, err := probity.FindNotSupported(observed(t, list[best].witness, list[best].low), c)
	if err != nil {
		return undetermined(t, list, minimum)
	}
	return decision{finding: f, deciding: best}
}

// undetermined is a scope limitation, with the coverage of the best witness
// that could have supported the claim.
func undetermined(t *probity.Test, list []testimony, minimum float64) decision {
	best := -1
	for i := range list {
		if list[i].bound.Lower() && (best < 0 || list[i].coverage > list[best].coverage) {
			best = i
		}
	}
	c := probity.Coverage{Minimum: minimum}
	var o *probity.Observed
	if best >= 0 {
		c.Share = list[best].coverage
		if list[best].seen > 0 {
			x := observed(t, list[best].witness, list[best].seen)
			o = &x
		}
	}
	return decision{finding: probity.FindUndetermined(o, c, limits(t, list, minimum)...), deciding: best}
}

// limits says, witness by witness, why none decides.
func limits(t *probity.Test, list []testimony, minimum float64) []string {
	var out []string
	if len(list) == 0 {
		return []string{"no witness speaks of " + string(t.Quantity) + " in scope"}
	}
	for i := range list {
		y := &list[i]
		switch {
		case y.impeached:
			out = append(out, fmt.Sprintf("%s is impeached: it shows more than an upper bound allows", y.witness))
		case y.bound.Lower() && y.coverage < minimum:
			out = append(out, fmt.Sprintf("%s covers %s of the population, less than the minimum of %s", y.witness, probity.Percent(y.coverage), probity.Percent(minimum)))
		case y.bound.Lower() && y.isShort:
			out = append(out, fmt.Sprintf("%s covers %s of the population, but another witness shows that it falls short", y.witness, probity.Percent(y.coverage)))
		}
		if y.bound.Upper() && !y.impeached {
			switch top, ok := y.upper(); {
			case y.adrift:
				out = append(out, fmt.Sprintf("%s has unread ranges that nothing places: they could hold anything", y.witness))
			case !ok && y.coverage < 1:
				out = append(out, fmt.Sprintf("%s gives no upper bound: it covers %s, and an upper bound needs all", y.witness, probity.Percent(y.coverage)))
			case ok:
				out = append(out, fmt.Sprintf("%s allows up to %s, which does not decide", y.witness, amount(t, top)))
			}
		}
	}
	if len(out) == 0 {
		side := "a lower bound that reaches the threshold, nor an upper bound over everything that stays under it"
		if t.AtMost {
			side = "an upper bound over everything that stays within the limit, nor a lower bound that exceeds it"
		}
		out = append(out, "no witness gives "+side)
	}
	return out
}

// proves reports whether the witness's lower bound may be used.
func (y *testimony) proves() bool { return y.bound.Lower() && !y.impeached }

// upper returns the sound upper bound, if the witness gives one for the whole
// population and period. What other witnesses show it to lack is added.
func (y *testimony) upper() (float64, bool) {
	top := y.high + y.short
	return top, y.bound.Upper() && !y.impeached && !y.adrift && y.coverage == 1 && !math.IsInf(top, 1)
}

func observed(t *probity.Test, w probity.Witness, v float64) probity.Observed {
	return probity.Observed{Value: v, Unit: t.Quantity.Unit(), Witness: w, Of: t.Quantity.Noun()}
}

// amount writes a value with its unit; a count says what it is of.
func amount(t *probity.Test, v float64) string {
	s := probity.FormatAmount(v, t.Quantity.Unit())
	if t.Quantity.Unit() == probity.One {
		s += " " + t.Quantity.Noun()
	}
	return s
}
