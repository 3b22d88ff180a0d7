package source

import (
	"encoding/binary"
	"math/bits"
)

// A tape is the members of one JSON object and of the objects within it, in
// order, found in a single pass. It is used again for each record.
type tape struct {
	data   []byte // the object that the tokens are of
	tokens []token
}

// A token is a member: where its name and its value lie. The tokens up to next
// are those of the objects within its value.
type token struct {
	name0, name1, val0, val1, next int32
}

// The ends that are none.
const (
	endShort  = -1 // the value may go on beyond the bytes at hand
	endSyntax = -2
)

// scan reads the object at the start of b and returns its end, as skipValue
// does.
func (t *tape) scan(b []byte) (int, error) {
	t.tokens, t.data = t.tokens[:0], nil
	if len(b) > maxRecord+1 {
		b = b[:maxRecord+1] // offsets fit into 32 bits
	}
	switch end := t.object(b, 0, 0); end {
	case endShort:
		return len(b), errShort
	case endSyntax:
		return 0, errSyntax
	default:
		t.data = b[:end]
		return end, nil
	}
}

// of makes the tape that of an object, unless it is already.
func (t *tape) of(object []byte) bool {
	if len(object) == 0 {
		return false
	}
	if len(t.data) == len(object) && &t.data[0] == &object[0] {
		return true
	}
	i := skipBlank(object, 0)
	if i >= len(object) || object[i] != '{' {
		t.tokens, t.data = t.tokens[:0], nil
		return false
	}
	if _, err := t.scan(object[i:]); err != nil {
		return false
	}
	return true
}

func (t *tape) name(k *token) []byte  { return t.data[k.name0:k.name1] }
func (t *tape) value(k *token) []byte { return t.data[k.val0:k.val1] }

// each calls f with the members of the object that is the value of token i, or
// with the outermost ones if i is -1. A value that holds an object as a string
// is read as such.
func (t *tape) each(i int, f func(name, value []byte)) {
	first, end := 0, len(t.tokens)
	if i >= 0 {
		k := &t.tokens[i]
		if v := t.value(k); len(v) > 0 && v[0] != '{' {
			members(group(v), func(name, value []byte) bool { f(name, value); return true })
			return
		}
		first, end = i+1, int(k.next)
	}
	for first < end {
		k := &t.tokens[first]
		f(t.name(k), t.value(k))
		first = int(k.next)
	}
}

// object reads the object that begins at b[i].
func (t *tape) object(b []byte, i, depth int) int {
	if depth >= maxDepth {
		return endSyntax
	}
	i = skipBlank(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) {
			return endShort
		}
		if b[i] != '"' {
			return endSyntax
		}
		from := i + 1
		if i = stringEnd(b, i); i < 0 {
			return i
		}
		n := len(t.tokens)
		t.tokens = append(t.tokens, token{name0: int32(from), name1: int32(i - 1)})
		if i >= len(b) || b[i] != ':' {
			if i = skipBlank(b, i); i >= len(b) {
				return endShort
			}
			if b[i] != ':' {
				return endSyntax
			}
		}
		if i++; i < len(b) && b[i] <= ' ' {
			i = skipBlank(b, i)
		}
		if i >= len(b) {
			return endShort
		}
		t.tokens[n].val0 = int32(i)
		switch c := b[i]; c {
		case '"':
			i = stringEnd(b, i)
		case '{':
			i = t.object(b, i, depth+1)
		default:
			end, err := skipValue(b, i, depth+1)
			if i = end; err == errShort {
				i = endShort
			} else if err != nil {
				i = endSyntax
			}
		}
		if i < 0 {
			return i
		}
		t.tokens[n].val1, t.tokens[n].next = int32(i), int32(len(t.tokens))
		if i < len(b) && b[i] <= ' ' {
			i = skipBlank(b, i)
		}
		if i >= len(b) {
			return endShort
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			if i++; i < len(b) && b[i] <= ' ' {
				i = skipBlank(b, i)
			}
		default:
			return endSyntax
		}
	}
}

// stringEnd returns the end of the string that begins at b[i]. It looks at
// eight bytes at a time for a quote, a backslash or a control character.
func stringEnd(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i++
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*0x20)&^x) & highs
		if found == 0 {
			i += 8
			continue
		}
		// Only the lowest mark is exact: a borrow may set those above it.
		i += bits.TrailingZeros64(found) >> 3
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i += 2
		default:
			return endSyntax
		}
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
		case c < 0x20:
			return endSyntax
		}
	}
	return endShort
}
