package sigma

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// A ValueKind tells null from other values.
type ValueKind uint8

// The kinds of value.
const (
	Nothing ValueKind = iota // null, or a list without elements
	Scalar                   // text, a number, true or false
	Group                    // an object
)

// A Value is one value of a field. The bytes are valid until the record is
// left.
type Value struct {
	Kind ValueKind
	Text []byte
}

// A Record is what rules are matched with.
type Record interface {
	// Values appends the values of a field to a list: none if it is absent.
	Values(field string, to []Value) []Value
	// Text is the whole record as JSON, without blanks and escapes.
	Text() []byte
}

// Below reports whether a member of an object is on the way that a dotted name
// leads, and what is left of the name behind it.
func Below(rest string, member []byte) (left string, on bool) {
	n := len(member)
	if n == 0 && rest != "" {
		return "", false
	}
	switch {
	case len(rest) < n || rest[:n] != string(member):
		return "", false
	case len(rest) == n:
		return "", true
	case rest[n] == '.':
		return rest[n+1:], true
	}
	return "", false
}

// Plain returns valid JSON without the blanks between its parts, and with the
// escapes of its strings undone.
func Plain(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case ' ', '\t', '\n', '\r':
		case '"':
			end := i + 1
			for end < len(data) && data[end] != '"' {
				if data[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(data))
			s := data[i:end]
			if bytes.IndexByte(s, '\\') >= 0 {
				var text string
				if json.Unmarshal(s, &text) == nil {
					s = append(append([]byte{'"'}, text...), '"')
				}
			}
			out = append(out, s...)
			i = end - 1
		default:
			out = append(out, c)
		}
	}
	return out
}

// A Document is a Record made of JSON text: for tests of rules and for
// explanations.
type Document struct {
	// Columns give the fields that begin with activity., as internal/source
	// fills them. May be nil.
	Columns func(name string) string
	data    []byte
	top     node
}

// A node is a value with what lies in it.
type node struct {
	raw     []byte
	object  bool
	array   bool
	names   []string // of an object, in order
	kids    []node
	text    string // of a string
	literal bool   // a string
}

// NewDocument reads one JSON object.
func NewDocument(data []byte) (*Document, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	top, err := read(d, data, 0)
	if err != nil {
		return nil, err
	}
	if !top.object {
		return nil, errors.New("not a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return &Document{data: data, top: top}, nil
}

func read(d *json.Decoder, data []byte, depth int) (node, error) {
	var n node
	if depth > maxDepth {
		return n, errors.New("nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return n, err
	}
	from := int(d.InputOffset())
	switch t := t.(type) {
	case json.Delim:
		from--
		for d.More() {
			if t == '{' {
				k, err := d.Token()
				if err != nil {
					return n, err
				}
				name, _ := k.(string)
				n.names = append(n.names, name)
			}
			k, err := read(d, data, depth+1)
			if err != nil {
				return n, err
			}
			n.kids = append(n.kids, k)
		}
		if _, err := d.Token(); err != nil {
			return n, err
		}
		n.object, n.array = t == '{', t == '['
		n.raw = data[from:d.InputOffset()]
	case string:
		n.literal, n.text = true, t
	case json.Number:
		n.text = t.String()
	case bool:
		n.text = "false"
		if t {
			n.text = "true"
		}
	default:
		n.raw = []byte("null")
	}
	return n, nil
}

// Text is the document without blanks and escapes.
func (x *Document) Text() []byte { return Plain(x.data) }

// Values appends the values of a field.
func (x *Document) Values(field string, to []Value) []Value {
	if name, ok := strings.CutPrefix(field, Column); ok {
		if x.Columns != nil {
			if v := x.Columns(name); v != "" {
				to = append(to, Value{Scalar, []byte(v)})
			}
		}
		return to
	}
	return x.top.values(field, to)
}

// Column begins the names of fields that are columns of the table activity.
const Column = "activity."

// Columns are the columns of activity that rules may name: those that hold no
// token. An empty one counts as absent.
var Columns = []string{"kind", "cloud_provider", "cloud_account_uid", "cloud_region", "api_service_name", "api_operation", "resource_name", "resource_type",
	"resource_uid", "databucket_name", "actor_user_type", "metadata_log_name", "status", "status_code", "status_detail",
	"enabled_log_categories", "disabled_log_categories", "request_body_bytes", "response_body_bytes"}

func (n *node) values(rest string, to []Value) []Value {
	for i, name := range n.names {
		left, on := Below(rest, []byte(name))
		switch {
		case !on:
		case len(name) == len(rest):
			to = n.kids[i].emit(to)
		default:
			to = n.kids[i].descend(left, to)
		}
	}
	return to
}

func (n *node) descend(rest string, to []Value) []Value {
	switch {
	case n.object:
		return n.values(rest, to)
	case n.array:
		for i := range n.kids {
			to = n.kids[i].descend(rest, to)
		}
	case n.literal && strings.HasPrefix(strings.TrimLeft(n.text, " \t\r\n"), "{"):
		if d, err := NewDocument([]byte(n.text)); err == nil {
			return d.top.values(rest, to)
		}
	}
	return to
}

func (n *node) emit(to []Value) []Value {
	switch {
	case n.object:
		return append(to, Value{Group, Plain(n.raw)})
	case n.array:
		if len(n.kids) == 0 {
			return append(to, Value{})
		}
		for i := range n.kids {
			to = n.kids[i].emit(to)
		}
		return to
	case string(n.raw) == "null":
		return append(to, Value{})
	}
	return append(to, Value{Scalar, []byte(n.text)})
}
