package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"probity"
	"probity/internal/table"
)

// What stands between two records costs itself only, in every kind that has
// records a line or an object.
func TestGarbageInTheMiddle(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	for _, name := range []string{"storage log", "activity log", "metric lines", "trail lines", "access log", "metric stream", "vpc flows", "vpc flows bare", "gcp audit", "gcp flows", "ocsf",
		"gcs usage", "focus", "ea", "inventory", "disclosures", "s3 inventory"} {
		s := samples()[name]
		lines := strings.SplitAfter(s.text, "\n")
		for what, bad := range map[string]string{
			"text": "Dear reader, nothing of the kind\n", "a huge line": strings.Repeat("x", 300_000) + "\n", "deep nesting": deep + "\n",
			"no UTF-8": "\xff\xfe\x00\xc3\x28 \x80\n", "a NUL": "\x00\x00\x00\n", "brackets": "]]}}{{[[\n",
		} {
			text := strings.Join(lines[:3], "") + bad + strings.Join(lines[3:], "")
			x := readOne(t, text)
			if x.Kind != s.kind || x.Records != s.records || x.Unread != 1 {
				t.Errorf("%s, %s: %s, %d records, %d unread; want %s, %d, 1", name, what, x.Kind, x.Records, x.Unread, s.kind, s.records)
			}
			balanced(t, name, x)
		}
	}
}

// Records with odd content are still records: bytes that are no UTF-8, a key
// that stands twice, blanks and escapes everywhere.
func TestOddRecords(t *testing.T) {
	for _, name := range []string{"storage log", "activity log", "trail lines", "metric stream", "gcp audit", "gcp flows", "ocsf"} {
		s := samples()[name]
		for what, text := range map[string]string{
			"no UTF-8":   strings.ReplaceAll(s.text, "store", "st\xffore"),
			"twice":      strings.ReplaceAll(s.text, "{\"", "{\"twice\":1,\"twice\":{\"x\":[]},\""),
			"long value": strings.ReplaceAll(s.text, "}\n", ",\"long\":\""+strings.Repeat("y", 200_000)+"\"}\n"),
		} {
			x := readOne(t, text)
			if x.Records != s.records || x.Unread != 0 {
				t.Errorf("%s, %s: %d records, %d unread; want %d", name, what, x.Records, x.Unread, s.records)
			}
			balanced(t, name, x)
		}
	}
}

// Times in every spelling that clouds use mean the same instant.
func TestTimeSpellings(t *testing.T) {
	for _, time := range []string{"2025-01-06T10:00:00Z", "2025-01-06T10:00:00.000Z", "2025-01-06T10:00:00.00Z", "2025-01-06T10:00:00.000000000Z",
		"2025-01-06T10:00:00", "2025-01-06T12:00:00+02:00", "2025-01-06 10:00:00", "2025-01-06T05:00:00.0000000-05:00"} {
		_, tables := read(t, map[string]string{"x": strings.Replace(trailEvent(0), "2025-01-06T10:00:00Z", time, 1)}, "")
		if r := rows[table.Activity](t, tables, "activity"); len(r) != 1 || r[0].Time != 1736157600_000_000 {
			t.Errorf("%s: %+v", time, r)
		}
	}
	for _, time := range []string{"1736157600", "1736157600000", "1736157600000000", "1736157600.000", "1736157600000000000"} {
		if got, ok := parseEpoch([]byte(time)); !ok || got != 1736157600_000_000 {
			t.Errorf("%s: %d %v", time, got, ok)
		}
	}
	x := readOne(t, strings.ReplaceAll(eaRows(2), "01/13/2025", "1/9/2007 9:41:00 AM"))
	if x.Records != 2 || !strings.Contains(x.Note, "ambiguous") {
		t.Errorf("an ambiguous date: %+v", x)
	}
}

// The folder on which other tools lose records: each of its bytes is accounted
// for, and nothing is counted twice.
func TestSevenFiles(t *testing.T) {
	good := `{"Records":[` + strings.TrimSuffix(strings.ReplaceAll(repeat(trailEvent, 300), "\n", ","), ",") + "]}"
	lost := func(n int) string { // a record that lacks a time, one whose time is none, one that is something else
		switch n {
		case 300:
			return strings.Replace(trailEvent(1000+n), `"eventTime":"2025-01-06T10:40:00Z",`, "", 1)
		case 500:
			return strings.Replace(trailEvent(1000+n), "2025-01-06T10:00:00Z", "not-a-time", 1)
		case 700:
			return `{"x":1}`
		}
		return trailEvent(1000 + n)
	}
	thousand := `{"Records":[` + strings.TrimSuffix(strings.ReplaceAll(repeat(lost, 1000), "\n", ","), ",") + "]}"
	other := func(n int) string { return trailEvent(5000 + n) }
	half := packed(`{"Records":[` + strings.TrimSuffix(strings.ReplaceAll(repeat(other, 200), "\n", ","), ",") + "]}")
	third := func(n int) string { return trailEvent(8000 + n) }
	cut := `{"Records":[` + strings.TrimSuffix(strings.ReplaceAll(repeat(third, 50), "\n", ","), ",") + "]}"
	cut = cut[:len(cut)-200]
	res, tables := read(t, map[string]string{
		"1-good.json.gz": packed(good), "2-truncated.json.gz": half[:len(half)/2], "3-cut.json": cut, "4-thousand.json": thousand,
		"5-copy.json.gz": packed(good), "6-digest.json": digestText, "7-late.json.gz.part": packed("half a download")[:20],
	}, "")
	want := []struct {
		kind                        probity.Kind
		records, duplicates, unread int64
	}{
		{probity.AWSCloudTrail, 300, 0, 0}, {probity.AWSCloudTrail, -1, 0, 1}, {probity.AWSCloudTrail, 49, 0, 1}, {probity.AWSCloudTrail, 997, 0, 3},
		{probity.AWSCloudTrail, 0, 300, 0}, {probity.AWSCloudTrailDigest, 1, 0, 0}, {probity.KindUnknown, 0, 0, 1},
	}
	var counted int64
	for i, x := range res.Exhibits {
		w := want[i]
		if x.Kind != w.kind || x.Records != w.records && w.records >= 0 || x.Duplicates != w.duplicates || x.Unread != w.unread {
			t.Errorf("%s: %s, %d records, %d duplicates, %d unread; want %+v", x.Path, x.Kind, x.Records, x.Duplicates, x.Unread, w)
		}
		balanced(t, x.Path, x)
		if x.Kind == probity.AWSCloudTrail {
			counted += x.Records
		}
	}
	if x := res.Exhibits[1]; x.Records < 10 || x.Records >= 200 || !strings.Contains(x.Note, "cut off") {
		t.Errorf("the truncated file: %+v", x)
	}
	if n := len(rows[table.Activity](t, tables, "activity")); int64(n) != counted {
		t.Errorf("%d rows of %d records", n, counted)
	}
	reasons := map[string]int{}
	for _, u := range rows[table.Unread](t, tables, "unread") {
		reasons[u.Reason]++
		if u.Exhibit == "" || u.Length == 0 {
			t.Errorf("%+v", u)
		}
	}
	if reasons["no time that can be read"] != 3 || reasons["cut off"] != 2 {
		t.Errorf("reasons %v", reasons)
	}
}

func tarOf(files ...string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))})
		w.Write([]byte(files[i+1]))
	}
	w.Close()
	return b.String()
}

func zipOf(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		f.Write([]byte(files[i+1]))
	}
	w.Close()
	return b.String()
}

func zstdOf(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// Members of archives are exhibits of their own, one archive deep within
// another; a file that is in an archive and beside it counts once.
func TestArchives(t *testing.T) {
	log, trail := repeat(logLine, 5), repeat(trailEvent, 4)
	inner := zipOf("deep/log.json", log)
	for name, files := range map[string]map[string]string{
		"zip":          {"a.zip": zipOf("log.json", log, "x/trail.json.gz", packed(trail))},
		"tar":          {"a.tar": tarOf("log.json", log, "x/trail.json", trail)},
		"tar.gz":       {"a.bin": packed(tarOf("log.json", log, "x/trail.json", trail))},
		"tar.zst":      {"a.tzst": zstdOf(tarOf("log.json", log, "x/trail.json", trail))},
		"zstd":         {"log.json.zst": zstdOf(log), "trail.zst": zstdOf(trail)},
		"nested":       {"a.zip": zipOf("inner.zip", inner, "trail.json", trail)},
		"nested tar":   {"a.tgz": packed(tarOf("inner.zip", inner, "trail.json", trail))},
		"escaping":     {"a.zip": zipOf("../../../log.json", log, "/etc/trail.json", trail)},
		"beside":       {"a.zip": zipOf("log.json", log, "trail.json", trail), "log.json": log},
		"two archives": {"a.zip": zipOf("log.json", log), "b.tar": tarOf("log.json", log, "t", trail)},
	} {
		res, tables := read(t, files, "")
		records := map[probity.Kind]int64{}
		for _, x := range res.Exhibits {
			records[x.Kind] += x.Records
			balanced(t, name+" "+x.Path, x)
			if x.Unread != 0 || !strings.HasPrefix(x.Path, "evidence/") || strings.Contains(x.Path, "..") || len(x.SHA256) != 64 {
				t.Errorf("%s: %+v", name, x)
			}
		}
		if records[probity.AzureStorageLog] != 5 || records[probity.AWSCloudTrail] != 4 {
			t.Errorf("%s: %v", name, records)
		}
		if n := len(rows[table.Activity](t, tables, "activity")); n != 9 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
	// Three deep is not opened, and says so.
	res, _ := read(t, map[string]string{"a.zip": zipOf("b.zip", zipOf("c.zip", inner))}, "")
	if x := res.Exhibits[len(res.Exhibits)-1]; x.Kind != probity.Archive || x.Unread != 1 || !strings.Contains(x.Note, "not opened") {
		t.Errorf("three deep: %+v", x)
	}
	// What is cut off is told: of a tar the members before the cut are read.
	whole := tarOf("log.json", log, "x/trail.json", trail)
	res, _ = read(t, map[string]string{"a.tar": whole[:len(whole)-3000], "b.zip": inner[:len(inner)-30]}, "")
	var notes []string
	for _, x := range res.Exhibits {
		balanced(t, x.Path, x)
		if x.Note != "" {
			notes = append(notes, x.Path)
		}
	}
	if got := fmt.Sprint(notes); got != "[evidence/a.tar evidence/a.tar/x/trail.json evidence/b.zip]" || res.Exhibits[1].Records != 5 {
		t.Errorf("notes on %s, %+v", got, res.Exhibits)
	}
}

// A decompression bomb is refused, and the review goes on.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	bomb := strings.Repeat("\x00", 100<<20)
	for name, text := range map[string]string{"gzip": packed(bomb), "zstd": zstdOf(bomb), "zip": zipOf("zeros", bomb)} {
		res, _ := read(t, map[string]string{"bomb": text, "log.json": repeat(logLine, 2)}, "")
		found := false
		for _, x := range res.Exhibits {
			found = found || strings.Contains(x.Note, "bomb")
			balanced(t, name, x)
			if x.StreamBytes > 80<<20 {
				t.Errorf("%s: %d bytes were read", name, x.StreamBytes)
			}
		}
		if !found {
			t.Errorf("%s: %+v", name, res.Exhibits)
		}
	}
}

type parquetCharge struct {
	BilledCost        float64  `parquet:"BilledCost"`
	ChargePeriodStart int64    `parquet:"ChargePeriodStart,timestamp(millisecond)"`
	ChargePeriodEnd   int64    `parquet:"ChargePeriodEnd,timestamp(microsecond)"`
	ChargeCategory    string   `parquet:"ChargeCategory"`
	ConsumedQuantity  *float64 `parquet:"ConsumedQuantity,optional"`
	ConsumedUnit      *string  `parquet:"ConsumedUnit,optional"`
	ProviderName      string   `parquet:"ProviderName"`
	ResourceId        string   `parquet:"ResourceId"`
	ServiceName       string   `parquet:"ServiceName"`
	SubAccountId      string   `parquet:"SubAccountId"`
	XUsageType        string   `parquet:"x_UsageType"`
	Tags              []string `parquet:"Tags,list"`
}

type parquetObject struct {
	Bucket       string `parquet:"bucket"`
	Key          string `parquet:"key"`
	Size         *int64 `parquet:"size,optional"`
	LastModified int64  `parquet:"last_modified_date,timestamp(millisecond)"`
	IsLatest     *bool  `parquet:"is_latest,optional"`
}

type parquetFlow struct {
	Version     int32  `parquet:"version"`
	AccountID   string `parquet:"account_id"`
	InterfaceID string `parquet:"interface_id"`
	SrcAddr     string `parquet:"srcaddr"`
	DstAddr     string `parquet:"dstaddr"`
	Packets     int64  `parquet:"packets"`
	Bytes       int64  `parquet:"bytes"`
	Start       int64  `parquet:"start"`
	End         int64  `parquet:"end"`
	Action      string `parquet:"action"`
}

type parquetEvent struct {
	ActivityID int32 `parquet:"activity_id"`
	ClassUID   int32 `parquet:"class_uid"`
	Time       int64 `parquet:"time"`
	StatusID   int32 `parquet:"status_id"`
	Category   int32 `parquet:"category_uid"`
	Cloud      struct {
		Provider string `parquet:"provider"`
		Region   string `parquet:"region"`
		Account  *struct {
			UID string `parquet:"uid"`
		} `parquet:"account,optional"`
	} `parquet:"cloud"`
	API struct {
		Operation string `parquet:"operation"`
		Service   struct {
			Name string `parquet:"name"`
		} `parquet:"service"`
	} `parquet:"api"`
	Metadata struct {
		UID     string `parquet:"uid"`
		LogName string `parquet:"log_name"`
	} `parquet:"metadata"`
	Resources []struct {
		UID string `parquet:"uid"`
	} `parquet:"resources,list"`
}

// Parquet files are read as the rows that they hold.
func TestParquet(t *testing.T) {
	q, unit := 2.5, "GB-Months"
	charges := make([]parquetCharge, 7)
	for i := range charges {
		charges[i] = parquetCharge{BilledCost: 1.25, ChargePeriodStart: 1736121600000, ChargePeriodEnd: 1736208000_000000, ChargeCategory: "Usage", ConsumedQuantity: &q, ConsumedUnit: &unit,
			ProviderName: "AWS", ResourceId: fmt.Sprintf("store-%d", i), ServiceName: "Amazon Simple Storage Service", SubAccountId: "12345678901", XUsageType: "EU-TimedStorage-ByteHrs", Tags: []string{"a", "b"}}
	}
	size := int64(77)
	objects := make([]parquetObject, 5)
	for i := range objects {
		objects[i] = parquetObject{"store", fmt.Sprintf("a/%d.amr", i), &size, 1736121600000, nil}
	}
	objects[4].Size = nil
	flows := make([]parquetFlow, 4)
	for i := range flows {
		flows[i] = parquetFlow{5, "123456789012", "eni-1", "10.0.0.1", "203.0.113.9", 1, 100, 1736157600, 1736157660, "ACCEPT"}
	}
	events := make([]parquetEvent, 4)
	for i := range events {
		e := &events[i]
		e.ActivityID, e.ClassUID, e.Time, e.StatusID, e.Category = 1, 6003, 1736157600000, 1, 6
		e.Cloud.Provider, e.Cloud.Region = "AWS", "eu-west-1"
		if i > 0 {
			e.Cloud.Account = &struct {
				UID string `parquet:"uid"`
			}{"123456789012"}
		}
		e.API.Operation, e.API.Service.Name = "GetObject", "s3.amazonaws.com"
		e.Metadata.UID, e.Metadata.LogName = fmt.Sprint("e", i), "Data"
		for range i {
			e.Resources = append(e.Resources, struct {
				UID string `parquet:"uid"`
			}{"arn:aws:s3:::store/a/b.amr"})
		}
	}
	bill := parquetOf(t, charges)
	res, tables := read(t, map[string]string{"1": bill, "2": parquetOf(t, objects), "3": parquetOf(t, flows), "4": parquetOf(t, events), "5.gz": packed(bill[:len(bill)-9]), "6": bill[:len(bill)/2],
		"7.zip": zipOf("x.parquet", parquetOf(t, charges[:3]))}, "")
	want := []struct {
		kind    probity.Kind
		records int64
	}{{probity.Focus, 7}, {probity.AWSS3Inventory, 5}, {probity.AWSVPCFlowLog, 4}, {probity.OCSF, 4}, {probity.KindUnknown, 0}, {probity.KindUnknown, 0}, {probity.Archive, 0}, {probity.Focus, 3}}
	for i, x := range res.Exhibits {
		if x.Kind != want[i].kind || x.Records != want[i].records || (x.Unread != 0) != (x.Kind == probity.KindUnknown) {
			t.Errorf("%s: %s, %d records, %d unread (%s)", x.Path, x.Kind, x.Records, x.Unread, x.Note)
		}
		balanced(t, x.Path, x)
	}
	if c := rows[table.Charge](t, tables, "charges"); len(c) != 10 || c[0].Account != "012345678901" || c[0].ResourceType != s3Bucket || c[0].ChargeFrom != 1736121600_000000 || c[0].ConsumedQuantity == nil {
		t.Errorf("charges %+v", c)
	}
	if f := rows[table.Flow](t, tables, "flows"); len(f) != 4 || !f[0].SrcPrivate || f[0].DstPrivate || f[0].Bytes != 100 || !f[0].Accepted {
		t.Errorf("flows %+v", f)
	}
	a := rows[table.Activity](t, tables, "activity")
	if len(a) != 4 || a[0].ResourceName != "" || a[3].ResourceName != "store" || a[3].FileShape != "a/a.amr" || a[3].CloudAccountUID != "123456789012" || a[0].CloudAccountUID != "" {
		t.Errorf("events %+v", a)
	}
}

// Queries of GetMetricData may lie in a file beside the results; without them
// nothing says what a value is of.
func TestMetricDataQueries(t *testing.T) {
	all := metricDataText(4)
	i := strings.Index(all, ",\n\"MetricDataResults\"")
	queries, results := all[:i]+"}", "{"+all[i+2:]
	res, tables := read(t, map[string]string{"a/q.json": queries, "a/r.json": results, "b/r2.json": results + "\n"}, "")
	if q, r, alone := res.Exhibits[0], res.Exhibits[1], res.Exhibits[2]; q.Records != 1 || r.Records != 4 || alone.Records != 0 || alone.Unread != 4 {
		t.Errorf("%+v", res.Exhibits)
	}
	if m := rows[table.Metric](t, tables, "metrics"); len(m) != 4 || m[0].Resource != "store" || m[0].GrainSeconds != 3600 || m[0].Namespace != "aws/s3" {
		t.Errorf("%+v", m)
	}
}

// An inventory of S3 has no header: the manifest that states its MD5 names the
// columns, wherever the file lies and whatever it is called.
func TestS3Inventory(t *testing.T) {
	csv := packed(s3Rows(3))
	manifest := s3Manifest("real.csv.gz", len(csv), md5Of(csv))
	res, tables := read(t, map[string]string{"x/renamed": csv, "manifest.json": manifest, "manifest.checksum": md5Of(manifest)}, "")
	l := rows[table.Listing](t, tables, "listings")
	inv := rows[table.Inventory](t, tables, "inventory")
	if len(l) != 1 || l[0].Resource != "store-bucket" || !l[0].Complete || l[0].Provider != "aws" || len(inv) != 3 || inv[0].Bytes == nil || *inv[0].Bytes != 1000 || inv[0].ObjectShape != "a/9 a.amr" || inv[0].Modified == nil {
		t.Errorf("%+v %+v", l, inv)
	}
	if len(res.Integrity) != 2 || res.Integrity[0].Result != "ok" || res.Integrity[1].Result != "ok" {
		t.Errorf("%+v", res.Integrity)
	}
	res, _ = read(t, map[string]string{"real.csv.gz": packed(s3Rows(2)), "manifest.json": manifest}, "")
	if len(res.Integrity) != 1 || res.Integrity[0].Result != "altered" {
		t.Errorf("%+v", res.Integrity)
	}
}

// Nothing that names people or objects reaches the tables, of any kind.
func TestPrivacy(t *testing.T) {
	files := map[string]string{}
	for name, s := range samples() {
		files[strings.ReplaceAll(name, " ", "-")] = s.text
	}
	files["custom"] = strings.ReplaceAll(strings.ReplaceAll(repeat(streamLine, 3), "AWS/S3", "Shop"), "EntireBucket", "jane.roe")
	_, tables := read(t, files, "")
	var all strings.Builder
	for _, r := range rows[table.Activity](t, tables, "activity") {
		fmt.Fprintf(&all, "%+v\n", r)
	}
	for _, r := range rows[table.Metric](t, tables, "metrics") {
		fmt.Fprintf(&all, "%+v\n", r)
	}
	for _, r := range rows[table.Flow](t, tables, "flows") {
		fmt.Fprintf(&all, "%+v\n", r)
	}
	for _, r := range rows[table.Inventory](t, tables, "inventory") {
		fmt.Fprintf(&all, "%+v\n", r)
	}
	for _, r := range rows[table.Unread](t, tables, "unread") {
		fmt.Fprintf(&all, "%+v\n", r)
	}
	if all.Len() < 10_000 {
		t.Fatal("there is nothing to look at")
	}
	for _, private := range []string{"192.0.2.", "203.0.113.", "10.0.0.", ":user/", "assumed-role", "a@b.example", "agent", "/1.amr", "a/1", "secret", "tokenHash", "jane.roe", "example.com"} {
		if i := strings.Index(all.String(), private); i >= 0 {
			t.Errorf("%q is in the tables: ...%s...", private, all.String()[max(0, i-80):i+40])
		}
	}
}

// The same event laid out for reading is a copy of it, and an event about a
// bucket of another account says nothing of the buckets here.
func TestCloudTrailCopies(t *testing.T) {
	foreign := strings.Replace(strings.Replace(trailEvent(2), `"eventType"`, `"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::other/x"},{"accountId":"999999999999","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::other"}],"eventType"`, 1), "Store", "other", 1)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(trailEvent(1)), "", "  "); err != nil {
		t.Fatal(err)
	}
	_, tables := read(t, map[string]string{"1": trailEvent(1), "2": pretty.String(), "3": lookupEvent(1), "4": foreign}, "")
	list := rows[table.Activity](t, tables, "activity")
	digests, named := map[table.Token]int{}, 0
	for _, r := range list {
		digests[r.Digest]++
		if r.ResourceName != "" {
			named++
		}
	}
	if len(list) != 4 || len(digests) != 2 || named != 3 {
		t.Errorf("%d rows, %d digests, %d of buckets here", len(list), len(digests), named)
	}
}
