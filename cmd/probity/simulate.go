package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"probity/internal/simulate"
)

var simulateCommand = command{
	name: "simulate", args: "SCENARIO --out DIR",
	short: "writes an estate with known truth, its records as the cloud writes them",
	long: `SCENARIO is a YAML file, or the name of a built-in scenario: ` + strings.Join(simulate.Builtin(), ", ") + `.
One history is drawn from the scenario's seed and written as each pipeline
would record it: request logs, metrics, bills, inventory, control-plane log,
disclosures; with truth.json, which says what a review of it should find. All
of it is synthetic. The same scenario gives the same bytes.

A scenario mixes accounts at Azure and AWS. What a container is used for is one
of the profiles: calls by codec, encrypted or packed, a contact centre, photos,
logs and others. Edits are the faults: withheld files, dropped, lost or invented
lines, logs off, clocks that are wrong, digests that are gone. FORMATS.md lists
them all; internal/simulate/scenarios/ has examples.

  --out DIR   the folder to make; it must not exist or be empty

example:
  probity simulate harbour --out /tmp/harbour && probity review /tmp/harbour
  probity simulate two-clouds --out /tmp/two && probity review /tmp/two`,
	run: runSimulate,
}

func runSimulate(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("simulate", flag.ContinueOnError)
	out := f.String("out", "", "")
	rest, err := parse(f, args, 1, "one scenario")
	if err != nil {
		return err
	}
	if *out == "" {
		return usageError("name the folder to write with --out DIR")
	}
	s, err := simulate.Open(rest[0])
	if err != nil {
		return err
	}
	p := t.progress()
	p.Stage("simulating")
	err = simulate.Write(ctx, s, *out, p.Bytes)
	p.Done()
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "wrote %s (synthetic)\n", *out)
	return nil
}
