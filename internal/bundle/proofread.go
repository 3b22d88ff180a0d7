package bundle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"probity/internal/seal"
	"probity/internal/verify"
)

// hidden are the names that are withheld, in lower case.
type hidden []string

func hiddenIn(wishes []Wish) hidden {
	var out hidden
	for _, w := range wishes {
		for _, name := range w.Names {
			out = append(out, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	return out
}

// tellsIn returns an error if a text tells one of the names.
func (h hidden) tellsIn(where, text string) error {
	lower := strings.ToLower(text)
	for _, name := range h {
		if strings.Contains(lower, name) {
			return fmt.Errorf("%q is to be withheld, and %s tells it: a part of a longer word cannot be withheld, and neither can reasons, the ways in which records "+
				"came, and what was asked for: withhold the longer name, or list it under names in the case before the review is run", name, where)
		}
	}
	return nil
}

// proofread looks for what is withheld in every file of the bundle, those that
// are encoded among them, and checks the bundle as its readers will.
func proofread(dir string, cfg Config) error {
	h := hiddenIn(cfg.Wishes)
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
		texts, err := encoded(p, data)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, text := range append(texts, string(data)) {
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
