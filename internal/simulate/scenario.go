// Package simulate writes synthetic estates whose truth is known. One history
// of requests is drawn from a seed; each pipeline then records it in its own
// way: request logs, platform metrics, bills, inventories, the control plane's
// log, disclosures. Edits are made to records, never to the history: a day
// withheld, a setting deleted, a file handed over twice. truth.json says what
// a review should find.
package simulate

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed scenarios/*.yaml
var builtin embed.FS

// A Scenario says what to draw and what to do to the records.
type Scenario struct {
	Simulate int       `yaml:"simulate"` // the version of this format: 1
	Name     string    `yaml:"name"`
	Tests    string    `yaml:"tests"` // what the scenario is for, in a line
	Seed     uint64    `yaml:"seed"`
	From     time.Time `yaml:"from"`
	Until    time.Time `yaml:"until"`
	Acquired time.Time `yaml:"acquired"`
	Tenant   string    `yaml:"tenant"` // domain of the people in it, under .example
	Accounts []Account `yaml:"accounts"`
	Edits    []Edit    `yaml:"edits"`
	Case     CaseText  `yaml:"case"`
	Opinions []string  `yaml:"opinions"` // which of them are right

	profiles []Profile
}

// An Account is a subscription.
type Account struct {
	ID      string    `yaml:"id"`
	Name    string    `yaml:"name"`
	Storage []Storage `yaml:"storage"`
	Speech  []Speech  `yaml:"speech"`
	// Hidden accounts are not disclosed, and nothing but bills shows them.
	Hidden bool `yaml:"hidden"`
	// Provider is the cloud: azure (also where it is empty) or aws.
	Provider string `yaml:"provider"`
	// Log is how requests are logged at AWS: cloudtrail, with data events and
	// digests, or access, by server access logs.
	Log string `yaml:"log"`
}

// A Storage is a storage account.
type Storage struct {
	Name       string      `yaml:"name"`
	Region     string      `yaml:"region"`
	Containers []Container `yaml:"containers"`
	NoLogs     bool        `yaml:"no_logs"`   // request logs were never switched on
	Inventory  string      `yaml:"inventory"` // day of a blob inventory, or none
	Daily      bool        `yaml:"daily"`     // its logs were handed over as one gzip file a day
	// Undisclosed storage is in no disclosure, and nothing but bills shows it.
	Undisclosed bool `yaml:"undisclosed"`
	// Deleted is the day at whose beginning the storage account was deleted, or
	// "". What is deleted has no metrics to ask for any more.
	Deleted string `yaml:"deleted"`
	// Versions keeps what is overwritten or deleted: bills and metrics count it,
	// inventories do not.
	Versions bool `yaml:"versions"`
}

// A Container has one kind of use.
type Container struct {
	Name   string `yaml:"name"`
	Use    Use    `yaml:"use"`
	PerDay int    `yaml:"per_day"` // main requests a weekday, give or take
	Stock  int    `yaml:"stock"`   // objects that are there at the start
}

// A Use is what a container is for: one of those below, or the name of one of
// the Profiles.
type Use string

// The uses.
const (
	Calls   Use = "calls"   // telephone calls: AMR and G.711, written once
	Backup  Use = "backup"  // archives, written at night in blocks
	Exports Use = "exports" // small tables, written through the day
	Site    Use = "site"    // pictures and pages, mostly read
	Podcast Use = "podcast" // long sound
)

// A Speech is a speech-to-text account.
type Speech struct {
	Name        string  `yaml:"name"`
	Region      string  `yaml:"region"`
	HoursPerDay float64 `yaml:"hours_per_day"`
}

// An Edit changes what is handed over. Exactly one of the names is set.
type Edit struct {
	// WithholdLogs leaves out the request logs of the named storage account on
	// Day.
	WithholdLogs string `yaml:"withhold_logs"`
	Day          string `yaml:"day"`
	// DeleteSetting deletes the diagnostic setting of the named storage account
	// at the time At: its logs end, and the control plane's log says so.
	DeleteSetting string    `yaml:"delete_setting"`
	At            time.Time `yaml:"at"`
	// DoubleFile hands one log file of the named storage account over twice.
	DoubleFile string `yaml:"double_file"`
	// CutFile cuts the tail of a gzip log file of the named storage account, of
	// Day.
	CutFile string `yaml:"cut_file"`
	// Malform damages Lines lines of the logs of the named storage account.
	Malform string `yaml:"malform"`
	Lines   int    `yaml:"lines"`
	// DropLines leaves lines out of the logs of the named storage account, as
	// somebody would who hides them: Share of the lines of Day, or of each day.
	DropLines string  `yaml:"drop_lines"`
	Share     float64 `yaml:"share"`
	// LoseLines leaves lines out as best-effort delivery does.
	LoseLines string `yaml:"lose_lines"`
	// FabricateLines adds lines of requests that never were, and RepeatLines
	// has lines delivered twice.
	FabricateLines string `yaml:"fabricate_lines"`
	RepeatLines    string `yaml:"repeat_lines"`
	// LateLines puts lines into the file of the hour or day that follows.
	LateLines string `yaml:"late_lines"`
	// SkewClock shifts the times in the log By, a duration: 4m, -90s.
	SkewClock string        `yaml:"skew_clock"`
	By        time.Duration `yaml:"by"`
	// ExpireLogs leaves out the logs before Day: they were no longer kept.
	ExpireLogs string `yaml:"expire_logs"`
	// AlterFile changes, LoseFile leaves out one log file of the trail that the
	// named bucket is recorded by, LoseDigest leaves out one of its digests.
	AlterFile  string `yaml:"alter_file"`
	LoseFile   string `yaml:"lose_file"`
	LoseDigest string `yaml:"lose_digest"`
	// OnlyRegion leaves out the logs of storage in every other region.
	OnlyRegion string `yaml:"only_region"`
	// Note adds a file of no known kind, with this text.
	Note string `yaml:"note"`
}

// CaseText is the case that goes with the records, and what is true of its
// claims.
type CaseText struct {
	ID      string      `yaml:"id"`
	Title   string      `yaml:"title"`
	Subject string      `yaml:"subject"`
	Claims  []ClaimText `yaml:"claims"`
}

// ClaimText is a claim as the case file writes it, with what is true of it.
type ClaimText struct {
	Statement string   `yaml:"statement"`
	Material  bool     `yaml:"material"`
	Kind      string   `yaml:"kind"`
	Test      string   `yaml:"test"`  // as YAML
	Holds     bool     `yaml:"holds"` // whether it is true
	Accept    []string `yaml:"accept"`
	Why       string   `yaml:"why"`
	// Observed names what witnesses should give, from the history:
	// "bytes_stored NAME" or "objects_written NAME".
	Observed string `yaml:"observed"`
	Innocent bool   `yaml:"innocent"` // if supported, innocent explanations are owed
	Short    bool   `yaml:"short"`    // coverage is below the minimum
}

// Builtin names the scenarios that come with the program.
func Builtin() []string {
	files, _ := fs.Glob(builtin, "scenarios/*.yaml") // the pattern is well formed
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	sort.Strings(out)
	return out
}

// Open returns a built-in scenario by its name, or the one in a file.
func Open(name string) (*Scenario, error) {
	data, err := builtin.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		if data, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("%q is neither a file nor one of the built-in scenarios (%s): %w", name, strings.Join(Builtin(), ", "), err)
		}
	}
	return Parse(name, data)
}

// Parse reads a scenario strictly.
func Parse(name string, data []byte) (*Scenario, error) {
	var s Scenario
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return &s, nil
}

// Check says what is wrong with a scenario, and makes it ready to be written.
func (s *Scenario) Check() (err error) {
	if s.profiles, err = Profiles(); err != nil {
		return err
	}
	return s.check()
}

func (s *Scenario) check() error {
	day := 24 * time.Hour
	switch {
	case s.Simulate != 1:
		return errors.New("simulate must be 1: the version of the format")
	case s.Name == "" || s.Tenant == "" || s.Case.ID == "":
		return errors.New("name, tenant and case.id must be given")
	case s.From != s.From.Truncate(day) || s.Until != s.Until.Truncate(day) || !s.From.Before(s.Until):
		return errors.New("from and until must be midnights, UTC, until after from")
	case s.Until.Sub(s.From) > 100*day:
		return errors.New("a scenario spans at most 100 days")
	case s.Acquired.Before(s.Until):
		return errors.New("acquired must not come before until")
	}
	for _, n := range []string{s.Case.ID, s.Tenant} {
		if !plainName.MatchString(n) {
			return fmt.Errorf("%q: tenant and case.id are of letters, digits, dots, dashes and underscores", n)
		}
	}
	seen := map[string]bool{}
	for i := range s.Accounts {
		if err := s.Accounts[i].check(); err != nil {
			return err
		}
		for _, x := range s.Accounts[i].Storage {
			if seen[x.Name] || !plainName.MatchString(x.Name) {
				return fmt.Errorf("storage account %q: names must be there, differ, and be of letters, digits, dots, dashes and underscores", x.Name)
			}
			if len(x.Containers) == 0 {
				return fmt.Errorf("storage account %q: it needs a container", x.Name)
			}
			seen[x.Name] = true
			if err := x.check(); err != nil {
				return err
			}
			for _, c := range x.Containers {
				if !plainName.MatchString(c.Name) || c.PerDay < 0 || c.Stock < 0 {
					return fmt.Errorf("container %q of %s: it needs a name of letters, digits, dots, dashes and underscores, and per_day and stock from 0", c.Name, x.Name)
				}
				if !c.Use.known() && profileOf(s.profiles, c.Use) == nil {
					return fmt.Errorf("container %q: use %q is unknown: use one of %s", c.Name, c.Use, strings.Join(s.uses(), ", "))
				}
			}
		}
	}
	for _, e := range s.Edits {
		for _, n := range []string{e.WithholdLogs, e.DeleteSetting, e.DoubleFile, e.CutFile, e.Malform, e.DropLines, e.LoseLines, e.FabricateLines, e.RepeatLines, e.LateLines, e.SkewClock, e.ExpireLogs, e.AlterFile, e.LoseFile, e.LoseDigest} {
			if n != "" && !seen[n] {
				return fmt.Errorf("edit of %q: there is no such storage account", n)
			}
		}
		if err := e.check(); err != nil {
			return err
		}
		if err := s.possible(&e); err != nil {
			return err
		}
	}
	return nil
}

// plainName is what names may be: they become parts of paths, addresses and
// YAML.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// possible reports an edit that could change nothing where its storage lies.
func (s *Scenario) possible(e *Edit) error {
	if day, _ := time.Parse(time.DateOnly, e.Day); e.Day != "" && (day.Before(s.From) || !day.Before(s.Until)) { // checked before
		return fmt.Errorf("edit: the day %s lies outside the period", e.Day)
	}
	if !e.At.IsZero() && (e.At.Before(s.From) || !e.At.Before(s.Until)) {
		return fmt.Errorf("edit: the time %s lies outside the period", e.At.Format(time.RFC3339))
	}
	known := e.OnlyRegion == ""
	for i := range s.Accounts {
		known = known || slices.Contains(s.Accounts[i].regions(), e.OnlyRegion)
	}
	if !known {
		return fmt.Errorf("edit: only_region %q: nothing of the estate lies there", e.OnlyRegion)
	}
	for i := range s.Accounts {
		a := &s.Accounts[i]
		trail := a.provider() == aws && a.Log != "access"
		for k := range a.Storage {
			switch n := a.Storage[k].Name; {
			case a.provider() == aws && (n == e.DoubleFile || n == e.CutFile || n == e.Malform):
				return fmt.Errorf("edit of %q: double_file, cut_file and malform are of request logs at azure", n)
			case a.provider() == aws && !trail && n == e.DeleteSetting:
				return fmt.Errorf("edit of %q: delete_setting at aws stops a trail, and this account has none (log: access)", n)
			case !trail && (n == e.AlterFile || n == e.LoseFile || n == e.LoseDigest):
				return fmt.Errorf("edit of %q: alter_file, lose_file and lose_digest are of a trail, and this account has none", n)
			}
		}
	}
	return nil
}

var (
	subscription = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	number       = regexp.MustCompile(`^[0-9]{12}$`)
)

func (a *Account) check() error {
	for i := range a.Speech {
		if !plainName.MatchString(a.Speech[i].Name) || !(a.Speech[i].HoursPerDay >= 0) {
			return fmt.Errorf("speech account %q: it needs a name of letters, digits, dots, dashes and underscores, and hours_per_day from 0", a.Speech[i].Name)
		}
	}
	switch {
	case a.provider() == azure && !subscription.MatchString(a.ID):
		return fmt.Errorf("account %q: the id of a subscription is a UUID of 36 characters", a.ID)
	case a.provider() == azure && a.Log != "":
		return fmt.Errorf("account %q: log is for accounts at aws", a.ID)
	case a.provider() == azure:
		return nil
	case a.Provider != aws:
		return fmt.Errorf("account %q: provider %q is unknown: use azure or aws", a.ID, a.Provider)
	case !number.MatchString(a.ID) || len(a.Speech) > 0:
		return fmt.Errorf("account %q: the id of an account at aws has 12 digits, and speech is for azure", a.ID)
	case a.Log != "" && a.Log != "cloudtrail" && a.Log != "access":
		return fmt.Errorf("account %q: log %q is unknown: use cloudtrail or access", a.ID, a.Log)
	}
	for i := range a.Storage {
		if awsRegions[a.Storage[i].Region] == "" {
			return fmt.Errorf("bucket %q: region %q is unknown: use eu-west-1, eu-west-2, eu-central-1, us-east-1 or us-west-2", a.Storage[i].Name, a.Storage[i].Region)
		}
	}
	return nil
}

func (x *Storage) check() error {
	for _, day := range []string{x.Deleted, x.Inventory} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return fmt.Errorf("storage account %q: %q is not a day: write 2025-01-31", x.Name, day)
		}
	}
	return nil
}

func (e *Edit) check() error {
	if _, err := time.Parse(time.DateOnly, e.Day); e.Day != "" && err != nil {
		return fmt.Errorf("edit: %q is not a day: write 2025-01-31", e.Day)
	}
	names := []string{e.WithholdLogs, e.DeleteSetting, e.DoubleFile, e.CutFile, e.Malform, e.DropLines, e.LoseLines, e.FabricateLines, e.RepeatLines, e.LateLines,
		e.SkewClock, e.ExpireLogs, e.AlterFile, e.LoseFile, e.LoseDigest, e.OnlyRegion, e.Note}
	if n := len(slices.DeleteFunc(names, func(n string) bool { return n == "" })); n != 1 {
		return fmt.Errorf("edit: it does one thing, and this one does %d", n)
	}
	if !(e.Share >= 0 && e.Share <= 1) {
		return fmt.Errorf("edit: a share lies between 0 and 1, not at %v", e.Share)
	}
	if e.share() != "" && e.Share == 0 {
		return fmt.Errorf("edit of %q: share must be given", e.share())
	}
	switch {
	case e.DeleteSetting != "" && e.At.IsZero():
		return errors.New("edit: delete_setting needs at, a time")
	case e.SkewClock != "" && e.By == 0:
		return errors.New("edit: skew_clock needs by, such as 4m or -90s")
	case e.Malform != "" && e.Lines < 1:
		return errors.New("edit: malform needs lines, from 1")
	}
	if e.Day == "" && (e.WithholdLogs != "" || e.CutFile != "" || e.ExpireLogs != "") {
		return errors.New("edit: withhold_logs, cut_file and expire_logs need a day")
	}
	return nil
}

// share names the storage account that an edit by share concerns, or "".
func (e *Edit) share() string {
	return e.DropLines + e.LoseLines + e.FabricateLines + e.RepeatLines + e.LateLines
}

// uses names every use that a container can have.
func (s *Scenario) uses() []string {
	out := []string{string(Calls), string(Backup), string(Exports), string(Site), string(Podcast)}
	for i := range s.profiles {
		out = append(out, s.profiles[i].Name)
	}
	return out
}

func (u Use) known() bool {
	return u == Calls || u == Backup || u == Exports || u == Site || u == Podcast
}
