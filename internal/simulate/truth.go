package simulate

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"
)

// A truth collects what a review of the estate should find.
type truth struct {
	records map[string]*counts
	listed  map[string]int64 // bytes in the inventory, by storage account
	private map[string]bool
}

type counts struct {
	Files      int   `json:"files"`
	Records    int64 `json:"records"`
	Ranges     int64 `json:"unread_ranges"`
	Bytes      int64 `json:"unread_bytes"`
	Duplicates int64 `json:"duplicates"`

	either []int64 // other numbers of records that are right too
}

// MarshalJSON writes the numbers of records that are right: one, or a list.
func (c *counts) MarshalJSON() ([]byte, error) {
	var records any = c.Records
	if c.either != nil {
		records = append([]int64{c.Records}, c.either...)
	}
	return json.Marshal(struct {
		Files      int   `json:"files"`
		Records    any   `json:"records"`
		Ranges     int64 `json:"unread_ranges"`
		Bytes      int64 `json:"unread_bytes"`
		Duplicates int64 `json:"duplicates"`
	}{c.Files, records, c.Ranges, c.Bytes, c.Duplicates})
}

// digest counts a digest of a trail: as a record, by the files that it lists,
// or as both.
func (t *truth) digest(files int) {
	c := t.of("aws-cloudtrail-digest")
	if c.either == nil {
		c.either = []int64{0, 0}
	}
	c.Records++
	c.either[0] += int64(files)
	c.either[1] += int64(files) + 1
}

func newTruth() *truth {
	return &truth{records: map[string]*counts{}, listed: map[string]int64{}, private: map[string]bool{}}
}

func (t *truth) of(kind string) *counts {
	if t.records[kind] == nil {
		t.records[kind] = &counts{}
	}
	return t.records[kind]
}

func (t *truth) count(kind string, n int64)     { t.of(kind).Records += n }
func (t *truth) duplicate(kind string, n int64) { t.of(kind).Duplicates += n }
func (t *truth) unread(kind string, ranges, bytes int64) {
	t.of(kind).Ranges += ranges
	t.of(kind).Bytes += bytes
}

// fields is a JSON object.
type fields = map[string]any

// text writes truth.json.
func (t *truth) text(s *Scenario, all []*history) ([]byte, error) {
	claims := []any{}
	for i, c := range s.Case.Claims {
		x := fields{"id": claimID(i), "statement": c.Statement, "material": c.Material, "holds": c.Holds, "accept": c.Accept}
		if c.Why != "" {
			x["why"] = c.Why
		}
		if c.Innocent {
			x["require_innocent"] = true
		}
		if c.Short {
			x["coverage_below_minimum"] = true
		}
		if c.Observed != "" {
			o, err := t.observed(c.Observed, s, all)
			if err != nil {
				return nil, fmt.Errorf("claim %s: %w", claimID(i), err)
			}
			x["observed"] = o
		}
		claims = append(claims, x)
	}
	values := fields{}
	for _, h := range all {
		values[h.storage.Name] = h.settled.values
	}
	private := []string{}
	for p := range t.private {
		private = append(private, p)
	}
	sort.Strings(private)
	data, err := json.MarshalIndent(fields{
		"truth": 1, "scenario": s.Name, "synthetic": true, "provider": s.providers(), "tests": s.Tests,
		"period":  fields{"from": s.From.Format(time.RFC3339), "until": s.Until.Format(time.RFC3339)},
		"opinion": fields{"accept": s.Opinions}, "claims": claims, "discrepancies": discrepancies(s, all), "gaps": gaps(s, all),
		"estate": fields{"undisclosed": undisclosed(s)}, "mentions": []any{}, "impeached": []any{}, "records": t.records, "values": values, "private": private,
	}, "", " ")
	return append(data, '\n'), err
}

// providers names the clouds of a scenario.
func (s *Scenario) providers() string {
	var out []string
	for _, p := range []string{azure, aws} {
		for i := range s.Accounts {
			if s.Accounts[i].provider() == p {
				out = append(out, p)
				break
			}
		}
	}
	return strings.Join(out, " and ")
}

func claimID(i int) string { return fmt.Sprintf("A1.%d", i+1) }

// values are what truly happened at a storage account.
func (h *history) values(s *Scenario) fields {
	var written, bytesWritten, read, bytesRead, out int64
	byHour := map[int]int64{}
	most := int64(0)
	for i := range h.requests {
		r := &h.requests[i]
		out += r.reply + r.replyHead
		if !r.moved() {
			continue
		}
		bytesWritten += r.body
		switch r.op {
		case "PutBlob", "PutBlockList":
			written++
			hour := int(r.at.Sub(s.From).Hours())
			byHour[hour]++
			most = max(most, byHour[hour])
		case "GetBlob":
			read++
			bytesRead += r.reply
		}
	}
	first, _ := h.stored(s.From)
	last, count := h.stored(s.Until)
	return fields{"requests": len(h.requests), "objects_written": written, "bytes_written": bytesWritten, "objects_read": read, "bytes_read": bytesRead,
		"bytes_egressed": out, "bytes_stored_first": first, "bytes_stored_last": last, "objects_stored_last": count, "objects_written_hour_max": most}
}

// observed is what each witness should give for a quantity of a storage
// account: "bytes_stored harbourcalls".
func (t *truth) observed(what string, s *Scenario, all []*history) (fields, error) {
	quantity, name, _ := strings.Cut(what, " ")
	for _, h := range all {
		if h.storage.Name != name {
			continue
		}
		by := fields{}
		put := func(w string, v, rel float64) { by[w] = fields{"value": v, "rel": rel} }
		switch quantity {
		case "bytes_stored":
			put("billed", h.settled.billed, 0.005)
			put("metered", h.settled.metered, 0.005)
			if n := t.listed[name]; n > 0 {
				put("listed", float64(n), 0.005)
			}
			return fields{"unit": "byte", "by_witness": by}, nil
		case "objects_written":
			put("metered", float64(h.settled.values["objects_written"].(int64)), 0.002)
			return fields{"unit": "1", "by_witness": by}, nil
		}
	}
	return nil, fmt.Errorf("observed %q: write bytes_stored or objects_written and the name of a storage account", what)
}

func undisclosed(s *Scenario) []any {
	out := []any{}
	for _, a := range s.Accounts {
		for _, x := range a.Storage {
			if !a.Hidden && !x.Undisclosed {
				continue
			}
			out = append(out, fields{"provider": a.provider(), "account": a.ID, "resource": x.Name, "first": s.From.Format(time.RFC3339), "last": s.Until.Format(time.RFC3339)})
		}
	}
	return out
}

// gaps are those that the edits make.
func gaps(s *Scenario, all []*history) fields {
	must := []any{}
	_, _, more := faultTruth(s, all)
	must = append(must, more...)
	for _, e := range s.Edits {
		switch {
		case e.WithholdLogs != "":
			day, _ := time.Parse(time.DateOnly, e.Day)
			must = append(must, fields{"witness": "logged", "causes": []string{"missing"}, "resource": e.WithholdLogs,
				"from": day.Format(time.RFC3339), "until": day.AddDate(0, 0, 1).Format(time.RFC3339), "why": "meters show requests on that day"})
		case e.DeleteSetting != "":
			must = append(must, fields{"witness": "logged", "causes": []string{"turned_off"}, "resource": e.DeleteSetting,
				"from": e.At.Add(2 * time.Hour).Format(time.RFC3339), "until": s.Until.Format(time.RFC3339), "why": "the diagnostic setting was deleted"})
		}
	}
	return fields{"must": must, "must_not": []any{}}
}

// discrepancies are those that the edits make; the others are the ordinary
// ones between pipelines that count in different ways.
func discrepancies(s *Scenario, all []*history) fields {
	must, allowed := []any{}, []any{}
	more, may, _ := faultTruth(s, all)
	must, allowed = append(must, more...), append(allowed, may...)
	flows := []string{"requests", "objects_written", "objects_read", "bytes_written"}
	for _, e := range s.Edits {
		if e.WithholdLogs == "" {
			continue
		}
		day, _ := time.Parse(time.DateOnly, e.Day)
		must = append(must, fields{"quantities": flows, "witnesses": [][]string{{"logged", "metered"}}, "readings": []string{"log_short"},
			"resource": e.WithholdLogs, "from": day.Format(time.RFC3339), "until": day.AddDate(0, 0, 1).Format(time.RFC3339), "why": "the withheld day"})
	}
	allow := func(p fields) { allowed = append(allowed, p) }
	allow(fields{"quantities": []string{"bytes_written", "bytes_read", "bytes_egressed"}, "witnesses": [][]string{{"logged", "metered"}}, "readings": []string{"log_short", "metric_excess"}, "why": "Ingress and Egress count headers too"})
	allow(fields{"quantities": []string{"requests", "objects_written", "objects_read"}, "witnesses": [][]string{{"billed", "*"}}, "why": "bills count operations by price class"})
	allow(fields{"quantities": []string{"bytes_stored", "objects_stored"}, "witnesses": [][]string{{"billed", "metered"}, {"listed", "*"}}, "max_share": 0.05, "why": "a day's mean, an instant and a daily sample"})
	allow(fields{"quantities": []string{"bytes_egressed", "bytes_read"}, "witnesses": [][]string{{"billed", "*"}}, "why": "reads inside the region are not billed"})
	allow(fields{"quantities": []string{"speech_seconds"}, "max_share": 0.01, "why": "rounding"})
	for _, a := range s.Accounts {
		for _, x := range a.Storage {
			if a.Hidden {
				allow(fields{"witnesses": [][]string{{"billed", "*"}}, "resource": x.Name, "why": "billed, and no other record of it was handed over"})
			}
			for _, e := range s.Edits {
				if e.CutFile == x.Name || e.Malform == x.Name {
					allow(fields{"quantities": flows, "witnesses": [][]string{{"logged", "*"}}, "readings": []string{"log_short"}, "resource": x.Name, "why": "a damaged file"})
				}
			}
		}
	}
	return fields{"must": must, "must_not": []any{}, "allowed": allowed}
}
