package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the longest file of rules that is read.
const maxFile = 4 << 20

// maxDepth is how deep a condition may be nested.
const maxDepth = 100

// A parser reads the documents of one file.
type parser struct {
	file         string
	rule         string // title of the document at hand
	placeholders map[string][]string
	mistakes     []error
}

// fail notes a mistake at a node.
func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	line, col := 1, 1
	if n != nil && n.Line > 0 {
		line, col = n.Line, n.Column
	}
	p.mistakes = append(p.mistakes, &Mistake{File: p.file, Rule: p.rule, Line: line, Col: col, Text: fmt.Sprintf(format, args...)})
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// Parse reads a file of rules, filters and correlations, one or several
// documents. The placeholders are what %names% mean under the modifier
// expand. The error joins a *[Mistake] for each place that cannot be honoured;
// documents that have none are returned all the same.
func Parse(file string, data []byte, placeholders map[string][]string) (*Collection, error) {
	p := &parser{file: file, placeholders: placeholders}
	out := &Collection{}
	if len(data) > maxFile {
		p.fail(nil, "the file is longer than 4 MiB: split it")
		return out, errors.Join(p.mistakes...)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			at, text := &yaml.Node{Line: 1, Column: 1}, err.Error()
			if x := yamlLine.FindStringSubmatch(text); x != nil {
				if n, err := strconv.Atoi(x[1]); err == nil {
					at.Line = n
				}
				text = text[len(x[0]):]
			}
			p.rule = ""
			p.fail(at, "not valid YAML: %s", text)
			break
		}
		if len(doc.Content) == 1 {
			p.document(doc.Content[0], out)
		}
	}
	if len(p.mistakes) == 0 && len(out.Rules)+len(out.Filters) == 0 {
		p.fail(nil, "the file holds no rule")
	}
	texts(data, out)
	return out, errors.Join(p.mistakes...)
}

// texts gives each rule the text of its document: from its first line to the
// next separator.
func texts(data []byte, c *Collection) {
	lines := strings.SplitAfter(string(data), "\n")
	for _, r := range c.Rules {
		from := r.Line - 1
		for from > 0 && !strings.HasPrefix(lines[from-1], "---") {
			from--
		}
		until := r.Line
		for until < len(lines) && !strings.HasPrefix(lines[until], "---") && !strings.HasPrefix(lines[until], "...") {
			until++
		}
		r.Text = strings.Join(lines[from:until], "")
	}
}

// pairs checks that a node is a map whose keys stand once, and returns it by
// key.
func (p *parser) pairs(n *yaml.Node, what string) (map[string]*yaml.Node, []*yaml.Node) {
	n = alias(n)
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s must be a map of keys and values", what)
		return nil, nil
	}
	out := map[string]*yaml.Node{}
	var keys []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], alias(n.Content[i+1])
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
			p.fail(k, "a key of %s must be a word", what)
		case out[k.Value] != nil:
			p.fail(k, "the key %q stands twice in %s: write its values as one list", k.Value, what)
		default:
			out[k.Value] = v
			keys = append(keys, k)
		}
	}
	return out, keys
}

// alias returns what an alias of YAML stands for.
func alias(n *yaml.Node) *yaml.Node {
	for i := 0; n.Kind == yaml.AliasNode && n.Alias != nil && i < maxDepth; i++ {
		n = n.Alias
	}
	return n
}

// document reads one document.
func (p *parser) document(n *yaml.Node, out *Collection) {
	p.rule = ""
	before := len(p.mistakes)
	m, _ := p.pairs(n, "a rule")
	if m == nil {
		return
	}
	r := &Rule{File: p.file, Line: n.Line, Title: p.str(m["title"], "title")}
	p.rule = r.Title
	if r.Title == "" {
		p.fail(n, "the rule has no title")
	}
	r.ID, r.Name, r.Status, r.Level = p.str(m["id"], "id"), p.str(m["name"], "name"), p.str(m["status"], "status"), p.str(m["level"], "level")
	r.Description, r.Question, r.Motivation = p.str(m["description"], "description"), p.str(m["question"], "question"), p.str(m["motivation"], "motivation")
	r.References, r.FalsePositives = p.list(m["references"], "references"), p.list(m["falsepositives"], "falsepositives")
	r.Innocent = p.list(m["innocent_explanations"], "innocent_explanations")
	if t := p.str(m["taxonomy"], "taxonomy"); t != "" && t != "sigma" {
		p.fail(m["taxonomy"], "taxonomy %q is not known here: this program reads names of fields as the clouds' records have them", t)
	}
	kinds := 0
	for _, k := range []string{"detection", "correlation", "filter"} {
		if m[k] != nil {
			kinds++
		}
	}
	switch {
	case m["action"] != nil:
		p.fail(m["action"], "action is of the format before 2.0: write whole documents")
	case kinds != 1:
		p.fail(n, "a document has exactly one of detection, correlation and filter; this one has %d of them", kinds)
	case m["detection"] != nil:
		r.Source = p.logsource(m["logsource"], n)
		r.Where = p.detection(m["detection"], "detection")
	case m["correlation"] != nil:
		r.Correlation = p.correlation(m["correlation"])
	default:
		f := &Filter{File: p.file, Line: n.Line, Title: r.Title, Source: p.logsource(m["logsource"], n)}
		p.filter(f, m["filter"])
		if len(p.mistakes) == before {
			out.Filters = append(out.Filters, f)
		}
		return
	}
	if len(p.mistakes) == before {
		out.Rules = append(out.Rules, r)
	}
}

// str returns the text of a scalar; "" if it is absent.
func (p *parser) str(n *yaml.Node, what string) string {
	if n == nil || n.Tag == "!!null" {
		return ""
	}
	if n = alias(n); n.Kind != yaml.ScalarNode {
		p.fail(n, "%s must be text", what)
		return ""
	}
	return n.Value
}

// list returns the texts of a list, or of one scalar.
func (p *parser) list(n *yaml.Node, what string) []string {
	if n == nil {
		return nil
	}
	if n = alias(n); n.Kind == yaml.SequenceNode {
		var out []string
		for _, x := range n.Content {
			if s := p.str(x, what); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	if s := p.str(n, what); s != "" {
		return []string{s}
	}
	return nil
}

func (p *parser) logsource(n, at *yaml.Node) LogSource {
	if n == nil {
		p.fail(at, "the rule has no logsource")
		return LogSource{}
	}
	m, _ := p.pairs(n, "logsource")
	s := LogSource{Category: p.str(m["category"], "category"), Product: p.str(m["product"], "product"), Service: p.str(m["service"], "service")}
	if m != nil && s == (LogSource{}) {
		p.fail(n, "logsource names none of category, product and service")
	}
	return s
}

// detection reads search identifiers and their condition. Keys in skip are
// none.
func (p *parser) detection(n *yaml.Node, what string, skip ...string) *Expr {
	m, keys := p.pairs(n, what)
	if m == nil {
		return nil
	}
	c := &conditions{p: p, found: map[string]*Expr{}}
	for _, k := range keys {
		if k.Value == "condition" || contains(skip, k.Value) {
			continue
		}
		if k.Value == "timeframe" {
			p.fail(k, "timeframe is of the format before 2.0: write a correlation with a timespan")
			continue
		}
		e := p.identifier(m[k.Value], k.Value)
		if e != nil {
			e.Name = k.Value
			c.names = append(c.names, k.Value)
			c.found[k.Value] = e
		}
	}
	at := m["condition"]
	if at == nil {
		p.fail(n, "%s has no condition", what)
		return nil
	}
	list := []*yaml.Node{at}
	if at.Kind == yaml.SequenceNode {
		list = at.Content
	}
	or := &Expr{Op: Or, Line: at.Line}
	for _, x := range list {
		x = alias(x)
		if x.Kind != yaml.ScalarNode || x.Value == "" {
			p.fail(x, "a condition must be text, such as: selection and not filter")
			continue
		}
		if e := c.parse(x); e != nil {
			or.Kids = append(or.Kids, e)
		}
	}
	if len(or.Kids) == 0 {
		if len(list) == 0 {
			p.fail(at, "the condition is empty")
		}
		return nil
	}
	if len(or.Kids) == 1 {
		return or.Kids[0]
	}
	return or
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// identifier reads the content of a search identifier.
func (p *parser) identifier(n *yaml.Node, name string) *Expr {
	switch n = alias(n); n.Kind {
	case yaml.MappingNode:
		return p.fields(n, name)
	case yaml.SequenceNode:
		or := &Expr{Op: Or, Line: n.Line}
		for _, x := range n.Content {
			var e *Expr
			switch x = alias(x); x.Kind {
			case yaml.MappingNode:
				e = p.fields(x, name)
			case yaml.ScalarNode:
				e = p.item("", nil, x, x)
			default:
				p.fail(x, "an element of %s must be a keyword or a map", name)
			}
			if e != nil {
				or.Kids = append(or.Kids, e)
			}
		}
		if len(or.Kids) == 0 {
			p.fail(n, "%s is empty: it would match nothing", name)
			return nil
		}
		return or
	case yaml.ScalarNode:
		return p.item("", nil, n, n)
	}
	p.fail(n, "%s must be a map, a list of maps or a list of keywords", name)
	return nil
}

// fields reads a map of fields and values: all must hold.
func (p *parser) fields(n *yaml.Node, name string) *Expr {
	m, keys := p.pairs(n, name)
	and := &Expr{Op: And, Line: n.Line}
	for _, k := range keys {
		parts := strings.Split(k.Value, "|")
		if e := p.item(parts[0], parts[1:], k, m[k.Value]); e != nil {
			and.Kids = append(and.Kids, e)
		}
	}
	if len(and.Kids) == 0 {
		if len(keys) == 0 {
			p.fail(n, "%s is empty: it would match everything", name)
		}
		return nil
	}
	if len(and.Kids) == 1 {
		return &Expr{Op: And, Kids: and.Kids, Line: n.Line}
	}
	return and
}

func (p *parser) filter(f *Filter, n *yaml.Node) {
	m, _ := p.pairs(n, "filter")
	if m == nil {
		return
	}
	if f.Rules = p.list(m["rules"], "rules"); len(f.Rules) == 0 {
		p.fail(n, "the filter names no rules: write their ids or names, or any")
	}
	if len(f.Rules) == 1 && f.Rules[0] == "any" {
		f.Rules = nil
	}
	f.Where = p.detection(n, "filter", "rules")
	if f.Where != nil && f.Where.Op == Not {
		p.fail(m["condition"], "the condition of a filter says what is taken away, and this one begins with not: name what is to be taken away")
	}
}
