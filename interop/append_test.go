package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"probity/internal/ledger"
)

// BenchmarkAppend compares durable appends with Tessera's on the same disk: one
// by one, each acknowledged before the next, and in groups of a thousand.
//
//	go test . -run '^$' -bench Append -benchtime 2s -count 5
func BenchmarkAppend(b *testing.B) {
	leaf := bytes.Repeat([]byte("x"), 300)
	b.Run("one/probity", func(b *testing.B) {
		l := benchLedger(b)
		for b.Loop() {
			if _, err := l.Append(leaf); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
	b.Run("one/tessera", func(b *testing.B) {
		add := benchTessera(b, 1)
		for b.Loop() {
			if _, err := add(leaf)(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
	b.Run("group/probity", func(b *testing.B) { // journal and tiles and checkpoint
		l := benchLedger(b)
		group := make([][]byte, 1000)
		for i := range group {
			group[i] = leaf
		}
		for b.Loop() {
			if _, err := l.Append(group...); err != nil {
				b.Fatal(err)
			}
			if err := l.Publish(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
	b.Run("group/tessera", func(b *testing.B) {
		add := benchTessera(b, 1000)
		futures := make([]tessera.IndexFuture, 1000)
		for b.Loop() {
			for i := range futures {
				futures[i] = add(leaf)
			}
			for _, f := range futures {
				if _, err := f(); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
}

func benchLedger(b *testing.B) *ledger.Ledger {
	b.Helper()
	dir := b.TempDir()
	l, err := ledger.Create(filepath.Join(dir, "ledger"), filepath.Join(dir, "key"), origin)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// benchTessera returns how Tessera appends, with batches of a size.
func benchTessera(b *testing.B, batch uint) func([]byte) tessera.IndexFuture {
	b.Helper()
	secret, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	driver, err := posix.New(ctx, posix.Config{Path: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	a, stop, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().WithCheckpointSigner(signer).
		WithBatching(batch, 10*time.Millisecond).WithCheckpointInterval(time.Second))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop(context.Background())
		cancel()
	})
	return func(leaf []byte) tessera.IndexFuture { return a.Add(ctx, tessera.NewEntry(leaf)) }
}
