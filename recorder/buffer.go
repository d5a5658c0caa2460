package recorder

import (
	"sync"
	"sync/atomic"
	"time"

	"wattle/history"
	"wattle/hub"
)

// taken is a poll or an event, as the hub told it.
type taken struct {
	poll  *hub.Observation
	event *hub.Event
	at    time.Time // of an event: when it was told
}

// intake holds what was told until it becomes samples.
type intake struct {
	mu   sync.Mutex
	list []taken
}

// put reports whether there was room.
func (i *intake) put(t taken) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.list) >= maxIntake {
		return false
	}
	i.list = append(i.list, t)
	return true
}

func (i *intake) take() []taken {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := i.list
	i.list = nil
	return list
}

// buffer holds samples until they are on disk. Where it overflows the oldest
// are dropped.
type buffer struct {
	limit  int
	signal chan struct{} // holds a token while there may be something
	losing atomic.Bool   // that something was lost has been said

	mu      sync.Mutex
	batch   history.Batch
	writing int // taken out and not on disk yet
}

// put adds a batch, and tells how much had to go for it.
func (b *buffer) put(add history.Batch) (lost int) {
	if add.Len() == 0 {
		return 0
	}
	b.mu.Lock()
	b.batch.Samples = append(b.batch.Samples, add.Samples...)
	b.batch.Meters = append(b.batch.Meters, add.Meters...)
	if over := b.batch.Len() + b.writing - b.limit; over > 0 {
		fromSamples := min(over, len(b.batch.Samples))
		fromMeters := min(over-fromSamples, len(b.batch.Meters))
		b.batch.Samples = dropFirst(b.batch.Samples, fromSamples)
		b.batch.Meters = dropFirst(b.batch.Meters, fromMeters)
		lost = fromSamples + fromMeters
	}
	b.mu.Unlock()
	b.wake()
	return lost
}

// dropFirst leaves the first n out; what stays moves, so that the array does not
// grow for ever.
func dropFirst[T any](list []T, n int) []T {
	kept := copy(list, list[n:])
	clear(list[kept:])
	return list[:kept]
}

func (b *buffer) wake() {
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// take gives up to most samples and readings, the oldest first. done has to be
// called when they are on disk or lost.
func (b *buffer) take(most int) history.Batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out history.Batch
	meters := min(most, len(b.batch.Meters))
	samples := min(most-meters, len(b.batch.Samples))
	out.Meters = append(out.Meters, b.batch.Meters[:meters]...)
	out.Samples = append(out.Samples, b.batch.Samples[:samples]...)
	b.batch.Meters = dropFirst(b.batch.Meters, meters)
	b.batch.Samples = dropFirst(b.batch.Samples, samples)
	if b.batch.Len() == 0 {
		b.batch = history.Batch{} // a long outage leaves no large array behind
	}
	b.writing = out.Len()
	return out
}

func (b *buffer) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing = 0
}

func (b *buffer) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.batch.Len() + b.writing
}
