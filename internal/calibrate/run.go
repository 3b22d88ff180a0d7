package calibrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"probity/internal/review"
	"probity/internal/simulate"
)

// Config says which estates to draw.
type Config struct {
	Seed    uint64
	First   int    // number of the first estate
	Estates int    // how many
	Scratch string // a folder for estates, emptied after each; "" makes one
	Workers int    // estates at a time; 0 is as many as there are processors
}

// Run draws, writes and reviews estates, some at a time, and calls each with
// every outcome in the order of their numbers. A review that fails is an error:
// it would be missing from the counts.
func Run(ctx context.Context, cfg Config, each func(Outcome) error) (err error) {
	scratch := cfg.Scratch
	if scratch == "" {
		if scratch, err = os.MkdirTemp("", "probity-calibrate-"); err != nil {
			return fmt.Errorf("making a folder for estates: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	}
	workers := cfg.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(ctx)
	pending := make(chan chan result, workers-1) // in the order of their numbers, so that no worker is far ahead
	go func() {
		defer close(pending)
		for i := cfg.First; i < cfg.First+cfg.Estates && ctx.Err() == nil; i++ {
			done := make(chan result, 1)
			pending <- done
			go func() {
				o, err := one(ctx, cfg.Seed, i, filepath.Join(scratch, fmt.Sprintf("estate-%d", i)))
				if err != nil {
					err = fmt.Errorf("estate %d of seed %d: %w", i, cfg.Seed, err)
				}
				done <- result{o, err}
			}()
		}
	}()
	defer func() { // nothing may write into scratch once it is removed
		stop()
		for done := range pending {
			<-done
		}
	}()
	for done := range pending {
		r := <-done
		if r.err == nil {
			r.err = each(r.outcome)
		}
		if r.err != nil {
			return r.err
		}
	}
	return ctx.Err()
}

type result struct {
	outcome Outcome
	err     error
}

// Write writes the estate with a number into a folder, to be looked at.
func Write(ctx context.Context, seed uint64, number int, dir string) error {
	e, err := draw(seed, number)
	if err != nil {
		return err
	}
	return simulate.Write(ctx, e.scenario, dir, nil)
}

func one(ctx context.Context, seed uint64, number int, dir string) (o Outcome, err error) {
	e, err := draw(seed, number)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := simulate.Write(ctx, e.scenario, dir, nil); err != nil {
		return o, err
	}
	if err := os.Remove(filepath.Join(dir, "truth.json")); err != nil { // a review does not look, and could not
		return o, err
	}
	res, err := review.Run(ctx, review.Config{Case: dir, Key: filepath.Join(dir, "probity.key")})
	if err != nil {
		return o, err
	}
	return score(number, e, res.Review), nil
}

// Lines writes outcomes as JSON, one a line.
func Lines(list []Outcome) ([]byte, error) {
	var b strings.Builder
	for i := range list {
		text, err := json.Marshal(list[i])
		if err != nil {
			return nil, err
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

// ParseLines reads what Lines wrote.
func ParseLines(text []byte) ([]Outcome, error) {
	var out []Outcome
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var o Outcome
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			return nil, fmt.Errorf("outcomes, line %d: %w", i+1, err)
		}
		out = append(out, o)
	}
	return out, nil
}
