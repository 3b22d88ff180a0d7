package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/seal"
)

// Excerpts is excerpts.json: rows of tables that anyone can check against the
// ledger without the tables.
type Excerpts struct {
	Openings []Opening `json:"openings"`
}

// An Opening is one row of a table in its sealed form, with what shows that
// the last run committed to it.
type Opening struct {
	Table string   `json:"table"`
	Row   int64    `json:"row"`
	Salt  []byte   `json:"salt"`
	Line  string   `json:"line"`
	Path  [][]byte `json:"path"` // RFC 6962 section 2.1.1, nearest first
}

// Tables is tables.json: what the rows of the tables are checked with.
type Tables struct {
	Keys        map[string][]byte `json:"keys"`  // of each table; salts of rows derive from it
	Names       []string          `json:"names"` // digests of the names that stand sealed in rows
	Disclosures []string          `json:"disclosures"`
}

// redacted reads what is withheld, if anything is.
func (b *bundle) redacted() error {
	data, err := b.read("data/redactions.json")
	if errors.Is(err, fs.ErrNotExist) {
		b.redactions = &custody.Redactions{}
		return nil
	}
	if err != nil {
		return err
	}
	if b.redactions, err = custody.ParseRedactions(data); err != nil {
		return fmt.Errorf("redactions.json: %w", err)
	}
	if len(b.redactions.List) == 0 {
		return errors.New("redactions.json: it withholds nothing")
	}
	b.withheld, err = b.redactions.Withheld()
	return err
}

// open checks that what readers see is the sealed form, opened.
func (b *bundle) open(known *seal.Known) error {
	if err := wholly(b.sealed, known); err != nil {
		return fmt.Errorf("sealed/review.json: %w", err)
	}
	opened, err := known.JSON(b.sealed, custody.ReviewPlace)
	if err != nil {
		return fmt.Errorf("sealed/review.json: %w", err)
	}
	if string(opened) != string(b.text) {
		return errors.New("review.json is not its sealed form, opened")
	}
	sealed, err := b.read("data/sealed/case.yaml")
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(sealed); hex.EncodeToString(sum[:]) != b.review.CaseSHA256 {
		return errors.New("sealed/case.yaml is not the case of this review")
	}
	text, err := known.Text(string(sealed))
	if err != nil {
		return fmt.Errorf("sealed/case.yaml: %w", err)
	}
	c, err := b.read("data/case.yaml")
	if err != nil {
		return err
	}
	if text != string(c) {
		return errors.New("case.yaml is not its sealed form, opened")
	}
	return nil
}

// names are the members that hold nothing but a name.
var names = []string{"subject", "instructed_by", "name", "custodian", "by", "account", "accounts", "resource", "resources", "container", "path", "duplicate_of", "population"}

// wholly refuses a review of which a whole sentence is withheld: only names in
// it can be.
func wholly(sealed []byte, known *seal.Known) error {
	tree, err := seal.Decode(sealed)
	if err != nil {
		return err
	}
	return whole(tree, "", known)
}

func whole(v any, member string, known *seal.Known) error {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if err := whole(x, member, known); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, x := range v {
			if err := whole(x, name, known); err != nil {
				return err
			}
		}
	case string:
		digest, is := seal.IsMark(v)
		if _, hidden := known.Withheld[digest]; is && hidden && !contains(names, member) {
			return fmt.Errorf("%s is withheld as a whole, and cannot be", member)
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// redactionsApproved checks that what is withheld is stated, recorded and
// approved by two.
func (b *bundle) redactionsApproved() (string, error) {
	if len(b.redactions.List) == 0 {
		if _, err := fs.Stat(b.fsys, "data/signatures/redactions"); err == nil {
			return "", errors.New("signatures of redactions, and nothing is said to be withheld")
		}
		return "nothing is withheld", nil
	}
	if err := b.redactions.CheckApplied(b.events); err != nil {
		return "", err
	}
	text, err := b.read("data/redactions.json")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	keys, err := b.keys("data/signatures/redactions/")
	if err != nil {
		return "", err
	}
	approved := custody.ApprovedIn(b.events, hex.EncodeToString(sum[:]))
	for _, a := range approved {
		name, ok := keys[a.KeySHA256]
		if !ok {
			return "", fmt.Errorf("the key of %s is not there", a.By)
		}
		delete(keys, a.KeySHA256)
		if err := b.signature(name, text, a.Leaf, attest.RedactionType); err != nil {
			return "", fmt.Errorf("the approval of %s: %w", a.By, err)
		}
	}
	for _, name := range keys {
		return "", fmt.Errorf("%s is a signature that the ledger does not know of these redactions", name)
	}
	var words []string
	for _, x := range b.redactions.List {
		words = append(words, fmt.Sprintf("%s: %d withheld (%s; %s)", x.ID, len(x.Names), x.Nature, x.Rule))
	}
	return fmt.Sprintf("%s; approved by %d", strings.Join(words, "; "), len(approved)), nil
}

// excerpts checks the rows that are shown against the ledger.
func (b *bundle) excerpts() (string, error) {
	data, err := b.read("data/excerpts.json")
	if err != nil {
		return "", err
	}
	var x Excerpts
	if err := strict(data, &x); err != nil {
		return "", fmt.Errorf("excerpts.json: %w", err)
	}
	roots := map[string]custody.TableRoot{}
	for _, t := range b.lastRun().Tables {
		roots[t.Name] = t
	}
	tables := map[string]bool{}
	for i, o := range x.Openings {
		if err := o.check(roots[o.Table]); err != nil {
			return "", fmt.Errorf("excerpt %d: %w", i+1, err)
		}
		tables[o.Table] = true
	}
	return fmt.Sprintf("%d rows of %d tables, each as the run of the ledger committed to it", len(x.Openings), len(tables)), nil
}

// openLines opens the rows that are shown, so that each disclosure is used.
func (b *bundle) openLines(known *seal.Known) error {
	data, err := b.read("data/excerpts.json")
	if err != nil {
		return err
	}
	var x Excerpts
	if err := strict(data, &x); err != nil {
		return fmt.Errorf("excerpts.json: %w", err)
	}
	for i, o := range x.Openings {
		if _, err := known.Text(o.Line); err != nil {
			return fmt.Errorf("excerpt %d: %w", i+1, err)
		}
	}
	return nil
}

func (o *Opening) check(t custody.TableRoot) error {
	leaf, err := seal.Leaf(o.Salt, []byte(o.Line))
	if err != nil {
		return err
	}
	raw, err := hex.DecodeString(t.Root)
	if err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("the ledger knows of no table %q", o.Table)
	}
	var path []seal.Hash
	for _, h := range o.Path {
		if len(h) != sha256.Size {
			return errors.New("a hash of another length")
		}
		path = append(path, seal.Hash(h))
	}
	if !seal.CheckPath(seal.Hash(raw), leaf, o.Row, t.Rows, path) {
		return fmt.Errorf("row %d of %s is not what the ledger commits to", o.Row, o.Table)
	}
	return nil
}

// An Open is a bundle whose texts and rows can be read.
type Open struct {
	Events []*custody.Event
	Known  *seal.Known
	Names  *seal.Names // that stand sealed in rows, as they are known
	Keys   map[string][]byte
}

// OpenRows reads what answering a bundle anew starts from.
func OpenRows(fsys fs.FS) (*Open, error) {
	b := &bundle{fsys: fsys}
	for _, c := range checks {
		switch c.name {
		case "format", "ledger", "openings":
			if _, err := c.run(b); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	var list []string
	var t Tables
	for name, v := range map[string]any{"data/disclosures.json": &list, "data/tables.json": &t} {
		data, err := b.read(name)
		if err == nil {
			err = strict(data, v)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	k, err := seal.Learn(append(list, t.Disclosures...), b.withheld)
	if err != nil {
		return nil, fmt.Errorf("tables.json: %w", err)
	}
	var names []string
	for _, digest := range t.Names {
		v, ok := k.Value(digest)
		if !ok {
			return nil, fmt.Errorf("tables.json: the name %s is neither disclosed nor said to be withheld", digest)
		}
		names = append(names, v)
	}
	return &Open{Events: b.events, Known: k, Names: seal.NewNames(names...), Keys: t.Keys}, nil
}
