package custody

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
	"probity/internal/ledger"
	"probity/internal/seal"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func begin(t *testing.T, dir, today string) *Book {
	t.Helper()
	b, err := Start(&probity.Case{ID: "Harbour 7", Dir: dir, Text: []byte("id: Harbour 7\n")}, Options{Now: func() time.Time { return day(today) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func record(t *testing.T, b *Book, kind Kind, id string, body any) int64 {
	t.Helper()
	i, err := b.Record(kind, id, body)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func asked(due string) *Requested {
	return &Requested{Custodian: "Secret Office of Wherever", Relation: probity.RelLocalOffice, Witness: "logged", Resources: []string{"harbourcalls"}, Due: day(due)}
}

// A request ends in exactly one way; what is past its date is recorded once.
func TestCorrespondence(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, "2026-01-01")
	for _, id := range []string{"R1", "R2", "R3", "R4", "R5"} {
		record(t, b, EvidenceRequested, id, asked("2026-02-01"))
	}
	record(t, b, EvidenceReceived, "", &Received{Request: "R1", Manifest: "x", More: true})
	record(t, b, EvidenceReceived, "", &Received{Request: "R1", Manifest: "y"})
	record(t, b, EvidenceRefused, "", &Refused{Request: "R2", Reason: "professional secrecy of somebody"})
	record(t, b, EvidenceRefused, "", &Refused{Request: "R3", Reason: "in part", Part: true})
	for what, try := range map[string]func() error{
		"an id twice":          func() error { _, err := b.Record(EvidenceRequested, "R1", asked("2026-02-01")); return err },
		"no id":                func() error { _, err := b.Record(EvidenceRequested, "", asked("2026-02-01")); return err },
		"an odd id":            func() error { _, err := b.Record(EvidenceRequested, "../R9", asked("2026-02-01")); return err },
		"received twice":       func() error { _, err := b.Record(EvidenceReceived, "", &Received{Request: "R1"}); return err },
		"refused twice":        func() error { _, err := b.Record(EvidenceRefused, "", &Refused{Request: "R2"}); return err },
		"received, refused":    func() error { _, err := b.Record(EvidenceRefused, "", &Refused{Request: "R1"}); return err },
		"no such request":      func() error { _, err := b.Record(EvidenceRefused, "", &Refused{Request: "R9"}); return err },
		"the body of another":  func() error { _, err := b.Record(EvidenceRefused, "", &Received{Request: "R4"}); return err },
		"opened a second time": func() error { _, err := b.Record(ReviewOpened, "", &Opened{}); return err },
	} {
		if try() == nil {
			t.Errorf("%s was recorded", what)
		}
	}
	b.Close()

	for range 2 { // minted once
		b = begin(t, dir, "2026-02-03")
		var got []string
		for _, r := range b.Requests() {
			got = append(got, r.ID+" "+string(r.State))
		}
		if d := cmp.Diff([]string{"R1 received", "R2 refused", "R3 redacted", "R4 overdue", "R5 overdue"}, got); d != "" {
			t.Error(d)
		}
		b.Close()
	}
	b = begin(t, dir, "2026-02-04")
	record(t, b, EvidenceReceived, "", &Received{Request: "R4", Manifest: "late"})
	record(t, b, EvidenceRefused, "", &Refused{Request: "R5", Reason: "late"})
	c := &probity.Case{}
	if w := b.Merge(c); len(w) != 0 || len(c.Requests) != 3 || c.Requests[0].Outcome != probity.Refused || c.Requests[1].Outcome != probity.Redacted {
		t.Errorf("merged: %q %v", w, c.Requests)
	}
	overdue := 0
	for _, e := range b.Events {
		if e.Kind == EvidenceOverdue {
			overdue++
		}
	}
	if overdue != 2 {
		t.Errorf("%d events say overdue, want 2", overdue)
	}
}

// No public file tells a name or a reason; with what is private every event
// opens, and a reader with the disclosures reads the same.
func TestNothingPrivateInPublic(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, "2026-01-01")
	record(t, b, EvidenceRequested, "R1", asked("2026-02-01"))
	record(t, b, EvidenceRefused, "", &Refused{Request: "R1", Reason: "told by Mr Whistle"})
	source := filepath.Join(t.TempDir(), "in")
	os.MkdirAll(filepath.Join(source, "sub"), 0o777)
	os.WriteFile(filepath.Join(source, "sub", "private-name.json"), []byte("{}"), 0o666)
	lines, err := b.Take(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(Received{Custodian: "Wherever", By: "A. Person", How: "by hand"}, lines); err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, folder := range []string{LedgerDir, manifests} {
		filepath.WalkDir(filepath.Join(dir, folder), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, _ := os.ReadFile(p)
			public++
			for _, secret := range []string{"Secret Office", "harbourcalls", "Whistle", "Wherever", "Person", "by hand", "private-name"} {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("%s tells %q", p, secret)
				}
			}
			return nil
		})
	}
	if public < 5 {
		t.Errorf("only %d public files", public)
	}
	if i, err := os.Stat(filepath.Join(dir, PrivateDir)); err != nil || i.Mode().Perm()&0o077 != 0 {
		t.Errorf("private/: %v %v", i.Mode(), err)
	}

	// A stranger with the ledger and the disclosures.
	s := b.Sealer()
	known, err := seal.Learn(s.Disclosures(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for leaf, err := range b.View().Leaves(0) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := Parse(leaf)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Open(known); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b.Events[n].Body, e.Body); d != "" {
			t.Error(d)
		}
		n++
	}
	if n != 4 || len(known.Unused()) != 0 {
		t.Errorf("%d leaves, unused %q", n, known.Unused())
	}
}

// The store is compared with the receipts.
func TestCheckStore(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, "2026-01-01")
	source := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		os.WriteFile(filepath.Join(source, name), []byte("file "+name), 0o666)
	}
	lines, err := b.Take(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Receive(Received{By: "A"}, lines); err != nil {
		t.Fatal(err)
	}
	if p, err := b.CheckStore(); err != nil || len(p) != 0 {
		t.Fatalf("%v %v", p, err)
	}
	copied := filepath.Join(dir, "evidence", "R1")
	if err := b.WorkingCopy(copied, lines); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(copied, "b")); string(data) != "file b" {
		t.Errorf("the working copy: %q %v", data, err)
	}
	os.WriteFile(filepath.Join(copied, "b"), []byte("edited"), 0o666)
	if err := b.WorkingCopy(copied, lines); err == nil {
		t.Error("an edited working copy was taken for the original")
	}
	at := func(i int) string { return filepath.Join(dir, StoreDir, lines[i].SHA256[:2], lines[i].SHA256) }
	os.Remove(at(0))
	os.Chmod(at(1), 0o644)
	os.WriteFile(at(1), []byte("file B"), 0o644)
	os.WriteFile(filepath.Join(dir, StoreDir, "stray"), nil, 0o644)
	p, err := b.CheckStore()
	var what []string
	for _, x := range p {
		what = append(what, x.What)
	}
	joined := strings.Join(what, " ")
	if err != nil || len(p) != 3 || !strings.Contains(joined, "missing") || !strings.Contains(joined, "altered") || !strings.Contains(joined, "stray") {
		t.Errorf("%v %v", p, err)
	}
	os.WriteFile(b.ManifestFile(b.Events[1].Body.(*Received).Manifest), []byte("forged"), 0o644)
	if _, err := b.CheckStore(); err == nil {
		t.Error("a forged manifest was taken")
	}
}

// Links are not followed.
func TestTakeRefusesLinks(t *testing.T) {
	b := begin(t, t.TempDir(), "2026-01-01")
	source := t.TempDir()
	os.WriteFile(filepath.Join(source, "a"), []byte("x"), 0o666)
	os.Symlink("/etc/hosts", filepath.Join(source, "z"))
	if _, err := b.Take(source, nil); err == nil || !strings.Contains(err.Error(), "link") {
		t.Errorf("a link: %v", err)
	}
	if _, err := os.Stat(filepath.Join(b.dir, StoreDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was copied although a link was refused")
	}
}

// A private copy that was changed is not believed; one that is gone leaves the
// event closed.
func TestPrivateCopies(t *testing.T) {
	dir := t.TempDir()
	b := begin(t, dir, "2026-01-01")
	record(t, b, EvidenceRequested, "R1", asked("2026-02-01"))
	leaf, err := b.View().Leaf(1)
	if err != nil {
		t.Fatal(err)
	}
	p := b.privateFile(leaf)
	b.Close()
	data, _ := os.ReadFile(p)
	os.Chmod(p, 0o600)
	os.WriteFile(p, bytes.Replace(data, []byte("Secret"), []byte("Public"), 1), 0o600)
	if _, err := Read(dir, Options{}); err == nil {
		t.Error("a changed private copy was believed")
	}
	os.Remove(p)
	r, err := Read(dir, Options{})
	if err != nil || r.Events[1].Body != nil {
		t.Errorf("without the private copy: %v", err)
	}
	if _, err := Read(t.TempDir(), Options{}); !errors.Is(err, ErrNone) {
		t.Errorf("no ledger: %v", err)
	}
}

// A start that was cut off between the ledger and its first leaf is completed;
// an empty ledger in the place of one that had leaves is an error.
func TestStartCutOff(t *testing.T) {
	empty := func(dir string) {
		t.Helper()
		l, err := ledger.Create(filepath.Join(dir, LedgerDir), filepath.Join(dir, KeyFile), Origin("t"))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := begin(t, dir, "2026-01-01").Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{LedgerDir, KeyFile} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	empty(dir) // the private copy of the first leaf was written, and no more
	for name, open := range map[string]func(string, Options) (*Book, error){"reading": Read, "writing": Resume} {
		if b, err := open(dir, Options{}); !errors.Is(err, ErrNone) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := Start(&probity.Case{ID: "t", Dir: dir}, Options{})
	if err != nil || len(b.Events) != 1 || b.Events[0].Kind != ReviewOpened {
		t.Fatalf("%v", err)
	}
	if _, err := b.Record(EvidenceRequested, "R1", asked("2999-01-01")); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{LedgerDir, KeyFile} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	empty(dir)
	if _, err := Read(dir, Options{}); err == nil || !strings.Contains(err.Error(), "it has no leaf") {
		t.Errorf("reading: %v", err)
	}
	if _, err := Start(&probity.Case{ID: "t", Dir: dir}, Options{}); err == nil || !strings.Contains(err.Error(), "it has no leaf") {
		t.Errorf("starting: %v", err)
	}
}

// A case whose ledger is lost is not one that never had a ledger, whatever part
// of it is left.
func TestLost(t *testing.T) {
	dir := t.TempDir()
	if err := begin(t, dir, "2026-01-01").Close(); err != nil {
		t.Fatal(err)
	}
	lose := func(names ...string) string {
		work := t.TempDir()
		if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(work, name)); err != nil {
				t.Fatal(err)
			}
		}
		return work
	}
	checkpoint, vkey := filepath.Join(LedgerDir, "checkpoint"), filepath.Join(LedgerDir, "log.vkey")
	for _, names := range [][]string{{checkpoint}, {vkey}, {LedgerDir}, {LedgerDir, KeyFile}, {checkpoint, KeyFile}, {checkpoint, PrivateDir}} {
		work := lose(names...)
		if _, err := Read(work, Options{}); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("reading without %q: %v", names, err)
		}
		if _, err := Resume(work, Options{}); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("writing without %q: %v", names, err)
		}
		if _, err := Start(&probity.Case{ID: "t", Dir: work}, Options{}); err == nil {
			t.Errorf("a ledger was begun anew without %q", names)
		}
	}
	if _, err := Read(lose(LedgerDir, KeyFile, PrivateDir), Options{}); !errors.Is(err, ErrNone) {
		t.Errorf("nothing left: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"at":"2026-01-01T00:00:00Z","body":{"request":"R1","due":"2026-01-01T00:00:00Z"},"id":"","kind":"evidence.overdue","probity":1}`))
	f.Add([]byte(`{"apiVersion":"0.0.2","kind":"hashedrekord"}`))
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := Parse(leaf)
		if err != nil {
			return
		}
		k, _ := seal.Learn(nil, nil)
		e.Open(k)
		RequestsOf([]*Event{e})
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("0", 64) + "  12\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := ParseManifest(data)
		if err == nil && !bytes.Equal(Manifest(lines), data) {
			t.Error("a manifest has a second spelling")
		}
	})
}
