package review

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bytes that are no text, in every word that a record holds, are records or
// unread ranges, and never the end of a review.
func TestNoText(t *testing.T) {
	const sub = "0d0c1c1e-0000-4000-8000-000000000009"
	arm := "/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stXX"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"log":      `{"time":"2025-01-06T10:00:00Z","resourceId":"` + arm + `/blobServices/default","category":"StorageWrite","operationName":"PutXX","statusCode":"2XX","correlationId":"XX","location":"XX","identity":{"type":"XX"},"properties":{"objectKey":"/st/bXX/aXX.amr","metricResponseType":"XX","serviceType":"XX"}}` + "\n",
		"activity": `{"time":"2025-01-06T10:00:00Z","resourceId":"` + arm + `","operationName":"Microsoft.Storage/XX","category":"Administrative","resultType":"XX","resultSignature":"XX"}` + "\n",
		"metric":   `{"time":"2025-01-06T10:00:00Z","resourceId":"` + arm + `","metricName":"TransactionsXX","timeGrain":"PT1H","total":1,"ApiName":"XX","unit":"XX"}` + "\n",
		"bill": "BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ProviderName,ResourceName,SubAccountId,ChargeDescription,x_SkuMeterName,ResourceId\n" +
			"1,UsageXX,2025-01-06,2025-01-07,1,GBXX,MicroXX,stXX,aXX,dXX,mXX,iXX\n",
		"listing":   "Name,Content-Length,BlobType,AccessTier\nboxXX/aXX.amr,10,BlXX,XX\n",
		"manifest":  strings.NewReplacer("HOST", "stXX", "TYPE", "XX").Replace(`{"endpoint":"https://HOST.blob.core.windows.net","files":[{"blob":"x/XX.csv","size":1}],"inventoryStartTime":"2025-01-06T01:00:00Z","ruleDefinition":{"filters":{"blobTypes":["TYPE"]}},"summary":{"objectCount":1,"totalObjectSize":10}}`),
		"disclosed": "provider,account,resource,kind,region,disclosed_by,disclosed_on\nazXX,aXX,rXX,kXX,XX,XX,2025-01-01\n",
	} {
		for i, bad := range []string{"\xff\xfe", `\u0000`, "\\ud800", "\x7f\xc3"} {
			p := filepath.Join(dir, "evidence", name+string(rune('0'+i)))
			if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(strings.ReplaceAll(text, "XX", bad)), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(plantedCase), 0o666); err != nil {
		t.Fatal(err)
	}
	res, data := review(t, dir)
	if res.Review.Totals.Records < 20 || bytes.Contains(data, []byte{0}) {
		t.Errorf("%d records", res.Review.Totals.Records)
	}
}

// Evidence whose bytes were thrown about is reviewed to its end, and its bytes
// are accounted for.
func TestThrownAbout(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	dir := estate(t, "contact-centre")
	files := evidenceFiles(t, dir)
	whole := map[string][]byte{}
	for _, f := range files {
		whole[f], _ = os.ReadFile(f)
	}
	for round := range rounds {
		rng := rand.New(rand.NewPCG(uint64(round), 11))
		for _, f := range files {
			data := bytes.Clone(whole[f])
			for range 1 + len(data)/2000 {
				switch at := rng.IntN(len(data)); rng.IntN(3) {
				case 0:
					data[at] = byte(rng.Uint32())
				case 1:
					data = data[:max(at, 1)]
				default:
					data = append(data[:at:at], append([]byte{'"', '\n', 0, '{', 0xff}[rng.IntN(5):], data[at:]...)...)
				}
			}
			if err := os.WriteFile(f, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		res, _ := review(t, dir)
		for i := range res.Review.Claims {
			soundlyContradicted(t, &res.Review.Claims[i])
		}
	}
}

// Figures that cannot be true are unread, and never overflow a sum.
func TestAbsurdFigures(t *testing.T) {
	const sub = "0d0c1c1e-0000-4000-8000-000000000009"
	const arm = "/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"
	dir := t.TempDir()
	var log, metric, bill, listing strings.Builder
	bill.WriteString("BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,PricingQuantity,ProviderName,ResourceId,SubAccountId,x_SkuMeterName,x_PricingBlockSize\n")
	listing.WriteString("Name,Content-Length,BlobType\n")
	for i, n := range []string{"9223372036854775807", "99999999999999999999999999", "1e300", "-1", "1e19", "1125899906842624", "0.000000000000000000001", "99999999999999"} {
		for _, key := range []string{"same", string(rune('a' + i))} {
			log.WriteString(`{"time":"2025-01-06T10:00:00Z","resourceId":"` + arm + `/blobServices/default","category":"StorageWrite","operationName":"PutBlob","statusCode":201,"correlationId":"` + key + `","properties":{"objectKey":"/st/b/a","requestBodySize":` + n + `,"responseBodySize":` + n + `}}` + "\n")
		}
		for _, m := range []string{"Transactions", "Ingress", "BlobCapacity"} {
			metric.WriteString(`{"time":"2025-01-06T10:00:00Z","resourceId":"` + arm + `","metricName":"` + m + `","timeGrain":"P1000000D","total":` + n + `,"average":` + n + `,"n":` + n + "}\n")
		}
		for _, unit := range []string{"TB/Month", "GB", "Hours", "Units"} {
			for _, m := range []string{"Hot LRS Data Stored", "Hot Write Operations", "Speech To Text", "Data Transfer Out"} {
				bill.WriteString("1,Usage,0001-01-01,9999-12-31," + n + "," + unit + "," + n + ",Microsoft," + arm + "," + sub + "," + m + "," + n + "\n")
			}
		}
		listing.WriteString("b/a," + n + ",BlockBlob\n")
	}
	for name, text := range map[string]string{"log": log.String(), "metric": metric.String(), "bill": bill.String(), "listing": listing.String(),
		"manifest": `{"endpoint":"https://st.blob.core.windows.net","files":[{"blob":"listing","size":99999999999999999999}],"inventoryStartTime":"2025-01-06T01:00:00Z","ruleDefinition":{},"summary":{"objectCount":9e99,"totalObjectSize":-1}}`} {
		p := filepath.Join(dir, "evidence", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(plantedCase), 0o666); err != nil {
		t.Fatal(err)
	}
	res, _ := review(t, dir)
	if res.Review.Totals.Unread == 0 {
		t.Error("figures that cannot be true were taken")
	}
}
