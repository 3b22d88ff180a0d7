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

	"probity/catalog"
	"probity/internal/calibrate"
)

var calibrateCommand = command{
	name: "calibrate", args: "[--estates N] [--seed S] [--resume FILE] [--write DIR] | --check N | --estate I --out DIR",
	short: "measures how often reviews err, on estates whose truth is known",
	long: `Draws estates at random from the profiles and faults of probity simulate, reviews
each, compares what comes out with the truth, and prints error rates with exact
confidence intervals: false and missed findings, discrepancies that were missed
or that nothing caused, and bounds that do not hold the true value. The same
seed gives the same estates and the same rates.

  --estates N   how many estates; default 20. One takes about a second.
  --seed S      default 1
  --write DIR   write catalog/error-rates.json, catalog/error-outcomes.jsonl and
                docs/error-rates.md below DIR, a checkout of the source
  --resume FILE keep outcomes in FILE as they come, and go on where it ends
  --check N     review the first N estates of the measured rates again, and
                compare each outcome with the one that is part of this program
  --estate I    write one estate to look at into the folder --out DIR

example:
  probity calibrate --check 5
  probity calibrate --estates 1000 --resume outcomes.jsonl --write .
  probity calibrate --estate 17 --out /tmp/estate-17`,
	run: runCalibrate,
}

type calibration struct {
	estates, check, estate int
	seed                   uint64
	write, resume, out     string
}

func runCalibrate(ctx context.Context, t *talk, args []string) error {
	var c calibration
	f := flag.NewFlagSet("calibrate", flag.ContinueOnError)
	f.IntVar(&c.estates, "estates", 20, "")
	f.IntVar(&c.check, "check", -1, "")
	f.IntVar(&c.estate, "estate", -1, "")
	f.Uint64Var(&c.seed, "seed", 1, "")
	f.StringVar(&c.write, "write", "", "")
	f.StringVar(&c.resume, "resume", "", "")
	f.StringVar(&c.out, "out", "", "")
	if _, err := parse(f, args, 0, "no arguments"); err != nil {
		return err
	}
	switch {
	case c.estates < 1 || c.check == 0 || c.check < -1:
		return usageError("--estates and --check take numbers from 1")
	case c.check > 0 && (c.write != "" || c.resume != "" || c.out != ""):
		return usageError("--check compares with the rates of this program, and takes no --write, --resume or --out")
	case (c.estate >= 0) != (c.out != ""):
		return usageError("--estate I and --out DIR go together")
	case c.estate >= 0:
		if err := calibrate.Write(ctx, c.seed, c.estate, c.out); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "wrote %s (synthetic)\n", c.out)
		return nil
	case c.check > 0:
		return c.again(ctx, t)
	}
	list, err := c.measure(ctx, t)
	if err != nil {
		return err
	}
	rates, err := calibrate.Rates(c.seed, list)
	if err != nil {
		return err
	}
	page := calibrate.Markdown(rates)
	if c.write == "" {
		_, err = t.out.Write(page)
		return err
	}
	text, err := json.MarshalIndent(rates, "", " ")
	if err != nil {
		return err
	}
	lines, err := calibrate.Lines(list)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"catalog/error-rates.json": append(text, '\n'), "catalog/error-outcomes.jsonl": lines, "docs/error-rates.md": page} {
		if err := os.WriteFile(filepath.Join(c.write, filepath.FromSlash(name)), data, 0o666); err != nil {
			return fmt.Errorf("writing %s: is %s a checkout of the source? %w", name, c.write, err)
		}
	}
	fmt.Fprintf(t.out, "wrote the rates of %d estates below %s\n", len(list), c.write)
	return nil
}

// measure runs the estates, after those that an earlier run kept.
func (c *calibration) measure(ctx context.Context, t *talk) (list []calibrate.Outcome, err error) {
	var kept *os.File
	if c.resume != "" {
		text, err := os.ReadFile(c.resume)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		whole := text[:bytes.LastIndexByte(text, '\n')+1] // a line that was cut off is made anew
		if list, err = calibrate.ParseLines(whole); err != nil {
			return nil, fmt.Errorf("%s: %w", c.resume, err)
		}
		for i := range list {
			if list[i].Estate != i {
				return nil, fmt.Errorf("%s, line %d: estate %d, want %d: this file is of another run, choose another name", c.resume, i+1, list[i].Estate, i)
			}
		}
		list = list[:min(len(list), c.estates)]
		if kept, err = os.OpenFile(c.resume, os.O_CREATE|os.O_WRONLY, 0o666); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, kept.Close()) }()
		if err := kept.Truncate(int64(len(whole))); err != nil {
			return nil, err
		}
		if _, err := kept.Seek(0, 2); err != nil {
			return nil, err
		}
	}
	p := t.progress()
	p.Stage("reviewing estates")
	defer p.Done()
	first := len(list)
	err = calibrate.Run(ctx, calibrate.Config{Seed: c.seed, First: first, Estates: c.estates - first}, func(o calibrate.Outcome) error {
		list = append(list, o)
		p.Bytes(int64(len(list)), int64(c.estates))
		if kept == nil {
			return nil
		}
		line, err := calibrate.Lines([]calibrate.Outcome{o})
		if err != nil {
			return err
		}
		_, err = kept.Write(line)
		return err
	})
	return list, err
}

// again reviews the first estates anew and compares.
func (c *calibration) again(ctx context.Context, t *talk) error {
	rates, err := catalog.Rates()
	if err != nil {
		return err
	}
	want, err := calibrate.ParseLines(catalog.Outcomes())
	if err != nil {
		return err
	}
	if c.check > len(want) {
		return usageError("--check %d: the rates rest on %d estates", c.check, len(want))
	}
	differ := 0
	err = calibrate.Run(ctx, calibrate.Config{Seed: rates.Seed, Estates: c.check}, func(o calibrate.Outcome) error {
		got, err := calibrate.Lines([]calibrate.Outcome{o})
		if err != nil {
			return err
		}
		old, err := calibrate.Lines(want[o.Estate : o.Estate+1])
		if err != nil {
			return err
		}
		if !bytes.Equal(got, old) {
			differ++
			fmt.Fprintf(t.out, "estate %d differs\n- %s+ %s", o.Estate, old, got)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d estates come out otherwise than the rates say: measure anew with probity calibrate --estates %d --seed %d --write DIR", differ, c.check, rates.Estates, rates.Seed)
	}
	fmt.Fprintf(t.out, "%d estates come out as the rates say (seed %d)\n", c.check, rates.Seed)
	return nil
}
