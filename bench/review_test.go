package bench

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers the engine

	"probity/internal/simulate"
)

// records is how many storage-log records are reviewed: a million, or what
// BENCH_RECORDS says.
func records(b *testing.B) int {
	text := os.Getenv("BENCH_RECORDS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		b.Fatalf("BENCH_RECORDS is %q: write a number", text)
	}
	return n
}

// BenchmarkReview reviews a case of storage-log records in a process of its
// own, and reads the same columns of the same files with DuckDB's read_json
// into Parquet, in turn. It prints records a second, the ratio of the two and
// the peak memory of the review.
//
//	go test ./bench -run '^$' -bench . -benchtime 3x -timeout 60m
func BenchmarkReview(b *testing.B) {
	dir, n := b.TempDir(), records(b)
	if err := simulate.WriteLoad(dir, n, 1); err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(dir, "probity")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/probity").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	var ours, theirs time.Duration
	peak := int64(0)
	i := 0
	for b.Loop() {
		i++
		cmd := exec.Command(program, "review", dir, "--out", filepath.Join(dir, fmt.Sprint("out", i)), "--key", filepath.Join(dir, "key"))
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("review: %v\n%s", err, out)
		}
		ours += time.Since(start)
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, u.Maxrss) // KiB
		}
		b.StopTimer()
		start = time.Now()
		other := exec.Command(os.Args[0], "-test.run", "^TestReadJSON$")
		other.Env = append(os.Environ(), "BENCH_READ_JSON="+dir, "BENCH_WRITE="+filepath.Join(dir, fmt.Sprint("duck", i, ".parquet")))
		if out, err := other.CombinedOutput(); err != nil {
			b.Fatalf("read_json: %v\n%s", err, out)
		}
		theirs += time.Since(start)
		b.StartTimer()
	}
	total := float64(n) * float64(i)
	b.ReportMetric(total/ours.Seconds(), "records/s")
	b.ReportMetric(total/theirs.Seconds(), "duckdb-records/s")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "times-duckdb")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}

// TestReadJSON is the process that BenchmarkReview starts for the comparison:
// it writes the columns that a review keeps with DuckDB alone, without hashing,
// tokens, an account of bytes, coverage or findings. It is a process of its own
// so that its memory is not taken for the review's.
func TestReadJSON(t *testing.T) {
	dir, to := os.Getenv("BENCH_READ_JSON"), os.Getenv("BENCH_WRITE")
	if dir == "" {
		t.Skip("started by BenchmarkReview")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query := fmt.Sprintf(`COPY (
  SELECT time, resourceId, category, operationName, statusCode, statusText, callerIpAddress, correlationId, identity.type AS identity_type, location, uri,
         properties.accountName AS account_name, properties.serviceType AS service_type, properties.objectKey AS object_key, properties.metricResponseType AS response_type,
         properties.requestBodySize AS request_body, properties.requestHeaderSize AS request_header, properties.responseBodySize AS response_body, properties.responseHeaderSize AS response_header,
         filename
  FROM read_json('%s/evidence/**/*.json', format = 'newline_delimited', filename = true, columns = {
    time: 'VARCHAR', resourceId: 'VARCHAR', category: 'VARCHAR', operationName: 'VARCHAR', statusCode: 'INTEGER', statusText: 'VARCHAR', callerIpAddress: 'VARCHAR',
    correlationId: 'VARCHAR', identity: 'STRUCT("type" VARCHAR)', location: 'VARCHAR', uri: 'VARCHAR',
    properties: 'STRUCT(accountName VARCHAR, serviceType VARCHAR, objectKey VARCHAR, metricResponseType VARCHAR, requestBodySize BIGINT, requestHeaderSize BIGINT, responseBodySize BIGINT, responseHeaderSize BIGINT)'}))
TO '%s' (FORMAT parquet, COMPRESSION zstd)`, dir, to)
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}
