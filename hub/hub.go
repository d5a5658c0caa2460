package hub

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/connect"
)

// Hub is a running home. Make it with [New]; it does no I/O before [Hub.Run].
type Hub struct {
	options  Options
	log      *slog.Logger
	bus      *bus
	schedule *schedule
	logins   chan struct{} // a token for each connection that is being made
	epoch    time.Time
	tuning   atomic.Pointer[Tuning] // whole; its fields in options are those of the beginning
	retuned  chan struct{}          // holds a token when the sweeper is to look at tuning

	mu      sync.Mutex
	entries map[wattle.MAC]*entry
	turns   int // how many entries there were
	running bool
	group   *sync.WaitGroup // of what Run waits for
	ctx     context.Context //nolint:containedctx // of Run, nil while nothing may be started
	found   map[wattle.MAC]Candidate

	telling   sync.Mutex // keeps events in their order
	remember  *notebook
	dismissed *dismissed
	stats     stats
	rooms     rooms
}

// New makes a hub of the remembered devices. The error wraps [wattle.ErrParam]
// for entries that cannot be.
func New(o *Options) (*Hub, error) {
	h := &Hub{
		bus: newBus(), schedule: newSchedule(), epoch: time.Now(),
		entries: map[wattle.MAC]*entry{}, found: map[wattle.MAC]Candidate{}, retuned: make(chan struct{}, 1),
	}
	if o != nil {
		h.options = *o
	}
	if h.log = h.options.Logger; h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	tuning := Tuning{
		Interval: h.options.Interval, Misses: h.options.Misses, Patience: h.options.Patience, Logs: h.options.Logs,
		Sweep: h.options.Sweep, Adopt: h.options.Adopt, NoClocks: h.options.NoClocks,
	}.whole()
	h.tuning.Store(&tuning)
	h.rooms.of = h.options.Rooms
	h.options.Workers = cmp.Or(h.options.Workers, defaultWorkers)
	h.logins = make(chan struct{}, cmp.Or(h.options.Logins, defaultLogins))
	h.dismissed = newDismissed(h.options.Keep, h.log)
	h.remember = newNotebook(h.options.Learned, h.options.Removed, h.dismissed.save)
	for _, e := range h.options.Entries {
		if _, err := h.add(e); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Epoch is when this run of the hub began to count: revisions and sequence
// numbers of another epoch mean nothing.
func (h *Hub) Epoch() time.Time { return h.epoch }

// Run polls, follows events and keeps devices connected until ctx ends; then it
// closes all connections, waits for what it has begun, and returns nil. It runs
// once at a time, and may run again.
func (h *Hub) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	h.mu.Lock()
	if h.running {
		h.mu.Unlock()
		return fmt.Errorf("%w: the hub runs already", wattle.ErrParam)
	}
	h.running, h.group, h.ctx = true, &running, ctx
	for _, e := range h.entries {
		h.start(e)
	}
	h.mu.Unlock()
	running.Go(func() { h.dispatch(ctx, &running) })
	running.Go(func() { h.sweepAlways(ctx) })
	// What is learned while everything ends is still told.
	noting, noted := context.WithCancel(context.WithoutCancel(ctx))
	var notebook sync.WaitGroup
	notebook.Go(func() { h.remember.run(noting) })
	<-ctx.Done()
	h.mu.Lock()
	h.ctx = nil // nothing is started from now on
	entries := slices.Collect(maps.Values(h.entries))
	h.mu.Unlock()
	running.Wait()
	for _, e := range entries {
		e.done.Wait()
	}
	noted()
	notebook.Wait()
	h.mu.Lock()
	h.running, h.group = false, nil
	h.mu.Unlock()
	return nil
}

// start is called with the lock held. It does nothing while Run does not run.
func (h *Hub) start(e *entry) {
	if h.ctx == nil {
		return
	}
	ctx := e.begin(h.ctx)
	h.group.Go(func() {
		defer e.done.Done()
		e.run(ctx)
	})
	h.schedule.put(e, time.Now())
}

// add takes a device in; it is called with the lock held, or by New.
func (h *Hub) add(in Entry) (*entry, error) {
	mac := in.Target.MAC
	if mac.IsZero() {
		return nil, fmt.Errorf("%w: a device needs a MAC: find it by discovery first", wattle.ErrParam)
	}
	if h.entries[mac] != nil {
		return nil, fmt.Errorf("%w: %s is in the hub already", wattle.ErrParam, mac)
	}
	e := newEntry(h, in)
	h.entries[mac] = e
	h.bus.show(e.unread())
	return e, nil
}

// Add takes a device in, which is connected and polled from now on. Its MAC must
// be known.
func (h *Hub) Add(in Entry) (ID, error) {
	h.mu.Lock()
	e, err := h.add(in)
	if err != nil {
		h.mu.Unlock()
		return ID{}, err
	}
	delete(h.found, in.Target.MAC)
	h.start(e)
	h.mu.Unlock()
	h.dismissed.set(in.Target.MAC, false)
	h.remember.learn(in)
	h.tell(Event{Device: e.id, Kind: Added})
	return e.id, nil
}

// Remove takes a device and its children out. No sweep adopts it again, until
// somebody adds it. The error wraps [wattle.ErrNotFound] for one that is not here.
func (h *Hub) Remove(id ID) error {
	h.mu.Lock()
	e := h.entries[id.MAC]
	if e == nil || id.Child != "" {
		h.mu.Unlock()
		return h.unknown(id)
	}
	delete(h.entries, id.MAC)
	h.dismissed.set(id.MAC, true)
	h.mu.Unlock()
	h.schedule.remove(e)
	e.end()
	h.tell(Event{Device: id, Kind: Removed})
	for _, id := range e.shownIDs() {
		h.bus.drop(id)
	}
	h.remember.remove(id)
	return nil
}

// SetAccount gives other credentials to all devices, which are tried at once
// where others were refused.
func (h *Hub) SetAccount(account wattle.Credentials) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.options.Connect.Account = account
	for _, e := range h.entries {
		e.forgive()
		e.keeper.SetAccount(account)
	}
}

// Views are all devices and children, in the order of names, each child after
// its parent.
func (h *Hub) Views() []*View { return sorted(h.bus.all()) }

// sorted puts views in the order of names.
func sorted(views []*View) []*View {
	parents := make(map[wattle.MAC]string, len(views))
	for _, v := range views {
		if v.Root() {
			parents[v.ID.MAC] = strings.ToLower(v.Name)
		}
	}
	type keyed struct {
		view         *View
		parent, name string
	}
	list := make([]keyed, len(views))
	for i, v := range views {
		list[i] = keyed{v, parents[v.ID.MAC], ""}
		if !v.Root() {
			list[i].name = strings.ToLower(v.Name)
		}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		return cmp.Or(
			cmp.Compare(a.parent, b.parent), slices.Compare(a.view.ID.MAC[:], b.view.ID.MAC[:]),
			cmp.Compare(min(len(a.view.ID.Child), 1), min(len(b.view.ID.Child), 1)),
			cmp.Compare(a.name, b.name), cmp.Compare(a.view.ID.Child, b.view.ID.Child))
	})
	for i, k := range list {
		views[i] = k.view
	}
	return views
}

// View is what is known of a device or a child. The error wraps
// [wattle.ErrNotFound].
func (h *Hub) View(id ID) (*View, error) {
	if v := h.bus.view(id); v != nil {
		return v, nil
	}
	return nil, h.unknown(id)
}

func (h *Hub) unknown(id ID) error {
	return fmt.Errorf("%w: no device %s in the hub", wattle.ErrNotFound, id)
}

// Find gives the device that a word means: a [Slug], an ID as text, a MAC, the id
// that the device has itself, or a name (exactly, then whatever the case, then as
// the only beginning). "strip/outlet" is a child by its parent. The error wraps
// [wattle.ErrNotFound], or [wattle.ErrParam] where several are meant.
func (h *Hub) Find(word string) (*View, error) {
	if word == "" {
		return nil, fmt.Errorf("%w: which device of the hub?", wattle.ErrNotFound)
	}
	mac, err := wattle.ParseMAC(word)
	isMAC := err == nil
	if isMAC {
		if v := h.bus.view(ID{MAC: mac}); v != nil {
			return v, nil
		}
	}
	views := h.Views()
	tests := []func(*View) bool{
		func(v *View) bool { return v.ID.Child != "" && (Slug(v.ID) == word || v.ID.String() == word) },
		func(v *View) bool { return v.ID.Child == word || v.Identity().DeviceID == word },
		func(v *View) bool { return isMAC && v.Root() && v.Identity().MAC == mac },
		func(v *View) bool { return v.Name == word },
		func(v *View) bool { return strings.EqualFold(v.Name, word) },
		func(v *View) bool { return strings.EqualFold(h.path(v), word) },
		func(v *View) bool {
			return strings.HasPrefix(strings.ToLower(v.Name), strings.ToLower(word))
		},
	}
	for _, test := range tests {
		var hits []*View
		for _, v := range views {
			if test(v) {
				hits = append(hits, v)
			}
		}
		switch len(hits) {
		case 0:
			continue
		case 1:
			return hits[0], nil
		}
		var names []string
		for _, v := range hits {
			names = append(names, v.Name+" ("+Slug(v.ID)+")")
		}
		return nil, fmt.Errorf("%w: %q may be %s", wattle.ErrParam, word, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("%w: no device %q in the hub", wattle.ErrNotFound, word)
}

// path is "strip/outlet" for a child.
func (h *Hub) path(v *View) string {
	if v.Root() {
		return v.Name
	}
	if parent := h.bus.view(ID{MAC: v.ID.MAC}); parent != nil {
		return parent.Name + "/" + v.Name
	}
	return v.Name
}

func (h *Hub) entry(id ID) (*entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.entries[id.MAC]; e != nil {
		return e, nil
	}
	return nil, h.unknown(id)
}

// tell passes an event on, to everybody in the same order.
func (h *Hub) tell(e Event) {
	h.telling.Lock()
	defer h.telling.Unlock()
	e = h.bus.tell(e)
	if h.options.Happened != nil {
		h.options.Happened(e)
	}
}

// Status is how the connection to a device stands.
func (h *Hub) Status(id ID) (connect.Status, error) {
	e, err := h.entry(id)
	if err != nil {
		return connect.Status{}, err
	}
	return e.keeper.Status(), nil
}

// Route is how a device is reached, or was last; the zero Route where it never
// was. For a child it is that of its parent.
func (h *Hub) Route(id ID) (wattle.Route, error) {
	e, err := h.entry(id)
	if err != nil {
		return wattle.Route{}, err
	}
	route, _ := e.keeper.Route()
	return route, nil
}
