package recorder

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/energy"
	"wattle/history"
	"wattle/hub"
)

const (
	// afterReturn is how long a device that is back is left alone.
	afterReturn = time.Minute
	// betweenAsks is how often one device is asked for its history at most.
	betweenAsks = time.Hour
	// fillBack is how far back books are filled.
	fillBack = 31 * 24 * time.Hour
	// settles is how long after the end of a span the device may still learn to
	// tell of it: days, where it keeps no hours.
	settles   = 26 * time.Hour
	fillLimit = 2 * time.Minute // for one device
)

// Filling says how the books of a device were last reconciled with its own
// history.
type Filling struct {
	Device hub.ID    `json:"device"`
	At     time.Time `json:"time"`
	// Before and After are the spans of which not everything was known; those of
	// After stay until the device can tell of them.
	Before []history.Span `json:"before"`
	After  []history.Span `json:"after"`
	// Steps is what the device keeps: hours or days.
	Steps energy.Step `json:"steps,omitempty"`
	Error string      `json:"error,omitempty"`
}

// filler remembers who is to be asked.
type filler struct {
	mu    sync.Mutex
	tasks map[hub.ID]*task
}

type task struct {
	wanted bool
	due    time.Time // not earlier
	asked  time.Time
	last   *Filling
}

// want has a device asked from a time on.
func (f *filler) want(id hub.ID, due time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tasks[id]
	if t == nil {
		t = &task{}
		f.tasks[id] = t
	}
	if next := t.asked.Add(betweenAsks); !t.asked.IsZero() && due.Before(next) {
		due = next
	}
	if !t.wanted || due.Before(t.due) {
		t.due = due
	}
	t.wanted = true
}

// next gives a device that is due, the one that waits longest.
func (f *filler) next(now time.Time) (hub.ID, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var best hub.ID
	var first *task
	for id, t := range f.tasks {
		if t.wanted && !t.due.After(now) && (first == nil || t.due.Before(first.due)) {
			best, first = id, t
		}
	}
	if first == nil {
		return best, false
	}
	first.wanted, first.asked = false, now
	return best, true
}

// Fillings tell of each device that was asked in this run how the last time
// went, in the order of devices.
func (r *Recorder) Fillings() []Filling {
	r.filler.mu.Lock()
	defer r.filler.mu.Unlock()
	var out []Filling
	for _, id := range slices.SortedFunc(maps.Keys(r.filler.tasks), func(a, b hub.ID) int {
		return slices.Compare([]string{a.String()}, []string{b.String()})
	}) {
		if last := r.filler.tasks[id].last; last != nil {
			out = append(out, *last)
		}
	}
	return out
}

// fill asks devices for what is missing in their books until ctx ends: all once
// after the start, later those that were away.
func (r *Recorder) fill(ctx context.Context) {
	ticker := time.NewTicker(15 * time.Second)
	defer ticker.Stop()
	begun := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		h := r.hub.Load()
		if h == nil {
			continue
		}
		if !begun {
			begun = r.wantAll(ctx)
		}
		for asked := false; !asked && ctx.Err() == nil; {
			id, ok := r.filler.next(time.Now())
			if !ok {
				break
			}
			asked = r.fillOne(ctx, h, id)
		}
	}
}

func (r *Recorder) wantAll(ctx context.Context) bool {
	meters, err := r.options.Sink.Meters(ctx)
	if err != nil {
		return false
	}
	for _, d := range meters {
		r.filler.want(d, time.Now().Add(afterReturn))
	}
	return true
}

// fillOne reconciles one device, if there is anything to fill, and reports whether
// the device was asked.
func (r *Recorder) fillOne(ctx context.Context, h *hub.Hub, id hub.ID) (asked bool) {
	ctx, cancel := context.WithTimeout(ctx, fillLimit)
	defer cancel()
	v, err := h.View(id)
	if err != nil || !v.Online {
		return false // it is asked when it is back
	}
	now := time.Now()
	_, before, err := r.options.Sink.Books(ctx, id, now.Add(-fillBack), now)
	if err != nil || len(before) == 0 {
		return false // no meter, or nothing to fill
	}
	done := Filling{Device: id, At: now, Before: before, After: before}
	err = r.reconcile(ctx, h, id, now, &done)
	if err != nil {
		done.Error = err.Error()
	}
	r.filler.mu.Lock()
	if t := r.filler.tasks[id]; t != nil {
		t.last = &done
	}
	r.filler.mu.Unlock()
	if err != nil {
		r.log.Info("books cannot be filled from the device", slog.String("device", id.String()), slog.Any("err", err))
	} else {
		r.mu.Lock()
		r.stats.Filled++
		r.mu.Unlock()
		r.log.Info("books were filled from the device", slog.String("device", id.String()),
			slog.Int("spans_before", len(before)), slog.Int("spans_after", len(done.After)))
	}
	if err != nil && (errors.Is(err, wattle.ErrUnsupported) || errors.Is(err, wattle.ErrNotFound)) {
		return true
	}
	for _, s := range done.After {
		if now.Sub(s.To) < settles {
			r.filler.want(id, now.Add(betweenAsks))
			break
		}
	}
	return true
}

// reconcile asks the device and settles its books.
func (r *Recorder) reconcile(ctx context.Context, h *hub.Hub, id hub.ID, now time.Time, done *Filling) error {
	from, to := done.Before[0].From, done.Before[0].To
	for _, s := range done.Before {
		if s.From.Before(from) {
			from = s.From
		}
		if s.To.After(to) {
			to = s.To
		}
	}
	if limit := now.Add(-fillBack); from.Before(limit) {
		from = limit
	}
	if to.After(now) {
		to = now
	}
	if !from.Before(to) {
		return nil
	}
	d, err := h.Device(ctx, id)
	if err != nil {
		return err
	}
	var own *energy.Series
	for _, done.Steps = range []energy.Step{energy.Hour, energy.Day} {
		own, err = d.EnergySeries(ctx, from, to, done.Steps)
		if !errors.Is(err, wattle.ErrUnsupported) {
			break
		}
	}
	if err != nil {
		return err
	}
	if err := r.options.Sink.Reconcile(ctx, id, own); err != nil {
		return err
	}
	_, done.After, err = r.options.Sink.Books(ctx, id, now.Add(-fillBack), now)
	return err
}
