package probity

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// Facts are what the tables of a review say, as far as judging needs it: no
// row knows of an allegation. internal/measure draws them from the tables, and
// internal/judge answers claims from them and the case alone.
type Facts struct {
	// Constraints and Assertions come in the order of provider, account and
	// resource, each compared as text; rows of a whole account have no resource
	// and come first.
	Constraints iter.Seq2[Constraint, error]
	Assertions  iter.Seq2[Assertion, error]

	Shown         []Shown
	Disclosed     []Disclosed
	Events        []Event
	Received      []Received
	Unread        []UnreadSpan
	NotUnderstood []NotUnderstood
	Conflicts     []Conflict
	Hits          []Hit
	Rules         []RuleAsked
	Features      []FeatureRow
	Indicators    []IndicatorAsked
	Kept          []Kept
}

// A Form says how a constraint speaks of the cells of its span.
type Form string

// The forms.
const (
	// Sum is of a flow: what came to pass in the span as a whole.
	Sum Form = "sum"
	// Mean is of a level: its mean over the span.
	Mean Form = "mean"
	// Sample is of a level: what it was at some instant of the span.
	Sample Form = "sample"
)

// An Assumption is what a bound needs beside the records. The zero value is
// none: the bound is proved.
type Assumption string

// The assumptions.
const (
	// CompleteLog: a log that is best-effort, or came through interested hands
	// alone, is complete where it speaks.
	CompleteLog Assumption = "complete_log"
	// Slack: between readings a level moved by no more than twice the largest
	// step between the days that are known.
	Slack Assumption = "slack"
	// KnownPopulation: there are no other resources than the records show.
	KnownPopulation Assumption = "known_population"
	// HeaderLimit: a request carries at most 16 KiB beside the body of an object.
	HeaderLimit Assumption = "header_limit"
)

// Assumptions lists the assumptions in the order in which outputs name them.
var Assumptions = []Assumption{CompleteLog, Slack, KnownPopulation, HeaderLimit}

// Meaning says in words what is assumed, to follow "that".
func (a Assumption) Meaning() string {
	switch a {
	case CompleteLog:
		return "the log is complete where it speaks"
	case Slack:
		return "between its readings the level moved by no more than twice its largest step from day to day"
	case KnownPopulation:
		return "there are no other resources than the records show"
	case HeaderLimit:
		return "no request carries more than 16 KiB beside the body of an object"
	}
	return ""
}

// Hands are whose hands a record came through, as relations to the subject,
// sorted and divided by commas: "customer", "customer,provider". A record that
// two handed over alike came through both. Attested stands among them if
// somebody independent of its custodian sealed the record.
type Hands string

// Attested marks a record whose seal was checked with keys that the reviewer
// has from elsewhere than the record.
const Attested = "attested"

// HandsOf returns the hands of relations, in any order and with repetitions.
func HandsOf(relations ...string) Hands {
	list := slices.DeleteFunc(slices.Clone(relations), func(s string) bool { return s == "" })
	slices.Sort(list)
	return Hands(strings.Join(slices.Compact(list), ","))
}

// List returns the relations; nil if nothing says whose hands it was.
func (h Hands) List() []string {
	if h == "" {
		return nil
	}
	return strings.Split(string(h), ",")
}

// A Place is where a record stands: an exhibit, and the byte of its stream.
type Place struct {
	Exhibit  string `json:"exhibit,omitempty"`
	Position int64  `json:"position"`
}

// A Site says where in an estate something is: the resource "" stands for the
// account itself, the container "" for the whole resource.
type Site struct {
	Provider  string `json:"provider,omitempty"`
	Account   string `json:"account,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Container string `json:"container,omitempty"`
}

// A Constraint says that the cells of a quantity at a site and over a span add
// up to no less than Lower and no more than Upper.
type Constraint struct {
	Quantity Quantity
	Stream   string // of the quantity requests: reads, writes or deletes; "" for all
	Witness  Witness
	Hands    Hands
	Site
	Span
	Form  Form
	Lower Amount // 0 bounds nothing
	Upper Amount // Unbounded bounds nothing
	// What each bound needs beside the records.
	LowerAssumes, UpperAssumes Assumption
	// Source is what it was read from: "logged aws-cloudtrail". Constraints of one
	// source in one hour add up, where a log or listing tells containers or hands
	// apart; those of different sources tell of the same.
	Source string
	Place
}

// An Assertion of absence says that, over a span, a witness would have shown
// what happened. Each of four questions has its ground, or "" if nothing
// answers it; only if all are answered is silence a zero.
type Assertion struct {
	Witness Witness
	Stream  string // the quantity, or the class of requests
	Hands   Hands
	Site
	Region string // "" for every one
	// Setting is the trail or sink through which a log speaks: the assertion is of
	// the resources that events of the kind selected name for it.
	Setting string
	Span
	Able, Asked, Delivered, Understood string
	Assumes                            Assumption // what its zeros need
	Place
}

// Earned reports whether all four questions are answered.
func (a *Assertion) Earned() bool {
	return a.Able != "" && a.Asked != "" && a.Delivered != "" && a.Understood != ""
}

// Failed names the questions that nothing answers.
func (a *Assertion) Failed() []string {
	var out []string
	for _, x := range [][2]string{{"able", a.Able}, {"asked", a.Asked}, {"delivered", a.Delivered}, {"understood", a.Understood}} {
		if x[1] == "" {
			out = append(out, x[0])
		}
	}
	return out
}

// An Event is a change of the estate or of what is recorded of it.
type Event struct {
	Kind    EventKind
	Witness Witness // whose records it switches; "" for created and deleted
	Stream  string  // "" for all
	Site
	Region  string
	Setting string // the trail or sink
	At      time.Time
	What    string
	Place
}

// An EventKind says what an event changes.
type EventKind string

// The kinds.
const (
	SwitchedOn  EventKind = "on"
	SwitchedOff EventKind = "off"
	Created     EventKind = "created"
	Deleted     EventKind = "deleted"
	Selected    EventKind = "selected" // a setting records requests to the resource from then on
)

// Shown is one resource, or account, that records show, with what they say of
// it.
type Shown struct {
	By     Witness
	Stream string // of the log or meter that shows it
	Site
	Type, Region, Service string
	Span                  // zero if the record has no time
	Hands                 Hands
}

// Disclosed is a row in which somebody disclosed a resource or an account.
type Disclosed struct {
	Site
	On    time.Time // zero if the row does not say
	Hands Hands
}

// Received says of one kind of record and one account what was handed over.
type Received struct {
	Witness  Witness
	Kind     Kind
	Provider string
	Account  string
	Hands    Hands
	Records  int64
	Span               // of its records
	Acquired time.Time // the latest
}

// An UnreadSpan is where unread byte ranges lie, as far as their neighbours
// tell. The span is empty if nothing says when.
type UnreadSpan struct {
	Witness Witness
	Stream  string
	Site
	Span
	Ranges, Bytes int64
}

// NotUnderstood is what records say that the catalogue does not know.
type NotUnderstood struct {
	Witness Witness
	Site
	What    string // the operation, usage type or unit
	Span           // in which it occurs
	Records int64
	Place
}

// A Conflict is a group of records with one id and several contents.
type Conflict struct {
	Witness  Witness
	Quantity Quantity
	Site
	Span
	Low, High float64 // readings
	Versions  int     // records with the id
	Places    []Place
}

// A Hit is a match of a rule, or of a correlation of rules, in the period.
type Hit struct {
	Rule string // its key
	At   time.Time
	Site
	Region    string
	Operation string
	// Request is the same for records of one request.
	Request string
	Status  string // Success, Failure, Started or Other
	Actor   string // the kind of actor, never who
	Hands   Hands
	Place
}

// RuleAsked is a rule that was looked for.
type RuleAsked struct {
	Key      string
	Title    string
	Names    []string // under which a claim may ask for it
	File     string
	Innocent []string
	// Inapplicable says why no record that was read could match; "" if one could.
	Inapplicable string
	Own          bool // of the case's own folders
}

// A FeatureRow is a number that an indicator measured of one part.
type FeatureRow struct {
	Indicator string
	Site
	Extension string
	Feature   string
	Of        string // which, where a feature has several rows
	Value     float64
}

// IndicatorAsked is what the catalogue says of an indicator.
type IndicatorAsked struct {
	Name                         string
	Question                     string
	Assumes, Warnings, Innocents []string
}

// Kept is for how long a provider keeps what a witness tells.
type Kept struct {
	Provider string // "" for any
	Witness  Witness
	Days     int
}
