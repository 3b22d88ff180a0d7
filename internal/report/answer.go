package report

import (
	"fmt"
	"slices"
	"strings"

	"probity"
)

// notLookedAt says what the review did not look at, the largest first: what
// claims lack, gaps by witness and cause, what was asked for and did not come,
// and what could not be read.
func notLookedAt(r *probity.Review) []string {
	var out []string
	for i := range r.Claims {
		c := &r.Claims[i]
		if c.Coverage.Share < 1 {
			out = append(out, fmt.Sprintf("%s: the records cover %s of what the claim is about (accounts x resources x hours; minimum %s); the rest was not looked at.",
				c.ID, probity.Percent(c.Coverage.Share), probity.Percent(c.Coverage.Minimum)))
		}
	}
	out = append(out, silences(r.Gaps)...)
	for i := range r.Requests {
		if q := &r.Requests[i]; unanswered(q) {
			out = append(out, "Request "+requestSentence(q))
		}
	}
	if r.Totals.Unread > 0 {
		out = append(out, fmt.Sprintf("%s of the exhibits, %s in all, could not be read.", plural(r.Totals.Unread, "range", "ranges"), plural(r.Totals.UnreadBytes, "byte", "bytes")))
	}
	return append(out, "The content of communications: it was not opened. Names of objects, people and addresses were replaced by tokens as they were read.")
}

// silences tells the gaps by witness and cause.
func silences(gaps []probity.Gap) []string {
	type group struct {
		witness             probity.Witness
		cause               probity.Cause
		resources, accounts int
		hours               float64
	}
	var groups []*group
	for _, l := range gapLines(gaps) {
		i := slices.IndexFunc(groups, func(g *group) bool { return g.witness == l.gap.Witness && g.cause == l.gap.Cause })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{witness: l.gap.Witness, cause: l.gap.Cause})
		}
		g := groups[i]
		g.hours += l.hours
		if l.gap.Resource == "" {
			g.accounts++
		} else {
			g.resources++
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		switch {
		case a.hours > b.hours:
			return -1
		case a.hours < b.hours:
			return 1
		}
		return 0
	})
	var out []string
	for _, g := range groups {
		var of []string
		if g.resources > 0 {
			of = append(of, plural(int64(g.resources), "resource", "resources"))
		}
		if g.accounts > 0 {
			of = append(of, plural(int64(g.accounts), "account", "accounts"))
		}
		out = append(out, fmt.Sprintf("No %s records of %s for %s h, summed over them: %s (%s).", g.witness, strings.Join(of, " and "), amount(g.hours, probity.One), strings.ReplaceAll(string(g.cause), "_", " "), g.cause.Meaning()))
	}
	return out
}

// wouldChange says what, if it came in, could change which claims, each once.
func wouldChange(r *probity.Review) []string {
	var texts []string
	claims := map[string][]string{}
	for i := range r.Claims {
		for _, x := range r.Claims[i].WouldChange {
			if claims[x] == nil {
				texts = append(texts, x)
			}
			claims[x] = append(claims[x], r.Claims[i].ID)
		}
	}
	for i, x := range texts {
		texts[i] = strings.Join(claims[x], ", ") + ": " + x
	}
	return texts
}

// standing says what kind of claim it is, where that is not the usual one.
func standing(c *probity.ClaimResult) string {
	s := ""
	if c.Kind == probity.ClaimAssurance {
		s = ", an assurance"
	}
	if !c.Material {
		s += ", not material"
	}
	return s
}

// claimsOf are the claims of an allegation.
func claimsOf(r *probity.Review, a *probity.Alleged) []*probity.ClaimResult {
	var out []*probity.ClaimResult
	for i := range r.Claims {
		if r.Claims[i].Allegation == a.ID {
			out = append(out, &r.Claims[i])
		}
	}
	return out
}

// title is that of the review, or the name of its case.
func title(r *probity.Review) string {
	if r.Title == "" {
		return r.Case
	}
	return r.Title
}

func opinion(r *probity.Review) string {
	return "Opinion proposed: " + string(r.Conclusion.Opinion) + " (" + r.Conclusion.Opinion.Meaning() + ")."
}

// proposed goes with every rendering.
const proposed = "These findings are proposed by a program from records about use; no content was looked at. A named person signs them."
