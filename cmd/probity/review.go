package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"probity/internal/report"
	"probity/internal/review"
)

var reviewCommand = command{
	name: "review", args: "CASE [--out DIR] [--key FILE] [--quiet | --json]",
	short: "answers the claims of a case from its records",
	long: `CASE is a folder with case.yaml, or the file itself. Review reads every record
that the case's evidence holds, answers each claim, prints the findings, and
writes an output folder:

  review.json   the whole answer (FORMATS.md documents each field)
  report.html   the same as a page
  tables/       the records as Parquet, with tokens instead of names
  catalog/      the SQL that the numbers come from, to run in any DuckDB shell

Original records are only read. Names of objects, people and addresses are
replaced by tokens under a key that is made on first use in CASE/probity.key.
An earlier output is kept beside the new one if it differs.

  --out DIR   write to DIR instead of CASE/out
  --key FILE  keep the key of the case in FILE
  --quiet     print the opinion and one line a claim
  --json      print review.json

example:
  probity review examples/harbour --out /tmp/harbour`,
	run: runReview,
}

func runReview(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("review", flag.ContinueOnError)
	out := f.String("out", "", "")
	key := f.String("key", "", "")
	quiet := f.Bool("quiet", false, "")
	asJSON := f.Bool("json", false, "")
	rest, err := parse(f, args, 1, "one case: a folder with case.yaml, or the file")
	if err != nil {
		return err
	}
	if *quiet && *asJSON {
		return usageError("--quiet and --json exclude each other")
	}
	p := t.progress()
	res, err := review.Run(ctx, review.Config{Case: rest[0], Out: *out, Key: *key, Progress: p})
	p.Done()
	if err != nil {
		return err
	}
	opts := report.TextOptions{Width: t.width, Color: t.color, Out: named(*out, rest[0]), Case: rest[0]}
	switch {
	case *asJSON:
		var text []byte
		if text, err = report.JSON(res.Review); err == nil {
			_, err = t.out.Write(text)
		}
	case *quiet:
		err = report.Brief(t.out, res.Review, opts)
	default:
		err = report.Text(t.out, res.Review, opts)
	}
	if err != nil {
		return err
	}
	if res.Warning != "" {
		fmt.Fprintln(t.err, "warning:", res.Warning)
	}
	if res.Kept != "" {
		fmt.Fprintln(t.err, "an earlier output that differs was kept as", res.Kept)
	}
	fmt.Fprintf(t.err, "wrote %s and %s\n", filepath.Join(res.Out, "review.json"), filepath.Join(res.Out, "report.html"))
	return nil
}

// named is the output folder as the user would name it.
func named(out, dir string) string {
	if out != "" {
		return out
	}
	if ext := filepath.Ext(dir); ext == ".yaml" || ext == ".yml" {
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "out")
}
