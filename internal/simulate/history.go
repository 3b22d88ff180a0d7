package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// A request is one request to a storage account, as it happened.
type request struct {
	at        time.Time
	op        string
	category  string // StorageRead, StorageWrite or StorageDelete
	status    int
	text      string // statusText
	response  string // metricResponseType
	container string
	object    string
	body      int64 // of the request
	reply     int64 // of the response
	head      int64 // header of the request
	replyHead int64
	sas       bool
	caller    int // number of the caller
	serial    uint64
}

// moved reports whether the request did what it asked for.
func (r *request) moved() bool { return r.status >= 200 && r.status < 300 }

// An object is one that was there at the start of the period, or came in it.
type object struct {
	container, name string
	size            int64
	born            time.Time
	gone            time.Time // zero if it stays
	version         bool      // it took the place of another
}

// A history is what happened at one storage account.
type history struct {
	account  *Account
	storage  *Storage
	requests []request // in time order
	objects  []object
	faults   []applied // what the edits did to the log
	settled  *settled  // what is left of requests and objects once they are recorded
}

// A settled history is what truth.json tells of one.
type settled struct {
	values fields
	// The most bytes that were stored, as a bill has a day and as it was at the
	// beginning of one; 0 if no claim asks.
	billed, metered float64
}

// settle keeps what truth.json tells of the history, and drops the rest: an
// estate may have more requests than memory holds.
func (h *history) settle(s *Scenario) {
	x := &settled{values: h.values(s)}
	for i := range s.Case.Claims {
		if s.Case.Claims[i].Observed != "bytes_stored "+h.storage.Name {
			continue
		}
		for day := s.From; day.Before(s.Until); day = day.AddDate(0, 0, 1) {
			b, _ := h.stored(day)
			x.billed, x.metered = max(x.billed, h.mean(day)), max(x.metered, float64(b))
		}
		break
	}
	h.settled, h.requests, h.objects = x, nil, nil
}

// shares of the day by hour, in percent: a contact centre's calls, and an even
// working day for everything else (figures for simulation, FACTS).
var (
	callHours = []float64{0.5, 0.2, 0.1, 0, 0, 0.1, 0.3, 2.3, 4.8, 7.6, 8.8, 7.9, 6.8, 7.0, 7.4, 7.6, 7.2, 6.0, 5.4, 3.9, 4.1, 4.6, 4.4, 3.0}
	workHours = []float64{1, 1, 1, 1, 1, 2, 3, 4, 6, 7, 7, 7, 6, 7, 7, 7, 7, 6, 5, 4, 4, 3, 2, 1}
)

// draw draws what happened at one storage account. Each has a generator of its
// own, so that changing one changes no other.
func draw(s *Scenario, a *Account, x *Storage, n uint64) *history {
	h := &history{account: a, storage: x}
	rng := rand.New(rand.NewPCG(s.Seed, n))
	d := &drawing{s: s, h: h, rng: rng}
	for i := range x.Containers {
		d.stock(&x.Containers[i])
	}
	deleted := x.deletion()
	for day := s.From; day.Before(s.Until); day = day.AddDate(0, 0, 1) {
		if !deleted.IsZero() && !day.Before(deleted) {
			break
		}
		for i := range x.Containers {
			d.day(&x.Containers[i], day)
		}
		for hour := range 24 {
			d.add(request{at: d.within(day, hour), op: "ListBlobs", category: "StorageRead", status: 200, text: "Success", response: "Success",
				container: x.Containers[0].Name, reply: 900 + int64(rng.IntN(1500)), caller: 2})
		}
	}
	sort.SliceStable(h.requests, func(i, j int) bool { return h.requests[i].at.Before(h.requests[j].at) })
	for i := range h.objects {
		if o := &h.objects[i]; !deleted.IsZero() && o.gone.IsZero() {
			o.gone = deleted
		}
	}
	return h
}

type drawing struct {
	s   *Scenario
	h   *history
	rng *rand.Rand
}

// within returns a time in an hour of a day, to the microsecond.
func (d *drawing) within(day time.Time, hour int) time.Time {
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(d.rng.Int64N(3_599_000_000))*time.Microsecond)
}

// hour draws an hour of the day by its share.
func (d *drawing) hour(shares []float64) int {
	total := 0.0
	for _, v := range shares {
		total += v
	}
	u := d.rng.Float64() * total
	for i, v := range shares {
		if u -= v; u < 0 {
			return i
		}
	}
	return len(shares) - 1
}

func (d *drawing) add(r request) {
	r.head, r.replyHead = 450+int64(d.rng.IntN(300)), 200+int64(d.rng.IntN(120))
	r.serial = d.rng.Uint64()
	d.h.requests = append(d.h.requests, r)
}

// talk draws how long a call lasts, in seconds: lognormal, with some that last
// a few seconds only.
func (d *drawing) talk() float64 {
	if d.rng.Float64() < 0.05 {
		return 1 + 9*d.rng.Float64()
	}
	return math.Min(math.Max(math.Exp(4.808+0.916*d.rng.NormFloat64()), 2), 5400)
}

// name and size of a new object.
func (d *drawing) object(c *Container, at time.Time) (string, int64) {
	if p := profileOf(d.s.profiles, c.Use); p != nil {
		f := d.kind(p)
		return d.named(f, at), d.bytes(f)
	}
	date := at.Format("2006/01/02/15")
	switch c.Use {
	case Calls:
		number := fmt.Sprintf("99%010d-%c%d", d.rng.Int64N(1e10), 'a'+rune(d.rng.IntN(6)), d.rng.IntN(10))
		if d.rng.IntN(2) == 0 {
			return fmt.Sprintf("%s/%s.amr", date, number), 6 + 32*int64(d.talk()*50)
		}
		return fmt.Sprintf("%s/%s.wav", date, number), 58 + 160*int64(d.talk()*50)
	case Backup:
		return fmt.Sprintf("%s/node%02d.zip", at.Format("2006-01-02"), d.rng.IntN(40)), 20e6 + d.rng.Int64N(60e6)
	case Exports:
		return fmt.Sprintf("%s/part-%08x.csv", date, d.rng.Uint32()), 2000 + d.rng.Int64N(60_000)
	case Podcast:
		return fmt.Sprintf("episode-%05d.mp3", d.rng.IntN(1e5)), int64(16_000 * (1500 + 1200*d.rng.Float64()))
	}
	return fmt.Sprintf("img/%08x.jpg", d.rng.Uint32()), 20_000 + d.rng.Int64N(400_000)
}

// stock draws what is there at the start.
func (d *drawing) stock(c *Container) {
	for range c.Stock {
		born := d.within(d.s.From.AddDate(0, 0, -1-d.rng.IntN(25)), d.hour(workHours))
		name, size := d.object(c, born)
		d.h.objects = append(d.h.objects, object{container: c.Name, name: name, size: size, born: born})
	}
}

// day draws a day's use of a container.
func (d *drawing) day(c *Container, day time.Time) {
	if p := profileOf(d.s.profiles, c.Use); p != nil {
		d.profile(c, p, day)
		return
	}
	n := int(float64(c.PerDay)*(0.9+0.2*d.rng.Float64()) + 0.5)
	for range n {
		switch c.Use {
		case Site:
			d.read(c, d.within(day, d.hour(workHours)))
		case Backup:
			d.backup(c, d.within(day, d.rng.IntN(4)))
		case Calls:
			at := d.within(day, d.hour(callHours))
			d.write(c, at, "PutBlob")
			if d.rng.IntN(4) == 0 {
				d.read(c, d.within(day, d.hour(workHours)))
			}
		default:
			d.write(c, d.within(day, d.hour(workHours)), "PutBlob")
		}
	}
	if c.Use == Exports && n > 0 { // old exports are cleared away
		d.remove(c, d.within(day, 23))
	}
}

// write draws an upload; a few are refused.
func (d *drawing) write(c *Container, at time.Time, op string) {
	name, size := d.object(c, at)
	r := request{at: at, op: op, category: "StorageWrite", container: c.Name, object: name, caller: d.rng.IntN(2), sas: c.Use == Calls || d.signed(c)}
	if d.rng.IntN(40) == 0 {
		r.status, r.text, r.response, r.reply = 403, "AuthorizationPermissionMismatch", "AuthorizationError", 240+int64(d.rng.IntN(80))
		d.add(r)
		return
	}
	r.status, r.text, r.response, r.body = 201, "Success", "Success", size
	d.add(r)
	d.h.objects = append(d.h.objects, object{container: c.Name, name: name, size: size, born: at})
}

// backup draws an upload in blocks: the object appears with the last request.
func (d *drawing) backup(c *Container, at time.Time) {
	const block = 16 << 20
	name, size := d.object(c, at)
	r := request{op: "PutBlock", category: "StorageWrite", status: 201, text: "Success", response: "Success", container: c.Name, object: name, caller: 3}
	if d.h.account.provider() == aws {
		r.at, r.op = at, "StartUpload"
		d.add(r)
		r.op, at = "PutBlock", at.Add(time.Second)
	}
	for left := size; left > 0; left -= block {
		r.at, r.body = at, min(left, block)
		d.add(r)
		at = at.Add(time.Duration(800+d.rng.IntN(900)) * time.Millisecond)
	}
	r.at, r.op, r.body = at, "PutBlockList", 60*(size/block+2)
	if d.h.account.provider() == aws {
		r.body = 0 // S3 counts no list of parts among what is uploaded
	}
	d.add(r)
	d.h.objects = append(d.h.objects, object{container: c.Name, name: name, size: size, born: at})
}

// read draws a download of something that is there; some find nothing.
func (d *drawing) read(c *Container, at time.Time) {
	r := request{at: at, op: "GetBlob", category: "StorageRead", container: c.Name, caller: 4}
	o := d.pick(c, at)
	if o == nil || d.rng.IntN(50) == 0 {
		r.object, _ = d.object(c, at)
		r.status, r.text, r.response, r.reply = 404, "BlobNotFound", "ClientOtherError", 215
		d.add(r)
		return
	}
	r.object, r.status, r.text, r.response, r.reply = o.name, 200, "Success", "Success", o.size
	d.add(r)
}

// pick returns an object of a container that is there at a time.
func (d *drawing) pick(c *Container, at time.Time) *object {
	for range 40 {
		if len(d.h.objects) == 0 {
			return nil
		}
		o := &d.h.objects[d.rng.IntN(len(d.h.objects))]
		if o.container == c.Name && o.born.Before(at) && o.gone.IsZero() {
			return o
		}
	}
	return nil
}

func (d *drawing) remove(c *Container, at time.Time) {
	if o := d.pick(c, at.AddDate(0, 0, -1)); o != nil {
		o.gone = at
		d.add(request{at: at, op: "DeleteBlob", category: "StorageDelete", status: 202, text: "Success", response: "Success", container: c.Name, object: o.name, caller: 3})
	}
}

// stored returns the bytes and the number of objects there at a time.
func (h *history) stored(at time.Time) (bytes, count int64) {
	for i := range h.objects {
		o := &h.objects[i]
		if !o.born.After(at) && (o.gone.IsZero() || o.gone.After(at) || h.storage.Versions && !h.storage.deletedBy(at)) {
			bytes, count = bytes+o.size, count+1
		}
	}
	return bytes, count
}

// mean returns the mean of the bytes stored over a day, as a bill has it.
func (h *history) mean(day time.Time) float64 {
	end, total := day.AddDate(0, 0, 1), 0.0
	for i := range h.objects {
		o := &h.objects[i]
		from, until := o.born, end
		if from.Before(day) {
			from = day
		}
		gone := o.gone
		if h.storage.Versions {
			gone = h.storage.deletion()
		}
		if !gone.IsZero() && gone.Before(end) {
			until = gone
		}
		if until.After(from) {
			total += float64(o.size) * until.Sub(from).Hours() / 24
		}
	}
	return total
}
