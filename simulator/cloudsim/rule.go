package cloudsim

import (
	"net/http"
	"time"
)

// Rule is something that goes wrong with certain calls only, for tests. What is
// left empty matches everything.
type Rule struct {
	Path   string // of the URL
	Method string // of the envelope, or the last part of the path
	Device string // deviceId
	From   int    // the first call that it is about, 1 is the next one; 0 is 1
	Count  int    // how many calls; 0 is all

	// What happens: at most one of these.
	Code   int  // this error code
	Status int  // this HTTP status
	Drop   bool // no answer
	// Delay is waited before the answer, besides.
	Delay time.Duration

	seen int
}

// AddRule adds a rule; the first one that fits a call counts.
func (c *Cloud) AddRule(r Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = append(c.rules, &r)
}

// ClearRules takes all rules away.
func (c *Cloud) ClearRules() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = nil
}

func (c *Cloud) ruled(q *call) (reply, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.rules {
		if r.Path != "" && r.Path != q.path() || r.Method != "" && r.Method != q.name || r.Device != "" && r.Device != q.device {
			continue
		}
		r.seen++
		first := max(r.From, 1)
		if r.seen < first || r.Count > 0 && r.seen >= first+r.Count {
			continue
		}
		var a reply
		switch {
		case r.Drop:
			a = reply{drop: true}
		case r.Status != 0:
			a = reply{status: r.Status, code: r.Status, body: map[string]string{"message": http.StatusText(r.Status)}}
		case r.Code != 0:
			a = q.refuse(r.Code)
		default:
			q.delay += r.Delay
			return reply{}, false
		}
		a.delay = r.Delay
		return a, true
	}
	return reply{}, false
}
