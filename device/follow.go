package device

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"time"

	"wattle"
	"wattle/event"
	"wattle/method"
	"wattle/method/smart"
)

const (
	// buttonInterval is how often logs are read in which somebody waits for an
	// answer to a press, and sensorInterval how often the others.
	buttonInterval = time.Second
	sensorInterval = 3 * time.Second
	// familyInterval is how often a hub is asked for children that are new.
	familyInterval = 30 * time.Second
	// longestPause is the most between two tries of a log that cannot be read.
	longestPause = time.Minute
)

// Nearby is how long before its time a log is read along with others, so that one
// who looks again and again may do it at moments that suit him.
const Nearby = 100 * time.Millisecond

// Event is something that happened at a device.
type Event struct {
	event.Event
	// Device is where it happened; in what comes with an error, what failed.
	Device *Device `json:"-"`
}

// FollowOptions are how events are followed; nil and the zero value work.
type FollowOptions struct {
	// Positions are how far an earlier Follower came, by DeviceID, see
	// [Follower.Positions]. A device without one is followed from now on.
	Positions map[string]event.Position
	// History tells what is in the logs already of devices without a position.
	History bool
	// Interval is how often each log is read; 0: every second for buttons, every
	// three for sensors.
	Interval time.Duration
}

// Follower reads the trigger logs of a device, or of all devices behind a
// hub, and tells each event once. It is used by one goroutine at a time.
// See docs/protocol/smart.md section 12.
type Follower struct {
	d       *Device
	o       FollowOptions
	logs    map[string]*followed // by DeviceID
	self    followed             // of the list of children
	started bool
}

// followed is one log.
type followed struct {
	at       event.Position
	next     time.Time
	failures int
}

// Follower makes a follower of the events of the device and its children. It
// asks nothing. The error wraps [wattle.ErrUnsupported] for a device that keeps
// no log and is no hub.
func (d *Device) Follower(o *FollowOptions) (*Follower, error) {
	f := &Follower{d: d, logs: map[string]*followed{}}
	if o != nil {
		f.o = *o
	}
	for id, at := range f.o.Positions {
		f.logs[id] = &followed{at: at}
	}
	if !d.isHub() && len(f.sources()) == 0 {
		return nil, fmt.Errorf("%s: %w: it keeps no log of events", d.label(), wattle.ErrUnsupported)
	}
	return f, nil
}

func (d *Device) isHub() bool { return d.parent == nil && d.known().identity.Type == wattle.Hub }

// Events tells what happens at the device and its children from now on, until
// ctx ends: then the sequence ends. A device whose log cannot be read gives one
// error, and events again when it can; nothing is lost meanwhile. See
// [Device.Follower] for how to go on where an earlier process stopped.
func (d *Device) Events(ctx context.Context) iter.Seq2[Event, error] {
	f, err := d.Follower(nil)
	if err != nil {
		return func(yield func(Event, error) bool) { yield(Event{Device: d}, err) }
	}
	return f.Events(ctx)
}

// Positions are how far the logs were followed: each event counts that
// [Follower.Events] or [Follower.Look] has given out before the present one,
// and the present one as soon as the next is asked for.
func (f *Follower) Positions() map[string]event.Position {
	out := maps.Clone(f.o.Positions)
	if out == nil {
		out = map[string]event.Position{}
	}
	for id, l := range f.logs {
		if l.at.Started {
			out[id] = l.at
		}
	}
	return out
}

// Events looks again and again until ctx ends. See [Device.Events].
func (f *Follower) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			for e, err := range f.Look(ctx) {
				if ctx.Err() != nil || !yield(e, err) {
					return
				}
			}
			pause := time.NewTimer(max(time.Until(f.Next()), 10*time.Millisecond))
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		}
	}
}

// Next is when it is worth looking again.
func (f *Follower) Next() time.Time {
	next := time.Now().Add(longestPause)
	if f.d.isHub() {
		next = earlier(next, f.self.next)
	}
	for _, source := range f.sources() {
		if l := f.logs[source.known().identity.DeviceID]; l != nil {
			next = earlier(next, l.next)
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Look reads the logs that are due, or will be within [Nearby], once, and tells what is new in them, each
// log's oldest event first.
func (f *Follower) Look(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if f.d.isHub() && time.Until(f.self.next) <= Nearby {
			if !f.family(ctx, yield) {
				return
			}
		}
		first := !f.started
		f.started = true
		for _, source := range f.sources() {
			id := source.known().identity.DeviceID
			l := f.logs[id]
			if l == nil {
				// What a child has in its log that was paired while we looked has
				// happened since.
				l = &followed{at: event.Position{Started: !first}}
				f.logs[id] = l
			}
			if ctx.Err() != nil || time.Until(l.next) > Nearby {
				continue
			}
			if !f.read(ctx, source, l, yield) {
				return
			}
		}
	}
}

// family learns which children there are. It gives false when the sequence is
// to end here.
func (f *Follower) family(ctx context.Context, yield func(Event, error) bool) bool {
	_, err := f.d.Refresh(ctx)
	if ctx.Err() != nil {
		return false
	}
	if err == nil {
		f.self = followed{next: time.Now().Add(familyInterval)}
		return true
	}
	// The children cannot be reached either.
	if f.self.fail(sensorInterval) {
		yield(Event{Device: f.d}, fmt.Errorf("%s: %w", f.d.label(), err))
	}
	return false
}

// fail notes that a log cannot be read, and tells whether that is news.
func (l *followed) fail(interval time.Duration) bool {
	l.failures++
	l.next = time.Now().Add(min(interval<<min(l.failures, 8), longestPause))
	return l.failures == 1
}

// sources are the devices that keep a log, as far as they are known.
func (f *Follower) sources() []*Device {
	var out []*Device
	for _, d := range append([]*Device{f.d}, f.d.Children()...) {
		if d.caller != nil && d.known().identity.Components["trigger_log"] > 0 {
			out = append(out, d)
		}
	}
	return out
}

func (f *Follower) interval(d *Device) time.Duration {
	switch id := d.known().identity; {
	case f.o.Interval > 0:
		return f.o.Interval
	case id.Components["double_click"] > 0, id.Type == wattle.WallSwitch:
		return buttonInterval
	}
	return sensorInterval
}

// read tells what is new in one log. It gives false when the sequence is to
// end here.
func (f *Follower) read(ctx context.Context, d *Device, l *followed, yield func(Event, error) bool) bool {
	begun := time.Now()
	batch, err := f.round(ctx, d, l.at)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		news := l.fail(f.interval(d))
		if _, refused := errors.AsType[*wattle.DeviceError](err); !refused && f.d != d {
			f.self.next = time.Time{} // is it the child, or the hub?
			if !f.family(ctx, yield) {
				l.failures = min(l.failures, 1)
				return false
			}
		}
		return !news || yield(Event{Device: d}, fmt.Errorf("%s: %w", d.label(), err))
	}
	// From one beginning to the next, but one that answers slowly is not asked all
	// the time.
	l.failures, l.next = 0, begun.Add(max(f.interval(d), 2*time.Since(begun)))
	zone := d.root().known().DeviceTime().Location()
	for _, e := range batch.Events {
		if !e.Time.IsZero() {
			e.Time = e.Time.In(zone)
		}
		if !yield(Event{Event: e, Device: d}, nil) {
			return false
		}
		l.at = l.at.Told(e)
	}
	l.at = batch.Now
	return true
}

// round reads a log back to a position.
func (f *Follower) round(ctx context.Context, d *Device, at event.Position) (event.Batch, error) {
	r := event.NewRound(at)
	for q, more := r.Next(); more; q, more = r.Next() {
		page, err := ask(ctx, d, smart.GetTriggerLogs, q)
		if page == nil {
			return event.Batch{}, err
		}
		if !at.Started && !f.o.History {
			return event.Batch{Now: event.Begin(page)}, nil
		}
		r.Add(page)
	}
	return r.Finish(), nil
}

// Logged gives the newest events in the log of the device itself, newest
// first, at most n of them; 0: all that it keeps. The error wraps
// [wattle.ErrUnsupported] where it keeps none.
func (d *Device) Logged(ctx context.Context, n int) ([]event.Event, error) {
	if err := d.needs("trigger_log", "it keeps no log of events"); err != nil {
		return nil, err
	}
	out := []event.Event{}
	zone := d.root().known().DeviceTime().Location()
	r := event.NewRound(event.Position{})
	for q, more := r.Next(); more; q, more = r.Next() {
		page, err := ask(ctx, d, smart.GetTriggerLogs, q)
		if page == nil {
			return nil, err
		}
		r.Add(page)
		if n > 0 && len(r.Finish().Events) >= n {
			break
		}
	}
	events := r.Finish().Events
	for i := len(events) - 1; i >= 0 && (n <= 0 || len(out) < n); i-- {
		e := events[i]
		if !e.Time.IsZero() {
			e.Time = e.Time.In(zone)
		}
		out = append(out, e)
	}
	return out, nil
}

// needs is the error of a device without a component.
func (d *Device) needs(component, without string) error {
	if d.family == wattle.SMART && d.known().identity.Components[component] > 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: %s", d.label(), wattle.ErrUnsupported, without)
}

// do makes one call whose answer says no more than that it was done.
func do[P any](ctx context.Context, d *Device, m method.Method[P, method.None], p P) error {
	call, err := m.With(p)
	if err != nil {
		return err
	}
	results, err := d.Call(ctx, call)
	if err != nil {
		return err
	}
	return results[0].Err
}
