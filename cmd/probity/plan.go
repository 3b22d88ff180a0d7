package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"probity/internal/casefile"
	"probity/internal/durable"
	"probity/internal/plan"
)

var planCommand = command{
	name: "plan", args: "CASE [--today DATE] [--requests DIR] [--json] [--seal]",
	short: "says which records would decide each claim, and when each is lost",
	long: `CASE is a folder with case.yaml, or the file itself. Plan reads no evidence. It
prints the evidence clock (which records are lost when, soonest first), what
could prove or refute each claim, who holds what, and who can make it fall
silent.

  --today DATE    plan as of DATE, such as 2025-02-10, instead of today (UTC)
  --requests DIR  write the requests to preserve and hand over, one a custodian,
                  as Markdown into DIR; a file that is there and differs is
                  never replaced
  --json          print the plan as JSON (FORMATS.md documents each field)
  --seal          freeze claims, thresholds, tolerances, the least coverage and
                  the catalogue: their digest goes to the ledger of the case, and
                  every review says what was changed since. Seal before the
                  first evidence is received or read

example:
  probity plan examples/harbour --today 2025-02-10 --requests /tmp/requests`,
	run: runPlan,
}

func runPlan(_ context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("plan", flag.ContinueOnError)
	day := f.String("today", "", "")
	dir := f.String("requests", "", "")
	asJSON := f.Bool("json", false, "")
	seal := f.Bool("seal", false, "")
	rest, err := parse(f, args, 1, "one case: a folder with case.yaml, or the file")
	if err != nil {
		return err
	}
	today := time.Now()
	if *day != "" {
		if today, err = time.Parse(time.DateOnly, *day); err != nil {
			return usageError("--today %q is no date of the calendar: write one such as 2025-01-31", *day)
		}
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	p, err := plan.Make(c, today)
	if err != nil {
		return err
	}
	text := p.Text(plan.TextOptions{Width: t.width, Color: t.color})
	if *asJSON {
		if text, err = planJSON(&p); err != nil {
			return err
		}
	}
	if *dir != "" {
		if err := writeRequests(*dir, p.Requests(), t); err != nil {
			return err
		}
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(t.err, "warning:", w)
	}
	if _, err = t.out.Write(text); err != nil || !*seal {
		return err
	}
	return sealPlan(t, rest[0])
}

func sealPlan(t *talk, path string) (err error) {
	c, b, err := startBook(path)
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	leaf, rules, late, err := plan.Seal(c, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.err, "sealed: %d rules, leaf %d of the ledger\n", rules, leaf)
	if !late.IsZero() {
		fmt.Fprintf(t.err, "warning: evidence was received or read on %s, before this seal: every review will say so\n", late.Format(time.RFC3339))
	}
	return nil
}

func planJSON(p *plan.Plan) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(p)
	return b.Bytes(), err
}

// writeRequests writes letters into a folder. All names are looked at before
// the first is written; each appears whole or not at all, and none replaces
// another file.
func writeRequests(dir string, letters map[string][]byte, t *talk) error {
	var names []string
	for name, data := range letters {
		old, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			names = append(names, name)
		case err != nil:
			return fmt.Errorf("looking for earlier requests: %w", err)
		case !bytes.Equal(old, data):
			return fmt.Errorf("%s is there and differs: it may have been sent; choose another folder with --requests", filepath.Join(dir, name))
		}
	}
	sort.Strings(names)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder for the requests: %w", err)
	}
	for _, name := range names {
		file := filepath.Join(dir, name)
		if err := durable.WriteNew(file, letters[name]); err != nil {
			return fmt.Errorf("writing a request: %w", err)
		}
		fmt.Fprintln(t.err, "wrote", file)
	}
	return nil
}
