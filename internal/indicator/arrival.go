package indicator

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"probity"
)

// Shares of the day by hour, in percent, of calls on a weekday: of private
// callers and of a contact centre (figures for simulation, FACTS).
var (
	privateHours = []float64{1.4, 0.4, 0.3, 0.1, 0, 0.3, 1.5, 4.3, 4.5, 1.8, 2.3, 3.5, 5.0, 5.0, 7.8, 9.9, 11.1, 9.4, 8.3, 6.2, 4.7, 4.1, 3.8, 4.3}
	centreHours  = []float64{0.5, 0.2, 0.1, 0, 0, 0.1, 0.3, 2.3, 4.8, 7.6, 8.8, 7.9, 6.8, 7.0, 7.4, 7.6, 7.2, 6.0, 5.4, 3.9, 4.1, 4.6, 4.4, 3.0}
)

// An arrival is how objects arrive over the day.
type arrival struct {
	kind    string  // human, flat, batch, or "" if too few times are known
	human   float64 // Hellinger distance to the nearer curve of calls, at the time zone that fits best
	flat    float64 // Hellinger distance to an even day
	busiest float64 // share of the two busiest hours that follow each other
	known   float64 // objects whose time is known
}

const (
	minTimes   = 300  // objects of known time, for the curve to be told from chance
	batchShare = 0.5  // of two hours of the day: no curve of calls has more than a quarter
	nearCurve  = 0.25 // Hellinger distance within which a day is like a curve
)

// arrivalOf compares the counts by hour of the day with curves of calls, in
// every time zone, and with an even day.
func arrivalOf(hours [24]float64) arrival {
	a := arrival{known: floats.Sum(hours[:])}
	if a.known < minTimes {
		return a
	}
	day, even := normal(hours[:]), make([]float64, 24)
	for i := range even {
		even[i] = 1.0 / 24
		a.busiest = math.Max(a.busiest, day[i]+day[(i+1)%24])
	}
	a.flat, a.human = stat.Hellinger(day, even), 1
	for _, curve := range [][]float64{normal(privateHours), normal(centreHours)} {
		for shift := range 24 {
			turned := append(append([]float64{}, curve[shift:]...), curve[:shift]...)
			a.human = math.Min(a.human, stat.Hellinger(day, turned))
		}
	}
	switch {
	case a.busiest > batchShare || math.Min(a.human, a.flat) > nearCurve:
		a.kind = "batch"
	case a.human < a.flat:
		a.kind = "human"
	default:
		a.kind = "flat"
	}
	return a
}

// add notes the features of an arrival.
func (a *arrival) add(p *Part) {
	p.add("objects_with_time", a.known, probity.One)
	if a.kind != "" {
		p.add("distance_to_day_of_calls", round(a.human), probity.One)
		p.add("distance_to_even_day", round(a.flat), probity.One)
		p.add("share_of_busiest_two_hours", round(a.busiest), probity.One)
	}
}

// words say how objects arrive.
func (a *arrival) words() string {
	switch a.kind {
	case "human":
		return "they arrive over the day as people call"
	case "flat":
		return "they arrive evenly over the day, unlike calls of one place"
	case "batch":
		return "they arrive in batches, which says nothing of when they came about"
	}
	return "of too few the time of arrival is known"
}

func normal(list []float64) []float64 {
	out := append([]float64{}, list...)
	floats.Scale(1/floats.Sum(out), out)
	return out
}

// round keeps six digits, so that a feature does not depend on the last bit of
// a sum.
func round(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return math.Round(v*1e6) / 1e6
}
