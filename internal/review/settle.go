package review

import (
	"context"
	"fmt"
	"time"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
	"probity/internal/query"
	"probity/internal/reconcile"
)

// settle moves the records that were found to be duplicates from one side of
// each exhibit's account to the other, and asserts that every byte of every
// exhibit is still accounted for.
func settle(ctx context.Context, e *query.Engine, exhibits []probity.Exhibit) ([]probity.Exhibit, error) {
	type count struct{ records, bytes int64 }
	twice := map[string]count{}
	const q = `SELECT exhibit, count(*) FILTER (WHERE length > 0), CAST(sum(length) AS BIGINT) FROM read_parquet('tables/duplicates/*.parquet') GROUP BY exhibit`
	err := e.Each(ctx, "counting duplicates", q, func(row func(...any) error) error {
		var exhibit string
		var n count
		if err := row(&exhibit, &n.records, &n.bytes); err != nil {
			return err
		}
		twice[exhibit] = n
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := append([]probity.Exhibit{}, exhibits...)
	for i := range out {
		x := &out[i]
		if n := twice[x.SHA256]; x.DuplicateOf == "" {
			x.Records, x.Duplicates = x.Records-n.records, x.Duplicates+n.records
			x.RecordBytes, x.DuplicateBytes = x.RecordBytes-n.bytes, x.DuplicateBytes+n.bytes
		}
		if sum := x.RecordBytes + x.DuplicateBytes + x.UnreadBytes + x.FramingBytes; sum != x.StreamBytes || x.Records < 0 || x.RecordBytes < 0 {
			return nil, fmt.Errorf("exhibit %s: %d of %d bytes are accounted for: this is a fault of the program, please report it", x.Path, sum, x.StreamBytes)
		}
	}
	return out, nil
}

// metricQuantity is what a platform metric tells of.
var metricQuantity = map[string]probity.Quantity{
	"Transactions": probity.Requests, "Ingress": probity.BytesWritten, "Egress": probity.BytesEgressed,
	"BlobCapacity": probity.BytesStored, "UsedCapacity": probity.BytesStored, "FileCapacity": probity.BytesStored,
	"BlobCount": probity.ObjectsStored, "AudioSecondsTranscribed": probity.SpeechSeconds,
}

// loadConflicts returns the groups of records in the period that share an id
// or a key and differ in content.
func loadConflicts(ctx context.Context, e *query.Engine, d *measure.Directory, period probity.Span) ([]reconcile.Conflict, error) {
	var out []reconcile.Conflict
	last := map[string]int{}
	err := e.EachOf(ctx, "coverage/conflicts.sql", func(row func(...any) error) error {
		var witness, metric, provider, account, resource, exhibit string
		var at time.Time
		var position, group int64
		var value float64
		if err := row(&witness, &metric, &provider, &account, &resource, &at, &exhibit, &position, &value, &group); err != nil {
			return err
		}
		q := probity.Requests
		if witness == string(probity.Metered) {
			q = metricQuantity[metric]
		}
		hour := probity.Span{From: at.UTC().Truncate(time.Hour), Until: at.UTC().Truncate(time.Hour).Add(time.Hour)}
		r := d.Find(provider, account, resource)
		if q == "" || r < 0 || !hour.Overlaps(period) {
			return nil
		}
		k := fmt.Sprint(witness, group)
		i, ok := last[k]
		if !ok {
			i = len(out)
			last[k] = i
			out = append(out, reconcile.Conflict{Witness: probity.Witness(witness), Quantity: q, Resource: r, Span: hour.Intersect(period), Low: value, High: value})
		}
		out[i].Add(value, exhibit, coverage.Place(exhibit, position))
		return nil
	})
	return out, err
}

// unknown counts the exhibits that no reader knows.
func unknown(exhibits []probity.Exhibit) int {
	n := 0
	for i := range exhibits {
		if exhibits[i].Kind == probity.KindUnknown && exhibits[i].Bytes > 0 {
			n++
		}
	}
	return n
}
