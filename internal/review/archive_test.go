package review

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"probity"
)

func trailCase(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, "evidence", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text := `probity: 1
id: t
title: T
subject: {name: T}
period: {from: 2025-03-01, until: 2025-03-03}
review: {instructed_by: X, standard_of_proof: balance_of_probabilities}
estate: [{provider: aws, account: "123456789012", regions: [eu-west-1]}]
allegations:
  - id: A1
    statement: s
    claims: [{id: A1.1, statement: s, test: {quantity: objects_written, per: hour, aggregate: max, at_least: 3}}]
evidence: [{path: evidence, custodian: {name: X, relation: customer}}]
`
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func puts(hour, n int) []byte {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/u"},"eventTime":"2025-03-01T%02d:%02d:00Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"eu-west-1","requestParameters":{"bucketName":"store","key":"k%d"},"eventID":"e-%d-%d","recipientAccountId":"123456789012","eventCategory":"Data"}`, hour, i%60, i, hour, i))
	}
	return []byte(`{"Records":[` + strings.Join(list, ",") + "]}")
}

// A review of what lies in packed archives goes through, and leaves nothing.
func TestPackedArchive(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	data := puts(10, 5)
	w.WriteHeader(&tar.Header{Name: "a/trail.json", Mode: 0o600, Size: int64(len(data))})
	w.Write(data)
	w.Close()
	z.Close()
	dir := trailCase(t, map[string][]byte{"one.tar.gz": b.Bytes(), "cut.tar.gz": b.Bytes()[:b.Len()-20]})
	res, err := Run(context.Background(), Config{Case: dir})
	if err != nil {
		t.Fatal(err)
	}
	if res.Review.Claims[0].Finding.Outcome() != probity.Supported {
		t.Errorf("%s", res.Review.Claims[0].Finding.Outcome())
	}
	left, _ := filepath.Glob(filepath.Join(dir, "out", ".*"))
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	for _, x := range res.Review.Exhibits {
		if strings.HasSuffix(x.Path, "cut.tar.gz") && (x.Unread == 0 || x.Note == "") {
			t.Errorf("the cut archive says nothing: %+v", x)
		}
	}
}

// A witness of whom nothing was handed over is not a witness of nothing: more
// records of another make no finding weaker, and impeach nobody.
func TestSilentWitness(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"one hour":  {"a.json": puts(10, 3)},
		"two hours": {"a.json": puts(10, 3), "b.json": puts(11, 20)},
		"many":      {"a.json": puts(10, 3), "b.json": puts(11, 20), "c.json": puts(3, 50), "d.json": puts(23, 9)},
	} {
		res, err := Run(context.Background(), Config{Case: trailCase(t, files)})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Review.Claims[0].Finding.Outcome(); got != probity.Supported {
			t.Errorf("%s: %s", name, got)
		}
		for _, d := range res.Review.Discrepancies {
			if d.Impeaches != "" {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}
