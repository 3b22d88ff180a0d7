package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"probity/internal/review"
	"probity/internal/seal"
	"probity/internal/simulate"
)

// BenchmarkRoots commits to the rows of a storage log's table in this process.
func BenchmarkRoots(b *testing.B) {
	dir, n := b.TempDir(), records(b)
	if err := simulate.WriteLoad(dir, n, 1); err != nil {
		b.Fatal(err)
	}
	program := build(b, dir, "probity")
	if out, err := exec.Command(program, "review", dir, "--key", filepath.Join(dir, "key")).CombinedOutput(); err != nil {
		b.Fatalf("review: %v\n%s", err, out)
	}
	names := seal.NewNames("loadone", "loadtwo", "5e0c1c1e-0000-4000-8000-000000000001")
	rows := int64(0)
	for b.Loop() {
		roots, err := review.Roots(filepath.Join(dir, "out", "tables"), seal.NewSealer(make([]byte, 32)), names, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range roots {
			rows += r.Rows
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkPublish makes an answer from a case of storage-log records and checks
// it, each step as a process of its own: BENCH_RECORDS lines, a million if it is
// not set. Of each step it prints the median of its times, the processor time
// that it took, and the peak of its memory; and how large folder and zip are.
//
//	go test ./bench -run '^$' -bench Publish -benchtime 3x -timeout 60m
func BenchmarkPublish(b *testing.B) {
	dir, n := b.TempDir(), records(b)
	if err := simulate.WriteLoad(dir, n, 1); err != nil {
		b.Fatal(err)
	}
	publish(b, dir)
}

// BenchmarkHundredClaims does the same with a case of a hundred claims on the
// records of the example.
//
//	go test ./bench -run '^$' -bench HundredClaims -benchtime 5x
func BenchmarkHundredClaims(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/harbour")); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, "case.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	const before = "    claims:\n"
	var claims strings.Builder
	for i := range 100 - bytes.Count(text, []byte("      - id: A1.")) {
		fmt.Fprintf(&claims, "      - {id: B.%d, statement: At least %d MB were stored, test: {quantity: bytes_stored, aggregate: max, at_least: %d MB}}\n", i+1, 100*i, 100*i+100)
	}
	if bytes.Count(text, []byte(before)) != 1 {
		b.Fatal("the example has no list of claims, or more than one")
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(before), []byte(before+claims.String()), 1), 0o666); err != nil {
		b.Fatal(err)
	}
	publish(b, dir)
}

// publish measures publishing the case in dir and checking it.
func publish(b *testing.B, dir string) {
	b.Helper()
	programs := b.TempDir()
	probity, verifier := build(b, programs, "probity"), build(b, programs, "probity-verify")
	answer := filepath.Join(dir, "answer")
	collect := &measured{name: "collect", args: []string{probity, "collect", dir}}
	for _, s := range []*measured{{args: []string{probity, "plan", dir, "--seal"}}, collect, {args: []string{probity, "review", dir}}} {
		s.run(b)
	}
	steps := []*measured{
		{name: "publish", args: []string{probity, "publish", dir, "--draft", "--out", answer}},
		{name: "probity-verify", args: []string{verifier, answer}},
		{name: "verify", args: []string{probity, "verify", answer}},
	}
	for b.Loop() {
		os.RemoveAll(answer)
		os.Remove(answer + ".zip")
		for _, s := range steps {
			s.run(b)
		}
	}
	for _, s := range append(steps, collect) {
		s.report(b)
	}
	size := int64(0)
	fs.WalkDir(os.DirFS(answer), ".", func(_ string, d fs.DirEntry, err error) error {
		if i, e := d.Info(); err == nil && e == nil && !d.IsDir() {
			size += i.Size()
		}
		return err
	})
	packed, err := os.Stat(answer + ".zip")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/1e6, "folder-MB")
	b.ReportMetric(float64(packed.Size())/1e6, "zip-MB")
}

// build builds one of the product's programs.
func build(b *testing.B, dir, name string) string {
	b.Helper()
	program := filepath.Join(dir, name)
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/"+name).CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	return program
}

// A measured step is a command and what it took.
type measured struct {
	name      string
	args      []string
	took, cpu []time.Duration
	peak      int64 // KiB
}

// run runs a step. The signatures of a draft are missing, and nothing else may
// fail.
func (m *measured) run(b *testing.B) {
	b.Helper()
	cmd := exec.Command(m.args[0], m.args[1:]...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	m.took = append(m.took, time.Since(start))
	if failed := bytes.Count(out, []byte("FAILED")); err != nil && (failed != 1 || !bytes.Contains(out, []byte("signatures  FAILED"))) {
		b.Fatalf("%s: %v\n%s", m.name, err, out)
	}
	m.cpu = append(m.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = max(m.peak, u.Maxrss)
	}
}

func (m *measured) report(b *testing.B) {
	slices.Sort(m.took)
	slices.Sort(m.cpu)
	b.ReportMetric(m.took[len(m.took)/2].Seconds(), m.name+"-s")
	b.ReportMetric(m.cpu[len(m.cpu)/2].Seconds(), m.name+"-cpu-s")
	b.ReportMetric(float64(m.peak)/1024, m.name+"-MiB")
}
