package source

import (
	"io"
	"math/big"
	"strings"

	"probity/internal/table"
)

// Actual cost as Azure exports it for enterprise agreements: CSV, a row a
// resource, meter and day, with quantities in the unit of measure.

func detectEA(o *opening) bool {
	c := o.columns()
	return c.has("metername", "quantity", "unitofmeasure") && (c.has("date") || c.has("usagedatetime")) && (c.has("subscriptionid") || c.has("subscriptionguid"))
}

type eaTaker struct {
	*sink
	c     columns
	width int
}

func readEA(s *sink, in io.Reader) error {
	return readCSV(in, &eaTaker{sink: s}, func() bool { return s.stream.Damage() != "" })
}

func (t *eaTaker) header(fields [][]byte) {
	t.c, t.width = columnsOf(fields), len(fields)
	if t.c.has("benefitid") && strings.Contains(strings.ToLower(t.file.Path), "amortized") {
		t.note = "amortized cost: what was paid ahead is spread over time; quantities are those used"
	}
}

func (t *eaTaker) row(from, until int64, fields [][]byte) {
	if len(fields) != t.width {
		t.unread(from, until, "a row with more or fewer fields than the header")
		return
	}
	first := func(names ...string) []byte {
		for _, n := range names {
			if v := t.c.get(fields, n); len(v) > 0 {
				return v
			}
		}
		return nil
	}
	word := func(names ...string) string { return t.words.of(first(names...)) }
	day, ok := t.dated(first("date", "usagedatetime"))
	if !ok {
		t.unread(from, until, "a date that cannot be read")
		return
	}
	const aDay = 86_400_000_000
	r := table.Charge{
		Exhibit: t.file.SHA256, Position: from, Length: int32(until - from), Provider: "azure", BillingAccount: word("billingaccountid"),
		Account: t.words.lower(first("subscriptionid", "subscriptionguid")), Region: t.words.region(first("resourcelocation")),
		ServiceName: word("metercategory"), ServiceCategory: word("servicefamily"), ChargeCategory: word("chargetype"), ChargeDescription: word("product"),
		ChargeFrom: day, ChargeUntil: day + aDay, SkuMeter: word("metername"), SkuMeterCategory: word("metercategory"), SkuMeterSub: word("metersubcategory"),
		SkuID: word("meterid"), BillingCurrency: word("billingcurrency", "billingcurrencycode"),
	}
	if r.ChargeCategory == "" {
		r.ChargeCategory = "Usage"
	}
	if r.ServiceName == "Storage" {
		r.ServiceCategory = "Storage"
	}
	y, m := monthOf(day / aDay)
	r.BillingFrom = days(y, m, 1) * aDay
	if m++; m > 12 {
		y, m = y+1, 1
	}
	r.BillingUntil = days(y, m, 1) * aDay
	if a := t.arm(first("resourceid", "instanceid")); a.name != "" {
		r.Resource, r.ResourceUID, r.ResourceType = a.name, a.uid, a.typ
		if r.Account == "" {
			r.Account = a.account
		}
	}
	if !t.quantity(&r, first("quantity"), string(first("unitofmeasure"))) || !t.cost(&r, first("cost", "costinbillingcurrency", "pretaxcost")) {
		t.unread(from, until, "a quantity that is no number, or too large to be true")
		return
	}
	r.Digest = t.tokens.Fast("record", joined(fields))
	t.fail(t.part.Charge(&r))
	t.keep(from, until, hint{"azure", r.Account, r.Resource, "", r.ChargeFrom})
}

// quantity turns a quantity in a unit of measure such as "100 GB/Month" into
// one in the unit itself. Ten thousand ("10K") stays as it is written, with
// its block.
func (t *eaTaker) quantity(r *table.Charge, v []byte, unit string) bool {
	if len(v) == 0 {
		return true
	}
	if !believable(v, 1e14) {
		return false
	}
	text := string(v)
	r.ConsumedUnit, r.PricingUnitText = t.words.of([]byte(unit)), t.words.of([]byte(unit))
	if number, rest, ok := strings.Cut(unit, " "); ok {
		if n, ok := new(big.Rat).SetString(number); ok && len(number) < 8 {
			_, good := table.ParseDecimal(text, 18) // bounds the exponent
			q, parsed := new(big.Rat).SetString(text)
			if !good || !parsed {
				return false
			}
			text = q.Mul(q, n).FloatString(18)
			r.ConsumedUnit, r.PricingUnitText = t.words.of([]byte(strings.TrimSpace(rest))), ""
		}
	} else if unit == "10K" {
		r.ConsumedUnit = "Units"
	}
	d, ok := table.ParseDecimal(text, 18)
	if ok {
		r.ConsumedQuantity = &d
	}
	return ok
}

func (t *eaTaker) cost(r *table.Charge, v []byte) bool {
	if len(v) == 0 {
		return true
	}
	d, ok := table.ParseDecimal(string(v), 18)
	if ok && believable(v, 1e14) {
		r.BilledCost = &d
		return true
	}
	return false
}
