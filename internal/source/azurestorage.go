package source

import (
	"bytes"
	"io"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// Azure resource logs of storage accounts: StorageRead, StorageWrite and
// StorageDelete (Azure Monitor, monitoring data reference of Blob Storage).
// One JSON object a line, as diagnostic settings write them.

func detectStorageLog(o *opening) bool {
	return o.any(func(x object) bool {
		c := string(x.text("category", "Category"))
		return (c == "StorageRead" || c == "StorageWrite" || c == "StorageDelete") && (x.has("operationName") || x.has("OperationName"))
	})
}

func readStorageLog(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseStorageLog}, "records", "Records", "value")
}

// A recordTaker gives each JSON record to a function that makes a row of it,
// or says why it cannot.
type recordTaker struct {
	*sink
	parse func(s *sink, from int64, data []byte) (h hint, reason string)
}

func (t recordTaker) record(from int64, data []byte) {
	until := from + int64(len(data))
	h, reason := t.parse(t.sink, from, data)
	if reason != "" {
		t.unread(from, until, reason)
		return
	}
	t.keep(from, until, h)
}

// storageRecord is the parts of a record that are looked at.
type storageRecord struct {
	time, resourceID, category, operation, statusCode, statusText, caller, correlation, location, uri []byte

	identity, properties int // tokens of the tape, -1 for none
}

func parseStorageLog(s *sink, from int64, data []byte) (hint, string) {
	x := storageRecord{identity: -1, properties: -1}
	s.tape.of(data)
	for i := 0; i < len(s.tape.tokens); i = int(s.tape.tokens[i].next) {
		k := &s.tape.tokens[i]
		value := s.tape.value(k)
		switch string(s.tape.name(k)) {
		case "time":
			x.time = text(value)
		case "resourceId":
			x.resourceID = text(value)
		case "category":
			x.category = named(value)
		case "operationName":
			x.operation = named(value)
		case "statusCode":
			x.statusCode = text(value)
		case "statusText":
			x.statusText = text(value)
		case "callerIpAddress":
			x.caller = text(value)
		case "correlationId":
			x.correlation = text(value)
		case "identity":
			x.identity = i
		case "location":
			x.location = text(value)
		case "uri":
			x.uri = text(value)
		case "properties":
			x.properties = i
		}
	}
	at, ok := parseTime(x.time)
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case len(x.operation) == 0:
		return hint{}, "no operationName"
	case len(x.resourceID) == 0:
		return hint{}, "no resourceId"
	}
	r := &s.activity
	before := *r
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.AzureStorageLog), Time: at, CloudProvider: "azure"}
	a := s.arm(x.resourceID)
	r.CloudAccountUID, r.ResourceName, r.ResourceType, r.ResourceUID = a.account, a.name, a.typ, a.uid
	if r.CloudRegion = before.CloudRegion; string(x.location) != r.CloudRegion {
		r.CloudRegion = s.words.region(x.location)
	}
	r.APIServiceName = serviceOf(a.sub)
	r.APIOperation, r.MetadataLogName = s.words.again(before.APIOperation, x.operation), s.words.again(before.MetadataLogName, x.category)
	r.StatusCode = s.words.again(before.StatusCode, x.statusCode)
	object := s.storageProperties(r, &x)
	s.storageStatus(r, &x)
	s.storageActor(r, &x)
	if len(x.correlation) > 0 {
		r.MetadataCorrelation = s.tokens.Fast("correlation", x.correlation)
		var key [512]byte
		k := append(append(append(append(append(key[:0], x.correlation...), '|'), x.operation...), '|'), object...)
		r.Key = s.tokens.Fast("key", k)
	}
	r.Digest = s.digest(data)
	s.fail(s.part.Activity(r))
	return hint{"azure", r.CloudAccountUID, r.ResourceName, r.MetadataLogName, at}, ""
}

func serviceOf(sub string) string {
	if len(sub) > len("services") && sub[len(sub)-len("services"):] == "services" {
		return sub[:len(sub)-len("services")] // blobservices
	}
	return sub
}

// storageProperties fills what lies in properties, and returns the key of the
// object: /account/container/name.
func (s *sink) storageProperties(r *table.Activity, x *storageRecord) []byte {
	var key, account []byte
	if x.properties < 0 {
		return s.objectOf(r, x, nil, nil)
	}
	s.tape.each(x.properties, func(name, value []byte) {
		switch string(name) {
		case "objectKey":
			key = text(value)
		case "accountName":
			account = text(value)
		case "serviceType":
			r.APIServiceName = s.words.lower(text(value))
		case "metricResponseType":
			r.StatusDetail = s.words.of(text(value))
		case "requestBodySize":
			r.RequestBodyBytes = number(value)
		case "requestHeaderSize":
			r.RequestHeaderBytes = number(value)
		case "responseBodySize":
			r.ResponseBodyBytes = number(value)
		case "responseHeaderSize":
			r.ResponseHeaderBytes = number(value)
		}
	})
	return s.objectOf(r, x, key, account)
}

// objectOf fills the container and the object that a request is about, and
// returns the object's key.
func (s *sink) objectOf(r *table.Activity, x *storageRecord, key, account []byte) []byte {
	if r.ResourceName == "" && len(account) > 0 {
		r.ResourceName, r.ResourceType = s.words.lower(account), "microsoft.storage/storageaccounts"
	}
	path := bytes.TrimPrefix(key, []byte("/"))
	if len(path) > 0 { // account/container/name
		_, path, _ = bytes.Cut(path, []byte("/"))
	} else {
		path = uriPath(x.uri)
	}
	container, object, _ := bytes.Cut(path, []byte("/"))
	r.DatabucketName = s.words.of(container)
	if len(object) > 0 {
		r.FileToken = s.tokens.OfBytes("object", path)
		s.scratch, _ = evidence.AppendShape(s.scratch[:0], object)
		r.FileShape = s.words.of(s.scratch)
	}
	return path
}

// uriPath returns the path of an address, without its query: signatures stand
// there.
func uriPath(uri []byte) []byte {
	if i := bytes.IndexAny(uri, "?#"); i >= 0 {
		uri = uri[:i]
	}
	if i := bytes.Index(uri, []byte("://")); i >= 0 {
		uri = uri[i+3:]
	}
	i := bytes.IndexByte(uri, '/')
	if i < 0 {
		return nil
	}
	return uri[i+1:]
}

// storageStatus says whether the request did what it asked for. A status of
// 304 moved nothing, and a refused one is only a request.
func (s *sink) storageStatus(r *table.Activity, x *storageRecord) {
	good := len(x.statusCode) == 3 && x.statusCode[0] == '2'
	if r.StatusDetail == "" {
		r.StatusDetail = s.words.of(x.statusText)
	} else if good && len(r.StatusDetail) < 7 || good && r.StatusDetail[:7] != "Success" {
		good = false
	}
	r.Status = "Failure"
	if good {
		r.Status = "Success"
	}
}

func (s *sink) storageActor(r *table.Activity, x *storageRecord) {
	r.SrcEndpointToken = s.address(host(x.caller))
	if x.identity < 0 {
		return
	}
	var id []byte
	s.tape.each(x.identity, func(name, value []byte) {
		switch string(name) {
		case "type":
			r.ActorUserType = s.words.of(text(value))
		case "tokenHash":
			if len(id) == 0 {
				id = text(value)
			}
		case "requester":
			members(group(value), func(n, v []byte) bool {
				if t := text(v); len(t) > 0 && (string(n) == "objectId" || string(n) == "uniqueName" && len(id) == 0) {
					id = t
				}
				return true
			})
		}
	})
	r.ActorUserToken = s.principal(id)
}

// host returns an address without its port: 192.0.2.1:5936, [2001:db8::1]:443.
func host(address []byte) []byte {
	if len(address) > 0 && address[0] == '[' {
		if i := bytes.IndexByte(address, ']'); i > 0 {
			return address[1:i]
		}
	}
	if i := bytes.LastIndexByte(address, ':'); i >= 0 && bytes.IndexByte(address, ':') == i {
		return address[:i]
	}
	return address
}
