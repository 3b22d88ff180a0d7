package page

import (
	"encoding/json"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"probity"
	"probity/catalog"
)

// The page fetches nothing, and runs one script and shows one style that its
// policy names by their digests.
func TestSelfContained(t *testing.T) {
	for _, lang := range Languages {
		p := render(t, large(t), lang)
		for _, bad := range []string{"http:", "https:", " src=", "@import", "url(//", "<iframe", "<link", "<object", "<base", " style=", " onclick", " onload", "unsafe-inline", "unsafe-eval"} {
			if strings.Contains(p, bad) {
				t.Errorf("%s: the page holds %q", lang, bad)
			}
		}
		for _, tag := range []string{"style", "script"} {
			found := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(p, -1)
			if len(found) != 1 || strings.Count(p, "<"+tag) != 1 {
				t.Fatalf("%s: %d elements %s", lang, strings.Count(p, "<"+tag), tag)
			}
			if !strings.Contains(p, tag+"-src '"+digest(found[0][1])+"'") {
				t.Errorf("%s: the policy does not allow the %s that is there", lang, tag)
			}
		}
		if !strings.Contains(p, "default-src 'none'") {
			t.Errorf("%s: the policy allows more than it names", lang)
		}
	}
}

// What stands in a review cannot forge the page.
func TestHostile(t *testing.T) {
	const bad = "</style><script>alert(1)</script>\"'&\\\u202Eevil\x1b{n}\n"
	r := large(t)
	r.Title, r.Case, r.Subject = bad, bad, bad
	for i := range r.Claims {
		c := &r.Claims[i]
		c.ID, c.Statement, c.WouldChange = c.ID+bad, bad, []string{bad}
		c.Tests[0].Subject, c.Tests[0].Witnesses[0].Witness, c.Tests[0].Witnesses[0].Notes = bad, bad, []string{bad}
		c.Tests[0].Where.Account = bad
		c.Tests[0].Series[0].Witness = bad
	}
	for i := range r.Gaps {
		r.Gaps[i].Account, r.Gaps[i].Resource, r.Gaps[i].Detail, r.Gaps[i].Cause = bad, bad, bad, probity.Cause(bad)
	}
	for i := range r.Discrepancies {
		d := &r.Discrepancies[i]
		d.Quantity, d.Left, d.Reading, d.Account = bad, bad, bad, bad
	}
	for i := range r.Requests {
		r.Requests[i].State, r.Requests[i].Relation, r.Requests[i].Kind = bad, bad, bad
	}
	for i := range r.Exhibits {
		r.Exhibits[i].Path, r.Exhibits[i].Note = bad, bad
	}
	for _, lang := range Languages {
		p := render(t, r, lang)
		for _, x := range []string{"<script>alert", "\u202E", "\x1b"} {
			if strings.Contains(p, x) {
				t.Errorf("%s: the page holds %q", lang, x)
			}
		}
		if strings.Count(p, "<script") != 1 || strings.Count(p, "</style>") != 1 {
			t.Errorf("%s: a text broke out of its place", lang)
		}
	}
}

var tags = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|<[^>]*>`)

// flat is the text of a page as it is read.
func flat(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

// No page speaks of an absence without its coverage.
func TestNoBareNegative(t *testing.T) {
	for name, r := range map[string]*probity.Review{"harbour": harbour(t), "empty": empty(), "large": large(t)} {
		p := flat(render(t, r, ""))
		for _, bad := range []string{"no evidence", "nothing was found", "not found", "did not happen", "no misuse", "innocent of"} {
			if strings.Contains(strings.ToLower(p), bad) {
				t.Errorf("%s says %q", name, bad)
			}
		}
		// The words with their colon begin a sentence about a claim.
		for _, at := range regexp.MustCompile(`(?:Not supported within the stated coverage|Contradicted|Undetermined, a scope limitation): `).FindAllStringIndex(p, -1) {
			if sentence, _, _ := strings.Cut(p[at[0]:], "%)"); len(sentence) > 300 || !strings.Contains(sentence, "minimum") {
				t.Errorf("%s: %.200q has no coverage", name, p[at[0]:])
			}
		}
	}
}

// Each claim's finding stands in the answer with its coverage in the sentence.
func TestAnswerCarriesCoverage(t *testing.T) {
	for _, r := range []*probity.Review{harbour(t), large(t)} {
		p := render(t, r, "")
		answer := p[strings.Index(p, `<section id="answer"`):strings.Index(p, `id="unseen"`)]
		lines := regexp.MustCompile(`(?s)<p class="sentence">(.*?)</p>`).FindAllStringSubmatch(answer, -1)
		if len(lines) != len(r.Claims) {
			t.Fatalf("%d sentences for %d claims", len(lines), len(r.Claims))
		}
		for _, l := range lines {
			if s := flat(l[1]); !regexp.MustCompile(`[\d.]+ %.*minimum [\d.]+ %`).MatchString(s) {
				t.Errorf("%q has no coverage", s)
			}
		}
	}
}

// A value of a witness stands with its unit, in a row that names the witness.
func TestValuesHaveUnits(t *testing.T) {
	unit := regexp.MustCompile(`^[\d.,]+ (?:B|[kMGTPE]B|h|min|s|objects?|requests?|events?|resources?)\b|^[\d.,]+ \(count\)|^none$`)
	for name, r := range map[string]*probity.Review{"harbour": harbour(t), "large": large(t)} {
		p := render(t, r, "")
		heads := 0
		for _, table := range regexp.MustCompile(`(?s)<table[^>]*>.*?</table>`).FindAllString(p, -1) {
			var columns []int
			for i, th := range regexp.MustCompile(`(?s)<th scope="col"[^>]*>(.*?)</th>`).FindAllStringSubmatch(table, -1) {
				if x := flat(th[1]); x == "value" || x == "sound upper bound" {
					columns = append(columns, i)
				}
			}
			if len(columns) == 0 {
				continue
			}
			heads++
			for _, tr := range regexp.MustCompile(`(?s)<tbody>(.*)</tbody>`).FindAllString(table, -1) {
				for _, row := range regexp.MustCompile(`(?s)<tr>(.*?)</tr>`).FindAllStringSubmatch(tr, -1) {
					cells := regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`).FindAllStringSubmatch(row[1], -1)
					if w, _, _ := strings.Cut(flat(cells[0][1]), " "); !slices.Contains(probity.Witnesses, probity.Witness(w)) {
						t.Errorf("%s: a row without a witness: %q", name, flat(row[1]))
					}
					for _, i := range columns {
						if x := flat(cells[i][1]); !unit.MatchString(x) {
							t.Errorf("%s: a value without a unit: %q", name, x)
						}
					}
				}
			}
		}
		if heads < len(r.Claims)-1 {
			t.Errorf("%s: %d tables of values for %d claims", name, heads, len(r.Claims))
		}
		// Sentences of steps name a unit too.
		for _, cell := range regexp.MustCompile(`<td>([\d.,]+ [^<]*covered [^<]*)</td>`).FindAllStringSubmatch(p, -1) {
			if !unit.MatchString(cell[1]) {
				t.Errorf("%s: a step without a unit: %q", name, cell[1])
			}
		}
	}
}

// Each drawing says what it shows, and has the same as a table.
func TestDrawingsHaveTables(t *testing.T) {
	for name, r := range map[string]*probity.Review{"harbour": harbour(t), "large": large(t)} {
		p := render(t, r, "")
		if n := len(regexp.MustCompile(`<svg [^>]*role="img" aria-label="">`).FindAllString(p, -1)); n > 0 {
			t.Errorf("%s: %d drawings say nothing", name, n)
		}
		lanes, tables := strings.Count(p, `<svg class="lanes"`), strings.Count(p, `<table class="steps">`)
		if lanes == 0 || lanes != tables {
			t.Errorf("%s: %d drawings of witnesses, %d tables of them", name, lanes, tables)
		}
	}
}

// What is not looked at stands on the first screen, beside what was found.
func TestFirstScreen(t *testing.T) {
	p := flat(render(t, harbour(t), ""))
	first := p[:strings.Index(p, "The answer, claim by claim")]
	for _, want := range []string{"Opinion proposed: qualified", "What was found?", "What was not looked at?", "How do I know this is not made up?", "A1.9", "Gaps in the records: 37", "No plan was sealed", "disclosed by nobody: 1 resource"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first screen does not say %q", want)
		}
	}
	p = flat(render(t, empty(), ""))
	for _, want := range []string{"No record was handed over: nothing could be looked at", "no opinion can be given", "The case has no claims to answer"} {
		if !strings.Contains(p, want) {
			t.Errorf("an empty case does not say %q", want)
		}
	}
}

// The same review gives the same page.
func TestSameBytes(t *testing.T) {
	if a, b := render(t, large(t), "ar"), render(t, large(t), "ar"); a != b {
		t.Error("two pages of one review differ")
	}
}

// Long lists are cut with a word on what is left out.
func TestLongLists(t *testing.T) {
	r := harbour(t)
	for len(r.Gaps) < mostRows+7 {
		r.Gaps = append(r.Gaps, r.Gaps[0])
	}
	if p := flat(render(t, r, "")); !strings.Contains(p, "7 more stand in review.json") {
		t.Error("a list was cut without a word")
	}
}

// No page of the example holds a name that stands in its records.
func TestNoPrivateName(t *testing.T) {
	data, err := os.ReadFile("../../examples/harbour/truth.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth struct{ Private []string }
	if err := json.Unmarshal(data, &truth); err != nil || len(truth.Private) < 10 {
		t.Fatal(err, len(truth.Private))
	}
	for _, lang := range Languages {
		p := html.UnescapeString(render(t, harbour(t), lang))
		for _, name := range truth.Private {
			if strings.Contains(p, name) {
				t.Errorf("%s: the page holds %q", lang, name)
			}
		}
	}
}

// The rate of the error that a finding would be stands open, and the others
// below a fold; all of them are there.
func TestRates(t *testing.T) {
	r := harbour(t)
	p := render(t, r, "")
	open := 0
	for i := range r.Claims {
		c := &r.Claims[i]
		at := strings.Index(p, `id="c-`+c.ID+`"`)
		article, _, _ := strings.Cut(p[at:], "</article>")
		_, rates, ok := strings.Cut(article, "How often such findings were wrong")
		if !ok {
			_, rates, _ = strings.Cut(article, "No error rate of this kind of claim is known.")
		}
		first, folded, _ := strings.Cut(rates, "<details>")
		for _, text := range c.ErrorRates {
			about, _ := catalog.ErrorOf(c.Finding.Outcome()).Tells(text)
			if about {
				open++
			}
			if where := map[bool]string{true: first, false: folded}[about || strings.HasPrefix(text, catalog.MeasuredOn)]; !strings.Contains(flat(where), text) {
				t.Errorf("%s: %q is not where it belongs", c.ID, text)
			}
		}
	}
	if open < len(r.Claims)-1 {
		t.Errorf("%d rates stand open for %d claims", open, len(r.Claims))
	}
}

// What an indicator says of a part is not said twice, and its words in the
// review are on the page.
func TestIndicatorParts(t *testing.T) {
	r := harbour(t)
	p := flat(render(t, r, ""))
	parts := 0
	for _, c := range r.Claims {
		for _, x := range c.Tests {
			if x.Indicator == nil {
				continue
			}
			for _, part := range x.Indicator.Parts {
				parts++
				if n := strings.Count(p, because(part)); n != 1 {
					t.Errorf("%q stands %d times", because(part), n)
				}
			}
		}
	}
	if parts == 0 {
		t.Error("no indicator was tried")
	}
}

// A value that is bounded from both sides over a part of the population only is
// not said to be bounded so over all of it.
func TestBoundOfAPart(t *testing.T) {
	r := harbour(t)
	seen := 0
	for _, c := range r.Claims {
		for _, x := range c.Tests {
			for _, w := range x.Witnesses {
				if w.Bound == probity.Both && w.Upper == nil {
					seen++
				}
			}
		}
	}
	if n := strings.Count(flat(render(t, r, "")), "about, over what it covers"); seen == 0 || n != seen {
		t.Errorf("%d of %d values say so", n, seen)
	}
}
