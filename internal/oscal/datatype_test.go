package oscal

import (
	"regexp"
	"testing"
	"time"
)

var (
	ncname = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	text   = regexp.MustCompile(`^\S(.*\S)?$`)
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
)

// UUIDs are those of RFC 9562, and parts do not run into each other.
func TestUUID(t *testing.T) {
	dns := Namespace{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	if got, want := dns.UUID("www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2"; got != want { // RFC 9562, A.4
		t.Errorf("%s, want %s", got, want)
	}
	seen := map[string]bool{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {""}, {}} {
		id := URLs.UUID(parts...)
		if !uuid.MatchString(id) {
			t.Errorf("%q", id)
		}
		if seen[id] && len(parts) > 0 && parts[0] != "" {
			t.Errorf("%q has the UUID of others", parts)
		}
		seen[id] = true
	}
}

// Different names make different tokens.
func TestToken(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"A1.1", "a/b", "a__b", "a_b", "a b", "\x00", "é", "a_2f_b", "", "A1-1", "\u202e"} {
		got := Token("claim-", name)
		if !ncname.MatchString(got) {
			t.Errorf("%q: %q is no token", name, got)
		}
		if old, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %q", name, old, got)
		}
		seen[got] = name
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", " a\n b\t", "\x1b[31m", "\xff\u202e\u2028x", "\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := String(s)
		if !text.MatchString(got) || regexp.MustCompile(`[\p{Cc}\p{Cf}]`).MatchString(got) {
			t.Errorf("%q becomes %q", s, got)
		}
		if !ncname.MatchString(Token("x-", s)) {
			t.Errorf("%q becomes the token %q", s, Token("x-", s))
		}
	})
}

func TestTimeAndPath(t *testing.T) {
	if got, ok := Time(time.Date(2025, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600))); !ok || got != "2025-01-02T02:04:05Z" {
		t.Errorf("%s %v", got, ok)
	}
	for _, year := range []int{0, 1, 1899, 3000, 99999} {
		if got, ok := Time(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); ok {
			t.Errorf("%d: %s", year, got)
		}
	}
	for in, want := range map[string]string{"evidence/a b": "evidence/a%20b", "javascript:x": "javascript%3Ax", "/etc/x": "./etc/x", "a?b#c": "a%3Fb%23c", "//host/x": ".//host/x"} {
		if got := Path(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
