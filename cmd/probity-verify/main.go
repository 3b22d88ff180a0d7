// Command probity-verify checks a published answer, offline: a folder or a zip
// that probity publish wrote. It has no part in making one. docs/bundle.md
// says what each step means.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"probity/internal/verify"
)

const help = `usage: probity-verify BUNDLE [--since FILE] [--log KEY] [--policy FILE]
                      [--time-authority FILE] [--json]

Checks BUNDLE, a folder or a zip, step by step, and says what each step found.

  --since FILE    a checkpoint of this ledger from before, which it must continue
  --log KEY       the key of the ledger, if you know it from elsewhere
  --policy FILE   a tlog-policy: the witnesses whose cosignatures you want;
                  the bundle's own if absent
  --time-authority FILE
                  the root of the time stamp authority, as PEM, if you know it
                  from elsewhere
  --json          print the steps as JSON

example:
  probity-verify answer.zip

exit codes: 0 everything holds, 1 the bundle cannot be read, 2 bad usage,
4 a step failed
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, talk io.Writer) int {
	f := flag.NewFlagSet("probity-verify", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	since, log, policy, asJSON := f.String("since", "", ""), f.String("log", "", ""), f.String("policy", "", ""), f.Bool("json", false, "")
	authority := f.String("time-authority", "", "")
	var rest []string
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, help)
			return 0
		} else if err != nil {
			fmt.Fprintf(talk, "probity-verify: %v\n%s", err, help)
			return 2
		}
		if f.NArg() == 0 {
			break
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
	if len(rest) != 1 {
		fmt.Fprintf(talk, "probity-verify: want one bundle\n%s", help)
		return 2
	}
	opts := verify.Options{Vkey: *log}
	var err error
	for _, x := range []struct {
		name string
		to   *[]byte
	}{{*since, &opts.Older}, {*policy, &opts.Policy}, {*authority, &opts.TimeAuthority}} {
		if x.name == "" {
			continue
		}
		if *x.to, err = os.ReadFile(x.name); err != nil {
			fmt.Fprintf(talk, "probity-verify: %v\n", err)
			return 1
		}
	}
	fsys, closer, err := open(rest[0])
	if err != nil {
		fmt.Fprintf(talk, "probity-verify: %v\n", err)
		return 1
	}
	defer closer()
	return tell(verify.Run(fsys, opts), *asJSON, out, talk)
}

// open returns the files of a bundle. A zip may hold it in one folder.
func open(name string) (fs.FS, func() error, error) {
	i, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if i.IsDir() {
		return os.DirFS(name), func() error { return nil }, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	fsys, err := verify.OpenZip(f, i.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w: want a folder or a zip", name, errors.Join(err, f.Close()))
	}
	return fsys, f.Close, nil
}

func tell(steps []verify.Step, asJSON bool, out, talk io.Writer) int {
	failed := 0
	for _, s := range steps {
		if s.Failed {
			failed++
		}
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(steps); err != nil {
			fmt.Fprintf(talk, "probity-verify: %v\n", err)
			return 1
		}
	} else {
		for _, s := range steps {
			word := "ok"
			if s.Failed {
				word = "FAILED"
			}
			fmt.Fprintf(out, "%2d  %-11s %-6s  %s\n", s.Number, s.Name, word, s.Says)
		}
	}
	if failed > 0 {
		fmt.Fprintf(talk, "not verified: %d of %d steps failed\n", failed, len(steps))
		return 4
	}
	fmt.Fprintf(talk, "verified: %d steps\n", len(steps))
	return 0
}
