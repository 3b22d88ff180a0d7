package custody

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"probity"
)

// A State is how a request stands.
type State string

// The states of a request.
const (
	Open            State = "open"
	ReceivedInPart  State = "received_in_part" // more was announced
	ReceivedWhole   State = "received"
	RefusedWhole    State = "refused"
	RefusedInPart   State = "redacted"
	PastDue         State = "overdue"
	ReceivedTooLate State = "received_late"
)

// Closed reports whether a request needs no further answer.
func (s State) Closed() bool { return s != Open && s != ReceivedInPart }

// A Request is a demand for records and all that came of it.
type Request struct {
	ID        string
	Index     int64
	At        time.Time
	Requested *Requested
	State     State
	Reason    string  // of a refusal
	Answers   []int64 // leaves

	Acknowledged *Event // that the custodian knows of it; nil if none said so
}

// Requests returns the requests in the order in which they were made.
func (b *Book) Requests() []Request { return RequestsOf(b.Events) }

// RequestsOf returns the requests that events tell of, and how each stands.
func RequestsOf(events []*Event) []Request {
	var out []Request
	at := map[string]int{}
	for _, e := range events {
		name := ""
		switch body := e.Body.(type) {
		case *Requested:
			at[e.ID] = len(out)
			out = append(out, Request{ID: e.ID, Index: e.Index, At: e.At, Requested: body, State: Open})
			continue
		case *Acknowledged:
			if i, ok := at[body.Request]; ok && out[i].Acknowledged == nil {
				out[i].Acknowledged = e
			}
			continue
		case *Received:
			name = body.Request
		case *Refused:
			name = body.Request
		case *Overdue:
			name = body.Request
		}
		i, ok := at[name]
		if !ok {
			continue
		}
		r := &out[i]
		r.Answers = append(r.Answers, e.Index)
		r.State = next(r.State, e.Body)
		if body, is := e.Body.(*Refused); is {
			r.Reason = body.Reason
		}
	}
	return out
}

func next(s State, body any) State {
	switch body := body.(type) {
	case *Received:
		switch {
		case body.More && s == PastDue:
			return PastDue
		case body.More:
			return ReceivedInPart
		case s == PastDue:
			return ReceivedTooLate
		}
		return ReceivedWhole
	case *Refused:
		if body.Part {
			return RefusedInPart
		}
		return RefusedWhole
	case *Overdue:
		return PastDue
	}
	return s
}

// allowed returns why an event cannot follow those that are there.
func (b *Book) allowed(kind Kind, id string, body any) error {
	if id != "" && !idPattern.MatchString(id) {
		return fmt.Errorf("the id %q: use up to 64 letters, digits, dots, dashes and underscores", id)
	}
	switch body := body.(type) {
	case *Opened:
		if len(b.Events) > 0 {
			return fmt.Errorf("the record was opened before")
		}
	case *Requested:
		if id == "" {
			return fmt.Errorf("a request needs an id")
		}
		if _, ok := b.find(id); ok {
			return fmt.Errorf("the request %s was made before: choose another id", id)
		}
	case *Received:
		if body.Request != "" {
			return b.answerable(body.Request, true)
		}
	case *Refused:
		return b.answerable(body.Request, false)
	case *Acknowledged:
		return b.acknowledgeable(body.Request)
	case *Policy:
		return body.Check()
	case *Key:
		return b.addable(body)
	case *Revoked:
		return b.revocable(body)
	case *Challenged:
		return b.challengeable(body)
	}
	return nil
}

// acknowledgeable returns why a request cannot be acknowledged.
func (b *Book) acknowledgeable(id string) error {
	r, ok := b.find(id)
	switch {
	case !ok:
		return fmt.Errorf("there is no request %s: the requests are %s", id, b.requestIDs())
	case r.Acknowledged != nil:
		return fmt.Errorf("the request %s was acknowledged with leaf %d", id, r.Acknowledged.Index)
	case r.State.Closed() && r.State != PastDue:
		return fmt.Errorf("the request %s is closed: it is %s", id, strings.ReplaceAll(string(r.State), "_", " "))
	}
	return nil
}

// Answerable returns why a request cannot be answered by a receipt, before
// anything is copied for it. Without a request anything may be received.
func (b *Book) Answerable(request string) error {
	if request == "" {
		return nil
	}
	return b.answerable(request, true)
}

// answerable returns why a request cannot be answered. What is overdue may
// still come in, and be refused.
func (b *Book) answerable(id string, receipt bool) error {
	r, ok := b.find(id)
	switch {
	case !ok:
		return fmt.Errorf("there is no request %s: the requests are %s", id, b.requestIDs())
	case r.State.Closed() && r.State != PastDue && !(receipt && (r.State == RefusedWhole || r.State == RefusedInPart)):
		return fmt.Errorf("the request %s is closed: it is %s", id, strings.ReplaceAll(string(r.State), "_", " "))
	}
	return nil
}

func (b *Book) find(id string) (Request, bool) {
	list := b.Requests()
	i := slices.IndexFunc(list, func(r Request) bool { return r.ID == id })
	if i < 0 {
		return Request{}, false
	}
	return list[i], true
}

func (b *Book) requestIDs() string {
	var ids []string
	for _, r := range b.Requests() {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return "none yet (probity request makes one)"
	}
	return strings.Join(ids, ", ")
}

// mintOverdue records each open request whose due date has passed.
func (b *Book) mintOverdue() error {
	now := b.now()
	for _, r := range b.Requests() {
		if r.State.Closed() || !now.After(r.Requested.Due) {
			continue
		}
		if _, err := b.Record(EvidenceOverdue, "", &Overdue{Request: r.ID, Due: r.Requested.Due}); err != nil {
			return err
		}
	}
	return nil
}

// Merge adds to the requests of a case those that the ledger knows to have
// been refused or answered in part, so that gaps have their cause. What is
// open or overdue is returned in words.
func (b *Book) Merge(c *probity.Case) (warnings []string) { return MergeRequests(b.Events, c) }

// MergeRequests is [Book.Merge] for events.
func MergeRequests(events []*Event, c *probity.Case) (warnings []string) {
	for _, r := range RequestsOf(events) {
		var outcome probity.Cause
		switch r.State {
		case RefusedWhole:
			outcome = probity.Refused
		case RefusedInPart:
			outcome = probity.Redacted
		case Open, ReceivedInPart, PastDue:
			warnings = append(warnings, fmt.Sprintf("the request %s for records of the witness %q is %s; it was due on %s",
				r.ID, r.Requested.Witness, strings.ReplaceAll(string(r.State), "_", " "), r.Requested.Due.Format(time.DateOnly)))
			continue
		default:
			continue
		}
		c.Requests = append(c.Requests, probity.Request{Custodian: r.Requested.Custodian, Witness: r.Requested.Witness,
			Accounts: r.Requested.Accounts, Resources: r.Requested.Resources, Period: r.Requested.Period, Outcome: outcome})
	}
	return warnings
}
