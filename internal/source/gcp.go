package source

import (
	"bytes"
	"io"
	"strings"

	"probity"
	"probity/internal/table"
)

// Google Cloud: audit logs and VPC flows as log entries (Cloud Logging,
// LogEntry), JSON lines or the array of gcloud logging read.

func detectGCPAudit(o *opening) bool {
	return o.any(func(x object) bool {
		return x.has("protoPayload") || x.has("logName") && bytes.Contains(x.text("logName"), []byte("cloudaudit.googleapis.com")) ||
			x.has("insertId") && x.has("resource") && x.has("logName")
	})
}

func readGCPAudit(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseGCPAudit}, "entries")
}

func parseGCPAudit(s *sink, from int64, data []byte) (hint, string) {
	var at, received, id, log, resource, payload []byte
	members(data, func(name, value []byte) bool {
		switch string(name) {
		case "timestamp":
			at = text(value)
		case "receiveTimestamp":
			received = text(value)
		case "insertId":
			id = text(value)
		case "logName":
			log = text(value)
		case "resource":
			resource = group(value)
		case "protoPayload":
			payload = group(value)
		}
		return true
	})
	if len(at) == 0 {
		at = received
	}
	t, ok := parseTime(at)
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case payload == nil && !bytes.Contains(log, []byte("/logs/")):
		return hint{}, "no protoPayload"
	}
	r := &s.activity
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.GCPAuditLog), Time: t, CloudProvider: "gcp"}
	labels := group(member(resource, "labels"))
	r.CloudAccountUID = s.words.lower(text(member(labels, "project_id")))
	if r.CloudAccountUID == "" {
		r.CloudAccountUID = s.words.lower(projectOf(log))
	}
	r.CloudRegion = s.words.region(text(member(labels, "location")))
	name := log[bytes.LastIndexByte(log, '/')+1:]
	if i := bytes.LastIndex(name, []byte("%2F")); i >= 0 {
		name = name[i+len("%2F"):]
	}
	r.MetadataLogName = s.words.of(name)
	switch string(name) {
	case "activity":
		r.MetadataLogName = "Management"
	case "data_access":
		r.MetadataLogName = "Data"
	}
	var service, method, object []byte
	r.Status = "Success"
	members(payload, func(n, v []byte) bool {
		switch string(n) {
		case "serviceName":
			service = text(v)
		case "methodName":
			method = text(v)
		case "resourceName":
			object = text(v)
		case "status":
			if code := text(member(group(v), "code")); len(code) > 0 && string(code) != "0" {
				r.Status, r.StatusCode = "Failure", s.words.of(code)
			}
		case "authenticationInfo":
			who := text(member(group(v), "principalEmail"))
			if len(who) == 0 {
				who = text(member(group(v), "principalSubject"))
			}
			r.ActorUserToken = s.principal(who)
			if bytes.HasSuffix(who, []byte(".gserviceaccount.com")) {
				r.ActorUserType = "ServiceAccount"
			} else if len(who) > 0 {
				r.ActorUserType = "User"
			}
		case "requestMetadata":
			r.SrcEndpointToken = s.address(text(member(group(v), "callerIp")))
		case "serviceData":
			elements(member(group(member(group(v), "policyDelta")), "auditConfigDeltas"), func(_ int, d []byte) {
				if len(d) > 0 && d[0] == '{' && string(text(member(d, "action"))) == "REMOVE" {
					r.DisabledLogCategories = "audit"
				}
			})
		}
		return true
	})
	r.APIServiceName, r.APIOperation = s.words.of(service), s.words.of(method)
	if bucket := text(member(labels, "bucket_name")); len(bucket) > 0 {
		r.ResourceName, r.ResourceType = s.words.lower(bucket), gcsBucket
		if _, name, ok := bytes.Cut(object, []byte("/objects/")); ok {
			s.objectNamed(r, bucket, name)
		}
	}
	if len(id) > 0 {
		r.Key = s.tokens.Fast("key", bytes.Join([][]byte{log, id, at}, []byte("|")))
	}
	r.Digest = s.digest(data)
	s.fail(s.part.Activity(r))
	s.match(data)
	return hint{"gcp", r.CloudAccountUID, r.ResourceName, r.MetadataLogName, t}, ""
}

// projectOf returns the project in projects/NAME/logs/...
func projectOf(log []byte) []byte {
	rest, ok := bytes.CutPrefix(log, []byte("projects/"))
	if !ok {
		return nil
	}
	name, _, _ := bytes.Cut(rest, []byte("/"))
	return name
}

func detectGCPFlow(o *opening) bool {
	return o.any(func(x object) bool {
		return bytes.Contains(x.text("logName"), []byte("vpc_flows")) || member(group(x["jsonPayload"]), "connection") != nil && member(group(x["jsonPayload"]), "bytes_sent") != nil
	})
}

func readGCPFlow(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseGCPFlow}, "entries")
}

func parseGCPFlow(s *sink, from int64, data []byte) (hint, string) {
	var at, resource, payload, log []byte
	members(data, func(name, value []byte) bool {
		switch string(name) {
		case "timestamp":
			at = text(value)
		case "resource":
			resource = group(value)
		case "jsonPayload":
			payload = group(value)
		case "logName":
			log = text(value)
		}
		return true
	})
	if payload == nil {
		return hint{}, "no jsonPayload"
	}
	start, ok := parseTime(text(member(payload, "start_time")))
	if !ok {
		start, ok = parseTime(at)
	}
	end, ok2 := parseTime(text(member(payload, "end_time")))
	if !ok2 {
		end = start
	}
	if !ok || end < start {
		return hint{}, "no time that can be read"
	}
	r := table.Flow{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.GCPFlowLog), Provider: "gcp", Sampling: 1_000_000}
	r.From, r.Until, r.Accepted = start, end+1_000_000, true
	labels := group(member(resource, "labels"))
	r.Account = s.words.lower(text(member(labels, "project_id")))
	if r.Account == "" {
		r.Account = s.words.lower(projectOf(log))
	}
	side := "src_instance"
	r.Direction = "egress"
	if string(text(member(payload, "reporter"))) == "DEST" {
		side, r.Direction = "dest_instance", "ingress"
	}
	instance := group(member(payload, side))
	r.Resource, r.Region = s.words.lower(text(member(instance, "vm_name"))), s.words.region(text(member(instance, "region")))
	if r.Resource == "" {
		r.Resource = s.words.lower(text(member(labels, "subnetwork_name")))
	}
	if r.Region == "" {
		r.Region = s.words.region(text(member(labels, "location")))
	}
	c := group(member(payload, "connection"))
	s.ends(&r, text(member(c, "src_ip")), text(member(c, "dest_ip")))
	r.Protocol = int32(min(number(member(c, "protocol")), 255))
	r.Bytes, r.Packets = number(member(payload, "bytes_sent")), number(member(payload, "packets_sent"))
	r.Digest = s.digest(data)
	s.fail(s.part.Flow(&r))
	return hint{"gcp", r.Account, r.Resource, "", start}, ""
}

// Cloud Monitoring: the answer of timeSeries.list. A record is one point; a
// series whose end is missing is unread as a whole.

func detectTimeSeries(o *opening) bool {
	return o.has("metric", "resource", "points") || o.has("metricKind", "points") || o.has("timeSeries")
}

func readTimeSeries(s *sink, in io.Reader) error {
	return readJSON(in, seriesTaker{s}, "timeSeries")
}

type seriesTaker struct{ *sink }

// series reads what a series says of all its points. at is where the array of
// the points begins, -1 if it is not there.
func (t seriesTaker) series(x object, data []byte) (base table.Metric, dims map[string]string, kind string, at int) {
	metric, resource := group(x["metric"]), group(x["resource"])
	kind = string(text(x["metricKind"]))
	namespace, name, _ := strings.Cut(string(text(member(metric, "type"))), "/")
	base = table.Metric{Exhibit: t.file.SHA256, Kind: string(probity.GCPMetrics), Provider: "gcp", Unit: t.words.of(text(x["unit"])),
		Namespace: t.words.lower([]byte(namespace)), Metric: t.words.of([]byte(name))}
	dims = map[string]string{}
	members(group(member(metric, "labels")), func(n, v []byte) bool { addDimension(dims, n, text(v)); return true })
	members(group(member(resource, "labels")), func(n, v []byte) bool {
		switch string(n) {
		case "project_id":
			base.Account = t.words.lower(text(v))
		case "location", "region":
			base.Region = t.words.region(text(v))
		case "bucket_name":
			base.Resource, base.ResourceType = t.words.lower(text(v)), gcsBucket
		}
		return true
	})
	if m := dims["method"]; m != "" {
		dims["apiname"], dims["responsetype"] = m, dims["response_code"]
	}
	at = -1
	if p, ok := x["points"]; ok && len(p) > 0 && p[0] == '[' {
		at = cap(data) - cap(p)
	}
	return base, dims, kind, at
}

func (t seriesTaker) record(from int64, data []byte) {
	base, dims, kind, at := t.series(objectOf(data), data)
	until := from + int64(len(data))
	if base.Metric == "" || at < 0 {
		t.unread(from, until, "no metric type or no points")
		return
	}
	pos := from
	elements(data[at:], func(k int, p []byte) {
		a := from + int64(at+k)
		t.framing(pos, a)
		pos = a + int64(len(p))
		t.point(a, p, base, dims, kind)
	})
	t.framing(pos, until)
}

func (t seriesTaker) point(a int64, p []byte, r table.Metric, dims map[string]string, kind string) {
	b := a + int64(len(p))
	r.Position, r.Length = a, int32(len(p))
	if !t.gcpPoint(&r, p, kind) {
		t.unread(a, b, "a point without a time or with a figure that is no number")
		return
	}
	t.metric(&r, dims)
	t.keep(a, b, hint{"gcp", r.Account, r.Resource, "", r.Time})
}

// salvage takes the points of a series that is damaged or cut off: each costs
// itself.
func (t seriesTaker) salvage(from int64, data []byte) int {
	base, dims, kind, at := t.series(objectOf(data), data)
	if base.Metric == "" || at < 0 {
		return 0
	}
	i, done := at+1, 0
	frame := func(until int) {
		t.framing(from+int64(done), from+int64(until))
		done = until
	}
	for {
		for i < len(data) && (blank(data[i]) || data[i] == ',') {
			i++
		}
		frame(i)
		if i >= len(data) {
			return i
		}
		if data[i] == ']' {
			return i // what follows are members of the series
		}
		end, err := skipValue(data, i, 0)
		if err == nil && data[i] == '{' {
			t.point(from+int64(i), data[i:end], base, dims, kind)
			i, done = end, end
			continue
		}
		reason := "not valid JSON"
		k := bytes.Index(data[i:], []byte("\n"))
		if k < 0 || bytes.IndexByte(data[i+k:], '{') < 0 {
			reason, end = "cut off", len(data)
		} else {
			end = i + k
		}
		for end > i && (data[end-1] == '\n' || data[end-1] == '\r') {
			end--
		}
		t.unread(from+int64(i), from+int64(end), reason)
		i, done = end, end
	}
}

// gcpPoint fills a point. A gauge is of an instant; storage totals are given
// anew every five minutes and measured daily.
func (s *sink) gcpPoint(r *table.Metric, p []byte, kind string) bool {
	if len(p) == 0 || p[0] != '{' {
		return false
	}
	interval, value := group(member(p, "interval")), group(member(p, "value"))
	end, ok := parseTime(text(member(interval, "endTime")))
	if !ok {
		return false
	}
	start, ok := parseTime(text(member(interval, "startTime")))
	if !ok || start > end {
		start = end
	}
	r.Time, r.GrainSeconds = start, (end-start)/1_000_000
	if r.GrainSeconds == 0 {
		r.GrainSeconds = 300
	}
	var v []byte
	for _, name := range []string{"int64Value", "doubleValue", "int64_value", "double_value"} {
		if v = text(member(value, name)); len(v) > 0 {
			break
		}
	}
	var f figures
	if kind == "GAUGE" || kind == "" {
		f.average = v
	} else {
		f.total = v
	}
	return len(v) > 0 && f.fill(r)
}

// Usage and storage logs of Cloud Storage: CSV with a header line.

func detectGCSLog(o *opening) bool {
	c := o.columns()
	return c.has("timemicros", "csmethod") || c.has("bucket", "storagebytehours") && len(c) <= 4
}

type gcsTaker struct {
	*sink
	c     columns
	width int
}

func readGCSLog(s *sink, in io.Reader) error {
	return readCSV(in, &gcsTaker{sink: s}, func() bool { return s.stream.Damage() != "" })
}

func (t *gcsTaker) header(fields [][]byte) { t.c, t.width = columnsOf(fields), len(fields) }

func (t *gcsTaker) row(from, until int64, fields [][]byte) {
	if len(fields) != t.width {
		t.unread(from, until, "a row with more or fewer fields than the header")
		return
	}
	get := func(name string) []byte { return t.c.get(fields, name) }
	if t.c.has("storagebytehours") {
		t.storage(from, until, get)
		return
	}
	at, ok := parseEpoch(get("timemicros"))
	if !ok {
		t.unread(from, until, "no time that can be read")
		return
	}
	r := &t.activity
	*r = table.Activity{Exhibit: t.file.SHA256, Position: from, Length: int32(until - from), Kind: string(probity.GCPStorageLog), Time: at, CloudProvider: "gcp"}
	bucket, object := get("csbucket"), get("csobject")
	r.ResourceName, r.ResourceType = t.words.lower(bucket), gcsBucket
	r.APIServiceName, r.MetadataLogName = "storage.googleapis.com", "UsageLog"
	operation := get("csoperation")
	if len(operation) == 0 { // the XML interface: the method and what it is of
		what := "_Bucket"
		if len(object) > 0 {
			what = "_Object"
		}
		operation = append(append([]byte{}, get("csmethod")...), what...)
	}
	r.APIOperation, r.StatusCode = t.words.of(operation), t.words.of(get("scstatus"))
	r.Status = "Failure"
	if len(r.StatusCode) == 3 && r.StatusCode[0] == '2' {
		r.Status = "Success"
	}
	r.RequestBodyBytes, r.ResponseBodyBytes = number(get("csbytes")), number(get("scbytes"))
	if len(object) > 0 {
		t.objectNamed(r, bucket, unescapeURL(object))
	}
	r.SrcEndpointToken = t.address(get("cip"))
	if id := get("sgoogrequestid"); len(id) > 0 {
		r.Key = t.tokens.Fast("key", id)
	} else if id := get("requestid"); len(id) > 0 {
		r.Key = t.tokens.Fast("key", id)
	}
	r.Digest = t.tokens.Fast("record", joined(fields))
	t.fail(t.part.Activity(r))
	t.keep(from, until, hint{"gcp", "", r.ResourceName, "", at})
}

// storage reads a row of a daily storage log: the byte-hours of a bucket in
// the day before the file's date, which stands in its name
// (BUCKET_storage_2025_01_06_07_00_00_ID_v0). It is a meter of the mean bytes
// of that day.
func (t *gcsTaker) storage(from, until int64, get func(string) []byte) {
	v := get("storagebytehours")
	n, ok := digits(v)
	if !ok || len(v) > 18 || n/24 > maxBytes*1024 {
		t.unread(from, until, "a figure that is no number, or too large to be true")
		return
	}
	day, ok := dayInName(t.file.Path)
	if !ok {
		t.note = "the file's name does not tell the day that its figures are of: they are not used"
		t.keep(from, until, hint{provider: "gcp"})
		return
	}
	r := table.Metric{Exhibit: t.file.SHA256, Position: from, Length: int32(until - from), Kind: string(probity.GCPStorageLog), Provider: "gcp",
		Namespace: "storage log", Metric: "storage/total_bytes", Unit: "By", Time: day, GrainSeconds: 86400}
	r.Resource, r.ResourceType = t.words.lower(get("bucket")), gcsBucket
	r.Average = mean(v, []byte("24"))
	t.metric(&r, map[string]string{})
	t.keep(from, until, hint{"gcp", "", r.Resource, "", day})
}

// dayInName returns the day before the date in NAME_storage_2025_01_06_...
func dayInName(path string) (int64, bool) {
	_, rest, ok := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "_storage_")
	if !ok || len(rest) < 10 {
		return 0, false
	}
	at, ok := parseTime([]byte(strings.ReplaceAll(rest[:10], "_", "-")))
	return at - 86_400_000_000, ok
}
