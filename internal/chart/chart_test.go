package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"probity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func day(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }

func span(from, until int) probity.Span { return probity.Span{From: day(from), Until: day(until)} }

func v(f float64) *float64 { return &f }

func drawings(words string) map[string]SVG {
	lanes := Lanes{Period: span(1, 9), Threshold: 60, Top: 100, Says: "two witnesses" + words, Lanes: []Lane{
		{Label: "billed" + words, Steps: []probity.Step{{Span: span(1, 5), Seen: 40, Lower: v(40), Upper: v(50), Covered: 1}, {Span: span(5, 9), Seen: 80, Lower: v(80), Upper: v(90), Covered: 1}}},
		{Label: "logged" + words, Impeached: true, Steps: []probity.Step{{Span: span(1, 3), Seen: 30, Covered: 0.5}, {Span: span(3, 7)}, {Span: span(7, 9), Seen: 10, Lower: v(10), Covered: 1}}},
	}}
	turned := lanes
	turned.RTL = true
	return map[string]SVG{
		"lanes": lanes.Draw(), "lanes-rtl": turned.Draw(),
		"pairs": Pairs{Period: span(1, 9), Top: 210, Says: "differences" + words, Pairs: []Pair{{span(2, 3), 0, 139, "0 against 139" + words}, {span(8, 9), 200, 100, ""}}}.Draw(),
		"bars":  Bars{Top: 5, Says: "counts" + words, Bars: []Bar{{"b1", 5, "5 billed" + words}, {"b2", 3, "3 disclosed"}, {"b3", 0, "0 metered"}}}.Draw(),
	}
}

func TestGolden(t *testing.T) {
	for name, got := range drawings("") {
		file := "testdata/" + name + ".svg"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (run go test ./internal/chart -update if this is meant):\n%s", file, diff)
		}
	}
}

// Each drawing is well-formed and says what it shows, whatever stands in its
// labels; and it carries no style, script or address.
func TestWellFormed(t *testing.T) {
	for name, s := range drawings(`<script>"'&</svg>`) {
		d := xml.NewDecoder(strings.NewReader(string(s)))
		named := false
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, s)
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			if e.Name.Local == "script" || e.Name.Local == "style" {
				t.Errorf("%s holds a %s", name, e.Name.Local)
			}
			for _, a := range e.Attr {
				named = named || a.Name.Local == "aria-label" && a.Value != ""
				if a.Name.Local == "style" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("%s: attribute %s", name, a.Name.Local)
				}
			}
		}
		if !named {
			t.Errorf("%s does not say what it shows", name)
		}
	}
}

// Nothing is drawn outside of the frame, and no number is left that no browser reads.
func TestOddValues(t *testing.T) {
	odd := []float64{0, math.NaN(), math.Inf(1), math.Inf(-1), -5, 1e300}
	for _, f := range odd {
		top := Ceiling(f, 1)
		if math.IsNaN(top) || math.IsInf(top, 0) || top <= 0 {
			t.Errorf("the top of a scale with %v is %v", f, top)
		}
		all := string(Lanes{Period: span(1, 1), Threshold: f, Top: 1, Lanes: []Lane{{Steps: []probity.Step{{Span: span(1, 2), Seen: f, Upper: v(f), Covered: 1}}}}}.Draw()) +
			string(Pairs{Period: span(1, 9), Top: 1, Pairs: []Pair{{span(20, 30), f, 1, ""}}}.Draw()) + string(Bars{Top: 1, Bars: []Bar{{"x", f, ""}}}.Draw())
		for _, bad := range []string{"NaN", "Inf", `="-`, "e+"} {
			if strings.Contains(all, bad) {
				t.Errorf("value %v: the drawing holds %q", f, bad)
			}
		}
	}
}

// Spans that a witness does not cover are hatched, and nothing else is.
func TestHatch(t *testing.T) {
	s := string(drawings("")["lanes"])
	if n := strings.Count(s, `class="bare`); n != 2 {
		t.Errorf("%d spans are hatched, 2 are not covered\n%s", n, s)
	}
	if n := strings.Count(s, `class="threshold"`); n != 2 {
		t.Errorf("%d threshold lines for 2 witnesses", n)
	}
}
