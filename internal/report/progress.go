package report

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress is one line on a terminal that says what is being done and how far.
// It may be nil, and then says nothing. Its methods may be called by several
// goroutines.
type Progress struct {
	w  io.Writer
	mu sync.Mutex

	stage string
	last  time.Time
	shown bool
}

// NewProgress returns a progress line on w, or nil if it is not enabled.
func NewProgress(w io.Writer, enabled bool) *Progress {
	if !enabled {
		return nil
	}
	return &Progress{w: w}
}

// Stage begins a stage.
func (p *Progress) Stage(name string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stage, p.last = name, time.Time{}
	p.line(name + " ...")
}

// Bytes says how many bytes of how many are done.
func (p *Progress) Bytes(done, total int64) {
	if p == nil || total <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); done < total && now.Sub(p.last) < 100*time.Millisecond {
		return
	} else {
		p.last = now
	}
	p.line(fmt.Sprintf("%s: %d of %d MB (%d %%)", p.stage, done/1e6, (total+999_999)/1e6, done*100/total))
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
