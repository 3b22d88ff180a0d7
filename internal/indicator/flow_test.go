package indicator

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/table"
)

// A write is one object that was written: by whom, when, under which form of name.
type write struct {
	writer, name uint64
	shape        string
	at           time.Time
	bytes        int64
}

func token(space byte, n uint64) (t table.Token) {
	t[0] = space
	for i := range 8 {
		t[15-i] = byte(n >> (8 * i))
	}
	return t
}

// logged fills the request log with writes, one container each.
func logged(t testing.TB, stocks map[string][]write) []Part {
	e := filled(t, func(p *table.Part) error {
		i := uint64(0)
		for name, list := range stocks {
			for _, w := range list {
				i++
				err := p.Activity(&table.Activity{Exhibit: "e", Position: int64(i), Length: 1, Digest: token(9, i), Key: token(8, i), Kind: "azure-storage-log", Time: w.at.UnixMicro(),
					CloudProvider: "azure", CloudAccountUID: "acc", APIServiceName: "blob", APIOperation: "PutBlob", ResourceName: "store", ResourceType: "microsoft.storage/storageaccounts",
					DatabucketName: name, FileToken: token(1, w.name), FileShape: w.shape, ActorUserToken: token(2, w.writer), Status: "Success", MetadataLogName: "StorageWrite", RequestBodyBytes: w.bytes})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return run(t, "bulk_collection", e, &Params{})
}

// collections are ways in which objects arrive, and how each is answered.
var collections = map[string]struct {
	want probity.Answer
	draw func(g *generator, i int) write
}{
	"collected": {probity.Consistent, func(g *generator, i int) write {
		return write{1, uint64(i), "9999/99/99/999999999999-a9.amr", g.clock(privateHours), 1000}
	}},
	"contact-centre": {probity.Consistent, func(g *generator, i int) write { // an innocent use that looks the same
		return write{uint64(g.IntN(10) / 9), uint64(i), "9999/99/99999999999.wav", g.clock(centreHours), 1000}
	}},
	"mail": {probity.CannotTell, func(g *generator, i int) write {
		return write{1, uint64(i), "aaaa/a9a9a9.eml", g.clock(centreHours), 1000}
	}},
	"photos-of-many-people": {probity.NotConsistent, func(g *generator, i int) write {
		return write{uint64(g.IntN(400)), uint64(i), "AAA_99999999_999999.jpg", g.clock(privateHours), 1000}
	}},
	"timer": {probity.NotConsistent, func(g *generator, i int) write {
		return write{1, uint64(i), "99999999999.json", g.from.Add(time.Duration(i) * 4 * time.Minute), 1000}
	}},
	"nightly-job": {probity.NotConsistent, func(g *generator, i int) write {
		return write{1, uint64(i), "aaaa-9999/aaaa.csv", g.nightly(), 1000}
	}},
	"collected-and-uploaded-by-a-job": {probity.CannotTell, func(g *generator, i int) write {
		return write{1, uint64(i), "99999999999.amr", g.nightly(), 1000}
	}},
	"bursts": {probity.NotConsistent, func(g *generator, i int) write { // thirty at once
		h := drawing(uint64(i / 30))
		return write{1, uint64(i), "aaaa-9999/aaaa.csv", h.clock(centreHours).Truncate(10 * time.Minute), 1000}
	}},
	"rewritten": {probity.NotConsistent, func(g *generator, i int) write {
		return write{1, uint64(i / 3), "99999999999.json", g.clock(privateHours), 1000}
	}},
	"devices-of-many-people": {probity.CannotTell, func(g *generator, i int) write {
		return write{1, uint64(i), "99999999999.json", g.any(), 1000}
	}},
}

func TestBulkCollection(t *testing.T) {
	wrong := map[string]int{}
	n := seeds(t, 2)
	for seed := range n {
		g := drawing(uint64(seed))
		stocks := map[string][]write{}
		for name, c := range collections {
			for i := range 4500 {
				stocks[name] = append(stocks[name], c.draw(g, i))
			}
		}
		stocks["few"] = stocks["collected"][:300]
		parts := logged(t, stocks)
		if len(parts) != len(stocks) {
			t.Fatalf("%d parts", len(parts))
		}
		for _, p := range parts {
			want := collections[p.Container].want // of few: cannot tell
			if p.Answer != want {
				wrong[fmt.Sprintf("%s: %s, want %s: %s", p.Container, p.Answer, want, p.Because)]++
			}
		}
	}
	report(t, wrong, n)
}

// decimal is a value scaled by 10^9, as metrics hold it.
func decimal(v float64) *table.Decimal {
	var d table.Decimal
	n, _ := new(big.Float).Mul(big.NewFloat(v), big.NewFloat(1e9)).Int(nil)
	n.FillBytes(d[:])
	return &d
}

// metered fills the meter with hourly values.
func metered(p *table.Part, resource, metric string, value func(hour int) float64) error {
	for h := range int(period.Hours()) {
		at := period.From.Add(time.Duration(h) * time.Hour)
		key := token(byte(len(metric)), uint64(h)*131+uint64(len(resource))*1e6)
		m := table.Metric{Exhibit: "m" + resource + metric, Position: int64(h), Length: 1, Digest: key, Key: key, Kind: "azure-metrics", Time: at.UnixMicro(), GrainSeconds: 3600,
			Provider: "azure", Account: "acc", Resource: resource, Namespace: "microsoft.storage/storageaccounts", Metric: metric, Total: decimal(value(h))}
		if err := p.Metric(&m); err != nil {
			return err
		}
	}
	return nil
}

func TestMoveOut(t *testing.T) {
	date := period.From.AddDate(0, 0, 9)
	usual := func(g *generator, h int) float64 { return 1e9 * centreHours[h%24] * g.uniform(0.8, 1.2) }
	for name, c := range map[string]struct {
		want  probity.Answer
		value func(g *generator, h int) float64
		whole func(span probity.Span) bool
	}{
		"moved": {want: probity.Consistent, value: func(g *generator, h int) float64 {
			if h/24 == 10 {
				return 30 * usual(g, h)
			}
			return usual(g, h)
		}},
		"doubled for good": {want: probity.Consistent, value: func(g *generator, h int) float64 {
			if h/24 >= 9 {
				return 2.5 * usual(g, h)
			}
			return usual(g, h)
		}},
		"as before": {want: probity.NotConsistent, value: usual},
		"fell":      {want: probity.NotConsistent, value: func(g *generator, h int) float64 { return usual(g, h) / float64(1+h/24) }},
		"moved before the date": {want: probity.NotConsistent, value: func(g *generator, h int) float64 {
			if h/24 == 3 {
				return 30 * usual(g, h)
			}
			return usual(g, h)
		}},
		"somewhat more": {want: probity.CannotTell, value: func(g *generator, h int) float64 {
			if h/24 == 10 {
				return 2 * usual(g, h)
			}
			return usual(g, h)
		}},
		"a day after is not covered": {want: probity.CannotTell, value: usual, whole: func(s probity.Span) bool { return !s.From.Equal(date.AddDate(0, 0, 2)) }},
		"few days before":            {want: probity.CannotTell, value: usual, whole: func(s probity.Span) bool { return s.From.After(date.AddDate(0, 0, -4)) }},
	} {
		for seed := range 2 {
			g := drawing(uint64(seed))
			e := filled(t, func(p *table.Part) error {
				return metered(p, "store", "Egress", func(h int) float64 { return c.value(g, h) })
			})
			params := &Params{After: date}
			if c.whole != nil {
				params.Whole = func(_ probity.Witness, _ probity.Quantity, _, _, _ string, s probity.Span) bool { return c.whole(s) }
			}
			parts := run(t, "move_out", e, params)
			if len(parts) != 1 || parts[0].Answer != c.want {
				t.Errorf("%s, seed %d: want %s: %+v", name, seed, c.want, parts)
				continue
			}
			if p := parts[0]; p.Excludes != (c.want == probity.NotConsistent) || (p.Weight > 0) != (c.want == probity.Consistent) {
				t.Errorf("%s: excludes %v, weight %v", name, p.Excludes, p.Weight)
			}
		}
	}
}

func TestTranscription(t *testing.T) {
	hours := int(period.Hours())
	for name, c := range map[string]struct {
		want   probity.Answer
		speech func(g *generator, arrived []float64, h int) float64
	}{
		"in step": {probity.Consistent, func(_ *generator, arrived []float64, h int) float64 { return arrived[h] / 1600 }},
		"in step, two hours later, a part": {probity.Consistent, func(g *generator, arrived []float64, h int) float64 {
			return arrived[max(h-2, 0)] / 1600 * g.uniform(0.75, 0.95)
		}},
		"another use with the same day and weekend": {probity.NotConsistent, func(g *generator, _ []float64, h int) float64 {
			return week(h) * privateHours[h%24] * 60 * g.uniform(0.6, 1.4)
		}},
		"none": {probity.NotConsistent, func(*generator, []float64, int) float64 { return 0 }},
		"at night": {probity.CannotTell, func(g *generator, _ []float64, h int) float64 {
			if h%24 < 2 {
				return 40000 * g.uniform(0.6, 1.4)
			}
			return 0
		}},
		"a little": {probity.CannotTell, func(_ *generator, arrived []float64, h int) float64 {
			if h%24 == 12 {
				return 30
			}
			return 0
		}},
		"in step with what is no sound": {probity.CannotTell, func(_ *generator, arrived []float64, h int) float64 { return arrived[h] / 1e6 }},
	} {
		for seed := range 2 {
			g := drawing(uint64(seed))
			arrived := make([]float64, hours)
			for h := range arrived {
				arrived[h] = week(h) * privateHours[h%24] * 1e5 * g.uniform(0.6, 1.4)
			}
			e := filled(t, func(p *table.Part) error {
				if err := metered(p, "store", "Ingress", func(h int) float64 { return arrived[h] }); err != nil {
					return err
				}
				return metered(p, "speech", "AudioSecondsTranscribed", func(h int) float64 { return c.speech(g, arrived, h) })
			})
			parts := run(t, "transcription", e, &Params{In: func(_, _, resource, _ string) bool { return resource == "speech" }})
			if len(parts) != 1 || parts[0].Answer != c.want || parts[0].Resource != "speech" {
				t.Errorf("%s, seed %d: want %s: %+v", name, seed, c.want, parts)
				continue
			}
			if p := parts[0]; p.Excludes != (name == "none") {
				t.Errorf("%s: excludes %v", name, p.Excludes)
			}
		}
	}
	// Without any arrival that is known, nothing can be compared.
	e := filled(t, func(p *table.Part) error {
		return metered(p, "speech", "AudioSecondsTranscribed", func(h int) float64 { return 60 + float64(h%7) })
	})
	parts := run(t, "transcription", e, &Params{})
	if len(parts) != 1 || parts[0].Answer != probity.CannotTell || !strings.Contains(parts[0].Because, "no arrival") {
		t.Errorf("%+v", parts)
	}
}

// week is the share of a day: less at weekends.
func week(h int) float64 {
	if d := h / 24 % 7; d >= 5 {
		return 0.3
	}
	return 1
}
