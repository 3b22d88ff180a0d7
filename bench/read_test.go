package bench

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers the engine

	"probity"
	"probity/internal/evidence"
	"probity/internal/simulate"
	"probity/internal/source"
)

// A load is one kind of record, written to a folder, and the query with which
// DuckDB's own reader writes the same columns to Parquet.
type load struct {
	name   string
	n      int // records, or what BENCH_RECORDS says
	target float64
	write  func(dir string, n int) error
	query  func(dir, to string) string
}

var loads = []load{
	{"storage-log", 2_000_000, 1.5, func(dir string, n int) error { return simulate.WriteLoad(dir, n, 1) }, storageQuery},
	{"storage-log-gz", 2_000_000, 1.5, packedLoad, storageQuery},
	{"cloudtrail", 500_000, 4, writeTrail, trailQuery},
	{"s3-access", 1_000_000, 2, writeAccess, accessQuery},
}

// BenchmarkRead reads each load in a process of its own, from hashing the files
// to the closed tables, and the same files with DuckDB, in turn, and prints the
// medians, their ratio and the peak memory. One worker is measured too.
//
//	go test ./bench -run '^$' -bench Read -benchtime 5x -timeout 60m
func BenchmarkRead(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			dir, n := b.TempDir(), l.n
			if text := os.Getenv("BENCH_RECORDS"); text != "" {
				n, _ = strconv.Atoi(text)
			}
			if err := l.write(dir, n); err != nil {
				b.Fatal(err)
			}
			var ours, single, theirs []float64
			peak := int64(0)
			for b.Loop() {
				s, rss := child(b, "BENCH_READ="+dir, "BENCH_WORKERS=2")
				ours, peak = append(ours, s), max(peak, rss)
				s, _ = child(b, "BENCH_READ="+dir, "BENCH_WORKERS=1")
				single = append(single, s)
				s, _ = child(b, "BENCH_DUCK="+l.query(dir, filepath.Join(dir, "duck.parquet")))
				theirs = append(theirs, s)
			}
			b.ReportMetric(float64(n)/median(ours), "records/s")
			b.ReportMetric(float64(n)/median(theirs), "duckdb-records/s")
			b.ReportMetric(median(theirs)/median(ours), "times-duckdb")
			b.ReportMetric(l.target, "target")
			b.ReportMetric(median(single)/median(ours), "times-one-worker")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSmallFiles reads 300,000 files of three events each.
func BenchmarkSmallFiles(b *testing.B) {
	dir, n := b.TempDir(), 300_000
	if text := os.Getenv("BENCH_FILES"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	if err := writeSmall(dir, n); err != nil {
		b.Fatal(err)
	}
	var ours []float64
	peak := int64(0)
	for b.Loop() {
		s, rss := child(b, "BENCH_READ="+dir, "BENCH_WORKERS=2")
		ours, peak = append(ours, s), max(peak, rss)
	}
	b.ReportMetric(float64(n)/median(ours), "files/s")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// child runs this program again with a setting and returns the seconds that it
// measured and its peak memory in KiB.
func child(b *testing.B, settings ...string) (float64, int64) {
	b.Helper()
	return childOf(b, "TestChild", settings...)
}

// childOf is child with another test as the process.
func childOf(b *testing.B, test string, settings ...string) (float64, int64) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), settings...)
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "SECONDS ")
	text, _, _ := strings.Cut(rest, "\n")
	s, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	rss := int64(0)
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = u.Maxrss
	}
	return s, rss
}

// TestChild is the process that the benchmarks start.
func TestChild(t *testing.T) {
	dir, query := os.Getenv("BENCH_READ"), os.Getenv("BENCH_DUCK")
	debug.SetGCPercent(50) // as the program does
	start := time.Now()
	switch {
	case dir != "":
		workers, _ := strconv.Atoi(os.Getenv("BENCH_WORKERS"))
		c := &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}
		files, _, err := evidence.Walk(context.Background(), c, evidence.Options{Workers: workers, Defer: true})
		if err != nil {
			t.Fatal(err)
		}
		res, err := source.Read(context.Background(), files, source.Options{Tables: t.TempDir(), Tokens: evidence.NewTokens(make([]byte, 32)), Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range res.Exhibits {
			if x.Unread > 0 {
				t.Fatalf("%+v", x)
			}
		}
	case query != "":
		db, err := sql.Open("duckdb", "")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	default:
		t.Skip("started by the benchmarks")
	}
	fmt.Printf("SECONDS %.4f\n", time.Since(start).Seconds())
}

func packedLoad(dir string, n int) error {
	if err := simulate.WriteLoad(dir, n, 1); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(dir, "evidence"), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return errors.Join(writePacked(p+".gz", data), os.Remove(p))
	})
}

func writePacked(p string, data []byte) error {
	f, err := os.Create(p)
	if err != nil {
		return err
	}
	w := gzip.NewWriter(f)
	_, err = w.Write(data)
	return errors.Join(err, w.Close(), f.Close())
}

func storageQuery(dir, to string) string {
	glob := dir + "/evidence/**/*.json*"
	return fmt.Sprintf(`COPY (
  SELECT time, resourceId, category, operationName, statusCode, statusText, callerIpAddress, correlationId, identity.type AS identity_type, location, uri,
         properties.accountName AS account_name, properties.serviceType AS service_type, properties.objectKey AS object_key, properties.metricResponseType AS response_type,
         properties.requestBodySize AS request_body, properties.requestHeaderSize AS request_header, properties.responseBodySize AS response_body, properties.responseHeaderSize AS response_header,
         filename
  FROM read_json('%s', format = 'newline_delimited', filename = true, columns = {
    time: 'VARCHAR', resourceId: 'VARCHAR', category: 'VARCHAR', operationName: 'VARCHAR', statusCode: 'INTEGER', statusText: 'VARCHAR', callerIpAddress: 'VARCHAR',
    correlationId: 'VARCHAR', identity: 'STRUCT("type" VARCHAR)', location: 'VARCHAR', uri: 'VARCHAR',
    properties: 'STRUCT(accountName VARCHAR, serviceType VARCHAR, objectKey VARCHAR, metricResponseType VARCHAR, requestBodySize BIGINT, requestHeaderSize BIGINT, responseBodySize BIGINT, responseHeaderSize BIGINT)'}))
TO '%s' (FORMAT parquet, COMPRESSION zstd)`, glob, to)
}

// event is a CloudTrail data event of about 1.4 kB.
func event(rng *rand.Rand, i int) string {
	return fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"AssumedRole","principalId":"AROA%016X:session-%d","arn":"arn:aws:sts::123456789012:assumed-role/ingest-writer-%d/session-%d","accountId":"123456789012","accessKeyId":"ASIA%016X","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::123456789012:role/ingest-writer-%d","accountId":"123456789012","userName":"ingest-writer-%d"},"attributes":{"creationDate":"2025-03-01T00:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2025-03-%02dT%02d:%02d:%02dZ","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.%d","userAgent":"[aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5]","requestParameters":{"bucketName":"load-store-%d","key":"calls/2025/%02d/%012d-%x.amr"},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":%d,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"%016x%016x","bytesTransferredOut":0},"requestID":"%016X","eventID":"%08x-%04x-4000-8000-%012x","readOnly":false,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::load-store/calls"},{"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::load-store"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"123456789012","eventCategory":"Data"}`,
		rng.Uint64()%50, i%50, i%7, i%50, rng.Uint64(), i%7, i%7, 1+i%2, i/3600%24, i/60%60, i%60, i%250, i%3, i%28, rng.Uint64()%1e12, rng.Uint32(), rng.IntN(1<<20), rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint32(), i&0xffff, i)
}

func writeTrail(dir string, n int) error {
	rng := rand.New(rand.NewPCG(1, 2))
	const perFile = 1000
	for f := range (n + perFile - 1) / perFile {
		var b strings.Builder
		b.WriteString(`{"Records":[`)
		for i := range min(perFile, n-f*perFile) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(event(rng, f*perFile+i))
		}
		b.WriteString("]}")
		p := filepath.Join(dir, "evidence", "AWSLogs", "123456789012", "CloudTrail", "eu-west-1", fmt.Sprintf("%05d.json.gz", f))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			return err
		}
		if err := writePacked(p, []byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

func writeSmall(dir string, n int) error {
	rng := rand.New(rand.NewPCG(1, 2))
	for f := range n {
		p := filepath.Join(dir, "evidence", fmt.Sprintf("%03d", f%300), fmt.Sprintf("%06d.json.gz", f))
		if f < 300 {
			if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
				return err
			}
		}
		if err := writePacked(p, []byte(`{"Records":[`+event(rng, 3*f)+","+event(rng, 3*f+1)+","+event(rng, 3*f+2)+"]}")); err != nil {
			return err
		}
	}
	return nil
}

func trailQuery(dir, to string) string {
	return fmt.Sprintf(`COPY (
  SELECT r.eventTime, r.eventSource, r.eventName, r.awsRegion, r.sourceIPAddress, r.errorCode, r.requestID, r.eventID, r.recipientAccountId, r.eventCategory, r.userIdentity.type AS user_type,
         r.userIdentity.arn AS arn, r.requestParameters.bucketName AS bucket, r.requestParameters.key AS key, r.additionalEventData.bytesTransferredIn AS bytes_in, r.additionalEventData.bytesTransferredOut AS bytes_out, filename
  FROM (SELECT unnest(Records) AS r, filename FROM read_json('%s/evidence/**/*.json.gz', filename = true, maximum_object_size = 67108864, columns = {
    Records: 'STRUCT(eventTime VARCHAR, eventSource VARCHAR, eventName VARCHAR, awsRegion VARCHAR, sourceIPAddress VARCHAR, errorCode VARCHAR, requestID VARCHAR, eventID VARCHAR, recipientAccountId VARCHAR,
      eventCategory VARCHAR, userIdentity STRUCT("type" VARCHAR, arn VARCHAR), requestParameters STRUCT(bucketName VARCHAR, "key" VARCHAR), additionalEventData STRUCT(bytesTransferredIn BIGINT, bytesTransferredOut BIGINT))[]'})))
TO '%s' (FORMAT parquet, COMPRESSION zstd)`, dir, to)
}

func writeAccess(dir string, n int) error {
	rng := rand.New(rand.NewPCG(1, 3))
	const perFile = 20_000
	for f := range (n + perFile - 1) / perFile {
		p := filepath.Join(dir, "evidence", "load-store", fmt.Sprintf("2025-03-01-%05d", f))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			return err
		}
		out, err := os.Create(p)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(out, 1<<20)
		for i := range min(perFile, n-f*perFile) {
			name := fmt.Sprintf("calls/2025/%02d/%012d-%x.amr", i%28, rng.Uint64()%1e12, rng.Uint32())
			fmt.Fprintf(w, "db938299a47101006e782a59854946458540cc4452efe06f0fa982cf76bab33c load-store [01/Mar/2025:%02d:%02d:%02d +0000] 192.0.2.%d arn:aws:sts::123456789012:assumed-role/writer-%d/session %016X REST.PUT.OBJECT %s \"PUT /%s HTTP/1.1\" 200 - - %d 580 458 \"-\" \"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOARCH#amd64\" - %016x%016x= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader load-store.s3.eu-west-1.amazonaws.com TLSv1.3 - -\n",
				i/3600%24, i/60%60, i%60, i%250, i%7, rng.Uint64(), name, name, rng.IntN(1<<20), rng.Uint64(), rng.Uint64())
		}
		if err := errors.Join(w.Flush(), out.Close()); err != nil {
			return err
		}
	}
	return nil
}

func accessQuery(dir, to string) string {
	return fmt.Sprintf(`COPY (
  SELECT m.bucket, m.time, m.address, m.requester, m.request, m.operation, m.key, m.status, m.error, m.sent, m.size, filename FROM (
    SELECT regexp_extract(line, '^\S+ (\S+) \[([^\]]+)\] (\S+) (\S+) (\S+) (\S+) (\S+) "[^"]*" (\S+) (\S+) (\S+) (\S+) ',
      ['bucket', 'time', 'address', 'requester', 'request', 'operation', 'key', 'status', 'error', 'sent', 'size']) AS m, filename
    FROM read_csv('%s/evidence/**/*', filename = true, columns = {line: 'VARCHAR'}, delim = '\1', quote = '', escape = '', header = false, auto_detect = false)))
TO '%s' (FORMAT parquet, COMPRESSION zstd)`, dir, to)
}
