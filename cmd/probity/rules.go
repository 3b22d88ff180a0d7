package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"probity"
	"probity/internal/casefile"
	"probity/internal/evidence"
	"probity/internal/review"
	"probity/internal/sigma"
	"probity/internal/source"
)

var rulesCommand = command{
	name: "rules", args: "list [CASE] | test DIR | explain RULE EXHIBIT:POSITION CASE",
	short: "lists, tests and explains the rules that a claim may name",
	long: `list prints the rules of the catalogue, with the question that each asks, and,
given a case, those of the folders that it names under rules.

test runs the tests of the rules in a folder and below: NAME.txtar beside
NAME.yml holds files whose names begin with match or miss, each with records as
a cloud writes them. They are read as evidence is, and the SQL of the rules must
find the same.

explain says, condition by condition, why a rule did or did not match the record
at a place, as review.json and the tables name it. RULE is an id, a name, or the
name of a file of rules. It writes no value of the record: probity show does.

Rules are in the Sigma format, specification 2.1. What cannot be honoured is an
error with its line.

examples:
  probity rules list
  probity rules test catalog/rules
  probity rules explain logging_reduced c506e8d4600d:1536 examples/harbour`,
	run: runRules,
}

func runRules(ctx context.Context, t *talk, args []string) error {
	if len(args) == 0 {
		return usageError("write list, test or explain")
	}
	switch args[0] {
	case "list":
		return listRules(t, args[1:])
	case "test":
		return testRules(ctx, t, args[1:])
	case "explain":
		return explainRule(ctx, t, args[1:])
	}
	if _, err := parse(flag.NewFlagSet("rules", flag.ContinueOnError), args, 1, "list, test or explain"); err != nil {
		return err
	}
	return usageError("%q is none of list, test and explain", args[0])
}

func listRules(t *talk, args []string) error {
	c := &probity.Case{}
	if len(args) > 0 {
		rest, err := parse(flag.NewFlagSet("rules", flag.ContinueOnError), args, 1, "at most a case")
		if err != nil {
			return err
		}
		if c, err = casefile.Load(rest[0]); err != nil {
			return err
		}
	}
	all, err := review.Rules(c)
	if err != nil {
		return err
	}
	for _, r := range all.Rules {
		name := r.Name
		if name == "" {
			name = r.ID
		}
		read := r.Correlation != nil
		for _, p := range sigma.Places {
			read = read || p.In(r.Source)
		}
		note := ""
		if !read {
			note = "  (not applicable: a review does not read " + r.Source.String() + ")"
		}
		if r.Question != "" {
			fmt.Fprintf(t.out, "%s: %s\n", r.Stem(), r.Question)
		}
		fmt.Fprintf(t.out, "    %-36s %s%s\n", name, r.Title, note)
	}
	return nil
}

func testRules(ctx context.Context, t *talk, args []string) error {
	rest, err := parse(flag.NewFlagSet("rules", flag.ContinueOnError), args, 1, "a folder of rules")
	if err != nil {
		return err
	}
	checks, differ, err := review.CheckRules(ctx, rest[0])
	if err != nil {
		return err
	}
	failed := len(differ)
	for _, x := range checks {
		word := "ok  "
		if x.Got != x.Want {
			word = "FAIL"
			failed++
		}
		fmt.Fprintf(t.out, "%s %s/%s (%s)\n", word, x.Rule, x.Name, x.Kind)
	}
	for _, d := range differ {
		fmt.Fprintf(t.out, "FAIL %s\n", d)
	}
	fmt.Fprintf(t.out, "%d tests, %d failed\n", len(checks), failed)
	if failed > 0 {
		return verificationError("%d of %d tests of rules failed", failed, len(checks))
	}
	if len(checks) == 0 {
		return fmt.Errorf("%s has no tests: write NAME.txtar beside NAME.yml", rest[0])
	}
	return nil
}

func explainRule(ctx context.Context, t *talk, args []string) error {
	rest, err := parse(flag.NewFlagSet("rules", flag.ContinueOnError), args, 3, "a rule, EXHIBIT:POSITION and a case")
	if err != nil {
		return err
	}
	exhibit, position, err := recordAt(rest[1])
	if err != nil {
		return err
	}
	c, err := casefile.Load(rest[2])
	if err != nil {
		return err
	}
	all, err := review.Rules(c)
	if err != nil {
		return err
	}
	answers := all.Answers(rest[0])
	if len(answers) == 0 {
		return fmt.Errorf("no rule %q: \"probity rules list\" names those there are", rest[0])
	}
	for i := 0; i < len(answers); i++ { // of a correlation, the rules that it names
		if x := answers[i].Correlation; x != nil {
			for _, n := range x.Rules {
				answers = append(answers, all.Find(n))
			}
			fmt.Fprintf(t.out, "%q is a correlation (%s): its rules are explained\n", answers[i].Title, x.Type)
		}
	}
	p := t.progress()
	files, _, err := review.Files(ctx, c, "", p, false)
	p.Done()
	if err != nil {
		return err
	}
	defer evidence.Close(files)
	return source.Explain(ctx, files, strings.ToLower(exhibit), position, answers, t.out)
}
