package indicator

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"probity"
	"probity/internal/query"
	"probity/internal/table"
)

// A stock draws one object of a use: its extension, size, shape of name, and
// the time of its arrival.
type stock func(g *generator) (ext string, bytes int64, shape string, at time.Time)

// A generator draws from one seed.
type generator struct {
	*rand.Rand
	n    int // of the object
	from time.Time
}

var period = probity.Span{From: time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC), Until: time.Date(2025, 1, 20, 0, 0, 0, 0, time.UTC)}

func drawing(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 7)), from: period.From}
}

// lognormal draws from a lognormal distribution.
func (g *generator) lognormal(mu, sigma float64) float64 { return math.Exp(mu + sigma*g.NormFloat64()) }

// talk draws the seconds of a call: 5 % of them a spike under ten seconds.
func (g *generator) talk() float64 {
	if g.Float64() < 0.05 {
		return 1 + 9*g.Float64()
	}
	for {
		if s := g.lognormal(4.808, 0.916); s >= 10 {
			return s
		}
	}
}

// clock draws a time of one of the days of the period by shares of its hours.
func (g *generator) clock(hours []float64) time.Time {
	x := 100 * g.Float64()
	hour := 0
	for hour < 23 && x > hours[hour] {
		x -= hours[hour]
		hour++
	}
	return g.from.AddDate(0, 0, g.IntN(14)).Add(time.Duration(hour)*time.Hour + time.Duration(g.Float64()*float64(time.Hour)))
}

func (g *generator) any() time.Time {
	return g.from.Add(time.Duration(g.Float64() * float64(14*24*time.Hour)))
}

// nightly is a time in the nightly window of a job.
func (g *generator) nightly() time.Time {
	return g.from.AddDate(0, 0, g.IntN(14)).Add(2*time.Hour + time.Duration(g.Float64()*float64(40*time.Minute)))
}

// calls are recordings of a codec: header, frame, seconds a frame.
func calls(ext string, header, frame int64, per float64) stock {
	return func(g *generator) (string, int64, string, time.Time) {
		return ext, header + frame*int64(g.talk()/per), "9999/99/99/999999999999-a9." + ext, g.clock(privateHours)
	}
}

// grown is a stock whose sizes are changed afterwards, as by encryption.
func grown(s stock, ext string, size func(int64) int64) stock {
	return func(g *generator) (string, int64, string, time.Time) {
		_, b, shape, at := s(g)
		return ext, size(b), shape, at
	}
}

// engine holds the objects of stocks, one container each, n objects in each.
func engine(t testing.TB, n int, g *generator, stocks map[string]stock) *query.Engine {
	t.Helper()
	return filled(t, func(p *table.Part) error {
		from, until := period.Until.UnixMicro(), period.Until.Add(time.Hour).UnixMicro()
		if err := p.Listing(&table.Listing{Exhibit: "e", ManifestExhibit: "m", Provider: "azure", Resource: "store", TakenFrom: &from, TakenUntil: &until, Complete: true}); err != nil {
			return err
		}
		for name, s := range stocks {
			for g.n = range n {
				ext, bytes, shape, at := s(g)
				made := at.UnixMicro()
				if err := p.Inventory(&table.Inventory{Exhibit: "e", Provider: "azure", Container: name, ObjectShape: shape, Extension: ext, Bytes: &bytes, Created: &made}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func filled(t testing.TB, fill func(p *table.Part) error) *query.Engine {
	t.Helper()
	dir := t.TempDir()
	p, err := table.NewPart(filepath.Join(dir, "tables"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(p); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := query.Open(context.Background(), dir, period, query.Options{Temp: filepath.Join(dir, "temp")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// always says that every witness covers everything.
func always(probity.Witness, probity.Quantity, string, string, string, probity.Span) bool {
	return true
}

func run(t testing.TB, name string, e *query.Engine, p *Params) []Part {
	t.Helper()
	p.Period = period
	if p.Whole == nil {
		p.Whole = always
	}
	parts, err := Find(name).Run(context.Background(), e, p)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// uniform draws a whole number of [low, high).
func (g *generator) uniform(low, high float64) float64 {
	return distuv.Uniform{Min: low, Max: high, Src: g}.Rand()
}
