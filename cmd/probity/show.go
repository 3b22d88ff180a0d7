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
	exhibit, position, err := recordAt(rest[1])
	if err != nil {
		return err
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
	return source.Show(ctx, files, exhibit, position, t.out)
}

// recordAt reads where a record lies: the first digits of an exhibit's SHA-256, in
// lower case, and the byte at which it begins.
func recordAt(text string) (exhibit string, position int64, err error) {
	exhibit, at, ok := strings.Cut(text, ":")
	position, err = strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || position < 0 || exhibit == "" {
		return "", 0, usageError("%q is no place: write EXHIBIT:POSITION, such as c506e8d4600d:1536", text)
	}
	return strings.ToLower(exhibit), position, nil
}
