package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/method"
	"wattle/session"
)

// entry is a device with its own connection, and its children.
type entry struct {
	hub      *Hub
	id       ID
	keeper   *connect.Keeper
	interval time.Duration
	place    place // guarded by the schedule
	stop     context.CancelFunc
	done     sync.WaitGroup
	commands collector

	mu     sync.Mutex
	in     Entry // what is remembered
	dev    *device.Device
	family wattle.Family // of dev
	shown  []ID          // of the views: the device and its children
	health health
	events context.CancelFunc // of the follower, nil while there is none
}

func newEntry(h *Hub, in Entry) *entry {
	e := &entry{hub: h, id: ID{MAC: in.Target.MAC}, in: in, interval: cmp.Or(in.Interval, h.options.Interval), place: place{index: -1}}
	e.commands.entry = e
	e.shown = []ID{e.id}
	o := h.options.Connect
	if o.Session == nil {
		o.Session = &session.Options{Logger: o.Logger}
	}
	e.keeper = connect.NewKeeper(in.Target, &o, &connect.KeeperOptions{
		Learned: e.learned, Changed: e.changed, Logger: h.log, Gate: h.logins,
	})
	return e
}

// unread is the view of a device before its first poll.
func (e *entry) unread() *View {
	return &View{ID: e.id, Name: cmp.Or(e.in.Target.Name, e.id.String()), Since: time.Now(), Reason: "not asked yet"}
}

func (e *entry) run(ctx context.Context) {
	_ = e.keeper.Run(ctx) // ends with ctx only
}

// learned is told by the keeper what to remember of the connection.
func (e *entry) learned(t connect.Target) {
	e.mu.Lock()
	t.Resume = nil
	e.in.Target = t
	in := e.in
	e.mu.Unlock()
	e.hub.remember.learn(in)
}

// changed is told by the keeper how the connection stands.
func (e *entry) changed(connect.Status) { e.hub.schedule.put(e, time.Now()) }

// caller reaches the device, and has it polled after each call that changes
// something.
type caller struct {
	entry *entry
	child string
	to    method.Caller
}

func (c *caller) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	results, err := c.to.Do(ctx, calls...)
	if slices.ContainsFunc(calls, func(call method.Call) bool { return call.Effect != method.Read }) {
		c.entry.pollSoon()
	}
	return results, err
}

// Child reaches a child of the device.
func (c *caller) Child(id string) method.Caller {
	return &caller{c.entry, id, c.entry.keeper.Child(id)}
}

// afterCommand is how long a device has to show what it was told.
const afterCommand = 100 * time.Millisecond

func (e *entry) pollSoon() { e.hub.schedule.put(e, time.Now().Add(afterCommand)) }

// open gives the device; the first time it makes the first contact.
func (e *entry) open(ctx context.Context) (*device.Device, error) {
	family, err := e.keeper.Family(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	d, memory := e.dev, e.in.Memory
	if d != nil && e.family != family {
		d, memory = nil, nil // its firmware speaks another language by now
	}
	e.mu.Unlock()
	if d != nil {
		return d, nil
	}
	if memory != nil && memory.Family != family {
		memory = nil
	}
	d, err = device.New(ctx, &caller{entry: e, to: e.keeper}, family, &device.Options{Memory: memory, Logger: e.hub.options.Connect.Logger})
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.dev, e.family = d, family
	e.mu.Unlock()
	return d, nil
}

// pollTimeout is for one poll with all children.
const pollTimeout = 30 * time.Second

// poll asks what is due and shows what came.
func (e *entry) poll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	begun := time.Now()
	d, err := e.open(ctx)
	var state *device.State
	if err == nil {
		state, err = d.Poll(ctx)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	took := time.Since(begun)
	if err != nil {
		e.failed(err, took)
		return
	}
	e.succeeded(d, state, took)
}

func (e *entry) succeeded(d *device.Device, state *device.State, took time.Duration) {
	now := time.Now()
	e.mu.Lock()
	e.health.success(now, took)
	e.remembered(d)
	before := e.shown
	views := []*View{e.viewOf(e.id, state, now)}
	ids := []ID{e.id}
	for i, c := range state.Children() {
		id := ID{MAC: e.id.MAC, Child: childID(c, i)}
		views, ids = append(views, e.viewOf(id, c, now)), append(ids, id)
	}
	e.shown = ids
	e.mu.Unlock()
	for _, v := range views {
		old := e.hub.bus.show(v)
		if old == nil || !old.Online {
			e.hub.tell(Event{Device: v.ID, Kind: Online, Name: v.Name, Time: now})
		}
	}
	for _, id := range before {
		if !slices.Contains(ids, id) {
			e.hub.bus.drop(id)
		}
	}
	if e.hub.options.Observe != nil {
		e.hub.options.Observe(Observation{Views: views, At: now})
	}
	e.follow(d)
}

// childID is what a parent knows a child by.
func childID(s *device.State, i int) string {
	id := s.Identity()
	return cmp.Or(id.DeviceID, fmt.Sprintf("%02d", i))
}

// viewOf is called with the lock held.
func (e *entry) viewOf(id ID, s *device.State, now time.Time) *View {
	identity := s.Identity()
	v := &View{ID: id, Name: cmp.Or(identity.Label(), id.String()), State: s, Online: true, Since: now}
	if old := e.hub.bus.view(id); old != nil && old.Online {
		v.Since = old.Since
	}
	return v
}

// remembered notes what is new about the device since the last poll; it is called
// with the lock held.
func (e *entry) remembered(d *device.Device) {
	id := d.Identity()
	if e.in.Memory != nil && e.in.Target.Name == id.Alias && e.health.firmware == id.Firmware {
		return
	}
	e.health.firmware = id.Firmware
	memory := d.Memory()
	e.in.Memory = &memory
	e.in.Target.Name = cmp.Or(id.Alias, e.in.Target.Name)
	e.hub.remember.learn(e.in)
}

// failed counts a miss. The device is shown as not online when it has been
// missing often enough, and long enough.
func (e *entry) failed(err error, took time.Duration) {
	now := time.Now()
	status := e.keeper.Status()
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: no answer within %v", wattle.ErrUnreachable, pollTimeout)
	}
	if status.Err != nil && status.State != connect.Online {
		err = status.Err
	}
	e.mu.Lock()
	e.health.failure(now, took, err)
	gone := e.health.misses >= e.hub.options.Misses && now.Sub(e.health.lastSuccess) >= e.hub.options.Patience
	ids := e.shown
	e.mu.Unlock()
	e.hub.log.Debug("poll failed", slog.String("device", e.id.String()), slog.Any("err", err))
	if !gone {
		return
	}
	for _, id := range ids {
		old := e.hub.bus.view(id)
		if old == nil {
			continue
		}
		v := *old
		v.Online, v.Reason = false, err.Error()
		if old.Online {
			v.Since = now
		}
		e.hub.bus.show(&v)
		if old.Online {
			e.hub.tell(Event{Device: id, Kind: Offline, Name: v.Name, Time: now, Text: v.Reason})
		}
	}
}

func (e *entry) goneAll() {
	e.mu.Lock()
	ids := e.shown
	e.shown = nil
	e.mu.Unlock()
	for _, id := range ids {
		e.hub.bus.drop(id)
	}
}
