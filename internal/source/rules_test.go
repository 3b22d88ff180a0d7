package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/sigma"
	"probity/internal/table"
)

// Every open column that rules may name is one of the row.
func TestColumnsOfRules(t *testing.T) {
	r := table.Activity{Kind: "x", CloudProvider: "x", CloudAccountUID: "x", CloudRegion: "x", APIServiceName: "x", APIOperation: "x", ResourceName: "x", ResourceType: "x",
		ResourceUID: "x", DatabucketName: "x", ActorUserType: "x", MetadataLogName: "x", Status: "x", StatusCode: "x", StatusDetail: "x",
		EnabledLogCategories: "x", DisabledLogCategories: "x", RequestBodyBytes: 1, ResponseBodyBytes: 1}
	for _, c := range sigma.Columns {
		if column(&r, c) == "" {
			t.Errorf("column %s is not read", c)
		}
	}
	if column(&r, "actor_user_token") != "" {
		t.Error("a token can be matched")
	}
}

// fields are looked up in both forms of the same record.
var hardRecords = []string{
	`{"a":{"b":[{"c":1},{"c":null},{"c":[2,"x\"y"]}]},"a.b":{"c":true},"a":"{\"b\":{\"c\":\"in text\"}}"}`,
	`{"a": { "b" : {"c" : { "d\u0041" : [ ] } } } , "e\\f": "g" , "a.b.c":""}`,
	`{"a":[[{"b":{"c":-1.50e3}}],5,"{\"b\":{\"c\":7}}"],"x":[[],[[]]]}`,
	`{"a":{"b":{"c":"ÄÖ €"}}}`,
}

// The reading pass sees in a record what the plain decoder sees.
func TestEventIsDocument(t *testing.T) {
	var rules []*sigma.Rule
	dir := "../../../shared/data/sigma/sigmahq/rules/cloud"
	if c, err := sigma.Load(os.DirFS(dir), "cloud"); err == nil {
		rules = c.Rules
	}
	set := sigma.Compile(rules, nil)
	fast, slow := sigma.NewMatcher(set), sigma.NewMatcher(set)
	n, hits := 0, 0
	check := func(data []byte) {
		var tp tape
		if end, err := tp.scan(data); err != nil || end != len(data) {
			t.Fatalf("%v of %s", err, data)
		}
		d, err := sigma.NewDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		e := &event{tape: &tp, row: &table.Activity{}, data: data}
		for _, f := range []string{"a", "a.b", "a.b.c", "a.b.c.dA", "e\\f", "x", "userIdentity.arn", "requestParameters", "resources.ARN", "protoPayload.authorizationInfo.granted"} {
			if got, want := fmt.Sprintf("%q", e.Values(f, nil)), fmt.Sprintf("%q", d.Values(f, nil)); got != want {
				t.Errorf("%s of %s: %s, want %s", f, data, got, want)
			}
		}
		if got, want := fast.Match(e), slow.Match(d); !slices.Equal(got, want) {
			t.Errorf("%v, want %v, of %s", got, want, data)
		} else {
			hits += len(got)
		}
		n++
	}
	for _, r := range hardRecords {
		check([]byte(r))
	}
	_ = filepath.WalkDir("../../../shared/data", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(p, "aws-cloudtrail") && !strings.Contains(p, "labelled") || !strings.Contains(p, ".json") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(bytes.NewReader(text)); ; {
			var v json.RawMessage
			if dec.Decode(&v) != nil {
				return nil
			}
			v = bytes.TrimSpace(v)
			switch {
			case member(v, "Records") != nil:
				elements(member(v, "Records"), func(_ int, x []byte) { check(x) })
			case v[0] == '[':
				elements(v, func(_ int, x []byte) { check(x) })
			case member(v, "log") != nil:
				check(member(v, "log"))
			default:
				check(v)
			}
		}
	})
	t.Logf("%d records, %d hits", n, hits)
	if len(rules) > 0 && (n < 3000 || hits < 100) {
		t.Errorf("%d records, %d hits: too few to tell", n, hits)
	}
}
