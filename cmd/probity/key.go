package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/keyfile"
)

var keyCommand = command{
	name: "key", args: "new NAME | show FILE.pub | add CASE | revoke CASE",
	short: "makes, names and revokes the keys with which reviewers sign",
	long: `Key new writes NAME.key, encrypted under a passphrase and readable by its owner
alone, and NAME.pub, the public key as PEM, which other tools take. It never
replaces a key. The passphrase is asked for, or read from a file.

  --dir DIR                where; the current folder if absent
  --passphrase-file FILE   its first line is the passphrase

Key show prints the id of a public key: the SHA-256 by which the ledger names it.

Key add puts into the ledger that a key belongs to a reviewer, beside the one that
the policy lists; where there is no policy, nobody else signs in that name. Key
revoke says that a key is no longer its owner's alone: what it signed since
then, or signs later, does not count.

  --as NAME        add: whose key it is
  --public FILE    the public key, NAME.pub
  --reason TEXT    revoke: why
  --since DATE     revoke: since when; now if absent

example:
  probity key new ada && probity key show ada.pub
  probity key revoke mycase --public ada.pub --reason "the disk was stolen" --since 2026-03-01`,
	run: runKey,
}

func runKey(_ context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("key", flag.ContinueOnError)
	dir, file := f.String("dir", ".", ""), f.String("passphrase-file", "", "")
	by, public, reason, since := f.String("as", "", ""), f.String("public", "", ""), f.String("reason", "", ""), f.String("since", "", "")
	rest, err := parse(f, args, 2, "new and a name, show and a file, or add or revoke and a case")
	if err != nil {
		return err
	}
	switch rest[0] {
	case "add":
		return addKey(t, rest[1], *by, *public)
	case "revoke":
		return revokeKey(t, rest[1], *public, *reason, *since)
	case "show":
		spki, err := keyfile.Public(rest[1])
		if err == nil {
			fmt.Fprintln(t.out, attest.KeyID(spki))
		}
		return err
	case "new":
		if fileName(rest[1]) != rest[1] {
			return usageError("the name %q: use letters, digits, dots, dashes and underscores", rest[1])
		}
		pass, err := passphrase(*file, true)
		if err != nil {
			return err
		}
		private, public, err := keyfile.New(*dir, rest[1], pass)
		if err == nil {
			fmt.Fprintf(t.out, "wrote %s (keep it, and its passphrase, to yourself) and %s (give it to everybody)\n", private, public)
		}
		return err
	}
	return usageError("%q is none of new, show, add, revoke", rest[0])
}

func addKey(t *talk, path, by, public string) (err error) {
	if by == "" || public == "" {
		return usageError("--as and --public are needed")
	}
	spki, err := keyfile.Public(public)
	if err != nil {
		return err
	}
	_, b, err := startBook(path)
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	index, err := b.Record(custody.KeyAdded, "", &custody.Key{By: by, KeySHA256: attest.KeyID(spki)})
	if err == nil {
		fmt.Fprintf(t.out, "recorded as leaf %d: %s has the key %s\n", index, by, attest.KeyID(spki))
	}
	return err
}

func revokeKey(t *talk, path, public, reason, since string) (err error) {
	if public == "" || reason == "" {
		return usageError("--public and --reason are needed")
	}
	spki, err := keyfile.Public(public)
	if err != nil {
		return err
	}
	r := custody.Revoked{KeySHA256: attest.KeyID(spki), Reason: reason, Since: time.Now().UTC().Truncate(time.Second)}
	if since != "" {
		if r.Since, err = dateFlag("since", since); err != nil {
			return err
		}
	}
	_, b, err := startBook(path)
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	index, err := b.Record(custody.KeyRevoked, "", &r)
	if err == nil {
		fmt.Fprintf(t.out, "recorded as leaf %d: the key %s counts no more\n", index, r.KeySHA256)
	}
	return err
}

// passphrase asks for a passphrase, twice if it is a new one, or reads it.
func passphrase(file string, twice bool) (string, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), err
	}
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", errors.New("the passphrase: there is no terminal to ask on; name a file with --passphrase-file")
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(os.Stderr, prompt)
		text, err := term.ReadPassword(in)
		fmt.Fprintln(os.Stderr)
		return string(text), err
	}
	first, err := ask("passphrase: ")
	if err != nil || !twice {
		return first, err
	}
	again, err := ask("again: ")
	if err == nil && again != first {
		err = errors.New("the two passphrases differ")
	}
	return first, err
}

// fileName makes the name of a file from the name of a person.
func fileName(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s), ".-")
}
