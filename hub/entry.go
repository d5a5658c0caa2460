package hub

import (
	"cmp"
	"context"
	"sync"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/method"
	"wattle/session"
)

// entry is a device with its own connection, and its children.
//
// Locks are taken in this order: showing, mu, those of the bus and the schedule.
type entry struct {
	hub      *Hub
	id       ID
	keeper   *connect.Keeper
	own      time.Duration // Entry.Interval
	turn     int           // of the entries of the hub, see inStep
	place    place         // guarded by the schedule
	done     sync.WaitGroup
	commands collector

	opening chan struct{} // holds a token while somebody makes dev

	// showing is held while the outcome of a poll is shown, so that the older of
	// two does not come last.
	showing sync.Mutex

	mu      sync.Mutex
	life    context.Context //nolint:containedctx // from begin to end, or to the end of Run
	stop    context.CancelFunc
	ended   bool  // it was removed
	in      Entry // what is remembered
	dev     *device.Device
	shown   []ID // of the views: the device and its children
	health  health
	why     connect.State // what Reason of the views was made of
	learnt  learnt
	follows following
	clock   time.Time // when to look at it again
	seldom  time.Time // when to ask what no poll asks, see askSeldom
}

// learnt is what Entry.Memory was made of.
type learnt struct {
	firmware string
	children int
}

func newEntry(h *Hub, in Entry) *entry {
	e := &entry{
		hub: h, id: ID{MAC: in.Target.MAC}, in: in, own: in.Interval,
		place: place{index: -1}, opening: make(chan struct{}, 1), turn: h.turns,
	}
	h.turns++
	e.commands.entry = e
	e.shown = []ID{e.id}
	o := h.options.Connect
	if o.Session == nil {
		o.Session = &session.Options{Logger: o.Logger}
	}
	o.NoSearch = h.noSearch(h.tuning.Load())
	e.keeper = connect.NewKeeper(in.Target, &o, &connect.KeeperOptions{
		Learned: e.learned, Changed: e.changed, Logger: h.log, Gate: h.logins, Probe: e.interval(),
	})
	return e
}

// interval is how often the device is to be polled.
func (e *entry) interval() time.Duration { return cmp.Or(max(e.own, 0), e.hub.Tuning().Interval) }

// unread is the view of a device before its first poll.
func (e *entry) unread() *View {
	return &View{ID: e.id, Name: cmp.Or(e.in.Target.Name, e.id.String()), Room: e.hub.rooms.all()[e.id], Since: time.Now(), Reason: "not asked yet"}
}

// begin begins a life, and joins it.
func (e *entry) begin(ctx context.Context) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.life, e.stop = context.WithCancel(ctx)
	e.done.Add(1)
	return e.life
}

// enter joins the life of the entry, which waits in the end for e.done; it gives
// false where there is none.
func (e *entry) enter() (context.Context, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.life == nil || e.life.Err() != nil {
		return nil, false
	}
	e.done.Add(1)
	return e.life, true
}

// end ends the life for good, and waits for all who have joined it.
func (e *entry) end() {
	e.mu.Lock()
	e.ended = true
	if e.stop != nil {
		e.stop()
	}
	e.mu.Unlock()
	e.done.Wait()
	// Whoever shows something looks first whether it has ended.
	e.showing.Lock()
	defer e.showing.Unlock()
}

func (e *entry) run(ctx context.Context) {
	_ = e.keeper.Run(ctx) // ends with ctx only
}

// learned is told by the keeper what to remember of the connection.
func (e *entry) learned(t connect.Target) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t.Resume = nil
	t.Name = cmp.Or(e.in.Target.Name, t.Name) // that of the newest poll
	e.in.Target = t
	e.learnLocked()
}

// forgive forgets that credentials were refused, also for the next run.
func (e *entry) forgive() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.in.Target.Refused != "" {
		e.in.Target.Refused = ""
		e.learnLocked()
	}
}

// learnLocked has what is remembered told.
func (e *entry) learnLocked() {
	if !e.ended {
		e.hub.remember.learn(e.in)
	}
}

// changed is told by the keeper how the connection stands.
func (e *entry) changed(connect.Status) { e.hub.schedule.put(e, time.Now()) }

// caller reaches the device, and has it polled after each call that changes
// something.
type caller struct {
	entry *entry
	to    method.Caller
}

func (c *caller) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	results, err := c.to.Do(ctx, calls...)
	if changes(calls) {
		c.entry.pollSoon()
	}
	return results, err
}

func changes(calls []method.Call) bool {
	for i := range calls {
		if calls[i].Effect != method.Read {
			return true
		}
	}
	return false
}

// Child reaches a child of the device.
func (c *caller) Child(id string) method.Caller { return &caller{c.entry, c.entry.keeper.Child(id)} }

// afterCommand is how long a device has to show what it was told.
const afterCommand = 100 * time.Millisecond

func (e *entry) pollSoon() { e.hub.schedule.put(e, time.Now().Add(afterCommand)) }

// open gives the device; the first time, and after its firmware has changed the
// language, it makes the first contact.
func (e *entry) open(ctx context.Context) (*device.Device, error) {
	family, err := e.keeper.Family(ctx)
	if err != nil {
		return nil, err
	}
	if d := e.opened(family); d != nil {
		return d, nil
	}
	select {
	case e.opening <- struct{}{}:
		defer func() { <-e.opening }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if d := e.opened(family); d != nil {
		return d, nil
	}
	e.mu.Lock()
	memory := e.in.Memory
	if memory != nil && (memory.Family != family || e.dev != nil) {
		memory = nil
	}
	e.mu.Unlock()
	d, err := device.New(ctx, &caller{e, e.keeper}, family, &device.Options{Memory: memory, Logger: e.hub.options.Connect.Logger})
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.dev, e.learnt = d, learnt{}
	e.mu.Unlock()
	return d, nil
}

// opened is the device, nil where there is none of this family.
func (e *entry) opened(family wattle.Family) *device.Device {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dev == nil || e.dev.Family() != family {
		return nil
	}
	return e.dev
}

func (e *entry) shownIDs() []ID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown
}
