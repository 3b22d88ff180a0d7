package source

import (
	"bytes"
	"io"
	"sort"
	"strings"

	"probity"
	"probity/internal/table"
)

// The Azure Activity log, the control plane's own: as a diagnostic setting
// exports it (resource log schema), and as the REST interface and the command
// line give it (eventTimestamp, {value, localizedValue}).

// activityCategories are the values of category.
var activityCategories = map[string]bool{"Administrative": true, "Policy": true, "Security": true, "ServiceHealth": true, "ResourceHealth": true,
	"Alert": true, "Recommendation": true, "Autoscale": true}

func detectActivityLog(o *opening) bool {
	return o.any(func(x object) bool {
		if x.has("metricName") || x.has("timeseries") {
			return false
		}
		operation := x.text("operationName", "operation_name", "OperationNameValue", "OperationName")
		known := activityCategories[string(x.text("category", "CategoryValue", "Category"))]
		timed := x.has("time") || x.has("eventTimestamp") || x.has("event_timestamp") || x.has("TimeGenerated") || x.has("EventTimestamp")
		return len(operation) > 0 && timed && (bytes.IndexByte(operation, '/') > 0 || known)
	})
}

func readActivityLog(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseActivityLog}, "records", "Records", "value")
}

// activityRecord is the parts of an event that are looked at.
type activityRecord struct {
	time, resourceID, operation, category, result, signature, caller, claimed, correlation, eventID, subscription []byte

	identity, properties []byte
}

func parseActivityLog(s *sink, from int64, data []byte) (hint, string) {
	var x activityRecord
	members(data, x.take)
	at, ok := parseTime(x.time)
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case len(x.operation) == 0:
		return hint{}, "no operationName"
	}
	r := &s.activity
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.AzureActivityLog), Time: at, CloudProvider: "azure"}
	a := s.arm(x.resourceID)
	r.CloudAccountUID = a.account
	if a.account == "" {
		r.CloudAccountUID = s.words.lower(x.subscription)
	}
	// Tags, deployments and role assignments of a whole group or subscription
	// are events of the account, not resources.
	if a.name != "" && !strings.HasPrefix(a.typ, "microsoft.resources/") && !strings.HasPrefix(a.typ, "microsoft.authorization/") {
		r.ResourceName, r.ResourceType, r.ResourceUID = a.name, a.typ, a.uid
	}
	r.APIOperation = s.words.lower(x.operation)
	r.APIServiceName, _, _ = strings.Cut(r.APIOperation, "/")
	r.MetadataLogName = s.words.of(x.category)
	r.Status, r.StatusDetail = resultOf(x.result), s.words.of(x.signature)
	r.StatusCode = s.words.of(x.result)
	r.SrcEndpointToken = s.address(host(x.claimed))
	r.ActorUserToken = s.principal(x.principal())
	r.MetadataCorrelation = s.tokens.Fast("correlation", x.correlation)
	switch {
	case len(x.eventID) > 0:
		r.Key = s.tokens.Fast("key", x.eventID)
	case len(x.correlation) > 0:
		r.Key = s.tokens.Fast("key", bytes.Join([][]byte{x.correlation, x.operation, x.result, x.time, x.resourceID}, []byte("|")))
	}
	if strings.HasPrefix(r.APIOperation, "microsoft.insights/diagnosticsettings/") {
		r.EnabledLogCategories, r.DisabledLogCategories = s.diagnosticSetting(x.properties)
	}
	r.Digest = s.digest(data)
	s.fail(s.part.Activity(r))
	s.match(data)
	return hint{"azure", r.CloudAccountUID, r.ResourceName, r.MetadataLogName, at}, ""
}

// take keeps a member of an event.
func (x *activityRecord) take(name, value []byte) bool {
	switch string(name) {
	case "time", "eventTimestamp", "event_timestamp", "TimeGenerated", "EventTimestamp":
		if len(x.time) == 0 || string(name) != "TimeGenerated" {
			x.time = text(value)
		}
	case "resourceId", "resource_id", "_ResourceId", "ResourceId", "resourceID":
		if t := text(value); len(t) > 0 {
			x.resourceID = t
		}
	case "operationName", "operation_name", "OperationNameValue", "OperationName":
		if t := named(value); len(t) > 0 && (len(x.operation) == 0 || bytes.IndexByte(t, '/') > 0) { // OperationName is a phrase beside OperationNameValue
			x.operation = t
		}
	case "category", "CategoryValue", "Category":
		if t := named(value); len(t) > 0 {
			x.category = t
		}
	case "resultType", "status", "ActivityStatusValue", "ActivityStatus", "ResultType":
		if t := named(value); len(t) > 0 {
			x.result = t
		}
	case "resultSignature", "subStatus", "sub_status", "ActivitySubstatusValue", "ResultSignature":
		if t := named(value); len(t) > 0 {
			x.signature = t
		}
	case "callerIpAddress", "CallerIpAddress", "caller_ip_address":
		x.claimed = text(value)
	case "caller", "Caller":
		x.caller = text(value)
	case "correlationId", "correlation_id", "CorrelationId":
		x.correlation = text(value)
	case "eventDataId", "event_data_id", "EventDataId":
		x.eventID = text(value)
	case "subscriptionId", "subscription_id", "SubscriptionId":
		x.subscription = text(value)
	case "identity", "Claims", "claims":
		if g := group(value); g != nil {
			x.identity = g
		}
	case "properties", "Properties":
		x.properties = group(value)
	}
	return true
}

// principal returns what identifies the caller, to be replaced by a token.
func (x *activityRecord) principal() []byte {
	claims := group(member(x.identity, "claims"))
	if claims == nil {
		claims = x.identity
	}
	for _, name := range []string{"http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "appid"} {
		if id := text(member(claims, name)); len(id) > 0 {
			return id
		}
	}
	return x.caller
}

func resultOf(result []byte) string {
	switch strings.ToLower(string(result)) {
	case "success", "succeeded":
		return "Success"
	case "failure", "failed":
		return "Failure"
	case "start", "started", "accept", "accepted":
		return "Started"
	}
	return "Other"
}

// diagnosticSetting returns which log categories a diagnostic setting that is
// written switches on and off, each sorted and separated by commas.
func (s *sink) diagnosticSetting(properties []byte) (enabled, disabled string) {
	var body []byte
	for _, name := range []string{"requestbody", "requestBody", "responseBody", "responsebody"} {
		if body = group(member(properties, name)); body != nil {
			break
		}
	}
	inner := group(member(body, "properties"))
	if inner == nil {
		inner = body
	}
	on, off := map[string]bool{}, map[string]bool{}
	elements(member(inner, "logs"), func(_ int, log []byte) {
		names := []string{string(text(member(log, "category")))}
		if g := text(member(log, "categoryGroup")); len(g) > 0 {
			names = []string{string(g)}
			if string(g) == "allLogs" || string(g) == "audit" {
				names = append(names, "StorageRead", "StorageWrite", "StorageDelete")
			}
		}
		to := off
		if strings.EqualFold(string(text(member(log, "enabled"))), "true") {
			to = on
		}
		for _, n := range names {
			if n != "" {
				to[n] = true
			}
		}
	})
	return s.words.of([]byte(list(on))), s.words.of([]byte(list(off)))
}

func list(set map[string]bool) string {
	var names []string
	for n := range set {
		names = append(names, n)
	}
	sort.Strings(names)
	return strings.Join(names, ",")
}
