package indicator

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"probity"
)

// The bounds within which the arrival of objects is consistent with machine
// collection about a population.
const (
	minWrites     = 500
	minWriteDays  = 3
	minWindows    = 120 // ten minutes each
	evenClock     = 0.3 // dispersion under which a timer writes
	chanceLeast   = 0.5 // dispersion of independent events is 1
	chanceMost    = 3.0
	bursts        = 6.0
	minOneForm    = 0.8
	minOneWriter  = 0.5
	maxOneWriter  = 0.05 // the largest writer's share under which people write for themselves
	minNumberlike = 0.9
)

func bulkCollection(list []measured, _ *Params) []Part {
	var out []Part
	for i := range list {
		out = append(out, bulkOf(&list[i]))
	}
	return out
}

// dispersion is the chi-square of counts by ten minutes against an even hour,
// by degree of freedom: 1 for events that are independent of each other,
// whatever the rhythm of the day. windows is the number of counts.
func dispersion(m *measured) (d float64, windows int) {
	at, n := m.numbers("window")
	var seen, even []float64
	degrees := 0
	for i := 0; i < len(at); {
		hour := math.Floor(at[i] / 6)
		var counts [6]float64
		total := 0.0
		for ; i < len(at) && math.Floor(at[i]/6) == hour; i++ {
			counts[int(at[i]-6*hour)] = n[i]
			total += n[i]
		}
		for _, c := range counts {
			seen, even = append(seen, c), append(even, total/6)
		}
		degrees += 5
	}
	if degrees == 0 {
		return 0, 0
	}
	return stat.ChiSquare(seen, even) / float64(degrees), len(seen)
}

// bulkOf answers for the writes to one container.
func bulkOf(m *measured) Part {
	p := m.part(probity.Logged)
	writes := m.one("writes")
	p.Objects, p.Bytes = int64(m.one("names")), m.one("bytes")
	once, numbered := ratio(m.one("names"), writes), ratio(m.one("numbered"), writes)
	form, writer := ratio(m.one("one_form"), writes), ratio(m.one("one_writer"), writes)
	day := arrivalOf(m.hours())
	chance, windows := dispersion(m)
	p.add("writes", writes, probity.One)
	p.add("bytes", p.Bytes, probity.Byte)
	p.add("days", m.one("days"), probity.One)
	p.add("share_of_distinct_names", round(once), probity.One)
	p.add("share_with_number_like_names", round(numbered), probity.One)
	p.add("share_of_commonest_form", round(form), probity.One)
	p.add("writers", m.one("writers"), probity.One)
	p.add("share_of_largest_writer", round(writer), probity.One)
	p.add("windows_of_ten_minutes", float64(windows), probity.One)
	p.add("dispersion", round(chance), probity.One)
	day.add(&p)
	name := p.name()
	switch {
	case writes < minWrites || m.one("days") < minWriteDays:
		p.say(probity.CannotTell, fmt.Sprintf("%s: %.0f writes on %.0f days are too few to tell", name, writes, m.one("days")))
	case (chance > bursts || day.kind == "batch") && numbered >= minNumberlike:
		p.say(probity.CannotTell, name+": writes come in bursts, as one party's own jobs do; what was collected elsewhere and is uploaded by a job would look so too")
	case chance > bursts || day.kind == "batch":
		p.say(probity.NotConsistent, fmt.Sprintf("%s: writes come in bursts (dispersion %.1f), as one party's own jobs do", name, chance))
	case windows < minWindows:
		p.say(probity.CannotTell, fmt.Sprintf("%s: %d stretches of ten minutes in busy hours are too few to tell", name, windows))
	case chance < evenClock:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: writes come as evenly as a timer makes them (dispersion %.2f), unlike what people do", name, chance))
	case once < 1-maxRewrites:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: %s of the writes replace an object, unlike what is collected", name, probity.Percent(1-once)))
	case writer < maxOneWriter && m.one("writers") >= minWrites/10:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: %.0f identities write, none more than %s: people who write for themselves", name, m.one("writers"), probity.Percent(writer)))
	default:
		p.judgeBulk(m, chance, form, writer, numbered, &day)
	}
	return p
}

// judgeBulk answers where nothing speaks against collection: all that speaks
// for it must be there.
func (p *Part) judgeBulk(m *measured, chance, form, writer, numbered float64, day *arrival) {
	name := p.name()
	switch {
	case chance < chanceLeast || chance > chanceMost:
		p.say(probity.CannotTell, fmt.Sprintf("%s: a dispersion of %.2f lies between that of chance and that of jobs or timers", name, chance))
	case day.kind != "human":
		p.say(probity.CannotTell, name+": "+day.words())
	case writer < minOneWriter:
		p.say(probity.CannotTell, fmt.Sprintf("%s: no identity writes more than %s", name, probity.Percent(writer)))
	case form < minOneForm:
		p.say(probity.CannotTell, fmt.Sprintf("%s: the commonest form of name covers %s", name, probity.Percent(form)))
	case numbered < minNumberlike:
		p.say(probity.CannotTell, fmt.Sprintf("%s: writes come as independent people make them, and their names hold nothing like numbers of people", name))
	default:
		p.Weight = float64(p.Objects)
		p.say(probity.Consistent, fmt.Sprintf("%s: %d objects, written once; they come like independent events (dispersion %.2f); %s; one identity writes %s; %s have names of one form; %s hold a run of digits as long as a telephone number",
			name, p.Objects, chance, day.words(), probity.Percent(writer), probity.Percent(form), probity.Percent(numbered)))
	}
}
