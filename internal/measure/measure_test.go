package measure

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/query"
	"probity/internal/table"
)

var day0 = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

func at(hours float64) int64 {
	return day0.Add(time.Duration(hours * float64(time.Hour))).UnixMicro()
}

func decimal(t *testing.T, text string, scale int) *table.Decimal {
	t.Helper()
	d, ok := table.ParseDecimal(text, scale)
	if !ok {
		t.Fatalf("%q is no decimal", text)
	}
	return &d
}

// run writes rows into tables and runs every measure over two days.
func run(t *testing.T, fill func(p *table.Part)) *Set {
	t.Helper()
	dir := t.TempDir()
	p, err := table.NewPart(dir+"/tables", 0)
	if err != nil {
		t.Fatal(err)
	}
	fill(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	period := probity.Span{From: day0, Until: day0.AddDate(0, 0, 2)}
	e, err := query.Open(context.Background(), dir, period, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	set, err := Run(context.Background(), e, period)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// value returns the sum of the points of a series that lie within hours of
// the period.
func value(t *testing.T, set *Set, q probity.Quantity, w probity.Witness, from, until int) (float64, int) {
	t.Helper()
	s := set.Find(q, w)
	if s == nil {
		t.Fatalf("no measure of %s by %s", q, w)
	}
	sum, n := 0.0, 0
	for _, p := range s.Points {
		if p.From >= day0.Unix()+int64(from)*3600 && p.Until <= day0.Unix()+int64(until)*3600 {
			sum += p.Value
			n++
		}
	}
	return sum, n
}

var digests byte

func request(op, category, status string, hour float64, body, reply int64) *table.Activity {
	digests++
	return &table.Activity{Exhibit: "e", Position: int64(digests), Digest: table.Token{digests}, Key: table.Token{digests}, Kind: string(probity.AzureStorageLog), Time: at(hour),
		CloudProvider: "azure", CloudAccountUID: "a", ResourceName: "store", ResourceType: "microsoft.storage/storageaccounts", APIServiceName: "blob",
		APIOperation: op, MetadataLogName: category, Status: status, DatabucketName: "box", RequestBodyBytes: body, ResponseBodyBytes: reply}
}

// Attempts that were refused are requests and not writes; parts are bytes and
// not objects; what stands twice counts once.
func TestLogged(t *testing.T) {
	set := run(t, func(p *table.Part) {
		twice := request("PutBlob", "StorageWrite", "Success", 1.9, 100, 0)
		for _, r := range []*table.Activity{
			request("PutBlob", "StorageWrite", "Success", 1.5, 1000, 0), twice, twice,
			request("PutBlob", "StorageWrite", "Failure", 1.6, 0, 250),
			request("PutBlock", "StorageWrite", "Success", 2.1, 5000, 0), request("PutBlock", "StorageWrite", "Success", 2.2, 5000, 0),
			request("PutBlockList", "StorageWrite", "Success", 2.3, 77, 0),
			request("GetBlob", "StorageRead", "Success", 3, 0, 400), request("GetBlob", "StorageRead", "Failure", 3, 0, 215),
			request("DeleteBlob", "StorageDelete", "Success", 3.5, 0, 0),
		} {
			if r != twice || r.Exhibit == "e" {
				if err := p.Activity(r); err != nil {
					t.Fatal(err)
				}
				if r == twice {
					twice.Exhibit = "f" // the second time in another exhibit
				}
			}
		}
	})
	for _, c := range []struct {
		q    probity.Quantity
		want float64
	}{
		{probity.Requests, 9}, {probity.ObjectsWritten, 3}, {probity.BytesWritten, 11100}, {probity.ObjectsRead, 1}, {probity.BytesRead, 400},
	} {
		if got, _ := value(t, set, c.q, probity.Logged, 0, 48); got != c.want {
			t.Errorf("%s: %v, want %v", c.q, got, c.want)
		}
	}
	if got, _ := value(t, set, probity.ObjectsWritten, probity.Logged, 1, 2); got != 2 {
		t.Errorf("written in hour 1: %v, want 2", got)
	}
}

func charge(t *testing.T, meter, unit, quantity string, from, until float64) *table.Charge {
	return &table.Charge{Exhibit: "b", Provider: "azure", Account: "a", Resource: "store", ResourceType: "microsoft.storage/storageaccounts",
		ChargeCategory: "Usage", ChargeFrom: at(from), ChargeUntil: at(until),
		BillingFrom: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), BillingUntil: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC).UnixMicro(),
		ConsumedQuantity: decimal(t, quantity, 18), ConsumedUnit: unit, PricingQuantity: decimal(t, quantity, 18), SkuMeter: meter}
}

// A GB on a bill is 2^30 bytes, a GB-month is over the days of its month, and
// an hourly row that carries a day's storage is byte-time of its day.
func TestBilledStorage(t *testing.T) {
	const tib = 1 << 40
	for _, c := range []struct {
		name string
		rows func(p *table.Part)
		want float64
		days int
	}{
		{"a day", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "GB/Month", "33.032258064516129", 0, 24))
		}, tib, 1},
		{"an hour that carries a day", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "GB/Month", "33.032258064516129", 0, 1))
		}, tib, 1},
		{"both days in one row", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "GB/Month", "66.064516129032258", 0, 48))
		}, 2 * tib, 2},
		{"TB", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "TB/Month", "0.032258064516129032", 0, 24))
		}, tib, 1},
		{"two meters", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "GB/Month", "33.032258064516129", 0, 24))
			p.Charge(charge(t, "Cool LRS Data Stored", "GB/Month", "33.032258064516129", 0, 24))
		}, 2 * tib, 1},
		{"a correction", func(p *table.Part) {
			p.Charge(charge(t, "Hot LRS Data Stored", "GB/Month", "66.064516129032258", 0, 24))
			r := charge(t, "Hot LRS Data Stored", "GB/Month", "-33.032258064516129", 0, 24)
			r.ChargeClass = "Correction"
			p.Charge(r)
		}, tib, 1},
		{"not storage", func(p *table.Part) { p.Charge(charge(t, "Standard Data Transfer Out", "GB", "33", 0, 24)) }, 0, 0},
	} {
		got, n := value(t, run(t, c.rows), probity.BytesStored, probity.Billed, 0, 48)
		if math.Abs(got-c.want) > 1e-6*tib || n != c.days {
			t.Errorf("%s: %v over %d days, want %v over %d", c.name, got, n, c.want, c.days)
		}
	}
}

// Operations are billed in units of ten thousand, speech in hours, egress in
// units of 2^30.
func TestBilledFlows(t *testing.T) {
	set := run(t, func(p *table.Part) {
		w := charge(t, "Hot LRS Write Operations", "Units", "4.6139", 0, 24)
		w.PricingUnitText = "10K"
		p.Charge(w)
		p.Charge(charge(t, "S1 Speech To Text Batch", "Hours", "1.5", 0, 24))
		p.Charge(charge(t, "Standard Data Transfer Out", "GB", "2", 0, 24))
	})
	for _, c := range []struct {
		q    probity.Quantity
		want float64
	}{{probity.ObjectsWritten, 46139}, {probity.SpeechSeconds, 5400}, {probity.BytesEgressed, 2 << 30}} {
		if got, _ := value(t, set, c.q, probity.Billed, 0, 48); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", c.q, got, c.want)
		}
	}
	if s := set.Find(probity.ObjectsWritten, probity.Billed); s.Bound != probity.Above {
		t.Errorf("billed writes bound %s: a bill counts parts and settings with them", s.Bound)
	}
}

func point(t *testing.T, metric, api, response string, hour float64, grain int64, total, average string) *table.Metric {
	digests++
	m := &table.Metric{Exhibit: "m", Position: int64(digests), Digest: table.Token{digests}, Key: table.Token{digests}, Time: at(hour), GrainSeconds: grain, Provider: "azure",
		Account: "a", Resource: "store", ResourceType: "microsoft.storage/storageaccounts", Namespace: "microsoft.storage/storageaccounts/blobservices", Metric: metric,
		APIName: api, ResponseType: response}
	if api != "" {
		m.DimNames, m.Dims = "apiname,responsetype", "apiname="+api+";responsetype="+response
	}
	if total != "" {
		m.Total = decimal(t, total, 9)
	}
	if average != "" {
		m.Average = decimal(t, average, 9)
	}
	return m
}

// Metrics are base 1. Refused attempts are no writes; a total without
// dimensions bounds from above only; a reading that contradicts itself is none.
func TestMetered(t *testing.T) {
	set := run(t, func(p *table.Part) {
		p.Metric(point(t, "Transactions", "PutBlob", "Success", 1, 3600, "7", ""))
		p.Metric(point(t, "Transactions", "PutBlob", "AuthorizationError", 1, 3600, "3", ""))
		p.Metric(point(t, "Transactions", "GetBlob", "Success", 1, 3600, "5", ""))
		p.Metric(point(t, "BlobCapacity", "", "", 0, 3600, "", "1000000000"))
	})
	for _, c := range []struct {
		q    probity.Quantity
		want float64
	}{{probity.Requests, 15}, {probity.ObjectsWritten, 7}, {probity.ObjectsRead, 5}, {probity.BytesStored, 1e9}} {
		if got, _ := value(t, set, c.q, probity.Metered, 0, 48); got != c.want {
			t.Errorf("%s: %v, want %v", c.q, got, c.want)
		}
	}
	set = run(t, func(p *table.Part) { p.Metric(point(t, "Transactions", "", "", 1, 3600, "15", "")) })
	if s := set.Find(probity.ObjectsWritten, probity.Metered); len(s.Points) != 1 || s.Points[0].Bound != probity.Above {
		t.Errorf("a total without dimensions: %+v", s.Points)
	}
	set = run(t, func(p *table.Part) {
		a, b := point(t, "BlobCapacity", "", "", 0, 3600, "", "1000"), point(t, "BlobCapacity", "", "", 0, 3600, "", "2000")
		b.Key = a.Key
		p.Metric(a)
		p.Metric(b)
	})
	if _, n := value(t, set, probity.BytesStored, probity.Metered, 0, 48); n != 0 {
		t.Error("a meter that gives two readings for one point was used")
	}
	set = run(t, func(p *table.Part) { // read out twice, the second time with another figure beside
		a, b := point(t, "Ingress", "", "", 0, 3600, "1000", ""), point(t, "Ingress", "", "", 0, 3600, "1000", "20")
		b.Key = a.Key
		p.Metric(a)
		p.Metric(b)
	})
	if got, n := value(t, set, probity.BytesWritten, probity.Metered, 0, 48); got != 1000 || n != 1 {
		t.Errorf("a point that was read out twice: %v in %d points", got, n)
	}
}

// A meter that was read out by the hour and by the day tells of the same use.
func TestCoarserReadingsAreLeftOut(t *testing.T) {
	set := run(t, func(p *table.Part) {
		for h := range 24 {
			p.Metric(point(t, "Ingress", "", "", float64(h), 3600, "10", ""))
		}
		p.Metric(point(t, "Ingress", "", "", 0, 86400, "240", ""))
		p.Metric(point(t, "Ingress", "", "", 24, 86400, "300", ""))
	})
	got, n := value(t, set, probity.BytesWritten, probity.Metered, 0, 48)
	if got != 540 || n != 25 {
		t.Errorf("%v in %d points, want 540 in 25", got, n)
	}
}

func TestParseHeader(t *testing.T) {
	good := "-- quantity: requests\n-- witness: logged\n-- unit: 1\n-- bound: below\n-- streams: a, b\n-- assumes: x\nSELECT"
	s, err := ParseHeader("f", good)
	if err != nil || s.Quantity != probity.Requests || len(s.Streams) != 2 || len(s.Assumes) != 1 {
		t.Errorf("%v %+v", err, s)
	}
	for _, bad := range [][2]string{{"requests", "wishes"}, {"logged", "dreamed"}, {"unit: 1", "unit: byte"}, {"below", "sideways"}} {
		if _, err := ParseHeader("f", strings.Replace(good, bad[0], bad[1], 1)); err == nil {
			t.Errorf("%q was taken", bad[1])
		}
	}
}
