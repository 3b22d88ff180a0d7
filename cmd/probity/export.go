package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"probity"
	"probity/internal/export"
	"probity/internal/query"
	"probity/internal/review"
)

var exportCommand = command{
	name: "export", args: "OUT --ocsf",
	short: "writes what a review read in the formats of other programs",
	long: `OUT is the folder that a review wrote (out in the case folder, or what --out
named), or the case folder. The product goes to standard output.

  --ocsf   the requests and events as JSON lines in the Open Cybersecurity
           Schema Framework ` + export.SchemaVersion + `: API Activity and Datastore Activity.
           Each record once; names are tokens; metadata.uid is the place that
           probity show takes

example:
  probity export examples/harbour/out --ocsf > events.jsonl`,
	run: runExport,
}

func runExport(ctx context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("export", flag.ContinueOnError)
	ocsf := f.Bool("ocsf", false, "")
	rest, err := parse(f, args, 1, "the folder that a review wrote")
	if err != nil {
		return err
	}
	if !*ocsf {
		return usageError("name the format: --ocsf")
	}
	dir := rest[0]
	if _, err := os.Stat(filepath.Join(dir, "tables")); err != nil {
		dir = filepath.Join(dir, "out")
	}
	if _, err := os.Stat(filepath.Join(dir, "tables", "activity")); err != nil {
		return fmt.Errorf("%s holds no tables of a review: run probity review first, and name its output folder", rest[0])
	}
	e, err := query.Open(ctx, dir, probity.Span{}, query.Options{MemoryMiB: 512, Temp: os.TempDir(), Settled: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	n, err := export.OCSF(ctx, e, review.Version, t.out)
	if err == nil {
		fmt.Fprintf(t.err, "wrote %d events\n", n)
	}
	return err
}
