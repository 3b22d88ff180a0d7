// Package attest makes and checks signatures that stock tools check too: an
// in-toto Statement v1 in a DSSE envelope, signed with ECDSA P-256, inside a
// Sigstore bundle v0.3 whose transparency log is the ledger of the case.
package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"probity/internal/seal"
)

// The types of what is signed.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PayloadType   = "application/vnd.in-toto+json"
	ReviewType    = "https://probity.invalid/review/v1"    // a reviewer stands by a review
	DissentType   = "https://probity.invalid/dissent/v1"   // a reviewer does not
	RedactionType = "https://probity.invalid/redaction/v1" // a reviewer approves what is withheld
)

// A Statement says something of files.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     any       `json:"predicate"`
}

// A Subject is a file by its digest.
type Subject struct {
	Name   string `json:"name"`
	Digest Digest `json:"digest"`
}

// A Digest is a SHA-256 in hex.
type Digest struct {
	SHA256 string `json:"sha256"`
}

// NewStatement returns the bytes of a statement about one file: the same for
// the same arguments.
func NewStatement(predicateType, name string, content []byte, predicate any) ([]byte, error) {
	sum := sha256.Sum256(content)
	return seal.Canonical(Statement{StatementType, []Subject{{name, Digest{hex.EncodeToString(sum[:])}}}, predicateType, predicate})
}

// pae is the pre-authentication encoding of DSSE v1.
func pae(payload []byte) []byte {
	return append(fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(PayloadType), PayloadType, len(payload)), payload...)
}

// Sign signs a statement.
func Sign(statement []byte, key *ecdsa.PrivateKey) ([]byte, error) {
	if key.Curve != elliptic.P256() {
		return nil, errors.New("signing: want a key on the curve P-256")
	}
	sum := sha256.Sum256(pae(statement))
	return key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// Leaf returns the leaf of a signature: the canonical hashedrekord 0.0.2 of
// Rekor v2 (RFC 8785).
func Leaf(statement, signature, spki []byte) ([]byte, error) {
	sum := sha256.Sum256(pae(statement))
	b64 := base64.StdEncoding.EncodeToString
	type object = map[string]any
	return seal.Canonical(object{
		"apiVersion": "0.0.2", "kind": "hashedrekord",
		"spec": object{"hashedRekordV002": object{
			"data": object{"algorithm": "SHA2_256", "digest": b64(sum[:])},
			"signature": object{"content": b64(signature), "verifier": object{
				"keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": object{"rawBytes": b64(spki)}}},
		}},
	})
}

// ParsePublic reads a PEM file with an ECDSA P-256 public key and returns its
// SubjectPublicKeyInfo.
func ParsePublic(text []byte) (spki []byte, key *ecdsa.PublicKey, err error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, errors.New("want one PEM block PUBLIC KEY")
	}
	key, err = parseSPKI(block.Bytes)
	return block.Bytes, key, err
}

func parseSPKI(spki []byte) (*ecdsa.PublicKey, error) {
	any, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("want an ECDSA key on the curve P-256")
	}
	if again, err := x509.MarshalPKIXPublicKey(key); err != nil || !bytes.Equal(again, spki) {
		return nil, errors.New("the key is not in its one encoding")
	}
	return key, nil
}

// KeyID returns the SHA-256 of a SubjectPublicKeyInfo in hex: how a key is
// named.
func KeyID(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}

// IsLeafOf reports whether a leaf is of a signature.
func IsLeafOf(leaf, signature []byte) bool {
	var l struct {
		Spec struct {
			Rekord struct {
				Signature struct {
					Content []byte `json:"content"`
				} `json:"signature"`
			} `json:"hashedRekordV002"`
		} `json:"spec"`
	}
	return json.Unmarshal(leaf, &l) == nil && len(signature) > 0 && bytes.Equal(l.Spec.Rekord.Signature.Content, signature)
}
