package review

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/assess"
	"probity/internal/evidence"
	"probity/internal/query"
	"probity/internal/sigma"
	"probity/internal/source"
)

// Every rule of the catalogue matches the records of its own tests, in the
// reading pass and, where it can, in SQL.
func TestCatalogueRules(t *testing.T) {
	checks, differ, err := CheckRules(context.Background(), "../../catalog/rules")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, x := range checks {
		rules[x.Rule] = true
		if x.Got != x.Want {
			t.Errorf("%s/%s (%s): matches %v, want %v", x.Rule, x.Name, x.Kind, x.Got, x.Want)
		}
	}
	if len(rules) != 9 || len(checks) < 80 {
		t.Errorf("%d rules, %d checks", len(rules), len(checks))
	}
	for _, d := range differ {
		t.Error(d)
	}
}

// Each question of the catalogue is asked neutrally, says why it matters and what
// else it may be, and is tried on the records of three clouds.
func TestCatalogueIsWhole(t *testing.T) {
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*sigma.Rule{}
	for _, r := range c.Rules {
		if r.Question != "" {
			files[r.Stem()] = r
		}
	}
	for _, name := range []string{"logging_reduced", "inventory_reduced", "estate_deleted", "retention_shortened", "access_widened", "key_destroyed", "bulk_export", "speech_service_enabled", "region_moved"} {
		r := files[name]
		if r == nil {
			t.Errorf("no question %s", name)
			continue
		}
		if !strings.HasSuffix(r.Question, "?") || r.Motivation == "" || len(r.Innocent) < 2 || len(r.References) == 0 {
			t.Errorf("%s: question %q, motivation %q, %d innocent explanations, %d references", name, r.Question, r.Motivation, len(r.Innocent), len(r.References))
		}
		data, err := os.ReadFile("../../catalog/rules/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"-- match-aws", "-- match-azure", "-- match-gcp", "-- miss-"} {
			if !strings.Contains(string(data), mark) {
				t.Errorf("%s has no test %s", name, mark)
			}
		}
	}
}

// The public rules on the public samples: the SQL of those that ask only for
// columns finds what the reading pass finds.
func TestPublicRulesInSQL(t *testing.T) {
	shared, err := filepath.Abs("../../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	public, err := sigma.Load(os.DirFS(filepath.Join(shared, "sigma", "sigmahq", "rules", "cloud")), "cloud")
	if err != nil {
		t.Skip("no folder of public rules")
	}
	catalogue, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	public.Rules = append(public.Rules, catalogue.Rules...)
	if err := public.Resolve(); err != nil {
		t.Fatal(err)
	}
	ctx, dir := context.Background(), t.TempDir()
	span := probity.Span{From: time.Unix(0, 0).UTC(), Until: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}
	c := &probity.Case{Dir: shared, Period: span, Evidence: []probity.Evidence{{Path: "aws-cloudtrail"}}}
	files, _, err := evidence.Walk(ctx, c, evidence.Options{Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer evidence.Close(files)
	if _, err := source.Read(ctx, files, source.Options{Tables: filepath.Join(dir, "tables"), Tokens: evidence.NewTokens(make([]byte, 32)), Rules: public}); err != nil {
		t.Fatal(err)
	}
	e, err := query.Open(ctx, dir, span, query.Options{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	hits, err := assess.Hits(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	differ, err := compareSQL(ctx, e, public, hits)
	if err != nil || len(differ) > 0 {
		t.Errorf("%v %v", err, differ)
	}
	_, in := sigma.SQL(public.Rules)
	if len(in) < 60 || len(hits) < 50 {
		t.Errorf("%d rules in SQL, %d hits: too few to tell", len(in), len(hits))
	}
	t.Logf("%d of %d rules in SQL, %d hits", len(in), len(public.Rules), len(hits))
}
