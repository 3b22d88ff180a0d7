// Package custody keeps the record of a review's proceedings: what was asked of
// whom, what was handed over and how, what was refused, what was sealed and
// when. Each event is a leaf of the ledger. A leaf is for ever, so names and free
// text stand in it as salted digests; what they say is kept apart, under
// private/ in the case folder, and disclosed when the answer is published.
package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"time"

	"probity"
	"probity/internal/seal"
)

// A Kind is the kind of an event.
type Kind string

// The kinds of events.
const (
	ReviewOpened        Kind = "review.opened"
	PlanSealed          Kind = "plan.sealed"
	EvidenceRequested   Kind = "evidence.requested"
	EvidenceReceived    Kind = "evidence.received"
	EvidenceRefused     Kind = "evidence.refused"
	EvidenceOverdue     Kind = "evidence.overdue"
	AnalysisRun         Kind = "analysis.run"
	FindingSigned       Kind = "finding.signed"
	FindingDissent      Kind = "finding.dissent"
	RedactionApproved   Kind = "redaction.approved"
	RedactionApplied    Kind = "redaction.applied"
	CheckpointPublished Kind = "checkpoint.published"

	EvidenceAcknowledged Kind = "evidence.acknowledged"
	PolicySet            Kind = "policy.set"
	KeyAdded             Kind = "key.added"
	KeyRevoked           Kind = "key.revoked"
	GapFound             Kind = "gap.found"
	FindingDrafted       Kind = "finding.drafted"
	FindingChallenged    Kind = "finding.challenged"
)

// bodies gives the type of the body of each kind.
var bodies = map[Kind]func() any{
	ReviewOpened:        func() any { return new(Opened) },
	PlanSealed:          func() any { return new(Plan) },
	EvidenceRequested:   func() any { return new(Requested) },
	EvidenceReceived:    func() any { return new(Received) },
	EvidenceRefused:     func() any { return new(Refused) },
	EvidenceOverdue:     func() any { return new(Overdue) },
	AnalysisRun:         func() any { return new(Analysis) },
	FindingSigned:       func() any { return new(Signed) },
	FindingDissent:      func() any { return new(Dissent) },
	RedactionApproved:   func() any { return new(Approved) },
	RedactionApplied:    func() any { return new(Applied) },
	CheckpointPublished: func() any { return new(Published) },

	EvidenceAcknowledged: func() any { return new(Acknowledged) },
	PolicySet:            func() any { return new(Policy) },
	KeyAdded:             func() any { return new(Key) },
	KeyRevoked:           func() any { return new(Revoked) },
	GapFound:             func() any { return new(Gaps) },
	FindingDrafted:       func() any { return new(Drafted) },
	FindingChallenged:    func() any { return new(Challenged) },
}

// withheld are the members of bodies that stand as digests in leaves. Those of
// told are disclosed with every answer: how records were handed over, what was
// asked for and why it was refused cannot be redacted.
var (
	withheld = []string{"custodian", "by", "how", "reason", "accounts", "resources", "what"}
	told     = []string{"how", "reason", "what"}
)

func sealedPlace(place []string) bool {
	return lastMember(place, withheld)
}

// Opened begins the record of a case.
type Opened struct {
	Case       string `json:"case"`
	CaseSHA256 string `json:"case_sha256"`
}

// A Plan is what was frozen: a digest of each rule by which the review decides.
// Rules are digests of rules, in plan.json, whose SHA-256 stands here.
type Plan struct {
	Rules      int    `json:"rules"`
	PlanSHA256 string `json:"plan_sha256"`
	CaseSHA256 string `json:"case_sha256"`
}

// Requested is a demand for records.
type Requested struct {
	Custodian string           `json:"custodian"`
	Relation  probity.Relation `json:"relation"`
	Witness   probity.Witness  `json:"witness"`
	Kind      probity.Kind     `json:"kind,omitempty"`
	Accounts  []string         `json:"accounts,omitempty"`
	Resources []string         `json:"resources,omitempty"`
	Period    *probity.Span    `json:"period,omitempty"` // the case's if nil
	Due       time.Time        `json:"due"`
	What      string           `json:"what,omitempty"`
}

// Received is what was handed over. The manifest lists the SHA-256 and length
// of each file; its own SHA-256 stands here.
type Received struct {
	Request   string           `json:"request,omitempty"` // "" if nobody asked
	Custodian string           `json:"custodian,omitempty"`
	Relation  probity.Relation `json:"relation,omitempty"`
	By        string           `json:"by,omitempty"`
	How       string           `json:"how,omitempty"`
	At        time.Time        `json:"at,omitzero"` // when it was acquired
	Manifest  string           `json:"manifest_sha256"`
	Files     int              `json:"files"`
	Bytes     int64            `json:"bytes"`
	// More says that the custodian announced more: the request stays open.
	More bool `json:"more,omitempty"`
}

// Refused closes a request without the records, or, in part, with some of them.
type Refused struct {
	Request string    `json:"request"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at,omitzero"`
	Part    bool      `json:"part,omitempty"` // answered with parts taken out
}

// Overdue says that the due date of a request passed without an answer.
type Overdue struct {
	Request string    `json:"request"`
	Due     time.Time `json:"due"`
}

// Analysis says that the evidence was read, by which program, and what came out.
type Analysis struct {
	Tool          probity.Tool `json:"tool"`
	CaseSHA256    string       `json:"case_sha256"`
	CatalogSHA256 string       `json:"catalog_sha256"`
	InputsSHA256  string       `json:"inputs_sha256"` // of the exhibits' digests, a line each
	Exhibits      int          `json:"exhibits"`
	ReviewSHA256  string       `json:"review_sha256"` // of the sealed form of review.json
	Seen          int64        `json:"seen"`          // size of the ledger when the run read it
	Tables        []TableRoot  `json:"tables"`        // in order of their names
}

// A TableRoot commits to the rows of a table: the root of the tree of its
// salted rows (internal/seal).
type TableRoot struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
	Root string `json:"root"` // hex
}

// A Role is what a reviewer was in a review.
type Role string

// The roles: nobody has two. A reviewer has one only where a policy says so.
const (
	Author   Role = "author"
	Approver Role = "approver"
	Reviewer Role = "reviewer"
)

// Signed says that a reviewer stands by a review.
type Signed struct {
	By           string `json:"by"`
	Role         Role   `json:"role"`
	KeySHA256    string `json:"key_sha256"` // of the SubjectPublicKeyInfo
	ReviewSHA256 string `json:"review_sha256"`
	Leaf         int64  `json:"leaf"` // of the signature
}

// Dissent says that a reviewer does not stand by a review, and why.
type Dissent struct {
	By           string `json:"by"`
	Role         Role   `json:"role"`
	KeySHA256    string `json:"key_sha256"`
	ReviewSHA256 string `json:"review_sha256"`
	Leaf         int64  `json:"leaf"`
	Reason       string `json:"reason"`
}

// Published says that an answer was published.
type Published struct {
	ReviewSHA256 string `json:"review_sha256"`
}

// An Event is one thing that happened.
type Event struct {
	Index int64 // of the leaf
	Kind  Kind
	At    time.Time // when it was recorded, UTC, to the second
	ID    string    // of a request: its id; else "" or a name
	// Body is a pointer to the kind's type, nil if what the leaf withholds is
	// not known.
	Body any
	tree any // the body as the leaf has it
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// line is a leaf, or the private copy of an event.
type line struct {
	At      string `json:"at"`
	Body    any    `json:"body"`
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"`
	Probity int    `json:"probity"`
}

// encode returns the private copy of an event and its leaf.
func (e *Event) encode(s *seal.Sealer) (private, leaf []byte, err error) {
	text, err := json.Marshal(e.Body)
	if err != nil {
		return nil, nil, err
	}
	tree, err := seal.Decode(text)
	if err != nil {
		return nil, nil, err
	}
	l := line{e.At.UTC().Format(time.RFC3339), tree, e.ID, e.Kind, 1}
	if private, err = seal.Canonical(l); err != nil {
		return nil, nil, err
	}
	l.Body = s.Tree(tree, sealedPlace)
	leaf, err = seal.Canonical(l)
	return private, leaf, err
}

// ErrForeign is the error of a leaf that is no event: a signature, for example.
var ErrForeign = errors.New("the leaf is no event of a review")

// Parse reads a leaf. Its body stays closed until [Event.Open]. A leaf that is
// no event is ErrForeign; one with an unknown kind or member, or in another
// spelling, is an error.
func Parse(leaf []byte) (*Event, error) {
	v, err := seal.Decode(leaf)
	if err != nil {
		return nil, fmt.Errorf("reading a leaf: %w", err)
	}
	m, ok := v.(map[string]any)
	if !ok || m["probity"] == nil {
		return nil, ErrForeign
	}
	if again, err := seal.Canonical(v); err != nil || !bytes.Equal(again, leaf) {
		return nil, errors.New("reading a leaf: it is not in the one spelling that leaves have")
	}
	var l line
	d := json.NewDecoder(bytes.NewReader(leaf))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, fmt.Errorf("reading a leaf: %w", err)
	}
	at, err := time.Parse(time.RFC3339, l.At)
	if err != nil || at.UTC().Format(time.RFC3339) != l.At {
		return nil, fmt.Errorf("reading a leaf: %q is no time in UTC, to the second", l.At)
	}
	if l.Probity != 1 || bodies[l.Kind] == nil || l.ID != "" && !idPattern.MatchString(l.ID) {
		return nil, fmt.Errorf("reading a leaf: kind %q, id %q, version %d are not of this program", l.Kind, l.ID, l.Probity)
	}
	return &Event{Kind: l.Kind, At: at, ID: l.ID, tree: m["body"]}, nil
}

// Open fills the body of an event with what is known of its digests. A digest
// of which nothing is known is an error.
func (e *Event) Open(k *seal.Known) error {
	if err := checkTold(e.tree, nil, k); err != nil {
		return err
	}
	tree, err := k.Open(e.tree)
	if err != nil {
		return err
	}
	return e.setBody(tree)
}

// checkTold refuses a leaf of which a text is withheld that cannot be.
func checkTold(tree any, place []string, k *seal.Known) error {
	switch v := tree.(type) {
	case []any:
		for _, x := range v {
			if err := checkTold(x, append(place, "*"), k); err != nil {
				return err
			}
		}
	case map[string]any:
		if digest, is := seal.Placeholder(v); is {
			if _, hidden := k.Withheld[digest]; hidden && lastMember(place, told) {
				return fmt.Errorf("%s is withheld, and cannot be", place[len(place)-1])
			}
			return nil
		}
		for name, x := range v {
			if err := checkTold(x, append(place, name), k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Event) setBody(tree any) error {
	text, err := seal.Canonical(tree)
	if err != nil {
		return err
	}
	body := bodies[e.Kind]()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(body); err != nil {
		return fmt.Errorf("the body of %s: %w", e.Kind, err)
	}
	e.Body = body
	return nil
}

// checkBody refuses a body of the wrong type.
func checkBody(kind Kind, body any) error {
	make := bodies[kind]
	if make == nil || reflect.TypeOf(make()) != reflect.TypeOf(body) {
		return fmt.Errorf("%T is no body of %s", body, kind)
	}
	return nil
}
