package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"probity/internal/bundle"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/report"
	"probity/internal/review"
	"probity/internal/verify"
)

var publishCommand = command{
	name: "publish", args: "CASE --out BUNDLE [--redact FILE]",
	short: "writes a bundle that anyone can check offline",
	long: `Publish writes the review that the last run wrote, with the tables and the SQL
behind it, the ledger, what opens its texts, and the signatures, as a folder
that is a bag (BagIt 1.0), and as a zip beside it. An author and an approver must have signed,
or whom the policy of the case wants (probity policy). If the case has a file
witnesses.policy (a tlog-policy), its witnesses are asked to cosign, and its quorum is needed.

Names of accounts, resources, custodians and reviewers are in it, but for those
that --redact withholds. Each of these stands as one pseudonym wherever it stood;
findings, coverage, gaps, custody, refusals and the conclusion cannot be withheld.
Two reviewers approve with probity redact, and the ledger says what was withheld
by which rule.

  --out BUNDLE              the folder, which must not be there
  --redact FILE             a list of redactions: see probity help redact
  --excerpt HASH:POSITION   shows the row of a record besides those that the
                            findings cite; may be given several times
  --draft                   without enough signatures; verifying says so
  --no-tables               without tables/ and catalog/
  --review DIR              where the review was written; CASE/out if absent

example:
  probity publish mycase --redact redactions.yaml --out answer && probity verify answer`,
	run: runPublish,
}

func runPublish(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("publish", flag.ContinueOnError)
	to, out, redact := f.String("out", "", ""), f.String("review", "", ""), f.String("redact", "", "")
	var excerpts texts
	f.Var(&excerpts, "excerpt", "")
	draft, bare := f.Bool("draft", false, ""), f.Bool("no-tables", false, "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *to == "" {
		return usageError("--out BUNDLE is needed")
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(c.Dir, "out")
	}
	cfg := bundle.Config{Case: c, Out: *out, Target: *to, Draft: *draft, Tables: !*bare}
	if cfg.Wishes, err = wishes(*redact); err != nil {
		return err
	}
	if cfg.Excerpts, err = places(excerpts); err != nil {
		return err
	}
	if err := bundle.Write(cfg); err != nil {
		return err
	}
	if b, err := custody.Read(c.Dir, custody.Options{}); err == nil {
		if w, err := b.Witnessed(ctx, "", nil); err == nil && w.Asked {
			fmt.Fprintln(t.out, w.Words())
		}
	}
	fmt.Fprintf(t.out, "wrote %s and %s.zip; check it as its readers will: probity-verify %s\n", *to, filepath.Clean(*to), *to)
	return nil
}

// wishes reads redactions.yaml; "" is none.
func wishes(name string) ([]bundle.Wish, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the redactions: %w", err)
	}
	list, err := bundle.ParseWishes(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// places reads records as probity show names them.
func places(list []string) ([]bundle.Place, error) {
	var out []bundle.Place
	for _, text := range list {
		exhibit, position, err := recordAt(text)
		if err != nil || len(exhibit) < 8 {
			return nil, usageError("--excerpt %q: want the SHA-256 of an exhibit, or its beginning, and a position, such as c506e8d4600d:1536", text)
		}
		out = append(out, bundle.Place{Exhibit: exhibit, Position: position})
	}
	return out, nil
}

var verifyCommand = command{
	name: "verify", args: "BUNDLE [--since FILE] [--log KEY] [--policy FILE] [--time-authority FILE]",
	short: "checks a published bundle, step by step",
	long: `Verify checks a folder that probity publish wrote, offline, as probity-verify
does, which is a program of its own without the rest of this one, and then
answers each claim anew from the tables and compares. docs/bundle.md says what
each step means. Exit 4 if a step fails.

  --since FILE    a checkpoint of this ledger from before, which it must continue
  --log KEY       the key of the ledger, if you know it from elsewhere
  --policy FILE   a tlog-policy: the witnesses whose cosignatures you want; the
                  bundle's own if absent
  --time-authority FILE
                  the root of the time stamp authority, as PEM, if you know it
                  from elsewhere

example:
  probity verify answer`,
	run: runVerify,
}

func runVerify(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	since, policy, authority := f.String("since", "", ""), f.String("policy", "", ""), f.String("time-authority", "", "")
	log := f.String("log", "", "")
	rest, err := parse(f, args, 1, "one bundle")
	if err != nil {
		return err
	}
	opts := verify.Options{Vkey: *log}
	if *since != "" {
		if opts.Older, err = os.ReadFile(*since); err != nil {
			return err
		}
	}
	if *policy != "" {
		if opts.Policy, err = os.ReadFile(*policy); err != nil {
			return err
		}
	}
	if *authority != "" {
		if opts.TimeAuthority, err = os.ReadFile(*authority); err != nil {
			return err
		}
	}
	if i, err := os.Stat(rest[0]); err != nil || !i.IsDir() {
		return fmt.Errorf("%s is no folder: unpack the bundle, or use probity-verify", rest[0])
	}
	steps := verify.Run(os.DirFS(rest[0]), opts)
	failed := 0
	for _, s := range append(steps, recompute(ctx, rest[0], len(steps)+1)) {
		word := "ok"
		if s.Failed {
			failed, word = failed+1, "FAILED"
		}
		fmt.Fprintf(t.out, "%2d  %-11s %-6s  %s\n", s.Number, s.Name, word, s.Says)
	}
	if failed > 0 {
		return verificationError("%d steps failed", failed)
	}
	return nil
}

// recompute is the step that needs the whole program: the findings from the
// tables.
func recompute(ctx context.Context, dir string, number int) verify.Step {
	s := verify.Step{Number: number, Name: "recompute"}
	if _, err := os.Stat(filepath.Join(dir, "data", "tables")); err != nil {
		s.Says = "the bundle has no tables: the findings cannot be computed anew"
		return s
	}
	o, err := verify.OpenRows(os.DirFS(dir))
	if err == nil {
		err = samePage(filepath.Join(dir, "data"))
	}
	n := 0
	if err == nil {
		n, err = review.Recompute(ctx, review.Published{Dir: filepath.Join(dir, "data"), Events: o.Events, Known: o.Known, Names: o.Names, Keys: o.Keys})
	}
	if s.Says = fmt.Sprintf("%d claims, discrepancies, gaps and the conclusion come out of the tables as the review has them", n); err != nil {
		s.Failed, s.Says = true, err.Error()
	}
	return s
}

// samePage checks that the page of a bundle is the one that its review gives:
// only the review is signed.
func samePage(data string) error {
	text, err := os.ReadFile(filepath.Join(data, "review.json"))
	if err != nil {
		return err
	}
	r, err := report.Parse(text)
	if err != nil {
		return err
	}
	var want bytes.Buffer
	if err := report.HTML(&want, r); err != nil {
		return err
	}
	if page, err := os.ReadFile(filepath.Join(data, "report.html")); err != nil || !bytes.Equal(page, want.Bytes()) {
		return errors.New("report.html is not the page that this version makes of review.json, which is what was signed: read that, or make the page anew")
	}
	return nil
}
