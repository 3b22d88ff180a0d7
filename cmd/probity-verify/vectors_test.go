package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/verify"
)

// vectors are bundles, good and damaged, with the steps that must fail; cmd/probity
// makes them.
const vectors = "../../testdata/bundles"

type vector struct {
	Name, Zip, Done               string
	Fails, Seen                   []string
	Since, Log, Policy, Authority string
}

// Every vector fails exactly the steps that it should.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(vectors, "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		args := []string{filepath.Join(vectors, v.Zip), "--json"}
		for flag, name := range map[string]string{"--since": v.Since, "--policy": v.Policy, "--time-authority": v.Authority} {
			if name != "" {
				args = append(args, flag, filepath.Join(vectors, name))
			}
		}
		if v.Log != "" {
			key, err := os.ReadFile(filepath.Join(vectors, v.Log))
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, "--log", strings.TrimSpace(string(key)))
		}
		var out, talk bytes.Buffer
		code := run(args, &out, &talk)
		failed, want := []string{}, 0
		var steps []verify.Step
		if code == 1 {
			failed = []string{"zip"}
		} else if err := json.Unmarshal(out.Bytes(), &steps); err != nil {
			t.Fatal(v.Name, err)
		}
		for _, s := range steps {
			if s.Failed {
				failed = append(failed, s.Name)
			}
		}
		switch {
		case slices.Equal(v.Fails, []string{"zip"}):
			want = 1
		case len(v.Fails) > 0:
			want = 4
		}
		slices.Sort(failed)
		slices.Sort(v.Fails)
		if !slices.Equal(failed, v.Fails) || code != want {
			t.Errorf("%s (%s): exit %d, %q failed, want %q\n%s%s", v.Name, v.Done, code, failed, v.Fails, out.String(), talk.String())
		}
	}
	t.Logf("%d vectors", len(list))
}
