package indicator

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"probity"
)

// The bounds within which a group of objects is consistent with recordings of
// telephone conversations. They are wide around what real calls show: talk
// time has its median near two minutes and a spread of 0.9 in natural
// logarithms; with the many calls under ten seconds, 1.2.
const (
	minObjects  = 200  // below, talk time cannot be told from even lengths by its distribution
	minFramed   = 0.95 // share of objects whose size is a whole number of frames
	maxCoarse   = 0.90 // share that keeps step with a multiple of the frame: then the step is not the frame's
	minMedian   = 20.0 // seconds
	maxMedian   = 420.0
	minSpread   = 0.4
	maxSpread   = 1.5
	maxDistance = 0.10 // Kolmogorov-Smirnov distance of talk time to the lognormal that fits it best
	maxOneSize  = 0.25 // share of objects of one size: pieces have it, calls do not
	maxRewrites = 0.10 // share of writes that replace an object
	minDialled  = 0.90 // share of names like telephone numbers, of sound that is not coded for the telephone
	cipherBlock = 16.0 // bytes
	shortest    = 10.0 // seconds: calls under it are a spike of their own
)

// Talk time of calls of ten seconds and more, in logarithms of seconds.
var talkTime = distuv.Normal{Mu: 4.808, Sigma: 0.916}

// opaque are extensions under which anything can lie.
var opaque = strings.Fields("7z bak bin br bz2 cab dat db gz iso jar lz4 pb rar tar tgz tmp vhd vhdx vmdk war xz zip zst")

// unframed are extensions of sound whose size says nothing of frames.
var unframed = strings.Fields("3ga 3gp aac aif aiff caf dss flac g722 g726 m4a mka mp2 mp3 mp4 oga ogg opus pcm raw spx vox weba webm wma")

// A codec is a row of the table of codecs in the SQL, with how many objects fit.
type codec struct {
	name                string
	header, frame, rate float64
	framed              float64 // share of objects of whole frames behind the header
	even                float64 // share of objects that leave one remainder by the frame
	coarse              float64 // the largest such share for a multiple of the frame
}

// codecs returns the codecs that objects of this extension may have.
func (m *measured) codecs(objects float64) []codec {
	var out []codec
	for _, v := range m.values["framed"] {
		f := strings.Split(v.of, "|")
		if len(f) != 4 {
			continue
		}
		c := codec{name: f[0], framed: ratio(v.n, objects)}
		c.header, _ = strconv.ParseFloat(f[1], 64)
		c.frame, _ = strconv.ParseFloat(f[2], 64)
		c.rate, _ = strconv.ParseFloat(f[3], 64)
		c.even = ratio(m.get("aligned", c.name+"|1"), objects)
		for _, p := range []string{"2", "3", "5", "7"} {
			c.coarse = math.Max(c.coarse, ratio(m.get("aligned", c.name+"|"+p), objects))
		}
		out = append(out, c)
	}
	return out
}

// A talk is how long objects would last, if a codec is assumed.
type talk struct {
	median    float64 // seconds
	spread    float64 // standard deviation of the logarithm of seconds
	short     float64 // share under ten seconds
	distance  float64 // of those of ten seconds and more: Kolmogorov-Smirnov, to the lognormal that fits best
	reference float64 // likewise, to the talk time of real calls
}

// talkOf turns sizes, given as 50 times their logarithm with their counts,
// into durations at a rate in bytes a second.
func talkOf(bins, n []float64, rate float64) talk {
	x := make([]float64, len(bins)) // ln of seconds; a header is less than one bin of a recording of ten seconds
	var long, weight []float64
	short := 0.0
	for i, b := range bins {
		x[i] = (b+0.5)/50 - math.Log(rate)
		if x[i] < math.Log(shortest) {
			short += n[i]
			continue
		}
		long, weight = append(long, x[i]), append(weight, n[i])
	}
	t := talk{distance: 1, reference: 1}
	if len(x) == 0 {
		return t
	}
	t.median = math.Exp(stat.Quantile(0.5, stat.Empirical, x, n))
	t.spread = stat.PopStdDev(x, n)
	total := 0.0
	for _, c := range n {
		total += c
	}
	t.short = ratio(short, total)
	if len(long) < 2 {
		return t
	}
	fitted := distuv.Normal{Mu: stat.Mean(long, weight), Sigma: stat.PopStdDev(long, weight)}
	t.distance, t.reference = distance(long, weight, fitted), distance(long, weight, talkTime)
	return t
}

// distance is the Kolmogorov-Smirnov distance of binned values to a normal
// distribution, of which a thousand quantiles stand for the whole.
func distance(x, weight []float64, d distuv.Normal) float64 {
	if !(d.Sigma > 0) {
		return 1
	}
	grid := make([]float64, 1000)
	for i := range grid {
		grid[i] = d.Quantile((float64(i) + 0.5) / float64(len(grid)))
	}
	return stat.KolmogorovSmirnov(x, weight, grid, nil)
}

func speechArchive(list []measured, _ *Params) []Part {
	var out []Part
	for i := range list {
		out = append(out, speechOf(&list[i]))
	}
	return out
}

// speechOf answers for the objects of a container with one extension. Of the
// codecs that they may have, the one that fits best speaks for them.
func speechOf(m *measured) Part {
	p := m.part(probity.Listed)
	objects := m.one("objects")
	p.Objects, p.Bytes = int64(objects), m.one("bytes")
	bins, n := m.numbers("size")
	day := arrivalOf(m.hours())
	p.add("objects", objects, probity.One)
	p.add("bytes", p.Bytes, probity.Byte)
	p.add("share_of_one_size", round(ratio(m.one("one_size"), objects)), probity.One)
	p.add("share_with_number_like_names", round(ratio(m.one("numbered"), objects)), probity.One)
	p.add("share_with_telephone_like_names", round(ratio(m.one("dialled"), objects)), probity.One)
	rewritten := 0.0
	if w := m.one("writes"); w > 0 {
		rewritten = round(1 - m.one("names")/w)
		p.add("share_of_rewrites", rewritten, probity.One)
	}
	day.add(&p)
	common := len(p.Features)
	best, found := p, false
	for _, c := range m.codecs(objects) {
		x := p
		x.Features = append([]probity.Feature{}, p.Features[:common]...)
		t := talkOf(bins, n, c.rate)
		c.add(&x, t)
		c.judge(&x, t, m, rewritten, &day)
		if !found || x.Answer > best.Answer || x.Answer == best.Answer && c.closer(&best) {
			best, found = x, true
		}
	}
	if found {
		p = best
	}
	switch name := p.name(); {
	case p.Extension == "" || in(opaque, p.Extension):
		p.say(probity.CannotTell, name+": anything can lie in objects of this kind")
	case objects < minObjects:
		p.say(probity.CannotTell, fmt.Sprintf("%s: %.0f objects are too few to tell", name, objects))
	case in(unframed, p.Extension):
		p.say(probity.CannotTell, name+": sound whose sizes do not tell speech from other sound")
	case !found:
		p.say(probity.NotConsistent, name+": not a kind of sound")
	}
	if p.Answer == probity.Consistent {
		p.Weight = objects
	}
	return p
}

// closer reports whether the codec has more objects of whole frames than the
// one that the part speaks of.
func (c *codec) closer(p *Part) bool {
	for _, f := range p.Features {
		if f.Name == "share_of_whole_frames" {
			return c.framed > f.Value
		}
	}
	return true
}

// add notes how objects look if a codec is assumed.
func (c *codec) add(p *Part, t talk) {
	p.add("share_of_whole_frames", round(c.framed), probity.One)
	p.add("share_of_one_remainder", round(c.even), probity.One)
	p.add("share_of_coarser_steps", round(c.coarse), probity.One)
	p.add("frame", c.frame, probity.Byte)
	p.add("bytes_a_second", c.rate, probity.Byte)
	p.add("median_duration", round(t.median), probity.Second)
	p.add("spread_of_log_duration", round(t.spread), probity.One)
	p.add("share_under_10_s", round(t.short), probity.One)
	p.add("distance_to_lognormal", round(t.distance), probity.One)
	p.add("distance_to_real_calls", round(t.reference), probity.One)
}

// judge answers if a codec is assumed. A file that does not have whole frames
// is not thereby something else: frames of AMR vary where silence is not sent,
// and a WAV file may end within a frame.
func (c *codec) judge(p *Part, t talk, m *measured, rewritten float64, day *arrival) {
	name, oneSize := p.name(), ratio(m.one("one_size"), m.one("objects"))
	// The same number of bytes more, as encryption adds; but the blocks of a
	// cipher are no frames.
	hidden := c.framed < minFramed && c.even >= minFramed && math.Mod(cipherBlock, c.frame) != 0
	switch {
	case oneSize > maxOneSize:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: %s have one size, as pieces of fixed length do and calls do not", name, probity.Percent(oneSize)))
	case c.framed < minFramed && !hidden:
		c.variable(p, t)
	case t.median < minMedian || t.median > maxMedian:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: as %s the median object would last %.0f s, unlike calls", name, c.name, t.median))
	case t.spread < minSpread || t.spread > maxSpread:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: as %s the lengths spread by %.2f in logarithms, unlike calls", name, c.name, t.spread))
	case t.distance > maxDistance:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: as %s the lengths lie %.2f from any lognormal distribution (Kolmogorov-Smirnov), unlike calls", name, c.name, t.distance))
	case rewritten > maxRewrites:
		p.say(probity.NotConsistent, fmt.Sprintf("%s: %s of the writes replace an object, unlike recordings", name, probity.Percent(rewritten)))
	case c.coarse > maxCoarse:
		p.say(probity.CannotTell, fmt.Sprintf("%s: %s keep step with a multiple of the frame of %s, as padding and upload in pieces do", name, probity.Percent(c.coarse), c.name))
	case c.any() && ratio(m.one("dialled"), m.one("objects")) < minDialled:
		p.say(probity.CannotTell, fmt.Sprintf("%s: sizes fit %s, which any recorder writes, and names hold nothing like telephone numbers: dictation looks so", name, c.name))
	case hidden && day.kind != "human":
		p.say(probity.CannotTell, fmt.Sprintf("%s: %s are whole frames of %s and the same number of bytes more, as encryption adds; %s", name, probity.Percent(c.even), c.name, day.words()))
	default:
		p.say(probity.Consistent, c.why(p, t, m, hidden, day))
	}
}

// any reports whether the codec is one of sound in general: sizes alone then say
// that somebody speaks, but nothing of a telephone.
func (c *codec) any() bool { return strings.HasPrefix(c.name, "PCM") }

// variable answers for objects that are not whole frames.
func (c *codec) variable(p *Part, t talk) {
	name := p.name()
	switch {
	case p.Extension == "amr" || p.Extension == "awb":
		p.say(probity.CannotTell, name+": AMR that does not consist of frames of one length, as where silence is not sent or the rate changes: sizes do not tell how long it lasts")
	case p.Extension == "wav" || p.Extension == "au":
		// Between the lowest and the highest rate of telephone sound.
		if low, high := t.median*c.rate/16000, t.median*c.rate/1625; high < minMedian || low > maxMedian {
			p.say(probity.NotConsistent, fmt.Sprintf("%s: in telephone quality the median object would last between %.0f s and %.0f s, unlike calls", name, low, high))
			return
		}
		p.say(probity.CannotTell, fmt.Sprintf("%s: only %s have the size of whole frames of %s, and sound may end within a frame", name, probity.Percent(c.framed), c.name))
	default:
		p.say(probity.CannotTell, fmt.Sprintf("%s: only %s have the size of whole frames of %s: silence that is not sent, or padding, would look so", name, probity.Percent(c.framed), c.name))
	}
}

// why says what makes objects consistent.
func (c *codec) why(p *Part, t talk, m *measured, hidden bool, day *arrival) string {
	frames := fmt.Sprintf("%s have the size of whole frames of %s", probity.Percent(c.framed), c.name)
	if hidden {
		frames = fmt.Sprintf("%s have the size of whole frames of %s and the same number of bytes more, as encryption adds", probity.Percent(c.even), c.name)
	}
	s := fmt.Sprintf("%s: %.0f objects; %s; the median would last %.0f s, spread %.2f in logarithms; %s", p.name(), m.one("objects"), frames, t.median, t.spread, day.words())
	if ratio(m.one("numbered"), m.one("objects")) > 0.9 {
		s += "; their names hold runs of 7 to 15 digits, as telephone numbers and dates have"
	}
	return s
}

func in(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
