package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"probity"
)

// The types of schema.org that the summary for newsrooms is of.
type (
	newsReport struct {
		Context  string        `json:"@context"`
		Type     string        `json:"@type"`
		Number   string        `json:"reportNumber"`
		Name     string        `json:"name"`
		About    *named        `json:"about,omitempty"`
		Temporal string        `json:"temporalCoverage"`
		Source   *named        `json:"sourceOrganization,omitempty"`
		Abstract []string      `json:"abstract"`
		Credit   string        `json:"creditText"`
		BasedOn  newsBasis     `json:"isBasedOn"`
		Parts    []claimReview `json:"hasPart"`
	}
	claimReview struct {
		Type   string     `json:"@type"`
		ID     string     `json:"identifier"`
		Claim  string     `json:"claimReviewed"`
		Item   newsClaim  `json:"itemReviewed"`
		Aspect string     `json:"reviewAspect"`
		Body   string     `json:"reviewBody"`
		Rating newsRating `json:"reviewRating"`
	}
	newsClaim struct {
		Type       string     `json:"@type"`
		Text       string     `json:"text"`
		Appearance []newsWork `json:"appearance,omitempty"`
		Provisions []newsWork `json:"citation,omitempty"`
	}
	newsRating struct {
		Type        string `json:"@type"`
		Word        string `json:"alternateName"`
		Explanation string `json:"ratingExplanation"`
	}
	newsWork struct {
		Type    string `json:"@type"`
		Name    string `json:"name"`
		Date    string `json:"datePublished,omitempty"`
		Version string `json:"version,omitempty"`
		Text    string `json:"abstract,omitempty"`
	}
	newsBasis struct {
		Type   string `json:"@type"`
		Name   string `json:"name"`
		SHA256 string `json:"sha256"`
	}
	named struct {
		Type string `json:"@type"`
		Name string `json:"name"`
	}
)

// ClaimReviews returns the summary for newsrooms: JSON-LD with the vocabulary of
// schema.org, a Report whose parts are a ClaimReview for each claim. A rating
// has no number: it is the sentence of the finding with its coverage, so that
// none can be shown without it. The text may stand in a script element of a page.
func ClaimReviews(r *probity.Review) ([]byte, error) {
	text, err := JSON(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	out := newsReport{Context: "https://schema.org", Type: "Report", Number: plain(r.Case), Name: plain(title(r)), Temporal: instantPair(r.Period),
		Abstract: []string{plain(opinion(r)), plain(r.Plan.Sentence())},
		Credit:   plain(proposed + " Written by " + r.Tool.Name + " " + r.Tool.Version + "."),
		BasedOn:  newsBasis{Type: "DataDownload", Name: "review.json", SHA256: hex.EncodeToString(sum[:])}, Parts: []claimReview{}}
	if r.Subject != "" {
		out.About = &named{"Thing", plain(r.Subject)}
	}
	if by := r.Instruction.InstructedBy; by != "" {
		out.Source = &named{"Organization", plain(by)}
	}
	for _, x := range notLookedAt(r) {
		out.Abstract = append(out.Abstract, plain("Not looked at: "+x))
	}
	for i := range r.Claims {
		out.Parts = append(out.Parts, reviewOf(r, &r.Claims[i]))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("writing the summary for newsrooms: %w", err)
	}
	return b.Bytes(), nil
}

func plain(s string) string { return probity.Plain(strings.ToValidUTF8(s, "\uFFFD")) }

func instantPair(s probity.Span) string {
	return s.From.UTC().Format(time.RFC3339) + "/" + s.Until.UTC().Format(time.RFC3339)
}

func reviewOf(r *probity.Review, c *probity.ClaimResult) claimReview {
	out := claimReview{Type: "ClaimReview", ID: plain(c.ID), Claim: plain(c.Statement), Item: newsClaim{Type: "Claim", Text: plain(c.Statement)},
		Aspect: plain("claim of the allegation " + c.Allegation + standing(c)), Body: plain(bodyOf(c)),
		Rating: newsRating{Type: "Rating", Word: plain(c.Sentence), Explanation: plain("The word is that of the review and stands for no more than its sentence says. " + coverageSentence(c))}}
	for i := range r.Allegations {
		a := &r.Allegations[i]
		if a.ID != c.Allegation {
			continue
		}
		for _, s := range a.Sources {
			out.Item.Appearance = append(out.Item.Appearance, newsWork{Type: "CreativeWork", Name: plain(s.Name), Date: plain(s.Date)})
		}
		for _, p := range a.Provisions {
			out.Item.Provisions = append(out.Item.Provisions, newsWork{Type: "CreativeWork", Name: plain(p.Instrument), Version: plain(p.Version), Text: plain(p.Paraphrase)})
		}
	}
	return out
}

// coverageSentence says on what share of what it is about a finding rests.
func coverageSentence(c *probity.ClaimResult) string {
	return fmt.Sprintf("The records cover %s of what the claim is about (accounts x resources x hours); at least %s was declared to be needed to state an absence.", probity.Percent(c.Coverage.Share), probity.Percent(c.Coverage.Minimum))
}

// bodyOf tells a finding, what each witness says, what innocent uses look the
// same and what could change it.
func bodyOf(c *probity.ClaimResult) string {
	s := c.Sentence
	for i := range c.Tests {
		t := &c.Tests[i]
		for _, w := range t.Witnesses {
			s += fmt.Sprintf(" %s, %s: %s %s, covers %s.", t.Subject, w.Witness, bounds[w.Bound], valueOf(w.Value, w.Unit, t.Subject), probity.Percent(w.Coverage))
		}
	}
	if len(c.Warnings) > 0 {
		s += " Warnings: " + strings.Join(c.Warnings, "; ") + "."
	}
	if len(c.InnocentExplanations) > 0 {
		s += " Innocent uses that look the same: " + strings.Join(c.InnocentExplanations, " ")
	}
	if len(c.WouldChange) > 0 {
		s += " What could change the answer: " + strings.Join(c.WouldChange, "; ") + "."
	}
	return s
}
