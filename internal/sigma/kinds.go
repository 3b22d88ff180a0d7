package sigma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Place is a kind of record and the cloud that it is of: rules are matched
// place by place.
type Place struct{ Kind, Provider string }

// Places are where rules can find records.
var Places = []Place{
	{"aws-cloudtrail", "aws"}, {"azure-activity-log", "azure"}, {"gcp-audit-log", "gcp"},
	{"ocsf", "aws"}, {"ocsf", "azure"}, {"ocsf", "gcp"},
}

// services are the values of service that name logs which are read, by
// product; others are of logs that are not.
var services = map[string][]string{
	"aws":   {"", "cloudtrail"},
	"azure": {"", "activitylogs"},
	"gcp":   {"", "gcp.audit", "google_workspace.admin", "google_workspace.login"},
}

// In reports whether records of a place belong to a log source.
func (p Place) In(s LogSource) bool {
	return s.Category == "" && s.Product == p.Provider && contains(services[s.Product], s.Service)
}

// Of returns the rules that are about the records of a place.
func (p Place) Of(rules []*Rule) []*Rule {
	var out []*Rule
	for _, r := range rules {
		if r.Where != nil && p.In(r.Source) {
			out = append(out, r)
		}
	}
	return out
}

// Names returns the names under which records of a place may have a field, the
// most telling first: public rules spell fields as one of several pipelines
// does.
func (p Place) Names(field string) []string {
	if strings.HasPrefix(field, Column) {
		return []string{field}
	}
	switch p.Kind {
	case "azure-activity-log":
		return azureNames(field)
	case "gcp-audit-log":
		return gcpNames(field)
	case "ocsf":
		for from, to := range ocsfNames {
			if rest, ok := strings.CutPrefix(field, from); ok && (rest == "" || rest[0] == '.') {
				return []string{to + rest, field}
			}
		}
	}
	return []string{field}
}

// azureNames: as exported, as the REST interface gives it ({value,
// localizedValue}), as Log Analytics spells it.
func azureNames(field string) []string {
	out := []string{field + ".value", field}
	r, n := utf8.DecodeRuneInString(field)
	for _, other := range []string{string(unicode.ToLower(r)) + field[n:], string(unicode.ToUpper(r)) + field[n:]} {
		if other != field && n > 0 {
			out = append(out, other+".value", other)
		}
	}
	switch field {
	case "operationName":
		out = append([]string{"OperationNameValue"}, append(out, "operation_name")...)
	case "correlationId":
		out = append(out, "correlation_id")
	case "resourceId", "ResourceId":
		out = append(out, "_ResourceId", "resource_id")
	}
	return out
}

// gcpNames: as Cloud Logging has it, below data where Pub/Sub delivers it, and
// as the Elastic Common Schema names it.
func gcpNames(field string) []string {
	out := []string{field}
	if rest, ok := strings.CutPrefix(field, "data."); ok {
		return append(out, rest)
	}
	if to := map[string]string{
		"gcp.audit.method_name": "protoPayload.methodName", "gcp.audit.service_name": "protoPayload.serviceName", "gcp.audit.resource_name": "protoPayload.resourceName",
		"eventService": "protoPayload.serviceName", "eventName": "protoPayload.metadata.event.eventName",
	}[field]; to != "" {
		return append(out, to)
	}
	return append(out, "data."+field)
}

// ocsfNames: where OCSF keeps what CloudTrail's members hold.
var ocsfNames = map[string]string{
	"eventName": "api.operation", "eventSource": "api.service.name", "errorCode": "api.response.error", "errorMessage": "api.response.message",
	"awsRegion": "cloud.region", "sourceIPAddress": "src_endpoint.ip", "userAgent": "http_request.user_agent", "requestParameters": "api.request.data",
	"responseElements": "api.response.data", "userIdentity.arn": "actor.user.uid", "userIdentity.type": "actor.user.type", "recipientAccountId": "cloud.account.uid",
	"requestID": "api.request.uid", "eventID": "metadata.uid", "operationName": "api.operation", "protoPayload.methodName": "api.operation", "protoPayload.serviceName": "api.service.name",
}
