package casefile

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema (2020-12) of a case file, for editors.
func Schema() ([]byte, error) {
	s := whole().schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Probity case file"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(s)
	return b.Bytes(), err
}

func (v value) schema() map[string]any {
	s := map[string]any{}
	if len(v.examples) > 0 {
		s["examples"] = v.examples
	}
	switch v.kind {
	case number:
		s["type"] = "number"
	case truth:
		s["type"] = "boolean"
	case list:
		s["type"], s["items"] = "array", v.item.schema()
	case object:
		v.objectSchema(s)
	case either:
		one := map[string]any{}
		v.objectSchema(one)
		s["oneOf"] = []any{one, map[string]any{"type": "array", "minItems": 1, "items": one}}
	default:
		v.wordSchema(s)
	}
	return s
}

func (v value) wordSchema(s map[string]any) {
	switch {
	case len(v.enum) == 1 && v.enum[0] == "1":
		s["const"] = 1
	case len(v.enum) > 0:
		s["enum"] = v.enum
	case v.pattern == datePattern:
		s["type"] = "string" // YAML dates stand unquoted
	case v.pattern != "":
		s["type"], s["pattern"] = "string", v.pattern
	default:
		s["type"] = []string{"string", "number"}
	}
}

func (v value) objectSchema(s map[string]any) {
	properties, required := map[string]any{}, []string{}
	for _, f := range v.fields {
		p := f.value.schema()
		p["description"] = f.text
		properties[f.key] = p
		if f.required {
			required = append(required, f.key)
		}
	}
	s["type"], s["properties"], s["additionalProperties"] = "object", properties, false
	if len(required) > 0 {
		s["required"] = required
	}
}
