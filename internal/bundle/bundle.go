// Package bundle writes the published answer: a bag (BagIt 1.0, RFC 8493) that
// holds the review, the tables and SQL behind it, the ledger, and what opens and
// signs it. The same case gives the same bytes.
package bundle

import (
	"archive/zip"
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
	"probity/internal/seal"
	"probity/internal/verify"
)

// Config says what to publish and where.
type Config struct {
	Case   *probity.Case
	Out    string // what a review wrote
	Target string // the folder that the bundle will be; it must not be there
	Draft  bool   // without enough signatures
	Tables bool   // with the tables and the SQL
}

// Write publishes a review. The ledger must hold its run, and, unless it is a
// draft, enough signatures of it. The folder, and the zip beside it, appear
// whole or not at all.
func Write(cfg Config) (err error) {
	if _, err := os.Lstat(cfg.Target); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("publishing: %s is there: choose another folder", cfg.Target)
	}
	if _, err := os.Lstat(filepath.Clean(cfg.Target) + ".zip"); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("publishing: %s.zip is there: choose another folder", filepath.Clean(cfg.Target))
	}
	b, err := custody.Resume(cfg.Case.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		return fmt.Errorf("publishing: %w: begin it with probity plan --seal, and see README.md", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	text, err := os.ReadFile(filepath.Join(cfg.Out, durable.Mark))
	if err != nil {
		return fmt.Errorf("publishing: %w: run probity review first", err)
	}
	sum := sha256.Sum256(text)
	review := hex.EncodeToString(sum[:])
	signed := b.Reviewed(review)
	if met, missing := signed.Met(); !met && !cfg.Draft {
		return fmt.Errorf("publishing: %s: probity sign, or --draft to publish without", missing)
	}
	if err := announce(b, review); err != nil {
		return err
	}
	if err := cosigned(b, review, cfg.Draft); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(cfg.Target)), "."+filepath.Base(cfg.Target)+".unfinished-")
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	defer os.RemoveAll(temp)
	w := &writer{root: temp, payload: map[string]string{}}
	w.pack(cfg, b, text, signed)
	w.close()
	if w.err != nil {
		return fmt.Errorf("publishing: %w", w.err)
	}
	if err := errors.Join(os.Chmod(temp, 0o755), syncAll(temp)); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	if err := os.Rename(temp, cfg.Target); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return errors.Join(syncPath(filepath.Dir(filepath.Clean(cfg.Target))), pack(cfg.Target))
}

// pack writes the folder as a zip beside it, with the same bytes for the same
// folder.
func pack(dir string) (err error) {
	dir = filepath.Clean(dir)
	f, err := os.CreateTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".zip.unfinished-")
	if err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("packing: %w", errors.Join(err, f.Close(), os.Remove(f.Name())))
		}
	}()
	z := zip.NewWriter(f)
	err = fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		w, err := z.Create(path.Join(filepath.Base(dir), p)) // no times
		if err != nil {
			return err
		}
		from, err := os.Open(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			return err
		}
		_, err = io.Copy(w, from)
		return errors.Join(err, from.Close())
	})
	if err := errors.Join(err, z.Close(), f.Chmod(0o644), f.Sync()); err != nil {
		return err
	}
	return errors.Join(os.Rename(f.Name(), dir+".zip"), f.Close(), syncPath(filepath.Dir(dir)))
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

// announce records that a review is published, once.
func announce(b *custody.Book, review string) error {
	for _, e := range b.Events {
		if p, ok := e.Body.(*custody.Published); ok && p.ReviewSHA256 == review {
			return nil
		}
	}
	_, err := b.Record(custody.CheckpointPublished, "", &custody.Published{ReviewSHA256: review})
	return err
}

// A writer writes the files of a bag and keeps their digests. After an error it
// does nothing.
type writer struct {
	root    string
	payload map[string]string // of files below data/
	bytes   int64
	err     error
}

func (w *writer) pack(cfg Config, b *custody.Book, text []byte, signed custody.Reviewed) {
	index, err := seal.Canonical(verify.Index{Version: 1, Case: cfg.Case.ID, Origin: b.View().Origin()})
	w.fail(err)
	list, err := seal.Canonical(b.Sealer().Disclosures())
	w.fail(err)
	w.add("data/bundle.json", append(index, '\n'))
	w.add("data/disclosures.json", append(list, '\n'))
	w.add("data/review.json", text)
	w.copy("data/report.html", filepath.Join(cfg.Out, "report.html"))
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
	if cfg.Tables {
		w.copy("data/case.yaml", cfg.Case.File)
		for _, name := range []string{"tables", "catalog"} {
			w.folder("data/"+name, filepath.Join(cfg.Out, name), func(string) bool { return true })
		}
		for _, name := range []string{"open.sql", "header.json"} {
			w.copy("data/"+name, filepath.Join(cfg.Out, name))
		}
	}
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
		name := strings.TrimSuffix(f, ".pub")
		w.copy("data/signatures/"+filepath.Base(f), f)
		w.copy("data/signatures/"+filepath.Base(name)+".sigstore.json", name+".sigstore.json")
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
func (w *writer) add(name string, data []byte) {
	if w.err != nil || w.payload[name] != "" {
		return
	}
	p := filepath.Join(w.root, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, data, 0o644)); err != nil {
		w.fail(err)
		return
	}
	sum := sha256.Sum256(data)
	w.note(name, hex.EncodeToString(sum[:]), int64(len(data)))
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
	p := filepath.Join(w.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		w.fail(err)
		return
	}
	to, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		w.fail(err)
		return
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), f)
	w.fail(errors.Join(err, to.Close()))
	w.note(name, hex.EncodeToString(h.Sum(nil)), n)
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

func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(p)
	})
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
