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
	"probity/internal/oscal"
)

// OSCALNamespace is that of the properties that say what OSCAL has no word for.
const OSCALNamespace = "https://probity.invalid/ns/oscal"

// whatOSCALLacks goes with every document.
const whatOSCALLacks = "OSCAL knows satisfied and not-satisfied alone. An objective here asks that the records, with the coverage declared beforehand, bear an allegation out no further (or an assurance out); " +
	"where that could not be determined or assessed, the state is not-satisfied with the reason other, which is no finding against anybody. The property finding holds the word of the review, and coverage and minimum what it rests on. " +
	"Everything is proposed by a program from records about use; a named person signs it."

// OSCAL returns the review as assessment-results of OSCAL 1.1.3, JSON. Each
// UUID is of version 5 and follows from the review, so that the same review
// gives the same bytes. FORMATS.md says what stands where.
func OSCAL(r *probity.Review) ([]byte, error) {
	text, err := JSON(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	d := &oscalDoc{Review: r, digest: hex.EncodeToString(sum[:]), components: map[string]string{}}
	d.ns = oscal.URLs.Sub(OSCALNamespace).Sub(d.digest)
	d.begin, d.end = d.collected()
	doc := oscal.Document{Results: d.results()}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("writing oscal.json: %w", err)
	}
	return b.Bytes(), nil
}

// An oscalDoc is a document being made.
type oscalDoc struct {
	*probity.Review
	digest     string // of review.json, hex
	ns         oscal.Namespace
	begin, end string            // of the collection of evidence
	components map[string]string // the UUID of each account and resource, by key
	list       []oscal.Component
}

// collected returns when the first and the last exhibit were collected; the end
// of the period where none says so.
func (d *oscalDoc) collected() (begin, end string) {
	var first, last time.Time
	for i := range d.Exhibits {
		a := d.Exhibits[i].Acquired
		if a == nil || a.At.IsZero() {
			continue
		}
		if first.IsZero() || a.At.Before(first) {
			first = a.At
		}
		if a.At.After(last) {
			last = a.At
		}
	}
	begin, ok := oscal.Time(first)
	if !ok {
		begin, ok = oscal.Time(d.Period.Until)
	}
	if !ok {
		begin = "1970-01-01T00:00:00Z"
	}
	if end, ok = oscal.Time(last); !ok {
		end = begin
	}
	return begin, end
}

func (d *oscalDoc) results() oscal.AssessmentResults {
	title := d.Title
	if title == "" {
		title = d.Case
	}
	out := oscal.AssessmentResults{
		UUID: d.ns.UUID("assessment-results"),
		Metadata: oscal.Metadata{Title: markup(title), LastModified: d.end, Version: "sha256-" + d.digest, OSCALVersion: oscal.Version, Parties: d.parties(),
			Props: props("case", d.Case, "subject", d.Subject, "period", d.Period.String(), "review-sha256", d.digest, "case-sha256", d.CaseSHA256,
				"instructed-by", d.Instruction.InstructedBy, "standard-of-proof", d.Instruction.StandardOfProof),
			Remarks: markup("last-modified is when the last exhibit was collected (the end of the period where none says so), so that the same review gives the same document. The version is the SHA-256 of review.json. " + whatOSCALLacks)},
		ImportAP: oscal.Reference{Href: "#" + d.ns.UUID("resource", "case"), Remarks: markup("The case file asks what was assessed, by which thresholds and with which minimum of coverage; it is no OSCAL assessment plan. " + d.Plan.Sentence())},
	}
	out.LocalDefinitions = d.objectives()
	out.Results = []oscal.Result{d.result()}
	out.BackMatter = &oscal.BackMatter{Resources: d.resources()}
	return out
}

// props makes properties of names and values, and leaves out those without a
// value.
func props(pairs ...string) []oscal.Property {
	var out []oscal.Property
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, oscal.Property{Name: pairs[i], NS: OSCALNamespace, Value: oscal.String(pairs[i+1])})
		}
	}
	return out
}

// listed makes one property a text.
func listed(name string, texts []string) []oscal.Property {
	var out []oscal.Property
	for _, t := range texts {
		out = append(out, props(name, t)...)
	}
	return out
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// measured writes a value in its base unit, exactly.
func measured(v float64, u probity.Unit) string {
	return exact(v) + " " + unitName(u)
}

// unitName names a base unit, and a count as such.
func unitName(u probity.Unit) string {
	if u == probity.One {
		return "count"
	}
	return string(u)
}

// parties are the custodians and who ordered the review.
func (d *oscalDoc) parties() []oscal.Party {
	var out []oscal.Party
	seen := map[string]bool{}
	add := func(name string, p ...oscal.Property) {
		id := d.ns.UUID("party", name)
		if name != "" && !seen[id] {
			seen[id] = true
			out = append(out, oscal.Party{UUID: id, Type: "organization", Name: oscal.String(name), Props: p})
		}
	}
	add(d.Instruction.InstructedBy, props("role", "instructed the review")...)
	for i := range d.Exhibits {
		if c := d.Exhibits[i].Custodian; c != nil {
			add(c.Name, props("role", "custodian", "relation", string(c.Relation))...)
		}
	}
	return out
}

func objectiveID(claim string) string { return oscal.Token("claim-", claim) }

// controls are what the claims of an allegation are put against: its
// provisions, or itself where it names none.
func controls(a *probity.Alleged) []string {
	var out []string
	for _, p := range a.Provisions {
		out = append(out, oscal.Token("provision-", p.ID))
	}
	if len(out) == 0 {
		out = []string{oscal.Token("allegation-", a.ID)}
	}
	return out
}

func (d *oscalDoc) allegation(id string) *probity.Alleged {
	for i := range d.Allegations {
		if d.Allegations[i].ID == id {
			return &d.Allegations[i]
		}
	}
	return &probity.Alleged{ID: id}
}

func (d *oscalDoc) objectives() *oscal.LocalObjectives {
	var out []oscal.LocalObjective
	for i := range d.Claims {
		c := &d.Claims[i]
		of := controls(d.allegation(c.Allegation))
		asks := "Determine whether the records, with coverage of at least " + probity.Percent(c.Coverage.Minimum) + " of what the claim is about, give no support to the allegation: "
		if c.Kind == probity.ClaimAssurance {
			asks = "Determine whether the records bear the assurance out: "
		}
		out = append(out, oscal.LocalObjective{ControlID: of[0], Description: markup(c.Statement),
			Props: append(props("claim", c.ID, "allegation", c.Allegation, "kind", string(c.Kind), "material", yes(c.Material)), listed("further-control", of[1:])...),
			Parts: []oscal.Part{{ID: objectiveID(c.ID), Name: "assessment-objective", Prose: markup(asks + c.Statement)}}})
	}
	if len(out) == 0 {
		return nil
	}
	return &oscal.LocalObjectives{Objectives: out, Remarks: markup("Controls are provisions of the instruments in the back matter, or allegations that name none. No catalogue of OSCAL defines them.")}
}

func (d *oscalDoc) reviewed() oscal.ReviewedControls {
	var s oscal.ControlSelection
	seen := map[string]bool{}
	for i := range d.Allegations {
		for _, id := range controls(&d.Allegations[i]) {
			if !seen[id] {
				seen[id] = true
				s.Include = append(s.Include, oscal.ControlID{ID: id})
			}
		}
	}
	if len(s.Include) == 0 {
		s.Remarks = "The case alleges nothing."
	}
	out := oscal.ReviewedControls{Selections: []oscal.ControlSelection{s}}
	var o oscal.ObjectiveSelection
	for i := range d.Claims {
		o.Include = append(o.Include, oscal.ObjectiveID{ID: objectiveID(d.Claims[i].ID)})
	}
	if len(o.Include) > 0 {
		out.Objectives = []oscal.ObjectiveSelection{o}
	}
	return out
}

func (d *oscalDoc) result() oscal.Result {
	tool := oscal.Component{UUID: d.ns.UUID("tool"), Type: "software", Title: markup(d.Tool.Name), Description: markup(d.Tool.Name + " " + d.Tool.Version + ": answers claims from records about use"),
		Props: props("version", d.Tool.Version), Status: oscal.State{State: "operational"}}
	d.estate()
	out := oscal.Result{UUID: d.ns.UUID("result"), Title: markup("Opinion proposed: " + string(d.Conclusion.Opinion)), Start: d.begin, End: d.end, ReviewedControls: d.reviewed(),
		Description: markup("Opinion proposed: " + string(d.Conclusion.Opinion) + " (" + d.Conclusion.Opinion.Meaning() + "). " + strings.Join(d.Conclusion.Basis, " ")),
		Props:       append(props("opinion", string(d.Conclusion.Opinion), "plan-sealed-before-evidence", yes(d.Plan.Sealed)), listed("warning", d.Warnings)...),
		Remarks:     markup("start and end are those of the collection of the exhibits. " + d.Plan.Sentence())}
	out.Observations, out.Findings = d.findings()
	out.Observations = append(out.Observations, d.silences()...)
	out.LocalDefinitions = &oscal.LocalAssets{Components: d.list, // complete once all have been named
		Assets: &oscal.Assets{Components: []oscal.Component{tool}, Platforms: []oscal.Platform{{UUID: d.ns.UUID("platform"), Uses: []oscal.Uses{{Component: tool.UUID}}}}}}
	return out
}
