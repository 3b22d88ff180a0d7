package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

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
		child(b, "BENCH_DUCK="+storageQuery(dir, filepath.Join(dir, fmt.Sprint("duck", i, ".parquet"))))
		theirs += time.Since(start)
		b.StartTimer()
	}
	total := float64(n) * float64(i)
	b.ReportMetric(total/ours.Seconds(), "records/s")
	b.ReportMetric(total/theirs.Seconds(), "duckdb-records/s")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "times-duckdb")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}
