package cloudsim

import "time"

const (
	rateWindow = time.Minute
	// blackAfter is how many calls beyond the limit lead to the blacklist,
	// blackTime for how long.
	blackAfter = 10
	blackTime  = 24 * time.Hour
)

// window counts the calls of one terminal.
type window struct {
	began time.Time
	calls int
	black time.Time // until then
}

// limited counts a call of a terminal that is known, and refuses it where there
// were too many.
func (c *Cloud) limited(q *call) (code int, over bool) {
	terminal := q.terminal()
	if terminal == "" {
		return 0, false
	}
	return c.count(terminal)
}

// countLate counts a call whose terminal its token told.
func (c *Cloud) countLate(terminal string, q *call) (code int, over bool) {
	if q.params.text("terminalUUID") != "" {
		return 0, false
	}
	return c.count(terminal)
}

func (c *Cloud) count(terminal string) (code int, over bool) {
	most, on := c.faults.Number(faultRate)
	if !on {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.nowLocked()
	w := c.windows[terminal]
	if w == nil {
		w = &window{}
		c.windows[terminal] = w
	}
	if now.Before(w.black) {
		return codeBlack, true
	}
	if now.Sub(w.began) >= rateWindow {
		w.began, w.calls = now, 0
	}
	w.calls++
	switch {
	case w.calls > most+blackAfter:
		w.black = now.Add(blackTime)
		return codeBlack, true
	case w.calls > most:
		return codeLimited, true
	}
	return 0, false
}
