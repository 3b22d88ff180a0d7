package sigma

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A part is a piece of a pattern: literal text, or a wildcard.
type part struct {
	lit  string
	wild byte // '*' any text, '?' one character, 0 for literal text
}

// A Pattern is text with wildcards.
type Pattern struct{ parts []part }

// wildcards reads text in which * and ? are wildcards unless a backslash
// stands before them; a backslash before a backslash is one too.
func wildcards(s string) Pattern {
	var p Pattern
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			p.parts = append(p.parts, part{lit: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '?' || s[i+1] == '\\'):
			i++
			lit.WriteByte(s[i])
		case c == '*' || c == '?':
			flush()
			if c != '*' || len(p.parts) == 0 || p.parts[len(p.parts)-1].wild != '*' {
				p.parts = append(p.parts, part{wild: c})
			}
		default:
			lit.WriteByte(c)
		}
	}
	flush()
	return p
}

func literal(s string) Pattern {
	if s == "" {
		return Pattern{}
	}
	return Pattern{[]part{{lit: s}}}
}

// plain returns the text of a pattern without wildcards.
func (p Pattern) plain() (string, bool) {
	switch {
	case len(p.parts) == 0:
		return "", true
	case len(p.parts) == 1 && p.parts[0].wild == 0:
		return p.parts[0].lit, true
	}
	return "", false
}

// within puts wildcards before and behind.
func (p Pattern) within(before, behind bool) Pattern {
	var out []part
	if before && (len(p.parts) == 0 || p.parts[0].wild != '*') {
		out = append(out, part{wild: '*'})
	}
	out = append(out, p.parts...)
	if behind && (len(out) == 0 || out[len(out)-1].wild != '*') {
		out = append(out, part{wild: '*'})
	}
	return Pattern{out}
}

// each returns the patterns that f makes of the literal parts' runes.
func (p Pattern) mapped(f func(string) string) Pattern {
	out := Pattern{append([]part(nil), p.parts...)}
	for i := range out.parts {
		out.parts[i].lit = f(out.parts[i].lit)
	}
	return out
}

// String writes the pattern as a rule does.
func (p Pattern) String() string {
	var b strings.Builder
	for _, x := range p.parts {
		if x.wild != 0 {
			b.WriteByte(x.wild)
			continue
		}
		b.WriteString(strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(x.lit))
	}
	return b.String()
}

// match reports whether text is the pattern: all of it. Both are folded
// already where letter case does not count.
func (p *Pattern) match(text []byte) bool {
	switch n := len(p.parts); {
	case n == 0:
		return len(text) == 0
	case n == 1 && p.parts[0].wild == 0:
		return string(text) == p.parts[0].lit
	case n == 1 && p.parts[0].wild == '*':
		return true
	case n == 3 && p.parts[0].wild == '*' && p.parts[1].wild == 0 && p.parts[2].wild == '*':
		return bytes.Contains(text, []byte(p.parts[1].lit))
	}
	return glob(p.parts, text)
}

// glob goes back to the latest * only: what an earlier one took need never
// change.
func glob(parts []part, text []byte) bool {
	i, star, mark := 0, -1, 0
	for at := 0; ; {
		switch {
		case i < len(parts) && parts[i].wild == '*':
			star, mark = i, at
			i++
			continue
		case i < len(parts) && parts[i].wild == '?' && at < len(text):
			_, n := utf8.DecodeRune(text[at:])
			at += n
			i++
			continue
		case i < len(parts) && parts[i].wild == 0 && bytes.HasPrefix(text[at:], []byte(parts[i].lit)):
			at += len(parts[i].lit)
			i++
			continue
		case i == len(parts) && at == len(text):
			return true
		}
		if star < 0 || mark >= len(text) {
			return false
		}
		_, n := utf8.DecodeRune(text[mark:])
		mark += n
		i, at = star+1, mark
		if i < len(parts) && parts[i].wild == 0 { // the next place where the literal text stands
			k := bytes.Index(text[mark:], []byte(parts[i].lit))
			if k < 0 {
				return false
			}
			if i == len(parts)-1 { // it must be at the end
				return len(text)-len(parts[i].lit) >= mark && bytes.HasSuffix(text, []byte(parts[i].lit))
			}
			mark += k
			at = mark
		}
		if i == len(parts) {
			return true
		}
	}
}

// fold is how letter case is left out of account. The bytes may be those of
// text itself.
func fold(text []byte) []byte {
	for _, c := range text {
		if c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			return bytes.ToLower(text)
		}
	}
	return text
}
