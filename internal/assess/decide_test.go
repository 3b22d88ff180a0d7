package assess

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"probity"
)

func says(w probity.Witness, b probity.Bound, low, high, coverage float64) testimony {
	return testimony{witness: w, bound: b, low: low, high: high, seen: math.Max(low, 0), coverage: coverage}
}

func TestDecide(t *testing.T) {
	inf := math.Inf(1)
	impeached := says(probity.Logged, probity.Below, 200, inf, 1)
	impeached.impeached = true
	short := says(probity.Logged, probity.Below, 10, inf, 1)
	short.isShort, short.short = true, 50
	lacking := says(probity.Metered, probity.Both, 60, 60, 1)
	lacking.isShort, lacking.short = true, 30
	adrift := says(probity.Metered, probity.Both, 60, 60, 1)
	adrift.adrift = true
	for _, c := range []struct {
		name   string
		atMost bool
		list   []testimony
		want   probity.Outcome
		by     probity.Witness
	}{
		{"a lower bound reaches it", false, []testimony{says(probity.Logged, probity.Below, 100, inf, 0.1)}, probity.Supported, probity.Logged},
		{"exactly", false, []testimony{says(probity.Metered, probity.Both, 100, 100, 1)}, probity.Supported, probity.Metered},
		{"the one hardest to suppress is named", false, []testimony{says(probity.Billed, probity.Both, 150, 150, 1), says(probity.Logged, probity.Below, 140, inf, 1)}, probity.Supported, probity.Billed},
		{"an upper bound of everything", false, []testimony{says(probity.Billed, probity.Above, 0, 99, 1)}, probity.Contradicted, probity.Billed},
		{"an upper bound with a hole", false, []testimony{says(probity.Billed, probity.Above, 0, inf, 0.999)}, probity.Undetermined, ""},
		{"an upper bound at the threshold", false, []testimony{says(probity.Billed, probity.Above, 0, 100, 1)}, probity.Undetermined, ""},
		{"lower bounds, well covered", false, []testimony{says(probity.Logged, probity.Below, 10, inf, 0.95)}, probity.NotSupported, probity.Logged},
		{"lower bounds, badly covered", false, []testimony{says(probity.Logged, probity.Below, 10, inf, 0.94)}, probity.Undetermined, probity.Logged},
		{"nobody speaks", false, nil, probity.Undetermined, ""},
		{"an impeached witness proves nothing", false, []testimony{impeached}, probity.Undetermined, ""},
		{"nor an absence", false, []testimony{short}, probity.Undetermined, ""},
		{"what a witness lacks is added to its upper bound", false, []testimony{says(probity.Metered, probity.Both, 60, 60, 1)}, probity.Contradicted, probity.Metered},
		{"and is too much with more", false, []testimony{{witness: probity.Metered, bound: probity.Both, low: 80, high: 80, coverage: 1, isShort: true, short: 30}}, probity.Undetermined, ""},
		{"and is little enough", false, []testimony{lacking}, probity.Contradicted, probity.Metered},
		{"unread ranges anywhere", false, []testimony{adrift}, probity.NotSupported, probity.Metered},
		{"a conflict", false, []testimony{says(probity.Billed, probity.Both, 50, 50, 1), says(probity.Metered, probity.Both, 120, 120, 1)}, probity.Undetermined, ""},
		{"stated proves nothing", false, []testimony{says(probity.Stated, probity.Neither, 500, 500, 1)}, probity.Undetermined, ""},

		{"at most: exceeded", true, []testimony{says(probity.Logged, probity.Below, 101, inf, 0.01)}, probity.Contradicted, probity.Logged},
		{"at most: exactly is within", true, []testimony{says(probity.Metered, probity.Both, 100, 100, 1)}, probity.Supported, probity.Metered},
		{"at most: only lower bounds", true, []testimony{says(probity.Logged, probity.Below, 10, inf, 1)}, probity.Undetermined, ""},
		{"at most: a hole", true, []testimony{says(probity.Metered, probity.Both, 10, inf, 0.99)}, probity.Undetermined, ""},
	} {
		d := decide(&probity.Test{Quantity: probity.Requests, Threshold: 100, AtMost: c.atMost}, c.list, 0.95)
		if got := d.finding.Outcome(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
			continue
		}
		if o := d.finding.Observed(); c.by != "" && (o == nil && c.want != probity.Undetermined || o != nil && o.Witness != c.by) {
			t.Errorf("%s: observed %v, want by %s", c.name, o, c.by)
		}
		if d.finding.Outcome() == probity.Undetermined && len(d.finding.Limits()) == 0 {
			t.Errorf("%s: undetermined, and nothing says why", c.name)
		}
	}
}

// The limits say which bound is missing and by how much.
func TestLimits(t *testing.T) {
	d := decide(&probity.Test{Quantity: probity.ObjectsWritten, Threshold: 100}, []testimony{
		says(probity.Billed, probity.Above, 0, 150, 1), says(probity.Logged, probity.Below, 10, math.Inf(1), 0.5)}, 0.95)
	text := strings.Join(d.finding.Limits(), "\n")
	for _, want := range []string{"billed allows up to 150", "logged covers 50 %", "minimum of 95 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// A witness with less to go on never makes a finding stronger: its lower bound
// falls, its upper bound rises or is lost, its coverage shrinks.
func TestLessNeverSaysMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	witnesses := []probity.Witness{probity.Billed, probity.Metered, probity.Listed, probity.Logged}
	bounds := []probity.Bound{probity.Above, probity.Below, probity.Both}
	for range 50_000 {
		test := &probity.Test{Quantity: probity.Requests, Threshold: float64(rng.IntN(100)), AtMost: rng.IntN(3) == 0}
		truth := float64(rng.IntN(100))
		var whole, less []testimony
		for _, w := range witnesses {
			if rng.IntN(3) == 0 {
				continue
			}
			y := sound(rng, w, bounds[rng.IntN(3)], truth)
			whole = append(whole, y)
			if rng.IntN(4) > 0 {
				less = append(less, weaken(rng, y))
			}
		}
		a, b := decide(test, whole, 0.9).finding, decide(test, less, 0.9).finding
		if b.Outcome().Strength() > a.Outcome().Strength() {
			t.Fatalf("threshold %v, at most %v: %s became %s\n%+v\n%+v", test.Threshold, test.AtMost, a.Outcome(), b.Outcome(), whole, less)
		}
		// Sound witnesses never support what is false, nor contradict what is true.
		holds := truth >= test.Threshold
		if test.AtMost {
			holds = truth <= test.Threshold
		}
		if o := a.Outcome(); o == probity.Supported && !holds || o == probity.Contradicted && holds {
			t.Fatalf("truth %v, threshold %v, at most %v: %s\n%+v", truth, test.Threshold, test.AtMost, o, whole)
		}
		if a.Outcome() == probity.Contradicted && !test.AtMost && a.Coverage().Share < 1 {
			t.Fatalf("contradicted with coverage %v", a.Coverage().Share)
		}
	}
}

// sound makes a testimony that is true.
func sound(rng *rand.Rand, w probity.Witness, b probity.Bound, truth float64) testimony {
	y := testimony{witness: w, bound: b, coverage: float64(rng.IntN(11)) / 10, high: math.Inf(1)}
	if rng.IntN(2) == 0 {
		y.coverage = 1
	}
	if b.Lower() {
		y.low = math.Floor(truth * rng.Float64())
		if rng.IntN(2) == 0 {
			y.low = truth
		}
		y.seen = y.low
	}
	if b.Upper() && y.coverage == 1 {
		y.high = truth + float64(rng.IntN(30))
		y.seen = y.high
	}
	return y
}

func weaken(rng *rand.Rand, y testimony) testimony {
	y.low = math.Floor(y.low * rng.Float64())
	if rng.IntN(2) == 0 {
		y.coverage *= rng.Float64()
		y.high = math.Inf(1)
	}
	y.seen = y.low
	return y
}

func TestAggregate(t *testing.T) {
	v := []float64{3, 1, 4, 1, 5}
	for kind, want := range map[probity.Aggregate]float64{"max": 5, "min": 1, "sum": 14, "mean": 2.8, "last": 5, "p50": 3, "p99": 5, "p1": 1, "p80": 4} {
		if got, _ := aggregate(kind, v); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", kind, got, want)
		}
	}
	// Every aggregate grows with each value: bounds go through it.
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		a := make([]float64, 1+rng.IntN(9))
		b := make([]float64, len(a))
		for i := range a {
			a[i] = rng.Float64()
			b[i] = a[i] + rng.Float64()*float64(rng.IntN(2))
		}
		for _, kind := range []probity.Aggregate{"max", "min", "sum", "mean", "last", "p50", "p95"} {
			x, _ := aggregate(kind, a)
			y, _ := aggregate(kind, b)
			if y < x {
				t.Fatalf("%s of %v is %v, of %v is %v", kind, a, x, b, y)
			}
		}
	}
}
