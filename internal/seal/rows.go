package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math/bits"
)

// Hash is a SHA-256 digest.
type Hash = [sha256.Size]byte

// Rows builds the tree of the rows of one table: leaf i is
// SHA-256(0x00 || salt || line) with the row's canonical line and the first 16
// bytes of HMAC-SHA256(key, i as 8 bytes, big endian) as its salt. Who has the
// key of a table can check each row, who has the salt of a row only that one.
type Rows struct {
	mac  hash.Hash
	leaf hash.Hash
	n    uint64
	tree Roots
	buf  [sha256.Size]byte
}

// NewRows begins the tree of a table under its key.
func NewRows(key []byte) *Rows {
	return &Rows{mac: hmac.New(sha256.New, key), leaf: sha256.New()}
}

// Add adds the next row and returns its leaf.
func (r *Rows) Add(line []byte) Hash {
	h := leafHash(r.leaf, rowSalt(r.mac, r.n, r.buf[:0]), line)
	r.n++
	r.tree.Add(h)
	return h
}

// Len returns how many rows there are.
func (r *Rows) Len() int64 { return int64(r.n) }

// Root returns the root over the rows so far.
func (r *Rows) Root() Hash { return r.tree.Root() }

// Salt returns the salt of a row under the key of its table.
func Salt(key []byte, row int64) []byte {
	return rowSalt(hmac.New(sha256.New, key), uint64(row), nil)
}

// Leaf returns the leaf of a row.
func Leaf(salt, line []byte) (Hash, error) {
	if len(salt) < SaltSize {
		return Hash{}, errors.New("the salt of a row has less than 128 bits")
	}
	return leafHash(sha256.New(), salt, line), nil
}

func rowSalt(mac hash.Hash, row uint64, buf []byte) []byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], row)
	mac.Reset()
	mac.Write(n[:])
	return mac.Sum(buf)[:SaltSize]
}

func leafHash(h hash.Hash, salt, line []byte) (out Hash) {
	h.Reset()
	h.Write([]byte{0})
	h.Write(salt)
	h.Write(line)
	h.Sum(out[:0])
	return out
}

// Roots computes the root of a tree of RFC 6962 from its leaves, holding one
// hash a level. The zero value is the empty tree.
type Roots struct {
	n     uint64
	stack []Hash // the roots of the complete subtrees, largest first
}

// Add adds the next leaf.
func (t *Roots) Add(leaf Hash) {
	t.stack = append(t.stack, leaf)
	t.n++
	for range bits.TrailingZeros64(t.n) {
		k := len(t.stack)
		t.stack = append(t.stack[:k-2], node(t.stack[k-2], t.stack[k-1]))
	}
}

// Root returns the root over the leaves so far; of none, the hash of nothing.
func (t *Roots) Root() Hash {
	if len(t.stack) == 0 {
		return sha256.Sum256(nil)
	}
	h := t.stack[len(t.stack)-1]
	for i := len(t.stack) - 2; i >= 0; i-- {
		h = node(t.stack[i], h)
	}
	return h
}

func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Prove returns the audit path of leaf i among the leaves: RFC 6962 section
// 2.1.1, nearest first.
func Prove(leaves []Hash, i int64) ([]Hash, error) {
	if i < 0 || i >= int64(len(leaves)) {
		return nil, fmt.Errorf("row %d of %d", i, len(leaves))
	}
	return path(leaves, i), nil
}

func path(leaves []Hash, i int64) []Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := int64(1) << (bits.Len64(uint64(len(leaves)-1)) - 1)
	if i < k {
		return append(path(leaves[:k], i), rootOf(leaves[k:]))
	}
	return append(path(leaves[k:], i-k), rootOf(leaves[:k]))
}

func rootOf(leaves []Hash) Hash {
	var t Roots
	for _, l := range leaves {
		t.Add(l)
	}
	return t.Root()
}

// CheckPath reports whether leaf i of n lies under root.
func CheckPath(root, leaf Hash, i, n int64, path []Hash) bool {
	if i < 0 || i >= n {
		return false
	}
	h, last := leaf, n-1
	for _, p := range path {
		if last == 0 {
			return false
		}
		if i&1 == 1 || i == last {
			h = node(p, h)
			for i&1 == 0 && i != 0 {
				i, last = i>>1, last>>1
			}
		} else {
			h = node(h, p)
		}
		i, last = i>>1, last>>1
	}
	return last == 0 && h == root
}
