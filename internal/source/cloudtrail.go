package source

import (
	"bytes"
	"io"
	"sort"
	"strings"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// AWS CloudTrail events (user guide, record contents), in all the containers
// in which they are handed over: {"Records":[...]} as delivered to a bucket,
// bare arrays, one object, JSON lines, and the answers of LookupEvents, which
// hold the event as a string.

func detectCloudTrail(o *opening) bool {
	return o.any(func(x object) bool {
		if x.has("CloudTrailEvent") {
			return true
		}
		// A notification of S3 has members of the same names; its source is aws:s3.
		if x.has("eventSource") && !bytes.HasSuffix(x.text("eventSource"), []byte(".amazonaws.com")) && len(x.text("eventSource")) > 0 {
			return false
		}
		n := 0
		for _, name := range []string{"eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "userIdentity", "eventID", "eventType", "eventCategory"} {
			if x.has(name) {
				n++
			}
		}
		return n >= 3
	}) || o.any(func(x object) bool { // {"Records":[]}
		v, ok := x["Records"]
		return ok && len(x) == 1 && len(v) >= 2 && v[0] == '[' && v[skipBlank(v, 1)] == ']'
	})
}

func readCloudTrail(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseCloudTrail}, "Records", "records", "Events", "events", "value")
}

// trailRecord is the parts of an event that are looked at.
type trailRecord struct {
	time, source, name, region, address, code, request, id, recipient, category, eventType []byte

	management, insight        bool
	identity, parameters, more int // tokens of the tape, -1 for none
	resources                  []byte
}

// take keeps the member that token i of the tape is.
func (x *trailRecord) take(name, value []byte, i int) {
	switch string(name) {
	case "eventTime":
		x.time = text(value)
	case "@timestamp": // where a pipeline such as Logstash took the time out
		if len(x.time) == 0 {
			x.time = text(value)
		}
	case "eventSource":
		x.source = text(value)
	case "eventName":
		x.name = text(value)
	case "awsRegion":
		x.region = text(value)
	case "sourceIPAddress":
		x.address = text(value)
	case "errorCode":
		x.code = text(value)
	case "requestID":
		x.request = text(value)
	case "eventID":
		x.id = text(value)
	case "recipientAccountId":
		x.recipient = text(value)
	case "eventCategory":
		x.category = text(value)
	case "eventType":
		x.eventType = text(value)
	case "managementEvent":
		x.management = string(text(value)) == "true"
	case "userIdentity":
		x.identity = i
	case "requestParameters":
		x.parameters = i
	case "additionalEventData":
		x.more = i
	case "resources":
		x.resources = value
	case "insightDetails":
		x.insight = len(value) > 0 && value[0] == '{'
	}
}

// takeAll keeps the members of an event.
func (x *trailRecord) takeAll(t *tape, event []byte) {
	*x = trailRecord{identity: -1, parameters: -1, more: -1}
	t.of(event)
	for i := 0; i < len(t.tokens); i = int(t.tokens[i].next) {
		k := &t.tokens[i]
		x.take(t.name(k), t.value(k), i)
	}
}

func parseCloudTrail(s *sink, from int64, data []byte) (hint, string) {
	var x trailRecord
	length := int32(len(data))
	x.takeAll(&s.tape, data)
	if len(x.time) == 0 { // the answer of LookupEvents holds the event as a string
		if inner := member(data, "CloudTrailEvent"); inner != nil {
			event := group(inner)
			if event == nil {
				return hint{}, "the event within the record is no JSON"
			}
			x.takeAll(&s.tape, event)
			data = event // the same event is one record, however it was read out
		}
	}
	at, ok := parseTime(x.time)
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case len(x.name) == 0 && !x.insight && string(x.category) != "Insight":
		return hint{}, "no eventName"
	}
	r := &s.activity
	before := *r
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: length, Kind: string(probity.AWSCloudTrail), Time: at, CloudProvider: "aws"}
	r.APIServiceName, r.APIOperation = s.words.again(before.APIServiceName, x.source), s.words.again(before.APIOperation, x.name)
	if r.CloudRegion = before.CloudRegion; string(x.region) != r.CloudRegion {
		r.CloudRegion = s.words.region(x.region)
	}
	r.CloudAccountUID = s.words.again(before.CloudAccountUID, awsAccount(x.recipient))
	switch {
	case len(x.category) > 0:
		r.MetadataLogName = s.words.again(before.MetadataLogName, x.category)
	case x.management || len(x.name) > 0:
		r.MetadataLogName = "Management"
	default:
		r.MetadataLogName = "Insight"
	}
	r.Status = "Success"
	if len(x.code) > 0 {
		r.Status, r.StatusCode = "Failure", s.words.of(x.code)
	}
	s.trailActor(r, &x)
	s.trailResource(r, &x)
	if x.more >= 0 {
		s.tape.each(x.more, func(name, value []byte) {
			switch string(name) {
			case "bytesTransferredIn":
				r.RequestBodyBytes = number(value)
			case "bytesTransferredOut":
				r.ResponseBodyBytes = number(value)
			}
		})
	}
	if len(x.id) > 0 {
		r.Key = s.tokens.Fast("key", x.id)
	}
	r.MetadataCorrelation = s.tokens.Fast("correlation", x.request)
	r.Digest = s.digest(data)
	s.fail(s.part.Activity(r))
	s.match(data)
	return hint{"aws", r.CloudAccountUID, r.ResourceName, r.MetadataLogName, at}, ""
}

func (s *sink) trailActor(r *table.Activity, x *trailRecord) {
	r.SrcEndpointToken = s.address(x.address)
	if x.identity < 0 {
		return
	}
	var id, account []byte
	best := 0
	s.tape.each(x.identity, func(name, value []byte) {
		t := text(value)
		rank := 0
		switch string(name) {
		case "type":
			r.ActorUserType = s.words.of(t)
		case "accountId":
			account = t
		case "arn":
			rank = 4
		case "principalId":
			rank = 3
		case "userName":
			rank = 2
		case "invokedBy":
			rank = 1
		}
		if rank > best && len(t) > 0 {
			id, best = t, rank
		}
	})
	if r.CloudAccountUID == "" {
		r.CloudAccountUID = s.words.of(awsAccount(account))
	}
	r.ActorUserToken = s.principal(id)
}

// trailResource fills the resource that an event is about: of S3 the bucket
// and the object's token, of CloudTrail the trail.
func (s *sink) trailResource(r *table.Activity, x *trailRecord) {
	if x.parameters < 0 {
		return
	}
	p := s.tape.value(&s.tape.tokens[x.parameters])
	switch {
	case string(x.source) == "s3.amazonaws.com":
		var bucket, key []byte
		s.tape.each(x.parameters, func(name, value []byte) {
			switch string(name) {
			case "bucketName":
				bucket = text(value)
			case "key":
				key = text(value)
			}
		})
		if len(bucket) == 0 || x.foreign() {
			return
		}
		r.ResourceName, r.ResourceType = s.words.lower(lastOf(bucket)), s3Bucket
		if len(key) > 0 {
			s.objectNamed(r, bucket, key)
		}
		if p = group(p); p != nil {
			s.bucketSwitch(r, p)
		}
	case string(x.source) == "cloudtrail.amazonaws.com":
		if p = group(p); p == nil {
			return
		}
		s.trailSwitch(r, p)
	}
}

// foreign reports whether the event is about a bucket of another account: it
// tells of what a principal of this one did there, not of what is kept here.
func (x *trailRecord) foreign() bool {
	const name = `"accountId":"`
	i := bytes.Index(x.resources, []byte(name))
	if i < 0 || len(x.recipient) == 0 {
		return false
	}
	owner, _, ok := bytes.Cut(x.resources[i+len(name):], []byte(`"`))
	return ok && !bytes.Equal(owner, x.recipient)
}

// objectNamed fills the token and the shape of an object's name.
func (s *sink) objectNamed(r *table.Activity, bucket, name []byte) {
	s.scratch = append(append(append(s.scratch[:0], bucket...), '/'), name...)
	r.FileToken = s.tokens.OfBytes("object", s.scratch)
	s.scratch, _ = evidence.AppendShape(s.scratch[:0], name)
	r.FileShape = s.words.of(s.scratch)
}

// bucketSwitch notes what a setting of a bucket switches on or off.
func (s *sink) bucketSwitch(r *table.Activity, p []byte) {
	switch r.APIOperation {
	case "PutBucketLogging":
		on := false
		members(p, func(name, value []byte) bool {
			if string(name) == "BucketLoggingStatus" {
				on = member(group(value), "LoggingEnabled") != nil
			}
			return true
		})
		if on {
			r.EnabledLogCategories = "ServerAccessLog"
		} else {
			r.DisabledLogCategories = "ServerAccessLog"
		}
	case "PutBucketInventoryConfiguration":
		r.EnabledLogCategories = "Inventory"
	case "DeleteBucketInventoryConfiguration":
		r.DisabledLogCategories = "Inventory"
	}
}

// trailSwitch notes which trail the parameters name, which events it records
// from now on, and which it does not. Of selectors, the buckets whose objects
// they name stay readable.
func (s *sink) trailSwitch(r *table.Activity, p []byte) {
	members(p, func(name, value []byte) bool {
		if n := string(name); n == "name" || n == "trailName" {
			r.ResourceName, r.ResourceType = s.words.lower(lastOf(text(value))), "aws::cloudtrail::trail"
		}
		return true
	})
	var on, off []string
	switch r.APIOperation {
	case "UpdateTrail", "CreateTrail":
		for name, what := range map[string]string{"isMultiRegionTrail": "multi-region", "enableLogFileValidation": "validation", "includeGlobalServiceEvents": "global-services"} {
			switch string(member(p, name)) {
			case "true":
				on = append(on, what)
			case "false":
				off = append(off, what)
			}
		}
	case "PutEventSelectors":
		on, off = selectors(p)
	}
	sort.Strings(on)
	sort.Strings(off)
	r.EnabledLogCategories, r.DisabledLogCategories = s.words.of([]byte(strings.Join(on, ","))), s.words.of([]byte(strings.Join(off, ",")))
}

// selectors reads what PutEventSelectors selects: management:All, data:All:
// and the bucket, or off what is left out.
func selectors(p []byte) (on, off []string) {
	management := false
	elements(member(p, "eventSelectors"), func(_ int, e []byte) {
		if len(e) == 0 || e[0] != '{' {
			return
		}
		kind := valid(string(text(member(e, "readWriteType"))))
		if kind == "" {
			kind = "All"
		}
		if string(member(e, "includeManagementEvents")) != "false" {
			management = true
			on = append(on, "management:"+kind)
			if kind != "All" {
				off = append(off, "management:not-"+kind)
			}
		}
		elements(member(e, "excludeManagementEventSources"), func(_ int, v []byte) { off = append(off, "management:"+valid(string(text(v)))) })
		elements(member(e, "dataResources"), func(_ int, d []byte) {
			if len(d) == 0 || d[0] != '{' {
				return
			}
			elements(member(d, "values"), func(_ int, v []byte) {
				arn := string(text(v))
				if rest, ok := strings.CutPrefix(arn, "arn:aws:s3"); ok {
					bucket, prefix, _ := strings.Cut(strings.TrimPrefix(rest, ":::"), "/")
					if prefix != "" {
						bucket += "/..."
					}
					on = append(on, "data:"+kind+":"+valid(bucket))
				}
			})
		})
	})
	elements(member(p, "advancedEventSelectors"), func(int, []byte) { management = true; on = append(on, "advanced") })
	if !management {
		off = append(off, "management:All")
	}
	return on, off
}

// lastOf returns the name at the end of an ARN: what follows the last colon,
// and after it the first slash; of S3 what precedes the slash.
func lastOf(arn []byte) []byte {
	if !bytes.HasPrefix(arn, []byte("arn:")) {
		return arn
	}
	last := arn[bytes.LastIndexByte(arn, ':')+1:]
	if i := bytes.IndexByte(last, '/'); i >= 0 {
		if bytes.Contains(arn, []byte(":s3:::")) {
			return last[:i]
		}
		return last[i+1:]
	}
	return last
}

// awsAccount gives an account of AWS its 12 digits, where a leading zero was
// lost.
func awsAccount(b []byte) []byte {
	if _, ok := digits(b); ok && len(b) < 12 && len(b) >= 9 {
		return append([]byte("000000000000"[:12-len(b)]), b...)
	}
	return b
}
