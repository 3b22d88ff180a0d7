package source

import (
	"bytes"
	"io"

	"probity"
	"probity/internal/table"
)

// Events in the Open Cybersecurity Schema Framework 1.x, as security lakes
// hold them: JSON lines, arrays, or Parquet. API Activity (6003) and Datastore
// Activity (6005) become rows of activity, Network Activity (4001) rows of
// flows; events of other classes are records of which nothing is used.

func detectOCSF(o *opening) bool {
	return o.has("class_uid", "metadata", "time") || o.has("class_uid", "category_uid")
}

func readOCSF(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseOCSF}, "events", "Events", "records", "Records")
}

func parseOCSF(s *sink, from int64, data []byte) (hint, string) {
	x := object{}
	members(data, func(name, value []byte) bool { x[string(name)] = value; return true })
	at, ok := parseEpoch(text(x["time"]))
	if !ok {
		at, ok = parseTime(text(x["time_dt"]))
	}
	if !ok {
		at, ok = parseTime(text(x["time"]))
	}
	if !ok {
		return hint{}, "no time that can be read"
	}
	cloud := group(x["cloud"])
	provider := providerOf(string(text(member(cloud, "provider"))))
	account := text(member(group(member(cloud, "account")), "uid"))
	if len(account) == 0 {
		account = text(member(cloud, "account_uid")) // before 1.1
	}
	h := hint{provider: provider, account: s.words.lower(s.accountID(provider, account)), time: at}
	switch class := string(text(x["class_uid"])); class {
	case "6003", "6005", "3005":
		return s.ocsfActivity(from, data, x, h, cloud), ""
	case "4001":
		return s.ocsfFlow(from, data, x, h, cloud), ""
	case "":
		return hint{}, "no class_uid"
	}
	return h, ""
}

func (s *sink) ocsfActivity(from int64, data []byte, x object, h hint, cloud []byte) hint {
	r := &s.activity
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.OCSF), Time: h.time, CloudProvider: h.provider, CloudAccountUID: h.account}
	r.CloudRegion = s.words.region(text(member(cloud, "region")))
	api := group(x["api"])
	r.APIOperation = s.words.of(text(member(api, "operation")))
	r.APIServiceName = s.words.of(text(member(group(member(api, "service")), "name")))
	metadata := group(x["metadata"])
	r.MetadataLogName = s.words.of(text(member(metadata, "log_name")))
	switch code := string(text(member(metadata, "event_code"))); {
	case r.MetadataLogName == "Data" || r.MetadataLogName == "Management":
	case string(text(x["class_uid"])) == "6005":
		r.MetadataLogName = "Data"
	case code == "AwsApiCall" || r.MetadataLogName == "":
		r.MetadataLogName = "Management"
		if d := text(member(group(x["unmapped"]), "eventCategory")); len(d) > 0 {
			r.MetadataLogName = s.words.of(d)
		}
	}
	switch string(text(x["status_id"])) {
	case "1":
		r.Status = "Success"
	case "2":
		r.Status = "Failure"
	default:
		if r.Status = s.words.of(text(x["status"])); r.Status == "" {
			r.Status = "Success"
		}
	}
	if code := text(member(group(member(api, "response")), "error")); len(code) > 0 {
		r.Status, r.StatusCode = "Failure", s.words.of(code)
	} else {
		r.StatusCode = s.words.of(text(x["status_code"]))
	}
	user := group(member(group(x["actor"]), "user"))
	id := text(member(user, "uid"))
	if len(id) == 0 {
		id = text(member(user, "name"))
	}
	r.ActorUserToken, r.ActorUserType = s.principal(id), s.words.of(text(member(user, "type")))
	end := group(x["src_endpoint"])
	address := text(member(end, "ip"))
	if len(address) == 0 {
		address = text(member(end, "domain"))
	}
	r.SrcEndpointToken = s.address(address)
	s.ocsfResource(r, x, api)
	if n := group(x["unmapped"]); n != nil {
		r.RequestBodyBytes, r.ResponseBodyBytes = number(member(n, "request_body_bytes")), number(member(n, "response_body_bytes"))
	}
	if uid := text(member(metadata, "uid")); len(uid) > 0 {
		r.Key = s.tokens.Fast("key", uid)
	}
	r.MetadataCorrelation = s.tokens.Fast("correlation", text(member(group(member(api, "request")), "uid")))
	r.Digest = s.digest(data)
	s.fail(s.part.Activity(r))
	s.match(data)
	h.resource = r.ResourceName
	return h
}

// ocsfResource fills the bucket, or the trail, that an event is about: from
// the data bucket, from the request's parameters, or from its resources.
func (s *sink) ocsfResource(r *table.Activity, x object, api []byte) {
	parameters := group(member(group(member(api, "request")), "data"))
	var bucket, key []byte
	bucket = text(member(group(x["databucket"]), "name"))
	if len(bucket) == 0 {
		bucket = text(member(parameters, "bucketName"))
	}
	key = text(member(parameters, "key"))
	elements(x["resources"], func(_ int, v []byte) {
		if len(v) == 0 || v[0] != '{' || len(bucket) > 0 {
			return
		}
		if uid := text(member(v, "uid")); bytes.HasPrefix(uid, []byte("arn:aws:s3:::")) {
			bucket = lastOf(uid)
			if _, rest, ok := bytes.Cut(uid, []byte("/")); ok && len(key) == 0 {
				key = rest
			}
		}
	})
	switch {
	case len(bucket) > 0:
		r.ResourceName, r.ResourceType = s.words.lower(bucket), s3Bucket
		if r.CloudProvider == "gcp" {
			r.ResourceType = gcsBucket
		}
		if len(key) > 0 {
			s.objectNamed(r, bucket, key)
		}
		if parameters != nil {
			s.bucketSwitch(r, parameters)
		}
	case r.APIServiceName == "cloudtrail.amazonaws.com" && parameters != nil:
		s.trailSwitch(r, parameters)
	}
}

func (s *sink) ocsfFlow(from int64, data []byte, x object, h hint, cloud []byte) hint {
	r := table.Flow{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.OCSF), Provider: h.provider, Account: h.account, Sampling: 1_000_000}
	r.Region = s.words.region(text(member(cloud, "region")))
	r.From, r.Until = h.time, h.time+1_000_000
	if t, ok := parseEpoch(text(x["start_time"])); ok {
		r.From = t
	}
	if t, ok := parseEpoch(text(x["end_time"])); ok && t >= r.From {
		r.Until = t + 1_000_000
	}
	src, dst := group(x["src_endpoint"]), group(x["dst_endpoint"])
	s.ends(&r, text(member(src, "ip")), text(member(dst, "ip")))
	info, traffic := group(x["connection_info"]), group(x["traffic"])
	r.Protocol = int32(min(number(member(info, "protocol_num")), 255))
	r.Direction = map[string]string{"1": "ingress", "2": "egress"}[string(text(member(info, "direction_id")))]
	r.Bytes, r.Packets = number(member(traffic, "bytes")), number(member(traffic, "packets"))
	for _, e := range [][]byte{src, dst} {
		if u := text(member(e, "interface_uid")); len(u) > 0 && r.Resource == "" {
			r.Resource = s.words.lower(u)
		}
	}
	a := string(text(x["action_id"]))
	r.Accepted = a != "2" && string(text(x["activity_id"])) != "5"
	r.Digest = s.digest(data)
	s.fail(s.part.Flow(&r))
	h.resource = r.Resource
	return h
}
