package main

import (
	"context"
	"flag"
	"fmt"

	"probity/internal/casefile"
)

var initCommand = command{
	name: "init", args: "DIR",
	short: "writes a commented case to start from",
	long: `Init makes DIR, if it is not there, and writes case.yaml with every key
explained and an empty folder for evidence. It never replaces a case.

example:
  probity init mycase && probity review mycase`,
	run: runInit,
}

func runInit(_ context.Context, t *talk, args []string) error {
	rest, err := parse(flag.NewFlagSet("init", flag.ContinueOnError), args, 1, "one folder")
	if err != nil {
		return err
	}
	file, err := casefile.Init(rest[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "wrote %s\nnext: edit it, put the records into %s/evidence, and run: probity review %s\n", file, rest[0], rest[0])
	return nil
}
