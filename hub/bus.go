package hub

import (
	"context"
	"sync"
	"time"

	"wattle"
	"wattle/event"
)

// Event is something that happened, in the order in which the hub learned of it.
type Event struct {
	Seq    uint64       `json:"seq"` // grows with each event and change of this run
	Time   time.Time    `json:"time"`
	Device ID           `json:"device"`
	Name   string       `json:"name"` // of the device
	Kind   string       `json:"kind"` // an [event.Kind], or one of the words below
	Text   string       `json:"text,omitempty"`
	Detail *event.Event `json:"detail,omitempty"` // of a trigger log
}

// The kinds of events that the hub makes itself.
const (
	Added   = "added"   // a device has joined
	Removed = "removed" // a device has left
	Online  = "online"
	Offline = "offline" // Text is the reason
)

// Notice is one message of a [Subscription]: exactly one of View, Event and Gone.
type Notice struct {
	Seq uint64
	// View is the newest view of a device that has changed; Before is the one
	// that this subscriber got before, nil for the first.
	View, Before *View
	Event        *Event
	// Gone is a device that was removed.
	Gone *ID
	// Missed is how many events this subscriber lost before this notice, because
	// it did not read them in time.
	Missed uint64
}

// SubscribeOptions say what a subscriber wants; nil means all devices, with a
// snapshot first.
type SubscribeOptions struct {
	// Wants picks devices; nil takes all. It must not call the hub.
	Wants func(ID) bool
	// Since leaves out of the snapshot what has a Rev up to this one, and adds the
	// events after it that are still kept: for who comes back. Hub.Run ends what
	// numbers mean: compare [Hub.Epoch].
	Since uint64
	// Events is how many events may wait; 0 means 256, -1 none are wanted.
	Events int
}

// eventsKept is how many past events are kept for subscribers who come back.
const eventsKept = 1024

// bus passes views and events to subscribers. It never waits for one.
type bus struct {
	mu    sync.Mutex
	seq   uint64
	views map[ID]*View
	subs  map[*Subscription]bool
	past  []Event // the newest last
}

func newBus() *bus {
	return &bus{views: map[ID]*View{}, subs: map[*Subscription]bool{}}
}

// show makes v the view of its device, and tells subscribers where it is news.
// It gives the view before.
func (b *bus) show(v *View) (before *View) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before = b.views[v.ID]
	news := v.news(before)
	if news {
		b.seq++
		v.Rev = b.seq
	} else {
		v.Rev = before.Rev
	}
	b.views[v.ID] = v
	if news {
		for s := range b.subs {
			s.offer(v)
		}
	}
	return before
}

// drop forgets a device.
func (b *bus) drop(id ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.views[id] == nil {
		return
	}
	delete(b.views, id)
	b.seq++
	for s := range b.subs {
		s.gone(b.seq, id)
	}
}

// tell passes an event on.
func (b *bus) tell(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	e.Seq = b.seq
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if v := b.views[e.Device]; v != nil && e.Name == "" {
		e.Name = v.Name
	}
	if len(b.past) == eventsKept {
		b.past = append(b.past[:0], b.past[eventsKept/4:]...)
	}
	b.past = append(b.past, e)
	for s := range b.subs {
		s.happened(e)
	}
}

func (b *bus) view(id ID) *View {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.views[id]
}

// Subscription receives what changes. It is read by one goroutine at a time;
// Close may be called by another.
type Subscription struct {
	bus    *bus
	wants  func(ID) bool
	most   int
	signal chan struct{} // holds a token while there may be something

	mu      sync.Mutex
	closed  bool
	seen    map[ID]*View  // what was given out last
	pending map[ID]Notice // newest change of each device
	order   []ID          // of pending, oldest first
	events  []Event
	missed  uint64
}

// Subscribe begins to follow the home. Close it in the end.
func (h *Hub) Subscribe(o *SubscribeOptions) *Subscription {
	if o == nil {
		o = &SubscribeOptions{}
	}
	s := &Subscription{
		bus: h.bus, wants: o.Wants, most: o.Events, signal: make(chan struct{}, 1),
		seen: map[ID]*View{}, pending: map[ID]Notice{},
	}
	if s.most == 0 {
		s.most = 256
	}
	b := h.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range sorted(b.views) {
		if v.Rev > o.Since {
			s.offer(v)
		} else if s.wants == nil || s.wants(v.ID) {
			s.seen[v.ID] = v
		}
	}
	if o.Since > 0 {
		for _, e := range b.past {
			if e.Seq > o.Since {
				s.happened(e)
			}
		}
	}
	b.subs[s] = true
	return s
}

// Close ends the subscription; Next gives [wattle.ErrClosed] from then on.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	delete(s.bus.subs, s)
	s.bus.mu.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wake()
}

func (s *Subscription) wake() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

func (s *Subscription) offer(v *View) {
	if s.wants != nil && !s.wants(v.ID) {
		return
	}
	s.put(v.ID, Notice{Seq: v.Rev, View: v})
}

func (s *Subscription) gone(seq uint64, id ID) {
	if s.wants != nil && !s.wants(id) {
		return
	}
	s.put(id, Notice{Seq: seq, Gone: &id})
}

func (s *Subscription) put(id ID, n Notice) {
	s.mu.Lock()
	if _, waits := s.pending[id]; !waits {
		s.order = append(s.order, id)
	}
	s.pending[id] = n
	s.mu.Unlock()
	s.wake()
}

func (s *Subscription) happened(e Event) {
	if s.most < 0 || s.wants != nil && !s.wants(e.Device) {
		return
	}
	s.mu.Lock()
	if len(s.events) >= s.most {
		s.events = append(s.events[:0], s.events[1:]...)
		s.missed++
	}
	s.events = append(s.events, e)
	s.mu.Unlock()
	s.wake()
}

// Next waits for the next notice: events in their order, and of each device only
// the newest view. It gives the error of ctx when that ends, and wraps
// [wattle.ErrClosed] after Close.
func (s *Subscription) Next(ctx context.Context) (Notice, error) {
	for {
		n, ok, closed := s.take()
		switch {
		case ok:
			return n, nil
		case closed:
			return Notice{}, wattle.ErrClosed
		}
		select {
		case <-s.signal:
		case <-ctx.Done():
			return Notice{}, context.Cause(ctx)
		}
	}
}

func (s *Subscription) take() (n Notice, ok, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Notice{}, false, true
	}
	if len(s.events) > 0 && (len(s.order) == 0 || s.events[0].Seq < s.pending[s.order[0]].Seq) {
		e := s.events[0]
		s.events = s.events[1:]
		n = Notice{Seq: e.Seq, Event: &e, Missed: s.missed}
		s.missed = 0
		return n, true, false
	}
	if len(s.order) == 0 {
		return Notice{}, false, false
	}
	id := s.order[0]
	s.order = s.order[1:]
	n = s.pending[id]
	delete(s.pending, id)
	n.Missed, s.missed = s.missed, 0
	if n.Gone != nil {
		delete(s.seen, id)
		return n, true, false
	}
	n.Before = s.seen[id]
	s.seen[id] = n.View
	return n, true, false
}
