package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers the engine

	"probity"
	"probity/internal/evidence"
	"probity/internal/sigma"
	"probity/internal/source"
)

// publicRules are the public rules for CloudTrail, in the place where the
// project's samples lie.
const publicRules = "../../shared/data/sigma/sigmahq/rules/cloud/aws"

// manyRules is how many rules the second measurement is of: the public ones,
// and variants of them that ask for other names.
const manyRules = 738

// BenchmarkRules matches rules with CloudTrail events, from hashing the files
// to closed tables with the place of each match, and DuckDB's read_json with
// the same conditions as SQL, in turn, each in a process of its own.
//
//	go test ./bench -run '^$' -bench Rules -benchtime 3x -timeout 60m
func BenchmarkRules(b *testing.B) {
	if _, err := os.Stat(publicRules); err != nil {
		b.Skip("no folder of public rules")
	}
	dir, n := b.TempDir(), 500_000
	if text := os.Getenv("BENCH_RECORDS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	if err := writeTrail(dir, n); err != nil {
		b.Fatal(err)
	}
	var none, few, many, theirs []float64
	for b.Loop() {
		for _, x := range []struct {
			to  *[]float64
			env string
		}{{&few, "BENCH_RULES=57"}, {&many, fmt.Sprintf("BENCH_RULES=%d", manyRules)}, {&none, "BENCH_RULES=0"}, {&theirs, "BENCH_RULES=duckdb"}} {
			s, _ := childOf(b, "TestRulesChild", "BENCH_RULES_DIR="+dir, x.env)
			*x.to = append(*x.to, s)
		}
	}
	b.ReportMetric(float64(n)/median(few), "events/s")
	b.ReportMetric(float64(n)/median(theirs), "duckdb-events/s")
	b.ReportMetric(median(theirs)/median(few), "times-duckdb")
	b.ReportMetric(median(many)/median(few), "738-to-57-rules")
	b.ReportMetric(median(few)/median(none), "57-to-no-rules")
	b.ReportMetric(0, "ns/op")
}

// rulesFor returns so many rules: the public ones, and variants of them.
func rulesFor(t testing.TB, n int) *sigma.Collection {
	c, err := sigma.Load(os.DirFS(publicRules), "aws")
	if err != nil {
		t.Fatal(err)
	}
	out := &sigma.Collection{Rules: c.Rules[:min(n, len(c.Rules))]}
	for k := 1; len(out.Rules) < n; k++ {
		for _, r := range c.Rules {
			if len(out.Rules) == n {
				break
			}
			text := strings.ReplaceAll(r.Text, "id: "+r.ID, fmt.Sprintf("id: %s-%d", r.ID, k))
			for _, old := range []string{".amazonaws.com", "assumed-role", "AssumedRole", "Mozilla", "Failure", "TruffleHog", "S3 Browser"} {
				text = strings.ReplaceAll(text, old, fmt.Sprintf("%s%d", old, k))
			}
			more, err := sigma.Parse(r.File, []byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			out.Rules = append(out.Rules, more.Rules...)
		}
	}
	if err := out.Resolve(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRulesChild is the process that BenchmarkRules starts.
func TestRulesChild(t *testing.T) {
	dir, what := os.Getenv("BENCH_RULES_DIR"), os.Getenv("BENCH_RULES")
	if dir == "" {
		t.Skip("started by BenchmarkRules only")
	}
	debug.SetGCPercent(50) // as the program does
	if what == "duckdb" {
		rules := rulesFor(t, 57)
		start := time.Now()
		db, err := sql.Open("duckdb", "")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("SET threads = 2; SET memory_limit = '4GiB'; " + trailFilters(dir, rules)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("SECONDS %f\n", time.Since(start).Seconds())
		return
	}
	n, _ := strconv.Atoi(what)
	var rules *sigma.Collection
	if n > 0 {
		rules = rulesFor(t, n)
	}
	start := time.Now()
	c := &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}
	files, _, err := evidence.Walk(context.Background(), c, evidence.Options{Workers: 2, Defer: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Read(context.Background(), files, source.Options{Tables: t.TempDir(), Tokens: evidence.NewTokens(make([]byte, 32)), Workers: 2, Rules: rules}); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("SECONDS %f\n", time.Since(start).Seconds())
}

// trailFilters is what somebody who has DuckDB would write: read_json of the
// files, and a filter a rule, with the file's name and the event's number in it
// as the place.
func trailFilters(dir string, c *sigma.Collection) string {
	var cases []string
	for _, r := range c.Rules {
		cases = append(cases, "CASE WHEN "+jsonSQL(r.Where)+" THEN '"+r.Key()+"' END")
	}
	files := filepath.Join(dir, "evidence", "**", "*.json.gz")
	return "COPY (WITH events AS (SELECT filename, UNNEST(Records) AS e, generate_subscripts(Records, 1) AS n FROM read_json('" + files +
		"', columns = {Records: 'JSON[]'}, filename = true, maximum_object_size = 268435456))\n" +
		"SELECT rule, filename, n FROM (SELECT filename, n, UNNEST([\n" + strings.Join(cases, ",\n") + "]) AS rule FROM events) WHERE rule IS NOT NULL) TO '" +
		filepath.Join(dir, "duck.parquet") + "' (FORMAT parquet)"
}

// jsonSQL writes a condition over the JSON of an event.
func jsonSQL(e *sigma.Expr) string {
	var kids []string
	for _, k := range e.Kids {
		kids = append(kids, jsonSQL(k))
	}
	switch e.Op {
	case sigma.And:
		return "(" + strings.Join(kids, " AND ") + ")"
	case sigma.Or:
		return "(" + strings.Join(kids, " OR ") + ")"
	case sigma.Not:
		return "NOT coalesce(" + kids[0] + ", false)"
	}
	t := e.Test
	get := func(field string) string { return "(e ->> '$." + field + "')" }
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	switch t.Kind {
	case sigma.Null:
		return get(t.Field) + " IS NULL"
	case sigma.Exists:
		return get(t.Field) + " IS NOT NULL"
	case sigma.Regexp:
		return "regexp_matches(" + get(t.Field) + ", " + quoted(t.Re.String()) + ")"
	case sigma.Same:
		return "lower" + get(t.Field) + " = lower" + get(t.Other)
	}
	like := strings.NewReplacer(`\*`, `*`, `*`, `%`).Replace(t.Pattern.String())
	if strings.Contains(like, "%") {
		return "lower" + get(t.Field) + " LIKE " + quoted(like)
	}
	return "lower" + get(t.Field) + " = " + quoted(like)
}
