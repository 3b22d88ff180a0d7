package simulate

import (
	"bytes"
	_ "embed" // the profiles are data
	"fmt"
	"math"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed profiles.yaml
var profileText []byte

// A Profile is a use of a container: which objects there are, when they come,
// and what is true of them.
type Profile struct {
	Name       string     `yaml:"name"`
	Text       string     `yaml:"text"`
	Speech     bool       `yaml:"speech"`   // the objects are recordings of telephone conversations
	Innocent   bool       `yaml:"innocent"` // an ordinary use
	Hours      string     `yaml:"hours"`    // how a day's requests spread
	Weekend    float64    `yaml:"weekend"`
	Files      []FileKind `yaml:"files"`
	Blocks     bool       `yaml:"blocks"`
	SAS        bool       `yaml:"sas"`
	Reads      float64    `yaml:"reads"` // for each write, like those that follow
	Overwrites float64    `yaml:"overwrites"`
	Deletes    float64    `yaml:"deletes"`
}

// A FileKind is one kind of objects of a profile: sizes and names.
type FileKind struct {
	Ext       string  `yaml:"ext"`
	Path      string  `yaml:"path"` // with {date}, {number}, {hex}, {x}, {d2}, {d4}
	Share     float64 `yaml:"share"`
	Median    float64 `yaml:"median"` // bytes
	Spread    float64 `yaml:"spread"` // of the natural logarithm
	Talk      string  `yaml:"talk"`   // how long the sound lasts: a name of talks
	Header    int64   `yaml:"header"`
	Frame     int64   `yaml:"frame"` // bytes
	PerSecond float64 `yaml:"per_second"`
	Pauses    float64 `yaml:"pauses"` // share of frames that are cut to descriptions of silence
	Vary      float64 `yaml:"vary"`
	Pack      int     `yaml:"pack"`
	Pad       int64   `yaml:"pad"`
	Extra     int64   `yaml:"extra"`
	Floor     int64   `yaml:"floor"`
}

// A talk is how long recordings of a kind last: lognormal seconds within
// limits, and a share of very short ones.
type talk struct{ median, spread, least, most, short float64 }

// talks of telephone calls as measured; of the others near what is published
// (figures for simulation, FACTS).
var talks = map[string]talk{
	"calls":     {122.5, 0.916, 2, 5400, 0.05},
	"contact":   {210, 0.8, 5, 5400, 0.03},
	"voicemail": {28, 0.7, 2, 180, 0.15},
	"podcast":   {2250, 0.35, 300, 10800, 0},
	"dictation": {95, 0.6, 5, 1800, 0.05},
}

// spreads are shares of the day by hour.
var spreads = map[string][]float64{
	"contact": callHours,
	"work":    workHours,
	"private": {1.4, 0.4, 0.3, 0.1, 0, 0.3, 1.5, 4.3, 4.5, 1.8, 2.3, 3.5, 5.0, 5.0, 7.8, 9.9, 11.1, 9.4, 8.3, 6.2, 4.7, 4.1, 3.8, 4.3},
	"night":   {10, 22, 26, 20, 12, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
	"flat":    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
}

// Profiles returns the profiles that come with the program, in their order.
func Profiles() ([]Profile, error) {
	var list []Profile
	d := yaml.NewDecoder(bytes.NewReader(profileText))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("profiles.yaml: %w", err)
	}
	for i := range list {
		if err := list[i].check(); err != nil {
			return nil, fmt.Errorf("profile %s: %w", list[i].Name, err)
		}
	}
	return list, nil
}

func (p *Profile) check() error {
	if p.Name == "" || len(p.Files) == 0 || spreads[p.Hours] == nil {
		return fmt.Errorf("name, files and hours (contact, private, work, night or flat) must be given")
	}
	for i := range p.Files {
		f := &p.Files[i]
		_, ok := talks[f.Talk]
		if f.Talk != "" && (!ok || f.Frame < 1 || f.PerSecond <= 0) || f.Talk == "" && f.Median < 1 {
			return fmt.Errorf("files: give median and spread, or talk with frame and per_second")
		}
	}
	return nil
}

// profileOf returns the profile that a use names, or nil.
func profileOf(list []Profile, u Use) *Profile {
	for i := range list {
		if list[i].Name == string(u) {
			return &list[i]
		}
	}
	return nil
}

// kind draws one of the kinds of a profile by its share.
func (d *drawing) kind(p *Profile) *FileKind {
	u, left := d.rng.Float64(), 1.0
	for i := range p.Files {
		share := p.Files[i].Share
		if share == 0 {
			share = left / float64(len(p.Files)-i)
		}
		if u -= share; u < 0 {
			return &p.Files[i]
		}
		left -= share
	}
	return &p.Files[len(p.Files)-1]
}

// bytes draws the size of an object.
func (d *drawing) bytes(f *FileKind) int64 {
	if f.Talk == "" {
		return max(1, int64(f.Median*math.Exp(f.Spread*d.rng.NormFloat64())))
	}
	size := f.Header
	for range max(1, f.Pack) {
		n := int64(d.seconds(talks[f.Talk]) * f.PerSecond * (1 + f.Vary*(2*d.rng.Float64()-1)))
		body := f.Frame * n
		if f.Pauses > 0 { // a silent frame is described once in eight, in six bytes
			silent := int64(float64(n) * f.Pauses * (0.6 + 0.8*d.rng.Float64()))
			body = f.Frame*(n-silent) + 6*(silent/8) + (silent - silent/8)
		}
		size += body
		if f.Pack > 0 {
			size += 512 - body%512 + 512
		}
	}
	if f.Pad > 0 {
		size = (size+f.Pad-1)/f.Pad*f.Pad + f.Extra
	}
	if f.Floor > 0 {
		size = (size + f.Floor - 1) / f.Floor * f.Floor
	}
	return size
}

func (d *drawing) seconds(t talk) float64 {
	if d.rng.Float64() < t.short {
		return 1 + 9*d.rng.Float64()
	}
	return math.Min(math.Max(t.median*math.Exp(t.spread*d.rng.NormFloat64()), t.least), t.most)
}

// named draws the name of an object.
func (d *drawing) named(f *FileKind, at time.Time) string {
	r := strings.NewReplacer("{date}", at.Format("2006/01/02/15"), "{number}", fmt.Sprintf("99%010d", d.rng.Int64N(1e10)),
		"{hex}", fmt.Sprintf("%012x", d.rng.Uint64()>>16), "{x}", fmt.Sprintf("%c%d", 'a'+rune(d.rng.IntN(6)), d.rng.IntN(10)),
		"{d2}", fmt.Sprintf("%02d", d.rng.IntN(100)), "{d4}", fmt.Sprintf("%04d", d.rng.IntN(10000)))
	return r.Replace(f.Path) + "." + f.Ext
}

// profile draws a day of a container that a profile describes.
func (d *drawing) profile(c *Container, p *Profile, day time.Time) {
	n := float64(c.PerDay) * (0.9 + 0.2*d.rng.Float64())
	if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
		n *= p.Weekend
	}
	shares := spreads[p.Hours]
	for range int(n + 0.5) {
		at := d.within(day, d.hour(shares))
		if p.Blocks {
			d.backup(c, at.Truncate(time.Hour).Add(time.Duration(d.rng.IntN(1800))*time.Second))
		} else {
			d.write(c, at, "PutBlob")
		}
		for _, more := range []struct {
			rate float64
			do   func(*Container, time.Time)
		}{{p.Reads, d.read}, {p.Overwrites, d.overwrite}, {p.Deletes, d.remove}} {
			for left := more.rate; left > 0 && d.rng.Float64() < left; left-- {
				more.do(c, d.within(day, d.hour(shares)))
			}
		}
	}
}

// overwrite draws an upload in the place of an object that is there.
func (d *drawing) overwrite(c *Container, at time.Time) {
	o := d.pick(c, at)
	if o == nil {
		return
	}
	_, size := d.object(c, at)
	o.gone = at
	name := o.name
	d.h.objects = append(d.h.objects, object{container: c.Name, name: name, size: size, born: at, version: true})
	d.add(request{at: at, op: "PutBlob", category: "StorageWrite", status: 201, text: "Success", response: "Success", container: c.Name, object: name, body: size, caller: 1})
}
