// Package calibrate measures how often a review errs. It draws estates at
// random from the profiles and faults of internal/simulate, whose truth is
// known, reviews each as anybody would, and counts: claims that were supported
// and do not hold, claims that hold and were not found, discrepancies that were
// reported without a cause or missed, and stated intervals that do not hold the
// true value. It looks at what a review answers and never at how.
package calibrate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"probity/internal/simulate"
)

// A Fault is what was done to the records of an estate's first storage account.
type Fault struct {
	Name  string  // "" for none
	Share float64 // of the lines of a day, where the fault is by share
	Day   string  // on which; "" for all days
}

// An estate is a scenario with what the scoring must know of it.
type estate struct {
	scenario *simulate.Scenario
	fault    Fault
	profiles []string // by storage account
	claims   []claim
	truth    map[string]simulate.Values
}

// A claim is one of the case's, with what is true of it.
type claim struct {
	subject string // as a test's subject in review.json
	profile string // that the claim is about; of indicators
	holds   bool
	value   float64 // the true value of a quantity
	level   bool    // whether value is there
}

// sizes of the faults by share: the first benign, the last everything.
var (
	lossShares = []float64{0.0001, 0.0002, 0.0005}
	cutShares  = []float64{0.0005, 0.001, 0.002, 0.005, 0.01, 0.01, 0.01, 0.02, 0.05, 0.2}
)

// faults that are drawn, by weight.
var faults = []struct {
	name   string
	weight int
}{
	{"", 22}, {"lose_lines", 12}, {"drop_lines", 22}, {"fabricate_lines", 10}, {"repeat_lines", 3}, {"late_lines", 3}, {"skew_clock", 3},
	{"withhold_logs", 4}, {"delete_setting", 4}, {"no_logs", 3}, {"expire_logs", 2}, {"only_region", 2}, {"undisclosed", 3}, {"deleted", 2},
	{"versions", 2}, {"double_file", 1}, {"cut_file", 1}, {"malform", 1}, {"expired_metrics", 1},
}

// draw draws the estate with a number: the same seed and number give the same
// estate.
func draw(seed uint64, number int) (*estate, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	profiles, err := simulate.Profiles()
	if err != nil {
		return nil, err
	}
	from := time.Date(2025, 3, 3+7*rng.IntN(3)+rng.IntN(3), 0, 0, 0, 0, time.UTC) // a Monday to a Wednesday
	if rng.IntN(6) == 0 {
		from = from.AddDate(0, 0, int(time.Friday-from.Weekday()))
	}
	s := &simulate.Scenario{Simulate: 1, Name: fmt.Sprintf("estate-%d", number), Seed: rng.Uint64(), From: from, Until: from.AddDate(0, 0, 3),
		Acquired: from.AddDate(0, 0, 20), Tenant: "drawn", Tests: "drawn at random"}
	e := &estate{scenario: s}
	a, region, atAWS := simulate.Account{ID: "8b0c1c1e-0000-4000-8000-000000000001", Name: "drawn"}, "westeurope", rng.IntN(4) == 0
	if atAWS {
		a, region = simulate.Account{ID: "290481736518", Name: "drawn", Provider: "aws", Log: []string{"cloudtrail", "access"}[rng.IntN(2)]}, "eu-west-1"
	}
	for i, name := range []string{"firststore", "secondstore", "thirdstore"} {
		p := profiles[rng.IntN(len(profiles))]
		e.profiles = append(e.profiles, p.Name)
		x := simulate.Storage{Name: name, Region: region, Daily: !atAWS, Containers: []simulate.Container{{Name: "data", Use: simulate.Use(p.Name), PerDay: 40 + rng.IntN(80), Stock: 150}}}
		if rng.IntN(4) > 0 {
			x.Inventory = s.Until.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		if i == 0 {
			x.Containers[0].PerDay = firstPerDay(rng, &p)
		}
		a.Storage = append(a.Storage, x)
	}
	s.Accounts = []simulate.Account{a}
	e.spoil(rng)
	s.Case = simulate.CaseText{ID: s.Name, Title: "Alleged archive of calls", Subject: "Nobody"}
	if err := s.Check(); err != nil {
		return nil, err
	}
	e.truth = simulate.Measure(s)
	e.allege(rng, profiles)
	return e, nil
}

// firstPerDay draws how busy the first storage account is: so that its log has
// some hundreds to some thousands of lines a day.
func firstPerDay(rng *rand.Rand, p *simulate.Profile) int {
	lines := 500 + rng.IntN(1500)
	if rng.IntN(6) == 0 {
		lines = 4000 + rng.IntN(6000)
	}
	each := 1 + p.Reads + p.Overwrites + p.Deletes
	if p.Blocks {
		each += 10
	}
	return int(float64(lines) / each)
}

// spoil draws a fault and applies it.
func (e *estate) spoil(rng *rand.Rand) {
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	u, name := rng.IntN(total), ""
	for _, f := range faults {
		if u -= f.weight; u < 0 {
			name = f.name
			break
		}
	}
	s := e.scenario
	switch trail := s.Accounts[0].Log == "cloudtrail"; {
	case s.Accounts[0].Provider == "aws" && (name == "expired_metrics" || name == "double_file" || name == "cut_file" || name == "malform" || name == "delete_setting" && !trail):
		name = "" // meters are kept for fifteen months there; the others are done to logs of Azure and to trails
	case trail && rng.IntN(4) == 0:
		name = []string{"alter_file", "lose_file", "lose_digest"}[rng.IntN(3)]
	}
	x := &s.Accounts[0].Storage[0]
	day := s.From.AddDate(0, 0, rng.IntN(3)).Format(time.DateOnly)
	f := Fault{Name: name}
	edit := simulate.Edit{}
	switch name {
	case "lose_lines":
		f.Share = lossShares[rng.IntN(len(lossShares))]
		edit = simulate.Edit{LoseLines: x.Name, Share: f.Share}
	case "drop_lines":
		f.Share, f.Day = cutShares[rng.IntN(len(cutShares))], day
		edit = simulate.Edit{DropLines: x.Name, Share: f.Share, Day: day}
	case "fabricate_lines":
		f.Share, f.Day = cutShares[rng.IntN(len(cutShares))], day
		edit = simulate.Edit{FabricateLines: x.Name, Share: f.Share, Day: day}
	case "repeat_lines":
		f.Share = 0.001 + 0.05*rng.Float64()
		edit = simulate.Edit{RepeatLines: x.Name, Share: f.Share}
	case "late_lines":
		f.Share = 0.001 + 0.05*rng.Float64()
		edit = simulate.Edit{LateLines: x.Name, Share: f.Share}
	case "skew_clock":
		edit = simulate.Edit{SkewClock: x.Name, By: time.Duration(rng.IntN(240)-120) * time.Second}
	case "withhold_logs":
		f.Day, f.Share = day, 1
		edit = simulate.Edit{WithholdLogs: x.Name, Day: day}
	case "delete_setting":
		edit = simulate.Edit{DeleteSetting: x.Name, At: s.From.Add(time.Duration(5+rng.IntN(50))*time.Hour + 20*time.Minute)}
	case "no_logs":
		x.NoLogs = true
	case "expire_logs":
		edit = simulate.Edit{ExpireLogs: x.Name, Day: s.From.AddDate(0, 0, 1).Format(time.DateOnly)}
	case "only_region":
		edit = simulate.Edit{OnlyRegion: x.Region}
		if x.Region = "northeurope"; s.Accounts[0].Provider == "aws" {
			x.Region = "eu-central-1"
		}
	case "undisclosed":
		s.Accounts[0].Storage[2].Undisclosed = true
	case "deleted":
		s.Accounts[0].Storage[2].Deleted = s.From.AddDate(0, 0, 2).Format(time.DateOnly)
	case "versions":
		x.Versions = true
	case "double_file":
		edit = simulate.Edit{DoubleFile: x.Name}
	case "cut_file":
		f.Day = day
		edit = simulate.Edit{CutFile: x.Name, Day: day}
	case "malform":
		edit = simulate.Edit{Malform: x.Name, Lines: 1}
	case "alter_file":
		edit = simulate.Edit{AlterFile: x.Name}
	case "lose_file":
		edit = simulate.Edit{LoseFile: x.Name}
	case "lose_digest":
		edit = simulate.Edit{LoseDigest: x.Name}
	case "expired_metrics":
		s.Acquired = s.From.AddDate(0, 0, 94)
	}
	if edit != (simulate.Edit{}) {
		s.Edits = append(s.Edits, edit)
	}
	e.fault = f
}

// allege writes the claims, some true and some false, with thresholds beside
// the true values.
func (e *estate) allege(rng *rand.Rand, profiles []simulate.Profile) {
	s := e.scenario
	add := func(c claim, statement, test string) {
		e.claims = append(e.claims, c)
		s.Case.Claims = append(s.Case.Claims, simulate.ClaimText{Statement: statement, Material: true, Test: test, Holds: c.holds, Accept: []string{}})
	}
	for i, x := range s.Accounts[0].Storage {
		speech := false
		for k := range profiles {
			speech = speech || profiles[k].Name == e.profiles[i] && profiles[k].Speech
		}
		add(claim{subject: "indicator: speech_archive", profile: e.profiles[i], holds: speech}, "The objects in "+x.Name+" are recordings of telephone conversations.",
			fmt.Sprintf("{indicator: speech_archive, where: {resource: %s}}", x.Name))
	}
	collected := false // a contact centre and a voicemail box record what is their own
	for k := range profiles {
		collected = collected || profiles[k].Name == e.profiles[0] && profiles[k].Speech && !profiles[k].Innocent
	}
	add(claim{subject: "indicator: bulk_collection", profile: e.profiles[0], holds: collected}, "What arrives in firststore was collected by machine about a population.",
		"{indicator: bulk_collection, where: {resource: firststore}}")
	v := e.truth["firststore"]
	for _, q := range []struct {
		quantity, how string
		value         int64
	}{
		{"bytes_stored", "aggregate: max", v.BytesStored}, {"objects_stored", "aggregate: max", v.ObjectsStored},
		{"objects_written", "aggregate: sum", v.ObjectsWritten}, {"objects_written", "per: hour, aggregate: max", v.ObjectsWrittenHour},
		{"bytes_written", "aggregate: sum", v.BytesWritten}, {"requests", "aggregate: sum", v.Requests}, {"objects_read", "aggregate: sum", v.ObjectsRead},
	} {
		factor := []float64{0.5, 0.9, 0.99, 1.01, 1.1, 3}[rng.IntN(6)]
		at := simulate.Threshold(float64(q.value) * factor)
		add(claim{subject: q.quantity, holds: q.value >= at, value: float64(q.value), level: true}, fmt.Sprintf("%s of firststore, %s, is at least %d.", q.quantity, q.how, at),
			fmt.Sprintf("{quantity: %s, where: {resource: firststore}, %s, at_least: %d}", q.quantity, q.how, at))
	}
	add(claim{subject: "rule: logging_reduced", holds: e.fault.Name == "delete_setting"}, "Logging was reduced.", "{rule: logging_reduced, at_least: 1}")
	add(claim{subject: "estate: undisclosed", holds: e.fault.Name == "undisclosed"}, "Not all of the estate was disclosed.", "{estate: undisclosed, at_least: 1}")
}
