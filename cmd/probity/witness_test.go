package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"probity/internal/verify"
)

// A buffer that two goroutines may use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A witness cosigns the ledger of a case, and a bundle shows it.
func TestWitness(t *testing.T) {
	dir := signedCase(t)
	vkey, err := os.ReadFile(filepath.Join(dir, "case", "ledger", "log.vkey"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var said buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"witness", filepath.Join(dir, "w"), "--name", "w.example", "--log", strings.TrimSpace(string(vkey))}, &talk{out: &said, err: &said})
	}()
	var words []string
	for range 200 {
		if words = strings.Fields(said.String()); len(words) == 4 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(words) != 4 {
		t.Fatalf("the witness said %q", said.String())
	}
	policy := filepath.Join(dir, "policy")
	os.WriteFile(policy, fmt.Appendf(nil, "log %switness w %s %s\nquorum w\n", vkey, words[2], words[3]), 0o666)
	good := filepath.Join(dir, "good")
	step(t, "publish", filepath.Join(dir, "case"), "--out", good+"0")
	text, _ := os.ReadFile(policy)
	if failed := bundleSteps(good+"0", verify.Options{Policy: text}); len(failed) != 1 || failed[0] != "witnesses" {
		t.Errorf("before it is cosigned: %q failed", failed)
	}
	step(t, "ledger", "cosign", filepath.Join(dir, "case"), "--policy", policy)
	step(t, "publish", filepath.Join(dir, "case"), "--out", good)
	step(t, "verify", good, "--policy", policy)
	stop()
	if code := <-ended; code != exitDone && code != exitInterrupted {
		t.Errorf("the witness ended with %d", code)
	}
	// It does not listen to others unless it is told the address.
	if code := run(context.Background(), []string{"witness", filepath.Join(dir, "w2"), "--name", "w", "--log", strings.TrimSpace(string(vkey)), "--listen", ":0"}, &talk{out: &said, err: &said}); code != exitUsage {
		t.Errorf("--listen :0 ended with %d", code)
	}
}
