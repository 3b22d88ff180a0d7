package coverage

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/measure"
	"probity/internal/query"
)

// logStreams are the classes of requests. Azure logs each under a category
// with a switch of its own; other logs are on for all of them or for none.
var logStreams = []string{"reads", "writes", "deletes"}

// categories are Azure's names of the classes.
var categories = map[string]string{"reads": "StorageRead", "writes": "StorageWrite", "deletes": "StorageDelete"}

// streamNamed returns the class that a category of Azure carries.
func streamNamed(category string) string {
	for s, c := range categories {
		if c == category {
			return s
		}
	}
	return category
}

// facts are what the tables say about the records themselves: when each
// pipeline spoke, and what switched it.
type facts struct {
	logs     map[streamOf][]float32 // records by hour
	meters   map[streamOf][]float32 // metered requests by hour, NaN if not read
	coarse   map[streamOf][]meterSpan
	bills    map[int32]*Hours      // hours for which the bill speaks of a resource
	billed   map[string]*Hours     // the same for an account, by provider/account
	switches map[int32][]change    // in time order
	controls map[string]control    // by provider/account
	spoken   map[int32]*Hours      // hours in which a log with one switch for all classes has records
	trails   map[string]*trail     // by provider/account/region
	selected map[streamOf][]string // the trails that record a class of a resource's requests
	stopped  map[string][]change   // when trails were switched, by provider/account
	creation map[int32]int64
	unread   []unreadSpan
	acquired map[probity.Witness]time.Time // latest, by witness
	first    time.Time                     // when anything was first acquired
	kept     map[string]time.Duration      // by provider/witness; /witness for any provider
	warnings []string
}

type streamOf struct {
	resource int32
	stream   string
}

// A meterSpan is what a meter with a grain above an hour says of its hours.
type meterSpan struct {
	i, j  int
	value float64
}

// A change switches a witness on or off, or some of its streams.
type change struct {
	at      int64
	witness probity.Witness
	on      bool
	streams []string // all if nil
	what    string
	trail   string // that was switched, if one was
}

// concerns reports whether the change is of a witness's stream.
func (c *change) concerns(w probity.Witness, stream string) bool {
	if c.witness != w {
		return false
	}
	for _, s := range c.streams {
		if s == stream {
			return true
		}
	}
	return c.streams == nil
}

// control is an account's control-plane log: the span that it can speak of.
type control struct{ from, until int64 }

type unreadSpan struct {
	witness     probity.Witness
	resource    int32 // -1 if not known
	account     string
	stream      string
	from, until int64 // 0,0 if not known
}

// witnessOf says which witness an exhibit's kind is read for.
func witnessOf(k probity.Kind) probity.Witness {
	switch k {
	case probity.AzureStorageLog, probity.AWSS3AccessLog, probity.GCPStorageLog:
		return probity.Logged
	case probity.AzureActivityLog, probity.AWSCloudTrail, probity.AWSCloudTrailDigest, probity.GCPAuditLog, probity.OCSF:
		return probity.Control
	case probity.AzureMetrics, probity.AWSCloudWatchMetrics, probity.GCPMetrics:
		return probity.Metered
	case probity.AzureBlobInventory, probity.AWSS3Inventory:
		return probity.Listed
	case probity.AWSVPCFlowLog, probity.AzureFlowLog, probity.GCPFlowLog:
		return probity.Flowed
	case probity.Focus:
		return probity.Billed
	case probity.Disclosures:
		return probity.Stated
	}
	return ""
}

// loadFacts runs the catalogue's coverage queries.
func loadFacts(ctx context.Context, e *query.Engine, d *measure.Directory, g Grid, c *probity.Case, exhibits []probity.Exhibit) (*facts, error) {
	f := &facts{
		logs: map[streamOf][]float32{}, meters: map[streamOf][]float32{}, coarse: map[streamOf][]meterSpan{},
		bills: map[int32]*Hours{}, billed: map[string]*Hours{},
		switches: map[int32][]change{}, controls: map[string]control{}, creation: map[int32]int64{},
		acquired: map[probity.Witness]time.Time{}, kept: map[string]time.Duration{},
		spoken: map[int32]*Hours{}, trails: map[string]*trail{}, selected: map[streamOf][]string{}, stopped: map[string][]change{},
	}
	records, err := catalog.Records()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		provider, _, _ := strings.Cut(r.Kind, "-")
		if provider != "aws" && provider != "azure" && provider != "gcp" {
			provider = ""
		}
		f.kept[provider+"/"+r.Witness] = time.Duration(r.KeptDays) * 24 * time.Hour
	}
	for _, x := range exhibits {
		if w := witnessOf(x.Kind); w != "" && x.Acquired != nil && x.Acquired.At.After(f.acquired[w]) {
			f.acquired[w] = x.Acquired.At
		}
	}
	for i := range c.Evidence {
		if a := c.Evidence[i].Acquired; a != nil && !a.At.IsZero() && (f.first.IsZero() || a.At.Before(f.first)) {
			f.first = a.At
		}
	}
	for _, load := range []func(context.Context, *query.Engine, *measure.Directory, Grid) error{
		f.loadLogs, f.loadMeters, f.loadBills, f.loadTrails, f.loadSwitches, f.loadUnread,
	} {
		if err := load(ctx, e, d, g); err != nil {
			return nil, err
		}
	}
	return f, f.loadControls(ctx, e, c, exhibits)
}

func (f *facts) loadLogs(ctx context.Context, e *query.Engine, d *measure.Directory, g Grid) error {
	return e.EachOf(ctx, "coverage/log_hours.sql", func(row func(...any) error) error {
		var provider, account, resource, stream string
		var at time.Time
		var v float64
		var all, byTrail bool
		if err := row(&provider, &account, &resource, &stream, &at, &v, &all, &byTrail); err != nil {
			return err
		}
		i, _ := g.Range(at.Unix(), at.Unix()+3600)
		if r := d.Find(provider, account, resource); r >= 0 {
			k := streamOf{r, stream}
			if f.logs[k] == nil {
				f.logs[k] = make([]float32, g.N)
			}
			if at.Unix() >= g.Start && i < g.N {
				f.logs[k][i] += float32(v)
				if all {
					if f.spoken[r] == nil {
						f.spoken[r] = NewHours(g.N)
					}
					f.spoken[r].Add(i, i+1)
				}
			}
		}
		return nil
	})
}

func (f *facts) loadMeters(ctx context.Context, e *query.Engine, d *measure.Directory, g Grid) error {
	totals := map[int32][]float32{}
	fill := func() []float32 {
		a := make([]float32, g.N)
		for i := range a {
			a[i] = float32(math.NaN())
		}
		return a
	}
	err := e.EachOf(ctx, "coverage/meter_hours.sql", func(row func(...any) error) error {
		var provider, account, resource, stream string
		var at, until time.Time
		var v float64
		var whole bool
		if err := row(&provider, &account, &resource, &stream, &at, &until, &v, &whole); err != nil {
			return err
		}
		r := d.Find(provider, account, resource)
		if until.Sub(at) > time.Hour {
			f.addCoarse(g, r, stream, at.Unix(), until.Unix(), v)
			return nil
		}
		i, _ := g.Range(at.Unix(), at.Unix()+3600)
		if r < 0 || at.Unix() < g.Start || i >= g.N || !whole && v == 0 {
			return nil
		}
		if stream == "" {
			if totals[r] == nil {
				totals[r] = fill()
			}
			totals[r][i] = float32(v)
			return nil
		}
		// One category read means that all were: those without a series had nothing.
		for _, s := range logStreams {
			k := streamOf{r, s}
			if f.meters[k] == nil {
				f.meters[k] = fill()
			}
			switch {
			case s == stream:
				f.meters[k][i] = float32(v)
			case whole && isNaN(f.meters[k][i]):
				f.meters[k][i] = 0
			}
		}
		return nil
	})
	// A total of nothing is nothing in each category.
	for r, t := range totals {
		for _, s := range logStreams {
			k := streamOf{r, s}
			if f.meters[k] == nil {
				f.meters[k] = fill()
			}
			for i, v := range t {
				if v == 0 && isNaN(f.meters[k][i]) {
					f.meters[k][i] = 0
				}
			}
		}
		f.meters[streamOf{r, ""}] = t
	}
	return err
}

// addCoarse keeps what a meter with a coarse grain says, if its span lies
// within the period. Categories without a series had nothing.
func (f *facts) addCoarse(g Grid, r int32, stream string, from, until int64, v float64) {
	if r < 0 || from < g.Start || until > g.Start+int64(g.N)*3600 {
		return
	}
	i, j := g.Range(from, until)
	put := func(s string, v float64) {
		k := streamOf{r, s}
		for n := range f.coarse[k] {
			if x := &f.coarse[k][n]; x.i == i && x.j == j {
				x.value = max(x.value, v)
				return
			}
		}
		f.coarse[k] = append(f.coarse[k], meterSpan{i, j, v})
	}
	put(stream, v)
	for _, s := range logStreams {
		if s != stream && (stream != "" || v == 0) {
			put(s, 0)
		}
	}
}

func (f *facts) loadBills(ctx context.Context, e *query.Engine, d *measure.Directory, g Grid) error {
	return e.EachOf(ctx, "coverage/bill_days.sql", func(row func(...any) error) error {
		var provider, account, resource string
		var from, until time.Time
		if err := row(&provider, &account, &resource, &from, &until); err != nil {
			return err
		}
		// A charge by the hour may carry its day: the bill speaks of the day.
		day := from.Unix() - from.Unix()%86400
		i, j := g.Range(day, max(until.Unix(), day+86400))
		if i >= j {
			return nil
		}
		k := provider + "/" + account
		if f.billed[k] == nil {
			f.billed[k] = NewHours(g.N)
		}
		f.billed[k].Add(i, j)
		if r := d.Find(provider, account, resource); r >= 0 {
			if f.bills[r] == nil {
				f.bills[r] = NewHours(g.N)
			}
			f.bills[r].Add(i, j)
		}
		return nil
	})
}

func (f *facts) loadSwitches(ctx context.Context, e *query.Engine, d *measure.Directory, _ Grid) error {
	err := e.EachOf(ctx, "coverage/switches.sql", func(row func(...any) error) error {
		var provider, account, resource, witness, operation, enabled, disabled, exhibit string
		var at time.Time
		var on bool
		var position int64
		if err := row(&provider, &account, &resource, &at, &witness, &on, &operation, &enabled, &disabled, &exhibit, &position); err != nil {
			return err
		}
		c := change{at: at.Unix(), witness: probity.Witness(witness), on: on,
			what: operation + " at " + at.UTC().Format(time.RFC3339) + " (" + Place(exhibit, position) + ")"}
		switch {
		case witness == "trail":
			c.trail = resource
			k := provider + "/" + account
			f.stopped[k] = append(f.stopped[k], c)
		case witness == "selectors":
			f.selects(d, provider, account, enabled, c)
		default:
			if r := d.Find(provider, account, resource); r >= 0 {
				if provider != "azure" {
					enabled, disabled = "", ""
				}
				f.switches[r] = append(f.switches[r], c.byCategory(enabled, disabled)...)
			}
		}
		return nil
	})
	f.spreadStops(d)
	for _, list := range f.switches {
		sortChanges(list)
	}
	if err != nil {
		return err
	}
	return e.EachOf(ctx, "coverage/creations.sql", func(row func(...any) error) error {
		var provider, account, resource string
		var at time.Time
		if err := row(&provider, &account, &resource, &at); err != nil {
			return err
		}
		if r := d.Find(provider, account, resource); r >= 0 {
			f.creation[r] = at.Unix()
		}
		return nil
	})
}

// byCategory splits the writing of a diagnostic setting into the categories of
// the log that it switches on and those that it leaves off. Where the event
// does not say, all are on.
func (c change) byCategory(enabled, disabled string) []change {
	if c.witness != probity.Logged || !c.on || enabled == "" && disabled == "" {
		return []change{c}
	}
	on, off := c, c
	off.on = false
	on.streams, off.streams = []string{}, []string{}
	for _, s := range logStreams {
		if strings.Contains(","+enabled+",", ","+categories[s]+",") {
			on.streams = append(on.streams, s)
		} else {
			off.streams = append(off.streams, s)
		}
	}
	return []change{on, off}
}

func (f *facts) loadUnread(ctx context.Context, e *query.Engine, d *measure.Directory, _ Grid) error {
	return e.EachOf(ctx, "coverage/unread_spans.sql", func(row func(...any) error) error {
		var provider, account, resource, kind, stream string
		var from, until sql.NullTime
		var ranges, bytes float64
		if err := row(&provider, &account, &resource, &kind, &stream, &from, &until, &ranges, &bytes); err != nil {
			return err
		}
		u := unreadSpan{witness: witnessOf(probity.Kind(kind)), resource: d.Find(provider, account, resource), account: account, stream: streamNamed(stream)}
		if from.Valid {
			u.from = from.Time.Unix()
		}
		if until.Valid {
			u.until = until.Time.Unix()
		}
		if u.from == 0 {
			u.from = u.until
		}
		if !until.Valid && from.Valid { // the tail of a file: at least the rest of the day may be in it
			u.until = (u.from/86400 + 1) * 86400
		}
		if u.until <= u.from {
			u.until = u.from + 1
		}
		f.unread = append(f.unread, u)
		return nil
	})
}

// loadControls says what span each account's control-plane log can speak of:
// from 90 days before it was acquired, within what the custodian says.
func (f *facts) loadControls(ctx context.Context, e *query.Engine, c *probity.Case, exhibits []probity.Exhibit) error {
	from := map[string]probity.Exhibit{}
	for _, x := range exhibits {
		from[x.SHA256] = x
	}
	return e.EachOf(ctx, "coverage/controls.sql", func(row func(...any) error) error {
		var provider, account, exhibit string
		var first time.Time
		if err := row(&provider, &account, &exhibit, &first); err != nil {
			return err
		}
		span := control{first.Unix(), c.Period.Until.Unix()}
		x := from[exhibit]
		if x.Acquired != nil && !x.Acquired.At.IsZero() {
			span = control{x.Acquired.At.Add(-f.keptFor(provider, probity.Control)).Unix(), x.Acquired.At.Unix()}
		}
		for i := range c.Evidence {
			ev := &c.Evidence[i]
			if ev.Covers != nil && under(x.Path, ev.Path) {
				span = control{max(span.from, ev.Covers.From.Unix()), min(span.until, ev.Covers.Until.Unix())}
			}
		}
		k := provider + "/" + account
		if old, ok := f.controls[k]; ok {
			span = control{min(old.from, span.from), max(old.until, span.until)}
		}
		f.controls[k] = span
		return nil
	})
}
