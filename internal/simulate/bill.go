package simulate

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"time"
)

// billColumns are the columns of a FOCUS 1.0 export that are written.
var billColumns = strings.Fields(`BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
	ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit
	EffectiveCost ListUnitPrice PricingCategory PricingQuantity PricingUnit ProviderName PublisherName RegionId RegionName ResourceId
	ResourceName ResourceType ServiceCategory ServiceName SkuId SubAccountId SubAccountName SubAccountType Tags
	x_PricingBlockSize x_PricingUnitDescription x_ResourceType x_SkuMeterCategory x_SkuMeterName x_SkuMeterSubcategory`)

// A meter is a price on the bill.
type meter struct {
	name, sub, unit, text, service, category, sku string
	block                                         int
	price                                         float64
}

var (
	meterStored = meter{"Hot LRS Data Stored", "Tiered Block Blob", "GB/Month", "1 GB/Month", "Storage Accounts", "Storage", "SKU0STORED", 1, 0.0196}
	meterWrite  = meter{"Hot LRS Write Operations", "Tiered Block Blob", "Units", "10K", "Storage Accounts", "Storage", "SKU0WRITE", 10000, 0.054}
	meterRead   = meter{"Hot Read Operations", "Tiered Block Blob", "Units", "10K", "Storage Accounts", "Storage", "SKU0READ", 10000, 0.0043}
	meterList   = meter{"LRS List and Create Container Operations", "Tiered Block Blob", "Units", "10K", "Storage Accounts", "Storage", "SKU0LIST", 10000, 0.054}
	meterOut    = meter{"Standard Data Transfer Out", "Rtn Preference: MGN", "GB", "1 GB", "Bandwidth", "Networking", "SKU0OUT", 1, 0.08}
	meterSpeech = meter{"S1 Speech To Text Batch", "Speech", "Hours", "1 Hours", "Cognitive Services", "AI and Machine Learning", "SKU0SPEECH", 1, 0.36}
)

// A bill is one export of charges.
type bill struct {
	s    *Scenario
	t    *truth
	rows [][]string
}

// charge adds a day's charge of a resource. quantity is in the meter's unit,
// before it is divided into blocks.
func (b *bill) charge(a *Account, id, name, region string, m meter, day time.Time, quantity float64) {
	if quantity <= 0 {
		return
	}
	start := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
	typ := "Storage account"
	if m == meterSpeech {
		typ = "Cognitive Service multi-service account"
	}
	parts := strings.Split(strings.ToLower(id), "/")
	cost := fmt.Sprintf("%.10f", quantity/float64(m.block)*m.price)
	b.row(map[string]string{
		"BilledCost": cost, "EffectiveCost": cost, "ChargeCategory": "Usage", "ChargeDescription": m.sub + " - " + m.name,
		"ChargePeriodStart": day.Format(time.RFC3339), "ChargePeriodEnd": day.AddDate(0, 0, 1).Format(time.RFC3339),
		"BillingPeriodStart": start.Format(time.RFC3339), "BillingPeriodEnd": start.AddDate(0, 1, 0).Format(time.RFC3339),
		"ConsumedQuantity": fmt.Sprintf("%.12f", quantity/float64(m.block)), "ConsumedUnit": m.unit,
		"PricingQuantity": fmt.Sprintf("%.16f", quantity/float64(m.block)), "PricingUnit": m.unit, "ListUnitPrice": fmt.Sprint(m.price),
		"RegionId": region, "RegionName": region, "ResourceId": strings.ToLower(id), "ResourceName": name, "ResourceType": typ,
		"ServiceCategory": m.category, "ServiceName": m.service, "SkuId": m.sku, "SubAccountId": "/subscriptions/" + a.ID, "SubAccountName": a.Name,
		"x_PricingBlockSize": fmt.Sprint(m.block), "x_PricingUnitDescription": m.text, "x_ResourceType": parts[len(parts)-3] + "/" + parts[len(parts)-2],
		"x_SkuMeterCategory": m.category, "x_SkuMeterName": m.name, "x_SkuMeterSubcategory": m.sub,
	})
}

// row adds a row, with what all rows of a bill have in common.
func (b *bill) row(cells map[string]string) {
	for k, v := range map[string]string{"BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/5550100", "BillingAccountName": "Example billing (synthetic)",
		"BillingCurrency": "EUR", "ChargeFrequency": "Usage-Based", "PricingCategory": "Standard", "ProviderName": "Microsoft", "PublisherName": "Microsoft", "SubAccountType": "Subscription"} {
		if cells[k] == "" {
			cells[k] = v
		}
	}
	row := make([]string, len(billColumns))
	for i, c := range billColumns {
		row[i] = cells[c]
	}
	b.rows = append(b.rows, row)
	b.t.count("focus", 1)
}

// storage adds the charges of a storage account for the period.
func (b *bill) storage(h *history) {
	id := storageID(h.account, h.storage)
	for day := b.s.From; day.Before(b.s.Until); day = day.AddDate(0, 0, 1) {
		var writes, reads, lists, out float64
		for i := range h.requests {
			r := &h.requests[i]
			if r.at.Before(day) || !r.at.Before(day.AddDate(0, 0, 1)) || !r.moved() {
				continue // refusals are not billed, and deletes are free
			}
			switch {
			case r.category == "StorageWrite":
				writes++
			case r.op == "ListBlobs":
				lists++
			case r.category == "StorageRead":
				reads++
				out += float64(r.reply)
			}
		}
		month := float64(time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
		add := func(m meter, q float64) { b.charge(h.account, id, h.storage.Name, h.storage.Region, m, day, q) }
		add(meterStored, h.mean(day)/(1<<30)/month)
		add(meterWrite, writes)
		add(meterRead, reads)
		add(meterList, lists)
		add(meterOut, out/(1<<30))
	}
}

// file writes the export. A credit for an earlier month stands in every bill.
func (b *bill) file() file {
	var buffer bytes.Buffer
	w := csv.NewWriter(&buffer)
	_ = w.Write(billColumns) // to memory
	_ = w.WriteAll(b.rows)
	return file{path: "evidence/billing/focus-cost/part_0_0001.csv.gz", data: zip(buffer.Bytes())}
}

func (b *bill) credit(a *Account) {
	start := time.Date(b.s.From.Year(), b.s.From.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	b.row(map[string]string{"BilledCost": "-4.20", "EffectiveCost": "-4.20", "ChargeCategory": "Usage", "ChargeClass": "Correction",
		"ChargeDescription": "Correction of an earlier billing period", "ChargePeriodStart": start.Format(time.RFC3339), "ChargePeriodEnd": start.AddDate(0, 1, 0).Format(time.RFC3339),
		"BillingPeriodStart": start.AddDate(0, 1, 0).Format(time.RFC3339), "BillingPeriodEnd": start.AddDate(0, 2, 0).Format(time.RFC3339),
		"ServiceCategory": "Storage", "ServiceName": "Storage Accounts", "SubAccountId": "/subscriptions/" + a.ID, "SubAccountName": a.Name})
}
