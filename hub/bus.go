package hub

import (
	"maps"
	"slices"
	"sync"
	"time"

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
	// Seq is what to resume from, see [SubscribeOptions.Since]: everything up to
	// it has been given out. It never falls from one notice to the next; it is 0
	// until the first snapshot is complete, and who resumes from 0 begins anew. A
	// view may be newer: its Rev says how new.
	Seq uint64
	// View is the newest view of a device that has changed; Before is the one
	// that this subscriber got before, nil for the first.
	View, Before *View
	Event        *Event
	// Gone is a device that was removed.
	Gone *ID
	// Missed is how many events this subscriber lost before this notice, because
	// it did not read them in time; after a resume at least how many.
	Missed uint64
}

// SubscribeOptions say what a subscriber wants; nil means all devices, with a
// snapshot first.
type SubscribeOptions struct {
	// Wants picks devices; nil takes all. It must not call the hub.
	Wants func(ID) bool
	// Since leaves out of the snapshot what has a Rev up to this one, and adds the
	// removals and events after it that are still kept: for who comes back with the
	// Seq of the last notice. Numbers of another [Hub.Epoch] mean nothing; one that
	// this hub has not reached yet counts as 0.
	Since uint64
	// Events is how many events may wait; 0 means 256, -1 none are wanted.
	Events int
}

// eventsKept is how many past events, and how many removals, are kept for
// subscribers who come back.
const eventsKept = 1024

// bus passes views and events to subscribers. It never waits for one.
type bus struct {
	mu     sync.Mutex
	seq    uint64
	views  map[ID]*View
	subs   map[*Subscription]bool
	past   []Event   // the newest last
	lost   uint64    // Seq of the newest event that past no longer has
	gone   []removal // the newest last
	missed uint64    // events that subscribers lost, all together
}

// removal is a device that was dropped.
type removal struct {
	seq uint64
	id  ID
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
			s.offer(v.Rev, v)
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
	b.gone = kept(b.gone, removal{b.seq, id})
	for s := range b.subs {
		s.gone(b.seq, id)
	}
}

// kept adds one to a list of which only the newest are kept.
func kept[T any](list []T, added T) []T {
	if len(list) == eventsKept {
		list = append(list[:0], list[eventsKept/4:]...)
	}
	return append(list, added)
}

// tell passes an event on. It comes back complete.
func (b *bus) tell(e Event) Event {
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
		b.lost = b.past[eventsKept/4-1].Seq
	}
	b.past = kept(b.past, e)
	for s := range b.subs {
		if s.happened(e) {
			b.missed++
		}
	}
	return e
}

func (b *bus) view(id ID) *View {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.views[id]
}

// all are the views, in no order.
func (b *bus) all() []*View {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.views))
}
