package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"probity"
	"probity/internal/oscal"
)

// mostRows is how many rows of a list a document spells out.
const mostRows = 2000

// estate names the resources that the records show.
func (d *oscalDoc) estate() {
	hidden := map[string]*probity.Undisclosed{}
	for i := range d.Estate.Undisclosed {
		u := &d.Estate.Undisclosed[i]
		hidden[u.Account+"/"+u.Resource] = u
	}
	for i := range d.Estate.Resources {
		x := &d.Estate.Resources[i]
		p := props("provider", x.Provider, "account", x.Account, "resource", x.Resource, "type", x.Type, "region", x.Region, "disclosed", yes(x.Disclosed), "shown-by", strings.Join(x.Shown, ", "))
		if u := hidden[x.Account+"/"+x.Resource]; u != nil {
			p = append(p, props("undisclosed-from", u.First, "undisclosed-until", u.Last)...)
		}
		d.component(x.Account, x.Resource, p)
	}
	for i := range d.Estate.Undisclosed { // those that the list of resources does not have
		u := &d.Estate.Undisclosed[i]
		d.component(u.Account, u.Resource, props("provider", u.Provider, "account", u.Account, "resource", u.Resource, "type", u.Type, "region", u.Region, "disclosed", "no",
			"shown-by", strings.Join(u.Shown, ", "), "undisclosed-from", u.First, "undisclosed-until", u.Last))
	}
}

// component returns the UUID of an account or resource, and lists it once.
func (d *oscalDoc) component(account, resource string, p []oscal.Property) string {
	key := account + "/" + resource
	if id := d.components[key]; id != "" {
		return id
	}
	id := d.ns.UUID("component", key)
	d.components[key] = id
	if p == nil {
		p = props("account", account, "resource", resource)
	}
	what := "account " + account
	if resource != "" {
		what = resource + " in the account " + account
	}
	d.list = append(d.list, oscal.Component{UUID: id, Type: "service", Title: markup(what), Description: markup(what), Props: p,
		Status: oscal.State{State: "other", Remarks: "Seen in records; its state today was not looked at."}})
	return id
}

func (d *oscalDoc) subject(account, resource string) oscal.Subject {
	return oscal.Subject{UUID: d.component(account, resource, nil), Type: "component"}
}

func (d *oscalDoc) byTool() []oscal.Origin {
	return []oscal.Origin{{Actors: []oscal.Actor{{Type: "tool", UUID: d.ns.UUID("tool")}}}}
}

// findings makes a finding of each claim, and an observation of each witness of
// each of its tests.
func (d *oscalDoc) findings() (seen []oscal.Observation, out []oscal.Finding) {
	for i := range d.Claims {
		c := &d.Claims[i]
		f := oscal.Finding{UUID: d.ns.UUID("finding", c.ID), Title: markup(c.ID + ": " + outcomeWords(c.Finding.Outcome())), Description: markup(c.Statement + " " + c.Sentence),
			Origins: d.byTool(), Remarks: markup(strings.Join(c.WouldChange, "; "))}
		if f.Remarks != "" {
			f.Remarks = "What could change the answer: " + f.Remarks
		}
		f.Props = props("finding", c.Finding.Outcome().String(), "coverage", probity.Percent(c.Coverage.Share), "minimum", probity.Percent(c.Coverage.Minimum), "material", yes(c.Material))
		if c.Observed != nil {
			f.Props = append(f.Props, props("observed", measured(c.Observed.Value, c.Observed.Unit), "observed-by", string(c.Observed.Witness), "observed-of", c.Observed.Of)...)
		}
		f.Props = append(f.Props, listed("warning", c.Warnings)...)
		f.Props = append(f.Props, listed("innocent-explanation", c.InnocentExplanations)...)
		f.Props = append(f.Props, listed("error-rate", c.ErrorRates)...)
		f.Target = oscal.Target{Type: "objective-id", ID: objectiveID(c.ID), Status: state(c)}
		for n := range c.Tests {
			for _, o := range d.testimony(c, n) {
				seen = append(seen, o)
				f.Related = append(f.Related, oscal.Related{Observation: o.UUID})
			}
		}
		out = append(out, f)
	}
	return seen, out
}

// state says what OSCAL can say of a claim. "pass" and "fail" are kept for what
// the records prove.
func state(c *probity.ClaimResult) oscal.State {
	s := oscal.State{State: "not-satisfied", Reason: "other", Remarks: markup(c.Sentence)}
	o := c.Finding.Outcome()
	switch c.Bearing() {
	case "for":
		if s.State = "satisfied"; o != probity.NotSupported {
			s.Reason = "pass"
		}
	case "against":
		s.Reason = "fail"
	default:
		s.Remarks = markup("Neither satisfied nor failed, which OSCAL cannot say. " + c.Sentence)
	}
	return s
}

// testimony makes an observation of each witness of a test; one of the test
// itself where no witness spoke.
func (d *oscalDoc) testimony(c *probity.ClaimResult, n int) []oscal.Observation {
	t := &c.Tests[n]
	base := oscal.Observation{Methods: []string{"EXAMINE"}, Types: []string{"finding"}, Origins: d.byTool(), Collected: d.end, Remarks: markup(strings.Join(t.Limits, "; "))}
	for _, p := range t.Population {
		account, resource, _ := strings.Cut(p, "/")
		base.Subjects = append(base.Subjects, d.subject(account, resource))
	}
	common := props("claim", c.ID, "subject", t.Subject, "asks", threshold(t), "threshold", measured(t.Threshold, t.Unit), "test-finding", t.Finding.Outcome().String(),
		"test-coverage", probity.Percent(t.Coverage.Share), "test-minimum", probity.Percent(t.Coverage.Minimum))
	for k, x := range t.Instances {
		e := oscal.Evidence{Description: markup(fmt.Sprintf("%s: %s at %s", x.What, place(x.Account, x.Resource), x.At))}
		if d.lists(x.Exhibit) {
			e.Href = "#" + d.exhibit(x.Exhibit)
			e.Description += fmt.Sprintf(" (byte %d of the exhibit's stream)", x.Position)
		}
		if k < mostRows {
			base.Evidence = append(base.Evidence, e)
		}
	}
	var out []oscal.Observation
	for k, w := range t.Witnesses {
		o := base
		o.UUID = d.ns.UUID("observation", "test", c.ID, strconv.Itoa(n), strconv.Itoa(k))
		o.Title = markup(c.ID + ", " + t.Subject + ": " + string(w.Witness))
		o.Description = markup(fmt.Sprintf("%s: %s %s; covers %s", w.Witness, bounds[w.Bound], valueOf(w.Value, w.Unit, t.Subject), probity.Percent(w.Coverage)))
		o.Props = append(append([]oscal.Property{}, common...), props("witness", string(w.Witness), "value", measured(w.Value, w.Unit), "bound", string(w.Bound), "coverage", probity.Percent(w.Coverage),
			"impeached", yes(w.Impeached), "independence", w.Independence)...)
		if w.Upper != nil {
			o.Props = append(o.Props, props("upper-bound", measured(*w.Upper, w.Unit))...)
		}
		if w.At != nil {
			o.Props = append(o.Props, props("at", w.At.String())...)
		}
		o.Props = append(o.Props, listed("note", w.Notes)...)
		out = append(out, o)
	}
	if len(out) == 0 {
		base.UUID, base.Title, base.Props = d.ns.UUID("observation", "test", c.ID, strconv.Itoa(n)), markup(c.ID+", "+t.Subject), common
		base.Description = markup("No witness spoke of it. " + t.Sentence)
		out = append(out, base)
	}
	return out
}

// silences are what no finding of OSCAL holds: discrepancies, gaps and checks
// that did not come out well.
func (d *oscalDoc) silences() []oscal.Observation {
	var out []oscal.Observation
	add := func(kind string, i int, title, text, remarks string, s []oscal.Subject, p []oscal.Property) {
		out = append(out, oscal.Observation{UUID: d.ns.UUID("observation", kind, strconv.Itoa(i)), Title: markup(title), Description: markup(text), Remarks: markup(remarks),
			Methods: []string{"EXAMINE"}, Types: []string{kind}, Origins: d.byTool(), Subjects: s, Props: p, Collected: d.end})
	}
	for i := range d.Discrepancies {
		x := &d.Discrepancies[i]
		add("discrepancy", i, "Discrepancy: "+readings[x.Reading], discrepancySentence(x), benign(x.Benign), []oscal.Subject{d.subject(x.Account, x.Resource)},
			props("quantity", string(x.Quantity), "span", x.Span.String(), "left", string(x.Left), "left-value", measured(x.LeftValue, x.Unit), "right", string(x.Right), "right-value", measured(x.RightValue, x.Unit),
				"share", probity.Percent(x.Share), "tolerance", probity.Percent(x.Tolerance), "reading", string(x.Reading), "impeaches", string(x.Impeaches)))
	}
	for i, g := range gapLines(d.Gaps) {
		add("gap", i, "Gap: "+string(g.gap.Witness)+" records", gapSentence(&g), g.gap.Detail, []oscal.Subject{d.subject(g.gap.Account, g.gap.Resource)},
			props("witness", string(g.gap.Witness), "cause", string(g.gap.Cause), "span", g.gap.Span.String(), "uncovered", fmt.Sprintf("%.4g hours", g.hours), "streams", strings.Join(g.gap.Streams, ", ")))
	}
	for i := range d.Requests {
		if x := &d.Requests[i]; unanswered(x) {
			add("request", i, "Request "+x.ID+": "+requestState(x.State), requestSentence(x), "", nil,
				props("request", x.ID, "state", x.State, "custodian", x.Custodian, "custodian-relation", string(x.Relation), "witness", string(x.Witness), "due", x.Due, "leaf", strconv.FormatInt(x.Leaf, 10)))
		}
	}
	for i, x := range troubles(d.Review) {
		add("integrity", i, "Integrity: "+x.Check, x.Check+": "+strings.ReplaceAll(x.Result, "_", " ")+": "+x.Detail+" ("+x.Path+")", "", nil, props("check", x.Check, "result", x.Result, "exhibit", x.Exhibit))
	}
	return out
}

// benign says which innocent causes of a difference were tried.
func benign(causes []probity.BenignCause) string {
	var out []string
	for _, b := range causes {
		s := b.Cause + ": " + strings.ReplaceAll(b.Result, "_", " ")
		if b.Detail != "" {
			s += " (" + b.Detail + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// lists reports whether the review lists an exhibit.
func (d *oscalDoc) lists(sha256 string) bool {
	return slices.ContainsFunc(d.Exhibits, func(x probity.Exhibit) bool { return x.SHA256 == sha256 })
}

// exhibit returns the UUID of the resource that holds an exhibit.
func (d *oscalDoc) exhibit(sha256 string) string { return d.ns.UUID("resource", "exhibit", sha256) }

// resources are the case, the sealed plan, the instruments and the exhibits.
func (d *oscalDoc) resources() []oscal.Resource {
	hash := func(v string) []oscal.Hash { return []oscal.Hash{{Algorithm: "SHA-256", Value: oscal.String(v)}} }
	out := []oscal.Resource{
		{UUID: d.ns.UUID("resource", "case"), Title: "The case: what was asked", Props: props("type", "case"), RLinks: []oscal.RLink{{Href: "case.yaml", MediaType: "application/yaml", Hashes: hash(d.CaseSHA256)}}, Remarks: "The address is that in a published bundle."},
		{UUID: d.ns.UUID("resource", "review"), Title: "The review that this is a rendering of", Props: props("type", "review"), RLinks: []oscal.RLink{{Href: "review.json", MediaType: "application/json", Hashes: hash(d.digest)}}},
	}
	if d.Plan.PlanSHA256 != "" {
		out = append(out, oscal.Resource{UUID: d.ns.UUID("resource", "plan"), Title: "The rules as they were sealed", Description: markup(d.Plan.Sentence()), Props: props("type", "sealed-plan"),
			RLinks: []oscal.RLink{{Href: oscal.Path("plans/" + d.Plan.PlanSHA256 + ".txt"), MediaType: "text/plain", Hashes: hash(d.Plan.PlanSHA256)}}})
	}
	seen := map[string]bool{}
	for i := range d.Allegations {
		for _, p := range d.Allegations[i].Provisions {
			id := d.ns.UUID("resource", "provision", p.ID)
			if seen[id] {
				continue
			}
			seen[id] = true
			out = append(out, oscal.Resource{UUID: id, Title: markup(p.Instrument + " " + p.Version), Description: markup(p.Paraphrase), Props: props("type", "provision", "control", oscal.Token("provision-", p.ID)),
				Citation: &oscal.Citation{Text: markup(p.Instrument + ", version " + p.Version)}})
		}
	}
	for i := range d.Exhibits {
		x := &d.Exhibits[i]
		id := d.exhibit(x.SHA256)
		if seen[id] { // another copy of the same bytes
			id = d.ns.UUID("resource", "copy", strconv.Itoa(i))
		}
		seen[id] = true
		out = append(out, oscal.Resource{UUID: id, Title: markup("Exhibit " + x.Path), Description: markup(x.Note), Props: exhibitProps(x),
			RLinks: []oscal.RLink{{Href: oscal.Path(x.Path), Hashes: hash(x.SHA256)}}})
	}
	return out
}

func exhibitProps(x *probity.Exhibit) []oscal.Property {
	p := props("type", "exhibit", "kind", string(x.Kind), "bytes", fmt.Sprintf("%d byte", x.Bytes), "records", fmt.Sprintf("%d records", x.Records), "duplicates", fmt.Sprintf("%d records", x.Duplicates),
		"unread", fmt.Sprintf("%d ranges", x.Unread), "unread-bytes", fmt.Sprintf("%d byte", x.UnreadBytes), "duplicate-of", x.DuplicateOf, "member-of", x.MemberOf)
	if x.Custodian != nil {
		p = append(p, props("custodian", x.Custodian.Name, "custodian-relation", string(x.Custodian.Relation))...)
	}
	if a := x.Acquired; a != nil {
		if t, ok := oscal.Time(a.At); ok {
			p = append(p, props("acquired-at", t)...)
		}
		p = append(p, props("acquired-by", a.By, "acquired-how", a.How)...)
	}
	for i := range x.Chain {
		p = append(p, props("custody", linkSentence(&x.Chain[i]))...)
	}
	return p
}
