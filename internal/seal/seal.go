// Package seal commits to values without telling them, so that what is signed
// stays the same whatever is later withheld.
//
//   - A value that may be withheld stands in what is signed as {"...": digest};
//     its disclosure is a salted array element of RFC 9901 section 4.2.2. A
//     value has one salt in a case, so one digest: a name that is withheld is
//     one pseudonym wherever it stands.
//   - A row of a table is a salted leaf of a Merkle tree (RFC 6962 section 2.1),
//     in which such values stand as their digests.
//
// Salts derive from a seed that stays with the case: the same inputs give the
// same bytes.
package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 16

// placeholder is the only member of the object that stands for a value.
const placeholder = "..."

// A Sealer seals values under the seed of a case. It is not for several
// goroutines.
type Sealer struct {
	seed   []byte
	sealed map[string]sealedValue // by value
}

type sealedValue struct{ disclosure, digest string }

// NewSealer returns a sealer with a seed of at least 16 bytes.
func NewSealer(seed []byte) *Sealer {
	if len(seed) < SaltSize {
		panic("seal: a seed of less than 16 bytes hides nothing")
	}
	return &Sealer{seed: bytes.Clone(seed), sealed: map[string]sealedValue{}}
}

// Fresh returns a sealer under the same seed that has sealed nothing.
func (s *Sealer) Fresh() *Sealer { return NewSealer(s.seed) }

// Value returns the disclosure of a value and its digest. It is remembered for
// [Sealer.Disclosures].
func (s *Sealer) Value(v string) (disclosure, digest string) {
	if x, ok := s.sealed[v]; ok {
		return x.disclosure, x.digest
	}
	text, _ := compact([]string{base64.RawURLEncoding.EncodeToString(s.salt("value", v)), v}) // strings marshal
	disclosure = base64.RawURLEncoding.EncodeToString(text)
	digest = digestOf(disclosure)
	s.sealed[v] = sealedValue{disclosure, digest}
	return disclosure, digest
}

// Seal returns a value as it stands in what is signed.
func (s *Sealer) Seal(v string) Sealed {
	_, digest := s.Value(v)
	return Sealed(digest)
}

// Disclosures returns the disclosures of all values sealed so far, in order of
// their digests.
func (s *Sealer) Disclosures() []string {
	list := make([]sealedValue, 0, len(s.sealed))
	for _, x := range s.sealed {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b sealedValue) int { return cmpString(a.digest, b.digest) })
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.disclosure
	}
	return out
}

// Key derives a key of 32 bytes for a purpose.
func (s *Sealer) Key(purpose string) []byte {
	m := hmac.New(sha256.New, s.seed)
	fmt.Fprintf(m, "probity key\x00%s", purpose)
	return m.Sum(nil)
}

func (s *Sealer) salt(domain, v string) []byte {
	m := hmac.New(sha256.New, s.seed)
	fmt.Fprintf(m, "probity %s\x00%s", domain, v)
	return m.Sum(nil)[:SaltSize]
}

// Sealed is the digest of a value. It marshals as {"...": digest}.
type Sealed string

// MarshalJSON writes the placeholder.
func (s Sealed) MarshalJSON() ([]byte, error) {
	return compact(map[string]string{placeholder: string(s)})
}

// UnmarshalJSON reads the placeholder and nothing else.
func (s *Sealed) UnmarshalJSON(data []byte) error {
	v, err := Decode(data)
	if err != nil {
		return err
	}
	d, ok := Placeholder(v)
	if !ok {
		return errors.New(`want {"...": digest}`)
	}
	*s = Sealed(d)
	return nil
}

// ParseDisclosure returns the value that a disclosure tells, and its digest.
func ParseDisclosure(disclosure string) (value, digest string, err error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(disclosure)
	if err != nil {
		return "", "", fmt.Errorf("a disclosure is base64url without padding: %w", err)
	}
	v, err := Decode(text)
	if err != nil {
		return "", "", fmt.Errorf("reading a disclosure: %w", err)
	}
	a, ok := v.([]any)
	if !ok || len(a) != 2 {
		return "", "", errors.New("a disclosure is an array of a salt and a value")
	}
	salt, ok1 := a[0].(string)
	value, ok2 := a[1].(string)
	if !ok1 || !ok2 {
		return "", "", errors.New("a disclosure is an array of two strings")
	}
	if raw, err := base64.RawURLEncoding.DecodeString(salt); err != nil || len(raw) < SaltSize {
		return "", "", errors.New("the salt of a disclosure has less than 128 bits")
	}
	return value, digestOf(disclosure), nil
}

func digestOf(disclosure string) string {
	h := sha256.Sum256([]byte(disclosure))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func cmpString(a, b string) int { return bytes.Compare([]byte(a), []byte(b)) }

// compact marshals without escaping < > &, and without a line end.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
