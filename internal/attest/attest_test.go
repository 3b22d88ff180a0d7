package attest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"probity/internal/ledger"
)

// signed is a ledger with some leaves and a signature among them.
type signed struct {
	ledger             *ledger.Ledger
	key                *ecdsa.PrivateKey
	spki               []byte
	content, statement []byte
	signature, bundle  []byte
	vkey               string
}

func newSigned(t testing.TB) *signed {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Create(filepath.Join(dir, "ledger"), filepath.Join(dir, "key"), "harbour.probity.invalid")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &signed{ledger: l, content: []byte(`{"probity":1}`), vkey: l.View().Vkey()}
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if s.spki, err = x509.MarshalPKIXPublicKey(&s.key.PublicKey); err != nil {
		t.Fatal(err)
	}
	if s.statement, err = NewStatement(ReviewType, "review.json", s.content, map[string]any{"case": "harbour", "role": "author"}); err != nil {
		t.Fatal(err)
	}
	if s.signature, err = Sign(s.statement, s.key); err != nil {
		t.Fatal(err)
	}
	leaf, err := Leaf(s.statement, s.signature, s.spki)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append([]byte("before"), []byte("before that"), leaf, []byte("after")); err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(); err != nil {
		t.Fatal(err)
	}
	if s.bundle, err = NewBundle(s.statement, s.signature, s.spki, l.View(), 2); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	s := newSigned(t)
	v, err := Verify(s.bundle, s.spki, s.content, s.vkey)
	if err != nil {
		t.Fatal(err)
	}
	if v.Index != 2 || v.Size != 4 || v.PredicateType != ReviewType || !bytes.Contains(v.Predicate, []byte(`"author"`)) {
		t.Errorf("%+v", v)
	}
	if _, err := NewBundle(s.statement, s.signature, s.spki, s.ledger.View(), 1); err == nil {
		t.Error("a bundle was made with the leaf of something else")
	}
	root, err := TrustedRoot(s.vkey, "2026-01-01T00:00:00Z")
	if err != nil || !json.Valid(root) {
		t.Errorf("the trusted root: %v", err)
	}
	// For checks with other programs.
	if dir := os.Getenv("ATTEST_KEEP"); dir != "" {
		write := func(name string, data []byte) { os.WriteFile(filepath.Join(dir, name), data, 0o644) }
		write("review.json", s.content)
		write("good.sigstore.json", s.bundle)
		write("trusted_root.json", root)
		write("key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.spki}))
	}
}

// Each damage has its class.
func TestDamage(t *testing.T) {
	s, other := newSigned(t), newSigned(t)
	edit := func(change func(b *Bundle)) []byte {
		var b Bundle
		if err := json.Unmarshal(s.bundle, &b); err != nil {
			t.Fatal(err)
		}
		change(&b)
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var theirs Bundle
	json.Unmarshal(other.bundle, &theirs)
	dissent, err := NewStatement("https://example.invalid/other", "review.json", s.content, nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := Sign(dissent, s.key)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		bundle, spki, content []byte
		vkey                  string
		class                 Class
	}{
		"no JSON":               {[]byte("{"), s.spki, s.content, s.vkey, BadFormat},
		"a member twice":        {bytes.Replace(s.bundle, []byte("{"), []byte(`{"mediaType":"x",`), 1), s.spki, s.content, s.vkey, BadFormat},
		"a member nobody knows": {bytes.Replace(s.bundle, []byte("{"), []byte(`{"extra":1,`), 1), s.spki, s.content, s.vkey, BadFormat},
		"another media type":    {edit(func(b *Bundle) { b.MediaType += "x" }), s.spki, s.content, s.vkey, BadFormat},
		"no signature":          {edit(func(b *Bundle) { b.Envelope.Signatures = nil }), s.spki, s.content, s.vkey, BadFormat},
		"two entries":           {edit(func(b *Bundle) { b.Material.Entries = append(b.Material.Entries, b.Material.Entries[0]) }), s.spki, s.content, s.vkey, BadFormat},
		"another key":           {s.bundle, other.spki, s.content, s.vkey, BadKey},
		"another hint":          {edit(func(b *Bundle) { b.Material.PublicKey.Hint = theirs.Material.PublicKey.Hint }), s.spki, s.content, s.vkey, BadKey},
		"another file":          {s.bundle, s.spki, []byte("other"), s.vkey, BadSubject},
		"a changed statement":   {edit(func(b *Bundle) { b.Envelope.Payload[100] ^= 1 }), s.spki, s.content, s.vkey, BadSignature},
		"a changed signature":   {edit(func(b *Bundle) { b.Envelope.Signatures[0].Sig[20] ^= 1 }), s.spki, s.content, s.vkey, BadSignature},
		"a reused signature":    {edit(func(b *Bundle) { b.Envelope.Payload = dissent }), s.spki, s.content, s.vkey, BadSignature},
		"a statement of another type": {edit(func(b *Bundle) {
			b.Envelope.Payload, b.Envelope.Signatures[0].Sig = dissent, foreign
		}), s.spki, s.content, s.vkey, BadSubject},
		"the leaf of another": {edit(func(b *Bundle) { b.Material.Entries[0].Body = theirs.Material.Entries[0].Body }), s.spki, s.content, s.vkey, BadEntry},
		"another log":         {s.bundle, s.spki, s.content, other.vkey, BadInclusion},
		"another checkpoint":  {edit(func(b *Bundle) { b.Material.Entries[0].Proof.Checkpoint = theirs.Material.Entries[0].Proof.Checkpoint }), s.spki, s.content, s.vkey, BadInclusion},
		"another place":       {edit(func(b *Bundle) { b.Material.Entries[0].LogIndex, b.Material.Entries[0].Proof.LogIndex = "1", "1" }), s.spki, s.content, s.vkey, BadInclusion},
		"two places":          {edit(func(b *Bundle) { b.Material.Entries[0].LogIndex = "1" }), s.spki, s.content, s.vkey, BadInclusion},
		"a changed proof":     {edit(func(b *Bundle) { b.Material.Entries[0].Proof.Hashes[0][5] ^= 1 }), s.spki, s.content, s.vkey, BadInclusion},
		"a hash less":         {edit(func(b *Bundle) { b.Material.Entries[0].Proof.Hashes = b.Material.Entries[0].Proof.Hashes[1:] }), s.spki, s.content, s.vkey, BadInclusion},
		"another root":        {edit(func(b *Bundle) { b.Material.Entries[0].Proof.RootHash[0] ^= 1 }), s.spki, s.content, s.vkey, BadInclusion},
		"a changed checkpoint": {edit(func(b *Bundle) {
			c := &b.Material.Entries[0].Proof.Checkpoint
			c.Envelope = strings.Replace(c.Envelope, "\n4\n", "\n5\n", 1)
		}), s.spki, s.content, s.vkey, BadInclusion},
	} {
		_, err := Verify(c.bundle, c.spki, c.content, c.vkey)
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: %v, want the class %s", what, err, c.class)
		}
	}
	for at := range s.bundle { // no byte of a value can change
		bad := bytes.Clone(s.bundle)
		bad[at] ^= 2
		if v, err := Verify(bad, s.spki, s.content, s.vkey); err == nil && (!bytes.Equal(v.Statement, s.statement) || v.Index != 2) {
			t.Fatalf("byte %d: a changed bundle verifies as something else", at)
		}
	}
}

func FuzzBundle(f *testing.F) {
	s := newSigned(f)
	f.Add(s.bundle)
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Verify(text, s.spki, s.content, s.vkey)
		if err == nil && !bytes.Equal(v.Statement, s.statement) {
			t.Error("another statement verifies")
		}
	})
}
