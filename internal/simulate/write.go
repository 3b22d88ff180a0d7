package simulate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A file is one file of the estate's folder.
type file struct {
	path string
	data []byte
}

// Write writes the estate into the folder dir, which must not be there or be
// empty: case.yaml, truth.json, a README and the evidence. The folder appears
// whole or not at all. Progress, if not nil, is called with the storage accounts
// that are done.
//
// At Azure one storage account is in memory at a time, with one file of its
// log; at AWS one account with its buckets.
func Write(ctx context.Context, s *Scenario, dir string, progress func(done, total int64)) error {
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		return fmt.Errorf("%s is not empty: choose another folder with --out", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at the folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o777); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".simulate.unfinished-")
	if err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	defer os.RemoveAll(temp)
	p := &projection{s: s, t: newTruth(), progress: progress, there: map[string]bool{}, write: func(f file) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := filepath.Join(temp, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.data, 0o666); err != nil {
			return fmt.Errorf("writing %s: %w", f.path, err)
		}
		return nil
	}}
	if err := p.estate(); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	return os.Rename(temp, dir)
}

// A projection writes the history of a scenario as each pipeline records it,
// file by file.
type projection struct {
	s        *Scenario
	t        *truth
	write    func(file) error
	progress func(done, total int64)
	there    map[string]bool // folders of the evidence
	all      []*history      // settled
}

// put writes files of the evidence and counts them.
func (p *projection) put(files ...file) error {
	for _, f := range files {
		p.there[strings.Split(f.path, "/")[1]] = true
		count(f, p.t)
		if err := p.write(f); err != nil {
			return err
		}
	}
	return nil
}

func (p *projection) estate() error {
	s, t, b := p.s, p.t, &bill{s: p.s, t: p.t}
	for i := range s.Accounts {
		if err := p.account(&s.Accounts[i], b); err != nil {
			return err
		}
	}
	if err := p.put(controlFiles(s, t)...); err != nil {
		return err
	}
	if len(b.rows) > 0 {
		if err := p.put(b.file()); err != nil {
			return err
		}
	}
	if err := p.put(disclosures(s, t)); err != nil {
		return err
	}
	for i, e := range s.Edits {
		if e.Note == "" {
			continue
		}
		t.unread("unknown", 1, int64(len(e.Note)+1))
		if err := p.put(file{fmt.Sprintf("evidence/notes/note-%d.txt", i+1), []byte(e.Note + "\n")}); err != nil {
			return err
		}
	}
	delete(t.records, "aws-digest-metadata") // of no records
	delete(t.records, "aws-public-keys")
	truth, err := t.text(s, p.all)
	if err != nil {
		return err
	}
	for _, f := range []file{{"truth.json", truth}, {"case.yaml", caseFile(s, p.there)}, {"README.md", readme(s)}} {
		if err := p.write(f); err != nil {
			return err
		}
	}
	return nil
}

// account draws the histories of an account and writes its records.
func (p *projection) account(a *Account, b *bill) error {
	s, t := p.s, p.t
	total := int64(0)
	for i := range s.Accounts {
		total += int64(len(s.Accounts[i].Storage))
	}
	var list []*history
	for k := range a.Storage {
		h := draw(s, a, &a.Storage[k], uint64(len(p.all)+1))
		p.all, list = append(p.all, h), append(list, h)
		h.samples(t)
		if a.provider() == azure {
			if err := p.storage(h); err != nil {
				return err
			}
			b.storage(h)
			h.settle(s)
		}
		if p.progress != nil {
			p.progress(int64(len(p.all)), total)
		}
	}
	for k := range a.Speech {
		if err := p.put(speech(s, a, &a.Speech[k], b, t, uint64(len(p.all))+100)); err != nil {
			return err
		}
	}
	if a.provider() == azure {
		if !a.Hidden {
			b.credit(a)
		}
		return nil
	}
	files, err := bucketFiles(s, a, list, t)
	if err != nil {
		return err
	}
	for _, h := range list {
		h.settle(s)
	}
	return p.put(files...)
}

// storage writes the records of a storage account at Azure.
func (p *projection) storage(h *history) error {
	if err := logFiles(p.s, h, p.t, p.put); err != nil {
		return err
	}
	if err := p.put(metricFiles(p.s, h, p.t)...); err != nil {
		return err
	}
	listing, err := inventoryFiles(p.s, h, p.t)
	if err != nil {
		return err
	}
	return p.put(listing...)
}

// bucketFiles projects the histories of an account at AWS into its records.
func bucketFiles(s *Scenario, a *Account, list []*history, t *truth) ([]file, error) {
	files := awsBill(s, a, list, t)
	for _, region := range a.regions() {
		var here []*history
		for _, h := range list {
			if h.storage.Region == region {
				here = append(here, h)
			}
		}
		if a.Hidden {
			continue
		}
		files = append(files, streamFiles(s, a, region, here, t)...)
		for _, h := range here {
			files = append(append(files, accessFiles(s, h, t)...), s3Inventory(s, h, t)...)
		}
		if a.Log == "access" || s.elsewhere(&Storage{Region: region}) {
			continue
		}
		more, err := trailFiles(s, a, region, here, t)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// count counts a file of the evidence by its kind.
func count(f file, t *truth) {
	kind := map[string]string{"storage-logs": "azure-storage-log", "activity": "azure-activity-log", "metrics": "azure-metrics",
		"billing": "focus", "inventory": "azure-blob-inventory", "notes": "unknown", "cloudtrail": "aws-cloudtrail", "s3-access": "aws-s3-access-log"}[strings.Split(f.path, "/")[1]]
	switch {
	case strings.HasSuffix(f.path, ".checksum"):
		kind = "inventory-checksum"
	case strings.HasPrefix(f.path, "evidence/metrics/") && strings.HasSuffix(f.path, ".gz"):
		kind = "aws-cloudwatch-metrics"
	case strings.HasPrefix(f.path, "evidence/inventory/") && strings.Contains(f.path, "/weekly-all/"):
		kind = "aws-s3-inventory"
	case strings.HasSuffix(f.path, ".head-object.json"):
		kind = "aws-digest-metadata"
	case strings.Contains(f.path, "/CloudTrail-Digest/"):
		kind = "aws-cloudtrail-digest"
	case strings.Contains(f.path, "/list-public-keys"):
		kind = "aws-public-keys"
	case kind == "":
		kind = "disclosures"
	}
	t.of(kind).Files++
}

// samples keeps some names and all addresses that must not appear in outputs.
func (h *history) samples(t *truth) {
	for i := range h.requests {
		r := &h.requests[i]
		if i%97 == 0 && r.object != "" {
			t.private[r.object] = true
		}
		t.private[callers[r.caller].address] = true
		if p := callers[r.caller].person; p != "" {
			t.private[p+"@"] = true
		}
	}
}

// speech draws the use of a speech account and writes its metric and charges.
func speech(s *Scenario, a *Account, x *Speech, b *bill, t *truth, n uint64) file {
	rng := rand.New(rand.NewPCG(s.Seed, n))
	seconds := make([]float64, s.hours())
	total := 0.0
	for _, v := range workHours {
		total += v
	}
	for i := range seconds {
		seconds[i] = float64(int(100*x.HoursPerDay*3600*workHours[i%24]/total*(0.8+0.4*rng.Float64()))) / 100
	}
	id := "/subscriptions/" + a.ID + "/resourceGroups/rg-data/providers/Microsoft.CognitiveServices/accounts/" + x.Name
	for day := s.From; day.Before(s.Until); day = day.AddDate(0, 0, 1) {
		sum := 0.0
		for h := range 24 {
			sum += seconds[int(day.Sub(s.From).Hours())+h]
		}
		b.charge(a, id, x.Name, x.Region, meterSpeech, day, sum/3600)
	}
	return speechFile(s, a, x, seconds, t)
}

func readme(s *Scenario) []byte {
	return fmt.Appendf(nil, "# %s\n\nA synthetic estate, made for testing and demonstration: %s\nEvery organisation, person, account and number in it is invented. It is what\n\n    probity simulate %s --out DIR\n\nwrites. `truth.json` says what a review should find:\n\n    probity review DIR\n", s.Name, s.Tests, s.Name)
}

// caseFile writes case.yaml, which names the folders of the evidence.
func caseFile(s *Scenario, there map[string]bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Synthetic: every organisation, person, account and number is invented.\nprobity: 1\nid: %s\ntitle: %q\nsubject: {name: %q}\n", s.Case.ID, s.Case.Title, s.Case.Subject)
	fmt.Fprintf(&b, "period: {from: %s, until: %s}   # UTC, half-open\n", s.From.Format(time.DateOnly), s.Until.Format(time.DateOnly))
	b.WriteString("review: {instructed_by: Audit committee of the provider, standard_of_proof: balance_of_probabilities}\nestate:\n")
	for _, a := range s.Accounts {
		if !a.Hidden {
			fmt.Fprintf(&b, "  - {provider: %s, account: %s, regions: [%s]}\n", a.provider(), a.yamlID(), strings.Join(a.regions(), ", "))
		}
	}
	b.WriteString("terms:\n  - id: aup\n    instrument: Example Cloud acceptable use policy\n    version: \"2024-10-01\"\n    provisions:\n      - {id: surveillance, paraphrase: No storing of communications intercepted in bulk}\n")
	b.WriteString("sources:\n  - {id: S1, name: Joint press report (synthetic), date: 2024-12-06, grade: B2}\n")
	fmt.Fprintf(&b, "allegations:\n  - id: A1\n    statement: %q\n    sources: [S1]\n    provisions: [aup/surveillance]\n    claims:\n", s.Case.Title)
	for i, c := range s.Case.Claims {
		fmt.Fprintf(&b, "      - id: %s\n        statement: %q\n        material: %v\n", claimID(i), c.Statement, c.Material)
		if c.Kind != "" {
			fmt.Fprintf(&b, "        kind: %s\n", c.Kind)
		}
		fmt.Fprintf(&b, "        test: %s\n", strings.TrimSpace(c.Test))
	}
	b.WriteString("coverage: {minimum: 0.95}\nevidence:\n")
	at := s.Acquired.Format(time.RFC3339)
	for _, e := range [][3]string{{"storage-logs", "Local office, relation: local_office", "copy of the log store"}, {"activity", "Local office, relation: local_office", "copy of the log store"},
		{"cloudtrail", "Local office, relation: local_office", "aws s3 sync of the log bucket"}, {"s3-access", "Customer, relation: customer", "aws s3 sync"},
		{"metrics", "Provider operations, relation: provider", "az monitor metrics list"}, {"inventory", "Customer, relation: customer", "copy of the inventory container"}} {
		if !there[e[0]] {
			continue
		}
		fmt.Fprintf(&b, "  - path: evidence/%s\n    custodian: {name: %s}\n    acquired: {at: %s, by: A. Example, how: %s}\n", e[0], e[1], at, e[2])
	}
	b.WriteString("  - {path: evidence/billing, custodian: {name: Provider finance, relation: provider}}\n  - {path: evidence/disclosures.csv, custodian: {name: Local office, relation: local_office}}\n")
	if there["notes"] {
		b.WriteString("  - {path: evidence/notes, custodian: {name: Local office, relation: local_office}}\n")
	}
	return []byte(b.String())
}

// yamlID is the account's id as YAML takes it for text.
func (a *Account) yamlID() string {
	if a.provider() == aws {
		return `"` + a.ID + `"`
	}
	return a.ID
}

func (a *Account) regions() []string {
	var out []string
	add := func(r string) {
		for _, x := range out {
			if x == r {
				return
			}
		}
		out = append(out, r)
	}
	for _, x := range a.Storage {
		add(x.Region)
	}
	for _, x := range a.Speech {
		add(x.Region)
	}
	return out
}
