package simulate

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"time"
)

// Clouds that an account may lie in.
const (
	azure = "azure"
	aws   = "aws"
)

// provider is the cloud that an account lies in.
func (a *Account) provider() string {
	if a.Provider == "" {
		return azure
	}
	return a.Provider
}

// prefixes of usage types on the bill, by region.
var awsRegions = map[string]string{"eu-west-1": "EU", "eu-west-2": "EUW2", "eu-central-1": "EUC1", "us-east-1": "USE1", "us-west-2": "USW2"}

// awsOps are what S3's records call an operation: the event of CloudTrail, the
// operation of the access log, the request's verb, and the metric.
var awsOps = map[string]struct{ event, log, verb, metric string }{
	"PutBlob":      {"PutObject", "REST.PUT.OBJECT", "PUT", "PutRequests"},
	"StartUpload":  {"CreateMultipartUpload", "REST.POST.UPLOADS", "POST", "PostRequests"},
	"PutBlock":     {"UploadPart", "REST.PUT.PART", "PUT", "PutRequests"},
	"PutBlockList": {"CompleteMultipartUpload", "REST.POST.UPLOAD", "POST", "PostRequests"},
	"GetBlob":      {"GetObject", "REST.GET.OBJECT", "GET", "GetRequests"},
	"DeleteBlob":   {"DeleteObject", "REST.DELETE.OBJECT", "DELETE", "DeleteRequests"},
	"ListBlobs":    {"ListObjects", "REST.GET.BUCKET", "GET", "ListRequests"},
}

// awsStatus returns a request's status and error as S3 tells them.
func (r *request) awsStatus() (status int, code, message string) {
	switch {
	case r.status == 403:
		return 403, "AccessDenied", "Access Denied"
	case r.status == 404:
		return 404, "NoSuchKey", "The specified key does not exist."
	case r.op == "DeleteBlob":
		return 204, "", ""
	}
	return 200, "", ""
}

// uploaded is what a request moved as S3 counts it: completing an upload in parts
// sends a list, which is no part of the object.
func (r *request) uploaded() int64 {
	if !r.moved() || r.op == "PutBlockList" {
		return 0
	}
	return r.body
}

// key is an object's name in its bucket: a container is a prefix.
func (r *request) key() string {
	if r.object == "" {
		return ""
	}
	return r.container + "/" + r.object
}

func letters(a uint64, n int) string {
	const set = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = set[a%32]
		a = a/32 ^ a*0x9e3779b97f4a7c15
	}
	return string(b)
}

// hostID is the longer of the two ids of a request.
func (r *request) hostID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d", r.serial))
	return base64.StdEncoding.EncodeToString(append(sum[:], sum[:24]...))
}

func (r *request) role() string {
	return []string{"ingest-writer", "ingest-writer", "operator", "loader", "reader"}[r.caller]
}

// members is a JSON object whose members keep the order in which they are put.
type members []any // name, value, name, value ...

func (o members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i < len(o); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(o[i])
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o[i+1])
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// identity is who made a call, as CloudTrail has it.
func identity(a *Account, role string) members {
	id := letters(uint64(len(role))*7919, 16)
	return members{"type", "AssumedRole", "principalId", "AROA" + id + ":" + role + "-session", "arn", "arn:aws:sts::" + a.ID + ":assumed-role/" + role + "/" + role + "-session",
		"accountId", a.ID, "accessKeyId", "ASIA" + id, "sessionContext", members{"sessionIssuer", members{"type", "Role", "principalId", "AROA" + id,
			"arn", "arn:aws:iam::" + a.ID + ":role/" + role, "accountId", a.ID, "userName", role}, "attributes", members{"mfaAuthenticated", "false", "creationDate", "2025-01-01T00:00:00Z"}}}
}

// event writes a request as a data event.
func (r *request) event(h *history) members {
	a, bucket := h.account, h.storage.Name
	op := awsOps[r.op]
	host := bucket + ".s3." + h.storage.Region + ".amazonaws.com"
	_, code, message := r.awsStatus()
	parameters := members{"bucketName", bucket, "Host", host}
	resources := []members{}
	if r.object == "" {
		parameters = append(parameters, "list-type", "2", "prefix", "", "max-keys", "1000")
	} else {
		parameters = append(parameters, "key", r.key())
		resources = append(resources, members{"type", "AWS::S3::Object", "ARN", "arn:aws:s3:::" + bucket + "/" + r.key()})
	}
	resources = append(resources, members{"accountId", a.ID, "type", "AWS::S3::Bucket", "ARN", "arn:aws:s3:::" + bucket})
	e := members{"eventVersion", "1.10", "userIdentity", identity(a, r.role()), "eventTime", r.at.UTC().Format(time.RFC3339), "eventSource", "s3.amazonaws.com",
		"eventName", op.event, "awsRegion", h.storage.Region, "sourceIPAddress", callers[r.caller].address, "userAgent", "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOARCH#amd64"}
	if code != "" {
		e = append(e, "errorCode", code, "errorMessage", message)
	}
	return append(e, "requestParameters", parameters, "responseElements", nil, "additionalEventData", members{"SignatureVersion", "SigV4", "CipherSuite", "TLS_AES_128_GCM_SHA256",
		"bytesTransferredIn", float64(r.uploaded()), "AuthenticationMethod", "AuthHeader", "x-amz-id-2", r.hostID(), "bytesTransferredOut", float64(r.reply)},
		"requestID", letters(r.serial, 16), "eventID", uuid(r.serial*31, r.serial*7919), "readOnly", r.category == "StorageRead", "resources", resources, "eventType", "AwsApiCall",
		"managementEvent", false, "recipientAccountId", a.ID, "eventCategory", "Data", "tlsDetails", members{"tlsVersion", "TLSv1.3", "cipherSuite", "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader", host})
}

// accessLine writes a request as a line of the server access log.
func (r *request) accessLine(h *history) string {
	op, a, bucket := awsOps[r.op], h.account, h.storage.Name
	status, code, _ := r.awsStatus()
	or := func(s string) string {
		if s == "" || s == "0" {
			return "-"
		}
		return s
	}
	uri, sent, size := "/?list-type=2&prefix=&max-keys=1000", r.reply, int64(0)
	if r.object != "" {
		uri = "/" + r.key()
	}
	switch {
	case !r.moved():
	case r.op == "GetBlob":
		size = r.reply
	case r.category == "StorageWrite":
		size = r.uploaded()
	}
	owner := sha256.Sum256([]byte("owner " + a.ID))
	role := r.role()
	return fmt.Sprintf("%x %s [%s] %s arn:aws:sts::%s:assumed-role/%s/%s-session %s %s %s \"%s %s HTTP/1.1\" %d %s %s %s %d %d \"-\" \"aws-sdk-go-v2/1.30.3 os/linux\" - %s SigV4 TLS_AES_128_GCM_SHA256 AuthHeader %s.s3.%s.amazonaws.com TLSv1.3 - -\n",
		owner, bucket, r.at.UTC().Format("02/Jan/2006:15:04:05 +0000"), callers[r.caller].address, a.ID, role, role, letters(r.serial, 16), op.log, or(r.key()), op.verb, uri, status, or(code),
		or(fmt.Sprint(sent)), or(fmt.Sprint(size)), 20+r.serial%700, 10+r.serial%300, r.hostID(), bucket, h.storage.Region)
}

// accessFiles writes the server access log of a bucket, a file an hour.
func accessFiles(s *Scenario, h *history, t *truth) []file {
	if h.storage.NoLogs || h.hidden() || s.elsewhere(h.storage) || h.account.Log != "access" {
		return nil
	}
	_, withheld := h.edits(s)
	at := map[int64]*bytes.Buffer{}
	for _, x := range h.entries(s, time.Time{}, withheld, true) {
		hour := x.at.Unix() / 3600
		if x.late {
			hour++
		}
		if at[hour] == nil {
			at[hour] = &bytes.Buffer{}
		}
		at[hour].WriteString(x.accessLine(h))
		if x.again {
			t.duplicate("aws-s3-access-log", 1)
		} else {
			t.count("aws-s3-access-log", 1)
		}
	}
	var files []file
	for _, hour := range sortedKeys(at) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", h.storage.Name, hour))
		written := time.Unix(hour*3600+3600+int64(sum[0])*9, 0).UTC()
		files = append(files, file{"evidence/s3-access/" + h.storage.Name + "/" + written.Format("2006-01-02-15-04-05-") + strings.ToUpper(hex.EncodeToString(sum[:8])), at[hour].Bytes()})
	}
	return files
}

func sortedKeys[V any](m map[int64]V) []int64 {
	var out []int64
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// A sum is a point of a metric over a minute.
type sum struct{ least, most, total, count float64 }

func (x *sum) add(v float64) {
	if x.count == 0 || v < x.least {
		x.least = v
	}
	x.most = max(x.most, v)
	x.total, x.count = x.total+v, x.count+1
}

// streamFiles writes the metric stream of an account's region: request metrics
// by the minute, in minutes with requests; the daily storage metrics.
func streamFiles(s *Scenario, a *Account, region string, list []*history, t *truth) []file {
	hours := map[int64][]string{}
	for _, h := range list {
		if h.hidden() || h.storage.Deleted != "" {
			continue
		}
		h.stream(s, hours)
	}
	var files []file
	for _, hour := range sortedKeys(hours) {
		lines := hours[hour]
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", a.ID, region, hour))
		from := time.Unix(hour*3600, 0).UTC()
		sent := from.Add(time.Hour + time.Duration(30+int(sum[0])/2)*time.Second)
		name := fmt.Sprintf("evidence/metrics/%s/%s/%sMetricStreams-ops-metrics-1-%s-%s.gz", a.ID, region, from.Format("2006/01/02/15/"), sent.Format("2006-01-02-15-04-05"), uuid(uint64(hour), uint64(sum[1])<<8|uint64(sum[2])))
		t.count("aws-cloudwatch-metrics", int64(len(lines)))
		files = append(files, file{name, zip([]byte(strings.Join(lines, "")))})
	}
	return files
}

// stream adds a bucket's metrics to the lines of each hour.
func (h *history) stream(s *Scenario, hours map[int64][]string) {
	line := func(at int64, metric, unit, dimension, value string, x *sum) {
		if time.Unix(at, 0).Before(s.Acquired.AddDate(0, 0, -455)) {
			return
		}
		hours[at/3600] = append(hours[at/3600], fmt.Sprintf(`{"metric_stream_name":"ops-metrics","account_id":%q,"region":%q,"namespace":"AWS/S3","metric_name":%q,"dimensions":{"BucketName":%q,%q:%q},"timestamp":%d,"value":{"max":%.1f,"min":%.1f,"sum":%.1f,"count":%.1f},"unit":%q}`+"\n",
			h.account.ID, h.storage.Region, metric, h.storage.Name, dimension, value, at*1000, x.most, x.least, x.total, x.count, unit))
	}
	for day := s.From; !day.After(s.Until); day = day.AddDate(0, 0, 1) {
		b, n := h.stored(day)
		size, count := &sum{}, &sum{}
		size.add(float64(b))
		count.add(float64(n))
		line(day.Unix(), "BucketSizeBytes", "Bytes", "StorageType", "StandardStorage", size)
		line(day.Unix(), "NumberOfObjects", "Count", "StorageType", "AllStorageTypes", count)
	}
	at := map[int64]map[string]*sum{}
	for i := range h.requests {
		r := &h.requests[i]
		minute := r.at.Unix() / 60
		if at[minute] == nil {
			at[minute] = map[string]*sum{}
		}
		add := func(metric string, v float64) {
			if at[minute][metric] == nil {
				at[minute][metric] = &sum{}
			}
			at[minute][metric].add(v)
		}
		add("AllRequests", 1)
		add(awsOps[r.op].metric, 1)
		failed := 0.0
		if r.status >= 400 {
			failed = 1
		}
		add("4xxErrors", failed)
		if n := r.uploaded(); n > 0 {
			add("BytesUploaded", float64(n))
		}
		if r.reply > 0 {
			add("BytesDownloaded", float64(r.reply))
		}
	}
	for _, minute := range sortedKeys(at) {
		for _, metric := range []string{"4xxErrors", "AllRequests", "BytesDownloaded", "BytesUploaded", "DeleteRequests", "GetRequests", "ListRequests", "PostRequests", "PutRequests"} {
			if x := at[minute][metric]; x != nil {
				unit := "Count"
				if strings.HasPrefix(metric, "Bytes") {
					unit = "Bytes"
				}
				line(minute*60, metric, unit, "FilterId", "EntireBucket", x)
			}
		}
	}
}

// s3Inventory writes a bucket's inventory of one day.
func s3Inventory(s *Scenario, h *history, t *truth) []file {
	if h.storage.Inventory == "" || h.hidden() {
		return nil
	}
	at, _ := time.Parse(time.DateOnly, h.storage.Inventory) // checked when read
	there, size := h.listing(at)
	var csv bytes.Buffer
	for _, o := range there {
		tag := md5.Sum([]byte(o.name))
		key := strings.ReplaceAll(url.QueryEscape(o.container+"/"+o.name), "%2F", "/")
		fmt.Fprintf(&csv, "%q,%q,\"%d\",%q,\"%x\",\"STANDARD\",\"false\"\n", h.storage.Name, key, o.size, o.born.Format("2006-01-02T15:04:05.000Z"), tag)
	}
	data := zip(csv.Bytes())
	dir, sum := "evidence/inventory/"+h.storage.Name+"/weekly-all/", md5.Sum(data)
	name := "data/" + uuid(uint64(len(data)), uint64(size)) + ".csv.gz"
	manifest := fmt.Appendf(nil, "{\n  \"sourceBucket\": %q,\n  \"destinationBucket\": \"arn:aws:s3:::synthetic-inventory\",\n  \"version\": \"2016-11-30\",\n  \"creationTimestamp\": \"%d\",\n  \"fileFormat\": \"CSV\",\n  \"fileSchema\": \"Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded\",\n  \"files\": [\n    {\n      \"key\": %q,\n      \"size\": %d,\n      \"MD5checksum\": \"%x\"\n    }\n  ]\n}",
		h.storage.Name, at.UnixMilli(), h.storage.Name+"/weekly-all/"+name, len(data), sum)
	check := md5.Sum(manifest)
	t.count("aws-s3-inventory", int64(len(there))+1)
	t.count("inventory-checksum", 1)
	t.listed[h.storage.Name] = size
	stamp := dir + at.Format("2006-01-02T15-04Z/")
	return []file{{dir + name, data}, {stamp + "manifest.json", manifest}, {stamp + "manifest.checksum", []byte(hex.EncodeToString(check[:]) + "\n")}}
}
