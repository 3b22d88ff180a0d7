// Package ledger is an append-only log that anyone can check: static files in
// the formats of C2SP (tlog-tiles, tlog-checkpoint, tlog-cosignature,
// tlog-witness, tlog-proof, tlog-policy), written by one process at a time. It
// knows nothing of what its leaves mean.
//
// The order of writing:
//
//  1. [Ledger.Append] writes the leaves as one frame to the journal and syncs
//     it. From then on they are acknowledged, and have their places.
//  2. [Ledger.Publish] writes the bundles of entries and the tiles of hashes
//     that the new size needs, each under a hidden name, synced, renamed, its
//     folder synced. No file that the current checkpoint needs is touched.
//  3. It signs the new checkpoint and puts it in the place of the old one in
//     the same way. From then on the leaves are published.
//  4. It empties the journal.
//
// Recovery is how [Open] begins, always: leaves of the journal that the
// checkpoint does not hold yet are published; a frame that was cut off was
// never acknowledged and is dropped; a damaged one that others follow is an
// error. Tiles that were written without their checkpoint are written anew.
package ledger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxLeaf is the largest leaf in bytes: bundles of entries give its length in
// 16 bits.
const MaxLeaf = 65_535

// maxGroup bounds what is appended at once.
const maxGroup = 1 << 30

// The files of a ledger beside its tiles.
const (
	checkpointFile = "checkpoint"
	keyFile        = "log.vkey" // the key that verifies checkpoints, as a line
	journalFile    = "journal"
	lockFile       = "lock"
)

// ErrBroken is the error of a ledger on which a write went wrong: what reached
// the disk is known only after opening it again.
var ErrBroken = errors.New("an earlier write to the ledger went wrong: open it again")

// A Ledger is a log that this process alone writes. It may be used by several
// goroutines.
type Ledger struct {
	mu      sync.Mutex
	dir     *folder
	lock    *os.File
	signer  note.Signer
	vkey    string
	view    *View // of the published checkpoint
	journal *os.File
	end     int64    // of the journal
	pending [][]byte // acknowledged, not published
	broken  bool
}

// Create makes an empty ledger below dir with a new key, whose private part
// goes to the file key with mode 0600. The origin names the log: a host name,
// which other clients compare with its key.
func Create(dir, key, origin string) (*Ledger, error) { return create(dir, key, origin, disk) }

func create(dir, key, origin string, sys calls) (*Ledger, error) {
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err == nil {
		return nil, fmt.Errorf("creating a ledger: %s holds one already", dir)
	}
	secret, vkey, err := begun(dir, key)
	if errors.Is(err, fs.ErrNotExist) {
		secret, vkey, err = note.GenerateKey(rand.Reader, origin)
	}
	if err != nil {
		return nil, fmt.Errorf("creating a ledger: %w", err)
	}
	signer, err := note.NewSigner(secret)
	if err == nil && signer.Name() != origin {
		err = errors.New("its key is of another")
	}
	if err != nil {
		return nil, fmt.Errorf("creating a ledger named %q: %w", origin, err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("creating a ledger: %w", err)
	}
	d, err := openFolder(dir, sys)
	if err != nil {
		return nil, err
	}
	empty, err := note.Sign(&note.Note{Text: checkpointText(origin, 0, emptyRoot)}, signer)
	if err != nil {
		return nil, err
	}
	// The checkpoint comes last: without it there is no ledger.
	err = errors.Join(d.put(keyFile, []byte(vkey+"\n")), d.put(journalFile, nil))
	if _, there := os.Stat(key); err == nil && there != nil {
		err = writeSecret(key, []byte(secret+"\n"), sys)
	}
	if err == nil {
		err = d.put(checkpointFile, empty)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(dir), sys)
	}
	if err := errors.Join(err, d.close()); err != nil {
		return nil, fmt.Errorf("creating a ledger: %w", err)
	}
	return open(dir, key, sys)
}

// begun returns the key of a ledger whose making was cut off between its key
// and its checkpoint: nothing was ever recorded in it. Without a key the error is
// fs.ErrNotExist.
func begun(dir, key string) (secret, vkey string, err error) {
	text, err := os.ReadFile(key)
	if err != nil {
		return "", "", err
	}
	public, err := os.ReadFile(filepath.Join(dir, keyFile))
	journal, stat := os.Stat(filepath.Join(dir, journalFile))
	_, tiles := os.Stat(filepath.Join(dir, "tile"))
	secret, vkey = strings.TrimSpace(string(text)), strings.TrimSuffix(string(public), "\n")
	signer, bad := note.NewSigner(secret)
	verifier, bad2 := note.NewVerifier(vkey)
	if err != nil || stat != nil || journal.Size() > 0 || !errors.Is(tiles, fs.ErrNotExist) || bad != nil || bad2 != nil || signer.Name() != verifier.Name() || signer.KeyHash() != verifier.KeyHash() {
		return "", "", fmt.Errorf("the key %s is there and its ledger %s is not: put the ledger back, or move the key aside", key, dir)
	}
	return secret, vkey, nil
}

// Open opens the ledger below dir for writing, and recovers it. Where there is
// none the error is fs.ErrNotExist; where another process has it open, it says
// so.
func Open(dir, key string) (*Ledger, error) { return open(dir, key, disk) }

func open(dir, key string, sys calls) (l *Ledger, err error) {
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	secret, err := os.ReadFile(key)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: its key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: the key %s: %w", key, err)
	}
	d, err := openFolder(dir, sys)
	if err != nil {
		return nil, err
	}
	l = &Ledger{dir: d, signer: signer}
	defer func() {
		if err != nil {
			err = fmt.Errorf("opening the ledger %s: %w", dir, errors.Join(err, l.Close()))
			l = nil
		}
	}()
	if l.lock, err = takeLock(filepath.Join(dir, lockFile)); err != nil {
		return l, err
	}
	if err := d.sweep(); err != nil {
		return l, err
	}
	if l.view, err = OpenView(d.root.FS()); err != nil {
		return l, err
	}
	l.vkey = l.view.Vkey()
	if v, err := note.NewVerifier(l.vkey); err != nil || v.Name() != signer.Name() || v.KeyHash() != signer.KeyHash() {
		return l, fmt.Errorf("the key %s is not the one of this ledger", key)
	}
	if err := l.recover(); err != nil {
		return l, err
	}
	return l, l.Publish()
}

// recover reads the journal. What it keeps is synced before anything is built
// on it.
func (l *Ledger) recover() error {
	j, err := l.dir.root.OpenFile(journalFile, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the journal, which may hold what was acknowledged: %v: restore it from a copy", err) // not fs.ErrNotExist: there is a ledger
	}
	l.journal = j
	data, err := readAll(j)
	if err != nil {
		return err
	}
	leaves, good, err := readJournal(data, l.view.Size())
	if err != nil {
		return err
	}
	if good < int64(len(data)) {
		if err := l.dir.sys.truncate(j, good); err != nil {
			return fmt.Errorf("cutting off what was never acknowledged: %w", err)
		}
	}
	if err := l.dir.sys.sync(j); err != nil {
		return err
	}
	l.end, l.pending = good, leaves
	return nil
}

// Append adds leaves, in order, and returns the place of the first. They are
// durable when it returns; they are published by the next [Ledger.Publish].
func (l *Ledger) Append(leaves ...[]byte) (first int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return 0, ErrBroken
	}
	for i, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return 0, fmt.Errorf("appending leaf %d: it has %d bytes, and a leaf holds at most %d", i, len(leaf), MaxLeaf)
		}
		if len(leaf) == 0 {
			return 0, fmt.Errorf("appending leaf %d: it is empty", i)
		}
	}
	total := 0
	for _, leaf := range leaves {
		total += len(leaf) + 2
	}
	if total > maxGroup {
		return 0, fmt.Errorf("appending %d leaves: they have %d bytes together, and a group holds at most %d", len(leaves), total, maxGroup)
	}
	first = l.size()
	if len(leaves) == 0 {
		return first, nil
	}
	frame := appendFrame(nil, first, leaves)
	if err := l.write(frame); err != nil {
		l.broken = true
		return 0, fmt.Errorf("appending to the ledger: %w", err)
	}
	l.end += int64(len(frame))
	for _, leaf := range leaves {
		l.pending = append(l.pending, bytes.Clone(leaf))
	}
	return first, nil
}

func (l *Ledger) write(frame []byte) error {
	if err := l.dir.sys.writeAt(l.journal, frame, l.end); err != nil {
		return err
	}
	return l.dir.sys.sync(l.journal)
}

// Publish writes what was appended to the tiles and signs a checkpoint over it.
func (l *Ledger) Publish() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return ErrBroken
	}
	if len(l.pending) == 0 {
		return nil
	}
	if err := l.publish(); err != nil {
		l.broken = true
		return fmt.Errorf("publishing the ledger: %w", err)
	}
	return nil
}

func (l *Ledger) publish() error {
	old, size := l.view.Size(), l.size()
	grown, root, err := l.view.grow(l.pending)
	if err != nil {
		return err
	}
	if err := l.writeEntries(old, size); err != nil {
		return err
	}
	for _, t := range tlog.NewTiles(tileHeight, old, size) {
		data, err := tlog.ReadTileData(t, grown)
		if err != nil {
			return err
		}
		if err := l.dir.put(tilePath(t), data); err != nil {
			return err
		}
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText(l.signer.Name(), size, root)}, l.signer)
	if err != nil {
		return err
	}
	return l.settle(signed)
}

// settle puts a checkpoint in its place and empties the journal.
func (l *Ledger) settle(signed []byte) error {
	if err := l.dir.put(checkpointFile, signed); err != nil {
		return err
	}
	v, err := OpenView(l.dir.root.FS())
	if err != nil {
		return err
	}
	same := v.Size() == l.view.Size()
	l.view = v
	if same {
		return nil // the same leaves with more cosignatures
	}
	l.pending = nil
	if err := l.dir.sys.truncate(l.journal, 0); err != nil {
		return err
	}
	l.end = 0
	return l.dir.sys.sync(l.journal)
}

// writeEntries writes the bundles of entries that hold leaves from old to size.
func (l *Ledger) writeEntries(old, size int64) error {
	n := old / tileWidth
	var data []byte // of the bundle, which begins with the leaves that are published
	for leaf, err := range l.view.Leaves(n * tileWidth) {
		if err != nil {
			return err
		}
		data = appendEntry(data, leaf)
	}
	for at := old; n*tileWidth < size; n++ {
		last := min((n+1)*tileWidth, size)
		for ; at < last; at++ {
			data = appendEntry(data, l.pending[at-old])
		}
		if err := l.dir.put(tilePath(tlog.Tile{H: tileHeight, L: -1, N: n, W: int(last - n*tileWidth)}), data); err != nil {
			return err
		}
		data = nil
	}
	return nil
}

func (l *Ledger) leaf(i, published int64) ([]byte, error) {
	if i < published {
		return l.view.Leaf(i)
	}
	if i -= published; i < int64(len(l.pending)) {
		return l.pending[i], nil
	}
	return nil, fmt.Errorf("the ledger has no leaf %d", i+published)
}

// Leaf returns an acknowledged leaf.
func (l *Ledger) Leaf(i int64) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leaf(i, l.view.Size())
}

// Size returns how many leaves were acknowledged.
func (l *Ledger) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size()
}

func (l *Ledger) size() int64 { return l.published() + int64(len(l.pending)) }

func (l *Ledger) published() int64 {
	if l.view == nil {
		return 0
	}
	return l.view.Size()
}

// View returns the ledger as its checkpoint shows it.
func (l *Ledger) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view
}

// Close releases the ledger. What was not published stays in the journal.
func (l *Ledger) Close() error {
	var err error
	if l.journal != nil {
		err = l.journal.Close()
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	l.journal, l.lock, l.broken = nil, nil, true
	return errors.Join(err, l.dir.close())
}

// writeSecret writes a file that is not there yet, for its owner alone, and
// syncs it and its folder.
func writeSecret(name string, data []byte, sys calls) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: a key is never replaced", err)
	}
	if err != nil {
		return err
	}
	err = sys.writeAt(f, data, 0)
	if err == nil {
		err = sys.sync(f)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name), sys)
}

// syncFolder makes what was put into a folder durable.
func syncFolder(name string, sys calls) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(sys.sync(d), d.Close())
}
