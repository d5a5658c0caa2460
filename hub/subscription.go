package hub

import (
	"context"
	"maps"
	"slices"
	"sync"

	"wattle"
)

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
	pending map[ID]Notice // newest change of each device, with the Seq of the first that waits
	order   []ID          // of pending, by Seq
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
	if o.Since > b.seq {
		o = &SubscribeOptions{Wants: o.Wants, Events: o.Events}
	}
	s.begin(o.Since)
	b.subs[s] = true
	return s
}

// begin takes the snapshot: what is newer than since. It is in the order of
// names and not of changes: only the last of it can be resumed from.
func (s *Subscription) begin(since uint64) {
	b := s.bus
	for _, v := range sorted(slices.Collect(maps.Values(b.views))) {
		if v.Rev > since {
			s.offer(since, v)
		} else if s.wants == nil || s.wants(v.ID) {
			s.seen[v.ID] = v
		}
	}
	if since > 0 {
		for _, r := range b.gone {
			if r.seq > since && b.views[r.id] == nil {
				s.gone(since, r.id)
			}
		}
	}
	if since > 0 && s.most >= 0 {
		if b.lost > since {
			s.missed++
		}
		for _, e := range b.past {
			if e.Seq > since {
				s.happened(e)
			}
		}
	}
	n := len(s.order)
	if n == 0 {
		return
	}
	last := s.pending[s.order[n-1]]
	if last.Seq = b.seq; len(s.events) > 0 {
		last.Seq = s.events[0].Seq - 1
	}
	s.pending[s.order[n-1]] = last
}

// Close ends the subscription; Next gives [wattle.ErrClosed] from then on.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	delete(s.bus.subs, s)
	s.bus.mu.Unlock()
	s.mu.Lock()
	s.closed = true
	s.seen, s.pending, s.order, s.events = map[ID]*View{}, map[ID]Notice{}, nil, nil
	s.mu.Unlock()
	s.wake()
}

func (s *Subscription) wake() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

func (s *Subscription) offer(seq uint64, v *View) {
	if s.wants == nil || s.wants(v.ID) {
		s.put(v.ID, Notice{Seq: seq, View: v})
	}
}

func (s *Subscription) gone(seq uint64, id ID) {
	if s.wants == nil || s.wants(id) {
		s.put(id, Notice{Seq: seq, Gone: &id})
	}
}

// put has a change given out. One of the same device that waits already is
// replaced where it stands: each device gets its turn however often others
// change, and numbers grow from one notice to the next.
func (s *Subscription) put(id ID, n Notice) {
	s.mu.Lock()
	if waits, ok := s.pending[id]; ok {
		n.Seq = waits.Seq
	} else {
		s.order = append(s.order, id)
	}
	s.pending[id] = n
	s.mu.Unlock()
	s.wake()
}

// happened has an event given out, and reports whether an older one was lost.
func (s *Subscription) happened(e Event) (lost bool) {
	if s.most < 0 || s.wants != nil && !s.wants(e.Device) {
		return false
	}
	s.mu.Lock()
	if lost = len(s.events) >= s.most; lost {
		s.events = append(s.events[:0], s.events[1:]...)
		s.missed++
	}
	s.events = append(s.events, e)
	s.mu.Unlock()
	s.wake()
	return lost
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
		s.order, s.events = nil, nil // what they stood on may be long
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
