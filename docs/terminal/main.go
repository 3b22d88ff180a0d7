// Command terminal draws what a terminal shows of a review as SVG, for README:
// docs/terminal/draw.sh runs it. It reads review.json on standard input and writes
// the picture to standard output.
package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"probity/internal/report"
)

// The size of a character of the picture, in its units.
const (
	charWidth  = 8.4
	lineHeight = 19
	margin     = 16
)

func main() {
	width := flag.Int("width", 100, "columns of the terminal")
	until := flag.String("until", "", "the heading before which the picture ends")
	flag.Parse()
	if err := draw(os.Stdout, os.Stdin, *width, *until); err != nil {
		fmt.Fprintln(os.Stderr, "terminal:", err)
		os.Exit(1)
	}
}

func draw(w io.Writer, review io.Reader, width int, until string) error {
	data, err := io.ReadAll(review)
	if err != nil {
		return err
	}
	r, err := report.Parse(data)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := report.Text(&text, r, report.TextOptions{Width: width, Color: true}); err != nil {
		return err
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(text.String(), "\n"), "\n") {
		if until != "" && strings.HasPrefix(line, "\x1b[1m"+until) {
			lines = append(lines[:len(lines)-1], "", "...")
			break
		}
		lines = append(lines, line)
	}
	_, err = w.Write(svg(lines, width))
	return err
}

// classes are the styles of the report's ANSI codes.
var classes = map[string]string{"1": "b", "2": "d", "31": "r", "33": "y", "32": "g", "1;31": "b r", "1;33": "b y", "1;32": "b g"}

// svg draws lines of text with ANSI colours.
func svg(lines []string, width int) []byte {
	var b bytes.Buffer
	w, h := float64(width)*charWidth+2*margin, len(lines)*lineHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" role="img" aria-label="What a terminal shows of a review">
<style>rect{fill:#fff;stroke:#d9dee3}text{fill:#1c2126;font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}.b{font-weight:700}.d{fill:#5a6570}.r{fill:#a4262c}.g{fill:#17663a}.y{fill:#7a5000}
@media (prefers-color-scheme:dark){rect{fill:#15181b;stroke:#343b42}text{fill:#e6e9ec}.d{fill:#9aa5b0}.r{fill:#ff8a8a}.g{fill:#7ed6a0}.y{fill:#f0c060}}</style>
<rect x=".5" y=".5" width="%.0f" height="%d" rx="6"/>
`, w, h, w, h, w-1, h-1)
	for i, line := range lines {
		column := 0
		for _, run := range runs(line) {
			if n := utf8.RuneCountInString(run.text); strings.TrimSpace(run.text) != "" {
				lead := n - utf8.RuneCountInString(strings.TrimLeft(run.text, " "))
				text := strings.TrimSpace(run.text)
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" class="%s">`, margin+float64(column+lead)*charWidth, margin+(i+1)*lineHeight-5, float64(utf8.RuneCountInString(text))*charWidth, classes[run.code])
				_ = xml.EscapeText(&b, []byte(text)) // a buffer takes all
				b.WriteString("</text>\n")
			}
			column += utf8.RuneCountInString(run.text)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// A run is a part of a line in one style.
type run struct{ code, text string }

func runs(line string) []run {
	var out []run
	code := ""
	for line != "" {
		at := strings.Index(line, "\x1b[")
		if at < 0 {
			return append(out, run{code, line})
		}
		if at > 0 {
			out = append(out, run{code, line[:at]})
		}
		end := strings.IndexByte(line[at:], 'm')
		if end < 0 {
			return append(out, run{code, line[at:]})
		}
		if code = line[at+2 : at+end]; code == "0" {
			code = ""
		}
		line = line[at+end+1:]
	}
	return out
}
