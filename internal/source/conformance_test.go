package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

const sub = "0a0c1c1e-0000-4000-8000-000000000001"

func logLine(n int) string {
	return fmt.Sprintf(`{"time":"2025-01-06T10:%02d:00.1234567Z","resourceId":"/subscriptions/%s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/Store/blobServices/default","category":"StorageWrite","operationName":"PutBlob","statusCode":201,"statusText":"Success","callerIpAddress":"192.0.2.1:4711","correlationId":"c-%d","identity":{"type":"SAS","tokenHash":"h"},"location":"West Europe","properties":{"objectKey":"/store/box/a/%d.amr","metricResponseType":"Success","requestBodySize":%d,"note":"brace } and \"quote\" and , inside"},"uri":"https://store.blob.core.windows.net/box/a/%d.amr?sig=secret"}`,
		n%60, sub, n, n, 100+n, n)
}

func activityLine(n int) string {
	return fmt.Sprintf(`{"time":"2025-01-06T09:%02d:00Z","resourceId":"/SUBSCRIPTIONS/%s/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/STORE","operationName":"MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION","category":"Administrative","resultType":"Success","resultSignature":"Succeeded.","callerIpAddress":"192.0.2.9","correlationId":"a-%d"}`,
		n%60, strings.ToUpper(sub), n)
}

func metricLine(n int) string {
	return fmt.Sprintf(`{"time":"2025-01-06T%02d:00:00Z","resourceId":"/SUBSCRIPTIONS/%s/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/STORE/BLOBSERVICES/DEFAULT","metricName":"Transactions","timeGrain":"PT1H","count":%d,"total":%d,"minimum":0,"maximum":5,"average":1.5}`,
		n%24, strings.ToUpper(sub), n, n)
}

func repeat(line func(int) string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i) + "\n")
	}
	return b.String()
}

func metricListText(points int) string {
	var data []string
	for i := range points {
		data = append(data, fmt.Sprintf(`            {"timeStamp": "2025-01-06T%02d:00:00Z", "total": %d.0}`, i%24, i))
	}
	return `{
  "cost": 1, "interval": "PT1H", "namespace": "Microsoft.Storage/storageAccounts/blobServices", "resourceregion": "westeurope",
  "value": [
    {
      "id": "/subscriptions/` + sub + `/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/blobServices/default/providers/Microsoft.Insights/metrics/Transactions",
      "name": {"localizedValue": "Transactions", "value": "Transactions"},
      "timeseries": [
        {
          "data": [
` + strings.Join(data, ",\n") + `
          ],
          "metadatavalues": [
            {"name": {"value": "apiname"}, "value": "PutBlob"}, {"name": {"value": "responsetype"}, "value": "Success"}
          ]
        }
      ],
      "unit": "Count"
    }
  ]
}
`
}

func focusRows(n int) string {
	var b strings.Builder
	b.WriteString("BilledCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,ConsumedQuantity,ConsumedUnit,ProviderName,ResourceId,SubAccountId,x_SkuMeterName,Tags\n")
	for i := range n {
		fmt.Fprintf(&b, "%d.5,Usage,2025-01-%02dT00:00:00Z,2025-01-%02dT00:00:00Z,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z,0.%d,GB/Month,Microsoft,/subscriptions/%s/resourcegroups/rg/providers/microsoft.storage/storageaccounts/store,/subscriptions/%[5]s,Hot LRS Data Stored,\"{\"\"a\"\": \"\"x, y\"\"}\"\n",
			i, 1+i%27, 2+i%27, i+1, sub)
	}
	return b.String()
}

func inventoryRows(n int) string {
	b := "Name,Creation-Time,Last-Modified,Content-Length,BlobType,AccessTier\n"
	for i := range n {
		b += fmt.Sprintf("box/a/%d.amr,2025-01-05T00:00:00Z,2025-01-05T00:00:00Z,%d,BlockBlob,Hot\n", i, 1000+i)
	}
	return b
}

func disclosureRows(n int) string {
	b := "provider,account,resource,kind,region,disclosed_by,disclosed_on\n"
	for i := range n {
		b += fmt.Sprintf("azure,%s,store%d,storage_account,West Europe,Office,2025-01-01\n", sub, i)
	}
	return b
}

// A sample is a file of one kind with a known number of records.
type sample struct {
	kind    probity.Kind
	text    string
	records int64
	double  bool // two of them in one file are a file with twice as many
}

func samples() map[string]sample {
	all := moreSamples()
	maps.Copy(all, map[string]sample{
		"storage log":       {probity.AzureStorageLog, repeat(logLine, 20), 20, true},
		"storage log array": {probity.AzureStorageLog, "[" + strings.ReplaceAll(strings.TrimSpace(repeat(logLine, 7)), "\n", ",\n") + "]", 7, true},
		"storage records":   {probity.AzureStorageLog, `{"records":[` + strings.ReplaceAll(strings.TrimSpace(repeat(logLine, 7)), "\n", ",") + "]}", 7, true},
		"storage log tail":  {probity.AzureStorageLog, ",\n" + strings.ReplaceAll(strings.TrimSpace(repeat(logLine, 3)), "\n", ",\n"), 3, true},
		"activity log":      {probity.AzureActivityLog, repeat(activityLine, 12), 12, true},
		"activity value":    {probity.AzureActivityLog, `{"value":[` + activityLine(1) + "," + activityLine(2) + `],"nextLink":"https://example.com/{x}"}`, 2, true},
		"activity linked":   {probity.AzureActivityLog, `{"nextLink":"https://example.com/{x}","value":[` + activityLine(1) + ", " + activityLine(2) + `],"count":2}`, 2, true},
		"metric lines":      {probity.AzureMetrics, repeat(metricLine, 15), 15, true},
		"metric list":       {probity.AzureMetrics, metricListText(24), 24, true},
		"focus":             {probity.Focus, focusRows(9), 9, false},
		"inventory":         {probity.AzureBlobInventory, inventoryRows(30), 30, false},
		"disclosures":       {probity.Disclosures, disclosureRows(4), 4, false},
		"checksum":          {probity.InventoryChecksum, "C201ED6A903771A81A6A921EE8D0E68E\n", 1, false},
		"manifest":          {probity.AzureBlobInventory, manifestText("all.csv", 10, 1, 10), 1, false},
	})
	return all
}

func manifestText(name string, size, count, total int) string {
	return fmt.Sprintf(`{"endpoint":"https://store.blob.core.windows.net","files":[{"blob":"2025/01/06/%s","size":%d}],"inventoryStartTime":"2025-01-06T01:00:00Z","inventoryCompletionTime":"2025-01-06T01:05:00Z","ruleDefinition":{"filters":{"blobTypes":["blockBlob"],"prefixMatch":["box/"]},"schemaFields":["Name","Creation-Time","Last-Modified","Content-Length","BlobType","AccessTier"]},"status":"Succeeded","summary":{"objectCount":%d,"totalObjectSize":%d}}`,
		name, size, count, total)
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// read reads files, given by name, and returns the result and the tables'
// folder.
func read(t testing.TB, files map[string]string, kind probity.Kind) (Result, string) {
	t.Helper()
	dir, tables := t.TempDir(), t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, "evidence", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c := &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence", Kind: kind}}}
	list, _, err := evidence.Walk(context.Background(), c, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := Read(context.Background(), list, Options{Tables: tables, Tokens: evidence.NewTokens(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	return res, tables
}

// readOne reads one file, without the checks that need others, and returns its
// exhibit.
func readOne(t testing.TB, text string) probity.Exhibit {
	t.Helper()
	return onFile(t)(text)
}

// onFile returns a function that reads one file after the other.
func onFile(t testing.TB) func(text string) probity.Exhibit {
	t.Helper()
	dir := t.TempDir()
	part, err := table.NewPart(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := part.Close(); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "x")
	w := newWorker(part, evidence.NewTokens(make([]byte, 32)), &tally{})
	return func(text string) probity.Exhibit {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		f := &evidence.File{Abs: path, From: &probity.Evidence{}}
		f.Path, f.Bytes = "evidence/x", int64(len(text))
		w.tally = &tally{}
		x, err := readFile(context.Background(), f, w, true)
		if err != nil {
			t.Fatal(err)
		}
		return *x
	}
}

// rows returns the rows of a table.
func rows[T any](t testing.TB, tables, name string) []T {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(tables, name, "*.parquet"))
	var out []T
	for _, f := range files {
		r, err := parquet.ReadFile[T](f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r...)
	}
	return out
}

func balanced(t *testing.T, name string, x probity.Exhibit) {
	t.Helper()
	if sum := x.RecordBytes + x.DuplicateBytes + x.UnreadBytes + x.FramingBytes; sum != x.StreamBytes {
		t.Errorf("%s: %d of %d bytes are accounted for", name, sum, x.StreamBytes)
	}
}

// One suite for every reader: its kind is known by content, whatever the
// file's name and packing, and every byte is accounted for.
func TestConformance(t *testing.T) {
	for name, s := range samples() {
		for form, text := range map[string]string{
			"plain": s.text, "gzip": packed(s.text), "two members": packed(s.text[:len(s.text)/2]) + packed(s.text[len(s.text)/2:]),
			"BOM": "\xEF\xBB\xBF" + s.text, "CRLF": strings.ReplaceAll(s.text, "\n", "\r\n"), "no last line end": strings.TrimRight(s.text, "\n"), "blank lines": s.text + "\n\n",
		} {
			x := readOne(t, text)
			if x.Kind != s.kind || x.Records != s.records || x.Unread != 0 {
				t.Errorf("%s, %s: %s, %d records, %d unread; want %s, %d", name, form, x.Kind, x.Records, x.Unread, s.kind, s.records)
			}
			balanced(t, name+", "+form, x)
		}
		if s.double {
			if x := readOne(t, s.text+"\n"+s.text); x.Records != 2*s.records || x.Unread != 0 {
				t.Errorf("%s doubled: %d records, %d unread", name, x.Records, x.Unread)
			}
		}
		res, _ := read(t, map[string]string{"a": s.text, "b/c.txt": s.text}, "")
		if x := res.Exhibits[1]; x.Records != 0 || x.Duplicates != s.records || x.DuplicateOf == "" {
			t.Errorf("%s twice: %+v", name, x)
		} else {
			balanced(t, name+" twice", x)
		}
	}
}

// A file may end anywhere: whole records before the cut count, the rest is one
// unread range at most.
func TestTruncated(t *testing.T) {
	readOne := onFile(t)
	for name, s := range samples() {
		last := int64(0)
		for n := 0; n < len(s.text); n += 1 + len(s.text)/700 {
			x := readOne(s.text[:n])
			balanced(t, name, x)
			if x.Kind != s.kind {
				continue // too little to know what it is: all of it is unread
			}
			// A line without its end may look whole, and no longer when more of it is there.
			if x.Records < last-1 || x.Records > s.records || x.Unread > 1 {
				t.Errorf("%s cut at %d: %d records (%d before), %d unread", name, n, x.Records, last, x.Unread)
			}
			last = x.Records
			if n%7 == 0 {
				z := packed(s.text)
				balanced(t, name+" gzip", readOne(z[:len(z)*n/len(s.text)]))
			}
		}
	}
}

// A malformed record costs that record only.
func TestMalformed(t *testing.T) {
	for _, name := range []string{"storage log", "activity log", "metric lines", "focus", "inventory", "disclosures"} {
		s := samples()[name]
		lines := strings.SplitAfter(s.text, "\n")
		for what, bad := range map[string]string{
			"not of the kind": "garbage\n", "half of a record": lines[2][:len(lines[2])/2] + "\n", "an empty object": "{}\n", "a quote that stays open": lines[2][:len(lines[2])/2] + "\"\n",
		} {
			broken := strings.Join(append(append(append([]string{}, lines[:2]...), bad), lines[3:]...), "")
			x := readOne(t, broken)
			if x.Kind != s.kind || x.Records != s.records-1 || x.Unread != 1 {
				t.Errorf("%s, %s: %d records, %d unread; want %d, 1", name, what, x.Records, x.Unread, s.records-1)
			}
			balanced(t, name, x)
		}
	}
	list := strings.Replace(metricListText(24), `"total": 7.0}`, `"total": 7.0`, 1)
	if x := readOne(t, list); x.Records != 23 || x.Unread != 1 {
		t.Errorf("a malformed point: %d records, %d unread", x.Records, x.Unread)
	}
}

func TestUnknown(t *testing.T) {
	for name, text := range map[string]string{"text": "Dear reader,\nthis is a letter.\n", "json": `{"a":1}`, "csv": "a,b\n1,2\n", "binary": "\x00\x01\x02", "not gzip": "\x1f\x8b\x08 no"} {
		x := readOne(t, text)
		if x.Kind != probity.KindUnknown || x.Records != 0 || x.Unread != 1 || x.UnreadBytes != int64(len(text)) || x.Note == "" {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if x := readOne(t, ""); x.Kind != probity.KindUnknown || x.Unread != 0 || x.Note == "" {
		t.Errorf("an empty file: %+v", x)
	}
	res, _ := read(t, map[string]string{"x": "nothing of the kind\n"}, probity.Focus)
	if x := res.Exhibits[0]; x.Kind != probity.Focus || x.Records != 0 {
		t.Errorf("a kind that the case sets: %+v", x)
	}
}

// An unread range carries a hint of where it lies, and never a word of it.
func TestUnreadHints(t *testing.T) {
	text := logLine(1) + "\nmaria called 990000123456\n" + logLine(9) + "\n"
	res, tables := read(t, map[string]string{"x": text}, "")
	u := rows[table.Unread](t, tables, "unread")
	if len(u) != 1 || u[0].Resource != "store" || u[0].Account != sub || u[0].LogName != "StorageWrite" || u[0].From == nil || u[0].Until == nil || *u[0].Until-*u[0].From != 8*60e6 {
		t.Fatalf("%+v", u)
	}
	if int64(len(text)) != res.Exhibits[0].StreamBytes || u[0].Position != int64(len(logLine(1))+1) {
		t.Errorf("position %d", u[0].Position)
	}
	if strings.Contains(u[0].Reason, "maria") {
		t.Errorf("the reason quotes: %q", u[0].Reason)
	}
	_, tables = read(t, map[string]string{"insights-logs-storagewrite/resourceId=/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/blobServices/default/y=2025/m=01/d=08/h=17/m=00/PT1H.json": "broken\n" + `{"category":"StorageWrite","operationName":1` + "\n"}, probity.AzureStorageLog)
	for _, u := range rows[table.Unread](t, tables, "unread") {
		if u.Resource != "store" || u.LogName != "StorageWrite" || u.From == nil || *u.Until-*u.From != 3600e6 {
			t.Errorf("from the layout of the path: %+v", u)
		}
	}
	// A stream that was cut between two records has lost something all the same.
	z := packed(repeat(logLine, 3000))
	_, tables = read(t, map[string]string{"x": z[:len(z)-10]}, "")
	if u := rows[table.Unread](t, tables, "unread"); len(u) != 1 {
		t.Errorf("a cut stream: %+v", u)
	}
}
