package interop

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/tlog"

	"probity/internal/attest"
	"probity/internal/ledger"
)

// A published answer: what probity publish wrote, as real processes, of a case
// whose witness is litewitness and whose time stamps openssl makes.
type answer struct {
	dir      string // the case, the keys, the bundle
	bundle   string
	root     string // of the time stamp authority, a PEM file
	policy   []byte // of witnesses
	vkey     string // of the ledger
	probity  string
	verifier string
	keys     map[string]string // of each reviewer, as files are named by it
}

// exec runs a program and returns what it said.
func (a *answer) exec(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out), err
}

func (a *answer) step(t *testing.T, args ...string) {
	t.Helper()
	if _, err := a.exec(a.probity, args...); err != nil {
		t.Fatal(err)
	}
}

// publish makes a case, has it signed by two with time stamps and cosigned, and
// publishes it.
func publish(t *testing.T) *answer {
	t.Helper()
	a := &answer{dir: t.TempDir(), keys: map[string]string{}, probity: tool(t, "probity"), verifier: tool(t, "probity-verify")}
	a.bundle = filepath.Join(a.dir, "answer")
	server, root := opensslAuthority(t, "sha256")
	a.step(t, "simulate", "harbour", "--out", "case")
	caseFile := filepath.Join(a.dir, "case", "case.yaml")
	text, err := os.ReadFile(caseFile)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\nreview: {"), fmt.Appendf(nil, "\nreview: {time_authority: {url: %q, certificate: time.pem}, ", server.URL), 1)
	a.root = filepath.Join(a.dir, "case", "time.pem")
	if err := errors.Join(os.WriteFile(caseFile, text, 0o666), os.WriteFile(a.root, root, 0o666), os.WriteFile(filepath.Join(a.dir, "pass"), []byte("correct horse\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	a.step(t, "plan", "case", "--seal")
	vkey, err := os.ReadFile(filepath.Join(a.dir, "case", "ledger", "log.vkey"))
	if err != nil {
		t.Fatal(err)
	}
	a.vkey = strings.TrimSpace(string(vkey))
	url, witness := liteWitness(t, a.vkey)
	a.policy = fmt.Appendf(nil, "log %s\nwitness w %s %s\nquorum w\n", a.vkey, witness, url)
	if err := os.WriteFile(filepath.Join(a.dir, "case", "witnesses.policy"), a.policy, 0o666); err != nil {
		t.Fatal(err)
	}
	reviewers := "probity_policy: 1\nquorum: 2\nreviewers:\n"
	for name, role := range map[string]string{"ada": "author", "bob": "approver"} {
		a.step(t, "key", "new", name, "--passphrase-file", "pass")
		pub, err := os.ReadFile(filepath.Join(a.dir, name+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		spki, _, err := attest.ParsePublic(pub)
		a.keys[name] = attest.KeyID(spki)[:16]
		if err != nil {
			t.Fatal(err)
		}
		reviewers += fmt.Sprintf("  - {name: %s, role: %s, key_sha256: %s}\n", name, role, attest.KeyID(spki))
	}
	if err := os.WriteFile(filepath.Join(a.dir, "policy.yaml"), []byte(reviewers), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"policy", "case", "--file", "policy.yaml"},
		{"request", "case", "--id", "R1", "--custodian", "Local office", "--witness", "logged", "--resource", "harbourops", "--due", "2999-01-01"},
		{"refuse", "case", "--request", "R1", "--reason", "none given"},
		{"collect", "case"},
		{"review", "case"},
		{"sign", "case", "--as", "ada", "--role", "author", "--key", "ada.key", "--passphrase-file", "pass"},
		{"sign", "case", "--as", "bob", "--role", "approver", "--key", "bob.key", "--passphrase-file", "pass"},
		{"publish", "case", "--out", "answer"},
	} {
		a.step(t, args...)
	}
	return a
}

// liteWitness starts torchwood's witness on loopback for one log, and returns
// its address and key. Its key lies in an agent of this process.
func liteWitness(t *testing.T, vkey string) (url, witness string) {
	t.Helper()
	dir := t.TempDir()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	socket, err := net.Listen("unix", filepath.Join(dir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	if err := ring.Add(agent.AddedKey{PrivateKey: &private}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, c)
		}
	}()
	// litewitness keeps the logs that it knows in SQLite; its own tool for that
	// links a module that is not served everywhere.
	script := `import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);"
    "CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));")
db.execute("INSERT INTO log VALUES (?, 0, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')", (sys.argv[2].split('+')[0],))
db.execute("INSERT INTO key VALUES (?, ?)", (sys.argv[2].split('+')[0], sys.argv[2]))
db.commit()`
	if out, err := exec.Command(filepath.Join(tool(t, "venv"), "bin", "python"), "-c", script, filepath.Join(dir, "db"), vkey).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	cmd := exec.Command(tool(t, "litewitness"), "-name", "lite.example", "-db", filepath.Join(dir, "db"), "-ssh-agent", filepath.Join(dir, "agent"),
		"-key", ssh.FingerprintSHA256(signer.PublicKey()), "-listen", at)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 100 {
		if res, err := http.Get("http://" + at + "/"); err == nil {
			page, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if key := regexp.MustCompile(`lite\.example\+[0-9a-f]{8}\+\S+`).FindString(html.UnescapeString(string(page))); key != "" {
				return "http://" + at, key
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("litewitness does not answer: %s", said.String())
	return "", ""
}

// What probity publish wrote is accepted by other people's programs, each of its
// part, and refused when that part is damaged.
func TestPublished(t *testing.T) {
	needOpenssl(t)
	a := publish(t)
	out, err := a.exec(a.verifier, a.bundle)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`witnesses +ok +1 of 1`, `times +ok .*(ada|bob) on .*(ada|bob) on .*by the authority that the bundle names`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("probity-verify does not say %s:\n%s", want, out)
		}
	}
	t.Run("torchwood", func(t *testing.T) { acceptedByTorchwood(t, a) })
	t.Run("openssl", func(t *testing.T) { acceptedByOpenssl(t, a) })
	t.Run("sigstore", func(t *testing.T) {
		modules := tool(t, "node_modules")
		verify := verifyMJS(t, modules)
		a.signatures(t, func(bundle, key, content string) error {
			return verify(bundle, filepath.Join(a.bundle, "data/signatures/trusted_root.json"), key)
		})
	})
	t.Run("cosign", func(t *testing.T) {
		cosign := tool(t, "cosign")
		if _, err := os.Stat(cosign); err != nil {
			t.Skip("interop/run without quick installs cosign")
		}
		verify := func(bundle, key, content string) error {
			_, err := a.exec(cosign, "verify-blob-attestation", "--bundle", bundle, "--key", key, "--trusted-root", filepath.Join(a.bundle, "data/signatures/trusted_root.json"),
				"--use-signed-timestamps", "--type", attest.ReviewType, content)
			return err
		}
		a.signatures(t, verify)
		other := filepath.Join(a.dir, "other.json")
		content, err := os.ReadFile(filepath.Join(a.bundle, "data/sealed/review.json"))
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/2] ^= 1
		os.WriteFile(other, content, 0o666)
		if sig := a.signature("ada"); verify(sig+".sigstore.json", sig+".pub", other) == nil {
			t.Error("a review with a changed bit was accepted")
		}
	})
	t.Run("bagit", func(t *testing.T) { acceptedByBagit(t, a) })
	t.Run("litewitness", func(t *testing.T) { forksRefused(t, a) })
}

// signature returns where the signature of a reviewer lies, without its ending:
// files are named by the key.
func (a *answer) signature(name string) string {
	return filepath.Join(a.bundle, "data/signatures", a.keys[name])
}

// signatures has each signature of the bundle verified, and each damaged one
// refused. The entry's own rootHash is not among what is damaged: neither client
// reads it, since the checkpoint has the root.
func (a *answer) signatures(t *testing.T, verify func(bundle, key, content string) error) {
	t.Helper()
	content := filepath.Join(a.bundle, "data/sealed/review.json")
	at := func(file string) string {
		name, ending, _ := strings.Cut(file, ".")
		return a.signature(name) + "." + ending
	}
	for _, name := range []string{"ada", "bob"} {
		if err := verify(at(name+".sigstore.json"), at(name+".pub"), content); err != nil {
			t.Error(err)
		}
	}
	if verify(at("ada.sigstore.json"), at("bob.pub"), content) == nil {
		t.Error("the key of another was accepted")
	}
	bundle, err := os.ReadFile(at("ada.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := damagedTimes(t, bundle)
	for name, change := range map[string]func(b *attest.Bundle){
		"place.json": func(b *attest.Bundle) {
			b.Material.Entries[0].LogIndex = "1"
			b.Material.Entries[0].Proof.LogIndex = "1"
		},
		"proof.json":    func(b *attest.Bundle) { b.Material.Entries[0].Proof.Hashes[0][3] ^= 1 },
		"no-entry.json": func(b *attest.Bundle) { b.Material.Entries = nil },
		"payload.json": func(b *attest.Bundle) {
			b.Envelope.Payload = bytes.Replace(b.Envelope.Payload, []byte("ada"), []byte("eve"), 1)
			b.Envelope.Payload = append(b.Envelope.Payload, ' ')
		},
		"signature.json": func(b *attest.Bundle) { s := b.Envelope.Signatures[0].Sig; s[len(s)-1] ^= 1 },
		"checkpoint.json": func(b *attest.Bundle) {
			c := &b.Material.Entries[0].Proof.Checkpoint.Envelope
			*c = strings.Replace(*c, "\n\n", "x\n\n", 1)
		},
	} {
		var b attest.Bundle
		if err := json.Unmarshal(bundle, &b); err != nil {
			t.Fatal(err)
		}
		change(&b)
		if damaged[name], err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range damaged {
		p := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(p, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if verify(p, at("ada.pub"), content) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// acceptedByTorchwood: the checkpoint that litewitness cosigned meets the policy,
// and so does the proof of each leaf; neither does without the cosignature.
func acceptedByTorchwood(t *testing.T, a *answer) {
	policy, err := torchwood.ParsePolicy(a.policy)
	if err != nil {
		t.Fatal(err)
	}
	view, err := ledger.OpenView(os.DirFS(filepath.Join(a.bundle, "data", "ledger")))
	if err != nil {
		t.Fatal(err)
	}
	signed := view.Checkpoint()
	c, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil || c.N != view.Size() {
		t.Fatalf("%v, %v", c, err)
	}
	bare := signed[:bytes.Index(signed, []byte("— lite.example "))]
	if _, _, err := torchwood.VerifyCheckpoint(bare, policy); err == nil {
		t.Error("a checkpoint without the cosignature was accepted")
	}
	index := int64(0)
	for leaf, err := range view.Leaves(0) {
		if err != nil {
			t.Fatal(err)
		}
		proof, err := view.Proof(index)
		if err != nil {
			t.Fatal(err)
		}
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(leaf), proof); err != nil {
			t.Errorf("leaf %d: %v", index, err)
		}
		if torchwood.VerifyProof(policy, tlog.RecordHash(append(leaf, ' ')), proof) == nil {
			t.Errorf("leaf %d: a changed one was accepted", index)
		}
		index++
	}
}

// acceptedByOpenssl: openssl verifies the stamp of each signature.
func acceptedByOpenssl(t *testing.T, a *answer) {
	dir := t.TempDir()
	for _, name := range []string{"ada", "bob"} {
		bundle, err := os.ReadFile(a.signature(name) + ".sigstore.json")
		if err != nil {
			t.Fatal(err)
		}
		sig, stamps, err := attest.SignatureOf(bundle)
		if err != nil || len(stamps) != 1 {
			t.Fatal(err, len(stamps))
		}
		os.WriteFile(filepath.Join(dir, name+".sig"), sig, 0o666)
		os.WriteFile(filepath.Join(dir, name+".tsr"), stamps[0], 0o666)
	}
	check := func(sig, stamp string) error {
		return openssl(dir, "ts", "-verify", "-data", sig, "-in", stamp, "-CAfile", a.root)
	}
	if err := errors.Join(check("ada.sig", "ada.tsr"), check("bob.sig", "bob.tsr")); err != nil {
		t.Error(err)
	}
	if check("ada.sig", "bob.tsr") == nil {
		t.Error("the stamp of another signature was accepted")
	}
}

// acceptedByBagit: the Library of Congress's validator accepts the folder, and
// refuses it when a member is changed, lost or added, or a manifest is.
func acceptedByBagit(t *testing.T, a *answer) {
	validator := filepath.Join(tool(t, "venv"), "bin", "bagit.py")
	validate := func(dir string) error {
		_, err := a.exec(filepath.Join(tool(t, "venv"), "bin", "python"), validator, "--validate", dir)
		return err
	}
	if err := validate(a.bundle); err != nil {
		t.Fatal(err)
	}
	flip := func(name string) func(string) error {
		return func(dir string) error {
			p := filepath.Join(dir, filepath.FromSlash(name))
			data, err := os.ReadFile(p)
			if err == nil {
				data[len(data)/2] ^= 1
				err = os.WriteFile(p, data, 0o666)
			}
			return err
		}
	}
	for name, damage := range map[string]func(string) error{
		"a changed review":     flip("data/review.json"),
		"a changed tile":       flip("data/ledger/checkpoint"),
		"a changed manifest":   flip("manifest-sha256.txt"),
		"a changed tag":        flip("bag-info.txt"),
		"a member that is not": func(dir string) error { return os.Remove(filepath.Join(dir, "data", "report.html")) },
		"a member too many":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "data", "x"), nil, 0o666) },
	} {
		dir := filepath.Join(t.TempDir(), "bag")
		if err := errors.Join(os.CopyFS(dir, os.DirFS(a.bundle)), damage(dir)); err != nil {
			t.Fatal(err)
		}
		if validate(dir) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// forksRefused: litewitness cosigns a ledger that grew, and neither a shorter
// one nor one that grew otherwise; the product says so.
func forksRefused(t *testing.T, a *answer) {
	request := func(dir, id string) {
		a.step(t, "request", dir, "--id", id, "--custodian", "Customer", "--witness", "logged", "--due", "2999-01-01")
	}
	before := filepath.Join(a.dir, "before")
	if err := copyCase(before, filepath.Join(a.dir, "case")); err != nil {
		t.Fatal(err)
	}
	request("case", "R2")
	request("case", "R3")
	if out, err := a.exec(a.probity, "ledger", "cosign", "case"); err != nil || !strings.Contains(out, "1 of 1 cosigned") {
		t.Errorf("%s %v", out, err)
	}
	for i := range 3 { // shorter, of the same size, longer
		request("before", fmt.Sprintf("F%d", i))
		out, err := a.exec(a.probity, "ledger", "cosign", "before")
		if err == nil && !strings.Contains(out, "0 of 1 cosigned") || !strings.Contains(out, "witness lite.example: ") {
			t.Errorf("fork %d: %v: %s", i, err, out)
		}
	}
}

// copyCase copies the folder of a case with the modes of its files.
func copyCase(to, from string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, rel), 0o777))
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(p)
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), data, info.Mode()))
	})
}
