package rest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wattle/hub"
	"wattle/internal/hubapi"
)

// live counts who follows.
type live struct {
	stop    chan struct{} // closed when the server ends
	seats   chan struct{}
	running sync.WaitGroup
	once    sync.Once
	written writings
}

func (l *live) init(seats int) {
	l.stop, l.seats = make(chan struct{}), make(chan struct{}, seats)
}

// enter takes a seat; leave gives it back. ok is false where all are taken.
func (l *live) enter(ctx context.Context) (follow context.Context, leave func(), ok bool) {
	select {
	case l.seats <- struct{}{}:
	default:
		return nil, nil, false
	}
	l.running.Add(1)
	follow, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-l.stop:
			cancel()
		case <-follow.Done():
		}
	}()
	return follow, func() {
		cancel()
		<-l.seats
		l.running.Done()
	}, true
}

func (l *live) end()  { l.once.Do(func() { close(l.stop) }) }
func (l *live) wait() { l.running.Wait() }

// filter picks what a follower gets; the zero filter takes everything.
type filter struct {
	devices  []func(hub.ID) bool
	features map[string]bool
}

func (s *Server) filterOf(devices, features []string) (filter, error) {
	var f filter
	for _, word := range devices {
		v, err := s.find(word)
		if err != nil {
			return f, err
		}
		f.devices = append(f.devices, concerns(v.ID))
	}
	for _, id := range features {
		if f.features == nil {
			f.features = map[string]bool{}
		}
		f.features[id] = true
	}
	return f, nil
}

func (f *filter) wants(id hub.ID) bool {
	for _, d := range f.devices {
		if d(id) {
			return true
		}
	}
	return len(f.devices) == 0
}

// feed makes messages of what the hub tells: first which devices there are, then
// each device, then ready, then what changes.
type feed struct {
	server  *Server
	sub     *hub.Subscription
	over    context.Context // ended: asks without waiting
	waiting map[hub.ID]bool // devices of the snapshot that are to come
	ready   bool
	last    uint64 // what to resume from
	first   []message

	mu     sync.Mutex
	filter filter
}

// batch is how many messages are made at once.
const batch = 64

// follow begins to follow. since is the id of the last message that the follower
// got before, "" for all.
func (s *Server) follow(f filter, since string) *feed {
	fd := &feed{server: s, filter: f, waiting: map[hub.ID]bool{}}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	fd.over = over
	if epoch, seq, ok := strings.Cut(since, "-"); ok && epoch == s.epoch {
		fd.last, _ = strconv.ParseUint(seq, 10, 64)
	}
	fd.sub = s.hub.Subscribe(&hub.SubscribeOptions{Since: fd.last, Events: 1 << 10})
	hello := message{Message: hubapi.Message{Type: hubapi.Hello, Time: time.Now(), Devices: []string{}}}
	for _, v := range s.hub.Views() {
		if f.wants(v.ID) {
			hello.Devices = append(hello.Devices, hub.Slug(v.ID))
		}
		if v.Rev > fd.last {
			fd.waiting[v.ID] = true
		}
	}
	fd.first = append(fd.first, hello)
	return fd
}

func (f *feed) close() { f.sub.Close() }

func (f *feed) id() string { return f.server.epoch + "-" + strconv.FormatUint(f.last, 10) }

// next waits for messages, at most until the next heartbeat.
func (f *feed) next(ctx context.Context) ([]message, error) {
	out := f.first
	f.first = nil
	out = f.becomeReady(out)
	wait, cancel := f.over, func() {}
	if len(out) == 0 {
		wait, cancel = context.WithTimeout(ctx, f.server.options.Limits.Heartbeat)
	}
	defer cancel()
	for len(out) < batch {
		n, err := f.sub.Next(wait)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				return nil, err
			}
			break
		}
		wait = f.over
		out = f.becomeReady(f.add(out, n))
	}
	if len(out) == 0 {
		out = append(out, f.bare(hubapi.Heartbeat))
	}
	return out, nil
}

// bare is a message without anything in it.
func (f *feed) bare(kind string) message {
	return message{Message: hubapi.Message{Type: kind, ID: f.id(), Time: time.Now()}}
}

func (f *feed) becomeReady(out []message) []message {
	if f.ready || len(f.waiting) > 0 {
		return out
	}
	f.ready = true
	return append(out, f.bare(hubapi.Ready))
}

// add makes a message of a notice, where the follower wants it.
func (f *feed) add(out []message, n hub.Notice) []message {
	f.last = n.Seq
	f.mu.Lock()
	filter := f.filter
	f.mu.Unlock()
	m := message{Message: hubapi.Message{ID: f.id(), Missed: n.Missed, Time: time.Now()}}
	switch {
	case n.View != nil:
		m.Type = hubapi.Changed
		if f.waiting[n.View.ID] {
			m.Type = hubapi.Snapshot
			delete(f.waiting, n.View.ID)
		}
		if !filter.wants(n.View.ID) || !f.describe(&m, n, &filter) {
			return out
		}
	case n.Event != nil:
		if !filter.wants(n.Event.Device) {
			return out
		}
		e := hubapi.EventOf(n.Event)
		m.Type, m.Event = hubapi.Happened, &e
	case n.Gone != nil:
		delete(f.waiting, *n.Gone)
		if !filter.wants(*n.Gone) {
			return out
		}
		m.Type, m.Gone = hubapi.Gone, hub.Slug(*n.Gone)
	}
	return append(out, m)
}

// describe fills in the device; ok is false where none of the features that the
// follower wants has changed.
func (f *feed) describe(m *message, n hub.Notice, filter *filter) (ok bool) {
	for _, r := range n.View.Changes(n.Before) {
		if filter.features == nil || filter.features[r.ID] {
			m.Changes = append(m.Changes, r.ID)
		}
	}
	if filter.features == nil {
		m.written = f.server.live.written.of(n.View, f.server.device)
		return true
	}
	d := f.server.device(n.View)
	d.Features = slices.DeleteFunc(d.Features, func(one hubapi.Feature) bool { return !filter.features[one.ID] })
	m.Device = &d
	return m.Type == hubapi.Snapshot || len(m.Changes) > 0 || n.Before == nil || n.Before.Online != n.View.Online
}
