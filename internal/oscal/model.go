// Package oscal is the part of NIST's OSCAL 1.1.3 that an assessment's results
// need: the assessment-results model as values, and the rules for its
// identifiers, tokens, strings and times. It knows nothing of reviews.
package oscal

// Version is the version of OSCAL that the values are of.
const Version = "1.1.3"

// A Document is a file of the assessment-results model.
type Document struct {
	Results AssessmentResults `json:"assessment-results"`
}

// AssessmentResults is the root of the model.
type AssessmentResults struct {
	UUID             string           `json:"uuid"`
	Metadata         Metadata         `json:"metadata"`
	ImportAP         Reference        `json:"import-ap"`
	LocalDefinitions *LocalObjectives `json:"local-definitions,omitempty"`
	Results          []Result         `json:"results"`
	BackMatter       *BackMatter      `json:"back-matter,omitempty"`
}

// Metadata says what a document is.
type Metadata struct {
	Title        string     `json:"title"`
	LastModified string     `json:"last-modified"`
	Version      string     `json:"version"`
	OSCALVersion string     `json:"oscal-version"`
	Props        []Property `json:"props,omitempty"`
	Parties      []Party    `json:"parties,omitempty"`
	Remarks      string     `json:"remarks,omitempty"`
}

// A Reference names another document; "#" and a UUID means a resource of the
// back matter.
type Reference struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

// A Property is a name and a value in a namespace.
type Property struct {
	Name    string `json:"name"`
	NS      string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Class   string `json:"class,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

// A Link points to a resource of the back matter.
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel,omitempty"`
	Text string `json:"text,omitempty"`
}

// A Party is a person or an organisation.
type Party struct {
	UUID  string     `json:"uuid"`
	Type  string     `json:"type"` // "organization" or "person"
	Name  string     `json:"name"`
	Props []Property `json:"props,omitempty"`
}

// LocalObjectives are objectives that no imported catalogue defines.
type LocalObjectives struct {
	Objectives []LocalObjective `json:"objectives-and-methods,omitempty"`
	Remarks    string           `json:"remarks,omitempty"`
}

// A LocalObjective is what was assessed of a control.
type LocalObjective struct {
	ControlID   string     `json:"control-id"`
	Description string     `json:"description,omitempty"`
	Props       []Property `json:"props,omitempty"`
	Parts       []Part     `json:"parts"`
}

// A Part is a piece of prose with an identifier.
type Part struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Prose string `json:"prose,omitempty"`
}

// A Result is one set of observations and findings.
type Result struct {
	UUID             string           `json:"uuid"`
	Title            string           `json:"title"`
	Description      string           `json:"description"`
	Start            string           `json:"start"`
	End              string           `json:"end,omitempty"`
	Props            []Property       `json:"props,omitempty"`
	LocalDefinitions *LocalAssets     `json:"local-definitions,omitempty"`
	ReviewedControls ReviewedControls `json:"reviewed-controls"`
	Observations     []Observation    `json:"observations,omitempty"`
	Findings         []Finding        `json:"findings,omitempty"`
	Remarks          string           `json:"remarks,omitempty"`
}

// LocalAssets are what was assessed, and with what.
type LocalAssets struct {
	Components []Component `json:"components,omitempty"`
	Assets     *Assets     `json:"assessment-assets,omitempty"`
}

// A Component is a part of the system that was assessed, or a tool.
type Component struct {
	UUID        string     `json:"uuid"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []Property `json:"props,omitempty"`
	Status      State      `json:"status"`
}

// A State is a state with remarks.
type State struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"` // of an objective's state only
	Remarks string `json:"remarks,omitempty"`
}

// Assets are the tools of an assessment.
type Assets struct {
	Components []Component `json:"components,omitempty"`
	Platforms  []Platform  `json:"assessment-platforms"`
}

// A Platform is what tools ran on.
type Platform struct {
	UUID string `json:"uuid"`
	Uses []Uses `json:"uses-components,omitempty"`
}

// Uses names a component.
type Uses struct {
	Component string `json:"component-uuid"`
}

// ReviewedControls are the controls and objectives that were assessed.
type ReviewedControls struct {
	Selections []ControlSelection   `json:"control-selections"`
	Objectives []ObjectiveSelection `json:"control-objective-selections,omitempty"`
	Remarks    string               `json:"remarks,omitempty"`
}

// A ControlSelection lists controls.
type ControlSelection struct {
	Include []ControlID `json:"include-controls,omitempty"`
	Remarks string      `json:"remarks,omitempty"`
}

// A ControlID names a control.
type ControlID struct {
	ID string `json:"control-id"`
}

// An ObjectiveSelection lists objectives.
type ObjectiveSelection struct {
	Include []ObjectiveID `json:"include-objectives"`
}

// An ObjectiveID names an objective.
type ObjectiveID struct {
	ID string `json:"objective-id"`
}

// An Observation is something that was seen.
type Observation struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description"`
	Props       []Property `json:"props,omitempty"`
	Methods     []string   `json:"methods"` // EXAMINE, INTERVIEW, TEST
	Types       []string   `json:"types,omitempty"`
	Origins     []Origin   `json:"origins,omitempty"`
	Subjects    []Subject  `json:"subjects,omitempty"`
	Evidence    []Evidence `json:"relevant-evidence,omitempty"`
	Collected   string     `json:"collected"`
	Remarks     string     `json:"remarks,omitempty"`
}

// An Origin says who or what made an observation.
type Origin struct {
	Actors []Actor `json:"actors"`
}

// An Actor is a tool, a platform or a party.
type Actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
}

// A Subject is what an observation is about.
type Subject struct {
	UUID  string `json:"subject-uuid"`
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
}

// Evidence is what an observation rests on.
type Evidence struct {
	Href        string `json:"href,omitempty"`
	Description string `json:"description"`
}

// A Finding says whether an objective is met.
type Finding struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []Property `json:"props,omitempty"`
	Origins     []Origin   `json:"origins,omitempty"`
	Target      Target     `json:"target"`
	Related     []Related  `json:"related-observations,omitempty"`
	Remarks     string     `json:"remarks,omitempty"`
}

// A Target is the objective of a finding and its state.
type Target struct {
	Type   string `json:"type"` // "objective-id"
	ID     string `json:"target-id"`
	Title  string `json:"title,omitempty"`
	Status State  `json:"status"`
}

// Related names an observation.
type Related struct {
	Observation string `json:"observation-uuid"`
}

// BackMatter holds the resources that a document refers to.
type BackMatter struct {
	Resources []Resource `json:"resources"`
}

// A Resource is a document or file, with its digest.
type Resource struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Props       []Property `json:"props,omitempty"`
	Citation    *Citation  `json:"citation,omitempty"`
	RLinks      []RLink    `json:"rlinks,omitempty"`
	Remarks     string     `json:"remarks,omitempty"`
}

// A Citation names a document in words.
type Citation struct {
	Text string `json:"text"`
}

// An RLink is where a resource lies, and its digest.
type RLink struct {
	Href      string `json:"href"`
	MediaType string `json:"media-type,omitempty"`
	Hashes    []Hash `json:"hashes,omitempty"`
}

// A Hash is a digest in hex.
type Hash struct {
	Algorithm string `json:"algorithm"` // "SHA-256"
	Value     string `json:"value"`
}
