package page

import (
	"embed"
	"fmt"
	"html/template"
	"math"
	"sort"
	"strings"
	"unicode"

	"probity"
	"probity/internal/chart"
)

//go:embed messages/*.txt
var messageFiles embed.FS

// Languages lists what Options.Lang may be.
var Languages = []string{"en", "ar"}

// fromRight are the languages that are written from right to left.
var fromRight = map[string]bool{"ar": true}

// A language is a catalogue of messages: one a line, "key = text". A name in
// braces is filled in. A key that ends in ".one" is used for the number one.
type language struct {
	tag      string
	rtl      bool
	messages map[string]string
}

func load(tag string) (*language, error) {
	if tag == "" {
		tag = "en"
	}
	data, err := messageFiles.ReadFile("messages/" + tag + ".txt")
	if err != nil {
		return nil, fmt.Errorf("language %q is not known: use one of %s", tag, strings.Join(Languages, ", "))
	}
	l := &language{tag: tag, rtl: fromRight[tag], messages: map[string]string{}}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		key, text, ok := strings.Cut(line, " =")
		if _, twice := l.messages[key]; !ok || twice {
			return nil, fmt.Errorf("messages/%s.txt, line %d: %q is no message of its own", tag, i+1, line)
		}
		l.messages[key] = strings.TrimPrefix(text, " ")
	}
	return l, nil
}

// find returns the text of a key, with that for one where a number n is one.
func (l *language) find(key string, pairs []any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("message %q: a name without a value", key)
	}
	for i := 0; i < len(pairs); i += 2 {
		if one, ok := l.messages[key+".one"]; ok && pairs[i] == "n" && fmt.Sprint(pairs[i+1]) == "1" {
			return one, nil // its other values are filled in as ever
		}
	}
	if text, ok := l.messages[key]; ok {
		return text, nil
	}
	if kind, word, ok := strings.Cut(key, "."); ok && vocabulary[kind] {
		return probity.Plain(strings.ReplaceAll(word, "_", " ")), nil // a word of a later version
	}
	return "", fmt.Errorf("message %q is in no catalogue", key)
}

// vocabulary are the keys that name words of a review: witnesses, causes and
// their meaning, quantities, relations, bounds, states, results, readings,
// opinions. A review may have been written by a later version that knows more.
var vocabulary = map[string]bool{"w": true, "c": true, "cm": true, "q": true, "r": true, "b": true, "st": true, "x": true, "ir": true, "rd": true, "opinion": true, "meaning": true, "asks": true, "per": true}

// html writes a message for a page. Values are escaped unless they are HTML,
// and none changes the direction of what stands around it.
func (l *language) html(key string, pairs ...any) (template.HTML, error) {
	text, err := l.find(key, pairs)
	if err != nil {
		return "", err
	}
	text = template.HTMLEscapeString(text)
	for i := 0; i < len(pairs); i += 2 {
		value, ok := pairs[i+1].(template.HTML)
		if !ok {
			value = template.HTML(template.HTMLEscapeString(written(pairs[i+1])))
			if l.rtl {
				value = "<bdi>" + value + "</bdi>"
			}
		}
		text = strings.ReplaceAll(text, "{"+fmt.Sprint(pairs[i])+"}", string(value))
	}
	return template.HTML(text), nil
}

// said is a text of a catalogue, with its values filled in.
type said string

// The marks that keep the direction of a value from what stands around it.
const (
	isolateLeft  = "\u2066" // read from left to right
	isolateFirst = "\u2068" // as its first letter is
	isolateEnd   = "\u2069"
)

// plain writes a message for an attribute or a drawing, which are escaped
// where they are put.
func (l *language) plain(key string, pairs ...any) said {
	text, err := l.find(key, pairs)
	if err != nil {
		return said("{" + key + "}") // a test looks for it
	}
	for i := 0; i < len(pairs); i += 2 {
		value := written(pairs[i+1])
		if _, ours := pairs[i+1].(said); l.rtl && ours {
			value = isolateFirst + value + isolateEnd
		} else if l.rtl {
			value = isolateLeft + value + isolateEnd
		}
		text = strings.ReplaceAll(text, "{"+fmt.Sprint(pairs[i])+"}", value)
	}
	return said(text)
}

func written(v any) string {
	switch x := v.(type) {
	case said:
		return string(x)
	case int:
		return probity.FormatAmount(float64(x), probity.One)
	case int64:
		return probity.FormatAmount(float64(x), probity.One)
	}
	return probity.Plain(fmt.Sprint(v))
}

// functions are what the templates may call.
func (l *language) functions() template.FuncMap {
	word := func(kind string) func(any) (template.HTML, error) {
		return func(w any) (template.HTML, error) { return l.html(kind + "." + fmt.Sprint(w)) }
	}
	return template.FuncMap{
		"t": l.html, "ts": l.plain, "say": l.say, "code": l.code, "value": l.value, "place": l.place, "clean": probity.Plain, "anchor": anchor,
		"amount": l.amount, "feature": l.feature, "count": func(n any) template.HTML { return l.value(written(n)) },
		"bytes":   func(n int64) template.HTML { return l.value(probity.FormatAmount(float64(n), probity.Byte)) },
		"hours":   func(h float64) template.HTML { return l.value(hours(h)) },
		"percent": func(f float64) template.HTML { return l.value(probity.Percent(f)) },
		"times":   func(f float64) string { return probity.FormatAmount(rounded(f), probity.One) },
		"span":    l.span, "bound": l.bound, "because": because,
		"spanFrom": func(s probity.Span) string { return s.From.UTC().Format("2006-01-02") }, "spanUntil": func(s probity.Span) string { return s.Until.UTC().Format("2006-01-02") },
		"day": probity.Day, "short": func(s string) string { return fmt.Sprintf("%.12s", s) }, "words": func(s string) string { return strings.ReplaceAll(s, "_", " ") },
		"class": func(o probity.Outcome) string { return o.String() }, "bearing": (*probity.ClaimResult).Bearing, "letter": func(c probity.Cause) string { return letters[c] },
		"svg": func(s chart.SVG) template.HTML { return template.HTML(s) }, "bar": chart.Share,
		"state": word("st"), "result": word("x"), "reading": word("rd"), "witnesses": func() []probity.Witness { return probity.Witnesses },
		"join": strings.Join, "add": func(a, b int) int { return a + b },
		"subject": l.subject, "asks": l.asks, "step": l.step, "independence": l.independence, "shown": l.shown,
		"link": func(name string) template.HTML { return template.HTML(`<a href="`+name+`">`) + l.code(name) + "</a>" },
	}
}

// hours writes a number of hours, which never become another unit, so that
// they can be compared and added.
func hours(h float64) string { return probity.FormatAmount(math.Round(10*h)/10, probity.One) + " h" }

func joined(parts []said, between string) said {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = string(p)
	}
	return said(strings.Join(out, between))
}

// subject says what a test measures.
func (l *language) subject(s string) said {
	if probity.Quantity(s).Known() {
		return l.plain("q." + s)
	}
	return said(probity.Plain(s))
}

// step writes what a witness says within a part of the period: what it shows,
// the bounds, and how much of the part it covers.
func (l *language) step(s *probity.Step, t test) (template.HTML, error) {
	seen := l.amount(s.Seen, t.Unit, t.Subject)
	switch share := l.value(probity.Percent(s.Covered)); {
	case s.Upper != nil && s.Lower != nil:
		return l.html("step.between", "seen", seen, "lower", l.amount(*s.Lower, t.Unit, t.Subject), "upper", l.amount(*s.Upper, t.Unit, t.Subject), "share", share)
	case s.Upper != nil:
		return l.html("step.under", "seen", seen, "upper", l.amount(*s.Upper, t.Unit, t.Subject), "share", share)
	case s.Lower != nil:
		return l.html("step.over", "seen", seen, "lower", l.amount(*s.Lower, t.Unit, t.Subject), "share", share)
	case s.Covered == 0 && s.Seen == 0:
		return l.html("step.bare", "share", share)
	default:
		return l.html("step.seen", "seen", seen, "share", share)
	}
}

// independence says who can silence a witness, as the review says it.
func (l *language) independence(w probity.WitnessValue) (template.HTML, error) {
	if w.Witness != probity.Control && w.Independence == w.Witness.Suppressor() {
		return l.html("ws." + string(w.Witness))
	}
	return l.say(w.Independence), nil
}

// bound says what a witness's value is to the truth. A value that is bounded from
// both sides over part of the population bounds all of it from below only.
func (l *language) bound(w probity.WitnessValue) (template.HTML, error) {
	if w.Bound == probity.Both && w.Upper == nil {
		return l.html("b.part")
	}
	return l.html("b." + string(w.Bound))
}

// shown lists the witnesses that show a resource.
func (l *language) shown(names []string) said {
	out := make([]said, len(names))
	for i, n := range names {
		out[i] = l.plain("w." + n)
	}
	return joined(out, ", ")
}

// say writes a text that the review carries, in the language of the review.
func (l *language) say(text string) template.HTML {
	s := template.HTMLEscapeString(probity.Plain(text))
	if l.tag == "en" {
		return template.HTML(s)
	}
	return template.HTML(`<span lang="en" dir="ltr">` + s + `</span>`)
}

// span writes a span so that it breaks between its two instants only.
func (l *language) span(s probity.Span) template.HTML {
	from, until, _ := strings.Cut(s.String(), "..")
	return template.HTML(`<span class="span" dir="ltr">` + from + `..<wbr>` + until + `</span>`)
}

// value writes a number, a date or a span, which is read from left to right.
func (l *language) value(text string) template.HTML {
	s := template.HTMLEscapeString(probity.Plain(text))
	if !l.rtl {
		return template.HTML(s)
	}
	return template.HTML(`<bdi dir="ltr">` + s + `</bdi>`)
}

// code writes a name of an account, a resource, a file or a command.
func (l *language) code(parts ...string) template.HTML {
	s := template.HTMLEscapeString(probity.Plain(strings.Join(parts, "")))
	return template.HTML(`<code dir="ltr">` + s + `</code>`)
}

// place names a resource within its account. It breaks between them first.
func (l *language) place(account, resource string) template.HTML {
	if resource == "" {
		return l.code(account)
	}
	return template.HTML(`<code dir="ltr">` + template.HTMLEscapeString(probity.Plain(account)) + "/<wbr>" + template.HTMLEscapeString(probity.Plain(resource)) + `</code>`)
}

// amount writes a value of a subject with its unit.
func (l *language) amount(v float64, u probity.Unit, subject string) template.HTML {
	if u != probity.One {
		return l.value(probity.FormatAmount(v, u))
	}
	s, err := l.html(noun(subject), "n", probity.FormatAmount(v, u))
	if err != nil {
		return l.value(probity.FormatAmount(v, u))
	}
	return s
}

// feature writes what an indicator measured: by its name in review.json, so that
// it can be looked up there and in the SQL.
func (l *language) feature(f probity.Feature) template.HTML {
	text := probity.FormatAmount(f.Value, f.Unit)
	if f.Unit == probity.One && strings.HasPrefix(f.Name, "share_") {
		text = probity.Percent(f.Value)
	}
	return l.say(strings.ReplaceAll(f.Name, "_", " ")) + ": " + l.value(text)
}

// amountText is the same for a drawing.
func (l *language) amountText(v float64, u probity.Unit, subject string) said {
	if u != probity.One {
		return said(probity.FormatAmount(v, u))
	}
	return l.plain(noun(subject), "n", probity.FormatAmount(v, u))
}

// noun is the message that says what is counted.
func noun(subject string) string {
	noun := "count"
	switch {
	case strings.HasPrefix(subject, "objects_"), strings.HasPrefix(subject, "indicator"):
		noun = "objects"
	case subject == string(probity.Requests):
		noun = "requests"
	case strings.HasPrefix(subject, "rule"):
		noun = "events"
	case strings.HasPrefix(subject, "estate"):
		noun = "resources"
	}
	return "n." + noun
}

// anchor makes a name of an element, or of a class, of a text.
func anchor(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, s)
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
