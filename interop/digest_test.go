package interop

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/evidence"
	"probity/internal/simulate"
	"probity/internal/source"
)

func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("INTEROP_TOOLS")
	if dir == "" {
		t.Skip("run interop/run, which installs what this needs")
	}
	return filepath.Join(dir, name)
}

// verdict is what a validator says of a chain.
type verdict struct {
	DigestInvalid, Gap, LogInvalid, LogMissing bool
}

// awscli's validator, which is what customers of AWS run, comes to the same
// verdict.
func TestDigestChain(t *testing.T) {
	python := tool(t, "venv/bin/python")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(dir string, w *simulate.WrittenTrail){
		"whole":            func(string, *simulate.WrittenTrail) {},
		"log file deleted": func(dir string, w *simulate.WrittenTrail) { os.Remove(filepath.Join(dir, w.Logs[2])) },
		"log file changed": func(dir string, w *simulate.WrittenTrail) {
			repack(t, filepath.Join(dir, w.Logs[3]), "PutObject", "GetObject")
		},
		"digest deleted": func(dir string, w *simulate.WrittenTrail) { os.Remove(filepath.Join(dir, w.Digests[3])) },
		"two digests deleted": func(dir string, w *simulate.WrittenTrail) {
			os.Remove(filepath.Join(dir, w.Digests[3]))
			os.Remove(filepath.Join(dir, w.Digests[4]))
		},
		"digest changed": func(dir string, w *simulate.WrittenTrail) {
			repack(t, filepath.Join(dir, w.Digests[2]), "SHA256withRSA", "SHA256WITHRSA")
		},
	} {
		tr := simulate.Trail{Account: "123456789012", Region: "eu-west-1", Bucket: "logs", Name: "main", Start: t0, Hours: 7, FilesPerHour: 2, Key: key}
		dir := t.TempDir()
		w, err := tr.Write(filepath.Join(dir, "evidence"))
		if err != nil {
			t.Fatal(err)
		}
		change(filepath.Join(dir, "evidence"), w)
		out, err := exec.Command(python, "validate.py", filepath.Join(dir, "evidence"), "123456789012", "eu-west-1", "logs", "main", "2025-01-06T00:00:00Z", "2025-01-06T07:00:00Z").Output()
		if err != nil {
			var bad *exec.ExitError
			if ok := asExit(err, &bad); ok {
				t.Fatalf("%s: %s", name, bad.Stderr)
			}
			t.Fatal(err)
		}
		var theirs struct {
			DigestValid   int `json:"digest_valid"`
			DigestInvalid int `json:"digest_invalid"`
			Gap           int `json:"gap"`
			LogValid      int `json:"log_valid"`
			LogInvalid    int `json:"log_invalid"`
			LogMissing    int `json:"log_missing"`
		}
		if err := json.Unmarshal(out, &theirs); err != nil {
			t.Fatal(err, string(out))
		}
		want := verdict{theirs.DigestInvalid > 0, theirs.Gap > 0, theirs.LogInvalid > 0, theirs.LogMissing > 0}
		if name == "whole" && (theirs.DigestValid != 7 || theirs.LogValid != 10) {
			t.Errorf("the validator does not see the chain: %s", out)
		}
		files, _, err := evidence.Walk(context.Background(), &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}, evidence.Options{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := source.Read(context.Background(), files, source.Options{Tables: t.TempDir(), Tokens: evidence.NewTokens(make([]byte, 32))})
		if err != nil {
			t.Fatal(err)
		}
		var got verdict
		for _, i := range res.Integrity {
			switch i.Check + ":" + i.Result {
			case "cloudtrail-digest:altered":
				got.DigestInvalid = true
			case "cloudtrail-digest-chain:missing":
				got.Gap = true
			case "cloudtrail-log-file:altered":
				got.LogInvalid = true
			case "cloudtrail-log-file:missing":
				got.LogMissing = true
			}
		}
		t.Logf("%s: awscli %s; ours %+v", name, strings.TrimSpace(string(out)), got)
		// awscli calls a missing digest invalid and a gap in one; both are a hole in the chain.
		if got.LogInvalid != want.LogInvalid || got.LogMissing != want.LogMissing || (got.DigestInvalid || got.Gap) != (want.DigestInvalid || want.Gap) {
			t.Errorf("%s: %+v, awscli says %+v", name, got, want)
		}
	}
}

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}

func repack(t *testing.T, p, old, new string) {
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
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(bytes.Replace(text, []byte(old), []byte(new), 1))
	w.Close()
	if err := os.WriteFile(p, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
