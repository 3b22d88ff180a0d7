package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"probity"
	"probity/internal/durable"
	"probity/internal/page"
	"probity/internal/report"
)

// A rendering is one format of a report.
type rendering struct {
	name, file string
	render     func(ctx context.Context, r *probity.Review, o page.Options) ([]byte, error)
}

func renderings() []rendering {
	plain := func(f func(*probity.Review) ([]byte, error)) func(context.Context, *probity.Review, page.Options) ([]byte, error) {
		return func(_ context.Context, r *probity.Review, _ page.Options) ([]byte, error) { return f(r) }
	}
	return []rendering{
		{"md", "report.md", plain(func(r *probity.Review) ([]byte, error) { return report.Markdown(r), nil })},
		{"oscal", "oscal.json", plain(report.OSCAL)},
		{"claimreview", "claimreview.json", plain(report.ClaimReviews)},
		{"json", "review.json", plain(report.JSON)},
		{"html", "report.html", func(_ context.Context, r *probity.Review, o page.Options) ([]byte, error) {
			var b bytes.Buffer
			err := page.HTML(&b, r, o)
			return b.Bytes(), err
		}},
		{"pdf", "report.pdf", func(ctx context.Context, r *probity.Review, o page.Options) ([]byte, error) {
			return page.PDF(ctx, r, o, "")
		}},
	}
}

var reportCommand = command{
	name: "report", args: "CASE [--format FORMAT | --pdf] [--out FILE]",
	short: "writes what a review found in another format",
	long: `CASE is a case folder, the folder that a review wrote, or a review.json. Report
renders the review that is there, and reads no records. The product goes to
standard output.

  --format md           Markdown for an issue tracker (the usual one)
  --format csv          each table of the report, units in the headers
  --format oscal        assessment-results of OSCAL 1.1.3, JSON
  --format claimreview  a summary for newsrooms, JSON-LD with schema.org's words
  --format json         review.json
  --format html         the page
  --format pdf, --pdf   the page on paper, printed by the Chromium that is installed
  --lang LANG           of html and pdf, what the program says: en, or ar (made by
                        a machine, and marked so)
  --paper PAPER         of html and pdf: A4 or letter; a page leaves it to the
                        printer, a PDF is A4 where nothing is said
  --table NAME          of csv, one table: ` + strings.Join(sheetNames(), ", ") + `
  --out FILE            write to FILE instead; of csv without --table, the
                        folder that gets a file for each table

examples:
  probity report examples/harbour --format md > issue.md
  probity report examples/harbour --format csv --out tables
  probity report examples/harbour --pdf --paper letter > report.pdf`,
	run: runReport,
}

func sheetNames() []string {
	var names []string
	for _, s := range report.Sheets(&probity.Review{}) {
		names = append(names, s.Name)
	}
	return names
}

func runReport(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	format := f.String("format", "md", "")
	pdf := f.Bool("pdf", false, "")
	var o page.Options
	f.StringVar(&o.Lang, "lang", "", "")
	f.StringVar(&o.Paper, "paper", "", "")
	table := f.String("table", "", "")
	out := f.String("out", "", "")
	rest, err := parse(f, args, 1, "one review: a case folder, the folder that a review wrote, or a review.json")
	if err != nil {
		return err
	}
	if *pdf {
		if *format != "md" && *format != "pdf" {
			return usageError("--pdf and --format %s exclude each other", *format)
		}
		*format = "pdf"
	}
	if err := checkPage(o, *format); err != nil {
		return err
	}
	if *table != "" && *format != "csv" {
		return usageError("--table goes with --format csv")
	}
	if *format == "csv" {
		return reportSheets(t, rest[0], *table, *out)
	}
	list := renderings()
	i := slices.IndexFunc(list, func(x rendering) bool { return x.name == *format })
	if i < 0 {
		return usageError("--format %q is none of md, csv, oscal, claimreview, json, html, pdf", *format)
	}
	r, err := readReview(rest[0])
	if err != nil {
		return err
	}
	text, err := list[i].render(ctx, r, o)
	if err != nil {
		return err
	}
	return deliver(t, *out, list[i].file, text)
}

// checkPage says what is wrong with the options of a page.
func checkPage(o page.Options, format string) error {
	switch {
	case o != page.Options{} && format != "html" && format != "pdf":
		return usageError("--lang and --paper go with --format html or pdf")
	case o.Lang != "" && !slices.Contains(page.Languages, o.Lang):
		return usageError("--lang %q is none of %s", o.Lang, strings.Join(page.Languages, ", "))
	case o.Paper != "" && !slices.Contains(page.Papers, o.Paper):
		return usageError("--paper %q is none of %s", o.Paper, strings.Join(page.Papers, ", "))
	}
	return nil
}

// reportSheets writes one table, or all of them into a folder.
func reportSheets(t *talk, name, table, out string) error {
	if table != "" && !slices.Contains(sheetNames(), table) {
		return usageError("--table %q is none of %s", table, strings.Join(sheetNames(), ", "))
	}
	if table == "" && out == "" {
		return usageError("name a folder with --out, or one table with --table")
	}
	r, err := readReview(name)
	if err != nil {
		return err
	}
	sheets := report.Sheets(r)
	if table != "" {
		i := slices.IndexFunc(sheets, func(s report.Sheet) bool { return s.Name == table })
		return deliver(t, out, table+".csv", sheets[i].CSV())
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for i := range sheets {
		if err := durable.Replace(filepath.Join(out, sheets[i].Name+".csv"), sheets[i].CSV()); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.err, "wrote %d tables to %s\n", len(sheets), out)
	return nil
}

// deliver writes a product to standard output, or to a file: of the name that it
// usually has, if out is a folder.
func deliver(t *talk, out, usual string, text []byte) error {
	if out == "" {
		_, err := t.out.Write(text)
		return err
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		out = filepath.Join(out, usual)
	}
	if err := durable.Replace(out, text); err != nil {
		return err
	}
	fmt.Fprintln(t.err, "wrote", out)
	return nil
}

// readReview reads the review of a case folder, of the folder that a review
// wrote, or the file itself.
func readReview(name string) (*probity.Review, error) {
	file, err := reviewFile(name)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, err := report.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func reviewFile(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if ext := filepath.Ext(name); !info.IsDir() && (ext == ".yaml" || ext == ".yml") { // a case file
		name, info = filepath.Dir(name), nil
	}
	if info != nil && !info.IsDir() {
		return name, nil
	}
	for _, file := range []string{filepath.Join(name, "out", durable.Mark), filepath.Join(name, durable.Mark)} {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s holds no review: run probity review first, and name the case, the folder that it wrote, or a review.json", name)
}
