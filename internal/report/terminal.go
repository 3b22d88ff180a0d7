package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"probity"
)

// TextOptions say how a text for a terminal looks.
type TextOptions struct {
	Width int    // columns, 40 to 200; 0 means 100
	Color bool   // with ANSI colours
	Out   string // the folder that the review wrote; "" leaves out where its files are
	Case  string // as the user named it
}

// The ANSI styles in use.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// A writer lays out text within a width. Every text from a case or a record goes
// through clean, so that none holds a control character.
type writer struct {
	b     bytes.Buffer
	width int
	color bool
}

func newWriter(opts TextOptions) *writer {
	if opts.Width == 0 {
		opts.Width = 100
	}
	return &writer{width: min(max(opts.Width, 40), 200), color: opts.Color}
}

func (t *writer) style(code, s string) string {
	if !t.color || s == "" || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// para writes text, wrapped, with the first line after lead and the others
// indented by as much.
func (t *writer) para(lead, text string) { t.styled("", lead, text) }

func (t *writer) styled(code, lead, text string) {
	indent := strings.Repeat(" ", columns(lead))
	room := t.width - len(indent)
	line := ""
	flush := func() {
		fmt.Fprintf(&t.b, "%s%s\n", lead, t.style(code, strings.ReplaceAll(line, "\u00a0", " ")))
		lead, line = indent, ""
	}
	whole := strings.ReplaceAll(probity.Plain(text), " %", "\u00a0%") // a number and its sign stay together
	for _, word := range strings.FieldsFunc(whole, func(r rune) bool { return r == ' ' }) {
		if line != "" && columns(line)+1+columns(word) > room {
			flush()
		}
		if line != "" {
			line += " "
		}
		for columns(line)+columns(word) > room { // a word longer than a line
			head := fitting(word, room-columns(line))
			line, word = line+head, word[len(head):]
			flush()
		}
		line += word
	}
	flush()
}

// fitting is the beginning of a word that fits into so many columns: at least
// one character.
func fitting(word string, room int) string {
	n := 0
	for i, r := range word {
		if n += runeColumns(r); n > room && i > 0 {
			return word[:i]
		}
	}
	return word
}

// columns is how many columns of a terminal a text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// wide are the ranges of characters that take two columns (Unicode's East Asian
// Width, W and F).
var wide = []struct{ from, to rune }{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	for _, x := range wide {
		if r >= x.from && r <= x.to {
			return 2
		}
	}
	return 1
}

func (t *writer) blank() { t.b.WriteByte('\n') }

func (t *writer) heading(text string) {
	t.blank()
	t.styled(bold, "", text)
}

// bullets writes a list, at most so many of it, and where the others are.
func (t *writer) bullets(items []string, most int) {
	for i, x := range items {
		if i == most {
			t.more(len(items), most)
			break
		}
		t.para("  - ", x)
	}
}

func (t *writer) more(n, most int) {
	if n > most {
		t.para("  ", fmt.Sprintf("... and %d more in report.html", n-most))
	}
}

// table writes rows with aligned columns; those in right are aligned right. Rows
// that do not fit into the width are written as wrapped lines instead.
func (t *writer) table(indent string, rows [][]string, right ...int) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			row[i] = probity.Plain(cell)
			if i >= len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(row[i]))
		}
	}
	total := len(indent)
	for _, w := range widths {
		total += w + 2
	}
	for _, row := range rows {
		if total-2 > t.width {
			t.para(indent+"- ", strings.Join(slices.DeleteFunc(slices.Clone(row), func(c string) bool { return c == "" }), ", "))
			continue
		}
		line := indent
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-columns(cell))
			if slices.Contains(right, i) {
				line += pad + cell
			} else {
				line += cell + pad
			}
			line += "  "
		}
		t.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
