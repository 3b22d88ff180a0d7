package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"probity"
	"probity/internal/attest"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/keyfile"
	"probity/internal/ledger"
	"probity/internal/report"
)

// signatures is the folder of a case's signatures.
const signatures = "signatures"

var signCommand = command{
	name: "sign", args: "CASE --as NAME --role author|approver --key FILE",
	short: "signs a review, or dissents from it, with a reviewer's key",
	long: `Sign lets a reviewer stand by the review that the last run wrote. The signature
goes to the ledger and, as a Sigstore bundle that stock tools verify, to
signatures/ in the case folder. What is signed is the sealed form of the review,
signatures/review.json: names that may have to be withheld stand in it as
salted digests. An author and an approver are needed, different
people with different keys.

  --as NAME                who signs
  --role WORD              author or approver
  --key FILE               the key that probity key new made
  --dissent TEXT           do not stand by it, and say why: a statement of its own
  --passphrase-file FILE   its first line is the passphrase of the key
  --out DIR                where the review was written; CASE/out if absent
  --check                  signs nothing: verifies every signature of the review,
                           and whether they are enough; exit 4 if not

example:
  probity sign mycase --as "A. Example" --role author --key ada.key
  cosign verify-blob-attestation --bundle mycase/signatures/A.-Example.sigstore.json \
      --key mycase/signatures/A.-Example.pub --trusted-root mycase/signatures/trusted_root.json \
      --type ` + attest.ReviewType + ` mycase/signatures/review.json`,
	run: runSign,
}

func runSign(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("sign", flag.ContinueOnError)
	by, role, key := f.String("as", "", ""), f.String("role", "", ""), f.String("key", "", "")
	dissent, file, out, check := f.String("dissent", "", ""), f.String("passphrase-file", "", ""), f.String("out", "", ""), f.Bool("check", false, "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(c.Dir, "out")
	}
	content, err := os.ReadFile(filepath.Join(*out, durable.Mark))
	if err != nil {
		return fmt.Errorf("reading the review: %w: run probity review first", err)
	}
	if *check {
		return checkSignatures(t, c, content)
	}
	switch {
	case *by == "" || *key == "" || *role == "":
		return usageError("--as, --role and --key are needed")
	case *role != string(custody.Author) && *role != string(custody.Approver):
		return usageError("--role %q: want author or approver", *role)
	case fileName(*by) == "":
		return usageError("--as %q: want a name", *by)
	}
	b, err := custody.Resume(c.Dir, custody.Options{})
	if errors.Is(err, custody.ErrNone) {
		return fmt.Errorf("%w: begin it with probity plan --seal, request or collect, then run probity review", err)
	}
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	pass, err := passphrase(*file, false)
	if err != nil {
		return err
	}
	sealed, err := sealedReview(b, c, content)
	if err != nil {
		return err
	}
	s := signer{book: b, review: content, content: sealed, by: *by, role: custody.Role(*role), dissent: *dissent, dir: filepath.Join(c.Dir, signatures)}
	return s.sign(t, *key, pass)
}

// sealedReview returns the sealed form of a review, which is what is signed.
func sealedReview(b *custody.Book, c *probity.Case, content []byte) ([]byte, error) {
	r, err := report.Parse(content)
	if err != nil {
		return nil, err
	}
	b.Adopt(c)
	sealed, _, err := b.SealReview(c, r, content)
	return sealed, err
}

// A signer signs one review.
type signer struct {
	book    *custody.Book
	review  []byte // review.json
	content []byte // its sealed form, which is signed
	by      string
	role    custody.Role
	dissent string
	dir     string
}

// predicate is what a reviewer stands by: the same bytes for each of them.
func predicate(content []byte, dissent string) (string, any, error) {
	var r probity.Review
	if err := json.Unmarshal(content, &r); err != nil {
		return "", nil, fmt.Errorf("reading the review: %w", err)
	}
	findings := []any{}
	for i := range r.Claims {
		findings = append(findings, map[string]any{"claim": r.Claims[i].ID, "finding": r.Claims[i].Finding.Outcome().String()})
	}
	p := map[string]any{"case": r.Case, "opinion": string(r.Conclusion.Opinion), "findings": findings, "plan_sealed": r.Plan.Sealed}
	if dissent != "" {
		p["reason"] = dissent
		return attest.DissentType, p, nil
	}
	return attest.ReviewType, p, nil
}

func (s *signer) sign(t *talk, keyFile, pass string) error {
	key, spki, err := keyfile.Load(keyFile, pass)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(s.content)
	review, id := hex.EncodeToString(sum[:]), attest.KeyID(spki)
	if err := s.book.MaySign(review, s.by, id); err != nil {
		return err
	}
	kind, what, err := predicate(s.review, s.dissent)
	if err != nil {
		return err
	}
	statement, err := attest.NewStatement(kind, durable.Mark, s.content, what)
	if err != nil {
		return err
	}
	signature, err := attest.Sign(statement, key)
	if err != nil {
		return err
	}
	leaf, err := attest.Leaf(statement, signature, spki)
	if err != nil {
		return err
	}
	l := s.book.Log()
	index, err := l.Append(leaf)
	if err != nil {
		return err
	}
	if err := l.Publish(); err != nil {
		return err
	}
	if err := s.keep(statement, signature, spki, l.View(), index); err != nil {
		return err
	}
	if s.dissent != "" {
		_, err = s.book.Record(custody.FindingDissent, "", &custody.Dissent{By: s.by, Role: s.role, KeySHA256: id, ReviewSHA256: review, Leaf: index, Reason: s.dissent})
	} else {
		_, err = s.book.Record(custody.FindingSigned, "", &custody.Signed{By: s.by, Role: s.role, KeySHA256: id, ReviewSHA256: review, Leaf: index})
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "signed as leaf %d: %s\n", index, filepath.Join(s.dir, fileName(s.by)+".sigstore.json"))
	if met, missing := s.book.Reviewed(review).Met(); !met {
		fmt.Fprintln(t.out, "not enough yet:", missing)
	} else {
		fmt.Fprintln(t.out, "an author and an approver have signed")
	}
	return nil
}

// keep writes what others verify a signature with. A signature of an earlier
// review gives way: its leaf stays in the ledger.
func (s *signer) keep(statement, signature, spki []byte, view *ledger.View, index int64) error {
	bundle, err := attest.NewBundle(statement, signature, spki, view, index)
	if err != nil {
		return err
	}
	root, err := attest.TrustedRoot(view.Vkey(), s.book.Events[0].At.UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return err
	}
	name := filepath.Join(s.dir, fileName(s.by))
	return errors.Join(durable.Replace(filepath.Join(s.dir, durable.Mark), s.content), durable.Replace(name+".pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
		durable.Replace(filepath.Join(s.dir, "trusted_root.json"), root), durable.Replace(name+".sigstore.json", bundle))
}

// checkSignatures verifies every signature that the ledger knows of a review.
func checkSignatures(t *talk, c *probity.Case, content []byte) error {
	b, err := custody.Read(c.Dir, custody.Options{})
	if err != nil {
		return err
	}
	if content, err = sealedReview(b, c, content); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	r := b.Reviewed(hex.EncodeToString(sum[:]))
	check := func(by, key, kind string) error {
		name := filepath.Join(c.Dir, signatures, fileName(by))
		spki, err := keyfile.Public(name + ".pub")
		if err != nil {
			return err
		}
		if attest.KeyID(spki) != key {
			return fmt.Errorf("%s.pub is not the key that the ledger names", name)
		}
		text, err := os.ReadFile(name + ".sigstore.json")
		if err != nil {
			return err
		}
		v, err := attest.Verify(text, spki, content, b.View().Vkey())
		if err == nil && v.PredicateType != kind {
			err = fmt.Errorf("it says %s, and the ledger %s", v.PredicateType, kind)
		}
		return err
	}
	for _, s := range r.Signed {
		if err := check(s.By, s.KeySHA256, attest.ReviewType); err != nil {
			return verificationError("the signature of %s: %v", s.By, err)
		}
		fmt.Fprintf(t.out, "ok: %s stands by it as %s, leaf %d\n", s.By, s.Role, s.Leaf)
	}
	for _, s := range r.Dissent {
		if err := check(s.By, s.KeySHA256, attest.DissentType); err != nil {
			return verificationError("the dissent of %s: %v", s.By, err)
		}
		fmt.Fprintf(t.out, "ok: %s (%s) dissents, leaf %d: %s\n", s.By, s.Role, s.Leaf, s.Reason)
	}
	if met, missing := r.Met(); !met {
		return verificationError("the review is not signed by enough: %s", missing)
	}
	return nil
}
