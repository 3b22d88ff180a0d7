package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"probity/internal/evidence"
	"probity/internal/sigma"
	"probity/internal/table"
)

// Explain writes why a rule did or did not match the record at a position of
// an exhibit, condition by condition. Of a correlation it explains the rules
// that it names. No value of the record is written: Show has them.
func Explain(ctx context.Context, files []*evidence.File, exhibit string, position int64, rules []*sigma.Rule, w io.Writer) (err error) {
	f, stream, reader, err := openExhibit(files, exhibit)
	if err != nil {
		return err
	}
	defer stream.Close()
	dir, err := os.MkdirTemp("", "probity-explain-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	part, err := table.NewPart(dir, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	s := &sink{worker: newWorker(part, evidence.NewTokens(make([]byte, 32)), &tally{}), file: f, kind: reader.Kind, stream: stream}
	s.rules = compile(&sigma.Collection{Rules: rules}).fork()
	found, there := 0, false
	s.rules.told = func(m *sigma.Matcher, _ sigma.Place) {
		if s.activity.Position != position {
			return
		}
		m.Tell(func(r *sigma.Rule, _ int64, _ bool) {
			fmt.Fprintf(w, "rule %q (%s:%d)\n", r.Title, r.File, r.Line)
			m.Explain(found, func(depth int, holds bool, text string) {
				fmt.Fprintf(w, "  %-3s %s%s\n", map[bool]string{true: "yes", false: "no"}[holds], strings.Repeat("  ", depth), text)
			})
			found++
		})
	}
	s.watch = func(from, _ int64) { there = there || from == position }
	if err := reader.read(s, evidence.Canceled(ctx, stream)); err != nil {
		return err
	}
	switch {
	case s.err != nil:
		return s.err
	case !there:
		return fmt.Errorf("no record of %s begins at byte %d", f.Path, position)
	case found == 0:
		_, err = fmt.Fprintf(w, "not applicable: the rule is not about records of the kind %s\n", reader.Kind)
	}
	return err
}
