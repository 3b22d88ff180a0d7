package source

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// errShort says that a JSON value may go on beyond the bytes at hand.
var errShort = errors.New("the value is cut off")

// errSyntax says that the bytes are no JSON.
var errSyntax = errors.New("not valid JSON")

// maxDepth is how deep values may be nested.
const maxDepth = 64

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipBlank(b []byte, i int) int {
	for i < len(b) && blank(b[i]) {
		i++
	}
	return i
}

// skipValue returns the end of the JSON value that begins at b[i]. The syntax
// is checked (RFC 8259); a newline within a string is an error.
func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, errShort
	}
	switch c := b[i]; {
	case c == '{' || c == '[':
		if depth >= maxDepth {
			return i, errSyntax
		}
		return skipGroup(b, i, depth)
	case c == '"':
		return skipString(b, i)
	case c == '-' || c >= '0' && c <= '9':
		return skipNumber(b, i)
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	}
	return i, errSyntax
}

// skipGroup skips an object or an array.
func skipGroup(b []byte, i, depth int) (int, error) {
	object := b[i] == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	i = skipBlank(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, nil
	}
	for {
		var err error
		if object {
			if i >= len(b) {
				return i, errShort
			}
			if b[i] != '"' {
				return i, errSyntax
			}
			if i, err = skipString(b, i); err != nil {
				return i, err
			}
			if i = skipBlank(b, i); i >= len(b) {
				return i, errShort
			}
			if b[i] != ':' {
				return i, errSyntax
			}
			i = skipBlank(b, i+1)
		}
		if i, err = skipValue(b, i, depth+1); err != nil {
			return i, err
		}
		if i = skipBlank(b, i); i >= len(b) {
			return i, errShort
		}
		switch b[i] {
		case end:
			return i + 1, nil
		case ',':
			i = skipBlank(b, i+1)
		default:
			return i, errSyntax
		}
	}
}

// skipString returns the end of the string that begins at b[i].
func skipString(b []byte, i int) (int, error) {
	switch end := stringEnd(b, i); end {
	case endShort:
		return len(b), errShort
	case endSyntax:
		return i, errSyntax
	default:
		return end, nil
	}
}

func skipNumber(b []byte, i int) (int, error) {
	start, digits := i, false
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-' && (i == start || b[i-1] == 'e' || b[i-1] == 'E'):
		default:
			if !digits {
				return i, errSyntax
			}
			return i, nil
		}
	}
	return i, errShort // another digit may follow
}

func skipWord(b []byte, i int, word string) (int, error) {
	for k := range len(word) {
		if i+k >= len(b) {
			return i, errShort
		}
		if b[i+k] != word[k] {
			return i, errSyntax
		}
	}
	return i + len(word), nil
}

// members calls f with the name and the value of each member of a valid JSON
// object, until f returns false. Names are without quotes; a name with an
// escape is given as written.
func members(object []byte, f func(name, value []byte) bool) {
	i := skipBlank(object, 0)
	if i >= len(object) || object[i] != '{' {
		return
	}
	i++
	for {
		i = skipBlank(object, i)
		if i >= len(object) || object[i] != '"' {
			return
		}
		end, err := skipString(object, i)
		if err != nil {
			return
		}
		name := object[i+1 : end-1]
		i = skipBlank(object, end)
		i = skipBlank(object, i+1) // the colon
		if end, err = skipValue(object, i, 0); err != nil {
			return
		}
		if !f(name, object[i:end]) {
			return
		}
		i = skipBlank(object, end)
		if i >= len(object) || object[i] != ',' {
			return
		}
		i++
	}
}

// elements calls f with each element of a valid JSON array and its offset in
// it.
func elements(array []byte, f func(at int, value []byte)) {
	i := skipBlank(array, 0)
	if i >= len(array) || array[i] != '[' {
		return
	}
	i++
	for {
		i = skipBlank(array, i)
		end, err := skipValue(array, i, 0)
		if err != nil {
			return
		}
		f(i, array[i:end])
		i = skipBlank(array, end)
		if i >= len(array) || array[i] != ',' {
			return
		}
		i++
	}
}

// member returns a member of an object by its name, nil if it is absent.
func member(object []byte, name string) []byte {
	var out []byte
	members(object, func(n, v []byte) bool {
		if string(n) == name {
			out = v
			return false
		}
		return true
	})
	return out
}

// text returns the text of a JSON string, number or word; "" for null and for
// groups. The bytes may be those of value itself.
func text(value []byte) []byte {
	if len(value) == 0 || value[0] == '{' || value[0] == '[' || string(value) == "null" {
		return nil
	}
	if value[0] != '"' {
		return value
	}
	if len(value) < 2 || value[len(value)-1] != '"' {
		return nil // cut off
	}
	inner := value[1 : len(value)-1]
	if i := bytes.IndexByte(inner, '\\'); i >= 0 {
		return unescape(inner, i)
	}
	return inner
}

// unescape undoes the escapes of a JSON string whose first lies at i.
func unescape(s []byte, i int) []byte {
	out := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := hexRune(s, i+1)
			i += 4
			if !ok {
				return out
			}
			if utf16.IsSurrogate(r) && i+2 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				if second, ok := hexRune(s, i+3); ok {
					r = utf16.DecodeRune(r, second)
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func hexRune(s []byte, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(s[i:i+4]), 16, 32)
	return rune(v), err == nil
}

// group returns a value that should be an object: the object itself, or the
// one that a JSON string holds, or that a string holds with single quotes for
// double ones, as some exports write it; nil if there is none.
func group(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	if value[0] == '{' {
		return value
	}
	inner := text(value)
	i := skipBlank(inner, 0)
	if i >= len(inner) || inner[i] != '{' {
		return nil
	}
	if end, err := skipValue(inner, i, 0); err == nil {
		return inner[i:end]
	}
	swapped := make([]byte, len(inner))
	for k, c := range inner {
		switch c {
		case '\'':
			c = '"'
		case '"':
			c = '\''
		}
		swapped[k] = c
	}
	if end, err := skipValue(swapped, i, 0); err == nil {
		return swapped[i:end]
	}
	return nil
}

// named returns the text of a value that is a string or an object with the
// member value, as in {"value":"Administrative","localizedValue":"..."}.
func named(value []byte) []byte {
	if len(value) > 0 && value[0] == '{' {
		return text(member(value, "value"))
	}
	return text(value)
}

// maxBytes is the most bytes that a request or an object is believed to have:
// 2^50, several times what any service takes.
const maxBytes = 1 << 50

// number returns a whole number that may stand in quotes; 0 if there is none,
// or if it is negative or beyond maxBytes.
func number(value []byte) int64 {
	t := text(value)
	var n int64
	for i, c := range t {
		if c == '.' && i > 0 { // 1290.0
			break
		}
		if c < '0' || c > '9' {
			return 0
		}
		if n = n*10 + int64(c-'0'); n > maxBytes {
			return 0
		}
	}
	return n
}

// believable reports whether a figure is a number of a size that can be true.
// Sums over it then stay within 38 digits.
func believable(text []byte, most float64) bool {
	if len(text) <= 12 && !bytes.ContainsAny(text, "eE") {
		return true
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return err == nil && v <= most && v >= -most
}
