package seal

import (
	"encoding/json"
	"fmt"
	"strings"
)

// eachString copies a JSON text, with each string that is a value replaced by
// what change makes of it. Names of members, and strings that stay the same, are
// copied as they are written. The text is read as strictly as by [Decode].
func eachString(text []byte, change func(place []string, v string) (string, error)) ([]byte, error) {
	if _, err := Decode(text); err != nil {
		return nil, err
	}
	c := copier{text: text, change: change}
	if err := c.value(nil); err != nil {
		return nil, err
	}
	return append(c.out, text[c.copied:]...), nil
}

// A copier walks over a JSON text that is known to be well-formed.
type copier struct {
	text   []byte
	at     int
	copied int // what stands before is in out
	out    []byte
	change func([]string, string) (string, error)
}

func (c *copier) value(place []string) error {
	c.space()
	switch c.text[c.at] {
	case '"':
		from := c.at
		v, err := c.str()
		if err != nil {
			return err
		}
		changed, err := c.change(place, v)
		if err != nil || changed == v {
			return err
		}
		to, err := compact(changed)
		if err != nil {
			return err
		}
		c.out = append(append(c.out, c.text[c.copied:from]...), to...)
		c.copied = c.at
	case '{', '[':
		return c.group(place)
	default: // a number or a word
		for c.at < len(c.text) && c.text[c.at] > ' ' && strings.IndexByte(",]}", c.text[c.at]) < 0 {
			c.at++
		}
	}
	return nil
}

func (c *copier) group(place []string) error {
	object := c.text[c.at] == '{'
	c.at++
	for {
		c.space()
		switch c.text[c.at] {
		case '}', ']':
			c.at++
			return nil
		case ',':
			c.at++
			continue
		}
		name := "*"
		if object {
			v, err := c.str()
			if err != nil {
				return err
			}
			name = v
			c.space()
			c.at++ // the colon
		}
		if err := c.value(append(place, name)); err != nil {
			return err
		}
	}
}

func (c *copier) space() {
	for c.at < len(c.text) && strings.IndexByte(" \n\t\r", c.text[c.at]) >= 0 {
		c.at++
	}
}

func (c *copier) str() (v string, err error) {
	from := c.at
	for c.at++; c.text[c.at] != '"'; c.at++ {
		if c.text[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	if err := json.Unmarshal(c.text[from:c.at], &v); err != nil {
		return "", fmt.Errorf("a string: %w", err)
	}
	return v, nil
}
