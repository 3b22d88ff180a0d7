package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
	"probity/internal/evidence"
	"probity/internal/simulate"
	"probity/internal/table"
)

var trailKey = func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}()

// repack changes the content of a gzip file.
func repack(t *testing.T, p string, change func(string) string) {
	t.Helper()
	data, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(packed(change(string(text)))), 0o666); err != nil {
		t.Fatal(err)
	}
}

// The chain of digests shows what was deleted, changed or left out, and what it
// cannot show it says.
func TestDigestChain(t *testing.T) {
	t0 := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		trail  simulate.Trail
		change func(t *testing.T, dir string, w *simulate.WrittenTrail)
		want   map[string]int // check:result -> how often, besides ok
		holes  []string       // state and span of what is not asserted
		hours  int            // of asserted digests
	}{
		{name: "whole", hours: 7},
		{name: "SPKI", trail: simulate.Trail{SPKI: true}, hours: 7},
		{name: "a log file is missing", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) { remove(t, dir, w.Logs[2]) },
			want: map[string]int{"cloudtrail-log-file:missing": 1}, holes: []string{"missing 01:10:00-01:10:01"}, hours: 7},
		{name: "a log file was changed", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			repack(t, filepath.Join(dir, w.Logs[3]), func(s string) string { return strings.Replace(s, "PutObject", "GetObject", 1) })
		}, want: map[string]int{"cloudtrail-log-file:altered": 1}, holes: []string{"altered 01:25:00-01:25:01"}, hours: 7},
		{name: "a log file was packed anew", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			repack(t, filepath.Join(dir, w.Logs[3]), func(s string) string { return s })
		}, hours: 7},
		{name: "bytes behind a log file", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			appendTo(t, filepath.Join(dir, w.Logs[3]), packed(`{"Records":[]}`))
		}, want: map[string]int{"cloudtrail-log-file:altered": 1}, holes: []string{"altered 01:25:00-01:25:01"}, hours: 7},
		{name: "a digest is deleted", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			remove(t, dir, w.Digests[3], w.Digests[3]+".head-object.json")
		}, want: map[string]int{"cloudtrail-digest-chain:missing": 2}, holes: []string{"missing 03:00:00-04:00:00"}, hours: 6},
		{name: "two digests in a row are deleted", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			remove(t, dir, w.Digests[3], w.Digests[3]+".head-object.json", w.Digests[4], w.Digests[4]+".head-object.json")
		}, want: map[string]int{"cloudtrail-digest-chain:missing": 2}, holes: []string{"missing 03:00:00-05:00:00"}, hours: 5},
		{name: "the first digest is deleted", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			remove(t, dir, w.Digests[0], w.Digests[0]+".head-object.json")
		}, want: map[string]int{"cloudtrail-digest-chain:cannot_be_tested": 1}, hours: 6},
		{name: "a digest was changed", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			repack(t, filepath.Join(dir, w.Digests[1]), func(s string) string {
				a, b := strings.Index(s, `"logFiles":[`), strings.Index(s, `],"newestEventTime"`)
				return s[:a] + `"logFiles":[` + s[b:]
			})
		}, want: map[string]int{"cloudtrail-digest:altered": 1, "cloudtrail-digest-chain:altered": 1}, holes: []string{"altered 01:00:00-02:00:00"}, hours: 6},
		{name: "no keys", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) { remove(t, dir, w.Keys) },
			want: map[string]int{"cloudtrail-digest:cannot_be_tested": 7}, hours: 7},
		{name: "no metadata", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			for _, d := range w.Digests {
				remove(t, dir, d+".head-object.json")
			}
		}, want: map[string]int{"cloudtrail-digest:cannot_be_tested": 1}, hours: 7}, // the others' signatures stand in the digest that follows
		{name: "renamed", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			for i, p := range append(append([]string{}, w.Digests...), w.Logs...) {
				if err := os.Rename(filepath.Join(dir, p), filepath.Join(dir, fmt.Sprintf("%d.bin", i))); err != nil {
					t.Fatal(err)
				}
			}
		}, hours: 7},
		{name: "another's signature", change: func(t *testing.T, dir string, w *simulate.WrittenTrail) {
			data, _ := os.ReadFile(filepath.Join(dir, w.Digests[1]+".head-object.json"))
			if err := os.WriteFile(filepath.Join(dir, w.Digests[6]+".head-object.json"), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}, want: map[string]int{"cloudtrail-digest:altered": 1}, holes: []string{"altered 06:00:00-07:00:00"}, hours: 6},
		{name: "backfill", trail: simulate.Trail{Backfill: true}, hours: 7},
	} {
		tr := c.trail
		tr.Account, tr.Region, tr.Bucket, tr.Name, tr.Start, tr.Hours, tr.FilesPerHour, tr.Key = "123456789012", "eu-west-1", "logs", "main", t0, 7, 2, trailKey
		dir := t.TempDir()
		w, err := tr.Write(filepath.Join(dir, "evidence"))
		if err != nil {
			t.Fatal(err)
		}
		if c.change != nil {
			c.change(t, filepath.Join(dir, "evidence"), w)
		}
		files, _, err := evidence.Walk(context.Background(), &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}, evidence.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tables := t.TempDir()
		res, err := Read(context.Background(), files, Options{Tables: tables, Tokens: evidence.NewTokens(make([]byte, 32))})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, i := range res.Integrity {
			if i.Result != "ok" {
				got[i.Check+":"+i.Result]++
			}
			if i.Exhibit == "" || i.Detail == "" {
				t.Errorf("%s: %+v", c.name, i)
			}
		}
		if c.want == nil {
			c.want = map[string]int{}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		var holes []string
		hours := 0
		for _, s := range rows[table.Trail](t, tables, "trails") {
			if s.State == "asserted" {
				hours++
				continue
			}
			holes = append(holes, s.State+" "+time.UnixMicro(s.From).UTC().Format("15:04:05")+"-"+time.UnixMicro(s.Until).UTC().Format("15:04:05"))
		}
		sort.Strings(holes)
		if diff := cmp.Diff(c.holes, holes); diff != "" || hours != c.hours {
			t.Errorf("%s: %d hours, want %d; %s", c.name, hours, c.hours, diff)
		}
	}
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.Remove(filepath.Join(dir, n)); err != nil {
			t.Fatal(err)
		}
	}
}

func appendTo(t *testing.T, p, text string) {
	t.Helper()
	data, err := os.ReadFile(p)
	if err == nil {
		err = os.WriteFile(p, append(data, text...), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
