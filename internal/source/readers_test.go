package source

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

func TestStorageLogFields(t *testing.T) {
	base := logLine(1)
	get := func(changes ...string) table.Activity {
		_, tables := read(t, map[string]string{"x": strings.NewReplacer(changes...).Replace(base) + "\n"}, probity.AzureStorageLog)
		list := rows[table.Activity](t, tables, "activity")
		if len(list) != 1 {
			t.Fatalf("%v: %d rows", changes, len(list))
		}
		return list[0]
	}
	r := get()
	if r.CloudAccountUID != sub || r.ResourceName != "store" || r.ResourceType != "microsoft.storage/storageaccounts" || r.CloudRegion != "westeurope" ||
		r.APIServiceName != "blob" || r.DatabucketName != "box" || r.FileShape != "a/9.amr" || r.RequestBodyBytes != 101 || r.Status != "Success" || r.MetadataLogName != "StorageWrite" {
		t.Errorf("%+v", r)
	}
	if want := time.Date(2025, 1, 6, 10, 1, 0, 123456000, time.UTC).UnixMicro(); r.Time != want {
		t.Errorf("time %d, want %d", r.Time, want)
	}
	for _, c := range []struct {
		name    string
		changes []string
		status  string
	}{
		{"refused", []string{`"statusCode":201`, `"statusCode":403`}, "Failure"},
		{"not modified", []string{`"statusCode":201`, `"statusCode":304`}, "Failure"},
		{"error after a good status", []string{`"metricResponseType":"Success"`, `"metricResponseType":"NetworkError"`}, "Failure"},
		{"success of another kind", []string{`"metricResponseType":"Success"`, `"metricResponseType":"SuccessWithThrottling"`}, "Success"},
		{"status as text", []string{`"statusCode":201`, `"statusCode":"201"`}, "Success"},
	} {
		if got := get(c.changes...).Status; got != c.status {
			t.Errorf("%s: %s, want %s", c.name, got, c.status)
		}
	}
	same := get()
	if other := get("192.0.2.1:4711", "192.0.2.1:9"); other.SrcEndpointToken != same.SrcEndpointToken {
		t.Error("the port is part of the address's token")
	}
	if other := get("192.0.2.1:4711", "192.0.2.2:4711"); other.SrcEndpointToken == same.SrcEndpointToken {
		t.Error("two addresses have one token")
	}
	if other := get(`"objectKey":"/store/box/a/1.amr",`, ""); other.FileToken != same.FileToken || other.DatabucketName != "box" {
		t.Error("the object of the address is not that of the key")
	}
	// Names may be objects, groups may be strings, with either quotes.
	if r := get(`"category":"StorageWrite"`, `"category":{"value":"StorageWrite","localizedValue":"x"}`, `"operationName":"PutBlob"`, `"operationName":{"value":"PutBlob"}`); r.APIOperation != "PutBlob" || r.MetadataLogName != "StorageWrite" {
		t.Errorf("%+v", r)
	}
	if r := get(`"identity":{"type":"SAS","tokenHash":"h"}`, `"identity":"{'type':'SAS','tokenHash':'h'}"`); r.ActorUserType != "SAS" || r.ActorUserToken != same.ActorUserToken {
		t.Errorf("%+v", r)
	}
}

func TestActivityFields(t *testing.T) {
	lines := activityLine(1) + "\n" +
		`{"eventTimestamp":"2025-01-06T09:00:00.123+02:00","operationName":{"value":"Microsoft.Insights/diagnosticSettings/delete"},"category":{"value":"Administrative"},"status":{"value":"Succeeded"},"subStatus":{"value":""},"resourceId":"/subscriptions/` + sub + `/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/providers/microsoft.insights/diagnosticSettings/x","subscriptionId":"` + sub + `","caller":"a@b.example","eventDataId":"e1"}` + "\n" +
		`{"time":"2025-01-06T10:00:00Z","resourceId":"/subscriptions/` + sub + `/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/providers/microsoft.insights/diagnosticSettings/x","operationName":"MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/WRITE","category":"Administrative","resultType":"Start","properties":{"requestbody":"{\"properties\":{\"logs\":[{\"category\":\"StorageRead\",\"enabled\":false},{\"category\":\"StorageWrite\",\"enabled\":true}]}}"}}` + "\n" +
		`{"time":"2025-01-06T11:00:00Z","resourceId":"/subscriptions/` + sub + `/resourceGroups/rg/providers/Microsoft.Resources/tags/default","operationName":"MICROSOFT.RESOURCES/TAGS/WRITE","category":"Administrative","resultType":"Failure"}` + "\n"
	_, tables := read(t, map[string]string{"x": lines}, "")
	list := rows[table.Activity](t, tables, "activity")
	if len(list) != 4 {
		t.Fatalf("%d rows", len(list))
	}
	if r := list[1]; r.APIOperation != "microsoft.insights/diagnosticsettings/delete" || r.Status != "Success" || r.ResourceName != "store" || r.Time != time.Date(2025, 1, 6, 7, 0, 0, 123e6, time.UTC).UnixMicro() {
		t.Errorf("the form of the REST interface: %+v", r)
	}
	if r := list[2]; r.EnabledLogCategories != "StorageWrite" || r.DisabledLogCategories != "StorageRead" || r.Status != "Started" {
		t.Errorf("a diagnostic setting: %+v", r)
	}
	if r := list[3]; r.ResourceName != "" || r.CloudAccountUID != sub || r.Status != "Failure" {
		t.Errorf("an event of the account: %+v", r)
	}
}

func TestMetricFields(t *testing.T) {
	_, tables := read(t, map[string]string{"x": metricListText(2)}, "")
	list := rows[table.Metric](t, tables, "metrics")
	if len(list) != 2 {
		t.Fatalf("%d rows", len(list))
	}
	r := list[1]
	if r.APIName != "PutBlob" || r.ResponseType != "Success" || r.DimNames != "apiname,responsetype" || r.Resource != "store" || r.Namespace != "microsoft.storage/storageaccounts/blobservices" ||
		r.GrainSeconds != 3600 || r.Metric != "Transactions" || r.Partial || r.Total == nil || r.Average != nil {
		t.Errorf("%+v", r)
	}
	// The dimensions come after the points: cut before them, a point proves nothing.
	text := metricListText(24)
	_, tables = read(t, map[string]string{"x": text[:strings.Index(text, "metadatavalues")]}, "")
	list = rows[table.Metric](t, tables, "metrics")
	if len(list) != 24 || !list[0].Partial {
		t.Errorf("%d rows, %+v", len(list), list[0])
	}
	_, tables = read(t, map[string]string{"x": metricLine(3) + "\n"}, "")
	if r := rows[table.Metric](t, tables, "metrics")[0]; r.Resource != "store" || r.GrainSeconds != 3600 || r.Namespace != "microsoft.storage/storageaccounts/blobservices" || r.Maximum == nil {
		t.Errorf("%+v", r)
	}
}

func TestFocusFields(t *testing.T) {
	text := "ResourceId,SubAccountId,ChargePeriodStart,ChargePeriodEnd,BilledCost,ConsumedQuantity,ConsumedUnit,ChargeClass,ProviderName,RegionId,Unheard,SkuMeter\r\n" +
		"NULL,/subscriptions/" + strings.ToUpper(sub) + ",2025-01-01,2025-02-01,-4.2,,NULL,Correction,Microsoft,West Europe,x,\r\n" +
		"arn:aws:s3:::bucket,123456789012,2025-01-01 00:00:00,2025-01-02T00:00:00Z,1e-3,12345678901234.123456789,GB,,AWS,us-east-1,y,TimedStorage-ByteHrs\r\n" +
		"a,b,not a date,2025-01-02,1,1,GB,,AWS,r,y,m\r\n" +
		"a,b,2025-01-01,2025-01-02,1,one,GB,,AWS,r,y,m\r\n" +
		"a,b,2025-01-03,2025-01-02,1,1,GB,,AWS,r,y,m\r\n"
	res, tables := read(t, map[string]string{"x": text}, "")
	if x := res.Exhibits[0]; x.Records != 2 || x.Unread != 3 {
		t.Fatalf("%+v", x)
	}
	list := rows[table.Charge](t, tables, "charges")
	if r := list[0]; r.Account != sub || r.Resource != "" || r.ConsumedQuantity != nil || r.ChargeClass != "Correction" || r.Provider != "azure" || r.Region != "westeurope" || r.BilledCost == nil {
		t.Errorf("%+v", r)
	}
	if r := list[1]; r.Account != "123456789012" || r.Provider != "aws" || r.ConsumedQuantity == nil || r.SkuMeter != "TimedStorage-ByteHrs" || r.Resource != "bucket" || r.ResourceUID != "arn:aws:s3:::bucket" {
		t.Errorf("%+v", r)
	}
}

// A manifest is checked against the files that it names, wherever they lie and
// whatever they are called now.
func TestInventoryManifest(t *testing.T) {
	csv := inventoryRows(3)
	size, total := len(csv), 1000+1001+1002
	sum := func(text string) string { s := md5.Sum([]byte(text)); return hex.EncodeToString(s[:]) }
	for _, c := range []struct {
		name     string
		files    map[string]string
		want     string // check:result, sorted
		complete bool
		tied     bool
	}{
		{"as exported", map[string]string{"i/all.csv": csv, "i/m.json": manifestText("all.csv", size, 3, total)}, "manifest:ok", true, true},
		{"renamed", map[string]string{"x": csv, "y": manifestText("all.csv", size, 3, total)}, "manifest:ok", true, true},
		{"gzip", map[string]string{"i/all.csv.gz": packed(csv), "i/m.json": manifestText("all.csv", size, 3, total)}, "manifest:ok", true, true},
		{"a row is missing", map[string]string{"i/all.csv": inventoryRows(2), "i/m.json": manifestText("all.csv", size, 3, total)}, "manifest:altered", false, true},
		{"other totals", map[string]string{"i/all.csv": csv, "i/m.json": manifestText("all.csv", size, 4, total)}, "manifest:altered", false, true},
		{"no file", map[string]string{"i/m.json": manifestText("all.csv", size, 3, total)}, "manifest:missing", false, false},
		{"no manifest", map[string]string{"i/all.csv": csv}, "", false, false},
		{"a checksum", map[string]string{"i/all.csv": csv, "i/m.json": manifestText("all.csv", size, 3, total), "i/m.checksum": sum(manifestText("all.csv", size, 3, total))}, "checksum:ok manifest:ok", true, true},
		{"a manifest that was changed", map[string]string{"i/all.csv": csv, "i/m.json": manifestText("all.csv", size, 3, total), "i/m.checksum": sum("other")}, "checksum:altered manifest:ok", false, true},
		{"a checksum alone", map[string]string{"i/m.checksum": sum("other")}, "checksum:cannot_be_tested", false, false},
	} {
		res, tables := read(t, c.files, "")
		var got []string
		for _, i := range res.Integrity {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(i.Check, "azure-"), "inventory-")+":"+i.Result)
		}
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0]
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
		for _, l := range rows[table.Listing](t, tables, "listings") {
			if l.Complete != c.complete || (l.Resource == "store") != c.tied || c.tied && (l.Prefixes != "1" || l.TakenFrom == nil) {
				t.Errorf("%s: %+v", c.name, l)
			}
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2025, 10, 6, 0, 12, 45, 560_000_000, time.UTC).UnixMicro()
	for _, text := range []string{"2025-10-06T00:12:45.56Z", "2025-10-06T00:12:45.560000000Z", "2025-10-06T02:12:45.56+02:00", "2025/10/06 00:12:45.56", "2025-10-05T19:12:45.56-0500", "2025-10-06T00:12:45.5600000"} {
		if got, ok := parseTime([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "2025-10-06T", "2025-13-06", "2025-02-30", "2025-10-06T25:00:00Z", "06/10/2025 10:00", "2025-10-06T00:12:45.5X", "20251006T001245Z"} {
		if got, ok := parseTime([]byte(text)); ok {
			t.Errorf("%s was read as %d", text, got)
		}
	}
	for d := range 200_000 { // every day of 500 years
		at := time.Unix(int64(d)*86400, 0).UTC()
		if got := days(int64(at.Year()), int64(at.Month()), int64(at.Day())); got != int64(d) {
			t.Fatalf("%s is day %d, want %d", at.Format(time.DateOnly), got, d)
		}
	}
	for text, want := range map[string]int64{"PT1H": 3600, "P1D": 86400, "PT5M": 300, "PT1M": 60, "P1DT12H": 129600, "1H": 0, "PT": 0, "P-1D": 0} {
		if got := grain([]byte(text)); got != want {
			t.Errorf("%s: %d s, want %d", text, got, want)
		}
	}
}

func TestShow(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"log.gz": packed(repeat(logLine, 3)), "bill": focusRows(2), "list": metricListText(3), "other": "text"} {
		if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "evidence", name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	files, _, err := evidence.Walk(context.Background(), &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for _, f := range files {
		of[filepath.Base(f.Path)] = f.SHA256
	}
	second := int64(len(logLine(0)) + 1)
	bill := int64(strings.Index(focusRows(2), "\n") + 1)
	point := int64(strings.Index(metricListText(3), `{"timeStamp": "2025-01-06T01`))
	for _, c := range []struct {
		exhibit string
		at      int64
		want    string
		not     string
	}{
		{of["log.gz"][:10], second, `"correlationId":"c-1"`, "secret"},
		{of["bill"], bill, "BilledCost,", "1.5"},
		{of["list"], point, `"total": 1.0`, "cost"},
		{of["log.gz"], second + 1, fmt.Sprintf("!the nearest before is at %d", second), ""},
		{of["other"], 0, "!unknown kind", ""},
		{"", 0, "!write more digits", ""},
		{"zz", 0, "!no exhibit", ""},
	} {
		var b bytes.Buffer
		err := Show(context.Background(), files, c.exhibit, c.at, &b)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s:%d: %v, want %q", c.exhibit, c.at, err, want)
			}
			continue
		}
		if err != nil || !strings.Contains(b.String(), c.want) || c.not != "" && strings.Contains(b.String(), c.not) {
			t.Errorf("%s:%d: %v\n%s", c.exhibit, c.at, err, b.String())
		}
	}
}

func md5Of(text string) string { s := md5.Sum([]byte(text)); return hex.EncodeToString(s[:]) }
