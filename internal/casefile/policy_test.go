package casefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probity/internal/custody"
)

var smallPolicy = `probity_policy: 1
quorum: 2
reviewers:
  - {name: A. Example, role: author, key_sha256: ` + strings.Repeat("a", 64) + `}
  - {name: B. Example, role: approver, key_sha256: ` + strings.Repeat("b", 64) + `}
recusals:
  - {name: C. Example, reason: worked for the customer}
`

func TestPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(smallPolicy), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := LoadPolicy(file)
	if err != nil {
		t.Fatal(err)
	}
	want := &custody.Policy{Quorum: 2, Reviewers: []custody.Listed{
		{By: "A. Example", Role: custody.Author, KeySHA256: strings.Repeat("a", 64)}, {By: "B. Example", Role: custody.Approver, KeySHA256: strings.Repeat("b", 64)}},
		Recused: []custody.Recusal{{By: "C. Example", Reason: "worked for the customer"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":     {"quorum", "quorums", `policy.yaml:2:1: unknown key "quorums"`},
		"no number":       {"quorum: 2", "quorum: 2.5", "a whole number"},
		"none needed":     {"quorum: 2", "quorum: 0", "a whole number"},
		"one needed":      {"quorum: 2", "quorum: 1", "want at least 2"},
		"more than there": {"quorum: 2", "quorum: 3", "2 reviewers who are not recused"},
		"no such role":    {"role: approver", "role: judge", `role "judge" is unknown`},
		"no key":          {strings.Repeat("b", 64), "b", "64 hexadecimal digits"},
		"one key":         {strings.Repeat("b", 64), strings.Repeat("a", 64), "is that of another"},
		"no reason":       {", reason: worked for the customer", "", `lacks the key "reason"`},
		"a second key":    {"quorum: 2\n", "quorum: 2\nquorum: 3\n", "stands twice"},
		"version":         {"probity_policy: 1", "probity_policy: 2", "use one of 1"},
	} {
		_, err := ParsePolicy("policy.yaml", []byte(strings.Replace(smallPolicy, c.old, c.new, 1)))
		if m := (*Mistakes)(nil); !errors.As(err, &m) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadPolicy(file + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(smallPolicy))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ParsePolicy("policy.yaml", data); err == nil && p.Check() != nil {
			t.Errorf("%q is taken, and wrong: %v", data, p.Check())
		}
	})
}
