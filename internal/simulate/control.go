package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"time"
)

// An event is one operation of the control plane.
type event struct {
	at        time.Time
	resource  string
	operation string
	detail    string // of resultSignature, after "Succeeded."
	body      string // requestbody, as JSON
}

const settingName = "/providers/microsoft.insights/diagnosticSettings/to-log-store"

// controlFiles projects what was done to the estate into the Activity logs of
// the accounts that are not hidden.
func controlFiles(s *Scenario, t *truth) []file {
	var out []file
	for i := range s.Accounts {
		a := &s.Accounts[i]
		if a.Hidden || a.provider() != azure {
			continue
		}
		out = append(out, activityFiles(s, a, events(s, a, uint64(i)), t)...)
	}
	return out
}

// events draws the ordinary work of an account's administrators and adds what
// the edits do.
func events(s *Scenario, a *Account, n uint64) []event {
	rng := rand.New(rand.NewPCG(s.Seed, 1000+n))
	group := "/subscriptions/" + a.ID + "/resourceGroups/rg-data"
	var list []event
	for day := s.From; day.Before(s.Until); day = day.AddDate(0, 0, 1) {
		at := day.Add(time.Duration(8+rng.IntN(9))*time.Hour + time.Duration(rng.Int64N(3599))*time.Second)
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday || len(a.Storage) == 0 {
			continue
		}
		x := &a.Storage[rng.IntN(len(a.Storage))]
		switch rng.IntN(4) {
		case 0:
			list = append(list, event{at: at, resource: storageID(a, x), operation: "Microsoft.Storage/storageAccounts/listKeys/action"})
		case 1:
			list = append(list, event{at: at, resource: group + "/providers/Microsoft.Resources/tags/default", operation: "Microsoft.Resources/tags/write"})
		case 2:
			list = append(list, event{at: at, resource: storageID(a, x) + fmt.Sprintf("/providers/Microsoft.Authorization/roleAssignments/%s", uuid(rng.Uint64(), rng.Uint64())),
				operation: "Microsoft.Authorization/roleAssignments/write", detail: "Created"})
		default:
			list = append(list, event{at: at, resource: group + fmt.Sprintf("/providers/Microsoft.Resources/deployments/weekly-%04x", rng.IntN(1<<16)), operation: "Microsoft.Resources/deployments/write", detail: "Created"})
		}
	}
	for _, e := range s.Edits {
		for k := range a.Storage {
			if a.Storage[k].Name == e.DeleteSetting {
				list = append(list, event{at: e.At, resource: storageID(a, &a.Storage[k]) + settingName, operation: "Microsoft.Insights/diagnosticSettings/delete"})
			}
		}
	}
	for k := range a.Storage {
		if at := a.Storage[k].deletion(); !at.IsZero() {
			list = append(list, event{at: at, resource: storageID(a, &a.Storage[k]), operation: "Microsoft.Storage/storageAccounts/delete"})
		}
	}
	if len(a.Storage) > 0 { // an ordinary change that leaves everything on
		list = append(list, event{at: s.From.Add(33 * time.Hour), resource: storageID(a, &a.Storage[len(a.Storage)-1]) + settingName,
			operation: "Microsoft.Insights/diagnosticSettings/write",
			body:      `{"properties":{"logs":[{"category":"StorageRead","enabled":true},{"category":"StorageWrite","enabled":true},{"category":"StorageDelete","enabled":true}],"metrics":[]}}`})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].at.Before(list[j].at) })
	return list
}

// activityFiles writes events as an export of the Activity log has them: two
// records each, one an hour's file, names in upper case.
func activityFiles(s *Scenario, a *Account, list []event, t *truth) []file {
	rng := rand.New(rand.NewPCG(s.Seed, 77))
	at := map[string]*bytes.Buffer{}
	var order []string
	for _, e := range list {
		path := "evidence/activity/insights-activity-logs/resourceId=/SUBSCRIPTIONS/" + strings.ToUpper(a.ID) + e.at.Format("/y=2006/m=01/d=02/h=15/m=00/") + "PT1H.json"
		if at[path] == nil {
			at[path] = &bytes.Buffer{}
			order = append(order, path)
		}
		id := uuid(rng.Uint64(), rng.Uint64())
		detail := "Succeeded."
		if e.detail != "" {
			detail += e.detail
		}
		at[path].Write(e.record(s, a, e.at, "Start", "Started.", id))
		at[path].Write(e.record(s, a, e.at.Add(713*time.Millisecond), "Success", detail, id))
		t.count("azure-activity-log", 2)
	}
	var out []file
	for _, p := range order {
		out = append(out, file{p, at[p].Bytes()})
	}
	return out
}

func (e *event) record(s *Scenario, a *Account, at time.Time, result, signature, correlation string) []byte {
	properties := map[string]any{"eventCategory": "Administrative", "entity": e.resource, "message": e.operation, "hierarchy": tenantID + "/" + a.ID}
	if e.body != "" {
		properties["requestbody"] = e.body
	}
	p, _ := json.Marshal(properties) // of strings: it always works
	return fmt.Appendf(nil, `{"RoleLocation":"West Europe","time":%q,"resourceId":%q,"operationName":%q,"category":"Administrative","resultType":%q,"resultSignature":%q,"durationMs":"0","callerIpAddress":"192.0.2.58","correlationId":%q,"identity":{"authorization":{"scope":%q,"action":%q},"claims":{"aud":"https://management.core.windows.net/","http://schemas.microsoft.com/identity/claims/objectidentifier":"1d6f3a52-07fd-4bb4-ac9b-b9deaa1b0bb4","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":%q,"name":"m.varga"}},"level":"Information","properties":%s,"tenantId":%q}`+"\n",
		stamp(at), strings.ToUpper(e.resource), strings.ToUpper(e.operation), result, signature, correlation, e.resource, e.operation, "m.varga@"+s.Tenant+".example", p, tenantID)
}
