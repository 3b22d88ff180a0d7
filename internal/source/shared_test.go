package source

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"probity"
	"probity/internal/evidence"
)

var update = flag.Bool("update", false, "rewrite SAMPLES.md")

const samplesHead = `# What becomes of published samples

Every file of the sample sets in ../shared/data, read as evidence: how many of each kind, their records, duplicates and unread ranges.
Written by ` + "`go test ./internal/source -run TestSharedData -update`" + `, which also asserts that each byte of each file is accounted for.
` + "`unknown`" + ` are files of no kind that is read: licences, notes, rules, schemas, tables of reference data, logs of load balancers. What
is unread of known kinds is named below the table.

| set | kind | files | records | duplicates | unread | unread bytes |
|---|---|---|---|---|---|---|
`

// why names what is unread of known kinds in the samples.
const why = `
* aws-docs-examples: two pages show an event that is cut short.
* focus-spec: two rows of the specification's examples, with an hour of 30 in a date.

Duplicates are those of whole files; records that stand twice in different files are set aside when the tables are complete. Of the
published detection tests (labelled), whose lines hold an event each under ` + "`log`" + `, 257 of 270 events of CloudTrail, 89 of 104 of the Activity log
and 75 of 93 of Google's audit log are read (TestLabelled); the others have no time, or names in lower case.
`

// Every file of the shared samples is read to its last byte, and what became of
// it stands in SAMPLES.md.
func TestSharedData(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the samples are not here")
	}
	abs, err := filepath.Abs(filepath.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := evidence.Walk(context.Background(), &probity.Case{Dir: abs, Evidence: []probity.Evidence{{Path: "data"}}}, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := Read(context.Background(), files, Options{Tables: t.TempDir(), Tokens: evidence.NewTokens(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ files, records, duplicates, unread, unreadBytes int64 }
	rows := map[string]*row{}
	for _, x := range res.Exhibits {
		balanced(t, x.Path, x)
		parts := strings.Split(x.Path, "/")
		set := strings.Join(parts[1:min(len(parts)-1, 3)], "/")
		if set == "" {
			set = "."
		}
		k := set + " | " + string(x.Kind)
		if rows[k] == nil {
			rows[k] = &row{}
		}
		r := rows[k]
		r.files, r.records, r.duplicates, r.unread, r.unreadBytes = r.files+1, r.records+x.Records, r.duplicates+x.Duplicates, r.unread+x.Unread, r.unreadBytes+x.UnreadBytes
	}
	var keys []string
	for k := range rows {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	text := samplesHead
	for _, k := range keys {
		r := rows[k]
		text += fmt.Sprintf("| %s | %d | %d | %d | %d | %d |\n", k, r.files, r.records, r.duplicates, r.unread, r.unreadBytes)
	}
	text += why
	page := filepath.Join("..", "..", "SAMPLES.md")
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(page); err != nil || string(old) != text {
		t.Error("SAMPLES.md is not what the samples give: run go test ./internal/source -run TestSharedData -update")
	}
}

// The published detection tests hold an event each: every one of CloudTrail,
// the Activity log and Google's audit log is read.
func TestLabelled(t *testing.T) {
	for name, kinds := range map[string]map[string]probity.Kind{
		"aws.jsonl": {"AWS.CloudTrail": probity.AWSCloudTrail, "AWS.VPCFlow": ""}, "azure.jsonl": {"Azure.MonitorActivity": probity.AzureActivityLog}, "gcp.jsonl": {"GCP.AuditLog": probity.GCPAuditLog},
	} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "labelled", name))
		if err != nil {
			t.Skip("the samples are not here")
		}
		readOne := onFile(t)
		all, good := 0, 0
		for line := range strings.Lines(string(data)) {
			x := object{}
			members([]byte(strings.TrimSpace(line)), func(n, v []byte) bool { x[string(n)] = v; return true })
			kind := probity.Kind("")
			elements(x["log_types"], func(_ int, v []byte) { kind = kinds[string(text(v))] })
			if kind == "" || len(x["log"]) == 0 {
				continue
			}
			all++
			r := readOne(string(x["log"]))
			balanced(t, name, r)
			if r.Kind == kind && r.Records == 1 {
				good++
			}
		}
		t.Logf("%s: %d of %d events are read", name, good, all)
		if good < all/2 {
			t.Errorf("%s: only %d of %d events are read", name, good, all)
		}
	}
}
