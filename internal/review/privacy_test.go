package review

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/query"
	"probity/internal/report"
)

// What is planted below stands for people. All of it is invented; addresses
// are from the ranges for documentation.
var planted = []string{
	"990000123456", "call-to-maria", "jane.roe@planted.example", "Jane Roe", "jane.roe", "192.0.2.211", "2001:db8::beef",
	"QUJDc2lnbmF0dXJl", "a1b2c3d4-0000-4000-8000-00000000cafe", "hash-of-a-key", "Planted-Agent", "secret-note",
}

const (
	plantedAccount = "0d0c1c1e-0000-4000-8000-000000000009"
	plantedLog     = `{"time":"2025-01-06T10:00:00Z","resourceId":"/subscriptions/` + plantedAccount + `/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/plantstore/blobServices/default","category":"StorageWrite","operationName":"PutBlob","statusCode":201,"statusText":"Success","callerIpAddress":"192.0.2.211:4711","correlationId":"a1b2c3d4-0000-4000-8000-00000000cafe","identity":{"type":"SAS","tokenHash":"hash-of-a-key","requester":{"uniqueName":"jane.roe@planted.example"}},"location":"westeurope","properties":{"objectKey":"/plantstore/box/990000123456-call-to-maria.amr","userAgentHeader":"Planted-Agent/1.0","metricResponseType":"Success","requestBodySize":"1606"},"uri":"https://plantstore.blob.core.windows.net/box/990000123456-call-to-maria.amr?sv=1&sig=QUJDc2lnbmF0dXJl%3D"}
{"time":"2025-01-06T11:00:00Z","resourceId":"/subscriptions/` + plantedAccount + `/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/plantstore/blobServices/default","category":"StorageWrite","operationName":"PutBlob","statusCode":201,"callerIpAddress":"[2001:db8::beef]:443","uri":"https://plantstore.blob.core.windows.net/box/990000123456.amr?sig=QUJDc2lnbmF0dXJl"
not a record: jane.roe@planted.example called 990000123456
`
	plantedActivity = `{"time":"2025-01-06T09:00:00Z","resourceId":"/SUBSCRIPTIONS/` + plantedAccount + `/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/PLANTSTORE","operationName":"MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION","category":"Administrative","resultType":"Success","callerIpAddress":"192.0.2.211","correlationId":"x","caller":"jane.roe@planted.example","identity":{"claims":{"name":"Jane Roe","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"jane.roe@planted.example"}},"properties":{"message":"secret-note"}}
`
	plantedInventory = "Name,Creation-Time,Last-Modified,Content-Length,BlobType\nbox/990000123456-call-to-maria.amr,2025-01-05T00:00:00Z,2025-01-05T00:00:00Z,1606,BlockBlob\n\"box/jane.roe,Jane Roe.wav\",2025-01-05T00:00:00Z,2025-01-05T00:00:00Z,bad,BlockBlob\n"
	plantedDisclosed = "provider,account,resource,kind,region,disclosed_by,disclosed_on\nazure," + plantedAccount + ",plantstore,storage_account,westeurope,Jane Roe,2025-01-01\nazure," + plantedAccount + ",x,y,z,Jane Roe,someday jane.roe\n"
	plantedCase      = `probity: 1
id: planted
period: {from: 2025-01-06, until: 2025-01-07}
allegations:
  - {id: A1, statement: s, claims: [{id: A1.1, statement: s, test: {quantity: objects_written, at_least: 1}}, {id: A1.2, statement: s, test: {indicator: speech_archive}}, {id: A1.3, statement: s, test: {estate: undisclosed}}]}
evidence: [{path: evidence, custodian: {name: Office, relation: provider}}]
`
)

// Nothing that names people is in any output, tables included; shapes of names
// are.
func TestNothingPrivate(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"case.yaml": plantedCase, "evidence/log": plantedLog, "evidence/activity": plantedActivity,
		"evidence/listing": plantedInventory, "evidence/disclosed": plantedDisclosed, "evidence/other": "Jane Roe 990000123456"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	all := outputs(t, dir)
	for _, p := range planted {
		for name, text := range all {
			if strings.Contains(strings.ToLower(text), strings.ToLower(p)) {
				t.Errorf("%s holds %q", name, p)
			}
		}
	}
	if !strings.Contains(all["tables/activity"], "999999999999-aaaa-aa-aaaaa.amr") {
		t.Error("the shape of a name did not stay")
	}
	key, err := os.ReadFile(filepath.Join(dir, "probity.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range all {
		if strings.Contains(text, strings.TrimSpace(string(key))) {
			t.Errorf("%s holds the key", name)
		}
	}
}

// The same for an estate with many records.
func TestNothingPrivateOfAnEstate(t *testing.T) {
	dir := estate(t, "harbour")
	data, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct{ Private []string }
	if err := json.Unmarshal(data, &truth); err != nil || len(truth.Private) < 10 {
		t.Fatal(err, len(truth.Private))
	}
	for name, text := range outputs(t, dir) {
		for _, p := range truth.Private {
			if strings.Contains(text, p) {
				t.Errorf("%s holds %q", name, p)
			}
		}
	}
}

// outputs reviews a case and returns every output as text: the files as they
// are, the rows of the tables, and the terminal summary.
func outputs(t *testing.T, dir string) map[string]string {
	t.Helper()
	res, _ := review(t, dir)
	all := map[string]string{}
	err := filepath.WalkDir(res.Out, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(res.Out, p)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Text(&b, res.Review, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	all["the summary"] = b.String()
	tables, err := os.ReadDir(filepath.Join(res.Out, "tables"))
	if err != nil || len(tables) < 8 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(res.Out)); err != nil {
		t.Fatal(err)
	}
	e, err := query.Open(context.Background(), copied, probity.Span{From: time.Unix(0, 0), Until: time.Now()}, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, d := range tables {
		name := "tables/" + d.Name()
		err := e.Each(context.Background(), name, "SELECT CAST(t AS VARCHAR) FROM read_parquet('"+name+"/*.parquet') t", func(row func(...any) error) error {
			var s string
			err := row(&s)
			all[name] += s + "\n"
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
