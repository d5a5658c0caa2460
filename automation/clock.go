package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"wattle"
	"wattle/hub"
)

const (
	// late is by how much a time may be missed, on a busy computer, and still counts.
	late = time.Minute
	// lookAgain is how often the clock on the wall is looked at: it may be set.
	lookAgain = 30 * time.Second
	// noteEvery is how often it is noted that the engine runs, for rules that catch
	// up.
	noteEvery = 10 * time.Minute
	// oldEvent is how old an event of a device may be: after a restart devices tell
	// what has happened meanwhile.
	oldEvent = 2 * time.Minute
)

// Run carries rules out until ctx ends; then it breaks off those that run, and
// returns nil. It runs once at a time.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	if e.running != nil {
		e.mu.Unlock()
		return fmt.Errorf("%w: automation runs already", wattle.ErrParam)
	}
	var running sync.WaitGroup
	e.running, e.ctx = &running, ctx
	running.Add(1) // so that runs may be added until the end
	e.mu.Unlock()
	e.refresh()
	sub := e.hub.Subscribe(&hub.SubscribeOptions{Events: 4096})
	running.Go(func() { e.follow(ctx, sub) })
	running.Go(func() { e.tick(ctx) })
	<-ctx.Done()
	sub.Close()
	e.mu.Lock()
	e.running = nil
	e.mu.Unlock()
	running.Done()
	running.Wait()
	return nil
}

// follow looks at what changes in the home until ctx ends.
func (e *Engine) follow(ctx context.Context, sub *hub.Subscription) {
	for {
		n, err := sub.Next(ctx)
		if err != nil {
			return
		}
		if n.Missed > 0 {
			e.log.Warn("events came too fast for the rules", slog.Uint64("missed", n.Missed))
		}
		switch {
		case n.View != nil:
			e.viewed(n.View)
		case n.Event != nil:
			e.happened(n.Event)
		}
	}
}

func (e *Engine) viewed(v *hub.View) {
	now := time.Now()
	e.mu.Lock()
	if e.rooms[v.ID] != v.Room.Name {
		e.mu.Unlock()
		e.refresh() // other devices are watched now
		e.mu.Lock()
	}
	for _, p := range e.plans {
		e.look(p, v, now, false)
	}
	due := e.begins
	e.begins = nil
	e.mu.Unlock()
	for _, b := range due {
		e.begin(b.plan, b.cause)
	}
}

// begun is a rule that is to run.
type begun struct {
	plan  *plan
	cause cause
}

// happened takes an event.
func (e *Engine) happened(event *hub.Event) {
	slug := hub.Slug(event.Device)
	age := e.age(event)
	var due []begun
	e.mu.Lock()
	for _, p := range e.plans {
		if p.rule.Disabled || age > max(oldEvent, time.Duration(p.rule.CatchUp)) {
			continue
		}
		for _, w := range p.watches {
			if t := w.trigger; t.Event != "" && (t.Event == "*" || t.Event == event.Kind) && (w.any || w.slugs[slug]) {
				due = append(due, begun{p, cause{Kind: "event", Device: event.Name, Slug: slug, Event: event.Kind, text: event.Name + ": " + event.Kind}})
				break
			}
		}
	}
	e.mu.Unlock()
	for _, b := range due {
		e.begin(b.plan, b.cause)
	}
}

// age is how long ago an event was, by the clock that it was told by: that of the
// device, which may be wrong.
func (e *Engine) age(event *hub.Event) time.Duration {
	now := time.Now()
	if event.Detail == nil || event.Time.IsZero() {
		return 0
	}
	if root, err := e.hub.View(hub.ID{MAC: event.Device.MAC}); err == nil && root.State != nil {
		now = root.State.DeviceTime().Add(now.Sub(root.State.Time()))
	}
	return now.Sub(event.Time)
}

// tick starts what is due by the clock until ctx ends.
func (e *Engine) tick(ctx context.Context) {
	e.catchUp(ctx)
	looked := time.Now()
	noted := looked
	for {
		now := time.Now()
		wait := e.strike(now, e.jumped(looked, now))
		looked = now
		if now.Sub(noted) >= noteEvery {
			noted = now
			e.note(ctx)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			e.note(context.WithoutCancel(ctx))
			return
		case <-e.changed:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// jumped reports whether the clock of this computer was set since it was looked at.
func (e *Engine) jumped(before, now time.Time) bool {
	by := now.Round(0).Sub(before.Round(0)) - now.Sub(before)
	if by.Abs() < late {
		return false
	}
	e.log.Warn("the clock of this computer was set", slog.Duration("by", by))
	return true
}

// strike starts what is due, and says how long nothing else will be.
func (e *Engine) strike(now time.Time, jumped bool) time.Duration {
	now = now.In(e.zone)
	wait := lookAgain
	var due []begun
	here := e.place()
	e.mu.Lock()
	moved := here != e.here // the sun rises there at another time
	e.here = here
	for _, p := range e.plans {
		if p.rule.Disabled {
			for _, c := range p.clocks {
				c.next = time.Time{}
			}
			continue
		}
		for _, c := range p.clocks {
			if t, ok := c.strike(e, p, now, jumped || moved && c.trigger.At != ""); ok {
				due = append(due, begun{p, cause{Kind: "time", text: c.trigger.words() + " (" + t.Format("15:04") + ")"}})
			}
			if !c.next.IsZero() {
				wait = min(wait, c.next.Sub(now))
			}
		}
		for _, w := range p.watches {
			for _, s := range w.seen {
				if s.due.IsZero() {
					continue
				}
				if !s.due.After(now) {
					s.due, s.fired = time.Time{}, true
					due = append(due, begun{p, s.cause})
					continue
				}
				wait = min(wait, s.due.Sub(now))
			}
		}
	}
	e.mu.Unlock()
	for _, b := range due {
		e.begin(b.plan, b.cause)
	}
	return max(wait, time.Millisecond)
}

// strike reports whether a time has come, and computes the next one.
func (c *clock) strike(e *Engine, p *plan, now time.Time, jumped bool) (at time.Time, due bool) {
	if c.next.IsZero() || jumped && c.next.After(now) {
		from := now
		if back := c.last.Sub(now); back > 0 && back < 3*time.Hour {
			from = c.last // the clock went back a little: not twice
		}
		c.next = c.times(from)
	}
	for !c.next.IsZero() && !c.next.After(now) {
		at, due = c.next, true
		c.last = at
		c.next = c.times(now)
	}
	if due && now.Sub(at) > max(late, time.Duration(p.rule.CatchUp)) {
		e.skip(p, cause{text: c.trigger.words()}, "its time was "+at.Format(time.DateTime)+", and is missed")
		return at, false
	}
	return at, due
}

// ranUntil is what is remembered for rules that catch up.
type ranUntil struct {
	Alive time.Time            `json:"alive"` // the engine ran then
	Last  map[string]time.Time `json:"last"`  // when each of these rules ran by time last
}

const clockName = "automation/clock"

// note remembers that the engine runs.
func (e *Engine) note(ctx context.Context) {
	out := ranUntil{Alive: time.Now(), Last: map[string]time.Time{}}
	e.mu.Lock()
	needed := false
	for key, p := range e.plans {
		needed = needed || p.rule.CatchUp > 0 && len(p.clocks) > 0
		for _, c := range p.clocks {
			if p.rule.CatchUp > 0 && c.last.After(out.Last[key]) {
				out.Last[key] = c.last
			}
		}
	}
	e.mu.Unlock()
	if !needed || e.keep == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := json.Marshal(out)
	if err == nil {
		err = e.keep.Save(ctx, clockName, raw)
	}
	if err != nil {
		e.log.Warn("times of rules", slog.Any("err", err))
	}
}

// catchUp starts rules that ask for it and whose time was missed.
func (e *Engine) catchUp(ctx context.Context) {
	if e.keep == nil {
		return
	}
	raw, err := e.keep.Load(ctx, clockName)
	var was ranUntil
	if err != nil || raw == nil || json.Unmarshal(raw, &was) != nil || was.Alive.IsZero() {
		return
	}
	now := time.Now().In(e.zone)
	var due []begun
	e.mu.Lock()
	for key, p := range e.plans {
		if p.rule.CatchUp == 0 || p.rule.Disabled {
			continue
		}
		since := was.Alive
		if last := was.Last[key]; last.After(since) {
			since = last
		}
		if earliest := now.Add(-time.Duration(p.rule.CatchUp)); since.Before(earliest) {
			since = earliest
		}
		for _, c := range p.clocks {
			if at := c.times(since.In(e.zone)); !at.IsZero() && !at.After(now) {
				c.last = now
				due = append(due, begun{p, cause{Kind: "time", text: c.trigger.words() + " was missed at " + at.Format(time.DateTime)}})
				break
			}
		}
	}
	e.mu.Unlock()
	for _, b := range due {
		e.begin(b.plan, b.cause)
	}
	if len(due) > 0 {
		e.note(ctx)
	}
}
