package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"

	"probity/internal/compare"
	"probity/internal/durable"
	"probity/internal/report"
)

var diffCommand = command{
	name: "diff", args: "OLD NEW [--json] [--html FILE]",
	short: "says how a second review differs from a first, and why",
	long: `OLD and NEW are each a case folder, the folder that a review wrote, or a
review.json. Diff says which findings changed and why, what the new review looked
at that the old one did not and the reverse, and which gaps and discrepancies came
and went. It names a cause only where nothing else that the reviews state can have
changed a finding; otherwise it lists what changed together. In lists "+" stands
for what only the new review has, "-" for what only the old one has, "~" for what
both have and differs.

  --json       the same as JSON (FORMATS.md documents each field)
  --html FILE  write a page, without scripts, besides

A review that differs from an earlier one keeps that beside it, as
out.XXXXXXXXXXXX.

example:
  probity diff mycase/out.0123456789ab mycase/out`,
	run: runDiff,
}

func runDiff(_ context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("diff", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	page := f.String("html", "", "")
	rest, err := parse(f, args, 2, "two reviews: the old one and the new one")
	if err != nil {
		return err
	}
	old, err := readReview(rest[0])
	if err != nil {
		return err
	}
	now, err := readReview(rest[1])
	if err != nil {
		return err
	}
	d := compare.Reviews(old, now)
	if *page != "" {
		var b bytes.Buffer
		if err := report.DiffHTML(&b, d); err != nil {
			return err
		}
		if err := durable.Replace(*page, b.Bytes()); err != nil {
			return err
		}
		fmt.Fprintln(t.err, "wrote", *page)
	}
	if *asJSON {
		text, err := report.DiffJSON(d)
		if err != nil {
			return err
		}
		_, err = t.out.Write(text)
		return err
	}
	return report.DiffText(t.out, d, report.TextOptions{Width: t.width, Color: t.color})
}
