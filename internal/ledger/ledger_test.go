package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

const origin = "harbour.probity.invalid"

func newLedger(t testing.TB) (*Ledger, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := Create(filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, dir
}

func reopen(t testing.TB, l *Ledger, dir string) *Ledger {
	t.Helper()
	l.Close()
	l, err := Open(filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func leafOf(i int) []byte { return fmt.Appendf(nil, `{"leaf":%d}`, i) }

func fill(t testing.TB, l *Ledger, n int) {
	t.Helper()
	var group [][]byte
	for i := int(l.Size()); i < n; i++ {
		group = append(group, leafOf(i))
	}
	if _, err := l.Append(group...); err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(); err != nil {
		t.Fatal(err)
	}
}

// Each leaf is where it was put and proved, at sizes around the tiles' edges,
// and each earlier checkpoint is a beginning of each later one.
func TestSizes(t *testing.T) {
	l, dir := newLedger(t)
	checkpoints := [][]byte{l.View().Checkpoint()}
	for _, n := range []int{1, 2, 3, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_000} {
		fill(t, l, n)
		v := l.View()
		if v.Size() != int64(n) || v.Origin() != origin {
			t.Fatalf("size %d, origin %q", v.Size(), v.Origin())
		}
		if err := v.Check(); err != nil {
			t.Fatalf("%d leaves: %v", n, err)
		}
		for _, i := range []int{0, n / 2, n - 1} {
			leaf, err := v.Leaf(int64(i))
			if err != nil || !bytes.Equal(leaf, leafOf(i)) {
				t.Fatalf("leaf %d of %d: %q %v", i, n, leaf, err)
			}
			p, err := v.Proof(int64(i))
			if err != nil {
				t.Fatal(err)
			}
			if at, err := VerifyProof(p, leaf, v.Vkey()); err != nil || at != int64(i) {
				t.Fatalf("the proof of leaf %d of %d: %d %v", i, n, at, err)
			}
			if _, err := VerifyProof(p, leafOf(i+1), v.Vkey()); err == nil {
				t.Fatal("the proof of one leaf proved another")
			}
		}
		for _, older := range checkpoints {
			if err := v.Consistent(older); err != nil {
				t.Fatalf("%d leaves: %v", n, err)
			}
		}
		checkpoints = append(checkpoints, v.Checkpoint())
	}
	n := 0
	for leaf, err := range l.View().Leaves(0) {
		if err != nil || !bytes.Equal(leaf, leafOf(n)) {
			t.Fatalf("leaf %d: %q %v", n, leaf, err)
		}
		n++
	}
	if n != 66_000 {
		t.Errorf("%d leaves", n)
	}
	l = reopen(t, l, dir)
	if l.Size() != 66_000 {
		t.Errorf("after opening again: %d leaves", l.Size())
	}
	// An older copy of the ledger does not continue what was published.
	small, err := OpenView(os.DirFS(filepath.Join(dir, "ledger")))
	if err != nil {
		t.Fatal(err)
	}
	small.signed = checkpoints[3]
	if _, small.size, small.root, err = VerifyCheckpoint(small.signed, small.vkey); err != nil {
		t.Fatal(err)
	}
	if err := small.Consistent(l.View().Checkpoint()); err == nil || !strings.Contains(err.Error(), "taken away") {
		t.Errorf("a shortened ledger: %v", err)
	}
}

// Two ledgers with one key that part ways are a fork.
func TestFork(t *testing.T) {
	l, dir := newLedger(t)
	fill(t, l, 5)
	l.Close()
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	a, b := reopen(t, l, dir), reopen(t, l, other)
	fill(t, a, 8)
	b.Append([]byte("another history"))
	fill(t, b, 9)
	for _, older := range [][]byte{a.View().Checkpoint()} {
		if err := b.View().Consistent(older); !errors.Is(err, ErrFork) {
			t.Errorf("a fork: %v", err)
		}
	}
}

// Leaves too large or empty are refused, and nothing of their group is kept.
func TestLeafSize(t *testing.T) {
	l, _ := newLedger(t)
	if _, err := l.Append(leafOf(0), make([]byte, MaxLeaf+1)); err == nil || l.Size() != 0 {
		t.Errorf("a leaf too large: %v, %d leaves", err, l.Size())
	}
	if _, err := l.Append(nil); err == nil {
		t.Error("an empty leaf was taken")
	}
	if _, err := l.Append(bytes.Repeat([]byte("x"), MaxLeaf)); err != nil {
		t.Error(err)
	}
	if err := l.Publish(); err != nil {
		t.Fatal(err)
	}
	if err := l.View().Check(); err != nil {
		t.Error(err)
	}
}

// A second writer is refused; a key is never replaced.
func TestOneWriter(t *testing.T) {
	l, dir := newLedger(t)
	key := filepath.Join(dir, "ledger.key")
	if _, err := Open(filepath.Join(dir, "ledger"), key); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := Create(filepath.Join(dir, "ledger"), key, origin); err == nil {
		t.Error("a ledger was created over another")
	}
	if _, err := Create(filepath.Join(dir, "new"), key, origin); err == nil {
		t.Error("a key was replaced")
	}
	if i, err := os.Stat(key); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v %v", i.Mode(), err)
	}
	os.RemoveAll(filepath.Join(dir, "new"))
	if _, err := Open(filepath.Join(dir, "nothing"), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no ledger: %v", err)
	}
	l.Close()
	other, _ := newLedger(t)
	other.Close()
	if _, err := Open(filepath.Join(dir, "ledger"), filepath.Join(filepath.Dir(other.dir.root.Name()), "ledger.key")); err == nil || !strings.Contains(err.Error(), "not the one") {
		t.Errorf("the key of another ledger: %v", err)
	}
}

// Every byte of every file of a ledger matters: a change, a cut, a file taken
// away or put in is seen.
func TestDamage(t *testing.T) {
	l, dir := newLedger(t)
	for _, n := range []int{3, 200, 256, 300} { // partial tiles of earlier sizes stay
		fill(t, l, n)
	}
	l.Close()
	ledger := filepath.Join(dir, "ledger")
	check := func() error {
		v, err := OpenView(os.DirFS(ledger))
		if err != nil {
			return err
		}
		return v.Check()
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	files := 0
	filepath.WalkDir(ledger, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockFile || d.Name() == journalFile {
			return err
		}
		files++
		data, _ := os.ReadFile(p)
		rel, _ := filepath.Rel(ledger, p)
		for at := 0; at < len(data); at += 1 + len(data)/97 {
			bad := bytes.Clone(data)
			bad[at] ^= 0x01
			os.WriteFile(p, bad, 0o666)
			if err := check(); err == nil {
				t.Errorf("%s: a change at byte %d was not seen", rel, at)
			}
			os.WriteFile(p, data[:at], 0o666)
			if err := check(); err == nil {
				t.Errorf("%s: cut at byte %d was not seen", rel, at)
			}
		}
		if !strings.Contains(p, ".p/") || strings.Contains(p, ".p/44") { // partial tiles of earlier sizes may go
			os.Remove(p)
			if err := check(); err == nil {
				t.Errorf("%s: taken away, and not seen", rel)
			}
		}
		os.WriteFile(p, data, 0o666)
		return nil
	})
	if files < 8 {
		t.Errorf("only %d files were tried", files)
	}
	for _, stray := range []string{"tile/0/x001/000", "tile/9/000", "tile/0/notes", "tile/entries/001.p/45", "tile/0/000.p/256", "tile/0/0000"} {
		p := filepath.Join(ledger, stray)
		os.MkdirAll(filepath.Dir(p), 0o777)
		os.WriteFile(p, []byte("x"), 0o666)
		if err := check(); err == nil || !strings.Contains(err.Error(), stray) {
			t.Errorf("the stray file %s: %v", stray, err)
		}
		os.Remove(p)
	}
}

// The journal after damage: a tail that was cut off goes, a frame in the middle
// that was damaged is an error.
func TestJournal(t *testing.T) {
	l, dir := newLedger(t)
	for i := range 4 {
		if _, err := l.Append(leafOf(2*i), leafOf(2*i+1)); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	p := filepath.Join(dir, "ledger", journalFile)
	data, _ := os.ReadFile(p)
	frame := len(data) / 4
	for cut := range data {
		leaves, good, err := readJournal(data[:cut], 0)
		if err != nil || len(leaves) != cut/frame*2 || good != int64(cut/frame*frame) {
			t.Fatalf("cut at %d: %d leaves, %d good, %v", cut, len(leaves), good, err)
		}
	}
	for at := range data {
		bad := bytes.Clone(data)
		bad[at] ^= 0x10
		leaves, _, err := readJournal(bad, 0)
		if last := at >= 3*frame; err == nil != last || last && len(leaves) != 6 {
			t.Fatalf("changed at %d: %d leaves, %v", at, len(leaves), err)
		}
	}
	if _, _, err := readJournal(data[frame:], 0); err == nil {
		t.Error("a journal whose first frame is gone was read")
	}
	if err := os.WriteFile(p, data[:len(data)-3], 0o666); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l, dir)
	if l.Size() != 6 || l.View().Size() != 6 {
		t.Errorf("after a cut: %d leaves, %d published", l.Size(), l.View().Size())
	}
	if first, err := l.Append(leafOf(6)); err != nil || first != 6 {
		t.Errorf("the next leaf: %d %v", first, err)
	}
}

// Without its journal a ledger is not opened: leaves that were acknowledged may
// be in it.
func TestNoJournal(t *testing.T) {
	l, dir := newLedger(t)
	if _, err := l.Append(leafOf(0)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	os.Remove(filepath.Join(dir, "ledger", journalFile))
	if _, err := Open(filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key")); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "journal") {
		t.Errorf("without its journal: %v", err)
	}
}

// A ledger whose making was cut off before its checkpoint is made on; one that
// lost its checkpoint is not.
func TestCreateCutOff(t *testing.T) {
	dir := t.TempDir()
	at, key := filepath.Join(dir, "ledger"), filepath.Join(dir, "ledger.key")
	l, err := Create(at, key, "t.example")
	if err != nil {
		t.Fatal(err)
	}
	vkey := l.View().Vkey()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cut := func() {
		if err := os.Remove(filepath.Join(at, "checkpoint")); err != nil {
			t.Fatal(err)
		}
	}
	cut()
	if _, err := Create(at, key, "another.example"); err == nil {
		t.Error("a ledger was made on under another name")
	}
	if l, err = Create(at, key, "t.example"); err != nil {
		t.Fatal(err)
	}
	if l.View().Vkey() != vkey {
		t.Error("it has another key")
	}
	if _, err := l.Append([]byte("leaf")); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil { // published, or in the journal
		t.Fatal(err)
	}
	cut()
	if _, err := Create(at, key, "t.example"); err == nil || !strings.Contains(err.Error(), "put the ledger back") {
		t.Errorf("a ledger that holds a leaf was begun anew: %v", err)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(appendFrame(appendFrame(nil, 0, [][]byte{leafOf(0)}), 1, [][]byte{leafOf(1), leafOf(2)}), int64(1))
	f.Fuzz(func(t *testing.T, data []byte, published int64) {
		leaves, good, err := readJournal(data, published)
		if err == nil && (good < 0 || good > int64(len(data)) || len(leaves) > len(data)) {
			t.Errorf("%d leaves, %d good of %d", len(leaves), good, len(data))
		}
	})
}

func FuzzEntries(f *testing.F) {
	f.Add(appendEntry(appendEntry(nil, leafOf(0)), leafOf(1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		leaves, err := readEntries(data)
		if err != nil {
			return
		}
		var again []byte
		for _, l := range leaves {
			again = appendEntry(again, l)
		}
		if !bytes.Equal(again, data) {
			t.Error("a bundle is not what its entries give")
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(checkpointText(origin, 3, tlog.RecordHash(nil)))
	f.Add("a\n-1\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		o, n, root, err := parseCheckpoint(text)
		if err == nil && !strings.HasPrefix(text, checkpointText(o, n, root)) {
			t.Errorf("%q was read as %q %d", text, o, n)
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\norigin\n2\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— origin AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := VerifyProof(data, leafOf(0), "harbour+00000000+AAAA"); err == nil {
			t.Error("a proof without a key was taken")
		}
		parseProof(data)
	})
}

func FuzzPath(f *testing.F) {
	f.Add("tile/0/x001/067.p/8")
	f.Add("tile/entries/000")
	f.Fuzz(func(t *testing.T, p string) {
		if tile, err := parsePath(p); err == nil && tilePath(tile) != p {
			t.Errorf("%q has another spelling", p)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	l, _ := newLedger(b)
	leaf := bytes.Repeat([]byte("x"), 300)
	for b.Loop() {
		if _, err := l.Append(leaf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}

func BenchmarkAppendGroup(b *testing.B) {
	l, _ := newLedger(b)
	group := make([][]byte, 1000)
	for i := range group {
		group[i] = bytes.Repeat([]byte("x"), 300)
	}
	for b.Loop() {
		if _, err := l.Append(group...); err != nil {
			b.Fatal(err)
		}
		if err := l.Publish(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "leaves/s")
}
