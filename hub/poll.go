package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/method/smart"
)

// pollTimeout is for one poll with all children.
const pollTimeout = 30 * time.Second

// poll asks what is due and shows what came. It does not wait for a connection
// that is being made: the keeper tells when there is one.
func (e *entry) poll() {
	life, ok := e.enter()
	if !ok {
		return
	}
	defer e.done.Done()
	if _, online := e.keeper.Route(); !online {
		e.missing()
		return
	}
	ctx, cancel := context.WithTimeout(life, pollTimeout)
	defer cancel()
	begun := time.Now()
	d, err := e.open(ctx)
	if err == nil {
		_, err = d.Poll(ctx)
	}
	took := time.Since(begun)
	switch {
	case life.Err() != nil:
	case err != nil && ctx.Err() != nil:
		e.failed(fmt.Errorf("%w: no answer within %v", wattle.ErrUnreachable, pollTimeout))
	case err != nil:
		if errors.Is(err, wattle.ErrIdentity) {
			e.keeper.Lose(err) // it asks who is there before anything else is sent
		}
		e.failed(err)
	default:
		e.succeeded(d, took)
		e.follow(life, d)
		e.checkClock(ctx, d)
		e.askSeldom(life, d)
	}
}

// missing is a poll of a device without a connection.
func (e *entry) missing() {
	status := e.keeper.Status()
	switch {
	case status.State == connect.Waiting: // not tried yet
	case status.Err == nil:
		e.failed(fmt.Errorf("%w: the connection was lost and is being made anew", wattle.ErrUnreachable))
	default:
		e.failed(status.Err)
	}
}

// succeeded shows the newest state of a device, after a poll that took so long.
func (e *entry) succeeded(d *device.Device, took time.Duration) {
	e.showing.Lock()
	defer e.showing.Unlock()
	state := d.State() // maybe that of a later poll
	now := time.Now()
	e.mu.Lock()
	if e.ended || e.dev != d {
		e.mu.Unlock()
		return
	}
	e.health.success(now, took)
	e.why = connect.Online
	e.remembered(d, state)
	before := e.shown
	first := e.hub.bus.view(e.id).State == nil
	views := []*View{e.viewOf(e.id, state, now)}
	ids := []ID{e.id}
	for i, c := range state.Children() {
		id := ID{MAC: e.id.MAC, Child: childID(c, i)}
		if !slices.Contains(ids, id) {
			views, ids = append(views, e.viewOf(id, c, now)), append(ids, id)
		}
	}
	e.shown = ids
	e.mu.Unlock()
	e.hub.stats.polled(now, true)
	for _, v := range views {
		if !first && !slices.Contains(before, v.ID) {
			e.hub.tell(Event{Device: v.ID, Kind: Added, Name: v.Name, Time: now})
		}
		e.show(v)
	}
	for _, id := range before {
		if !slices.Contains(ids, id) {
			e.hub.tell(Event{Device: id, Kind: Removed, Time: now})
			e.hub.bus.drop(id)
		}
	}
	if e.hub.options.Observe != nil {
		e.hub.options.Observe(Observation{Views: views, At: now})
	}
}

// show shows a view, and tells whether its device has come or gone.
func (e *entry) show(v *View) {
	old := e.hub.bus.show(v)
	switch was := old != nil && old.Online; {
	case v.Online && !was:
		e.hub.tell(Event{Device: v.ID, Kind: Online, Name: v.Name, Time: v.Since})
	case !v.Online && was:
		e.hub.tell(Event{Device: v.ID, Kind: Offline, Name: v.Name, Time: v.Since, Text: v.Reason})
	}
}

// childID is what a parent knows a child by.
func childID(s *device.State, i int) string {
	id := s.Identity()
	return cmp.Or(id.DeviceID, fmt.Sprintf("%02d", i))
}

// viewOf is a view of a device that has answered, or of a child of it: a hub says
// of its children whether it reaches them.
func (e *entry) viewOf(id ID, s *device.State, now time.Time) *View {
	identity := s.Identity()
	v := &View{ID: id, Name: cmp.Or(identity.Label(), id.String()), Room: e.hub.rooms.all()[id], State: s, Online: true, Since: now}
	if id.Child != "" {
		if info := smart.GetDeviceInfo.Result(s.Snapshot()); info != nil && info.Status.Or("") == "offline" {
			v.Online, v.Reason = false, "its hub does not reach it: look at its battery and how far it is"
		}
	}
	if old := e.hub.bus.view(id); old != nil && old.Online == v.Online {
		v.Since = old.Since
	}
	return v
}

// remembered notes what is new about the device since the last poll; it is called
// with the lock held.
func (e *entry) remembered(d *device.Device, s *device.State) {
	id := s.Identity()
	now := learnt{id.Firmware + " " + id.Build, len(s.Children())}
	if e.in.Memory != nil && e.in.Target.Name == cmp.Or(id.Alias, e.in.Target.Name) && e.learnt == now {
		return
	}
	memory := d.Memory()
	e.learnt, e.in.Memory = now, &memory
	e.in.Target.Name = cmp.Or(id.Alias, e.in.Target.Name)
	e.keeper.SetName(e.in.Target.Name)
	e.learnLocked()
}

// failed counts a miss. The device is shown as not online when it has been
// missing often enough, and long enough.
func (e *entry) failed(err error) {
	e.showing.Lock()
	defer e.showing.Unlock()
	now, tuning := time.Now(), e.hub.Tuning()
	state := e.keeper.Status().State
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return
	}
	e.health.failure(now, err)
	never := e.health.lastSuccess.IsZero()
	gone := never || e.health.misses >= tuning.Misses && now.Sub(e.health.lastSuccess) >= tuning.Patience
	// While it is away the words differ from one attempt to the next: the first
	// ones stay as long as they say the same.
	news := e.why != state
	if gone {
		e.why = state
	}
	ids := e.shown
	e.mu.Unlock()
	e.hub.stats.polled(now, false)
	e.hub.log.Debug("poll failed", slog.String("device", e.id.String()), slog.Any("err", err))
	if !gone {
		return
	}
	for _, id := range ids {
		old := e.hub.bus.view(id)
		if old == nil || !old.Online && !news {
			continue
		}
		v := *old
		v.Online, v.Reason = false, err.Error()
		if old.Online {
			v.Since = now
		}
		e.show(&v)
	}
}
