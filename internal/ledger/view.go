package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A View reads a ledger as its checkpoint shows it, from a folder, an archive or
// a bundle. Whatever it returns was proved against the checkpoint. It may be
// used by several goroutines.
type View struct {
	fsys   fs.FS
	vkey   string
	signed []byte
	origin string
	size   int64
	root   tlog.Hash
}

// maxFile bounds a file of a ledger: the largest bundle of entries.
const maxFile = tileWidth * (MaxLeaf + 2)

// OpenView opens the ledger in fsys: it checks the signature of the checkpoint
// with the key that lies beside it. Who knows the key compares it with
// [View.Vkey].
func OpenView(fsys fs.FS) (*View, error) {
	key, err := readFile(fsys, keyFile)
	if err != nil {
		return nil, err
	}
	signed, err := readFile(fsys, checkpointFile)
	if err != nil {
		return nil, err
	}
	vkey, whole := strings.CutSuffix(string(key), "\n")
	if !whole {
		return nil, fmt.Errorf("%s is cut off", keyFile)
	}
	if strings.ContainsAny(vkey, " \t\r\n") { // base64 is read past them
		return nil, fmt.Errorf("%s is not one line", keyFile)
	}
	v := &View{fsys: fsys, vkey: vkey, signed: signed}
	v.origin, v.size, v.root, err = VerifyCheckpoint(signed, v.vkey)
	return v, err
}

// VerifyCheckpoint checks a signed checkpoint with the key of its log, and that
// the key's name is the origin.
func VerifyCheckpoint(signed []byte, vkey string) (origin string, size int64, root tlog.Hash, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", 0, root, fmt.Errorf("the key of the log %q: %w", vkey, err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err == nil {
		err = oneSpelling(signed)
	}
	if err != nil {
		return "", 0, root, fmt.Errorf("the signature of the checkpoint: %w", err)
	}
	if origin, size, root, err = parseCheckpoint(n.Text); err != nil {
		return "", 0, root, err
	}
	if origin != verifier.Name() {
		return "", 0, root, fmt.Errorf("the checkpoint is of %q, the key of %q", origin, verifier.Name())
	}
	return origin, size, root, nil
}

// oneSpelling checks that no signature is written in a second way: the last
// digit of base64 has bits that mean nothing.
func oneSpelling(signed []byte) error {
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	for line := range strings.Lines(lines) {
		text := strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], "\n")
		if _, err := base64.StdEncoding.Strict().DecodeString(text); err != nil {
			return err
		}
	}
	return nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	i, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !i.Mode().IsRegular() || i.Size() > maxFile {
		return nil, fmt.Errorf("%s is no file of a ledger", name)
	}
	return fs.ReadFile(fsys, name)
}

// Origin returns the name of the log.
func (v *View) Origin() string { return v.origin }

// Size returns how many leaves the checkpoint covers.
func (v *View) Size() int64 { return v.size }

// Root returns the root that the checkpoint signs.
func (v *View) Root() tlog.Hash { return v.root }

// Checkpoint returns the checkpoint with all its signatures.
func (v *View) Checkpoint() []byte { return bytes.Clone(v.signed) }

// Vkey returns the key of the log, as the line that tools take.
func (v *View) Vkey() string { return v.vkey }

// Height implements tlog.TileReader.
func (v *View) Height() int { return tileHeight }

// ReadTiles implements tlog.TileReader.
func (v *View) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := readFile(v.fsys, tilePath(t))
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

// SaveTiles implements tlog.TileReader.
func (v *View) SaveTiles([]tlog.Tile, [][]byte) {}

func (v *View) hashes() tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: v.size, Hash: v.root}, v)
}

// bundle returns the leaves of bundle n as they are stored.
func (v *View) bundle(n int64) ([][]byte, string, error) {
	t := tlog.Tile{H: tileHeight, L: -1, N: n, W: int(min(tileWidth, v.size-n*tileWidth))}
	name := tilePath(t)
	data, err := readFile(v.fsys, name)
	if err != nil {
		return nil, name, err
	}
	leaves, err := readEntries(data)
	if err == nil && len(leaves) != t.W {
		err = fmt.Errorf("it has %d entries instead of %d", len(leaves), t.W)
	}
	if err != nil {
		return nil, name, fmt.Errorf("%s: %w", name, err)
	}
	return leaves, name, nil
}

// Leaf returns one leaf, proved against the checkpoint.
func (v *View) Leaf(i int64) ([]byte, error) {
	if i < 0 || i >= v.size {
		return nil, fmt.Errorf("the ledger has %d leaves, and no leaf %d", v.size, i)
	}
	leaves, name, err := v.bundle(i / tileWidth)
	if err != nil {
		return nil, err
	}
	leaf := leaves[i%tileWidth]
	h, err := v.hashes().ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
	if err != nil {
		return nil, fmt.Errorf("leaf %d: %w", i, err)
	}
	if h[0] != tlog.RecordHash(leaf) {
		return nil, fmt.Errorf("%s: leaf %d is not the one that the checkpoint covers", name, i)
	}
	return leaf, nil
}

// Leaves returns the leaves from a place on, each proved. After an error it
// ends.
func (v *View) Leaves(from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := from; i < v.size; {
			leaves, name, err := v.bundle(i / tileWidth)
			var proved []tlog.Hash
			if err == nil {
				var at []int64
				for j := i % tileWidth; j < int64(len(leaves)); j++ {
					at = append(at, tlog.StoredHashIndex(0, i-i%tileWidth+j))
				}
				proved, err = v.hashes().ReadHashes(at)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for k, j := 0, i%tileWidth; j < int64(len(leaves)); k, j = k+1, j+1 {
				if proved[k] != tlog.RecordHash(leaves[j]) {
					yield(nil, fmt.Errorf("%s: leaf %d is not the one that the checkpoint covers", name, i))
					return
				}
				if !yield(leaves[j], nil) {
					return
				}
				i++
			}
		}
	}
}

// Inclusion returns the audit path of a leaf.
func (v *View) Inclusion(i int64) (tlog.RecordProof, error) {
	if i < 0 || i >= v.size {
		return nil, fmt.Errorf("the ledger has %d leaves, and no leaf %d", v.size, i)
	}
	return tlog.ProveRecord(v.size, i, v.hashes())
}

// ErrFork is the error of two checkpoints of one log of which neither continues
// the other.
var ErrFork = errors.New("the log was forked: what was published before is not what it holds now")

// Consistent checks that an older checkpoint of this log, signed with its key,
// is a beginning of this one. A newer one, and one that was forked, are errors.
func (v *View) Consistent(older []byte) error {
	_, size, root, err := VerifyCheckpoint(older, v.vkey)
	switch {
	case err != nil:
		return fmt.Errorf("the older checkpoint: %w", err)
	case size > v.size:
		return fmt.Errorf("the older checkpoint has %d leaves, this one %d: leaves were taken away, or the two are mixed up", size, v.size)
	case size == 0:
		return nil
	case size == v.size:
		if root != v.root {
			return ErrFork
		}
		return nil
	}
	was, err := tlog.TreeHash(size, v.hashes())
	if err != nil {
		return err
	}
	if was != root {
		return ErrFork
	}
	return nil
}

// ConsistencyProof returns the proof that the first size leaves are a beginning
// of this checkpoint.
func (v *View) ConsistencyProof(size int64) (tlog.TreeProof, error) {
	return tlog.ProveTree(v.size, size, v.hashes())
}

// Check reads the whole ledger: it computes every hash from the entries anew,
// and compares the root and each tile. A file that belongs to no tile of this
// size, or to an earlier size with other content, is an error that names it.
func (v *View) Check() error {
	t := newTree(nil)
	for n := int64(0); n*tileWidth < v.size; n++ {
		leaves, name, err := v.bundle(n)
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			if err := t.add(leaf); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	root, err := tlog.TreeHash(v.size, t)
	if err != nil {
		return err
	}
	if root != v.root {
		return errors.New("the entries do not add up to the root that the checkpoint signs")
	}
	need := map[string]bool{}
	for _, tile := range tlog.NewTiles(tileHeight, 0, v.size) {
		need[tilePath(tile)] = true
	}
	err = fs.WalkDir(v.fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(p, "tile/") || strings.HasPrefix(e.Name(), hidden) { // what a writer that was killed left is swept by the next
			return err
		}
		delete(need, p)
		return v.checkTile(p, t)
	})
	if err != nil {
		return err
	}
	for name := range need {
		return fmt.Errorf("%s is missing", name)
	}
	return nil
}

// checkTile compares the file of a tile with what the entries give.
func (v *View) checkTile(p string, t *tree) error {
	tile, err := parsePath(p)
	if err != nil {
		return err
	}
	if (tile.N*tileWidth+int64(tile.W))<<(max(tile.L, 0)*tileHeight) > v.size {
		return fmt.Errorf("%s reaches beyond the %d leaves of the checkpoint", p, v.size)
	}
	data, err := readFile(v.fsys, p)
	if err != nil {
		return err
	}
	if tile.L < 0 {
		leaves, err := readEntries(data)
		if err != nil || len(leaves) != tile.W {
			return fmt.Errorf("%s has %d entries instead of %d (%w)", p, len(leaves), tile.W, err)
		}
		for i, leaf := range leaves {
			if t.hashes[tlog.StoredHashIndex(0, tile.N*tileWidth+int64(i))] != tlog.RecordHash(leaf) {
				return fmt.Errorf("%s: entry %d is not the one that the checkpoint covers", p, i)
			}
		}
		return nil
	}
	want, err := tlog.ReadTileData(tile, t)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	if !bytes.Equal(want, data) {
		return fmt.Errorf("%s does not hold the hashes of the entries", p)
	}
	return nil
}

// grow returns the hashes of a tree with more leaves, and its root.
func (v *View) grow(leaves [][]byte) (tlog.HashReader, tlog.Hash, error) {
	t := newTree(v)
	for _, leaf := range leaves {
		if err := t.add(leaf); err != nil {
			return nil, tlog.Hash{}, err
		}
	}
	root, err := tlog.TreeHash(t.size, t)
	return t, root, err
}

// A tree holds the stored hashes of leaves that were added to a view, or to
// nothing.
type tree struct {
	size   int64
	base   tlog.HashReader // nil for none
	below  int64           // stored hashes that base has
	hashes map[int64]tlog.Hash
}

func newTree(v *View) *tree {
	t := &tree{hashes: map[int64]tlog.Hash{}}
	if v != nil && v.size > 0 {
		t.size, t.base, t.below = v.size, v.hashes(), tlog.StoredHashCount(v.size)
	}
	return t
}

func (t *tree) add(leaf []byte) error {
	stored, err := tlog.StoredHashes(t.size, leaf, t)
	if err != nil {
		return err
	}
	at := tlog.StoredHashIndex(0, t.size)
	for i, h := range stored {
		t.hashes[at+int64(i)] = h
	}
	t.size++
	return nil
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	var ask, places []int64
	for i, a := range at {
		h, ok := t.hashes[a] // also what was read of base before
		switch {
		case ok:
			out[i] = h
		case a < t.below:
			ask, places = append(ask, a), append(places, int64(i))
		default:
			return nil, fmt.Errorf("hash %d is not there", a)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	got, err := t.base.ReadHashes(ask)
	if err != nil {
		return nil, err
	}
	for i, p := range places {
		out[p] = got[i]
		t.hashes[ask[i]] = got[i]
	}
	return out, nil
}
