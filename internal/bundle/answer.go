package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"probity"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/report"
	"probity/internal/review"
	"probity/internal/seal"
	"probity/internal/verify"
)

// An Answer is a review in its sealed form, with all that opens it.
type Answer struct {
	Case    *probity.Case
	Book    *custody.Book
	Review  *probity.Review
	Out     string // what the review wrote
	Sealed  []byte // of review.json
	SHA256  string // of Sealed
	CaseDoc []byte // the sealed form of the case
	Tables  []custody.TableRoot
	Rows    *seal.Sealer     // has sealed what stands in rows only
	Cited   []verify.Opening // rows that the review cites, or that were chosen
	names   *seal.Names
}

// A Place is a record by its exhibit and position.
type Place struct {
	Exhibit  string // SHA-256, or its beginning
	Position int64
}

// Gather seals the review that the last run of a case wrote, and checks that
// its tables are those that the run committed to. places are records whose
// rows are shown besides those that the review cites.
func Gather(c *probity.Case, b *custody.Book, out string, places []Place) (*Answer, error) {
	text, err := os.ReadFile(filepath.Join(out, durable.Mark))
	if err != nil {
		return nil, fmt.Errorf("reading the review: %w: run probity review first", err)
	}
	r, err := report.Parse(text)
	if err != nil {
		return nil, err
	}
	b.Adopt(c)
	a := &Answer{Case: c, Book: b, Review: r, Out: out, names: custody.ReviewNames(c, r), Rows: b.NewSealer()}
	a.CaseDoc, _ = b.SealCase(c)
	if a.Sealed, a.SHA256, err = b.SealReview(c, r, text); err != nil {
		return nil, err
	}
	return a, a.commit(places)
}

// commit computes the roots of the tables, and keeps the cited rows with their
// audit paths.
func (a *Answer) commit(places []Place) error {
	want := a.wanted(places)
	leaves := map[string][]seal.Hash{}
	var err error
	a.Tables, err = review.Roots(filepath.Join(a.Out, "tables"), a.Rows, a.names, func(row review.Row) error {
		leaves[row.Table] = append(leaves[row.Table], row.Leaf)
		if !want(row.Line) {
			return nil
		}
		salt := seal.Salt(review.RowKey(a.Rows, row.Table), row.Index)
		a.Cited = append(a.Cited, verify.Opening{Table: row.Table, Row: row.Index, Salt: salt, Line: string(row.Line)})
		return nil
	})
	if err != nil {
		return err
	}
	if run := lastRun(a.Book.Events); run == nil || run.ReviewSHA256 != a.SHA256 || !slices.Equal(run.Tables, a.Tables) {
		return errors.New("the review or its tables are not what the last run gave, by the ledger: run probity review again")
	}
	for i := range a.Cited {
		x := &a.Cited[i]
		path, err := seal.Prove(leaves[x.Table], x.Row)
		if err != nil {
			return err
		}
		x.Path = [][]byte{}
		for _, h := range path {
			x.Path = append(x.Path, h[:])
		}
		if err := a.learn(x.Line); err != nil {
			return err
		}
	}
	return nil
}

// learn makes the sealer of the answer know the values of a line's marks.
func (a *Answer) learn(line string) error {
	marks, err := seal.Marks(line)
	if err != nil || len(marks) == 0 {
		return err
	}
	values, err := sealedValues(a.Rows)
	if err != nil {
		return err
	}
	for _, v := range values {
		if _, digest := a.Rows.Value(v); slices.Contains(marks, digest) {
			a.Book.Sealer().Value(v)
		}
	}
	return nil
}

func lastRun(events []*custody.Event) (last *custody.Analysis) {
	for _, e := range events {
		if x, ok := e.Body.(*custody.Analysis); ok {
			last = x
		}
	}
	return last
}

// wanted returns which lines are of records that the review cites or that were
// chosen.
func (a *Answer) wanted(places []Place) func([]byte) bool {
	cited := map[Place]bool{}
	for i := range a.Review.Claims {
		for j := range a.Review.Claims[i].Tests {
			for _, x := range a.Review.Claims[i].Tests[j].Instances {
				cited[Place{x.Exhibit, x.Position}] = x.Exhibit != ""
			}
		}
	}
	return func(line []byte) bool {
		at, ok := placeOf(line)
		return ok && (cited[at] || slices.ContainsFunc(places, func(p Place) bool {
			return p.Position == at.Position && strings.HasPrefix(at.Exhibit, p.Exhibit)
		}))
	}
}

// placeOf returns the record that a row was read from: tables of records begin
// with the columns exhibit and position.
func placeOf(line []byte) (Place, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"exhibit":"`))
	exhibit, rest, ok2 := bytes.Cut(rest, []byte(`","position":`))
	number, _, ok3 := bytes.Cut(rest, []byte(","))
	if !ok || !ok2 || !ok3 {
		return Place{}, false
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	return Place{string(exhibit), n}, err == nil
}

// Redactions resolves what redactions.yaml wishes to withhold from an answer.
func (a *Answer) Redactions(wishes []Wish) (*custody.Redactions, error) {
	values, err := sealedValues(a.Book.Sealer(), a.Rows)
	if err != nil {
		return nil, err
	}
	return Resolve(wishes, values, func(v string) string {
		_, digest := a.Rows.Value(v)
		return digest
	})
}

// known returns what is published: disclosures for the answer, those that only
// rows need, and what opens both.
func (a *Answer) known(withheld map[string]string) (open, rows []string, k *seal.Known, err error) {
	hidden := func(d string) bool {
		_, digest, err := seal.ParseDisclosure(d)
		return err == nil && withheld[digest] != ""
	}
	open = slices.DeleteFunc(a.Book.Sealer().Disclosures(), hidden)
	rows = slices.DeleteFunc(a.Rows.Disclosures(), func(d string) bool { return hidden(d) || slices.Contains(open, d) })
	k, err = seal.Learn(append(slices.Clone(open), rows...), withheld)
	return open, rows, k, err
}
