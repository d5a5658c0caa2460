package hub

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"wattle"
	"wattle/device"
	"wattle/event"
)

// following is who reads the event logs of a device.
type following struct {
	of   *device.Device // whose logs it is about, nil while nobody has looked
	kids int            // how many children it had then
	logs time.Duration  // how often they are read, see [Tuning]
	stop context.CancelFunc
	done chan struct{} // closed when the follower has ended, nil where there is none
	// positions are how far it came, where nothing keeps them.
	positions map[string]event.Position
}

// follow begins to read the event logs of a device that has them, and again after
// its firmware has changed the language or somebody the pace. It is called by one poll at a time.
func (e *entry) follow(life context.Context, d *device.Device) {
	e.mu.Lock()
	f := e.follows
	e.mu.Unlock()
	kids, logs := len(d.Children()), e.hub.Tuning().Logs
	switch ended := f.done == nil || closed(f.done); {
	case f.of == d && f.done != nil && !ended && f.logs == logs:
		return // it is read
	case f.of == d && f.done == nil && f.kids == kids:
		return // it keeps no log
	case !ended:
		f.stop()
		<-f.done
	}
	positions, err := e.positions(life)
	next := following{of: d, kids: kids, logs: logs, positions: positions}
	if err != nil {
		// Without them events would be lost or told twice.
		e.hub.log.LogAttrs(life, slog.LevelWarn, "event positions", slog.String("device", e.id.String()), slog.Any("err", err))
		return
	}
	follower, err := d.Follower(&device.FollowOptions{Positions: positions, Interval: logs})
	if err != nil && !errors.Is(err, wattle.ErrUnsupported) {
		return
	}
	var ctx context.Context
	if err == nil {
		ctx, next.stop = context.WithCancel(life)
		next.done = make(chan struct{})
	}
	e.mu.Lock()
	e.follows = next
	e.mu.Unlock()
	if err == nil {
		// The poll that calls holds one too: whoever waits for e.done still waits.
		e.done.Go(func() {
			defer close(next.done)
			e.tellEvents(ctx, follower, positions)
		})
	}
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// tellEvents tells what happens until ctx ends. How far it came is saved after
// each event, and after each look that came further: also the first one, so that
// what happens while nobody looks is told when somebody looks again.
func (e *entry) tellEvents(ctx context.Context, f *device.Follower, saved map[string]event.Position) {
	save := func(ctx context.Context) {
		if positions := f.Positions(); !maps.EqualFunc(saved, positions, samePosition) && e.keepPositions(ctx, positions) {
			saved = positions
		}
	}
	defer func() { save(context.WithoutCancel(ctx)) }()
	for ctx.Err() == nil {
		if e.remote() && !e.local(ctx) { // the cloud is no place to wait for events
			return
		}
		for happened, err := range f.Look(ctx) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				e.hub.log.LogAttrs(ctx, slog.LevelDebug, "events", slog.String("device", e.id.String()), slog.Any("err", err))
				continue
			}
			save(ctx)
			id := e.id
			if happened.Device.Parent() != nil {
				id.Child = happened.Device.Identity().DeviceID
			}
			e.hub.tell(Event{Device: id, Time: happened.Time, Kind: string(happened.Kind), Detail: &happened.Event})
		}
		save(ctx)
		pause := time.NewTimer(max(time.Until(e.lookAt(f.Next())), 10*time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// local waits until the device is reached locally; false means that ctx has ended.
func (e *entry) local(ctx context.Context) bool {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for e.remote() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// lookAt is when to look at logs of which the first is due at a time: in a small
// home in step with the polls, see [inStep].
func (e *entry) lookAt(due time.Time) time.Time {
	if !e.hub.small() {
		return due
	}
	at := inStep(e.hub.epoch, due, 1, 0)
	if due.Sub(at) > device.Nearby {
		at = at.Add(step)
	}
	return at
}

func samePosition(a, b event.Position) bool {
	return a.Started == b.Started && slices.Equal(a.Recent, b.Recent)
}

func (e *entry) positionsName() string { return "events/" + Slug(e.id) }

func (e *entry) positions(ctx context.Context) (map[string]event.Position, error) {
	if e.hub.options.Keep == nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.follows.positions, nil
	}
	data, err := e.hub.options.Keep.Load(ctx, e.positionsName())
	if err != nil || data == nil {
		return nil, err
	}
	var out map[string]event.Position
	if err := json.Unmarshal(data, &out); err != nil {
		// They are lost whatever is done: follow from now on.
		e.hub.log.LogAttrs(ctx, slog.LevelWarn, "event positions", slog.String("device", e.id.String()), slog.Any("err", err))
	}
	return out, nil
}

// keepPositions saves how far the logs were followed, and reports whether it
// could.
func (e *entry) keepPositions(ctx context.Context, positions map[string]event.Position) bool {
	if e.hub.options.Keep == nil {
		e.mu.Lock()
		e.follows.positions = positions
		e.mu.Unlock()
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	data, err := json.Marshal(positions)
	if err == nil {
		err = e.hub.options.Keep.Save(ctx, e.positionsName(), data)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		e.hub.log.LogAttrs(ctx, slog.LevelWarn, "event positions", slog.String("device", e.id.String()), slog.Any("err", err))
	}
	return err == nil
}
