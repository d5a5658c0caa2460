package hub

import (
	"container/heap"
	"context"
	"runtime"
	"sync"
	"time"
)

// schedule says which device is to be polled next. A device is in the heap, or
// with the worker that polls it.
type schedule struct {
	mu     sync.Mutex
	due    byTime
	signal chan struct{} // holds a token when the first of due may be another one
}

func newSchedule() *schedule { return &schedule{signal: make(chan struct{}, 1)} }

// place is where an entry is; the schedule guards it.
type place struct {
	next    time.Time
	index   int // in the heap, -1 outside
	polling bool
	sooner  time.Time // asked for while it was being polled
	removed bool
}

// put has the device polled at a time, or earlier where that is planned. While
// it is being polled the time is kept for afterwards.
func (s *schedule) put(e *entry, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &e.place
	switch {
	case p.removed:
		return
	case p.polling:
		if p.sooner.IsZero() || at.Before(p.sooner) {
			p.sooner = at
		}
		return
	case p.index < 0:
		p.next = at
		heap.Push(&s.due, e)
	case at.Before(p.next):
		p.next = at
		heap.Fix(&s.due, p.index)
	default:
		return
	}
	if p.index == 0 {
		s.tell()
	}
}

// polled puts a device back that take has given out.
func (s *schedule) polled(e *entry, next time.Time) {
	s.mu.Lock()
	p := &e.place
	p.polling = false
	if !p.sooner.IsZero() && p.sooner.Before(next) {
		next = p.sooner
	}
	p.sooner = time.Time{}
	s.mu.Unlock()
	s.put(e, next)
}

func (s *schedule) remove(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.place.removed = true
	if e.place.index >= 0 {
		heap.Remove(&s.due, e.place.index)
	}
}

func (s *schedule) tell() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// take waits for the next device that is due, and says how late it is; nil means
// that ctx has ended. One goroutine takes.
func (s *schedule) take(ctx context.Context) (e *entry, late time.Duration) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		s.mu.Lock()
		wait := time.Hour
		if len(s.due) > 0 {
			wait = time.Until(s.due[0].place.next)
			if wait <= 0 {
				e := heap.Pop(&s.due).(*entry)
				e.place.polling = true
				s.mu.Unlock()
				return e, -wait
			}
		}
		s.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-s.signal:
		case <-timer.C:
		}
	}
	return nil, 0
}

// Polls that begin together are ready together for what takes the processor, and
// a command would wait behind all of them. So only startsPer of each processor
// begin at once: the next one follows when one has ended, or does nothing but wait
// for its device, which takes longer than startTime. Where polls are late by
// startLate they begin as they can: somebody else has the processor.
const (
	startsPer = 4
	startTime = 5 * time.Millisecond
	startLate = 100 * time.Millisecond
)

// dispatch polls what is due until ctx ends, no more devices at once than there
// are workers.
func (h *Hub) dispatch(ctx context.Context, running *sync.WaitGroup) {
	workers := make(chan struct{}, h.options.Workers)
	starts := make(chan struct{}, startsPer*runtime.GOMAXPROCS(0))
	var late time.Duration
	for {
		evenly := late < startLate
		if evenly {
			select {
			case starts <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case workers <- struct{}{}:
		case <-ctx.Done():
			return
		}
		var e *entry
		if e, late = h.schedule.take(ctx); e == nil {
			return
		}
		h.stats.delayed(late)
		running.Go(func() {
			defer func() { <-workers }()
			begun := time.Now()
			if evenly {
				started := sync.OnceFunc(func() { <-starts })
				defer started()
				defer time.AfterFunc(startTime, started).Stop()
			}
			e.poll()
			h.schedule.polled(e, e.nextAfter(begun))
		})
	}
}

// byTime is a heap of entries.
type byTime []*entry

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].place.next.Before(h[j].place.next) }
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place.index, h[j].place.index = i, j
}

func (h *byTime) Push(x any) {
	e := x.(*entry)
	e.place.index = len(*h)
	*h = append(*h, e)
}

func (h *byTime) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.place.index = -1
	return e
}
