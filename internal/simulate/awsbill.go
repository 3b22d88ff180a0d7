package simulate

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"sort"
	"strings"
	"time"
)

// awsColumns are the columns of AWS's FOCUS 1.0 export.
var awsColumns = strings.Fields(`AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
	ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart ConsumedQuantity ConsumedUnit ContractedCost
	EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingCategory PricingQuantity PricingUnit ProviderName PublisherName RegionId RegionName
	ResourceId ResourceName ResourceType ServiceCategory ServiceName SkuId SubAccountId SubAccountName Tags x_Operation x_ServiceCode x_UsageType`)

// A tariff is a price of S3.
type tariff struct {
	text, unit, operation, usage, sku string
	price                             float64
}

// tariffs by operation of the history; deletes are free.
var tariffs = map[string]tariff{
	"PutBlob":      {"$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "Requests", "PutObject", "Requests-Tier1", "P95GZF", 0.000005},
	"StartUpload":  {"$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "Requests", "InitiateMultipartUpload", "Requests-Tier1", "P95GZF", 0.000005},
	"PutBlock":     {"$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "Requests", "UploadPart", "Requests-Tier1", "P95GZF", 0.000005},
	"PutBlockList": {"$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "Requests", "CompleteMultipartUpload", "Requests-Tier1", "P95GZF", 0.000005},
	"ListBlobs":    {"$0.005 per 1,000 PUT, COPY, POST, or LIST requests", "Requests", "ListBucket", "Requests-Tier1", "P95GZF", 0.000005},
	"GetBlob":      {"$0.004 per 10,000 GET and all other requests", "Requests", "GetObject", "Requests-Tier2", "E9G6DJ", 0.0000004},
	"stored":       {"$0.023 per GB - first 50 TB / month of storage used", "GB-Months", "StandardStorage", "TimedStorage-ByteHrs", "JUF33X", 0.023},
}

// awsBill writes the bill of AWS accounts: requests by the hour, a day's storage
// in one row of its first hour. Reads within the region are not billed.
func awsBill(s *Scenario, a *Account, all []*history, t *truth) []file {
	months := map[string]*bytes.Buffer{}
	var order []string
	row := func(h *history, at time.Time, p tariff, quantity float64) {
		month := at.Format("2006-01")
		if months[month] == nil {
			months[month] = &bytes.Buffer{}
			order = append(order, month)
			w := csv.NewWriter(months[month])
			_ = w.Write(awsColumns) // to memory
			w.Flush()
		}
		start := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		stamp := func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }
		number, cost := fmt.Sprintf("%.10f", quantity), fmt.Sprintf("%.10f", quantity*p.price)
		if p.unit == "Requests" {
			number = fmt.Sprintf("%.0f", quantity)
		}
		cells := map[string]string{
			"BilledCost": cost, "ContractedCost": cost, "EffectiveCost": cost, "ListCost": cost, "ListUnitPrice": fmt.Sprint(p.price), "BillingAccountId": h.account.ID,
			"BillingAccountName": "Example Customer (synthetic)", "BillingCurrency": "USD", "BillingPeriodStart": stamp(start), "BillingPeriodEnd": stamp(start.AddDate(0, 1, 0)),
			"ChargeCategory": "Usage", "ChargeDescription": p.text, "ChargeFrequency": "Usage-Based", "ChargePeriodStart": stamp(at), "ChargePeriodEnd": stamp(at.Add(time.Hour)),
			"ConsumedQuantity": number, "ConsumedUnit": p.unit, "PricingQuantity": number, "PricingUnit": p.unit, "PricingCategory": "Standard", "InvoiceIssuerName": "Amazon Web Services, Inc.",
			"ProviderName": "AWS", "PublisherName": "Amazon Web Services, Inc.", "RegionId": h.storage.Region, "RegionName": h.storage.Region, "ResourceId": h.storage.Name, "ResourceType": "bucket",
			"ServiceCategory": "Storage", "ServiceName": "Amazon Simple Storage Service", "SkuId": p.sku, "SubAccountId": h.account.ID, "SubAccountName": h.account.Name, "Tags": "{}",
			"x_Operation": p.operation, "x_ServiceCode": "AmazonS3", "x_UsageType": awsRegions[h.storage.Region] + "-" + p.usage,
		}
		line := make([]string, len(awsColumns))
		for i, c := range awsColumns {
			line[i] = cells[c]
		}
		w := csv.NewWriter(months[month])
		_ = w.Write(line) // to memory
		w.Flush()
		t.count("focus", 1)
	}
	for _, h := range all {
		type slot struct {
			hour int64
			op   string
		}
		n := map[slot]float64{}
		for i := range h.requests {
			if r := &h.requests[i]; r.moved() && r.op != "DeleteBlob" {
				n[slot{r.at.Unix() / 3600, r.op}]++
			}
		}
		for day := s.From; day.Before(s.Until); day = day.AddDate(0, 0, 1) {
			month := float64(time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
			if q := h.mean(day) / (1 << 30) / month; q > 0 {
				row(h, day, tariffs["stored"], q)
			}
			for hour := range int64(24) {
				at := day.Add(time.Duration(hour) * time.Hour)
				ops := []string{}
				for op := range tariffs {
					ops = append(ops, op)
				}
				sort.Strings(ops)
				for _, op := range ops {
					if q := n[slot{at.Unix() / 3600, op}]; q > 0 {
						row(h, at, tariffs[op], q)
					}
				}
			}
		}
	}
	var files []file
	for i, month := range order {
		files = append(files, file{fmt.Sprintf("evidence/billing/focus-export/data/BILLING_PERIOD=%s/focus-export-%s-%05d.csv.gz", month, a.ID, i+1), zip(months[month].Bytes())})
	}
	return files
}
