package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkSimulate writes an estate of so many writes, 20,000 for each storage
// account, in a process of its own, and prints writes a second and its peak
// memory.
//
//	BENCH_RECORDS=10000000 go test ./bench -run '^$' -bench Simulate -benchtime 1x -timeout 60m
func BenchmarkSimulate(b *testing.B) {
	dir, n := b.TempDir(), records(b)
	var s strings.Builder
	s.WriteString("simulate: 1\nname: large\ntests: size\nseed: 5\nfrom: 2025-05-05T00:00:00Z\nuntil: 2025-05-15T00:00:00Z\nacquired: 2025-06-01T00:00:00Z\ntenant: large\n" +
		"accounts:\n  - id: 9c0c1c1e-0000-4000-8000-000000000001\n    name: one\n    storage:\n")
	for i := range max(1, n/20_000) {
		fmt.Fprintf(&s, "      - {name: store%03d, region: westeurope, daily: true, containers: [{name: c, use: iot, per_day: 2000, stock: 20}]}\n", i)
	}
	s.WriteString("case: {id: large, title: Large, subject: Nobody}\n")
	scenario, program := filepath.Join(dir, "large.yaml"), filepath.Join(dir, "probity")
	if err := os.WriteFile(scenario, []byte(s.String()), 0o666); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/probity").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	var took time.Duration
	peak := int64(0)
	i := 0
	for b.Loop() {
		i++
		out := filepath.Join(dir, "estate")
		cmd := exec.Command(program, "simulate", scenario, "--out", out)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("simulate: %v\n%s", err, out)
		}
		took += time.Since(start)
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, u.Maxrss) // KiB
		}
		b.StopTimer()
		if err := os.RemoveAll(out); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*float64(i)/took.Seconds(), "writes/s")
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
	b.ReportMetric(0, "ns/op")
}
