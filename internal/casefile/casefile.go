// Package casefile reads case.yaml strictly: whatever is wrong in it is told
// at once, each mistake with its line and what would be right. The same
// definitions give the JSON Schema for editors.
package casefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"probity"
)

// Name is the name of a case file within its folder.
const Name = "case.yaml"

// maxSize is the largest case file that is read.
const maxSize = 4 << 20

// Load reads the case at path: a folder that holds case.yaml, or the file
// itself. What is wrong in the file is one *Mistakes.
func Load(path string) (*probity.Case, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the case: %w: name a folder with %s, or begin one with \"probity init\"", err, Name)
	}
	file := path
	if info.IsDir() {
		file = filepath.Join(path, Name)
	}
	data, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("opening the case: %w: begin one with \"probity init\"", err)
	}
	c, err := Parse(file, data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c.Dir, c.File, c.Text, c.SHA256 = filepath.Dir(file), file, data, hex.EncodeToString(sum[:])
	return c, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = fmt.Errorf("%s is longer than 4 MiB: a case file is text", name)
	}
	return data, err
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// Parse reads a case file's bytes; name stands for it in errors. The error is
// a *Mistakes.
func Parse(name string, data []byte) (*probity.Case, error) {
	m := &Mistakes{File: name}
	root := m.decode(data)
	if root == nil {
		return nil, m
	}
	m.check(root, whole(), "the case")
	c := (&builder{m: m}).build(root)
	if len(m.List) > 0 {
		m.sort()
		return nil, m
	}
	return c, nil
}

// decode returns the one document of a file, nil with a mistake if there is
// none.
func (m *Mistakes) decode(data []byte) *yaml.Node {
	top := &yaml.Node{Line: 1, Column: 1}
	if !utf8.Valid(data) {
		m.add(top, "the file is not UTF-8: save it as UTF-8")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		m.add(top, "the file is empty: begin a case with \"probity init\"")
		return nil
	case err != nil:
		m.syntax(err)
		return nil
	}
	if err := d.Decode(&next); !errors.Is(err, io.EOF) {
		if err != nil {
			m.syntax(err)
		} else {
			m.add(&next, "a second document begins: a case is one document")
		}
		return nil
	}
	return doc.Content[0]
}

func (m *Mistakes) syntax(err error) {
	line, text := 1, err.Error()
	if x := yamlLine.FindStringSubmatch(text); x != nil {
		line, _ = strconv.Atoi(x[1])
		text = text[len(x[0]):]
	}
	m.add(&yaml.Node{Line: line, Column: 1}, "not valid YAML: %s", text)
}
