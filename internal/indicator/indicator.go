// Package indicator says whether records are consistent with what a claim
// names, from sizes, counts, times and the shapes of names alone. It never
// sees content and never proves: an answer is consistent, not_consistent or
// cannot_tell, stands beside the numbers that it rests on, and names the
// innocent uses that look the same.
//
// What is measured is SQL in catalog/indicators, which runs in any DuckDB
// shell; its header says the question, the assumptions and the innocent uses.
// What is judged is here, with the statistics of gonum.org/v1/gonum/stat.
package indicator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/query"
)

// An Indicator is one question with the way to answer it.
type Indicator struct {
	Name string
	// Population is the quantity whose population a test is about, and Witnesses
	// those whose coverage of Covers counts for it.
	Population probity.Quantity
	Covers     probity.Quantity
	Witnesses  []probity.Witness
	// Unit and Of say what a consistent part's Weight counts: "objects of such sizes".
	Unit probity.Unit
	Of   string
	// Small is the share of bytes of which an answer may lack for the rest to
	// count as the whole.
	Small float64
	// beyond says that what is in scope is compared with what may lie outside.
	beyond bool
	judge  func(list []measured, p *Params) []Part
}

// All lists the indicators, by name.
var All = []Indicator{
	{Name: "bulk_collection", Population: probity.ObjectsWritten, Covers: probity.ObjectsWritten, Witnesses: []probity.Witness{probity.Logged},
		Unit: probity.One, Of: "objects that arrived so", Small: 0.05, judge: bulkCollection},
	{Name: "move_out", Population: probity.BytesEgressed, Covers: probity.BytesEgressed, Witnesses: []probity.Witness{probity.Metered, probity.Billed},
		Unit: probity.Byte, Of: "left beyond what days before account for", judge: moveOut},
	{Name: "speech_archive", Population: probity.ObjectsStored, Covers: probity.ObjectsStored, Witnesses: []probity.Witness{probity.Listed, probity.Logged},
		Unit: probity.One, Of: "objects of such sizes", Small: 0.05, judge: speechArchive},
	{Name: "transcription", Population: probity.SpeechSeconds, Covers: probity.SpeechSeconds, Witnesses: []probity.Witness{probity.Metered, probity.Billed},
		Unit: probity.Second, Of: "of speech processed in step with arrival", beyond: true, judge: transcription},
}

// Find returns the indicator of a name, nil if there is none.
func Find(name string) *Indicator {
	for i := range All {
		if All[i].Name == name {
			return &All[i]
		}
	}
	return nil
}

// Params are what a judgement needs besides what the SQL measures.
type Params struct {
	Period probity.Span
	After  time.Time // of move_out; zero for the others
	// In reports whether a resource and container are in scope. An account may be
	// "" where a record does not say it.
	In func(provider, account, resource, container string) bool
	// Whole reports whether a witness covers every hour of a span for a quantity
	// at a resource. It must not be nil.
	Whole func(w probity.Witness, q probity.Quantity, provider, account, resource string, span probity.Span) bool
}

// A Part is the answer for one part of what was asked, with what it weighs.
type Part struct {
	probity.IndicatorPart
	Provider, Account string
	Witness           probity.Witness
	Objects           int64
	Bytes             float64
	Weight            float64 // in the indicator's unit, if the answer is consistent
	// Excludes says that the answer leaves no room for the claim: the witness
	// bounds from above, and Seen, in the indicator's unit, is all there was.
	Excludes bool
	Seen     float64
	SeenOf   string // what Seen is of: "left on the busiest day after it"
}

// File is the indicator's file in the catalogue.
func (i *Indicator) File() string { return "indicators/" + i.Name + ".sql" }

// Run measures the features and returns the answer for each part in scope.
func (i *Indicator) Run(ctx context.Context, e *query.Engine, p *Params) ([]Part, error) {
	in := p.In
	if i.beyond {
		in = nil
	}
	list, err := load(ctx, e, i.File(), in)
	if err != nil {
		return nil, fmt.Errorf("indicator %s: %w", i.Name, err)
	}
	return i.judge(list, p), nil
}

// Header returns the values of a line of a catalogue file's header, such as
// "innocent" or "assumes"; nil if there is none.
func Header(file, key string) ([]string, error) {
	text, err := catalog.Files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, line := range strings.Split(string(text), "\n") {
		if x, ok := strings.CutPrefix(line, "-- "+key+": "); ok {
			out = append(out, x)
		}
	}
	return out, nil
}

// Innocent returns the innocent explanations that a file of the catalogue
// lists in its header.
func Innocent(file string) ([]string, error) { return Header(file, "innocent") }
