package review

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
)

// series writes a metric of a resource as the metrics interface gives it, by
// hour from a time on; a negative value leaves the hour out.
func series(provider, resource, metric string, from time.Time, hours int, value func(hour int) float64) string {
	id := "/subscriptions/6f0c1c1e-0000-4000-8000-000000000001/resourceGroups/rg/providers/" + provider + "/" + resource
	var points []string
	for h := range hours {
		if v := value(h); v >= 0 {
			points = append(points, fmt.Sprintf(`{"timeStamp": %q, "total": %.1f}`, from.Add(time.Duration(h)*time.Hour).Format(time.RFC3339), v))
		}
	}
	return fmt.Sprintf(`{"cost": 1, "interval": "PT1H", "namespace": %q, "resourceregion": "westeurope", "value": [{"errorCode": "Success", "id": "%s/providers/Microsoft.Insights/metrics/%s", "name": {"localizedValue": %q, "value": %q}, "type": "Microsoft.Insights/metrics", "unit": "Bytes", "timeseries": [{"data": [%s], "metadatavalues": []}]}]}`,
		provider, id, metric, metric, metric, strings.Join(points, ",\n"))
}

// What an indicator answers decides a claim as DESIGN.md says: consistency
// supports with its warning and its innocent uses, a meter over everything
// contradicts, and what is not covered is not denied.
func TestIndicatorsDecide(t *testing.T) {
	from := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	const days = 16
	arrived := func(h int) float64 { return 1e8 * float64(2+(h*h+7*h)%11) }
	usual := func(h int) float64 { return 1e9 + 1e7*float64(h%24) }
	for _, c := range []struct {
		name           string
		egress, speech func(h int) float64
		move, step     probity.Outcome
		moves, steps   probity.Answer
	}{
		{"as before, nothing transcribed", usual, func(int) float64 { return 0 }, probity.Contradicted, probity.Contradicted, probity.NotConsistent, probity.NotConsistent},
		{"moved, in step", func(h int) float64 {
			if h/24 == 12 {
				return 9e9
			}
			return usual(h)
		}, func(h int) float64 { return arrived(h) / 8000 }, probity.Supported, probity.Supported, probity.Consistent, probity.Consistent},
		{"an hour is missing", func(h int) float64 {
			if h == 12*24+5 {
				return -1
			}
			return usual(h)
		}, func(h int) float64 {
			if h == 100 {
				return -1
			}
			return 0
		}, probity.Undetermined, probity.Undetermined, probity.CannotTell, probity.CannotTell},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			const text = `probity: 1
id: i
period: {from: 2025-01-06, until: 2025-01-22}
allegations:
  - id: A1
    statement: s
    claims:
      - {id: A1.1, statement: s, test: {indicator: move_out, after: 2025-01-16}}
      - {id: A1.2, statement: s, test: {indicator: transcription}}
      - {id: A1.3, statement: s, test: {indicator: bulk_collection}}
evidence: [{path: evidence}]
`
			if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string]string{"case.yaml": text,
				"evidence/egress.json":  series("Microsoft.Storage/storageAccounts", "store", "Egress", from, days*24, c.egress),
				"evidence/ingress.json": series("Microsoft.Storage/storageAccounts", "store", "Ingress", from, days*24, arrived),
				"evidence/speech.json":  series("Microsoft.CognitiveServices/accounts", "speech", "AudioSecondsTranscribed", from, days*24, c.speech)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			r, _ := review(t, dir)
			for i, want := range []struct {
				o probity.Outcome
				a probity.Answer
			}{{c.move, c.moves}, {c.step, c.steps}, {probity.Undetermined, probity.CannotTell}} {
				x := &r.Review.Claims[i]
				got := x.Tests[0].Indicator
				if x.Finding.Outcome() != want.o || got == nil || got.Answer != want.a {
					t.Errorf("%s: %s, want %s with %s: %+v", x.ID, x.Sentence, want.o, want.a, got)
					continue
				}
				supported := want.o == probity.Supported
				if said := strings.Contains(strings.Join(x.Warnings, " "), "never content"); said != supported || (len(x.InnocentExplanations) >= 3) != supported {
					t.Errorf("%s: warnings %q, innocent uses %q", x.ID, x.Warnings, x.InnocentExplanations)
				}
				if got.Question == "" || len(got.Assumptions) == 0 || len(got.Warnings) == 0 {
					t.Errorf("%s: %+v", x.ID, got)
				}
			}
			if at := r.Review.Claims[0].Tests[0].After; at != "2025-01-16T00:00:00Z" {
				t.Errorf("after is %q", at)
			}
		})
	}
}
