package catalog

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// A Record is what is known of one kind of record.
type Record struct {
	Kind        string `yaml:"kind"`
	Witness     string `yaml:"witness"`
	OnByDefault bool   `yaml:"on_by_default"`
	KeptDays    int    `yaml:"kept_days"` // 0: as the place that it is sent to
	Semantics   string `yaml:"semantics"`
	Source      string `yaml:"source"` // the public page
	Dated       string `yaml:"dated"`  // of the page, year and month, or "not given"
}

// Records reads records.yaml.
func Records() ([]Record, error) {
	data, err := Files.ReadFile("records.yaml")
	if err != nil {
		return nil, err
	}
	var out []Record
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("catalog/records.yaml: %w", err)
	}
	return out, nil
}
