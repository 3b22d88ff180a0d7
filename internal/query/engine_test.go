package query

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/table"
)

func engine(t *testing.T, fill func(p *table.Part)) *Engine {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's a folder, [one] of {two}*?")
	p, err := table.NewPart(filepath.Join(dir, "tables"), 0)
	if err != nil {
		t.Fatal(err)
	}
	fill(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	e, err := Open(context.Background(), dir, probity.Span{From: at, Until: at.AddDate(0, 0, 1)}, Options{Temp: filepath.Join(dir, "temp")})
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

func number(t *testing.T, e *Engine, query string) (n int64) {
	t.Helper()
	err := e.Each(context.Background(), "test", query, func(row func(...any) error) error { return row(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A record whose text stands twice counts once; of those that contradict each
// other the smallest counts; records without an id never do.
func TestSetAside(t *testing.T) {
	row := func(exhibit string, position int64, digest, key byte, bytes int64) *table.Activity {
		return &table.Activity{Exhibit: exhibit, Position: position, Length: 10, Kind: "azure-storage-log", Digest: table.Token{digest}, Key: table.Token{key}, RequestBodyBytes: bytes}
	}
	e := engine(t, func(p *table.Part) {
		for _, r := range []*table.Activity{
			row("b", 5, 1, 1, 100), row("a", 9, 1, 1, 100), row("a", 0, 1, 1, 100), // one, three times
			row("a", 20, 2, 2, 700), row("a", 30, 3, 2, 70), // one id, two contents
			row("a", 40, 4, 0, 1), row("a", 50, 5, 0, 1), // without an id
		} {
			if err := p.Activity(r); err != nil {
				t.Fatal(err)
			}
		}
	})
	for query, want := range map[string]int64{
		"SELECT count(*) FROM activity":                                                      4,
		"SELECT CAST(sum(request_body_bytes) AS BIGINT) FROM activity":                       172,
		"SELECT count(*) FROM read_parquet('tables/duplicates/*.parquet')":                   2,
		"SELECT count(*) FROM read_parquet('tables/superseded/*.parquet')":                   1,
		"SELECT count(*) FROM activity WHERE exhibit = 'a' AND position = 0":                 1,
		"SELECT count(*) FROM days":                                                          1,
		"SELECT count(*) FROM charges":                                                       0,
		"SELECT CAST(bill_bytes('GB') AS BIGINT)":                                            1 << 30,
		"SELECT CAST(bill_block('10K', 1, 1, 1) AS BIGINT)":                                  10000,
		"SELECT count(*) FROM (SELECT storage_class('PutBlob') AS c) WHERE c = 'writes'":     1,
		"SELECT count(*) FROM (SELECT storage_class('DeleteBlob') AS c) WHERE c = 'deletes'": 1,
	} {
		if got := number(t, e, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	e := engine(t, func(*table.Part) {})
	err := e.Each(context.Background(), "catalog/x.sql", "SELECT nonsense", func(func(...any) error) error { return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "catalog/x.sql: ") {
		t.Errorf("%v", err)
	}
	if err := e.EachOf(context.Background(), "no/such.sql", nil); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Exec(ctx, "SELECT 1"); err == nil {
		t.Error("a canceled query ran")
	}
}
