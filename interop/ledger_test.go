package interop

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"probity/internal/attest"
	"probity/internal/ledger"
)

const origin = "harbour.probity.invalid"

func newLedger(t *testing.T, n int) (*ledger.Ledger, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Create(filepath.Join(dir, "ledger"), filepath.Join(dir, "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for i := range n {
		if _, err := l.Append(fmt.Appendf(nil, "leaf %d", i)); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 || i == n-1 {
			if err := l.Publish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l, filepath.Join(dir, "ledger")
}

// Tessera's fsck, which rebuilds a log from its entries, accepts the ledger,
// and refuses it when anything that it reads is changed.
func TestTessera(t *testing.T) {
	l, dir := newLedger(t, 700)
	verifier, err := note.NewVerifier(l.View().Vkey())
	if err != nil {
		t.Fatal(err)
	}
	check := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return fsck.New(origin, verifier, client.FileFetcher{Root: dir}, leafHashes, fsck.Opts{N: 2}).Check(ctx)
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"checkpoint", "tile/entries/001", "tile/entries/002.p/188", "tile/0/000", "tile/1/000.p/2"} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(data)
		bad[len(bad)/2] ^= 1
		os.WriteFile(p, bad, 0o644)
		theirs, ours := check(), l.View().Check()
		if name == "checkpoint" {
			_, ours = ledger.OpenView(os.DirFS(dir))
		}
		if theirs == nil || ours == nil {
			t.Errorf("%s changed: fsck says %v, probity %v", name, theirs, ours)
		}
		os.WriteFile(p, data, 0o644)
	}
}

// leafHashes are the hashes of the leaves of a bundle of entries.
func leafHashes(bundle []byte) ([][]byte, error) {
	var out [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("cut off")
		}
		n := int(bundle[0])<<8 | int(bundle[1])
		if n > len(bundle)-2 {
			return nil, fmt.Errorf("cut off")
		}
		h := sha256.Sum256(append([]byte{0}, bundle[2:2+n]...))
		out, bundle = append(out, h[:]), bundle[2+n:]
	}
	return out, nil
}

// Torchwood accepts proofs, policies and cosignatures, and refuses a proof of
// another leaf and a quorum that is not there.
func TestTorchwood(t *testing.T) {
	l, _ := newLedger(t, 300)
	w, err := ledger.OpenWitness(t.TempDir(), "w.example", []string{l.View().Vkey()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	server := httptest.NewServer(w)
	defer server.Close()
	text := fmt.Appendf(nil, "log %s\nwitness w %s %s\nquorum w\n", l.View().Vkey(), w.Vkey(), server.URL)
	theirs, err := torchwood.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ledger.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := l.View().Proof(123)
	if err != nil {
		t.Fatal(err)
	}
	if err := torchwood.VerifyProof(theirs, tlog.RecordHash([]byte("leaf 123")), proof); err == nil {
		t.Error("a proof without the quorum was accepted")
	}
	if n, _, err := l.Cosign(context.Background(), ours, nil); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if proof, err = l.View().Proof(123); err != nil {
		t.Fatal(err)
	}
	if err := torchwood.VerifyProof(theirs, tlog.RecordHash([]byte("leaf 123")), proof); err != nil {
		t.Error(err)
	}
	if err := torchwood.VerifyProof(theirs, tlog.RecordHash([]byte("leaf 124")), proof); err == nil {
		t.Error("the proof of another leaf was accepted")
	}
}

// signature writes a signed file as it stands in a case, and a damaged copy
// for each way in which it can be damaged.
func signature(t *testing.T) (dir string, damaged []string) {
	t.Helper()
	l, _ := newLedger(t, 5)
	dir = t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("{\"probity\":1}\n")
	statement, err := attest.NewStatement(attest.ReviewType, "review.json", content, map[string]any{"case": "harbour"})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := attest.Sign(statement, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := attest.Leaf(statement, sig, spki)
	if err != nil {
		t.Fatal(err)
	}
	index, err := l.Append(leaf)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(); err != nil {
		t.Fatal(err)
	}
	bundle, err := attest.NewBundle(statement, sig, spki, l.View(), index)
	if err != nil {
		t.Fatal(err)
	}
	bundle, stamper := withTime(t, dir, bundle, sig)
	root, err := attest.TrustedRoot(l.View().Vkey(), "2026-01-01T00:00:00Z", stamper)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("review.json", content)
	write("key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	write("trusted_root.json", root)
	write("good.json", bundle)
	for name, change := range map[string][2]string{
		"place.json": {`"logIndex": "5"`, `"logIndex": "4"`},
		"tree.json":  {origin + `\n6\n`, origin + `\n7\n`},
	} {
		bad := strings.ReplaceAll(string(bundle), change[0], change[1])
		if bad == string(bundle) {
			t.Fatalf("%s: nothing to change", name)
		}
		write(name, []byte(bad))
		damaged = append(damaged, name)
	}
	for name, bad := range damagedTimes(t, bundle) {
		write(name, bad)
		damaged = append(damaged, name)
	}
	return dir, damaged
}

// verifyMJS returns what runs npm's verifier on a bundle, a trusted root and a
// key.
func verifyMJS(t *testing.T, modules string) func(bundle, root, key string) error {
	t.Helper()
	script, err := os.ReadFile("verify.mjs")
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(filepath.Dir(modules), "verify.mjs") // beside the modules that it imports
	if err := os.WriteFile(p, script, 0o644); err != nil {
		t.Fatal(err)
	}
	return func(bundle, root, key string) error {
		out, err := exec.Command("node", p, bundle, root, key).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
}

// npm @sigstore/verify accepts a signature, its place in the ledger and its time
// stamp, offline, and refuses damaged ones.
func TestSigstoreJS(t *testing.T) {
	run := verifyMJS(t, tool(t, "node_modules"))
	dir, damaged := signature(t)
	verify := func(bundle string) error {
		return run(filepath.Join(dir, bundle), filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "key.pub"))
	}
	if err := verify("good.json"); err != nil {
		t.Error(err)
	}
	for _, name := range damaged {
		if verify(name) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// cosign accepts the same, without a flag that skips the log.
func TestCosign(t *testing.T) {
	cosign := tool(t, "cosign")
	if _, err := os.Stat(cosign); err != nil {
		t.Skip("interop/run without quick installs cosign")
	}
	dir, damaged := signature(t)
	verify := func(bundle, key, file string) error {
		cmd := exec.Command(cosign, "verify-blob-attestation", "--bundle", bundle, "--key", key, "--trusted-root", "trusted_root.json",
			"--use-signed-timestamps", "--type", attest.ReviewType, file)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := verify("good.json", "key.pub", "review.json"); err != nil {
		t.Error(err)
	}
	for _, name := range damaged {
		if verify(name, "key.pub", "review.json") == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	os.WriteFile(filepath.Join(dir, "other.json"), []byte("{}"), 0o644)
	if verify("good.json", "key.pub", "other.json") == nil {
		t.Error("another file was accepted")
	}
}
