package custody

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"probity"
	"probity/internal/durable"
	"probity/internal/ledger"
	"probity/internal/seal"
)

// Where the parts of the record lie in the case folder.
const (
	LedgerDir  = "ledger"     // public: static files
	KeyFile    = "ledger.key" // private: signs checkpoints
	StoreDir   = "store"      // the originals
	PrivateDir = "private"    // what leaves withhold
	seedFile   = "seed"
)

// A Book is the record of one case. It is not for several goroutines.
type Book struct {
	dir    string
	log    *ledger.Ledger // nil if it was opened for reading
	view   *ledger.View
	sealer *seal.Sealer
	now    func() time.Time
	Events []*Event // all of them, in order; signatures are left out
}

// Options say how to open a book.
type Options struct {
	Now func() time.Time // time.Now if nil
}

// ErrNone is the error of a case whose proceedings were never recorded.
var ErrNone = errors.New("the case has no ledger")

// Start opens the book of a case for writing, and begins it if there is none.
// The digest of the case becomes that of its sealed form.
func Start(c *probity.Case, opts Options) (*Book, error) {
	dir := c.Dir
	b, err := open(dir, opts)
	if err == nil {
		return b, b.opened(c)
	}
	if !errors.Is(err, ErrNone) {
		return nil, err
	}
	seed := make([]byte, 32)
	rand.Read(seed)
	private := filepath.Join(dir, PrivateDir)
	if err := os.MkdirAll(filepath.Join(private, "events"), 0o700); err != nil {
		return nil, fmt.Errorf("beginning the ledger: %w", err)
	}
	// A seed that an interrupted start left is as good.
	if err := durable.WriteNew(filepath.Join(private, seedFile), []byte(hex.EncodeToString(seed)+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("beginning the ledger: %w", err)
	}
	log, err := ledger.Create(filepath.Join(dir, LedgerDir), filepath.Join(dir, KeyFile), Origin(c.ID))
	if err != nil {
		return nil, err
	}
	if err := log.Close(); err != nil {
		return nil, err
	}
	if b, err = open(dir, opts); err != nil {
		return nil, err
	}
	return b, b.opened(c)
}

// opened gives the case the digest of its sealed form, and records as the first
// leaf that its review was opened, unless that is there: a start may be cut off
// between the ledger and its first leaf. If it cannot, it closes the book.
func (b *Book) opened(c *probity.Case) error {
	b.Adopt(c)
	if b.view.Size() > 0 {
		return nil
	}
	err := b.unused()
	if errors.Is(err, ErrNone) {
		_, err = b.Record(ReviewOpened, "", &Opened{Case: c.ID, CaseSHA256: c.SHA256})
	}
	if err != nil {
		return errors.Join(err, b.Close())
	}
	return nil
}

// unused tells an empty ledger whose start was cut off, for which it returns
// ErrNone, from one whose leaves were lost: of those there are private copies.
func (b *Book) unused() error {
	copies, _ := filepath.Glob(filepath.Join(b.dir, PrivateDir, "events", "*.json"))
	for _, name := range copies {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("opening the ledger: %w", err)
		}
		var event struct {
			Kind Kind `json:"kind"`
		}
		if err := json.Unmarshal(text, &event); err != nil || event.Kind != ReviewOpened {
			return fmt.Errorf("opening the ledger: it has no leaf, and %s is there: put the ledger back from a copy", name)
		}
	}
	return ErrNone
}

// Origin returns the name of a case's log: a host name that no server has.
func Origin(id string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(id) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			out.WriteRune(r)
		} else {
			out.WriteByte('-')
		}
	}
	return strings.Trim(out.String(), "-") + ".probity.invalid"
}

// open opens a book for writing. What was not recorded although its time had
// come, an overdue request, is recorded now.
func open(dir string, opts Options) (*Book, error) {
	log, err := ledger.Open(filepath.Join(dir, LedgerDir), filepath.Join(dir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = none(dir, err)
	}
	if err != nil {
		return nil, err
	}
	b := &Book{dir: dir, log: log, view: log.View(), now: opts.Now}
	if err := b.read(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.mintOverdue(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// none tells a case that never had a ledger, for which it returns ErrNone, from
// one that lost it: a review that took the second for the first would forget
// every request and refusal.
func none(dir string, err error) error {
	if _, stat := os.Stat(filepath.Join(dir, LedgerDir, "checkpoint")); !errors.Is(stat, fs.ErrNotExist) {
		return err
	}
	left, _ := filepath.Glob(filepath.Join(dir, PrivateDir, "events", "*.json"))
	is := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	if is(filepath.Join(LedgerDir, "tile")) {
		left = append(left, filepath.Join(dir, LedgerDir, "tile"))
	}
	if is(KeyFile) && !is(filepath.Join(LedgerDir, "log.vkey")) { // with both, and nothing else, its making was cut off
		left = append(left, filepath.Join(dir, KeyFile))
	}
	if len(left) == 0 {
		return ErrNone
	}
	return fmt.Errorf("opening the ledger: %s is missing, and %s is there: put the ledger back from a copy, or, if nothing was ever recorded, move what is left of it aside",
		filepath.Join(dir, LedgerDir, "checkpoint"), left[0])
}

// Resume opens the book of a case for writing; without a ledger the error is
// ErrNone.
func Resume(dir string, opts Options) (*Book, error) {
	b, err := open(dir, opts)
	if err == nil && b.view.Size() == 0 {
		return nil, errors.Join(b.unused(), b.Close())
	}
	return b, err
}

// Read opens the book of a case for reading. It takes no lock and writes
// nothing; without a ledger the error is ErrNone.
func Read(dir string, opts Options) (*Book, error) {
	view, err := ledger.OpenView(os.DirFS(filepath.Join(dir, LedgerDir)))
	if errors.Is(err, fs.ErrNotExist) {
		err = none(dir, fmt.Errorf("opening the ledger: %w", err))
	}
	if err != nil {
		return nil, err
	}
	b := &Book{dir: dir, view: view, now: opts.Now}
	if err := b.read(); err != nil || view.Size() > 0 {
		return b, err
	}
	return nil, b.unused()
}

func (b *Book) read() error {
	if b.now == nil {
		b.now = time.Now
	}
	text, err := os.ReadFile(filepath.Join(b.dir, PrivateDir, seedFile))
	if err != nil {
		return fmt.Errorf("opening the ledger: the seed of its salts: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != 32 {
		return fmt.Errorf("opening the ledger: %s/%s is no seed: restore it from a copy", PrivateDir, seedFile)
	}
	b.sealer = seal.NewSealer(seed)
	index := int64(-1)
	for leaf, err := range b.view.Leaves(0) {
		if err != nil {
			return fmt.Errorf("reading the ledger: %w", err)
		}
		index++
		e, err := Parse(leaf)
		if errors.Is(err, ErrForeign) {
			continue
		}
		if err != nil {
			return fmt.Errorf("leaf %d of the ledger: %w", index, err)
		}
		e.Index = index
		if err := b.openPrivate(e, leaf); err != nil {
			return fmt.Errorf("leaf %d of the ledger: %w", index, err)
		}
		b.Events = append(b.Events, e)
	}
	return nil
}

// openPrivate fills the body of an event from its private copy, if it is there.
func (b *Book) openPrivate(e *Event, leaf []byte) error {
	data, err := os.ReadFile(b.privateFile(leaf))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := seal.Decode(data)
	if err != nil {
		return err
	}
	m, _ := v.(map[string]any)
	if err := e.setBody(m["body"]); err != nil {
		return err
	}
	if _, again, err := e.encode(b.sealer); err != nil || string(again) != string(leaf) {
		return fmt.Errorf("%s is not what the leaf commits to: restore it from a copy", b.privateFile(leaf))
	}
	return nil
}

func (b *Book) privateFile(leaf []byte) string {
	sum := sha256.Sum256(leaf)
	return filepath.Join(b.dir, PrivateDir, "events", hex.EncodeToString(sum[:])+".json")
}

// Record adds an event and returns its place. The order of writing: the private
// copy, synced, so that no leaf is without what it means; the leaf; the
// checkpoint.
func (b *Book) Record(kind Kind, id string, body any) (int64, error) {
	if b.log == nil {
		return 0, errors.New("the ledger was opened for reading")
	}
	if err := errors.Join(checkBody(kind, body), b.allowed(kind, id, body)); err != nil {
		return 0, err
	}
	e := &Event{Kind: kind, At: b.now().UTC().Truncate(time.Second), ID: id, Body: body}
	private, leaf, err := e.encode(b.sealer)
	if err != nil {
		return 0, fmt.Errorf("recording %s: %w", kind, err)
	}
	if err := durable.Keep(b.privateFile(leaf), private); err != nil {
		return 0, fmt.Errorf("recording %s: %w", kind, err)
	}
	if e.Index, err = b.log.Append(leaf); err != nil {
		return 0, err
	}
	if err := b.log.Publish(); err != nil {
		return 0, err
	}
	b.view = b.log.View()
	b.Events = append(b.Events, e)
	return e.Index, nil
}

// Dir returns the case folder.
func (b *Book) Dir() string { return b.dir }

// View returns the ledger for reading.
func (b *Book) View() *ledger.View { return b.view }

// Log returns the ledger for writing, nil if the book was opened for reading.
func (b *Book) Log() *ledger.Ledger { return b.log }

// Sealer returns what seals values in this case.
func (b *Book) Sealer() *seal.Sealer { return b.sealer }

// NewSealer returns another sealer of this case, which has sealed nothing yet.
func (b *Book) NewSealer() *seal.Sealer { return b.sealer.Fresh() }

// Close releases the book.
func (b *Book) Close() error {
	if b.log == nil {
		return nil
	}
	return b.log.Close()
}

// Describe returns the body of an event as a line, or the leaf's own if it is
// not known.
func (e *Event) Describe() string {
	v := e.Body
	if v == nil {
		v = e.tree
	}
	text, _ := json.Marshal(v)
	return string(text)
}
