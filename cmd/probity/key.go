package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"probity/internal/attest"
	"probity/internal/keyfile"
)

var keyCommand = command{
	name: "key", args: "new NAME | show FILE.pub",
	short: "makes the key with which a reviewer signs",
	long: `Key new writes NAME.key, encrypted under a passphrase and readable by its owner
alone, and NAME.pub, the public key as PEM, which other tools take. It never
replaces a key. The passphrase is asked for, or read from a file.

  --dir DIR                where; the current folder if absent
  --passphrase-file FILE   its first line is the passphrase

Key show prints the id of a public key: the SHA-256 by which the ledger names it.

example:
  probity key new ada && probity key show ada.pub`,
	run: runKey,
}

func runKey(_ context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("key", flag.ContinueOnError)
	dir, file := f.String("dir", ".", ""), f.String("passphrase-file", "", "")
	rest, err := parse(f, args, 2, "new and a name, or show and a file")
	if err != nil {
		return err
	}
	switch rest[0] {
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
	return usageError("%q is neither new nor show", rest[0])
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
