package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"probity"
	"probity/internal/casefile"
)

var termsCommand = command{
	name: "terms", args: "list | show PACK [--version V] [--case] | diff PACK --from V --to V",
	short: "lists, shows and compares packs of terms: provisions with their time of effect",
	long: `A pack holds the provisions of one instrument of a provider in several
versions: when each had effect, when its text was seen, by whom and where, a
paraphrase with its author, the digest of the text, and what claims must test.
The text itself is never kept. PACK is the name of one that comes with the
program, or a file. docs/terms.md says how to write one.

  list                      the packs that come with the program
  show PACK [--version V]   all versions, or one
       --version V --case   as an element of terms for case.yaml
  diff PACK --from V --to V what changed between two versions

example:
  probity terms diff example-cloud --from 2023-03-01 --to 2024-10-01`,
	run: runTerms,
}

func runTerms(_ context.Context, t *talk, args []string) error {
	if len(args) == 0 {
		return usageError("want list, show or diff")
	}
	f := flag.NewFlagSet("terms", flag.ContinueOnError)
	version, from, to := f.String("version", "", ""), f.String("from", "", ""), f.String("to", "", "")
	asCase := f.Bool("case", false, "")
	switch args[0] {
	case "list":
		if _, err := parse(f, args[1:], 0, "nothing after list"); err != nil {
			return err
		}
		return listTerms(t.out)
	case "show", "diff":
		rest, err := parse(f, args[1:], 1, "one pack")
		if err != nil {
			return err
		}
		p, err := casefile.LoadPack(rest[0])
		if err != nil {
			return err
		}
		if args[0] == "diff" {
			return diffTerms(t.out, p, *from, *to)
		}
		return showTerms(t.out, p, *version, *asCase)
	}
	return usageError("unknown word %q: want list, show or diff", args[0])
}

func listTerms(w io.Writer) error {
	list, err := casefile.Packs()
	if err != nil {
		return err
	}
	for _, p := range list {
		fmt.Fprintf(w, "%s  %s: %s\n", p.ID, p.Provider, p.Instrument)
		for i := range p.Versions {
			v := &p.Versions[i]
			fmt.Fprintf(w, "  %s  %s, %d provisions\n", v.Version, effect(v), len(v.Provisions))
		}
	}
	return nil
}

func effect(v *probity.Terms) string {
	if v.Effective.Until == "" {
		return "in effect from " + v.Effective.From
	}
	return "in effect from " + v.Effective.From + " until " + v.Effective.Until
}

func versionOf(p *casefile.Pack, name, option string) (*probity.Terms, error) {
	have := ""
	for i := range p.Versions {
		if p.Versions[i].Version == name {
			return &p.Versions[i], nil
		}
		have += " " + p.Versions[i].Version
	}
	return nil, usageError("%s %q: pack %s has%s", option, name, p.ID, have)
}

func showTerms(w io.Writer, p *casefile.Pack, version string, asCase bool) error {
	list := p.Versions
	if version != "" || asCase {
		v, err := versionOf(p, version, "--version")
		if err != nil {
			return err
		}
		list = []probity.Terms{*v}
	}
	if asCase {
		return casefile.WriteTerms(w, &list[0])
	}
	fmt.Fprintf(w, "%s  %s: %s\n", p.ID, p.Provider, p.Instrument)
	for i := range list {
		v := &list[i]
		fmt.Fprintf(w, "\nversion %s, %s\n  seen %s by %s: %s\n", v.Version, effect(v), v.Captured.At, v.Captured.By, v.Captured.Locator)
		for _, x := range v.Provisions {
			fmt.Fprintf(w, "  %s (section %s)\n    %s (paraphrase by %s)\n    SHA-256 of the text: %s\n", x.ID, x.Section, x.Paraphrase, x.Author, x.SHA256)
			for _, n := range x.Needs {
				fmt.Fprintf(w, "    needs %s: %s\n", n.Subject, n.Why)
			}
		}
	}
	return nil
}

// diffTerms writes what changed from one version to another.
func diffTerms(w io.Writer, p *casefile.Pack, from, to string) error {
	a, err := versionOf(p, from, "--from")
	if err != nil {
		return err
	}
	b, err := versionOf(p, to, "--to")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s (%s) to %s (%s)\n", p.ID, a.Version, effect(a), b.Version, effect(b))
	changes := casefile.DiffTerms(a, b)
	for _, c := range changes {
		fmt.Fprintf(w, "%s: %s\n", c.Provision, c.What)
		if c.From != "" {
			fmt.Fprintf(w, "  - %s\n", c.From)
		}
		if c.To != "" {
			fmt.Fprintf(w, "  + %s\n", c.To)
		}
	}
	if len(changes) == 0 {
		fmt.Fprintln(w, "no provision changed")
	}
	return nil
}
