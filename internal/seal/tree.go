package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxDepth bounds how deep what is read may nest.
const maxDepth = 64

// Decode reads one JSON value strictly: numbers stay as they are written, a
// member that stands twice, in whatever letters (some readers tell them apart,
// and some do not), text that is no UTF-8, and anything behind the value are
// errors.
func Decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something stands behind the value")
	}
	if !validText(v) {
		return nil, errors.New("text is not UTF-8")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decode(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		object, letters := map[string]any{}, map[string]bool{}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			key, _ := k.(string) // a member's name is a string, or Token fails
			plain := strings.ToLower(strings.ToUpper(key))
			if letters[plain] {
				return nil, fmt.Errorf("the member %q stands twice", key)
			}
			letters[plain] = true
			if object[key], err = decode(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return object, err
	}
	return t, nil
}

// validText reports whether no replacement character stands in the place of
// bytes that are no UTF-8.
func validText(v any) bool {
	switch v := v.(type) {
	case string:
		return !strings.ContainsRune(v, '\uFFFD')
	case []any:
		for _, e := range v {
			if !validText(e) {
				return false
			}
		}
	case map[string]any:
		for k, e := range v {
			if !validText(k) || !validText(e) {
				return false
			}
		}
	}
	return true
}

// Canonical writes a value with its members in order, no spaces, and <, > and &
// as they are: for what holds strings, integers, booleans, arrays and objects
// the same bytes as RFC 8785.
func Canonical(v any) ([]byte, error) { return compact(v) }

// Tree returns a JSON value, as [Decode] gives it, in which each non-empty
// string at a place that may be withheld is sealed. A place is the path of
// member names, with "*" for any element of an array.
func (s *Sealer) Tree(v any, withholdable func(place []string) bool) any {
	return s.tree(v, nil, withholdable)
}

func (s *Sealer) tree(v any, at []string, may func([]string) bool) any {
	switch v := v.(type) {
	case string:
		if v != "" && may(at) {
			_, digest := s.Value(v)
			return map[string]any{placeholder: digest}
		}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = s.tree(e, append(at, "*"), may)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = s.tree(e, append(at, k), may)
		}
		return out
	}
	return v
}

// Known says what is known of digests: a disclosed value, or the words that
// stand for one that was withheld.
type Known struct {
	Disclosed map[string]string // digest to value
	Withheld  map[string]string // digest to pseudonym
	used      map[string]bool
}

// Learn reads disclosures. A disclosure that stands twice, or tells of a value
// that is withheld, is an error.
func Learn(disclosures []string, withheld map[string]string) (*Known, error) {
	k := &Known{Disclosed: map[string]string{}, Withheld: withheld, used: map[string]bool{}}
	for i, d := range disclosures {
		value, digest, err := ParseDisclosure(d)
		if err != nil {
			return nil, fmt.Errorf("disclosure %d: %w", i+1, err)
		}
		if _, twice := k.Disclosed[digest]; twice {
			return nil, fmt.Errorf("disclosure %d stands twice", i+1)
		}
		if name, is := withheld[digest]; is {
			return nil, fmt.Errorf("disclosure %d tells what %s withholds", i+1, name)
		}
		k.Disclosed[digest] = value
	}
	return k, nil
}

// Value returns what stands for a digest: the value or the pseudonym.
func (k *Known) Value(digest string) (string, bool) {
	v, ok := k.Disclosed[digest]
	if !ok {
		v, ok = k.Withheld[digest]
	}
	if ok {
		k.used[digest] = true
	}
	return v, ok
}

// Open returns a tree with each placeholder replaced by what is known of it. A
// digest of which nothing is known is an error.
func (k *Known) Open(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			x, err := k.Open(e)
			if err != nil {
				return nil, err
			}
			out[i] = x
		}
		return out, nil
	case map[string]any:
		if digest, ok := Placeholder(v); ok {
			x, known := k.Value(digest)
			if !known {
				return nil, fmt.Errorf("the value %s is neither disclosed nor said to be withheld", digest)
			}
			return x, nil
		}
		if _, stray := v[placeholder]; stray {
			return nil, errors.New(`a member "..." beside others`)
		}
		out := make(map[string]any, len(v))
		for name, e := range v {
			x, err := k.Open(e)
			if err != nil {
				return nil, err
			}
			out[name] = x
		}
		return out, nil
	}
	return v, nil
}

// Unused returns the disclosed values and the pseudonyms that nothing asked
// for, in order: a disclosure that nothing signed refers to proves nothing.
func (k *Known) Unused() []string {
	var out []string
	for _, m := range []map[string]string{k.Disclosed, k.Withheld} {
		for digest, v := range m {
			if !k.used[digest] {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Placeholder returns the digest if v is {"...": digest}.
func Placeholder(v any) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return "", false
	}
	d, ok := m[placeholder].(string)
	return d, ok
}
