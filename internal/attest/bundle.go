package attest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"probity/internal/ledger"
	"probity/internal/seal"
)

// BundleType is the media type of a Sigstore bundle v0.3.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// A Bundle is the Sigstore bundle of one signature.
type Bundle struct {
	MediaType string   `json:"mediaType"`
	Material  Material `json:"verificationMaterial"`
	Envelope  Envelope `json:"dsseEnvelope"`
}

// Material is what a signature is checked with.
type Material struct {
	PublicKey struct {
		Hint string `json:"hint"`
	} `json:"publicKey"`
	Entries []Entry `json:"tlogEntries"`
	Times   *Times  `json:"timestampVerificationData,omitempty"`
}

// Times are RFC 3161 time stamps over the bytes of a signature.
type Times struct {
	RFC3161 []SignedTime `json:"rfc3161Timestamps"`
}

// A SignedTime is one RFC 3161 response.
type SignedTime struct {
	Signed []byte `json:"signedTimestamp"`
}

// An Entry is the place of a signature in the ledger.
type Entry struct {
	LogIndex string `json:"logIndex"`
	LogID    struct {
		KeyID []byte `json:"keyId"`
	} `json:"logId"`
	Kind struct {
		Kind    string `json:"kind"`
		Version string `json:"version"`
	} `json:"kindVersion"`
	IntegratedTime string    `json:"integratedTime,omitempty"`
	Proof          Inclusion `json:"inclusionProof"`
	Body           []byte    `json:"canonicalizedBody"`
}

// An Inclusion is the proof that an entry is in the ledger.
type Inclusion struct {
	LogIndex   string   `json:"logIndex"`
	RootHash   []byte   `json:"rootHash"`
	TreeSize   string   `json:"treeSize"`
	Hashes     [][]byte `json:"hashes"`
	Checkpoint struct {
		Envelope string `json:"envelope"`
	} `json:"checkpoint"`
}

// An Envelope is a DSSE envelope with one signature.
type Envelope struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []Signature `json:"signatures"`
}

// A Signature is over the pre-authentication encoding of the payload.
type Signature struct {
	Sig []byte `json:"sig"`
}

// NewBundle returns the bundle of a signature whose leaf is at index in the
// ledger.
func NewBundle(statement, signature, spki []byte, view *ledger.View, index int64) ([]byte, error) {
	body, err := view.Leaf(index)
	if err != nil {
		return nil, err
	}
	if want, err := Leaf(statement, signature, spki); err != nil || !bytes.Equal(want, body) {
		return nil, fmt.Errorf("leaf %d of the ledger is not of this signature", index)
	}
	path, err := view.Inclusion(index)
	if err != nil {
		return nil, err
	}
	keyID, err := logID(view.Vkey())
	if err != nil {
		return nil, err
	}
	hint := sha256.Sum256(spki)
	e := Entry{LogIndex: strconv.FormatInt(index, 10), Body: body}
	e.LogID.KeyID = keyID
	e.Kind.Kind, e.Kind.Version = "hashedrekord", "0.0.2"
	root := view.Root()
	e.Proof = Inclusion{LogIndex: e.LogIndex, RootHash: root[:], TreeSize: strconv.FormatInt(view.Size(), 10), Hashes: [][]byte{}}
	for _, h := range path {
		e.Proof.Hashes = append(e.Proof.Hashes, h[:])
	}
	e.Proof.Checkpoint.Envelope = string(view.Checkpoint())
	b := Bundle{MediaType: BundleType, Envelope: Envelope{Payload: statement, PayloadType: PayloadType, Signatures: []Signature{{signature}}}}
	b.Material.PublicKey.Hint = base64.StdEncoding.EncodeToString(hint[:])
	b.Material.Entries = []Entry{e}
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

// logKey returns the name and the Ed25519 key of a log's key line.
func logKey(vkey string) (name string, key []byte, err error) {
	name, rest, _ := strings.Cut(vkey, "+")
	_, text, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 33 || raw[0] != 1 {
		return "", nil, fmt.Errorf("%q is no Ed25519 key of a log", vkey)
	}
	return name, raw[1:], nil
}

// logID is the id by which bundles name a log: the whole SHA-256 of which a
// note's key hash is the beginning.
func logID(vkey string) ([]byte, error) {
	name, key, err := logKey(vkey)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(append([]byte(name+"\n"), 1), key...))
	return sum[:], nil
}

// A Class says what is wrong with a bundle.
type Class string

// The classes of failure.
const (
	BadFormat    Class = "format"    // not a bundle of this form
	BadSignature Class = "signature" // the signature is not of this key over this statement
	BadSubject   Class = "subject"   // the statement is about another file, or of another type
	BadKey       Class = "key"       // the bundle names another key
	BadEntry     Class = "entry"     // the ledger's leaf is not of this signature
	BadInclusion Class = "inclusion" // the leaf is not in the ledger of this key
)

// An Error is why a bundle does not verify.
type Error struct {
	Class Class
	Err   error
}

func (e *Error) Error() string { return string(e.Class) + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func fail(c Class, format string, args ...any) error { return &Error{c, fmt.Errorf(format, args...)} }

// A Verified is what a bundle that verifies says.
type Verified struct {
	Statement     []byte
	PredicateType string
	Predicate     json.RawMessage
	Index         int64 // of the leaf
	Size          int64 // of the checkpoint
	Signature     []byte
	Times         [][]byte // responses of time stamp authorities, not checked here
}

// Verify checks a bundle: the signature with the key, that the statement is
// about content, that the leaf is of this signature, and that the ledger with
// the key vkey holds it. An error is an [*Error].
func Verify(text, spki, content []byte, vkey string) (*Verified, error) {
	key, err := parseSPKI(spki)
	if err != nil {
		return nil, fail(BadKey, "%w", err)
	}
	b, err := parseBundle(text)
	if err != nil {
		return nil, fail(BadFormat, "%w", err)
	}
	hint := sha256.Sum256(spki)
	if b.Material.PublicKey.Hint != base64.StdEncoding.EncodeToString(hint[:]) {
		return nil, fail(BadKey, "the bundle is of the key %s, not of %x", b.Material.PublicKey.Hint, hint)
	}
	sig := b.Envelope.Signatures[0].Sig
	digest := sha256.Sum256(pae(b.Envelope.Payload))
	if !ecdsa.VerifyASN1(key, digest[:], sig) {
		return nil, fail(BadSignature, "it is not of this key over this statement")
	}
	v := &Verified{Statement: b.Envelope.Payload, Signature: sig, Times: b.times()}
	if err := v.readStatement(content); err != nil {
		return nil, err
	}
	return v, v.checkEntry(&b.Material.Entries[0], spki, vkey)
}

func (v *Verified) readStatement(content []byte) error {
	if _, err := seal.Decode(v.Statement); err != nil { // no member twice
		return fail(BadFormat, "the statement: %w", err)
	}
	var s struct {
		Type          string          `json:"_type"`
		Subject       []Subject       `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	d := json.NewDecoder(bytes.NewReader(v.Statement))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fail(BadFormat, "the statement: %w", err)
	}
	sum := sha256.Sum256(content)
	if s.Type != StatementType || len(s.Subject) != 1 || s.Subject[0].Digest.SHA256 != hex.EncodeToString(sum[:]) {
		return fail(BadSubject, "the statement is not about this file")
	}
	if s.PredicateType != ReviewType && s.PredicateType != DissentType && s.PredicateType != RedactionType {
		return fail(BadSubject, "the statement is of the type %q", s.PredicateType)
	}
	v.PredicateType, v.Predicate = s.PredicateType, s.Predicate
	return nil
}

func (v *Verified) checkEntry(e *Entry, spki []byte, vkey string) error {
	want, err := Leaf(v.Statement, v.Signature, spki)
	if err != nil || !bytes.Equal(want, e.Body) {
		return fail(BadEntry, "the leaf is not of this signature")
	}
	id, err := logID(vkey)
	if err != nil {
		return fail(BadInclusion, "%w", err)
	}
	if !bytes.Equal(id, e.LogID.KeyID) {
		return fail(BadInclusion, "the leaf is said to be in another log")
	}
	_, size, root, err := ledger.VerifyCheckpoint([]byte(e.Proof.Checkpoint.Envelope), vkey)
	if err != nil {
		return fail(BadInclusion, "%w", err)
	}
	index, err := number(e.LogIndex)
	if err != nil {
		return fail(BadFormat, "logIndex: %w", err)
	}
	if e.Proof.LogIndex != e.LogIndex || e.Proof.TreeSize != strconv.FormatInt(size, 10) || !bytes.Equal(e.Proof.RootHash, root[:]) || index >= size {
		return fail(BadInclusion, "the proof and the checkpoint are of different trees")
	}
	var path tlog.RecordProof
	for _, h := range e.Proof.Hashes {
		if len(h) != tlog.HashSize {
			return fail(BadFormat, "a hash of %d bytes", len(h))
		}
		path = append(path, tlog.Hash(h))
	}
	if err := tlog.CheckRecord(path, size, root, index, tlog.RecordHash(e.Body)); err != nil {
		return fail(BadInclusion, "leaf %d: %w", index, err)
	}
	v.Index, v.Size = index, size
	return nil
}

// parseBundle reads a bundle strictly.
func parseBundle(text []byte) (*Bundle, error) {
	if _, err := seal.Decode(text); err != nil {
		return nil, err
	}
	var b Bundle
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return nil, err
	}
	switch {
	case b.MediaType != BundleType:
		return nil, fmt.Errorf("the media type is %q", b.MediaType)
	case len(b.Envelope.Signatures) != 1 || b.Envelope.PayloadType != PayloadType:
		return nil, errors.New("want an in-toto statement with one signature")
	case len(b.Material.Entries) != 1 || b.Material.Entries[0].Kind.Kind != "hashedrekord" || b.Material.Entries[0].Kind.Version != "0.0.2":
		return nil, errors.New("want one entry of a log, hashedrekord 0.0.2")
	}
	return &b, nil
}

func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return n, nil
}

// TrustedRoot returns the Sigstore trusted root for the ledger with the key
// vkey, valid from a time in RFC 3339, and for time stamp authorities.
func TrustedRoot(vkey, from string, authorities ...Authority) ([]byte, error) {
	name, key, err := logKey(vkey)
	if err != nil {
		return nil, err
	}
	id, err := logID(vkey)
	if err != nil {
		return nil, err
	}
	type object = map[string]any
	stampers := []any{}
	for _, a := range authorities {
		stampers = append(stampers, a.object())
	}
	text, err := json.MarshalIndent(object{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs": []any{object{
			"baseUrl": "https://" + name, "hashAlgorithm": "SHA2_256",
			"publicKey": object{"rawBytes": ed25519SPKI(key), "keyDetails": "PKIX_ED25519", "validFor": object{"start": from}},
			"logId":     object{"keyId": id},
		}},
		"certificateAuthorities": []any{}, "ctlogs": []any{}, "timestampAuthorities": stampers,
	}, "", "  ")
	return append(text, '\n'), err
}

// ed25519SPKI is the SubjectPublicKeyInfo of an Ed25519 key, RFC 8410.
func ed25519SPKI(key []byte) []byte {
	return append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, key...)
}
