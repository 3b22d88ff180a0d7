// Package plan says, before any evidence is read, which records would decide
// each claim of a case, who holds them and when each is lost; it writes the
// requests for them, and the rules by which a review will decide:
//
//  1. [Make] picks the entries of catalog/records.yaml that belong to the
//     providers of the estate, and runs the clock of each.
//  2. Each test of a claim is set against what each record bounds.
//  3. [Plan.Requests] groups the records by who holds them.
//  4. [Rules] lists the digests of what must not change once evidence is read.
//
// Everything here is a function of the case file, the catalogue and today's
// date. No evidence is read.
package plan

import (
	"sort"
	"strings"
	"time"

	"probity"
	"probity/catalog"
)

// A Plan is what is known before evidence is read. FORMATS.md documents each
// field.
type Plan struct {
	Probity      int          `json:"probity"`
	Case         string       `json:"case"`
	CaseSHA256   string       `json:"case_sha256"`
	Title        string       `json:"title"`
	Subject      string       `json:"subject"`
	InstructedBy string       `json:"instructed_by"`
	Period       probity.Span `json:"period"`
	Today        string       `json:"today"`     // a date, UTC
	Providers    []string     `json:"providers"` // of the estate; all three where it is silent
	Records      []Record     `json:"records"`   // what is lost soonest first
	Claims       []Claim      `json:"claims"`
	Warnings     []string     `json:"warnings"`
}

// A Record is one record that is needed, where to ask for it, and until when.
type Record struct {
	ID          string          `json:"id"` // of catalog/records.yaml
	Name        string          `json:"name"`
	Kind        probity.Kind    `json:"kind"` // "" if a review does not read it
	Witness     probity.Witness `json:"witness"`
	Provider    string          `json:"provider"`
	Holder      string          `json:"holder"`
	Copies      []string        `json:"copies"` // who may have copies
	OnByDefault bool            `json:"on_by_default"`
	Suppressor  string          `json:"suppressor"` // who can make it fall silent
	Destination string          `json:"destination"`
	Kept        string          `json:"kept"` // the retention in words
	Clock       Clock           `json:"clock"`
	Accounts    []Account       `json:"accounts"`  // those that the case knows of
	Resources   []string        `json:"resources"` // those that the claims name
	Whole       bool            `json:"whole"`     // some claim is about everything in the accounts
	Claims      []string        `json:"claims"`    // that it helps to decide; empty if it only explains gaps
	Needs       string          `json:"needs"`     // id of a record without which it tells little
	HandedOver  []HandedOver    `json:"handed_over"`
	Withheld    []Withheld      `json:"withheld"`
	Format      string          `json:"format"`
	Why         string          `json:"why"`
	Semantics   string          `json:"semantics"`
	Source      string          `json:"source"`
	Dated       string          `json:"dated"`
	grain       string
}

// An Account is one that the case names.
type Account struct {
	Provider string   `json:"provider"`
	Account  string   `json:"account"`
	Regions  []string `json:"regions"`
}

// HandedOver is evidence of the record's kind that the case file names. Only
// entries that say their kind are told of.
type HandedOver struct {
	Custodian string           `json:"custodian"`
	Relation  probity.Relation `json:"relation"`
	On        string           `json:"on"` // a date, "" if not stated
}

// Withheld is a demand for the witness that was not fulfilled as asked.
type Withheld struct {
	Custodian string        `json:"custodian"`
	Outcome   probity.Cause `json:"outcome"`
}

// A Claim is one claim and what could decide it.
type Claim struct {
	ID         string            `json:"id"`
	Allegation string            `json:"allegation"`
	Statement  string            `json:"statement"`
	Material   bool              `json:"material"`
	Kind       probity.ClaimKind `json:"kind"`
	Tests      []Test            `json:"tests"`
}

// A Test is one test of a claim.
type Test struct {
	Subject string        `json:"subject"`
	Where   probity.Where `json:"where"`
	Asks    string        `json:"asks"` // the test in words
	Uses    []Use         `json:"uses"` // what decides most first, then what is lost soonest
	about   string        // what it counts: the quantity, or the key of Finds
}

// A Use is what one record could do for a test.
type Use struct {
	Record  string          `json:"record"`
	Witness probity.Witness `json:"witness"`
	Bound   probity.Bound   `json:"bound"`
	// Can lists the findings that it could carry: supported, contradicted,
	// not_supported. What cannot carry any is compared only.
	Can  []string `json:"can"`
	Note string   `json:"note"` // why it bounds less than usual, or what it needs
}

// Make returns the plan of a case as of today, of which only the date in UTC
// counts. An error means that catalog/records.yaml cannot be read.
func Make(c *probity.Case, today time.Time) (Plan, error) {
	holdings, err := catalog.Holdings()
	if err != nil {
		return Plan{}, err
	}
	today = date(today)
	p := Plan{Probity: 1, Case: c.ID, CaseSHA256: c.SHA256, Title: c.Title, Subject: c.Subject, InstructedBy: c.Instruction.InstructedBy,
		Period: c.Period, Today: today.Format(time.DateOnly), Providers: providers(c), Records: []Record{}, Claims: []Claim{}, Warnings: []string{}}
	if p.Title == "" {
		p.Title = c.ID
	}
	order := map[string]int{} // position among what is lost soonest
	entries := map[string]*catalog.Record{}
	for i := range holdings {
		h := &holdings[i]
		if h.Provider != "any" && !has(p.Providers, h.Provider) {
			continue
		}
		entries[h.ID] = h
		p.Records = append(p.Records, record(c, h, today))
	}
	sort.SliceStable(p.Records, func(i, j int) bool { return p.Records[i].Clock.before(p.Records[j].Clock) })
	for i := range p.Records {
		order[p.Records[i].ID] = i
	}
	for _, x := range c.Claims() {
		claim := Claim{ID: x.Claim.ID, Allegation: x.Allegation.ID, Statement: x.Claim.Statement, Material: x.Claim.Material, Kind: x.Claim.Kind, Tests: []Test{}}
		for i := range x.Claim.Tests {
			t := &x.Claim.Tests[i]
			claim.Tests = append(claim.Tests, p.test(c, t, entries, order))
			p.note(claim.ID, t, claim.Tests[i].Uses, order)
		}
		p.Claims = append(p.Claims, claim)
	}
	p.keep()
	p.warn(c, today)
	return p, nil
}

// record describes an entry of the catalogue for a case.
func record(c *probity.Case, h *catalog.Record, today time.Time) Record {
	w := probity.Witness(h.Witness)
	r := Record{ID: h.ID, Name: h.Name, Kind: probity.Kind(h.Kind), Witness: w, Provider: h.Provider, Holder: h.Holders[0], Copies: append([]string{}, h.Holders[1:]...),
		OnByDefault: h.OnByDefault, Suppressor: suppressor(h), Destination: h.Destination, Kept: kept(h), Clock: clock(c.Period, today, h.KeptDays),
		Accounts: []Account{}, Resources: []string{}, Claims: []string{}, Needs: h.Needs, HandedOver: []HandedOver{}, Withheld: []Withheld{},
		Format: h.Format, Why: why(h), Semantics: h.Semantics, Source: h.Source, Dated: h.Dated, grain: h.Grain}
	for _, s := range c.Estate {
		if h.Provider == "any" || strings.EqualFold(s.Provider, h.Provider) {
			r.Accounts = append(r.Accounts, Account{strings.ToLower(s.Provider), s.Account, append([]string{}, s.Regions...)})
		}
	}
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if e.Kind == "" || string(e.Kind) != h.Kind {
			continue
		}
		x := HandedOver{Custodian: e.Custodian.Name, Relation: e.Custodian.Relation}
		if e.Acquired != nil && !e.Acquired.At.IsZero() {
			x.On = e.Acquired.At.UTC().Format(time.DateOnly)
		}
		r.HandedOver = append(r.HandedOver, x)
	}
	for i := range c.Requests {
		if q := &c.Requests[i]; q.Witness == w && concerns(q, r.Accounts) {
			r.Withheld = append(r.Withheld, Withheld{q.Custodian, q.Outcome})
		}
	}
	return r
}

// concerns reports whether a request is about one of the accounts.
func concerns(q *probity.Request, accounts []Account) bool {
	for _, a := range accounts {
		for _, x := range q.Accounts {
			if strings.EqualFold(a.Account, x) {
				return true
			}
		}
	}
	return len(q.Accounts) == 0 || len(accounts) == 0
}

// note enters a claim at each record that it uses.
func (p *Plan) note(claim string, t *probity.Test, uses []Use, order map[string]int) {
	for _, u := range uses {
		r := &p.Records[order[u.Record]]
		if !has(r.Claims, claim) {
			r.Claims = append(r.Claims, claim)
		}
		if name := t.Where.Resource; name == "" {
			r.Whole = true
		} else if !has(r.Resources, name) {
			r.Resources = append(r.Resources, name)
			sort.Strings(r.Resources)
		}
	}
}

// keep leaves out records that no claim uses, but for those that tell why
// others are silent and what the estate is: a review reports both whatever the
// claims are.
func (p *Plan) keep() {
	list := p.Records[:0]
	for _, r := range p.Records {
		if explains := (r.Witness == probity.Control || r.Witness == probity.Stated) && r.Kind != ""; explains && len(r.Claims) == 0 {
			r.Whole = true
		} else if len(r.Claims) == 0 {
			continue
		}
		list = append(list, r)
	}
	p.Records = list
}

// warn says what a reader must know of the whole.
func (p *Plan) warn(c *probity.Case, today time.Time) {
	if len(c.Estate) == 0 {
		p.Warnings = append(p.Warnings, "the case names no estate: the records of all three providers are listed; name the accounts under estate")
	}
	if last := lastDay(c.Period); today.Before(date(c.Period.From)) {
		p.Warnings = append(p.Warnings, "the period has not begun: its records are yet to be written; what is off by default can still be switched on")
	} else if !today.After(last) {
		p.Warnings = append(p.Warnings, "the period has not ended: records of its last days are yet to be written")
	}
	if p.InstructedBy == "" {
		p.Warnings = append(p.Warnings, "the case does not say who instructed the review: custodians will ask; write review: {instructed_by: ...}")
	}
	for i := range p.Claims {
		for j := range p.Claims[i].Tests {
			if t := &p.Claims[i].Tests[j]; !decisive(t.Uses) {
				p.Warnings = append(p.Warnings, "claim "+p.Claims[i].ID+": no record of these providers could decide "+t.Subject)
			}
		}
	}
}

func decisive(uses []Use) bool {
	for _, u := range uses {
		if len(u.Can) > 0 {
			return true
		}
	}
	return false
}

// providers returns those of the estate, in the order of the catalogue.
func providers(c *probity.Case) []string {
	out := []string{}
	for _, name := range []string{"azure", "aws", "gcp"} {
		for _, s := range c.Estate {
			if strings.EqualFold(s.Provider, name) && !has(out, name) {
				out = append(out, name)
			}
		}
	}
	if len(out) == 0 {
		out = []string{"azure", "aws", "gcp"}
	}
	return out
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
