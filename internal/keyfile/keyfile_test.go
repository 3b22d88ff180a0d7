package keyfile

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"probity/internal/attest"
)

func TestKey(t *testing.T) {
	dir := t.TempDir()
	private, public, err := New(dir, "ada", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if i, _ := os.Stat(private); i.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", i.Mode())
	}
	key, spki, err := Load(private, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(private)
	plain, _ := x509.MarshalPKCS8PrivateKey(key)
	scalar, _ := key.Bytes()
	if bytes.Contains(data, plain) || bytes.Contains(data, scalar) || bytes.Contains(data, []byte("PRIVATE")) {
		t.Error("the key is readable in its file")
	}
	if got, err := Public(public); err != nil || !bytes.Equal(got, spki) || len(attest.KeyID(spki)) != 64 {
		t.Errorf("the public key: %v", err)
	}
	for _, wrong := range []string{"correct hors", "", "Correct horse"} {
		if _, _, err := Load(private, wrong); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, _, err := New(dir, "ada", "correct horse"); err == nil {
		t.Error("a key was replaced")
	}
	if again, _ := os.ReadFile(private); !bytes.Equal(again, data) {
		t.Error("the key changed")
	}
	if _, _, err := New(dir, "bob", "short"); err == nil {
		t.Error("a passphrase of five characters was taken")
	}
	for at := range data {
		if at%67 != 5 {
			continue
		}
		bad := bytes.Clone(data)
		bad[at] ^= 1
		p := filepath.Join(dir, "bad.key")
		os.WriteFile(p, bad, 0o600)
		if k, _, err := Load(p, "correct horse"); err == nil && !k.Equal(key) {
			t.Fatalf("changed at %d: another key", at)
		}
	}
}
