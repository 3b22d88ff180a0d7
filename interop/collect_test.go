package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Originals that lie in a bucket are collected into the store, with receipts:
// what is published of them has its custody whole. A bucket that refuses leaves
// nothing recorded, a second collection copies nothing, and nothing is written to
// the bucket.
func TestCollect(t *testing.T) {
	for name, start := range map[string]func(*testing.T) store{"s3": startS3, "gs": startGCS} {
		t.Run(name, func(t *testing.T) {
			a := &answer{probity: tool(t, "probity"), verifier: tool(t, "probity-verify")}
			s := start(t)
			files := harbour(t)
			s.fill(files)
			before := s.writes()
			dir := caseDir(t, s.address, nil)
			a.dir = dir
			a.step(t, "plan", dir, "--seal")
			s.down(true)
			if said, err := a.exec(a.probity, "collect", dir); err == nil || strings.Contains(said, "recorded as leaf") {
				t.Errorf("a bucket that refuses: %v\n%s", err, said)
			}
			s.down(false)
			said, err := a.exec(a.probity, "collect", dir)
			if err != nil || !regexp.MustCompile(`: 91 files, 9[01] of them new, recorded as leaf \d+`).MatchString(said) {
				t.Fatalf("%v\n%s", err, said)
			}
			if said, err = a.exec(a.probity, "collect", dir); err != nil || !strings.Contains(said, "91 files, all recorded before") {
				t.Errorf("again: %v\n%s", err, said)
			}
			if said, err = a.exec(a.probity, "collect", dir, "--check"); err != nil || !strings.Contains(said, "ok: 90 originals") {
				t.Errorf("the store: %v\n%s", err, said)
			}
			a.step(t, "review", dir)
			out := filepath.Join(t.TempDir(), "answer")
			a.step(t, "publish", dir, "--draft", "--out", out)
			said, _ = a.exec(a.verifier, out)
			if !regexp.MustCompile(`custody +ok`).MatchString(said) || strings.Count(said, "FAILED") != 1 || !regexp.MustCompile(`signatures +FAILED`).MatchString(said) {
				t.Errorf("the answer:\n%s", said)
			}
			if n := s.writes() - before; n != 0 {
				t.Errorf("%d requests to write", n)
			}
			// Where the bucket is stays out of what the ledger tells in the open.
			for _, folder := range []string{"ledger", "manifests", "plans"} {
				err := filepath.WalkDir(filepath.Join(dir, folder), func(p string, d os.DirEntry, err error) error {
					if err != nil || d.IsDir() {
						return err
					}
					data, err := os.ReadFile(p)
					if strings.Contains(string(data), "evidence-store") {
						t.Errorf("%s names the bucket", p)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}
