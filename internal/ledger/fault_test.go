package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var errInjected = errors.New("injected")

// failing returns calls of which the n-th fails, before or after it took
// effect; count tells how many there were.
func failing(n int, after bool) (calls, *int) {
	count := 0
	fail := func(do func() error) error {
		count++
		if count != n {
			return do()
		}
		if after {
			if err := do(); err != nil {
				return err
			}
		}
		return errInjected
	}
	return calls{
		writeAt: func(f *os.File, data []byte, at int64) error {
			return fail(func() error { return disk.writeAt(f, data, at) })
		},
		sync:     func(f *os.File) error { return fail(func() error { return disk.sync(f) }) },
		truncate: func(f *os.File, size int64) error { return fail(func() error { return disk.truncate(f, size) }) },
		rename:   func(r *os.Root, a, b string) error { return fail(func() error { return disk.rename(r, a, b) }) },
		syncDir:  func(r *os.Root, name string) error { return fail(func() error { return disk.syncDir(r, name) }) },
	}, &count
}

// Each operation on the disk is made to fail in turn, before and after it took
// effect. After opening again the ledger verifies, continues every checkpoint
// that was seen, and has every leaf that was acknowledged, in its place.
func TestFaults(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := t.TempDir()
			ledger, key := filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key")
			sys, count := failing(n, after)
			acked, checkpoints := story(ledger, key, sys)
			if *count < n {
				if n < 60 {
					t.Errorf("only %d operations were tried", n)
				}
				break
			}
			l, err := Open(ledger, key)
			if errors.Is(err, fs.ErrNotExist) && len(acked) == 0 { // its creation was cut off, and is completed
				l, err = Create(ledger, key, origin)
			}
			if err != nil {
				t.Fatalf("operation %d (after %v): %v", n, after, err)
			}
			verify(t, l, acked, checkpoints)
			if _, err := l.Append([]byte("goes on")); err != nil {
				t.Fatal(err)
			}
			if err := l.Publish(); err != nil {
				t.Fatal(err)
			}
			verify(t, l, acked, checkpoints)
			l.Close()
		}
	}
}

// story writes a ledger until something fails, and returns what was
// acknowledged: leaf by place, and the checkpoints that were published.
func story(ledger, key string, sys calls) (acked map[int64]string, checkpoints [][]byte) {
	acked = map[int64]string{}
	l, err := create(ledger, key, origin, sys)
	if err != nil {
		return acked, nil
	}
	defer l.Close()
	for i := range 4 {
		group := [][]byte{leafOf(i), fmt.Appendf(nil, "second of %d", i)}
		if i == 2 { // past the edge of a tile
			for j := range 260 {
				group = append(group, leafOf(1000+j))
			}
		}
		first, err := l.Append(group...)
		if err == nil {
			for j, leaf := range group {
				acked[first+int64(j)] = string(leaf)
			}
			if i%2 == 1 {
				continue
			}
			err = l.Publish()
		}
		if err != nil {
			if _, again := l.Append([]byte("x")); !errors.Is(again, ErrBroken) {
				panic("a broken ledger took a leaf")
			}
			return acked, checkpoints
		}
		checkpoints = append(checkpoints, l.View().Checkpoint())
	}
	return acked, checkpoints
}

func verify(t *testing.T, l *Ledger, acked map[int64]string, checkpoints [][]byte) {
	t.Helper()
	v := l.View()
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range checkpoints {
		if err := v.Consistent(c); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range acked {
		if leaf, err := v.Leaf(i); err != nil || string(leaf) != want {
			t.Fatalf("leaf %d was acknowledged as %q and is %q (%v)", i, want, leaf, err)
		}
	}
}

// TestWriter is the process that TestKill starts: it appends and publishes
// without end and says what was acknowledged.
func TestWriter(t *testing.T) {
	dir := os.Getenv("LEDGER_WRITER")
	if dir == "" {
		t.Skip("started by TestKill")
	}
	l, err := Open(filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key"))
	if err != nil {
		fmt.Println("ERROR", err)
		return
	}
	out := bufio.NewWriter(os.Stdout)
	for {
		at := l.Size()
		first, err := l.Append(fmt.Appendf(nil, "leaf %d", at), fmt.Appendf(nil, "leaf %d", at+1), fmt.Appendf(nil, "leaf %d", at+2))
		if err != nil || first != at {
			fmt.Println("ERROR", err)
			return
		}
		fmt.Fprintf(out, "ACK %d\n", at+3)
		out.Flush()
		if at%4 == 0 {
			if err := l.Publish(); err != nil {
				fmt.Println("ERROR", err)
				return
			}
		}
	}
}

// A process that writes is killed 200 times at random: the ledger opens, it
// verifies, and nothing acknowledged is lost.
func TestKill(t *testing.T) {
	times := 200
	if testing.Short() {
		times = 20
	}
	l, dir := newLedger(t)
	l.Close()
	acked, last := int64(0), []byte(nil)
	for i := range times {
		acked = max(acked, killed(t, dir))
		l, err := Open(filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key"))
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		v := l.View()
		if v.Size() < acked {
			t.Fatalf("kill %d: %d leaves were acknowledged, %d are there", i, acked, v.Size())
		}
		if last != nil {
			if err := v.Consistent(last); err != nil {
				t.Fatalf("kill %d: %v", i, err)
			}
		}
		last = v.Checkpoint()
		l.Close()
	}
	v, err := OpenView(os.DirFS(filepath.Join(dir, "ledger")))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for leaf, err := range v.Leaves(0) {
		if err != nil || string(leaf) != fmt.Sprintf("leaf %d", n) {
			t.Fatalf("leaf %d: %q %v", n, leaf, err)
		}
		n++
	}
	if int64(n) < acked || acked < int64(times) {
		t.Errorf("%d leaves, %d acknowledged in %d lives", n, acked, times)
	}
	t.Logf("%d leaves acknowledged, %d there", acked, n)
}

// killed runs a writer for a while, kills it, and returns how many leaves it
// acknowledged.
func killed(t *testing.T, dir string) int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWriter$")
	cmd.Env = append(os.Environ(), "LEDGER_WRITER="+dir)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(20+rand.IntN(100)) * time.Millisecond)
	cmd.Process.Signal(syscall.SIGKILL)
	cmd.Wait()
	if strings.Contains(out.String(), "ERROR") {
		t.Fatal(out.String())
	}
	n := int64(0)
	for line := range strings.Lines(out.String()) {
		if text, ok := strings.CutPrefix(line, "ACK "); ok && strings.HasSuffix(line, "\n") {
			n, _ = strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		}
	}
	return n
}
