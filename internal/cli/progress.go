package cli

import (
	"fmt"
	"sync"
)

// progress counts on the last line of the terminal's stderr; elsewhere it is
// silent. A nil *progress is silent as well.
type progress struct {
	a     *app
	what  string
	total int

	mu   sync.Mutex
	n    int
	live *live
}

func (a *app) progress(what string, total int) *progress {
	if !a.errTTY || a.flags.quiet || a.flags.debug || total < 2 {
		return nil
	}
	p := &progress{a: a, what: what, total: total, live: &live{w: a.err}}
	p.draw()
	return p
}

func (p *progress) draw() {
	p.live.draw([]string{p.a.errStyle.dim(fmt.Sprintf("%s %d of %d", p.what, p.n, p.total))})
}

// step is called when one more is done, from any goroutine.
func (p *progress) step() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if p.live != nil {
		p.draw()
	}
}

// done removes the line.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live.erase()
	p.live = nil
}
