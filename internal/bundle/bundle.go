// Package bundle writes the published answer: a bag (BagIt 1.0, RFC 8493) that
// holds the review, the tables and SQL behind it, the ledger, and what opens and
// signs it. The same case gives the same bytes.
package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/keyfile"
	"probity/internal/report"
	"probity/internal/review"
	"probity/internal/seal"
	"probity/internal/table"
	"probity/internal/verify"
)

// Config says what to publish and where.
type Config struct {
	Case     *probity.Case
	Out      string  // what a review wrote
	Target   string  // the folder that the bundle will be; it must not be there
	Draft    bool    // without enough signatures
	Tables   bool    // with the tables and the SQL
	Wishes   []Wish  // what is withheld
	Excerpts []Place // records whose rows are shown besides those that the review cites

	Disk *durable.Calls // through which all of it is written; the system's if nil
}

// Write publishes a review. The ledger must hold its run, and, unless it is a
// draft, enough signatures of it, and two approvals of what is withheld. The
// folder, and the zip beside it, appear whole or not at all.
func Write(cfg Config) (err error) {
	if cfg.Disk == nil {
		disk := durable.Disk()
		cfg.Disk = &disk
	}
	to, err := durable.StagePair(cfg.Target, ".zip", "bagit.txt", *cfg.Disk)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	defer func() { err = errors.Join(err, to.Discard()) }()
	b, err := custody.Resume(cfg.Case.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		return fmt.Errorf("publishing: %w: begin it with probity plan --seal, and see README.md", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	a, err := Gather(cfg.Case, b, cfg.Out, cfg.Excerpts)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	signed := b.Reviewed(a.SHA256)
	if met, missing := signed.Met(); !met && !cfg.Draft {
		return fmt.Errorf("publishing: %s: probity sign, or --draft to publish without", missing)
	}
	r, err := announce(a, cfg)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	if err := cosigned(b, a.SHA256, cfg.Draft); err != nil {
		return err
	}
	w := &writer{to: to, payload: map[string]string{}}
	w.pack(cfg, a, r, signed)
	w.close()
	if w.err != nil {
		return fmt.Errorf("publishing: %w", w.err)
	}
	if err := proofread(to.Folder(), cfg); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	if err := zipped(to, filepath.Base(filepath.Clean(cfg.Target))); err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	if err := to.Publish(); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

// announce records what is withheld, and that the review is published, once.
func announce(a *Answer, cfg Config) (*custody.Redactions, error) {
	r := &custody.Redactions{}
	if len(cfg.Wishes) > 0 {
		var err error
		if r, err = a.Redactions(cfg.Wishes); err != nil {
			return nil, err
		}
		text, err := r.Text()
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		if ok, missing := custody.TwoApproved(custody.ApprovedIn(a.Book.Events, hex.EncodeToString(sum[:]))); !ok {
			return nil, fmt.Errorf("%s: probity redact", missing)
		}
		if err := a.Book.RecordApplied(r); err != nil {
			return nil, err
		}
	}
	for _, e := range a.Book.Events {
		if p, ok := e.Body.(*custody.Published); ok && p.ReviewSHA256 == a.SHA256 {
			return r, nil
		}
	}
	_, err := a.Book.Record(custody.CheckpointPublished, "", &custody.Published{ReviewSHA256: a.SHA256})
	return r, err
}

// zipped writes the folder as a zip beside it, with the same bytes for the same
// folder.
func zipped(to *durable.Pair, name string) (err error) {
	f, err := to.CreateBeside()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	err = fs.WalkDir(os.DirFS(to.Folder()), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		w, err := z.Create(path.Join(name, p)) // no times
		if err != nil {
			return err
		}
		from, err := os.Open(filepath.Join(to.Folder(), filepath.FromSlash(p)))
		if err != nil {
			return err
		}
		_, err = io.Copy(w, from)
		return errors.Join(err, from.Close())
	})
	return errors.Join(err, z.Close())
}

// cosigned has the witnesses of the case's policy cosign what is published. A
// final answer needs their quorum; a draft takes what there is.
func cosigned(b *custody.Book, review string, draft bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := b.Witnessed(ctx, review, nil)
	if err == nil && !c.Met && !draft {
		err = fmt.Errorf("%s: publish again when they answer, or --draft to publish without", errors.Join(errors.New(c.Words()), c.Silent))
	}
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

// A writer writes the files of a bag and keeps their digests. After an error it
// does nothing.
type writer struct {
	to      *durable.Pair
	payload map[string]string // of files below data/
	bytes   int64
	err     error
}

func (w *writer) pack(cfg Config, a *Answer, r *custody.Redactions, signed custody.Reviewed) {
	b := a.Book
	withheld, err := r.Withheld()
	w.fail(err)
	open, rows, known, err := a.known(withheld)
	w.fail(err)
	if w.err != nil {
		return
	}
	w.json("data/bundle.json", verify.Index{Version: 1, Case: cfg.Case.ID, Origin: b.View().Origin()})
	w.json("data/disclosures.json", open)
	w.json("data/excerpts.json", verify.Excerpts{Openings: append([]verify.Opening{}, a.Cited...)})
	w.add("data/sealed/review.json", a.Sealed)
	w.add("data/sealed/case.yaml", a.CaseDoc)
	w.answer(a, known)
	w.folder("data/ledger", filepath.Join(cfg.Case.Dir, custody.LedgerDir), func(p string) bool {
		return p == "checkpoint" || p == "log.vkey" || strings.HasPrefix(p, "tile/")
	})
	for _, e := range b.Events {
		switch body := e.Body.(type) {
		case *custody.Received:
			w.copy("data/manifests/"+body.Manifest+".txt", b.ManifestFile(body.Manifest))
		case *custody.Plan:
			w.copy("data/plans/"+body.PlanSHA256+".txt", filepath.Join(cfg.Case.Dir, "plans", body.PlanSHA256+".txt"))
		}
	}
	if policy := filepath.Join(cfg.Case.Dir, custody.WitnessFile); exists(policy) {
		w.copy("data/"+custody.WitnessFile, policy)
	}
	w.signatures(cfg, signed)
	if len(r.List) > 0 {
		w.redactions(cfg, b, r)
	}
	if cfg.Tables {
		w.tables(cfg, a, rows, known, withheld)
	}
}

// answer writes the review and the case as readers see them, and the report.
func (w *writer) answer(a *Answer, known *seal.Known) {
	text, err := known.JSON(a.Sealed, custody.ReviewPlace)
	w.fail(err)
	c, err := known.Text(string(a.CaseDoc))
	w.fail(err)
	if w.err != nil {
		return
	}
	r, err := report.Parse(text)
	if err != nil {
		w.fail(err)
		return
	}
	var page bytes.Buffer
	w.fail(report.HTML(&page, r))
	assessed, err := report.OSCAL(r)
	w.fail(err)
	w.add("data/review.json", text)
	w.add("data/case.yaml", []byte(c))
	w.add("data/report.html", page.Bytes())
	w.add("data/oscal.json", assessed)
}

// tables writes the tables and what their rows are checked with, and the SQL.
func (w *writer) tables(cfg Config, a *Answer, disclosures []string, known *seal.Known, withheld map[string]string) {
	t := verify.Tables{Keys: map[string][]byte{}, Names: []string{}, Disclosures: append([]string{}, disclosures...)}
	for _, x := range a.Tables {
		t.Keys[x.Name] = review.RowKey(a.Rows, x.Name)
	}
	for _, d := range a.Rows.Disclosures() {
		_, digest, err := seal.ParseDisclosure(d)
		w.fail(err)
		t.Names = append(t.Names, digest)
	}
	w.json("data/tables.json", t)
	from := filepath.Join(cfg.Out, "tables")
	if len(withheld) > 0 {
		from = w.to.Scratch()
		hidden := hiddenIn(cfg.Wishes)
		text := func(v string) (string, error) {
			opened, err := known.Text(a.Rows.Text(v, a.names))
			if err == nil {
				err = hidden.tellsIn("a row", opened)
			}
			return opened, err
		}
		for _, x := range a.Tables {
			w.fail(table.Rewrite(filepath.Join(cfg.Out, "tables"), from, x.Name, text))
		}
	}
	all := func(string) bool { return true }
	w.folder("data/tables", from, all)
	w.folder("data/catalog", filepath.Join(cfg.Out, "catalog"), all)
	for _, name := range []string{"open.sql", "header.json"} {
		w.copy("data/"+name, filepath.Join(cfg.Out, name))
	}
}

// redactions adds what is withheld, and by whose approval.
func (w *writer) redactions(cfg Config, b *custody.Book, r *custody.Redactions) {
	text, err := r.Text()
	w.fail(err)
	w.add("data/redactions.json", text)
	sum := sha256.Sum256(text)
	var keys []string
	for _, x := range custody.ApprovedIn(b.Events, hex.EncodeToString(sum[:])) {
		keys = append(keys, x.KeySHA256)
	}
	w.signed(filepath.Join(cfg.Case.Dir, "signatures", "redactions"), "data/signatures/redactions/", keys)
}

func (w *writer) json(name string, v any) {
	text, err := seal.Canonical(v)
	w.fail(err)
	w.add(name, append(text, '\n'))
}

// signatures adds the signatures of this review, by their keys.
func (w *writer) signatures(cfg Config, signed custody.Reviewed) {
	var keys []string
	for _, s := range signed.Signed {
		keys = append(keys, s.KeySHA256)
	}
	for _, s := range signed.Dissent {
		keys = append(keys, s.KeySHA256)
	}
	if len(keys) == 0 {
		return
	}
	dir := filepath.Join(cfg.Case.Dir, "signatures")
	w.copy("data/signatures/trusted_root.json", filepath.Join(dir, "trusted_root.json"))
	w.signed(dir, "data/signatures/", keys)
}

// signed adds the signatures by the keys with these ids that lie in a folder.
func (w *writer) signed(dir, to string, keys []string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pub"))
	w.fail(err)
	found := 0
	for _, f := range files {
		spki, err := keyfile.Public(f)
		w.fail(err)
		if err != nil || !slices.Contains(keys, attest.KeyID(spki)) {
			continue
		}
		found++
		name := to + attest.KeyID(spki)[:16] // reviewers' names may be withheld
		w.copy(name+".pub", f)
		w.copy(name+".sigstore.json", strings.TrimSuffix(f, ".pub")+".sigstore.json")
	}
	if found < len(keys) {
		w.fail(fmt.Errorf("%d signatures are in the ledger and %d in %s: restore them from a copy", len(keys), found, dir))
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// add writes one file.
func (w *writer) add(name string, data []byte) { w.put(name, bytes.NewReader(data)) }

// put writes one file, unless it is there.
func (w *writer) put(name string, from io.Reader) {
	if w.err != nil || w.payload[name] != "" {
		return
	}
	to, err := w.to.Create(name)
	if err != nil {
		w.fail(err)
		return
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), from)
	w.fail(errors.Join(err, to.Close()))
	w.note(name, hex.EncodeToString(h.Sum(nil)), n)
}

func (w *writer) note(name, sum string, n int64) {
	w.payload[name] = sum
	if strings.HasPrefix(name, "data/") {
		w.bytes += n
	}
}

// copy copies one file.
func (w *writer) copy(name, from string) {
	if w.err != nil || w.payload[name] != "" {
		return
	}
	f, err := os.Open(from)
	if err != nil {
		w.fail(err)
		return
	}
	defer f.Close()
	w.put(name, f)
}

// folder copies what of a folder is wanted.
func (w *writer) folder(name, from string, want func(string) bool) {
	w.fail(fs.WalkDir(os.DirFS(from), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !want(p) {
			return err
		}
		w.copy(path.Join(name, p), filepath.Join(from, filepath.FromSlash(p)))
		return w.err
	}))
}

// close writes what makes the folder a bag.
func (w *writer) close() {
	payload := manifest(w.payload)
	w.payload = map[string]string{}
	w.add("bagit.txt", []byte(verify.Bagit))
	w.add("bag-info.txt", fmt.Appendf(nil, "Bag-Software-Agent: probity\nPayload-Oxum: %d.%d\n", w.bytes, strings.Count(payload, "\n")))
	w.add("manifest-sha256.txt", []byte(payload))
	w.add("tagmanifest-sha256.txt", []byte(manifest(w.payload)))
}

func manifest(files map[string]string) string {
	var lines []string
	for name, sum := range files {
		lines = append(lines, sum+"  "+name+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return strings.Join(lines, "")
}
