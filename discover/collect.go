package discover

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"wattle"
)

// collector turns answers into devices, in the goroutine of the caller.
type collector struct {
	*sweep
	merger *merger
	begin  time.Time
	total  time.Duration
	yield  func(Found, error) bool
}

// progressEvery is the pace of Options.Progress.
const progressEvery = 200 * time.Millisecond

// collect ends when the announced time is over, when all single hosts have
// answered, or when ctx ends; false means that the caller broke off.
func (c *collector) collect(ctx context.Context) bool {
	end := time.NewTimer(c.total)
	defer end.Stop()
	var tick <-chan time.Time
	if c.Progress != nil {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		tick = ticker.C
		c.report()
		defer c.report()
	}
	waiting := c.singles()
	for {
		select {
		case <-ctx.Done():
			return true
		case <-tick:
			c.report()
		case <-end.C:
			if !c.drain(ctx, waiting) {
				return false
			}
			if c.sent.Load() == 0 {
				return c.yield(Found{}, fmt.Errorf("no probe could be sent on any interface; is the network up? %w", wattle.ErrUnreachable))
			}
			return true
		case <-c.queue.ready:
			before := len(waiting)
			if !c.drain(ctx, waiting) {
				return false
			}
			if before > 0 && len(waiting) == 0 {
				end.Reset(min(linger, c.total-time.Since(c.begin)))
			}
		}
	}
}

// singles are the hosts to wait for: when nothing but hosts is asked, the
// sweep may end early. A broadcast address never answers, so that it keeps
// the sweep going to its end.
func (c *collector) singles() map[netip.Addr]bool {
	if !c.OnlyTargets || len(c.plan.ranges) > 0 {
		return nil
	}
	waiting := make(map[netip.Addr]bool)
	for _, addr := range c.plan.hosts {
		waiting[addr] = true
	}
	return waiting
}

// drain parses all that has come.
func (c *collector) drain(ctx context.Context, waiting map[netip.Addr]bool) bool {
	for _, p := range c.queue.take() {
		found, news, err := c.merger.add(p)
		if err != nil {
			c.log.DebugContext(ctx, "answer ignored", "from", p.from, "err", err)
			continue
		}
		delete(waiting, p.from.Addr())
		if news && !c.yield(found, nil) {
			return false
		}
	}
	return true
}

func (c *collector) report() {
	c.Progress(Progress{
		Asked: int(c.asked.Load()), Addresses: c.plan.size(),
		Round: max(1, int(c.round.Load())), Rounds: rounds,
		Elapsed: time.Since(c.begin), Total: c.total, Found: c.merger.size(),
	})
}
