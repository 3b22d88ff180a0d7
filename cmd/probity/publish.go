package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"probity/internal/bundle"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/review"
	"probity/internal/verify"
)

var publishCommand = command{
	name: "publish", args: "CASE --to BUNDLE",
	short: "writes a bundle that anyone can check offline",
	long: `Publish writes the review that the last run wrote, with the tables and the SQL
behind it, the ledger, what opens its texts, and the signatures, as a folder
that is a bag (BagIt 1.0), and as a zip beside it. An author and an approver must have signed,
or whom the policy of the case wants (probity policy). If the case has a file
witnesses.policy (a tlog-policy), its witnesses are asked to cosign, and its quorum is needed.

Nothing is withheld: names of accounts, resources, custodians and reviewers are
in it. Read it before you give it away.

  --to BUNDLE   the folder, which must not be there
  --draft       without enough signatures or cosignatures; verifying says so
  --no-tables   without tables/ and catalog/
  --out DIR     where the review was written; CASE/out if absent

example:
  probity publish mycase --to answer && probity verify answer`,
	run: runPublish,
}

func runPublish(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("publish", flag.ContinueOnError)
	to, out := f.String("to", "", ""), f.String("out", "", "")
	draft, bare := f.Bool("draft", false, ""), f.Bool("no-tables", false, "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *to == "" {
		return usageError("--to BUNDLE is needed")
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(c.Dir, "out")
	}
	if err := bundle.Write(bundle.Config{Case: c, Out: *out, Target: *to, Draft: *draft, Tables: !*bare}); err != nil {
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

var verifyCommand = command{
	name: "verify", args: "BUNDLE [--since FILE] [--policy FILE] [--time-authority FILE]",
	short: "checks a published bundle, step by step",
	long: `Verify checks a folder that probity publish wrote, offline, as probity-verify
does, which is a program of its own without the rest of this one, and then
answers each claim anew from the tables and compares. docs/bundle.md says what
each step means. Exit 4 if a step fails.

  --since FILE    a checkpoint of this ledger from before, which it must continue
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
	rest, err := parse(f, args, 1, "one bundle")
	if err != nil {
		return err
	}
	var opts verify.Options
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
	events, err := verify.Events(os.DirFS(dir))
	n := 0
	if err == nil {
		n, err = review.Recompute(ctx, filepath.Join(dir, "data"), events)
	}
	if s.Says = fmt.Sprintf("%d claims, discrepancies, gaps and the conclusion come out of the tables as the review has them", n); err != nil {
		s.Failed, s.Says = true, err.Error()
	}
	return s
}
