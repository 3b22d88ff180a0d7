package probity

import (
	"strings"
	"time"
)

// A Case is what a review is asked: who alleges what, which quantities would
// show it, where the records lie. internal/casefile reads it from case.yaml.
type Case struct {
	ID          string
	Title       string
	Subject     string
	Period      Span
	Instruction Instruction
	Times       TimeAuthority
	Estate      []Scope
	Terms       []Terms
	Sources     []Source
	Rules       []string // folders of further rules, as written
	Allegations []Allegation
	Minimum     float64 // least coverage with which an absence may be stated, 0..1
	Tolerances  []Tolerance
	Evidence    []Evidence
	Requests    []Request
	Names       []string // further names that may have to be withheld when the answer is published
	Warnings    []string // what reading the file assumed, such as a leading zero restored
	Dir         string   // the case folder
	File        string   // the case file
	Text        []byte   // of the case file
	// SHA256 is of the case file or, where the proceedings are recorded, of its
	// sealed form.
	SHA256 string
}

// An Instruction says who ordered the review and by which standard it decides.
type Instruction struct {
	InstructedBy    string `json:"instructed_by,omitempty"`
	StandardOfProof string `json:"standard_of_proof,omitempty"`
}

// A TimeAuthority stamps the time of signatures, by RFC 3161; the zero value is
// none.
type TimeAuthority struct {
	URL         string
	Certificate string // a PEM file with its root, relative to the case folder
}

// A Scope is one account that the authors of the case know to be in scope.
type Scope struct {
	Provider string
	Account  string
	Regions  []string
}

// Terms are one version of an instrument whose provisions are alleged to be
// breached. The text itself is not kept.
type Terms struct {
	ID         string
	Pack       string // of the catalogue, "" if the case states the provisions itself
	Instrument string
	Version    string
	Effective  Effect
	Captured   Capture
	Provisions []Provision
}

// An Effect is when a version of terms had effect, as dates. An empty end is
// open or not stated.
type Effect struct {
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// A Capture says when, by whom and where the text of terms was seen.
type Capture struct {
	At      string `json:"at,omitempty"`
	By      string `json:"by,omitempty"`
	Locator string `json:"locator,omitempty"`
}

// A Provision is one rule of an instrument, paraphrased.
type Provision struct {
	ID         string
	Section    string
	Paraphrase string
	Author     string // of the paraphrase: whose reading it is
	SHA256     string // of the captured text, which is not kept
	Needs      []Need
}

// A Need is what a claim must test for a provision to be answered: "quantity:
// bytes_stored", "indicator: speech_archive", "rule: ...", "estate: ...".
type Need struct {
	Subject, Why string
}

// A Source is where an allegation comes from, with its Admiralty grade:
// A-F for reliability, 1-6 for credibility, F and 6 meaning "cannot be judged".
type Source struct {
	ID    string
	Name  string
	Date  string
	Grade string
}

// An Allegation is a statement by somebody, broken into claims.
type Allegation struct {
	ID         string
	Statement  string
	Sources    []string
	Provisions []string // "terms/provision"
	Claims     []Claim
}

// A ClaimKind tells an allegation from a denial.
type ClaimKind string

// The kinds of claim. A contradicted assurance counts in the conclusion as a
// supported allegation, and the reverse.
const (
	ClaimAllegation ClaimKind = "allegation"
	ClaimAssurance  ClaimKind = "assurance"
)

// A Claim is one thing that records can show. All its tests must hold.
type Claim struct {
	ID        string
	Statement string
	Material  bool
	Kind      ClaimKind
	Tests     []Test
	Line      int // in the case file
}

// A Test is one comparison of a quantity, an indicator, a rule or the estate
// with a threshold. Exactly one of Quantity, Indicator, Rule and Estate is set.
type Test struct {
	Quantity  Quantity
	Indicator string
	Rule      string
	Estate    string
	Where     Where
	Per       Per
	Aggregate Aggregate
	AtMost    bool      // the threshold is an upper one; otherwise a lower one
	Threshold float64   // in the quantity's unit; a count for rules and estate
	Text      string    // the threshold as the case writes it
	After     time.Time // of the indicator move_out: what comes after it is compared with what came before
}

// Where narrows a test. Empty fields do not narrow. Matching ignores case.
type Where struct {
	Provider  string `json:"provider,omitempty"`
	Account   string `json:"account,omitempty"`
	Region    string `json:"region,omitempty"`
	Service   string `json:"service,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Container string `json:"container,omitempty"`
}

// Named returns the names and values that are there, in a fixed order.
func (w Where) Named() [][2]string {
	out := [][2]string{}
	for _, x := range [][2]string{{"provider", w.Provider}, {"account", w.Account}, {"region", w.Region}, {"service", w.Service}, {"resource", w.Resource}, {"container", w.Container}} {
		if x[1] != "" {
			out = append(out, x)
		}
	}
	return out
}

// String writes them as "resource a, container b".
func (w Where) String() string {
	var out []string
	for _, x := range w.Named() {
		out = append(out, x[0]+" "+x[1])
	}
	return strings.Join(out, ", ")
}

// Per is the length of the windows over which a flow is summed, or a level's
// highest value taken, before the aggregate. Empty means the natural grain:
// for a sum the whole period, for any other aggregate of a flow one hour.
type Per string

// The window lengths.
const (
	PerHour  Per = "hour"
	PerDay   Per = "day"
	PerMonth Per = "month"
)

// An Aggregate makes one number from the windows of the period: max, min,
// mean, sum, last, or p50 to p99.
type Aggregate string

// A Tolerance is the largest share by which two witnesses may differ.
type Tolerance struct {
	Quantity Quantity
	Between  [2]Witness
	Share    float64
}

// A Relation says how a custodian stands to the subject of the review.
type Relation string

// The relations.
const (
	RelCustomer    Relation = "customer"
	RelLocalOffice Relation = "local_office"
	RelProvider    Relation = "provider"
	RelThirdParty  Relation = "third_party"
)

// A Custodian is who held a record before it was handed over.
type Custodian struct {
	Name     string   `json:"name"`
	Relation Relation `json:"relation"`
}

// Acquired says when, by whom and how a record was collected.
type Acquired struct {
	At  time.Time `json:"at,omitzero"`
	By  string    `json:"by,omitempty"`
	How string    `json:"how,omitempty"`
}

// Evidence is one folder or file that was handed over.
type Evidence struct {
	Path      string // as written, below the case folder
	Kind      Kind   // overrides detection if not empty
	Custodian Custodian
	Acquired  *Acquired
	Covers    *Span // what the custodian says the records span
}

// Remote reports whether the path is an address of object storage: s3://,
// azblob:// or gs://.
func (e *Evidence) Remote() bool {
	for _, scheme := range []string{"s3://", "azblob://", "gs://"} {
		if strings.HasPrefix(e.Path, scheme) {
			return true
		}
	}
	return false
}

// A Request is a demand for records that was not fulfilled as asked, or not
// made at all. It establishes the cause of gaps.
type Request struct {
	Custodian string
	Witness   Witness
	Accounts  []string // all if empty
	Resources []string // all if empty
	Period    *Span    // the case's period if nil
	Outcome   Cause    // Refused, Redacted or NotRequested
	Line      int
}

// Claims returns all claims with the allegation that each belongs to, in the
// order of the case file.
func (c *Case) Claims() []ClaimOf {
	var out []ClaimOf
	for i := range c.Allegations {
		for j := range c.Allegations[i].Claims {
			out = append(out, ClaimOf{&c.Allegations[i], &c.Allegations[i].Claims[j]})
		}
	}
	return out
}

// ClaimOf is a claim and its allegation.
type ClaimOf struct {
	Allegation *Allegation
	Claim      *Claim
}
