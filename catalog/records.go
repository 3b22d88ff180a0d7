package catalog

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// A Record is what is known of one record: who holds it, for how long, and
// what it tells.
type Record struct {
	ID          string            `yaml:"id"`
	Name        string            `yaml:"name"`
	Kind        string            `yaml:"kind"` // "" if a review does not read it
	Witness     string            `yaml:"witness"`
	Provider    string            `yaml:"provider"` // azure, aws, gcp or any
	Holders     []string          `yaml:"holders"`  // the first keeps it, the others may have copies
	OnByDefault bool              `yaml:"on_by_default"`
	KeptDays    int               `yaml:"kept_days"` // 0: as the place that it is sent to, or no figure is published
	Kept        string            `yaml:"kept"`      // in words, where days do not say it all
	Destination string            `yaml:"destination"`
	Bounds      map[string]string `yaml:"bounds"` // by quantity
	Finds       map[string]string `yaml:"finds"`  // by rule, indicator or "undisclosed"
	Grain       string            `yaml:"grain"`  // "day": within the day it does not say when
	Needs       string            `yaml:"needs"`  // the id of a record without which it tells little
	Format      string            `yaml:"format"`
	Semantics   string            `yaml:"semantics"`
	Source      string            `yaml:"source"` // the public page
	Dated       string            `yaml:"dated"`  // of the page, year and month, or "not given"
}

// The holders of records.
const (
	ProviderFinance  = "provider_finance"
	ProviderPlatform = "provider_platform"
	Customer         = "customer"
	LocalOffice      = "local_office"
)

// Holders lists the holders, those hardest to influence first.
var Holders = []string{ProviderFinance, ProviderPlatform, Customer, LocalOffice}

// Holdings reads every entry of records.yaml.
func Holdings() ([]Record, error) {
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

// Records returns one entry of each kind that a review reads and that can
// expire, the first: by its retention a gap is told to be expired.
func Records() ([]Record, error) {
	all, err := Holdings()
	if err != nil {
		return nil, err
	}
	var out []Record
	seen := map[string]bool{"": true, "disclosures": true}
	for _, r := range all {
		if !seen[r.Kind] {
			seen[r.Kind] = true
			out = append(out, r)
		}
	}
	return out, nil
}
