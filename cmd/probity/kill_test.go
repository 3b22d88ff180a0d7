package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/ledger"
	"probity/internal/report"
)

// proceedings are the steps of a case from its plan to its publication. What one
// says it has done is in the leaf that it names.
var proceedings = [][]string{
	{"plan", "case", "--seal"},
	{"request", "case", "--id", "R1", "--custodian", "Local office", "--witness", "logged", "--due", "2999-01-01"},
	{"request", "case", "--id", "R2", "--custodian", "Local office", "--witness", "billed", "--due", "2999-01-01"},
	{"refuse", "case", "--request", "R2", "--reason", "secrecy"},
	{"receive", "case", "handed", "--request", "R1", "--by", "A. Example", "--how", "by courier"},
	{"collect", "case"},
	{"review", "case"},
	{"sign", "case", "--as", "ada", "--role", "author", "--key", "ada.key", "--passphrase-file", "pass"},
	{"sign", "case", "--as", "bob", "--role", "approver", "--key", "bob.key", "--passphrase-file", "pass"},
	{"publish", "case", "--out", "answer"},
}

// A trial is a case whose steps are killed.
type trial struct {
	dir, program string
	files        map[string]bool // contents that evidence may have
	acked        int64           // how many leaves were acknowledged
	last         []byte          // the last checkpoint that was seen
	said         []string        // what was printed of what
}

func (k *trial) path(elem ...string) string {
	return filepath.Join(append([]string{k.dir}, elem...)...)
}

// begin makes the case of a trial.
func begin(t *testing.T, program, keys string) *trial {
	t.Helper()
	k := &trial{dir: t.TempDir(), program: program, files: map[string]bool{}}
	for name, text := range map[string]string{"case/case.yaml": bundleCase, "pass": "correct horse\n"} {
		os.MkdirAll(filepath.Dir(k.path(name)), 0o777)
		os.WriteFile(k.path(name), []byte(text), 0o666)
	}
	for i, name := range []string{"case/evidence/note.txt", "handed/a/one.txt", "handed/two.txt"} {
		text := strings.Repeat(fmt.Sprintf("line of %d\n", i), 40_000*i+1) // half a megabyte and more, to be cut
		k.files[text] = true
		os.MkdirAll(filepath.Dir(k.path(name)), 0o777)
		os.WriteFile(k.path(name), []byte(text), 0o666)
	}
	for _, name := range []string{"ada", "bob"} {
		for _, x := range []string{".key", ".pub"} {
			data, err := os.ReadFile(filepath.Join(keys, name+x))
			if err != nil {
				t.Fatal(err)
			}
			os.WriteFile(k.path(name+x), data, 0o600)
		}
	}
	return k
}

// run runs a step, kills it after a time unless that is 0, and notes what it
// acknowledged.
func (k *trial) run(t *testing.T, args []string, kill time.Duration) (code int, said string) {
	t.Helper()
	cmd := exec.Command(k.program, args...)
	cmd.Dir = k.dir
	var out, talked bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talked
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if kill > 0 {
		timer := time.AfterFunc(kill, func() { cmd.Process.Signal(syscall.SIGKILL) })
		defer timer.Stop()
	}
	cmd.Wait() // its code is returned
	k.said = append(k.said, fmt.Sprintf("%s: %.200s", strings.Join(args, " "), out.String()))
	for _, m := range regexp.MustCompile(`(?:as leaf|leaf) (\d+)`).FindAllStringSubmatch(out.String(), -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64) // digits
		k.acked = max(k.acked, n+1)
	}
	return cmd.ProcessState.ExitCode(), out.String() + talked.String()
}

// check looks for what must hold at any time: the ledger verifies, continues what
// was seen of it and has what was acknowledged; no original, working copy,
// review or bundle is there in part.
func (k *trial) check(t *testing.T) {
	t.Helper()
	// Opening for writing is the recovery: what was acknowledged and not yet
	// published is in the journal.
	if l, err := ledger.Open(k.path("case", custody.LedgerDir), k.path("case", custody.KeyFile)); err == nil {
		l.Close()
	} else if k.acked > 0 || k.last != nil {
		t.Errorf("the ledger does not open: %v", err)
	}
	v, err := ledger.OpenView(os.DirFS(k.path("case", custody.LedgerDir)))
	switch {
	case err == nil:
		if err := v.Check(); err != nil {
			t.Errorf("the ledger: %v", err)
		}
		if k.last != nil {
			if err := v.Consistent(k.last); err != nil {
				t.Errorf("the ledger: %v", err)
			}
		}
		k.last = v.Checkpoint()
		if v.Size() < k.acked {
			t.Errorf("%d leaves were acknowledged, %d are there: %q", k.acked, v.Size(), k.said)
		}
	case k.acked > 0 || k.last != nil:
		t.Errorf("the ledger is gone: %v", err)
	}
	store := k.path("case", custody.StoreDir)
	filepath.WalkDir(store, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".unfinished-") {
			if data, err := os.ReadFile(p); err != nil || digest(data) != d.Name() {
				t.Errorf("the original %s is not what its name says (%v)", p, err)
			}
		}
		return nil
	})
	filepath.WalkDir(k.path("case", "evidence"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if data, err := os.ReadFile(p); err != nil || !k.files[string(data)] {
				t.Errorf("%s is no whole copy (%v, %d bytes)", p, err, len(data))
			}
		}
		return nil
	})
	if text, err := os.ReadFile(k.path("case", "out", durable.Mark)); err == nil {
		if _, err := report.Parse(text); err != nil {
			t.Errorf("the review: %v", err)
		}
	} else if _, err := os.Lstat(k.path("case", "out")); err == nil {
		t.Error("an output without its review")
	}
	if folder, packed := published(t, k.path("answer")); packed && !folder {
		t.Error("a zip without its folder")
	}
}

// Steps are killed at random, each over a case of which the steps before it are
// done; PROBITY_KILLS says how often, and what it costs is mostly the opening of
// encrypted keys. Afterwards everything holds that must hold; the step, done
// again, is done or says that it was; and in the end the answer verifies.
func TestKill(t *testing.T) {
	times := 40
	if n, err := strconv.Atoi(os.Getenv("PROBITY_KILLS")); err == nil {
		times = n
	}
	program, keys := program(t), t.TempDir()
	os.WriteFile(filepath.Join(keys, "pass"), []byte("correct horse\n"), 0o600)
	for _, name := range []string{"ada", "bob"} {
		step(t, "key", "new", name, "--dir", keys, "--passphrase-file", filepath.Join(keys, "pass"))
	}
	k := begin(t, program, keys)
	took := make([]time.Duration, len(proceedings)) // how long a step takes undisturbed
	for i, args := range proceedings {
		start := time.Now()
		if code, said := k.run(t, args, 0); code != 0 {
			t.Fatalf("%q: %d: %s", args, code, said)
		}
		took[i] = time.Since(start)
	}
	k.check(t)
	killed, done := 0, 0
	for killed < times && !t.Failed() {
		k := begin(t, program, keys)
		for i, args := range proceedings {
			code, _ := k.run(t, args, 1+rand.N(took[i]))
			if code == -1 {
				killed++
			}
			k.check(t)
			before := k.last
			if code == 0 {
				continue
			}
			code, said := k.run(t, args, 0)
			if code != 0 {
				// It took effect, and doing it twice is refused in words.
				done++
				if code != exitFailed || !regexp.MustCompile(`R[12]|has signed this review|is there: choose|sealed`).MatchString(said) {
					t.Errorf("%q after a kill: exit %d: %s", args, code, said)
				}
			}
			k.check(t)
			if before == nil && k.last == nil {
				t.Errorf("%q after a kill has begun no ledger: %s", args, said)
			}
			if t.Failed() {
				break
			}
		}
		if folder, packed := published(t, k.path("answer")); !folder || !packed {
			t.Errorf("in the end: folder %v, zip %v: %q", folder, packed, k.said)
		}
		if code, said := k.run(t, []string{"collect", "case", "--check"}, 0); code != 0 {
			t.Errorf("the store: %s", said)
		}
	}
	t.Logf("%d kills; %d steps had taken effect before they said so", killed, done)
}
