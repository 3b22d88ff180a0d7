package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"probity/internal/attest"
	"probity/internal/bundle"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/keyfile"
)

var redactCommand = command{
	name: "redact", args: "CASE --file FILE --as NAME --role author|approver --key FILE",
	short: "approves what is withheld from the published answer",
	long: `Redact signs a list of redactions for the review that the last run wrote. Two
reviewers have to, with keys of their own, before probity publish --redact
withholds anything. The list is a file such as

  redactions:
    - id: X1
      nature: name of a person
      rule: Regulation (EU) 2016/679, article 5(1)(c)
      names: [A. Example]

Each name is withheld wherever it stands, in any letters, and one pseudonym,
withheld-1, stands in its place. Nature and rule are published.

  --file FILE              the list
  --as NAME                who approves
  --role WORD              author or approver
  --key FILE               the key that probity key new made
  --passphrase-file FILE   its first line is the passphrase of the key
  --review DIR             where the review was written; CASE/out if absent

example:
  probity redact mycase --file redactions.yaml --as "A. Example" --role author --key ada.key`,
	run: runRedact,
}

func runRedact(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("redact", flag.ContinueOnError)
	file, by, role, key := f.String("file", "", ""), f.String("as", "", ""), f.String("role", "", ""), f.String("key", "", "")
	secret, out := f.String("passphrase-file", "", ""), f.String("review", "", "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	switch {
	case *file == "" || *by == "" || *role == "" || *key == "":
		return usageError("--file, --as, --role and --key are needed")
	case *role != string(custody.Author) && *role != string(custody.Approver):
		return usageError("--role %q: want author or approver", *role)
	case fileName(*by) == "":
		return usageError("--as %q: want a name", *by)
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(c.Dir, "out")
	}
	list, err := wishes(*file)
	if err != nil {
		return err
	}
	b, err := custody.Resume(c.Dir, custody.Options{})
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	a, err := bundle.Gather(c, b, *out, nil)
	if err != nil {
		return err
	}
	r, err := a.Redactions(list)
	if err != nil {
		return err
	}
	pass, err := passphrase(*secret, false)
	if err != nil {
		return err
	}
	return approve(t, b, r, custody.Approved{By: *by, Role: custody.Role(*role)}, *key, pass)
}

// approve signs redactions and records it. The order: the signature's leaf, the
// files that others verify it with, the event that names it.
func approve(t *talk, b *custody.Book, r *custody.Redactions, who custody.Approved, keyFile, pass string) error {
	key, spki, err := keyfile.Load(keyFile, pass)
	if err != nil {
		return err
	}
	text, err := r.Text()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	who.KeySHA256, who.RedactionsSHA256 = attest.KeyID(spki), hex.EncodeToString(sum[:])
	for _, x := range custody.ApprovedIn(b.Events, who.RedactionsSHA256) {
		if strings.EqualFold(x.By, who.By) || x.KeySHA256 == who.KeySHA256 {
			return fmt.Errorf("%s has approved these redactions: another person, with a key of their own, has to", x.By)
		}
	}
	n := 0
	for _, x := range r.List {
		n += len(x.Names)
	}
	statement, err := attest.NewStatement(attest.RedactionType, "redactions.json", text, map[string]any{"redactions": len(r.List), "names": n})
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
	if who.Leaf, err = b.Log().Append(leaf); err != nil {
		return err
	}
	if err := b.Log().Publish(); err != nil {
		return err
	}
	view := b.Log().View()
	signed, err := attest.NewBundle(statement, signature, spki, view, who.Leaf)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.Dir(), signatures, "redactions")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	name := filepath.Join(dir, fileName(who.By))
	err = errors.Join(durable.Replace(filepath.Join(dir, "redactions.json"), text), writeTrustedRoot(filepath.Dir(dir), b, nil),
		durable.Replace(name+".pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})), durable.Replace(name+".sigstore.json", signed))
	if err != nil {
		return err
	}
	if _, err := b.Record(custody.RedactionApproved, "", &who); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "approved as leaf %d: %d redactions of %d names\n", who.Leaf, len(r.List), n)
	if ok, missing := custody.TwoApproved(custody.ApprovedIn(b.Events, who.RedactionsSHA256)); !ok {
		fmt.Fprintln(t.out, "not enough yet:", missing)
	}
	return nil
}
