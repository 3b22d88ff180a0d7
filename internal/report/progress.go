package report

import (
	"fmt"
	"io"
	"sync"
	"time"

	"probity"
)

// Progress is one line on a terminal that says what is being done and how far.
// It may be nil, and then says nothing. Its methods may be called by several
// goroutines.
type Progress struct {
	w  io.Writer
	mu sync.Mutex

	stage string
	begun time.Time // of the stage
	first int64     // bytes that were done when the stage's first report came
	last  time.Time
	shown bool
	now   func() time.Time
}

// NewProgress returns a progress line on w, or nil if it is not enabled.
func NewProgress(w io.Writer, enabled bool) *Progress {
	if !enabled {
		return nil
	}
	return &Progress{w: w, now: time.Now}
}

// Stage begins a stage.
func (p *Progress) Stage(name string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage, p.last, p.begun, p.first = name, time.Time{}, p.now(), -1
	p.line(name + " ...")
}

// Bytes says how many bytes of how many are done, how fast, and how long the
// rest takes at that rate.
func (p *Progress) Bytes(done, total int64) {
	if p == nil || total <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.first < 0 {
		p.first = done
	}
	if done < total && now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last = now
	p.line(fmt.Sprintf("%s: %d of %d MB (%d %%)%s", p.stage, done/1e6, (total+999_999)/1e6, int(float64(done)/float64(total)*100), p.rate(now, done, total)))
}

// rate says how fast a stage goes and how long the rest takes, once it has run
// for a second.
func (p *Progress) rate(now time.Time, done, total int64) string {
	took := now.Sub(p.begun)
	if took < time.Second || done <= p.first || p.begun.IsZero() {
		return ""
	}
	perSecond := float64(done-p.first) / took.Seconds()
	s := fmt.Sprintf(", %s/s", amount(perSecond, probity.Byte))
	if done < total {
		s += ", " + left(time.Duration(float64(total-done)/perSecond*float64(time.Second))) + " left"
	}
	return s
}

// left writes a remaining time as exactly as it can be known.
func left(d time.Duration) string {
	switch {
	case d > 48*time.Hour:
		return "more than 2 days"
	case d >= 90*time.Minute:
		return fmt.Sprintf("about %d h", int(d.Hours()+0.5))
	case d >= 90*time.Second:
		return fmt.Sprintf("about %d min", int(d.Minutes()+0.5))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()+1))
}

// Done clears the line.
func (p *Progress) Done() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func (p *Progress) line(text string) {
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
	p.shown = true
}
