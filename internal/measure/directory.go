package measure

import (
	"context"
	"database/sql"
	"sort"
	"strings"
	"time"

	"probity"
	"probity/internal/query"
)

// A Resource is one resource that any record shows.
type Resource struct {
	Provider string
	Account  string // lower case; "" if no record says it
	Name     string // lower case; "" stands for what a bill charges to the account itself
	Type     string // lower case provider type, such as microsoft.storage/storageaccounts; "" if unknown
	Region   string // "" if unknown
	Services []string
	// Shown holds, by witness, the span in which its records show the resource.
	Shown map[probity.Witness]probity.Span
}

// Carries reports whether the resource could hold a share of the quantity. A
// resource of unknown type could hold any.
func (r *Resource) Carries(q probity.Quantity) bool {
	switch {
	case r.Type == "":
		return true
	case r.Storage():
		return q != probity.SpeechSeconds
	case strings.HasPrefix(r.Type, "microsoft.cognitiveservices/"), strings.HasPrefix(r.Type, "aws::transcribe::"):
		return q == probity.SpeechSeconds
	}
	return false
}

// Storage reports whether the resource is known to be object storage.
func (r *Resource) Storage() bool {
	return strings.HasPrefix(r.Type, "microsoft.storage/") || r.Type == "aws::s3::bucket" || r.Type == "storage.googleapis.com/bucket"
}

// A Disclosed row is an account or a resource that somebody disclosed.
type Disclosed struct {
	Provider, Account, Resource string // Resource "" discloses the whole account
}

// A Directory knows every resource and account that any record shows, and
// numbers them. The order does not depend on the order of files.
type Directory struct {
	Resources  []Resource
	Accounts   []probity.Scope // that any record shows, sorted
	Disclosed  []Disclosed
	Containers []string // Containers[0] is ""

	byKey  map[string]int32
	byName map[string]int32 // provider/resource, -1 if several accounts have it
	boxes  map[string]int32
}

// LoadDirectory reads the catalogue's resources.sql.
func LoadDirectory(ctx context.Context, e *query.Engine) (*Directory, error) {
	d := &Directory{byKey: map[string]int32{}, byName: map[string]int32{}, boxes: map[string]int32{"": 0}, Containers: []string{""}}
	type seen struct {
		by                                                probity.Witness
		provider, account, resource, typ, region, service string
		span                                              probity.Span
	}
	var rows []seen
	err := e.EachOf(ctx, "resources.sql", func(row func(...any) error) error {
		var s seen
		var first, last sql.NullTime
		if err := row(&s.by, &s.provider, &s.account, &s.resource, &s.typ, &s.region, &s.service, &first, &last); err != nil {
			return err
		}
		if first.Valid && last.Valid {
			s.span = probity.Span{From: first.Time.UTC(), Until: last.Time.UTC()}
		}
		rows = append(rows, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	accounts := map[string]probity.Scope{}
	names := map[string][]string{} // provider/resource -> accounts
	for _, s := range rows {
		if s.account == "" {
			continue
		}
		accounts[s.provider+"/"+s.account] = probity.Scope{Provider: s.provider, Account: s.account}
		if s.resource != "" {
			k := s.provider + "/" + s.resource
			if a := names[k]; len(a) == 0 || a[len(a)-1] != s.account {
				names[k] = append(a, s.account)
			}
		}
	}
	merged := map[string]*Resource{}
	for _, s := range rows {
		if s.by == probity.Stated {
			d.Disclosed = append(d.Disclosed, Disclosed{s.provider, s.account, s.resource})
		}
		if s.resource == "" && (s.by != probity.Billed || s.account == "") {
			continue // only a bill has charges that belong to the account itself
		}
		if s.account == "" { // a listing does not say the account: find it by name
			s.account = only(names[s.provider+"/"+s.resource])
		}
		k := key(s.provider, s.account, s.resource)
		r := merged[k]
		if r == nil {
			r = &Resource{Provider: s.provider, Account: s.account, Name: s.resource, Shown: map[probity.Witness]probity.Span{}}
			merged[k] = r
		}
		r.see(s.by, s.typ, s.region, s.service, s.span)
	}
	for _, r := range merged {
		sort.Strings(r.Services)
		d.Resources = append(d.Resources, *r)
	}
	sort.Slice(d.Resources, func(i, j int) bool { return less(&d.Resources[i], &d.Resources[j]) })
	for i := range d.Resources {
		r := &d.Resources[i]
		d.byKey[key(r.Provider, r.Account, r.Name)] = int32(i)
		k := r.Provider + "/" + r.Name
		if _, twice := d.byName[k]; twice {
			d.byName[k] = -1
		} else {
			d.byName[k] = int32(i)
		}
	}
	for _, a := range accounts {
		d.Accounts = append(d.Accounts, a)
	}
	sort.Slice(d.Accounts, func(i, j int) bool {
		a, b := d.Accounts[i], d.Accounts[j]
		return a.Provider+"/"+a.Account < b.Provider+"/"+b.Account
	})
	return d, nil
}

// see adds what one witness shows of the resource. Types in the provider's own
// form win over a discloser's words, and regions of meters and logs over those
// of bills and disclosures.
func (r *Resource) see(by probity.Witness, typ, region, service string, span probity.Span) {
	if t := typeOf(r.Provider, typ); t != "" && (r.Type == "" || own(typ)) {
		r.Type = t
	}
	if region != "" && (r.Region == "" || by == probity.Metered || by == probity.Logged && r.Shown[probity.Metered].From.IsZero()) {
		r.Region = region
	}
	if service != "" && !contains(r.Services, service) {
		r.Services = append(r.Services, service)
	}
	old, ok := r.Shown[by]
	if !ok || old.From.IsZero() {
		r.Shown[by] = span
		return
	}
	if !span.From.IsZero() && span.From.Before(old.From) {
		old.From = span.From
	}
	if span.Until.After(old.Until) {
		old.Until = span.Until
	}
	r.Shown[by] = old
}

// typeOf returns the provider type that a record or a discloser's words mean.
func typeOf(provider, text string) string {
	switch {
	case own(text) || text == "":
		return text
	case provider == "aws" && (strings.Contains(text, "s3") || strings.Contains(text, "bucket")):
		return "aws::s3::bucket"
	case provider == "gcp" && (strings.Contains(text, "gcs") || strings.Contains(text, "bucket")):
		return "storage.googleapis.com/bucket"
	case provider != "azure" && provider != "":
		return "stated: " + text
	case strings.Contains(text, "storage"):
		return "microsoft.storage/storageaccounts"
	case strings.Contains(text, "cognitive") || strings.Contains(text, "speech"):
		return "microsoft.cognitiveservices/accounts"
	}
	return "stated: " + text
}

// own reports whether a type is written as the provider writes it.
func own(typ string) bool { return strings.Contains(typ, "/") || strings.Contains(typ, "::") }

// Find returns the number of a resource, -1 if no record shows it. An empty
// account is found by the resource's name, if only one account has it.
func (d *Directory) Find(provider, account, resource string) int32 {
	if i, ok := d.byKey[key(provider, account, resource)]; ok {
		return i
	}
	if account == "" {
		if i, ok := d.byName[provider+"/"+resource]; ok {
			return i
		}
	}
	return -1
}

// Container returns the number of a container's name, adding it if it is new.
func (d *Directory) Container(name string) int32 {
	if n, ok := d.boxes[name]; ok {
		return n
	}
	n := int32(len(d.Containers))
	d.Containers = append(d.Containers, name)
	d.boxes[name] = n
	return n
}

// Discloses reports whether a disclosure names the resource or its account.
func (d *Directory) Discloses(provider, account, resource string) bool {
	for _, x := range d.Disclosed {
		if x.Provider != provider && x.Provider != "" {
			continue
		}
		if x.Account != account && !(x.Account == "" && x.Resource != "") {
			continue
		}
		if x.Resource == "" || x.Resource == resource {
			return true
		}
	}
	return false
}

func key(provider, account, resource string) string { return provider + "/" + account + "/" + resource }

func less(a, b *Resource) bool {
	return key(a.Provider, a.Account, a.Name) < key(b.Provider, b.Account, b.Name)
}

func only(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func unix(t time.Time) int64 { return t.UTC().Unix() }
