package source

import (
	"bytes"
	"io"
	"strings"

	"probity/internal/table"
)

// Bills in the FinOps Open Cost and Usage Specification, 1.0 to 1.2, as CSV.

func detectFocus(o *opening) bool {
	c := o.columns()
	return c.has("chargeperiodstart") && (c.has("billedcost") || c.has("effectivecost"))
}

type focusTaker struct {
	*sink
	c     columns
	width int
}

func readFocus(s *sink, in io.Reader) error {
	return readCSV(in, &focusTaker{sink: s}, func() bool { return s.stream.Damage() != "" })
}

func (t *focusTaker) header(fields [][]byte) { t.c, t.width = columnsOf(fields), len(fields) }

func (t *focusTaker) row(from, until int64, fields [][]byte) {
	if len(fields) != t.width {
		t.unread(from, until, "a row with more or fewer fields than the header")
		return
	}
	get := func(name string) []byte { return t.c.get(fields, name) }
	word := func(name string) string { return t.words.of(get(name)) }
	r := table.Charge{
		Exhibit: t.file.SHA256, Position: from, Length: int32(until - from),
		Provider: providerOf(string(get("providername")), string(get("publishername"))), BillingAccount: word("billingaccountid"),
		Region: t.words.region(get("regionid")), ServiceName: word("servicename"), ServiceCategory: word("servicecategory"),
		ChargeCategory: word("chargecategory"), ChargeClass: word("chargeclass"), ChargeDescription: word("chargedescription"),
		ConsumedUnit: word("consumedunit"), PricingUnit: word("pricingunit"), PricingUnitText: word("xpricingunitdescription"),
		SkuID: word("skuid"), SkuMeterCategory: word("xskumetercategory"), SkuMeterSub: word("xskumetersubcategory"),
		BillingCurrency: word("billingcurrency"),
	}
	if r.SkuMeter = word("skumeter"); r.SkuMeter == "" {
		r.SkuMeter = word("xskumetername")
	}
	if r.SkuMeter == "" {
		r.SkuMeter = word("xusagetype") // of AWS: EUC1-TimedStorage-ByteHrs
	}
	if r.Region == "" {
		r.Region = t.words.region(get("regionname"))
	}
	t.whose(&r, get)
	if reason := t.spans(&r, get); reason != "" {
		t.unread(from, until, reason)
		return
	}
	if reason := t.quantities(&r, get); reason != "" {
		t.unread(from, until, reason)
		return
	}
	r.Digest = t.tokens.Fast("record", joined(fields))
	t.fail(t.part.Charge(&r))
	t.keep(from, until, hint{r.Provider, r.Account, r.Resource, "", r.ChargeFrom})
}

func joined(fields [][]byte) []byte {
	var out []byte
	for _, f := range fields {
		out = append(append(out, f...), 0)
	}
	return out
}

// whose fills the account and the resource that a charge belongs to.
func (t *focusTaker) whose(r *table.Charge, get func(string) []byte) {
	sub := get("subaccountid")
	if a := t.arm(sub); a.account != "" {
		r.Account = a.account
	} else {
		r.Account = t.words.lower(t.accountID(r.Provider, sub))
	}
	id := get("resourceid")
	r.ResourceType = t.words.lower(get("xresourcetype"))
	if a := t.arm(id); a.name != "" {
		r.Resource, r.ResourceUID, r.ResourceType = a.name, a.uid, a.typ
		if r.Account == "" {
			r.Account = a.account
		}
		return
	}
	r.ResourceUID = t.words.lower(id)
	if r.Resource = t.words.lower(resourceName(id)); r.Resource == "" {
		r.Resource = t.words.lower(get("resourcename"))
	}
	if r.ResourceType == "" {
		r.ResourceType = t.words.lower(get("resourcetype"))
	}
	if r.Resource != "" {
		r.ResourceType = t.words.of([]byte(resourceType(r.Provider, r.ServiceName, string(get("xservicecode")), r.ResourceType)))
	}
}

// accountID is the account's id as it is compared: of AWS with 12 digits.
func (w *worker) accountID(provider string, id []byte) []byte {
	if provider == "aws" {
		return awsAccount(id)
	}
	return id
}

// resourceName is the name of a resource whose id is an ARN, a path of Google
// Cloud (//storage.googleapis.com/projects/_/buckets/NAME), or the name itself.
func resourceName(id []byte) []byte {
	if name := lastOf(id); len(name) != len(id) {
		return name
	}
	if bytes.HasPrefix(id, []byte("//")) || bytes.HasPrefix(id, []byte("projects/")) {
		return id[bytes.LastIndexByte(id, '/')+1:]
	}
	return id
}

// resourceType names the type of a billed resource as its provider does, where
// it can hold a quantity that is measured.
func resourceType(provider, service, code, typ string) string {
	switch low := strings.ToLower(service); {
	case strings.Contains(typ, "/") || strings.Contains(typ, "::"):
		return typ
	case provider == "aws" && (low == "amazon simple storage service" || code == "AmazonS3"):
		return s3Bucket
	case provider == "gcp" && low == "cloud storage":
		return gcsBucket
	case provider == "aws" && typ != "":
		return "aws::" + strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(code, "AWS"), "Amazon")) + "::" + typ
	case provider == "gcp" && typ != "":
		return "gcp/" + typ
	}
	return typ
}

const gcsBucket = "storage.googleapis.com/bucket"

func (t *focusTaker) spans(r *table.Charge, get func(string) []byte) string {
	for _, x := range []struct {
		name string
		to   *int64
		must bool
	}{
		{"chargeperiodstart", &r.ChargeFrom, true}, {"chargeperiodend", &r.ChargeUntil, true},
		{"billingperiodstart", &r.BillingFrom, false}, {"billingperiodend", &r.BillingUntil, false},
	} {
		v := get(x.name)
		if len(v) == 0 && !x.must {
			continue
		}
		at, ok := t.dated(v)
		if !ok {
			return "a date that cannot be read"
		}
		*x.to = at
	}
	if r.BillingFrom == 0 || r.BillingUntil <= r.BillingFrom { // the month of the charge
		day := r.ChargeFrom / 86_400_000_000
		y, m := monthOf(day)
		r.BillingFrom = days(y, m, 1) * 86_400_000_000
		if m++; m > 12 {
			y, m = y+1, 1
		}
		r.BillingUntil = days(y, m, 1) * 86_400_000_000
	}
	if r.ChargeUntil < r.ChargeFrom {
		return "a charge that ends before it begins"
	}
	return ""
}

// monthOf returns the year and month of a day counted from 1970-01-01.
func monthOf(day int64) (int64, int64) {
	y := 1970 + day/366
	for days(y+1, 1, 1) <= day {
		y++
	}
	m := int64(1)
	for m < 12 && days(y, m+1, 1) <= day {
		m++
	}
	return y, m
}

func (t *focusTaker) quantities(r *table.Charge, get func(string) []byte) string {
	for _, x := range []struct {
		name string
		to   **table.Decimal
	}{
		{"consumedquantity", &r.ConsumedQuantity}, {"pricingquantity", &r.PricingQuantity},
		{"xpricingblocksize", &r.PricingBlockSize}, {"billedcost", &r.BilledCost},
	} {
		v := get(x.name)
		if len(v) == 0 {
			continue
		}
		if x.name == "billedcost" {
			v = money(v)
		}
		d, ok := table.ParseDecimal(string(v), 18)
		if !ok || !believable(v, 1e14) {
			return "a quantity that is no number, or too large to be true"
		}
		*x.to = &d
	}
	return ""
}

// money strips what spreadsheets put around an amount: "$1,000.00 ".
func money(v []byte) []byte {
	v = bytes.Trim(v, "$\u20ac \u00a0")
	if bytes.IndexByte(v, ',') >= 0 && bytes.IndexByte(v, '.') > bytes.LastIndexByte(v, ',') {
		v = bytes.ReplaceAll(v, []byte(","), nil)
	}
	return v
}

// providerOf returns azure, aws or gcp for what bills call them.
func providerOf(names ...string) string {
	for _, n := range names {
		low := strings.ToLower(valid(n))
		switch {
		case strings.Contains(low, "microsoft") || strings.Contains(low, "azure"):
			return "azure"
		case strings.Contains(low, "amazon") || strings.Contains(low, "aws"):
			return "aws"
		case strings.Contains(low, "google") || low == "gcp":
			return "gcp"
		case low != "":
			return low
		}
	}
	return ""
}
