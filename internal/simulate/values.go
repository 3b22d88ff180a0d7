package simulate

import (
	"math"
	"sort"
	"time"
)

// Values are what truly happened at a storage account in the period of its
// scenario: attempts that failed are requests, and wrote or read nothing.
type Values struct {
	Requests, ObjectsWritten, BytesWritten, ObjectsRead, BytesRead int64
	// ObjectsWrittenHour is the most objects that were written in one hour.
	ObjectsWrittenHour int64
	// BytesStored and ObjectsStored are the most that were there at a time,
	// versions included.
	BytesStored, ObjectsStored int64
	RequestsByDay              []int64
}

// Measure draws the history of a scenario and returns what truly happened, by
// storage account.
func Measure(s *Scenario) map[string]Values {
	out := map[string]Values{}
	n := uint64(0)
	for i := range s.Accounts {
		for k := range s.Accounts[i].Storage {
			n++
			h := draw(s, &s.Accounts[i], &s.Accounts[i].Storage[k], n)
			out[h.storage.Name] = h.measure(s)
		}
	}
	return out
}

func (h *history) measure(s *Scenario) Values {
	var v Values
	hours := map[int]int64{}
	v.RequestsByDay = make([]int64, s.hours()/24)
	for i := range h.requests {
		r := &h.requests[i]
		v.Requests++
		v.RequestsByDay[int(r.at.Sub(s.From).Hours())/24]++
		if !r.moved() {
			continue
		}
		v.BytesWritten += r.body
		switch r.op {
		case "PutBlob", "PutBlockList":
			v.ObjectsWritten++
			hour := int(r.at.Sub(s.From).Hours())
			hours[hour]++
			v.ObjectsWrittenHour = max(v.ObjectsWrittenHour, hours[hour])
		case "GetBlob":
			v.ObjectsRead++
			v.BytesRead += r.reply
		}
	}
	v.BytesStored, v.ObjectsStored = h.peak(s)
	return v
}

// peak returns the most that was stored at any time of the period.
func (h *history) peak(s *Scenario) (bytes, objects int64) {
	type step struct {
		at          time.Time
		size, count int64
	}
	var steps []step
	for i := range h.objects {
		o := &h.objects[i]
		gone := o.gone
		if h.storage.Versions {
			gone = h.storage.deletion()
		}
		steps = append(steps, step{o.born, o.size, 1})
		if !gone.IsZero() {
			steps = append(steps, step{gone, -o.size, -1})
		}
	}
	sort.SliceStable(steps, func(i, j int) bool {
		if !steps[i].at.Equal(steps[j].at) {
			return steps[i].at.Before(steps[j].at)
		}
		return steps[i].size < steps[j].size
	})
	var b, n int64
	started := false
	for _, x := range steps {
		if !x.at.Before(s.From) && !started {
			bytes, objects, started = b, n, true
		}
		if !x.at.Before(s.Until) {
			break
		}
		if b, n = b+x.size, n+x.count; started {
			bytes, objects = max(bytes, b), max(objects, n)
		}
	}
	if !started {
		bytes, objects = b, n
	}
	return bytes, objects
}

// Threshold rounds a value to three digits, so that a claim can be written
// with it.
func Threshold(v float64) int64 {
	if v < 1 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return int64(math.Max(1, math.Round(v/unit)*unit))
}
