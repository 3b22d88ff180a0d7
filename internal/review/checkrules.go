package review

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"probity"
	"probity/internal/assess"
	"probity/internal/evidence"
	"probity/internal/query"
	"probity/internal/sigma"
	"probity/internal/source"
)

// A RuleCheck is one test of a rule: a file of records that it must match, or
// must not.
type RuleCheck struct {
	Rule string // the file of rules without its ending, below the folder
	Name string // of the records
	Want bool
	Got  bool
	// Kind is what the records were recognised as.
	Kind probity.Kind

	keys []string
}

// CheckRules runs the tests of the rules in a folder and below it. NAME.txtar has
// the tests of NAME.yml beside it: files whose names begin with match or miss, each with records
// as a cloud writes them. They are read as a review reads evidence. differ says
// where the SQL of the rules and the reading pass find different matches.
func CheckRules(ctx context.Context, dir string) (checks []RuleCheck, differ []string, err error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("rules: %w", err)
	}
	c, err := sigma.Load(os.DirFS(dir), filepath.Base(dir))
	if err == nil {
		err = c.Resolve()
	}
	if err != nil {
		return nil, nil, err
	}
	temp, err := os.MkdirTemp("", "probity-rules-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	byPath, err := unpackChecks(c, dir, filepath.Join(temp, "evidence"))
	if err != nil || len(byPath) == 0 {
		return nil, nil, err
	}
	always := probity.Span{From: time.Unix(0, 0).UTC(), Until: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}
	k := &probity.Case{Dir: temp, Period: always, Evidence: []probity.Evidence{{Path: "evidence"}}}
	files, _, err := evidence.Walk(ctx, k, evidence.Options{Spool: filepath.Join(temp, "spool")})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, evidence.Close(files)) }()
	if _, err := source.Read(ctx, files, source.Options{Tables: filepath.Join(temp, "tables"), Tokens: evidence.NewTokens(make([]byte, 32)), Rules: c}); err != nil {
		return nil, nil, err
	}
	engine, err := query.Open(ctx, temp, always, query.Options{Temp: filepath.Join(temp, "engine")})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	hits, err := assess.Hits(ctx, engine)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		x := byPath[filepath.ToSlash(f.Path)]
		if x == nil {
			continue
		}
		if x.Kind = f.Kind; f.Original != nil {
			return nil, nil, fmt.Errorf("%s/%s has the same bytes as another test", x.Rule, x.Name)
		}
		if f.Records == 0 || f.Unread > 0 { // what is not read is missed by every rule
			return nil, nil, fmt.Errorf("%s/%s: %d records of the kind %s, %d unread ranges: a test needs records as a cloud writes them", x.Rule, x.Name, f.Records, f.Kind, f.Unread)
		}
		var own []sigma.Hit // correlations see the records of one test only
		for _, h := range hits {
			if h.Exhibit == f.SHA256 {
				own = append(own, h)
			}
		}
		for _, h := range append(own, c.Correlate(own)...) {
			x.Got = x.Got || slices.Contains(x.keys, h.Rule)
		}
		checks = append(checks, *x)
	}
	sort.Slice(checks, func(i, j int) bool {
		return checks[i].Rule < checks[j].Rule || checks[i].Rule == checks[j].Rule && checks[i].Name < checks[j].Name
	})
	differ, err = compareSQL(ctx, engine, c, hits)
	return checks, differ, err
}

// compareSQL compares the matches of the reading pass with those of the SQL.
func compareSQL(ctx context.Context, engine *query.Engine, c *sigma.Collection, hits []sigma.Hit) ([]string, error) {
	q, in := sigma.SQL(c.Rules)
	found := map[string]int{}
	keys := sigma.Keys(in)
	for _, h := range hits {
		if slices.Contains(keys, h.Rule) {
			found[fmt.Sprintf("%s at %.12s:%d", h.Rule, h.Exhibit, h.Position)]++
		}
	}
	err := engine.Each(ctx, "the SQL of the rules", q, func(row func(...any) error) error {
		var rule, exhibit string
		var position int64
		var at time.Time
		if err := row(&rule, &exhibit, &position, &at); err != nil {
			return err
		}
		found[fmt.Sprintf("%s at %.12s:%d", rule, exhibit, position)]--
		return nil
	})
	var out []string
	for k, n := range found {
		if n > 0 {
			out = append(out, k+": found while reading, not by the SQL")
		} else if n < 0 {
			out = append(out, k+": found by the SQL, not while reading")
		}
	}
	sort.Strings(out)
	return out, err
}

// unpackChecks writes the records of all tests below to, and returns the tests
// by the path of their records within the case.
func unpackChecks(c *sigma.Collection, dir, to string) (map[string]*RuleCheck, error) {
	out := map[string]*RuleCheck{}
	err := filepath.WalkDir(dir, func(f string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && f != dir && strings.HasPrefix(d.Name(), "."): // as rules are read
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(f) != ".txtar":
			return nil
		}
		rel, err := filepath.Rel(dir, f)
		if err != nil {
			return err
		}
		stem := strings.TrimSuffix(filepath.ToSlash(rel), ".txtar")
		keys := sigma.Keys(answersAt(c, path.Join(filepath.Base(dir), stem)))
		if len(keys) == 0 {
			return fmt.Errorf("%s has tests, and there is no %s.yml beside it", f, path.Base(stem))
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		files, err := archived(string(data))
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.FromSlash(stem)), 0o777); err != nil {
			return err
		}
		for name, text := range files {
			want := strings.HasPrefix(name, "match")
			if !want && !strings.HasPrefix(name, "miss") || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\\`) {
				return fmt.Errorf("%s: %q is no test: names begin with match or miss", f, name)
			}
			if err := os.WriteFile(filepath.Join(to, filepath.FromSlash(stem), name), []byte(text), 0o666); err != nil {
				return err
			}
			out["evidence/"+stem+"/"+name] = &RuleCheck{Rule: stem, Name: name, Want: want, keys: keys}
		}
		return nil
	})
	return out, err
}

// answersAt returns the rules of one file, less those that a correlation of the
// file uses: what a claim that names the file asks.
func answersAt(c *sigma.Collection, file string) []*sigma.Rule {
	one := &sigma.Collection{}
	for _, r := range c.Rules {
		if strings.TrimSuffix(r.File, path.Ext(r.File)) == file {
			one.Rules = append(one.Rules, r)
		}
	}
	if len(one.Rules) == 0 {
		return nil
	}
	return one.Answers(one.Rules[0].Stem())
}

// archived returns the files of a txtar archive by name.
func archived(text string) (map[string]string, error) {
	out := map[string]string{}
	name := ""
	for _, line := range strings.SplitAfter(text, "\n") {
		mark := strings.TrimSpace(line)
		if strings.HasPrefix(mark, "-- ") && strings.HasSuffix(mark, " --") && len(mark) > 6 {
			name = strings.TrimSpace(mark[3 : len(mark)-3])
			if _, twice := out[name]; twice {
				return nil, fmt.Errorf("%q stands twice: give each test a name of its own", name)
			}
			out[name] = ""
			continue
		}
		if name != "" {
			out[name] += line
		}
	}
	return out, nil
}
