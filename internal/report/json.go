// Package report renders a review: as JSON, as text for a terminal and as a
// page. A rendering is a function of the review alone, and the same review
// gives the same bytes.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"probity"
)

// JSON returns review.json, as FORMATS.md documents it.
func JSON(r *probity.Review) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b.Bytes()))
	d.UseNumber()
	var out bytes.Buffer
	if err := indent(&out, d, 0); err != nil {
		return nil, fmt.Errorf("writing review.json: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// indent copies one JSON value with two blanks a level and whole numbers
// without exponents.
func indent(out *bytes.Buffer, d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch x := t.(type) {
	case json.Delim:
		return indentGroup(out, d, x, depth)
	case json.Number:
		out.WriteString(number(string(x)))
	case string:
		writeString(out, x)
	case nil:
		out.WriteString("null")
	default:
		fmt.Fprint(out, x)
	}
	return nil
}

func indentGroup(out *bytes.Buffer, d *json.Decoder, open json.Delim, depth int) error {
	out.WriteString(open.String())
	n := 0
	line := func(depth int) {
		out.WriteByte('\n')
		for range depth {
			out.WriteString("  ")
		}
	}
	for ; d.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		line(depth + 1)
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			writeString(out, name.(string))
			out.WriteString(": ")
		}
		if err := indent(out, d, depth+1); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err != nil {
		return err
	}
	if n > 0 {
		line(depth)
	}
	out.WriteString(end.(json.Delim).String())
	return nil
}

func writeString(out *bytes.Buffer, s string) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// number writes a number as JSON has it, whole ones without an exponent.
func number(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(v) >= 1<<63 {
		return text
	}
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Parse reads review.json back. It refuses a review of another version, and
// one whose findings state an absence without the coverage that it needs.
func Parse(data []byte) (*probity.Review, error) {
	var r probity.Review
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading the review: %w", err)
	}
	if r.Probity != probity.Version {
		return nil, fmt.Errorf("reading the review: version %d: this program reads version %d", r.Probity, probity.Version)
	}
	return &r, nil
}
