package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"probity/internal/attest"
	"probity/internal/stamptest"
)

// openssl runs openssl in a folder.
func openssl(dir string, args ...string) error {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("openssl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func needOpenssl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not there")
	}
}

const opensslConfig = `
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = ALG
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamps]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
`

// opensslAuthority is a time stamp authority whose stamps openssl makes: RSA
// keys, and the signer named by a hash of the algorithm.
func opensslAuthority(t *testing.T, alg string) (*httptest.Server, []byte) {
	t.Helper()
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "tsa.cnf"), []byte(strings.Replace(opensslConfig, "ALG", alg, 1)), 0o666)
	os.WriteFile(filepath.Join(dir, "serial"), []byte("01\n"), 0o666)
	for _, args := range [][]string{
		{"req", "-config", "tsa.cnf", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=openssl root", "-days", "30", "-extensions", "root"},
		{"req", "-config", "tsa.cnf", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=openssl stamps"},
		{"x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "stamps"},
	} {
		if err := openssl(dir, args...); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "query"), query, 0o666)
		}
		if err == nil {
			err = openssl(dir, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
		}
		reply, readErr := os.ReadFile(filepath.Join(dir, "reply"))
		if err != nil || readErr != nil {
			http.Error(w, fmt.Sprint(err, readErr), http.StatusInternalServerError)
			return
		}
		w.Write(reply)
	}))
	t.Cleanup(server.Close)
	root, err := os.ReadFile(filepath.Join(dir, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return server, root
}

// openssl's stamps are accepted, whichever way they name their signer, and
// refused when they are damaged or of something else.
func TestOpensslStamps(t *testing.T) {
	needOpenssl(t)
	signature := []byte("the bytes of a signature")
	for _, alg := range []string{"sha1", "sha256"} {
		server, root := opensslAuthority(t, alg)
		anchors, err := attest.ParseAnchors(root)
		if err != nil {
			t.Fatal(err)
		}
		response, stamp, err := attest.RequestTime(context.Background(), nil, server.URL, anchors, signature)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if stamp.By() != "CN=openssl stamps" {
			t.Errorf("%s: by %q", alg, stamp.By())
		}
		if _, err := anchors.Check(response, []byte("another")); err == nil {
			t.Errorf("%s: a stamp of something else was accepted", alg)
		}
		for at := 60; at < len(response); at += 97 {
			bad := bytes.Clone(response)
			bad[at] ^= 1
			if got, err := anchors.Check(bad, signature); err == nil && !got.Time.Equal(stamp.Time) {
				t.Errorf("%s: changed at %d it says %s", alg, at, got.Time)
			}
		}
	}
}

// openssl accepts the stamps that the product keeps, and refuses damaged ones,
// and one of another signature.
func TestOpensslVerify(t *testing.T) {
	needOpenssl(t)
	dir, _ := signature(t)
	bundle, err := os.ReadFile(filepath.Join(dir, "good.json"))
	if err != nil {
		t.Fatal(err)
	}
	sig, stamps, err := attest.SignatureOf(bundle)
	if err != nil || len(stamps) != 1 {
		t.Fatal(err, len(stamps))
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("sig", sig)
	write("other", append([]byte("x"), sig...))
	write("good.tsr", stamps[0])
	bad := bytes.Clone(stamps[0])
	bad[len(bad)-10] ^= 1
	write("bad.tsr", bad)
	check := func(data, response, root string) error {
		return openssl(dir, "ts", "-verify", "-data", data, "-in", response, "-CAfile", root)
	}
	if err := check("sig", "good.tsr", "time.pem"); err != nil {
		t.Error(err)
	}
	if check("sig", "bad.tsr", "time.pem") == nil || check("other", "good.tsr", "time.pem") == nil || check("sig", "good.tsr", "stranger.pem") == nil {
		t.Error("openssl accepts a damaged stamp, one of another signature, or one of a stranger")
	}
}

// withTime adds a time stamp to the bundle of a signature, and writes the
// authority's root, and that of a stranger. It returns the authority.
func withTime(t *testing.T, dir string, bundle, sig []byte) ([]byte, attest.Authority) {
	t.Helper()
	a, err := stamptest.New(stamptest.Wrong{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Server.Close)
	stranger, err := stamptest.New(stamptest.Wrong{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stranger.Server.Close)
	os.WriteFile(filepath.Join(dir, "time.pem"), a.PEM, 0o666)
	os.WriteFile(filepath.Join(dir, "stranger.pem"), stranger.PEM, 0o666)
	anchors, err := attest.ParseAnchors(a.PEM)
	if err != nil {
		t.Fatal(err)
	}
	response, stamp, err := attest.RequestTime(context.Background(), nil, a.Server.URL, anchors, sig)
	if err != nil {
		t.Fatal(err)
	}
	stamped, err := attest.AddTime(bundle, response)
	if err != nil {
		t.Fatal(err)
	}
	return stamped, attest.Authority{URL: a.Server.URL, Chain: stamp.Chain}
}

// damagedTimes are the bundle with its time stamp damaged.
func damagedTimes(t *testing.T, bundle []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	edit := func(name string, change func(b *attest.Bundle)) {
		var b attest.Bundle
		if err := json.Unmarshal(bundle, &b); err != nil {
			t.Fatal(err)
		}
		change(&b)
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = text
	}
	edit("time-changed.json", func(b *attest.Bundle) { s := b.Material.Times.RFC3161[0].Signed; s[len(s)-10] ^= 1 })
	edit("time-none.json", func(b *attest.Bundle) { b.Material.Times = nil })
	other, err := stamptest.New(stamptest.Wrong{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Server.Close)
	anchors, _ := attest.ParseAnchors(other.PEM)
	sig, _, _ := attest.SignatureOf(bundle)
	theirs, _, err := attest.RequestTime(context.Background(), nil, other.Server.URL, anchors, sig)
	if err != nil {
		t.Fatal(err)
	}
	edit("time-stranger.json", func(b *attest.Bundle) { b.Material.Times.RFC3161[0].Signed = theirs })
	edit("time-cut.json", func(b *attest.Bundle) { s := &b.Material.Times.RFC3161[0]; s.Signed = s.Signed[:len(s.Signed)-1] })
	return out
}
