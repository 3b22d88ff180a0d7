package bundle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"

	"probity/internal/seal"
	"probity/internal/verify"
)

// hidden are the names that are withheld, folded.
type hidden []string

func hiddenIn(wishes []Wish) hidden {
	var out hidden
	for _, w := range wishes {
		for _, name := range w.Names {
			out = append(out, strings.TrimSpace(folded(name)))
		}
	}
	return out
}

var percent = regexp.MustCompile(`(%[0-9A-Fa-f]{2})+`)

// folded is a text in which a name stands as readers recognise it: in small
// letters, each character in one form, any blanks and ends of lines as one
// blank.
func folded(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(text)), " "))
}

// unescaped is a text with the characters that addresses write as %2F.
func unescaped(text string) string {
	return percent.ReplaceAllStringFunc(text, func(s string) string {
		v, err := url.PathUnescape(s)
		if err != nil {
			return s
		}
		return v
	})
}

// tellsIn returns an error if a text tells one of the names.
func (h hidden) tellsIn(where, text string) error {
	if len(h) == 0 {
		return nil
	}
	for _, t := range []string{text, unescaped(text)} {
		t = folded(t)
		for _, name := range h {
			if strings.Contains(t, name) {
				return fmt.Errorf("%q is to be withheld, and %s tells it: a part of a longer word cannot be withheld, neither can what is written in another way (over two lines, "+
					"escaped) or stands in reasons, in the ways in which records came, and in what was asked for: withhold the longer name, write it as it is, or list it under names in the case before the review is run", name, where)
			}
		}
	}
	return nil
}

// proofread looks for what is withheld in every file of the bundle, those that
// are encoded among them, and checks the bundle as its readers will.
func proofread(dir string, cfg Config) error {
	h := hiddenIn(cfg.Wishes)
	if err := h.tellsIn("the name of the bundle", filepath.Base(filepath.Clean(cfg.Target))); err != nil { // every name in the zip begins with it
		return err
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || len(h) == 0 {
			return err
		}
		if err := h.tellsIn("the name of a file", p); err != nil {
			return err
		}
		if d.IsDir() || path.Ext(p) == ".parquet" { // what rows tell was looked at when they were written
			return nil
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			return err
		}
		texts, err := texts(p, data)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, text := range texts {
			if err := h.tellsIn(p, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || cfg.Draft {
		return err
	}
	for _, s := range verify.Run(os.DirFS(dir), verify.Options{}) {
		if s.Failed {
			return fmt.Errorf("the bundle would not verify: step %d, %s: %s", s.Number, s.Name, s.Says)
		}
	}
	return nil
}

// relations are the program's own words for who somebody is, as pages write
// them: an office may have the name of what it is.
var relations = strings.NewReplacer("local office", "", "third party", "")

// texts returns what a file tells: its text, and what stands in it in another
// spelling.
func texts(name string, data []byte) ([]string, error) {
	out, err := encoded(name, data)
	if err != nil {
		return nil, err
	}
	text := string(data)
	switch path.Ext(name) {
	case ".json":
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return nil, err
		}
		out = stringsOf(out, v)
	case ".html":
		text = relations.Replace(text)
		out = append(out, html.UnescapeString(text))
	case ".yaml":
		var n yaml.Node
		if err := yaml.Unmarshal(data, &n); err != nil {
			return nil, err
		}
		out = append(scalarsOf(out, &n), strings.ReplaceAll(text, "#", " ")) // a comment of two lines
	}
	return append(out, text), nil
}

// stringsOf adds the strings in a JSON value to a list, names of members among
// them.
func stringsOf(list []string, v any) []string {
	switch v := v.(type) {
	case string:
		list = append(list, v)
	case []any:
		for _, x := range v {
			list = stringsOf(list, x)
		}
	case map[string]any:
		for name, x := range v {
			list = stringsOf(append(list, name), x)
		}
	}
	return list
}

// scalarsOf adds the scalars below a node to a list.
func scalarsOf(list []string, n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		list = append(list, n.Value)
	}
	for _, x := range n.Content {
		list = scalarsOf(list, x)
	}
	return list
}

// encoded returns the texts that a file holds in base64: values that are
// disclosed, and what was signed.
func encoded(name string, data []byte) ([]string, error) {
	var list []string
	switch {
	case name == "data/disclosures.json":
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, err
		}
	case name == "data/tables.json":
		var t verify.Tables
		if err := json.Unmarshal(data, &t); err != nil {
			return nil, err
		}
		list = t.Disclosures
	case strings.HasSuffix(name, ".sigstore.json"):
		var b struct {
			Envelope struct {
				Payload string `json:"payload"`
			} `json:"dsseEnvelope"`
		}
		if err := json.Unmarshal(data, &b); err != nil {
			return nil, err
		}
		text, err := base64.StdEncoding.DecodeString(b.Envelope.Payload)
		return []string{string(text)}, err
	}
	var out []string
	for _, d := range list {
		v, _, err := seal.ParseDisclosure(d)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
