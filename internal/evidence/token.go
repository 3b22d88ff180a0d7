package evidence

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/highwayhash"

	"probity"
	"probity/internal/durable"
)

// KeyFile is the name of the key in the case folder.
const KeyFile = "probity.key"

// Tokens replaces names by tokens: the first 16 bytes of HMAC-SHA256 under the
// key of the case. Equal names have equal tokens within a case and unrelated
// ones in another. It is not for several goroutines: Fork it.
//
// Fast is for what names nobody and only has to be told apart: records, ids.
// It is HighwayHash-128 under a key derived from the same one, and several
// times as fast.
type Tokens struct {
	key    []byte
	fast   []byte
	mac    hash.Hash
	buffer []byte
	sum    [sha256.Size]byte
}

// NewTokens returns tokens under a key.
func NewTokens(key []byte) *Tokens {
	t := &Tokens{key: key, mac: hmac.New(sha256.New, key)}
	t.mac.Write([]byte("fast tokens"))
	t.fast = t.mac.Sum(nil)
	return t
}

// Fork returns tokens under the same key for another goroutine.
func (t *Tokens) Fork() *Tokens { return NewTokens(t.key) }

// Of returns the token of a value. The domain keeps apart what is of different
// kinds: object, principal, address, correlation, record, key, discloser. An
// empty value has the zero token.
func (t *Tokens) Of(domain, value string) (token [16]byte) {
	if value == "" {
		return token
	}
	t.buffer = append(append(append(t.buffer[:0], domain...), 0), value...)
	return t.sumBuffer()
}

// OfBytes is Of for bytes.
func (t *Tokens) OfBytes(domain string, value []byte) (token [16]byte) {
	if len(value) == 0 {
		return token
	}
	t.buffer = append(append(append(t.buffer[:0], domain...), 0), value...)
	return t.sumBuffer()
}

// Fast returns the fast token of a value.
func (t *Tokens) Fast(domain string, value []byte) (token [16]byte) {
	if len(value) == 0 {
		return token
	}
	token = highwayhash.Sum128(value, t.fast)
	for i := range min(len(domain), len(token)) { // equal values of two kinds have other tokens
		token[i] ^= domain[i]
	}
	return token
}

// Dimension returns the token of a dimension's value.
func (t *Tokens) Dimension(value string) []byte {
	token := t.Of("dimension", value)
	return token[:]
}

func (t *Tokens) sumBuffer() (token [16]byte) {
	t.mac.Reset()
	t.mac.Write(t.buffer)
	t.mac.Sum(t.sum[:0])
	copy(token[:], t.sum[:])
	return token
}

// CaseTokens returns the tokens of a case. The key lies at path if it is not
// empty, else in the case folder, or, where that cannot be written, in the
// user's configuration folder. It is made on first use with mode 0600. Where
// no key can be kept, one is drawn for this run alone and warning says so.
func CaseTokens(c *probity.Case, path string) (t *Tokens, warning string, err error) {
	if path != "" {
		key, err := loadOrMake(path)
		if err != nil {
			return nil, "", err
		}
		return NewTokens(key), exposed(path), nil
	}
	for _, place := range keyPlaces(c) {
		key, err := loadOrMake(place)
		if err == nil {
			return NewTokens(key), exposed(place), nil
		}
		var bad *keyError
		if errors.As(err, &bad) {
			return nil, "", err
		}
	}
	key := make([]byte, 32)
	rand.Read(key)
	return NewTokens(key), "no place to keep the key of the case was writable: tokens of this run match no other run (--key names a file for it)", nil
}

// keyPlaces are where the key of a case may lie, the first choice first.
func keyPlaces(c *probity.Case) []string {
	places := []string{filepath.Join(c.Dir, KeyFile)}
	abs, err := filepath.Abs(c.Dir)
	config, err2 := os.UserConfigDir()
	if err == nil && err2 == nil {
		sum := sha256.Sum256([]byte(abs))
		places = append(places, filepath.Join(config, "probity", "keys", hex.EncodeToString(sum[:8])+".key"))
	}
	return places
}

// A keyError is a key file that is there and is no key: it is never replaced.
type keyError struct{ path, why string }

func (e *keyError) Error() string {
	return fmt.Sprintf("key %s %s: restore it from a copy, or move it away to let a new one be made", e.path, e.why)
}

func loadOrMake(path string) ([]byte, error) {
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if dir := filepath.Dir(path); filepath.Base(dir) == "keys" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	key = make([]byte, 32)
	rand.Read(key)
	err = durable.WriteNew(path, []byte(hex.EncodeToString(key)+"\n"))
	if errors.Is(err, fs.ErrExist) { // another run was faster
		return loadKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the key %s: %w", path, err)
	}
	return key, nil
}

func loadKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, &keyError{path, "cannot be read"}
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != 32 {
		return nil, &keyError{path, "is not 64 hexadecimal digits"}
	}
	return key, nil
}

// exposed returns a warning if others than the owner may read the key.
func exposed(path string) string {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return fmt.Sprintf("the key %s can be read by others (mode %04o): run chmod 600 on it", filepath.Base(path), info.Mode().Perm())
	}
	return ""
}
