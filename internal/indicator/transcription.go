package indicator

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"probity"
)

// The bounds within which speech processing keeps step with arrival.
const (
	minHours    = 96 // that both sides cover
	minActive   = 24 // hours in which speech was processed
	inStep      = 0.6
	notInStep   = 0.2
	maxLag      = 3     // hours
	lowestRate  = 600.0 // bytes stored for a second of speech: under AMR-NB 4.75
	highestRate = 64e3  // above PCM of 16 bits at 32 kHz
)

const hourForm = "2006-01-02T15"

// transcription answers for each speech account: the arrival that it keeps
// step with best speaks for it.
func transcription(list []measured, p *Params) []Part {
	var out []Part
	for i := range list {
		m := &list[i]
		if m.values["speech"] == nil || p.In != nil && !p.In(m.provider, m.account, m.resource, "") {
			continue
		}
		x := m.part(probity.Metered)
		x.transcribed(m, list, p)
		out = append(out, x)
	}
	return out
}

// series returns a feature by hour of the period; NaN where the witness does
// not cover.
func (m *measured) series(feature string, w probity.Witness, q probity.Quantity, p *Params) []float64 {
	seen := map[string]float64{}
	for _, v := range m.values[feature] {
		seen[v.of] = v.n
	}
	var out []float64
	for at := p.Period.From.UTC().Truncate(time.Hour); at.Before(p.Period.Until); at = at.Add(time.Hour) {
		n, ok := seen[at.Format(hourForm)]
		if !ok && !p.Whole(w, q, m.provider, m.account, m.resource, probity.Span{From: at, Until: at.Add(time.Hour)}) {
			n = math.NaN()
		}
		out = append(out, n)
	}
	return out
}

// A step is how speech keeps step with one arrival.
type step struct {
	where       string
	correlation float64 // of what departs from the rhythm of the day
	plain       float64 // of the hours as they are
	lag, hours  int
	rate        float64 // bytes that arrived for a second of speech
}

// transcribed judges the speech of one account by all arrivals in the period.
func (p *Part) transcribed(m *measured, list []measured, params *Params) {
	speech := m.series("speech", probity.Metered, probity.SpeechSeconds, params)
	total, active, known := 0.0, 0, 0
	var hours [24]float64
	for i, v := range speech {
		if math.IsNaN(v) {
			continue
		}
		known++
		total += v
		hours[(i+params.Period.From.Hour())%24] += v
		if v > 0 {
			active++
		}
	}
	p.Bytes, p.Seen, p.SeenOf = total, total, "of speech processed"
	p.add("speech", total, probity.Second)
	p.add("hours_covered", float64(known), probity.One)
	p.add("hours_with_speech", float64(active), probity.One)
	name := p.name()
	switch {
	case total == 0 && known == len(speech):
		p.Excludes = true
		p.say(probity.NotConsistent, name+": no speech was processed")
		return
	case active < minActive || known < minHours:
		p.say(probity.CannotTell, fmt.Sprintf("%s: speech in %d of %d hours is too little to tell", name, active, known))
		return
	}
	best, tried := bestStep(speech, total, list, params)
	p.add("arrivals_compared", float64(tried), probity.One)
	if tried == 0 {
		p.say(probity.CannotTell, fmt.Sprintf("%s: no arrival of objects is known for %d hours of it", name, minHours))
		return
	}
	p.add("correlation_beyond_the_day", round(best.correlation), probity.One)
	p.add("correlation_of_hours", round(best.plain), probity.One)
	p.add("lag", float64(best.lag)*3600, probity.Second)
	p.add("hours_compared", float64(best.hours), probity.One)
	p.add("bytes_a_second_of_speech", round(best.rate), probity.Byte)
	p.step(best, arrivalOf(scaled(hours)), total)
}

// step answers by the arrival that fits best.
func (p *Part) step(best step, day arrival, total float64) {
	says := fmt.Sprintf("%s: beyond the rhythm of days and hours, speech and the arrival at %s correlate by %.2f over %d hours", p.name(), best.where, best.correlation, best.hours)
	switch {
	case best.correlation >= inStep && best.rate >= lowestRate && best.rate <= highestRate:
		p.Weight = total
		p.say(probity.Consistent, fmt.Sprintf("%s; %.0f bytes arrived for each second of speech, as for sound", says, best.rate))
	case best.correlation >= inStep:
		p.say(probity.CannotTell, fmt.Sprintf("%s; but %.0f bytes arrived for each second of speech, unlike sound", says, best.rate))
	case best.correlation <= notInStep && day.kind != "batch":
		p.say(probity.NotConsistent, says)
	case best.correlation <= notInStep:
		p.say(probity.CannotTell, says+"; speech is processed in batches, which hides its step")
	default:
		p.say(probity.CannotTell, says+", which does not decide")
	}
}

// scaled makes seconds by hour of the day into minutes, so that a day of them
// can be compared with curves.
func scaled(hours [24]float64) [24]float64 {
	s := 10000 / math.Max(floats.Sum(hours[:]), 1)
	for i := range hours {
		hours[i] *= s
	}
	return hours
}

// bestStep compares speech with every arrival and each lag.
func bestStep(speech []float64, total float64, list []measured, p *Params) (best step, tried int) {
	best.correlation = -1
	for i := range list {
		m := &list[i]
		for _, s := range []struct {
			feature string
			w       probity.Witness
		}{{"logged", probity.Logged}, {"metered", probity.Metered}} {
			if m.values[s.feature] == nil {
				continue
			}
			arrived := m.series(s.feature, s.w, probity.BytesWritten, p)
			compared := false
			for lag := range maxLag + 1 {
				x, ok := compare(arrived, speech, lag, p.Period.From.Hour())
				if !ok {
					continue
				}
				compared = true
				if x.correlation > best.correlation {
					x.where = m.resource
					if m.container != "" {
						x.where += "/" + m.container
					}
					x.rate = ratio(sum(arrived), total)
					best = x
				}
			}
			if compared {
				tried++
			}
		}
	}
	return best, tried
}

// compare correlates two series, the second later by lag hours, after taking
// from each what its hour of the day and its day account for.
func compare(arrived, speech []float64, lag, firstHour int) (step, bool) {
	var x, y []float64
	var at []int
	for i := 0; i+lag < len(speech) && i < len(arrived); i++ {
		if !math.IsNaN(arrived[i]) && !math.IsNaN(speech[i+lag]) {
			x, y, at = append(x, arrived[i]), append(y, speech[i+lag]), append(at, i+firstHour)
		}
	}
	if len(x) < minHours || stat.Variance(x, nil) == 0 || stat.Variance(y, nil) == 0 {
		return step{}, false
	}
	s := step{lag: lag, hours: len(x), plain: stat.Correlation(x, y, nil)}
	x, y = beyond(x, at), beyond(y, at)
	if stat.Variance(x, nil) == 0 || stat.Variance(y, nil) == 0 {
		return step{}, false
	}
	s.correlation = stat.Correlation(x, y, nil)
	return s, true
}

// beyond returns what departs from the product of the day's share and the
// hour's, as in a contingency table: at counts hours from a midnight.
func beyond(v []float64, at []int) []float64 {
	total := floats.Sum(v)
	var hours [24]float64
	days := map[int]float64{}
	for i := range v {
		hours[at[i]%24] += v[i]
		days[at[i]/24] += v[i]
	}
	out := make([]float64, len(v))
	for i := range v {
		out[i] = v[i] - ratio(days[at[i]/24]*hours[at[i]%24], total)
	}
	return out
}

func sum(v []float64) (s float64) {
	for _, x := range v {
		if !math.IsNaN(x) {
			s += x
		}
	}
	return s
}
