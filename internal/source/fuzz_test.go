package source

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// A ledgerTaker checks that ranges follow one another.
type ledgerTaker struct {
	t   *testing.T
	end int64
}

func (l *ledgerTaker) take(from, until int64) {
	if from != l.end || until < from {
		l.t.Fatalf("bytes %d..%d follow byte %d", from, until, l.end)
	}
	l.end = until
}

func (l *ledgerTaker) framing(from, until int64)              { l.take(from, until) }
func (l *ledgerTaker) record(from int64, data []byte)         { l.take(from, from+int64(len(data))) }
func (l *ledgerTaker) unread(from, until int64, _ string)     { l.take(from, until) }
func (l *ledgerTaker) header([][]byte)                        {}
func (l *ledgerTaker) row(from, until int64, fields [][]byte) { l.take(from, until) }

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"records":[{"a":1},{"b":"x\"}"}],"next":"y"}`))
	f.Add([]byte("{\"a\":1}\n{\"a\":\ngarbage\n,{\"b\":[{}]}\n]}"))
	f.Add([]byte("\xEF\xBB\xBF[]"))
	f.Add([]byte(`{"value":[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &ledgerTaker{t: t}
		if err := readJSON(bytes.NewReader(data), l, "records", "value"); err != nil {
			t.Fatal(err)
		}
		if l.end != int64(len(data)) {
			t.Fatalf("%d of %d bytes are accounted for", l.end, len(data))
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\n,y\"\"\"\r\n\"open\n2,3"), false)
	f.Add([]byte("\xEF\xBB\xBF\n\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, cut bool) {
		l := &ledgerTaker{t: t}
		if err := readCSV(bytes.NewReader(data), l, func() bool { return cut }); err != nil {
			t.Fatal(err)
		}
		if l.end != int64(len(data)) {
			t.Fatalf("%d of %d bytes are accounted for", l.end, len(data))
		}
	})
}

// fuzzReader gives any bytes to the readers of a kind: nothing panics, and each
// byte is accounted for. Each reader has a target of its own below; .ci/fuzz
// runs them. Seeds are the samples of the kind, whole, packed and cut, and
// published ones where they are.
func fuzzReader(f *testing.F, kind probity.Kind) {
	for _, s := range samples() {
		if s.kind == kind {
			f.Add([]byte(s.text))
			z := packed(s.text)
			f.Add([]byte(z[:len(z)/2]))
			f.Add([]byte("\xEF\xBB\xBF" + s.text[:len(s.text)/2] + "\x00{[\"\n" + s.text[len(s.text)/2:]))
		}
	}
	for _, p := range published[kind] {
		list, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(p)))
		for _, p := range list {
			if data, err := os.ReadFile(p); err == nil && len(data) < 20_000 {
				f.Add(data)
			}
		}
	}
	tables := f.TempDir()
	part, err := table.NewPart(tables, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { part.Close() })
	w := newWorker(part, evidence.NewTokens(make([]byte, 32)), &tally{})
	path := filepath.Join(tables, "x")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		w.tally = &tally{}
		for i := range All {
			if All[i].Kind != kind {
				continue
			}
			file := &evidence.File{Abs: path, From: &probity.Evidence{Kind: kind}}
			file.Bytes = int64(len(data))
			x, err := readWith(context.Background(), file, w, &All[i])
			if err != nil {
				t.Fatal(err)
			}
			if x.RecordBytes+x.UnreadBytes+x.FramingBytes != x.StreamBytes {
				t.Fatalf("%s: %+v", kind, x)
			}
		}
	})
}

// published are samples that seed the targets, where they are.
var published = map[probity.Kind][]string{
	probity.AWSCloudTrail:       {"aws-cloudtrail/aws-docs-examples/*.json", "mixed/plaso/test_data/jsonl/aws_cloudtrail.jsonl"},
	probity.AWSCloudTrailDigest: {"aws-cloudtrail/digest/*.json"},
	probity.AWSPublicKeys:       {"aws-cloudtrail/digest/*keys.json"},
	probity.AWSS3AccessLog:      {"aws-s3-access/*/tests/example_logs/*", "aws-s3-access/request-log-analyzer/spec/fixtures/s3_logs/*"},
	probity.AWSS3Inventory:      {"aws-s3-inventory/*.json"},
	probity.AWSVPCFlowLog:       {"mixed/lambda-promtail/testdata/vpc*"},
	probity.AzureActivityLog:    {"mixed/plaso/test_data/jsonl/azure*"},
	probity.GCPAuditLog:         {"mixed/plaso/test_data/jsonl/gcp*"},
	probity.Focus:               {"billing/finops-toolkit/src/powershell/Tests/Unit/assets/*.csv", "billing/focus-spec/specification/data/*/*.csv"},
}

func FuzzAWSCloudTrail(f *testing.F)        { fuzzReader(f, probity.AWSCloudTrail) }
func FuzzAWSCloudTrailDigest(f *testing.F)  { fuzzReader(f, probity.AWSCloudTrailDigest) }
func FuzzAWSDigestMetadata(f *testing.F)    { fuzzReader(f, probity.AWSDigestMetadata) }
func FuzzAWSPublicKeys(f *testing.F)        { fuzzReader(f, probity.AWSPublicKeys) }
func FuzzAWSS3AccessLog(f *testing.F)       { fuzzReader(f, probity.AWSS3AccessLog) }
func FuzzAWSS3Inventory(f *testing.F)       { fuzzReader(f, probity.AWSS3Inventory) }
func FuzzAWSCloudWatchMetrics(f *testing.F) { fuzzReader(f, probity.AWSCloudWatchMetrics) }
func FuzzAWSVPCFlowLog(f *testing.F)        { fuzzReader(f, probity.AWSVPCFlowLog) }
func FuzzAzureStorageLog(f *testing.F)      { fuzzReader(f, probity.AzureStorageLog) }
func FuzzAzureActivityLog(f *testing.F)     { fuzzReader(f, probity.AzureActivityLog) }
func FuzzAzureMetrics(f *testing.F)         { fuzzReader(f, probity.AzureMetrics) }
func FuzzAzureBlobInventory(f *testing.F)   { fuzzReader(f, probity.AzureBlobInventory) }
func FuzzAzureFlowLog(f *testing.F)         { fuzzReader(f, probity.AzureFlowLog) }
func FuzzGCPAuditLog(f *testing.F)          { fuzzReader(f, probity.GCPAuditLog) }
func FuzzGCPStorageLog(f *testing.F)        { fuzzReader(f, probity.GCPStorageLog) }
func FuzzGCPMetrics(f *testing.F)           { fuzzReader(f, probity.GCPMetrics) }
func FuzzGCPFlowLog(f *testing.F)           { fuzzReader(f, probity.GCPFlowLog) }
func FuzzInventoryChecksum(f *testing.F)    { fuzzReader(f, probity.InventoryChecksum) }
func FuzzFocus(f *testing.F)                { fuzzReader(f, probity.Focus) }
func FuzzOCSF(f *testing.F)                 { fuzzReader(f, probity.OCSF) }
func FuzzDisclosures(f *testing.F)          { fuzzReader(f, probity.Disclosures) }

func FuzzTime(f *testing.F) {
	f.Add([]byte("2025-10-06T00:12:45.5647488Z"))
	f.Add([]byte("2025/10/06 00:12:45+02:00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parseTime(data)
		parseLogTime(data)
		parseEpoch(data)
		parseAnyTime(data)
		grain(data)
		parseARM(data)
	})
}
