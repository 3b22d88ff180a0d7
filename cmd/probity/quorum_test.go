package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/ledger"
	"probity/internal/stamptest"
	"probity/internal/verify"
)

// fails runs the program in this process and returns what it said.
func fails(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, talked bytes.Buffer
	if code := run(context.Background(), args, &talk{out: &out, err: &talked, width: 100}); code != want {
		t.Fatalf("probity %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), talked.String())
	}
	return out.String() + talked.String()
}

// A final answer needs the quorum of the case's witnesses, a draft does not, and
// a bundle from which the policy was taken, or in which it was changed, fails.
func TestQuorum(t *testing.T) {
	dir := t.TempDir()
	at := func(elem ...string) string { return filepath.Join(append([]string{dir}, elem...)...) }
	for name, text := range map[string]string{"case/case.yaml": bundleCase, "case/evidence/note.txt": "nothing", "pass": "correct horse\n"} {
		os.MkdirAll(filepath.Dir(at(name)), 0o777)
		os.WriteFile(at(name), []byte(text), 0o666)
	}
	step(t, "plan", at("case"), "--seal")
	vkey, err := os.ReadFile(at("case", "ledger", "log.vkey"))
	if err != nil {
		t.Fatal(err)
	}
	var urls, vkeys []string
	down := make([]bool, 3)
	for i := range 3 {
		w, err := ledger.OpenWitness(at(fmt.Sprint("w", i)), fmt.Sprintf("w%d.example", i), []string{strings.TrimSpace(string(vkey))})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if down[i] {
				http.Error(out, "out of order", http.StatusServiceUnavailable)
				return
			}
			w.ServeHTTP(out, r)
		}))
		defer server.Close()
		urls, vkeys = append(urls, server.URL), append(vkeys, w.Vkey())
	}
	policy := ""
	for i := range 3 {
		policy += fmt.Sprintf("witness w%d %s %s\n", i, vkeys[i], urls[i])
	}
	policy += "group g 2 w0 w1 w2\nquorum g\n"
	os.WriteFile(at("case", custody.WitnessFile), []byte(policy), 0o666)
	var reviewers strings.Builder
	for i, role := range []string{"author", "approver"} {
		name := []string{"ada", "bob"}[i]
		step(t, "key", "new", name, "--dir", dir, "--passphrase-file", at("pass"))
		key, err := os.ReadFile(at(name + ".pub"))
		if err != nil {
			t.Fatal(err)
		}
		spki, _, err := attest.ParsePublic(key)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&reviewers, "  - {name: %s, role: %s, key_sha256: %s}\n", name, role, attest.KeyID(spki))
	}
	os.WriteFile(at("policy.yaml"), []byte("probity_policy: 1\nquorum: 2\nreviewers:\n"+reviewers.String()), 0o666)
	step(t, "policy", at("case"), "--file", at("policy.yaml"))
	step(t, "collect", at("case"))
	step(t, "review", at("case"))
	for i, role := range []string{"author", "approver"} {
		name := []string{"ada", "bob"}[i]
		step(t, "sign", at("case"), "--as", name, "--role", role, "--key", at(name+".key"), "--passphrase-file", at("pass"))
	}

	down[0], down[1] = true, true
	if said := fails(t, exitFailed, "publish", at("case"), "--out", at("early")); !strings.Contains(said, "1 of 3 witnesses cosigned: the quorum is not met") || !strings.Contains(said, "w1.example: it answered 503") {
		t.Error(said)
	}
	if _, err := os.Stat(at("early")); err == nil {
		t.Error("it was published all the same")
	}
	step(t, "publish", at("case"), "--out", at("draft"), "--draft")
	if failed := bundleSteps(at("draft"), verify.Options{}); !slices.Equal(failed, []string{"witnesses"}) {
		t.Errorf("the draft fails %q", failed)
	}
	down[1] = false
	good := at("good")
	if said := fails(t, exitDone, "publish", at("case"), "--out", good); !strings.Contains(said, "2 of 3 witnesses cosigned\n") {
		t.Error(said)
	}
	if failed := bundleSteps(good, verify.Options{}); len(failed) > 0 {
		t.Fatalf("%q failed", failed)
	}
	step(t, "ledger", "cosign", at("case"))

	for name, c := range map[string]struct {
		change func(w string) error
		want   string
	}{
		"the policy taken away": {func(w string) error { return os.Remove(filepath.Join(w, "data", custody.WitnessFile)) }, "signatures"},
		"a laxer policy": {func(w string) error {
			return os.WriteFile(filepath.Join(w, "data", custody.WitnessFile), []byte(strings.Replace(policy, "group g 2", "group g 1", 1)), 0o666)
		}, "signatures"},
		"a cosignature taken away": {func(w string) error {
			p := filepath.Join(w, "data", "ledger", "checkpoint")
			text, err := os.ReadFile(p)
			i := bytes.Index(text, []byte("— w1.example"))
			return errors.Join(err, os.WriteFile(p, text[:i], 0o666))
		}, "witnesses"},
	} {
		work := at("work")
		os.RemoveAll(work)
		if err := errors.Join(os.CopyFS(work, os.DirFS(good)), c.change(work)); err != nil {
			t.Fatal(err)
		}
		rebag(t, work)
		if failed := bundleSteps(work, verify.Options{}); !slices.Equal(failed, []string{c.want}) {
			t.Errorf("%s: %q failed, want %s", name, failed, c.want)
		}
	}
	os.WriteFile(at("case", custody.WitnessFile), []byte(strings.Replace(policy, "group g 2", "group g 1", 1)), 0o666)
	if said := fails(t, exitFailed, "publish", at("case"), "--out", at("changed")); !strings.Contains(said, "is not the one that the policy of leaf 2 names") {
		t.Error(said)
	}
	os.Remove(at("case", custody.WitnessFile))
	if said := fails(t, exitFailed, "publish", at("case"), "--out", at("changed")); !strings.Contains(said, "witnesses.policy is missing") {
		t.Error(said)
	}
}

// A time stamp that is bad in any way fails the step that says so, and nothing
// else.
func TestDamagedTimes(t *testing.T) {
	dir := signedCase(t)
	tsa, err := stamptest.New(stamptest.Wrong{})
	if err != nil {
		t.Fatal(err)
	}
	defer tsa.Server.Close()
	early, err := stamptest.New(stamptest.Wrong{Time: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer early.Server.Close()
	pem := func(name string, a *stamptest.Authority) string {
		p := filepath.Join(dir, name)
		os.WriteFile(p, a.PEM, 0o666)
		return p
	}
	if said := fails(t, exitFailed, "sign", filepath.Join(dir, "case"), "--stamp", "--tsa", early.Server.URL, "--tsa-certificate", pem("early.pem", early)); !strings.Contains(said, "before the plan of leaf 1 was sealed") {
		t.Error(said)
	}
	step(t, "sign", filepath.Join(dir, "case"), "--stamp", "--tsa", tsa.Server.URL, "--tsa-certificate", pem("tsa.pem", tsa))
	good := filepath.Join(dir, "good")
	step(t, "publish", filepath.Join(dir, "case"), "--out", good)
	if failed := bundleSteps(good, verify.Options{TimeAuthority: tsa.PEM}); len(failed) > 0 {
		t.Fatalf("%q failed", failed)
	}
	read := func(p string) []byte {
		data, err := os.ReadFile(filepath.Join(good, p))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	ada, bob := signatureIn(t, dir, "ada")+".sigstore.json", signatureIn(t, dir, "bob")+".sigstore.json"
	signature, stamps, err := attest.SignatureOf(read(ada))
	if err != nil || len(stamps) != 1 {
		t.Fatal(err, len(stamps))
	}
	_, others, _ := attest.SignatureOf(read(bob))
	anchors, _ := attest.ParseAnchors(early.PEM)
	old, stamp, err := attest.RequestTime(context.Background(), nil, early.Server.URL, anchors, signature)
	if err != nil {
		t.Fatal(err)
	}
	onlyEarly, err := attest.TrustedRoot(string(bytes.TrimSpace(read("data/ledger/log.vkey"))), "2026-01-01T00:00:00Z", attest.Authority{URL: early.Server.URL, Chain: stamp.Chain})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(name string, change func(b *attest.Bundle)) func(string) {
		return func(w string) {
			var b attest.Bundle
			if err := json.Unmarshal(read(name), &b); err != nil {
				t.Fatal(err)
			}
			change(&b)
			text, _ := json.Marshal(b)
			os.WriteFile(filepath.Join(w, name), text, 0o666)
		}
	}
	for name, c := range map[string]struct {
		change func(w string)
		want   []string
	}{
		"a changed byte":       {edit(ada, func(b *attest.Bundle) { b.Material.Times.RFC3161[0].Signed[200] ^= 1 }), []string{"times"}},
		"cut off":              {edit(ada, func(b *attest.Bundle) { s := &b.Material.Times.RFC3161[0]; s.Signed = s.Signed[:len(s.Signed)-9] }), []string{"times"}},
		"the stamp of another": {edit(ada, func(b *attest.Bundle) { b.Material.Times.RFC3161[0].Signed = others[0] }), []string{"times"}},
		"a second one that is empty": {edit(ada, func(b *attest.Bundle) {
			b.Material.Times.RFC3161 = append(b.Material.Times.RFC3161, attest.SignedTime{})
		}), []string{"times"}},
		"taken away":                        {edit(ada, func(b *attest.Bundle) { b.Material.Times = nil }), nil},
		"of an authority that nobody names": {edit(ada, func(b *attest.Bundle) { b.Material.Times.RFC3161[0].Signed = old }), []string{"times"}},
		"before the plan was sealed": {func(w string) {
			edit(ada, func(b *attest.Bundle) { b.Material.Times.RFC3161[0].Signed = old })(w)
			os.WriteFile(filepath.Join(w, "data/signatures/trusted_root.json"), onlyEarly, 0o666)
		}, []string{"times"}},
		"no trusted root": {func(w string) { os.Remove(filepath.Join(w, "data/signatures/trusted_root.json")) }, []string{"times"}},
		"a trusted root with a member twice": {func(w string) {
			os.WriteFile(filepath.Join(w, "data/signatures/trusted_root.json"), append([]byte(`{"mediaType":"x",`), read("data/signatures/trusted_root.json")[1:]...), 0o666)
		}, []string{"times"}},
	} {
		work := filepath.Join(dir, "work")
		os.RemoveAll(work)
		if err := os.CopyFS(work, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		c.change(work)
		rebag(t, work)
		if failed := bundleSteps(work, verify.Options{}); !slices.Equal(failed, c.want) {
			t.Errorf("%s: %q failed, want %q", name, failed, c.want)
		}
	}
}
