package main

import (
	"context"
	"flag"
	"strconv"
	"strings"

	"probity/internal/casefile"
	"probity/internal/evidence"
	"probity/internal/review"
	"probity/internal/source"
)

var showCommand = command{
	name: "show", args: "CASE EXHIBIT:POSITION",
	short: "prints the original record that a number leads back to",
	long: `EXHIBIT is the SHA-256 of an exhibit or its first digits, POSITION the byte of
the decompressed file at which the record begins, both as the tables and
review.json name them. The record is printed as it was handed over, with
signatures in addresses masked: it may name people. Mind who reads it.

example:
  probity show examples/harbour c506e8d4600d:1536`,
	run: runShow,
}

func runShow(ctx context.Context, t *talk, args []string) error {
	rest, err := parse(flag.NewFlagSet("show", flag.ContinueOnError), args, 2, "a case and EXHIBIT:POSITION")
	if err != nil {
		return err
	}
	exhibit, at, ok := strings.Cut(rest[1], ":")
	position, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || position < 0 || exhibit == "" {
		return usageError("%q is no place: write EXHIBIT:POSITION, such as c506e8d4600d:1536", rest[1])
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	p := t.progress()
	files, _, err := review.Files(ctx, c, "", p, false)
	p.Done()
	if err != nil {
		return err
	}
	defer evidence.Close(files)
	return source.Show(ctx, files, strings.ToLower(exhibit), position, t.out)
}
