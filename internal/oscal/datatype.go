package oscal

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// A Namespace is a UUID under which names get UUIDs of their own.
type Namespace [16]byte

// URLs is the namespace of RFC 9562 for addresses.
var URLs = Namespace{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// Sub returns the namespace that is the UUID of name.
func (n Namespace) Sub(name string) Namespace {
	h := sha1.New()
	h.Write(n[:])
	h.Write([]byte(name))
	var u Namespace
	copy(u[:], h.Sum(nil))
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return u
}

// UUID returns the UUID of version 5 (RFC 9562) of the parts, which are kept
// apart: "a", "bc" and "ab", "c" differ.
func (n Namespace) UUID(parts ...string) string {
	return n.Sub(strings.Join(parts, "\x00")).String()
}

// String writes the UUID in its usual form.
func (n Namespace) String() string {
	t := hex.EncodeToString(n[:])
	return strings.Join([]string{t[:8], t[8:12], t[12:16], t[16:20], t[20:]}, "-")
}

// Token makes a token (an NCName) of a name. Different names make different
// tokens: what a token cannot hold is written as its code between underscores,
// and a slash as two of them.
func Token(prefix, name string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for _, r := range name {
		switch {
		case r == '/':
			b.WriteString("__")
		case r < 0x80 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '.' || r == '-'):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "_%x_", r)
		}
	}
	return b.String()
}

// String makes a string of OSCAL of a text: one line, no space around it, no
// control characters or marks that turn the direction of text, and "-" for
// nothing.
func String(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if text = strings.TrimSpace(text); text == "" {
		return "-"
	}
	return text
}

// Time writes a time as OSCAL takes it, and reports whether it can be written:
// years from 1900 to 2999.
func Time(t time.Time) (string, bool) {
	t = t.UTC()
	if t.Year() < 1900 || t.Year() > 2999 {
		return "", false
	}
	return t.Format(time.RFC3339), true
}

// Path writes a path of folders as a relative address.
func Path(p string) string {
	parts := strings.Split(strings.ToValidUTF8(p, "\uFFFD"), "/")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	// A colon before the first slash would begin a scheme.
	parts[0] = strings.ReplaceAll(parts[0], ":", "%3A")
	if parts[0] == "" { // a path that begins with a slash names no host
		return "." + strings.Join(parts, "/")
	}
	return strings.Join(parts, "/")
}
