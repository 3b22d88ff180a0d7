package report

import (
	"strings"
	"unicode"

	"probity"
)

// markup escapes a text for Markdown, so that it is shown as it is: every mark
// that begins emphasis, a link, an image, code, a heading, a list, a table, a
// quotation or an element of HTML.
func markup(s string) string {
	s = probity.Plain(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]<>|~#&$^", r):
			b.WriteByte('\\')
		case r == '!' && strings.HasPrefix(s[i+1:], "["):
			b.WriteByte('\\')
		case r == ':' && strings.HasPrefix(s[i+1:], "//"), r == '.' && strings.HasSuffix(strings.ToLower(s[:i]), "www"):
			b.WriteByte('\\') // a bare address becomes no link
		case strings.ContainsRune("-+=", r) && strings.TrimSpace(s[:i]) == "":
			b.WriteByte('\\') // no list, no rule
		case (r == '.' || r == ')') && onlyDigits(s[:i]) && (i+1 == len(s) || s[i+1] == ' '):
			b.WriteByte('\\') // no numbered list
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

func onlyDigits(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// issueText escapes a text for an issue tracker: as markup does, and so that no
// mark before a word mentions a person, an issue, a label or a milestone. A word
// joiner (U+2060) stands between them, since trackers look for these in the text
// that Markdown leaves.
func issueText(s string) string {
	var b strings.Builder
	held := false
	for _, r := range markup(s) {
		if held && (r == '_' || r == '\\' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteRune('\u2060')
		}
		held = strings.ContainsRune("@#!~$&%", r)
		b.WriteRune(r)
	}
	return b.String()
}
