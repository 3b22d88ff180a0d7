package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"probity/internal/simulate"
	"probity/internal/stamptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"probity": main})
}

// The commands as a user types them. Time stamp authorities are at $TSA, at
// $TSA_WRONG, which answers another request, and one with the root $OTHER_PEM
// that stamps nothing here.
func TestScripts(t *testing.T) {
	var authorities []*stamptest.Authority
	for _, wrong := range []stamptest.Wrong{{}, {Nonce: true}, {}} {
		a, err := stamptest.New(wrong)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Server.Close)
		authorities = append(authorities, a)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("TSA", authorities[0].Server.URL)
			e.Setenv("TSA_WRONG", authorities[1].Server.URL)
			e.Setenv("TSA_PEM", filepath.Join(e.WorkDir, ".tsa.pem"))
			e.Setenv("OTHER_PEM", filepath.Join(e.WorkDir, ".other.pem"))
			return errors.Join(os.WriteFile(e.Getenv("TSA_PEM"), authorities[0].PEM, 0o666), os.WriteFile(e.Getenv("OTHER_PEM"), authorities[2].PEM, 0o666))
		},
	})
}

// program builds the command.
func program(t *testing.T) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "probity")
	if out, err := exec.Command("go", "build", "-o", p, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

// An interrupt ends a run with code 130 and leaves nothing behind.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	if err := simulate.WriteLoad(dir, 300_000, 1); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(program(t), "review", dir, "--out", out)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 { // until the output is staged, so that there is something to leave behind
		if list, _ := os.ReadDir(filepath.Dir(out)); len(list) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its code is looked at below
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(said.String(), "interrupted") {
		t.Errorf("exit code %d, %q", code, said.String())
	}
	if list, _ := os.ReadDir(filepath.Dir(out)); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

// A full disk is an error that says so, and leaves nothing behind.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	defer syscall.Unmount(disk, 0)
	dir := t.TempDir()
	if err := simulate.WriteLoad(dir, 20_000, 1); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	code := run(context.Background(), []string{"review", dir, "--out", filepath.Join(disk, "out")}, &talk{out: &out, err: &said, width: 80})
	if code != exitFailed || !strings.Contains(said.String(), "no space left") && !strings.Contains(strings.ToLower(said.String()), "space") {
		t.Errorf("code %d, %q", code, said.String())
	}
	if list, _ := os.ReadDir(disk); len(list) != 0 || out.Len() > 0 {
		t.Errorf("left behind: %v, %q", list, out.String())
	}
}

// A folder that cannot be read is an error that names it.
func TestUnreadableFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	if err := simulate.WriteLoad(dir, 100, 1); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "evidence", "closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	code := run(context.Background(), []string{"review", dir}, &talk{out: &out, err: &said, width: 80})
	if code != exitFailed || !strings.Contains(said.String(), "evidence/closed: permission denied") {
		t.Errorf("code %d, %q", code, said.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("an output was left")
	}
}
