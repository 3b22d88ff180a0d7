package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"probity"
)

// Gaps says how many gaps a run found, and which: a digest of one line a gap
// without names, so that it says nothing of what it does not count.
type Gaps struct {
	ReviewSHA256 string         `json:"review_sha256"`
	Causes       map[string]int `json:"causes"` // how many of each
	GapsSHA256   string         `json:"gaps_sha256"`
}

// Drafted says what a program proposes before anybody signs: how many claims
// have each finding, and a digest of one line a claim.
type Drafted struct {
	ReviewSHA256   string         `json:"review_sha256"`
	Opinion        string         `json:"opinion"`
	Findings       map[string]int `json:"findings"`
	FindingsSHA256 string         `json:"findings_sha256"`
}

// Challenged says that somebody objects to the finding of a claim. It is a
// statement: it takes nothing from a signature, and readers see both.
type Challenged struct {
	By           string `json:"by"`
	Claim        string `json:"claim"`
	Reason       string `json:"reason"`
	ReviewSHA256 string `json:"review_sha256"`
}

// GapsOf counts the gaps of a review whose bytes have a SHA-256.
func GapsOf(r *probity.Review, sum string) *Gaps {
	g := &Gaps{ReviewSHA256: sum, Causes: map[string]int{}}
	var lines []string
	for i := range r.Gaps {
		x := &r.Gaps[i]
		g.Causes[string(x.Cause)]++
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s\n", x.Witness, x.Provider, x.Cause, x.From.UTC().Format(time.RFC3339), x.Until.UTC().Format(time.RFC3339)))
	}
	slices.Sort(lines) // names may order them otherwise
	g.GapsSHA256 = digest(lines)
	return g
}

// DraftOf counts the findings of a review whose bytes have a SHA-256.
func DraftOf(r *probity.Review, sum string) *Drafted {
	d := &Drafted{ReviewSHA256: sum, Opinion: string(r.Conclusion.Opinion), Findings: map[string]int{}}
	var lines []string
	for i := range r.Claims {
		finding := r.Claims[i].Finding.Outcome().String()
		d.Findings[finding]++
		lines = append(lines, r.Claims[i].ID+" "+finding+"\n")
	}
	d.FindingsSHA256 = digest(lines)
	return d
}

func digest(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// Found records what a run found, once for each result: its gaps, and its
// findings as a draft.
func (b *Book) Found(r *probity.Review, sum string) error {
	for _, e := range b.Events {
		if d, ok := e.Body.(*Drafted); ok && d.ReviewSHA256 == sum {
			return nil
		}
	}
	if _, err := b.Record(GapFound, "", GapsOf(r, sum)); err != nil {
		return err
	}
	_, err := b.Record(FindingDrafted, "", DraftOf(r, sum))
	return err
}

// CheckFound compares what the ledger tells of a run with the review that it
// gave: the number of gaps by cause and their digest, the opinion and the
// findings. What the ledger does not tell of is no error.
func CheckFound(events []*Event, r *probity.Review, sum string) error {
	for _, e := range events {
		switch body := e.Body.(type) {
		case *Gaps:
			if want := GapsOf(r, sum); body.ReviewSHA256 == sum && (body.GapsSHA256 != want.GapsSHA256 || !maps.Equal(body.Causes, want.Causes)) {
				return fmt.Errorf("the gaps are not those of leaf %d", e.Index)
			}
		case *Drafted:
			if want := DraftOf(r, sum); body.ReviewSHA256 == sum && (body.Opinion != want.Opinion || body.FindingsSHA256 != want.FindingsSHA256 || !maps.Equal(body.Findings, want.Findings)) {
				return fmt.Errorf("the findings are not those that leaf %d drafted", e.Index)
			}
		}
	}
	return nil
}

// challengeable returns why a finding cannot be challenged: there is no draft
// of it.
func (b *Book) challengeable(c *Challenged) error {
	if strings.TrimSpace(c.By) == "" || strings.TrimSpace(c.Reason) == "" || c.Claim == "" {
		return fmt.Errorf("a challenge needs a name, a claim and a reason")
	}
	for _, e := range b.Events {
		if a, ok := e.Body.(*Analysis); ok && a.ReviewSHA256 == c.ReviewSHA256 {
			return nil
		}
	}
	return fmt.Errorf("the ledger knows of no run that gave this review: run probity review first")
}
