package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/durable"
	"probity/internal/reconcile"
	"probity/internal/report"
	"probity/internal/table"
)

// Version is the version of the program.
const Version = "0.2.0"

// compose puts the parts of a review together.
func compose(c *probity.Case, a *answer, exhibits []probity.Exhibit, integrity []probity.Integrity) *probity.Review {
	sort.SliceStable(exhibits, func(i, j int) bool { // by content, so that renaming a file changes nothing but its path
		if exhibits[i].SHA256 != exhibits[j].SHA256 {
			return exhibits[i].SHA256 < exhibits[j].SHA256
		}
		return exhibits[i].Path < exhibits[j].Path
	})
	r := &probity.Review{
		Probity: probity.Version, Case: c.ID, Title: c.Title, Subject: c.Subject, Period: c.Period, Instruction: c.Instruction,
		Tool: probity.Tool{Name: "probity", Version: Version}, CaseSHA256: c.SHA256,
		Conclusion: probity.Conclude(a.claims), Allegations: alleged(c), Claims: a.claims, Discrepancies: a.discrepancies, Gaps: a.gaps,
		Estate: a.estate, Requests: []probity.RequestRef{}, Exhibits: exhibits, Integrity: append([]probity.Integrity{}, integrity...), Warnings: []string{},
	}
	for i := range exhibits {
		x := &exhibits[i]
		r.Totals.Exhibits++
		r.Totals.Bytes += x.Bytes
		r.Totals.Records += x.Records
		r.Totals.Duplicates += x.Duplicates
		r.Totals.Unread += x.Unread
		r.Totals.UnreadBytes += x.UnreadBytes
	}
	if len(exhibits) == 0 {
		r.Warnings = append(r.Warnings, "no records were handed over: the evidence folders are empty")
	}
	if a.estate.Disclosed == 0 {
		r.Warnings = append(r.Warnings, "nothing was disclosed: no resource is called undisclosed, and the estate could not be compared")
	}
	return r
}

// note adds the conflicts to the checks of integrity.
func note(r *probity.Review, conflicts []reconcile.Conflict) {
	paths := map[string]string{}
	for i := range r.Exhibits {
		if paths[r.Exhibits[i].SHA256] == "" {
			paths[r.Exhibits[i].SHA256] = r.Exhibits[i].Path
		}
	}
	for _, x := range conflicts {
		r.Integrity = append(r.Integrity, probity.Integrity{Exhibit: x.Exhibit, Path: paths[x.Exhibit], Check: "same-id-same-content", Result: "conflict", Detail: x.Detail})
	}
	sort.SliceStable(r.Integrity, func(i, j int) bool {
		a, b := &r.Integrity[i], &r.Integrity[j]
		return a.Exhibit+a.Check+a.Result < b.Exhibit+b.Check+b.Result
	})
}

// alleged renders the allegations with their sources and provisions.
func alleged(c *probity.Case) []probity.Alleged {
	out := []probity.Alleged{}
	for i := range c.Allegations {
		a := &c.Allegations[i]
		x := probity.Alleged{ID: a.ID, Statement: a.Statement, Sources: []probity.SourceRef{}, Provisions: []probity.ProvisionOf{}, Claims: []string{}}
		for _, id := range a.Sources {
			for _, s := range c.Sources {
				if s.ID == id {
					x.Sources = append(x.Sources, probity.SourceRef(s))
				}
			}
		}
		for _, id := range a.Provisions {
			for _, t := range c.Terms {
				for _, p := range t.Provisions {
					if t.ID+"/"+p.ID == id {
						x.Provisions = append(x.Provisions, probity.ProvisionOf{ID: id, Instrument: t.Instrument, Version: t.Version, Paraphrase: p.Paraphrase,
							Pack: t.Pack, Section: p.Section, Author: p.Author, SHA256: p.SHA256, Effective: t.Effective, Captured: t.Captured})
					}
				}
			}
		}
		for _, cl := range a.Claims {
			x.Claims = append(x.Claims, cl.ID)
		}
		out = append(out, x)
	}
	return out
}

// write writes the output folder, publishes it, and enters the run into the
// ledger.
func write(out *durable.Dir, c *probity.Case, r *probity.Review, rec *record) (kept string, err error) {
	for _, scratch := range []string{".engine", ".spool"} {
		if err := os.RemoveAll(out.Path(scratch)); err != nil {
			return "", err
		}
	}
	if err := table.WriteExhibits(out.Path("tables"), r.Exhibits); err != nil {
		return "", err
	}
	digest, err := copyCatalog(out)
	if err != nil {
		return "", err
	}
	text, err := report.JSON(r)
	if err != nil {
		return "", fmt.Errorf("writing review.json: %w", err)
	}
	var page bytes.Buffer
	if err := report.HTML(&page, r); err != nil {
		return "", fmt.Errorf("writing report.html: %w", err)
	}
	head, err := header(c, r, digest)
	if err != nil {
		return "", err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{"header.json", head}, {"open.sql", openSQL(c)}, {"report.html", page.Bytes()}, {durable.Mark, text}} {
		if err := out.WriteFile(f.name, f.data); err != nil {
			return "", err
		}
	}
	if kept, err = out.Publish(); err != nil {
		return "", err
	}
	return kept, rec.enter(c, r, out.Target(), text, digest)
}

// copyCatalog lays the SQL beside the tables that it reads, and returns its
// digest: of each name and content in order.
func copyCatalog(out *durable.Dir) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(catalog.Files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := catalog.Files.ReadFile(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\x00%d\x00%s", p, len(data), data)
		return out.WriteFile("catalog/"+p, data)
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// header names what the output was made from: the same header gives the same
// bytes.
func header(c *probity.Case, r *probity.Review, catalogDigest string) ([]byte, error) {
	inputs := []string{}
	for i := range r.Exhibits {
		inputs = append(inputs, r.Exhibits[i].SHA256)
	}
	data, err := json.MarshalIndent(struct {
		Schema     string       `json:"schema"`
		Tool       probity.Tool `json:"tool"`
		Parameters any          `json:"parameters"`
		Inputs     []string     `json:"inputs"`
	}{"probity-review/1", r.Tool, struct {
		Case    string       `json:"case_sha256"`
		Catalog string       `json:"catalog_sha256"`
		Period  probity.Span `json:"period"`
		Minimum float64      `json:"coverage_minimum"`
	}{c.SHA256, catalogDigest, c.Period, c.Minimum}, inputs}, "", "  ")
	return append(data, '\n'), err
}

// openSQL is what a reader runs first in a DuckDB shell that stands in the
// output folder: it makes the period and the views.
func openSQL(c *probity.Case) []byte {
	views, _ := catalog.Files.ReadFile("tables.sql") // embedded
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
	return fmt.Appendf(nil, "-- Run in this folder:  duckdb -init open.sql\n-- then, for example:   .read catalog/quantities/bytes_stored.billed.sql\n"+
		"CREATE OR REPLACE TABLE period AS SELECT TIMESTAMP '%s' AS period_from, TIMESTAMP '%s' AS period_until;\n\n%s", at(c.Period.From), at(c.Period.Until), views)
}
