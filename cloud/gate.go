package cloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"wattle"
)

// How long nothing is sent. See docs/protocol/cloud.md sections 6 and 11.
const (
	limitStep  = 5 * time.Minute // after a rate limit, doubling
	limitMost  = time.Hour
	blockTime  = 24 * time.Hour   // on a black list
	lockedTime = 30 * time.Minute // an account that is locked

	failuresToTrip = 5 // in a row, of one host
	backoffFirst   = time.Second
	backoffMost    = 15 * time.Minute

	burst = 5 // requests at once, before the rate counts
)

// gate decides whether a request goes out now, later or not at all.
type gate struct {
	rate float64

	mu    sync.Mutex
	next  time.Time // when the bucket of requests is full again
	hosts map[string]*hostState
}

// hostState is how a host has been doing.
type hostState struct {
	failures int // in a row
	until    time.Time
}

func newGate(rate float64) *gate {
	if rate == 0 {
		rate = 1
	}
	return &gate{rate: rate, hosts: map[string]*hostState{}}
}

// enter waits for a turn. It fails at once while a host rests.
func (g *gate) enter(ctx context.Context, host string) error {
	g.mu.Lock()
	now := time.Now()
	if h := g.hosts[host]; h != nil && now.Before(h.until) {
		g.mu.Unlock()
		return &HoldError{Until: h.until, Reason: fmt.Sprintf("%s does not work at the moment", host), class: wattle.ErrUnreachable}
	}
	var pause time.Duration
	if g.rate > 0 {
		each := time.Duration(float64(time.Second) / g.rate)
		if g.next.Before(now) {
			g.next = now
		}
		pause = g.next.Sub(now) - (burst-1)*each
		g.next = g.next.Add(each)
	}
	g.mu.Unlock()
	if pause <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// done notes that a host answers.
func (g *gate) done(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.hosts, host)
}

// failed notes that a host did not, and has it left alone: as long as it asks
// for, or once it has failed several times in a row.
func (g *gate) failed(host string, after time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.hosts[host]
	if h == nil {
		h = &hostState{}
		g.hosts[host] = h
	}
	h.failures++
	if over := h.failures - failuresToTrip; after == 0 && over >= 0 {
		most := min(backoffFirst<<min(over, 20), backoffMost)
		after = most/2 + rand.N(most/2+1)
	}
	if after > 0 {
		h.until = time.Now().Add(after)
	}
}

// hold has nothing sent for a while, by this process and those that take up its
// state.
func (c *Client) hold(ctx context.Context, d time.Duration, reason string, class error) error {
	h := &HoldError{Until: time.Now().Add(d), Reason: reason, class: class}
	c.change(ctx, func(s *state) { s.Hold = &held{Until: h.Until, Reason: reason} })
	return h
}

// limited is hold after a rate limit, longer each time.
func (c *Client) limited(ctx context.Context) error {
	var h *HoldError
	c.change(ctx, func(s *state) {
		if s.Hold != nil && time.Now().Before(s.Hold.Until) { // others were under way
			h = &HoldError{s.Hold.Until, s.Hold.Reason, wattle.ErrLockout}
			return
		}
		d := min(limitStep<<min(s.Limits, 10), limitMost)
		s.Limits++
		h = &HoldError{
			Until: time.Now().Add(d), class: wattle.ErrLockout,
			Reason: fmt.Sprintf("the TP-Link cloud limits how often this terminal asks (%d)", wattle.CloudRateLimit),
		}
		s.Hold = &held{Until: h.Until, Reason: h.Reason}
	})
	return h
}

// held is the hold of the state, nil where calls may go out.
func (c *Client) held() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.state.Hold
	if h == nil || !time.Now().Before(h.Until) {
		return nil
	}
	return &HoldError{Until: h.Until, Reason: h.Reason, class: wattle.ErrLockout}
}

// free forgets rate limits, once the service answers again.
func (c *Client) free(ctx context.Context) {
	c.mu.Lock()
	limited := c.state.Limits > 0 || c.state.Hold != nil
	if h := c.state.Hold; h != nil && time.Now().Before(h.Until) {
		limited = false // an answer to what was sent before
	}
	c.mu.Unlock()
	if limited {
		c.change(ctx, func(s *state) { s.Limits, s.Hold = 0, nil })
	}
}
