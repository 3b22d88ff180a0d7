package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/query"
	"probity/internal/table"
)

// A schema is the compiled schema of OCSF, as far as events are checked
// against it.
type schema struct {
	Classes map[string]*class `json:"classes"`
	Objects map[string]*class `json:"objects"`
}

type class struct {
	UID         int                   `json:"uid"`
	Attributes  map[string]*attribute `json:"attributes"`
	Constraints map[string][]string   `json:"constraints"`
}

type attribute struct {
	Type        string         `json:"type"`
	ObjectType  string         `json:"object_type"`
	IsArray     bool           `json:"is_array"`
	Requirement string         `json:"requirement"`
	Profiles    []string       `json:"profiles"`
	Enum        map[string]any `json:"enum"`
}

// check says what is wrong with an object: an attribute that the class does
// not have, one that is required and absent, a type or a value that does not
// fit, a constraint that is not met.
func (s *schema) check(c *class, o map[string]any, profiles []string, where string) []string {
	var bad []string
	for name, v := range o {
		a := c.Attributes[name]
		if a == nil {
			bad = append(bad, where+"."+name+" is unknown")
			continue
		}
		values := []any{v}
		if a.IsArray {
			list, ok := v.([]any)
			if !ok {
				bad = append(bad, where+"."+name+" is no array")
			}
			values = list
		}
		for _, v := range values {
			bad = append(bad, s.value(a, v, profiles, where+"."+name)...)
		}
	}
	for name, a := range c.Attributes {
		mine := len(a.Profiles) == 0
		for _, p := range a.Profiles {
			mine = mine || slices.Contains(profiles, p)
		}
		if _, ok := o[name]; !ok && a.Requirement == "required" && mine {
			bad = append(bad, where+"."+name+" is required")
		}
	}
	if list := c.Constraints["at_least_one"]; len(list) > 0 {
		if !slices.ContainsFunc(list, func(n string) bool { _, ok := o[n]; return ok }) {
			bad = append(bad, where+" needs one of "+strings.Join(list, ", "))
		}
	}
	return bad
}

func (s *schema) value(a *attribute, v any, profiles []string, where string) []string {
	wrong := []string{fmt.Sprintf("%s: %v is no %s", where, v, a.Type)}
	switch a.Type {
	case "object_t":
		o, ok := v.(map[string]any)
		if !ok {
			return wrong
		}
		if a.ObjectType == "object" || s.Objects[a.ObjectType] == nil { // anything
			return nil
		}
		return s.check(s.Objects[a.ObjectType], o, profiles, where)
	case "integer_t", "long_t", "timestamp_t", "port_t":
		n, ok := v.(float64)
		if !ok || n != float64(int64(n)) {
			return wrong
		}
		if a.Enum != nil && a.Enum[fmt.Sprint(int64(n))] == nil {
			return []string{fmt.Sprintf("%s: %v is none of its values", where, n)}
		}
	case "boolean_t":
		if _, ok := v.(bool); !ok {
			return wrong
		}
	case "ip_t":
		t, _ := v.(string)
		if _, err := netip.ParseAddr(t); err != nil {
			return wrong
		}
	default:
		if t, ok := v.(string); !ok || t == "" {
			return wrong
		}
	}
	return nil
}

func rowsOf() []table.Activity {
	at := time.Date(2025, 1, 6, 10, 0, 0, 0, time.UTC).UnixMicro()
	tok := table.Token{1, 2, 3}
	return []table.Activity{
		{Exhibit: "e1", Position: 0, Digest: table.Token{1}, Kind: "azure-storage-log", Time: at, CloudProvider: "azure", CloudAccountUID: "sub", CloudRegion: "westeurope", APIServiceName: "blob", APIOperation: "PutBlob",
			ResourceName: "store", ResourceType: "microsoft.storage/storageaccounts", ResourceUID: "/subscriptions/sub/x", DatabucketName: "calls", FileToken: tok, FileShape: "9.amr", ActorUserToken: tok,
			ActorUserType: "SAS", SrcEndpointToken: tok, MetadataLogName: "StorageWrite", MetadataCorrelation: tok, Status: "Success", StatusCode: "201", StatusDetail: "Success", RequestBodyBytes: 77},
		{Exhibit: "e1", Position: 5, Digest: table.Token{2}, Kind: "aws-s3-access-log", Time: at + 1, CloudProvider: "aws", APIServiceName: "s3.amazonaws.com", APIOperation: "REST.GET.BUCKET", ResourceName: "bucket", ResourceType: "aws::s3::bucket", Status: "Failure"},
		{Exhibit: "e1", Position: 9, Digest: table.Token{3}, Kind: "aws-cloudtrail", Time: at + 2, CloudProvider: "aws", CloudAccountUID: "123456789012", APIServiceName: "cloudtrail.amazonaws.com", APIOperation: "StopLogging",
			ResourceName: "main", ResourceType: "aws::cloudtrail::trail", MetadataLogName: "Management", Status: "Success", ActorUserType: "IAMUser", ActorUserToken: tok},
		{Exhibit: "e1", Position: 12, Digest: table.Token{4}, Kind: "azure-activity-log", Time: at + 3, CloudProvider: "azure", APIOperation: "microsoft.insights/diagnosticsettings/delete", Status: "Started"},
		{Exhibit: "e1", Position: 15, Digest: table.Token{5}, Kind: "gcp-storage-log", Time: at + 4, CloudProvider: "gcp", APIServiceName: "storage.googleapis.com", APIOperation: "DELETE_Object", ResourceName: "b", ResourceType: "storage.googleapis.com/bucket", Status: "Success", StatusCode: "204"},
		{Exhibit: "e2", Position: 0, Digest: table.Token{5}, Kind: "gcp-storage-log", Time: at + 4, CloudProvider: "gcp", APIOperation: "DELETE_Object"}, // a duplicate
		{Exhibit: "e3", Position: 0, Digest: table.Token{6}, Kind: "aws-cloudtrail", Time: at + 5},
	}
}

// Every event that is written fits the published schema, and a duplicate is
// written once.
func TestOCSF(t *testing.T) {
	dir := t.TempDir()
	part, err := table.NewPart(filepath.Join(dir, "tables"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rowsOf() {
		if err := part.Activity(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := part.Close(); err != nil {
		t.Fatal(err)
	}
	period := probity.Span{From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)}
	e, err := query.Open(context.Background(), dir, period, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var out bytes.Buffer
	n, err := OCSF(context.Background(), e, "0", &out)
	if err != nil || n != 6 {
		t.Fatalf("%d events, %v", n, err)
	}
	var s *schema
	if data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "ocsf", "ocsf-1.8.0.json")); err == nil {
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
	}
	var classes []string
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		var o map[string]any
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		classes = append(classes, fmt.Sprint(o["class_uid"], "/", o["activity_id"]))
		if s == nil {
			continue
		}
		name := map[float64]string{6003: "api_activity", 6005: "datastore_activity"}[o["class_uid"].(float64)]
		if bad := s.check(s.Classes[name], o, []string{"cloud"}, name); len(bad) > 0 {
			t.Errorf("%s:\n%s", lines.Text(), strings.Join(bad, "\n"))
		}
	}
	if got := strings.Join(classes, " "); got != "6005/5 6005/8 6003/4 6003/4 6005/7 6003/0" {
		t.Errorf("classes and activities %s", got)
	}
	if s == nil {
		t.Skip("the schema is not here: only the classes were checked")
	}
	// The check is one: an event that does not fit is found.
	for what, o := range map[string]map[string]any{
		"unknown": {"nonsense": 1.0}, "missing": {}, "value": {"activity_id": 42.0}, "type": {"time": "now"}, "nested": {"cloud": map[string]any{}},
	} {
		if bad := s.check(s.Classes["api_activity"], o, []string{"cloud"}, ""); len(bad) == 0 {
			t.Errorf("%s: nothing is found", what)
		}
	}
}
