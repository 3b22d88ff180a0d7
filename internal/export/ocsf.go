// Package export writes what a review read in the formats of other programs.
package export

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"probity/internal/query"
)

// SchemaVersion is the version of the Open Cybersecurity Schema Framework that
// events are written in.
const SchemaVersion = "1.8.0"

// OCSF writes the rows of the table activity as events of the Open
// Cybersecurity Schema Framework, a JSON object a line, ordered by time:
// requests to storage as Datastore Activity (6005), all else as API Activity
// (6003). Principals, addresses and names of objects are the tokens of the
// review; sizes stand under unmapped. It returns how many were written.
func OCSF(ctx context.Context, e *query.Engine, version string, w io.Writer) (int64, error) {
	out := bufio.NewWriterSize(w, 1<<18)
	n := int64(0)
	err := e.Each(ctx, "exporting activity", activityQuery, func(row func(...any) error) error {
		var a activity
		if err := row(&a.exhibit, &a.position, &a.time, &a.provider, &a.account, &a.region, &a.service, &a.operation, &a.resource, &a.resourceType, &a.resourceUID,
			&a.container, &a.object, &a.shape, &a.user, &a.userType, &a.address, &a.log, &a.correlation, &a.status, &a.code, &a.detail, &a.in, &a.out, &a.class, &a.request); err != nil {
			return err
		}
		line, err := json.Marshal(a.event(version))
		if err != nil {
			return err
		}
		n++
		_, err = out.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return n, err
	}
	return n, out.Flush()
}

// activityQuery takes each record once, and says which are requests to storage
// and of what class.
const activityQuery = `
SELECT a.exhibit, a.position, a.time, a.cloud_provider, a.cloud_account_uid, a.cloud_region, a.api_service_name, a.api_operation, a.resource_name, a.resource_type, a.resource_uid,
       a.databucket_name, CAST(a.file_token AS VARCHAR), a.file_shape, CAST(a.actor_user_token AS VARCHAR), a.actor_user_type, CAST(a.src_endpoint_token AS VARCHAR), a.metadata_log_name,
       CAST(a.metadata_correlation_token AS VARCHAR), a.status, a.status_code, a.status_detail, a.request_body_bytes, a.response_body_bytes,
       storage_class(a.api_operation), r.position IS NOT NULL
FROM activity a LEFT JOIN request_log r ON r.exhibit = a.exhibit AND r.position = a.position
ORDER BY a.time, a.exhibit, a.position`

type activity struct {
	exhibit                                                                          string
	position                                                                         int64
	time                                                                             time.Time
	provider, account, region, service, operation, resource, resourceType            string
	resourceUID, container, object, shape, user, userType, address, log, correlation string
	status, code, detail                                                             string
	in, out                                                                          int64
	class                                                                            string // reads, writes, deletes
	request                                                                          bool   // to storage
}

const noToken = "00000000-0000-0000-0000-000000000000"

// token writes a token without dashes, "" for none.
func token(s string) string {
	if s == noToken {
		return ""
	}
	return strings.ReplaceAll(s, "-", "")
}

type object map[string]any

// set adds a member unless its value is empty.
func (o object) set(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// event is the row as an event.
func (a *activity) event(version string) object {
	class, kind := 6003, a.apiActivity()
	if a.request {
		class, kind = 6005, a.datastoreActivity()
	}
	e := object{
		"activity_id": kind, "category_uid": 6, "class_uid": class, "type_uid": class*100 + kind, "severity_id": 1, "time": a.time.UnixMilli(),
		"api": a.api(), "actor": a.actor(), "cloud": a.cloud(), "metadata": a.metadata(version), "src_endpoint": a.source(),
	}
	e["status_id"] = map[string]int{"Success": 1, "Failure": 2}[a.status]
	if e["status_id"] == 0 && a.status != "" {
		e["status_id"], e["status"] = 99, a.status
	}
	e.setStatus(a)
	if a.request {
		e["databucket"] = a.databucket()
		e["unmapped"] = object{"request_body_bytes": a.in, "response_body_bytes": a.out, "object_token": token(a.object), "object_shape": a.shape}
	} else if a.resource != "" {
		r := object{"name": a.resource}
		r.set("type", a.resourceType)
		r.set("uid", a.resourceUID)
		e["resources"] = []object{r}
	}
	return e
}

func (o object) setStatus(a *activity) {
	o.set("status_code", a.code)
	o.set("status_detail", a.detail)
}

// apiActivity is the activity of API Activity: Create, Read, Update, Delete.
func (a *activity) apiActivity() int {
	name := a.operation[strings.LastIndexAny(a.operation, "./")+1:]
	has := func(words ...string) bool {
		low := strings.ToLower(name)
		for _, w := range words {
			if strings.HasPrefix(low, w) || strings.HasSuffix(low, w) && w == "delete" {
				return true
			}
		}
		return false
	}
	switch {
	case has("create", "insert", "run", "start"):
		return 1
	case has("get", "list", "describe", "head", "lookup", "read", "search"):
		return 2
	case has("delete", "remove", "terminate", "stop"):
		return 4
	case has("put", "update", "set", "write", "modify", "patch", "attach", "detach", "add", "enable", "disable"):
		return 3
	case name == "":
		return 0
	}
	return 99
}

// datastoreActivity is the activity of Datastore Activity: Read, Write, Delete,
// List.
func (a *activity) datastoreActivity() int {
	switch {
	case strings.HasPrefix(a.operation, "List") || strings.HasSuffix(a.operation, ".list") || strings.HasPrefix(a.operation, "REST.GET.BUCKET"):
		return 8
	case a.class == "writes":
		return 5
	case a.class == "deletes":
		return 7
	}
	return 1
}

func (a *activity) api() object {
	o := object{"operation": a.operation}
	if a.operation == "" {
		o["operation"] = "unknown"
	}
	if a.service != "" {
		o["service"] = object{"name": a.service}
	}
	if c := token(a.correlation); c != "" {
		o["request"] = object{"uid": c}
	}
	return o
}

func (a *activity) actor() object {
	u := token(a.user)
	if u == "" {
		u = "anonymous"
	}
	o := object{"uid": u}
	if o.set("type", a.userType); a.userType != "" {
		o["type_id"] = 99 // the type as the source writes it
	}
	return object{"user": o}
}

func (a *activity) cloud() object {
	o := object{"provider": map[string]string{"aws": "AWS", "azure": "Azure", "gcp": "GCP"}[a.provider]}
	if o["provider"] == "" {
		o["provider"] = "unknown"
	}
	o.set("region", a.region)
	if a.account != "" {
		o["account"] = object{"uid": a.account}
	}
	return o
}

// metadata names the record that the event was made of: its exhibit and
// position, as probity show takes them.
func (a *activity) metadata(version string) object {
	o := object{"version": SchemaVersion, "product": object{"name": "Probity", "vendor_name": "Probity", "version": version},
		"profiles": []string{"cloud"}, "uid": fmt.Sprintf("%s:%d", a.exhibit, a.position)}
	o.set("log_name", a.log)
	return o
}

func (a *activity) source() object {
	if t := token(a.address); t != "" {
		return object{"uid": t}
	}
	return object{"name": "unknown"}
}

func (a *activity) databucket() object {
	name := a.resource
	if a.container != "" {
		name += "/" + a.container
	}
	if name == "" {
		name = "unknown"
	}
	o := object{"name": name, "type_id": map[string]int{"aws": 1, "azure": 2}[a.provider]}
	if a.provider == "gcp" {
		o["type_id"], o["type"] = 99, "Google Cloud Storage"
	}
	o.set("uid", a.resourceUID)
	return o
}
