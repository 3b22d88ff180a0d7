// Package keyfile keeps the private keys of reviewers: ECDSA P-256, PKCS #8,
// encrypted at rest under a passphrase (age, scrypt).
package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"probity/internal/attest"
	"probity/internal/durable"
)

// ErrPassphrase is the error of a passphrase that does not open a key.
var ErrPassphrase = errors.New("the passphrase does not open this key")

// maxFile bounds a key file.
const maxFile = 1 << 16

// New makes a key and writes it below dir: NAME.key, encrypted, for its owner
// alone, and NAME.pub, the public key as PEM. It replaces nothing.
func New(dir, name, passphrase string) (private, public string, err error) {
	if len(passphrase) < 8 {
		return "", "", errors.New("making a key: the passphrase needs at least 8 characters")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", "", err
	}
	sealed, err := encrypt(key, passphrase)
	if err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	private, public = filepath.Join(dir, name+".key"), filepath.Join(dir, name+".pub")
	for _, p := range []string{private, public} {
		if _, err := os.Lstat(p); err == nil {
			return "", "", fmt.Errorf("making a key: %s is there: a key is never replaced; choose another name", p)
		}
	}
	if err := durable.WriteNew(private, sealed); err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	if err := durable.WriteNew(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})); err != nil {
		return "", "", errors.Join(fmt.Errorf("making a key: %w", err), os.Remove(private))
	}
	return private, public, os.Chmod(public, 0o644)
}

func encrypt(key *ecdsa.PrivateKey, passphrase string) ([]byte, error) {
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Load opens a key, and returns its SubjectPublicKeyInfo too. A wrong
// passphrase is ErrPassphrase.
func Load(file, passphrase string) (*ecdsa.PrivateKey, []byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, fmt.Errorf("opening a key: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, nil, fmt.Errorf("opening a key: %w", err)
	}
	key, err := decrypt(data, passphrase)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the key %s: %w", file, err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return key, spki, err
}

func decrypt(data []byte, passphrase string) (*ecdsa.PrivateKey, error) {
	if !bytes.HasPrefix(data, []byte("age-encryption.org/v1\n")) {
		return nil, errors.New("it is no key that probity key new made")
	}
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, ErrPassphrase
	}
	r, err := age.Decrypt(bytes.NewReader(data), id)
	if err != nil {
		return nil, ErrPassphrase
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	any, err := x509.ParsePKCS8PrivateKey(text)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("it is no ECDSA key on the curve P-256")
	}
	return key, nil
}

// Public reads the public key of a file NAME.pub.
func Public(file string) (spki []byte, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	spki, _, err = attest.ParsePublic(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return spki, nil
}
