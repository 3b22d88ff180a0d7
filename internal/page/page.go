// Package page renders a review as one page that is read in a browser or on
// paper. The page fetches nothing and can be read without its script, which
// only sorts, filters and opens. What the program says stands in catalogues of
// messages; what the review itself carries stays as it is. The same review in
// the same language gives the same bytes.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"probity"
)

//go:embed template/*.html
var templates embed.FS

//go:embed page.css
var sheet string

//go:embed page.js
var script string

// Options say how a page is written.
type Options struct {
	// Lang is the language of what the program says: one of Languages, or
	// empty for English.
	Lang string
	// Paper is what the page is printed on: one of Papers, or empty for what
	// the reader's printer has.
	Paper string
}

// Papers lists what Options.Paper may be.
var Papers = []string{"A4", "letter"}

// HTML writes the review as one page.
func HTML(w io.Writer, r *probity.Review, o Options) error {
	l, err := load(o.Lang)
	if err != nil {
		return err
	}
	if o.Paper != "" && !slices.Contains(Papers, o.Paper) {
		return fmt.Errorf("paper %q is not known: use one of %s", o.Paper, strings.Join(Papers, ", "))
	}
	t, err := template.New("page.html").Funcs(l.functions()).ParseFS(templates, "template/*.html")
	if err != nil {
		return fmt.Errorf("reading the templates: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, viewOf(r, l, o.Paper)); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	_, err = w.Write(squeeze(b.Bytes()))
	return err
}

// squeeze takes out the blank lines and the indents that templates leave.
func squeeze(page []byte) []byte {
	out := make([]byte, 0, len(page))
	for line := range bytes.Lines(page) {
		if line = bytes.Trim(line, " \t\n"); len(line) > 0 {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// A view is what the templates show.
type view struct {
	*probity.Review
	Lang     string
	RTL      bool
	Policy   template.HTMLAttr // of security: nothing is fetched, and only the script below runs
	Style    template.HTML
	Script   template.HTML
	Groups   []group
	Outcomes []tally
	Unseen   unseen
	Changes  []change
	Settled  []string // claims of which nothing is named that would change the answer
	Heat     heat
	Clock    []lost
	Pairs    []pairing
	Others   int // pairings that are not drawn
	Estate   estate
	Custody  custody
	Cut      cuts
}

// mostRows is how many rows of a table the page shows.
const mostRows = 2000

// cuts are the rows of long lists that are shown, and how many are not.
type cuts struct {
	Gaps                                      []probity.Gap
	Discrepancies                             []probity.Discrepancy
	Exhibits                                  []probity.Exhibit
	Resources                                 []probity.Resource
	Requests                                  []probity.RequestRef
	MoreGaps, MoreDiscrepancies, MoreExhibits int
	MoreResources, MoreRequests               int
}

func viewOf(r *probity.Review, l *language, paper string) *view {
	v := &view{Review: r, Lang: l.tag, RTL: l.rtl, Groups: groups(r, l), Outcomes: tallies(r), Unseen: unseenOf(r),
		Heat: heatOf(r, l), Clock: clock(r), Estate: estateOf(r, l), Custody: custodyOf(r)}
	v.Changes, v.Settled = changes(r)
	v.Pairs, v.Others = pairings(r, l)
	v.Cut.Gaps, v.Cut.MoreGaps = most(r.Gaps)
	v.Cut.Discrepancies, v.Cut.MoreDiscrepancies = most(r.Discrepancies)
	v.Cut.Exhibits, v.Cut.MoreExhibits = most(r.Exhibits)
	v.Cut.Resources, v.Cut.MoreResources = most(r.Estate.Resources)
	v.Cut.Requests, v.Cut.MoreRequests = most(r.Requests)
	style, script := string(squeeze([]byte(sheet+heading(r, l, paper)))), string(squeeze([]byte(script))) // as they stand in the page
	v.Style = template.HTML("<style>" + style + "</style>")
	v.Script = template.HTML("<script>" + script + "</script>")
	v.Policy = template.HTMLAttr(`content="default-src 'none'; style-src '` + digest(style) + `'; script-src '` + digest(script) + `'; base-uri 'none'; form-action 'none'"`)
	return v
}

func most[T any](list []T) ([]T, int) {
	if len(list) > mostRows {
		return list[:mostRows], len(list) - mostRows
	}
	return list, 0
}

// digest is what a security policy names a style or a script by.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// heading is the style of paper: its size, if one is asked for, and the line
// above each page, which says the case and what it is called. Every character that is not a plain letter or digit is written
// by its number, so that no title can end the string that holds it.
func heading(r *probity.Review, l *language, paper string) string {
	var b strings.Builder
	for _, c := range fmt.Sprintf("%.90s", probity.Plain(strings.TrimSuffix(r.Case+": "+r.Title, ": "))) {
		if c == ' ' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "\\%06x ", c) // a blank ends the number and is part of it
		}
	}
	side := "left"
	if l.rtl {
		side = "right"
	}
	size := ""
	if paper != "" {
		size = "size:" + paper + ";"
	}
	return "@page{" + size + "@top-" + side + `{content:"` + b.String() + `"}}`
}
