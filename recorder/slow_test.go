package recorder_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle/device"
	"wattle/energy"
	"wattle/history"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/recorder"
)

// sink is a history that can be out of order.
type sink struct {
	mu      sync.Mutex
	fail    error         // of writes
	locked  chan struct{} // writes wait until it is closed; nil: they do not
	written []history.Batch
}

func (s *sink) Write(ctx context.Context, b history.Batch) (history.Written, error) {
	s.mu.Lock()
	locked, fail := s.locked, s.fail
	s.mu.Unlock()
	if locked != nil {
		select {
		case <-locked:
		case <-ctx.Done():
			return history.Written{}, context.Cause(ctx)
		}
	}
	if fail != nil {
		return history.Written{}, fail
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, b)
	return history.Written{Samples: len(b.Samples), Readings: len(b.Meters)}, nil
}

func (s *sink) disturb(locked chan struct{}, fail error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked, s.fail = locked, fail
}

func (*sink) Maintain(context.Context) error                                  { return nil }
func (*sink) Meters(context.Context) ([]history.Device, error)                { return nil, nil }
func (*sink) Size(context.Context) (int64, error)                             { return 0, nil }
func (*sink) Reconcile(context.Context, history.Device, *energy.Series) error { return nil }
func (*sink) Books(context.Context, history.Device, time.Time, time.Time) ([]history.Entry, []history.Span, error) {
	return nil, nil, history.ErrNotFound
}

// count is how many samples and readings have arrived, and how often one came
// twice.
func (s *sink) count() (n, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	type one struct {
		history.Key
		at int64
		id string
	}
	seen := map[one]bool{}
	for _, b := range s.written {
		n += b.Len()
		for _, s := range b.Samples {
			k := one{s.Key, s.Time.UnixNano(), s.Event}
			if seen[k] {
				twice++
			}
			seen[k] = true
		}
	}
	return n, twice
}

// pace is what the home does within a minute in which the lamp's power and state
// change all the time: how many polls there were, and how long the slowest command
// took.
func pace(t *testing.T, h *hub.Hub, id hub.ID, polls *int, mu *sync.Mutex) (n int, slowest time.Duration) {
	t.Helper()
	mu.Lock()
	before := *polls
	mu.Unlock()
	for i := range 60 {
		begun := time.Now()
		if err := h.Set(t.Context(), id, device.Setting{ID: "state", Value: i%2 == 0}); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begun)
		slowest = max(slowest, took)
		time.Sleep(time.Second - took)
	}
	mu.Lock()
	defer mu.Unlock()
	return *polls - before, slowest
}

// counted runs a home with a recorder over a sink, and counts polls.
func counted(t *testing.T, o *recorder.Options) (h *hub.Hub, rec *recorder.Recorder, id hub.ID, polls *int, mu *sync.Mutex) {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)))
	home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
	polls, mu = new(int), &sync.Mutex{}
	rec = recorder.New(o)
	options := home.Options()
	options.Happened = rec.Happened
	options.Observe = func(seen hub.Observation) {
		begun := time.Now()
		rec.Observe(seen)
		mu.Lock()
		defer mu.Unlock()
		*polls++
		if time.Since(begun) > 0 {
			t.Error("Observe waits")
		}
	}
	h = home.Hub(options)
	hubtest.Online(t, h, 2)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h, rec, metered(t, h), polls, mu
}

// TestLocked: while the history is locked for a minute polls and commands go on as
// before, and afterwards all of it is there once.
func TestLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		var log bytes.Buffer
		h, rec, id, polls, mu := counted(t, &recorder.Options{Sink: s, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(10 * time.Second)
		n, slowest := pace(t, h, id, polls, mu)
		locked := make(chan struct{})
		s.disturb(locked, nil)
		before, _ := s.count()
		n2, slowest2 := pace(t, h, id, polls, mu)
		if n2 < n*9/10 || slowest2 > slowest+10*time.Millisecond {
			t.Errorf("%d polls, slowest command %v; while locked %d and %v", n, slowest, n2, slowest2)
		}
		stats := rec.Stats()
		if now, _ := s.count(); now != before || stats.Waiting < 60 || stats.Err == nil {
			t.Errorf("while locked: %d were written, %+v", now-before, stats)
		}
		s.disturb(nil, nil)
		close(locked)
		time.Sleep(5*time.Second + 500*time.Millisecond) // between two batches
		after, twice := s.count()
		stats = rec.Stats()
		if twice != 0 || stats.Lost != 0 || stats.Waiting > 5 || stats.Err != nil || uint64(after) != stats.Samples+stats.Readings {
			t.Errorf("afterwards: %d, %d twice, %+v", after, twice, stats)
		}
		if strings.Count(log.String(), "samples wait") != 1 || strings.Count(log.String(), "written again") != 1 {
			t.Errorf("it says\n%s", &log)
		}
	})
}

// TestOverflow: what does not fit is counted and said once; what fits is kept.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		var log bytes.Buffer
		h, rec, id, polls, mu := counted(t, &recorder.Options{Sink: s, Limit: 40, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		s.disturb(nil, history.ErrDiskFull)
		pace(t, h, id, polls, mu)
		stats := rec.Stats()
		if stats.Lost == 0 || stats.Waiting > 40 || !errors.Is(stats.Err, history.ErrDiskFull) {
			t.Errorf("disk full: %+v", stats)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("it says so %d times:\n%s", n, &log)
		}
		s.disturb(nil, nil)
		time.Sleep(2 * time.Minute) // until it is tried again
		stats = rec.Stats()
		if stats.Waiting > 5 || stats.Err != nil || stats.Samples == 0 {
			t.Errorf("afterwards: %+v", stats)
		}
		if !strings.Contains(log.String(), "lost_so_far") {
			t.Errorf("it does not say how much was lost:\n%s", &log)
		}
	})
}

// TestEnd: what was accepted is written at the end, and what cannot be is told.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, fail := range []error{nil, history.ErrDiskFull} {
			s := &sink{fail: fail}
			rec := recorder.New(&recorder.Options{Sink: s})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- rec.Run(ctx) }()
			time.Sleep(time.Minute)
			rec.Happened(hub.Event{Device: history.Device{MAC: [6]byte{2, 1}}, Kind: hub.Added})
			cancel()
			if err := <-done; !errors.Is(err, fail) {
				t.Errorf("%v, want %v", err, fail)
			}
			if n, _ := s.count(); fail == nil && n != 1 {
				t.Errorf("%d were written", n)
			}
		}
	})
}

// TestLockedSQLite: the same with a real database that another program locks for a
// minute.
func TestLockedSQLite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "history.db")
		s := open(t, path)
		h, rec, id, polls, mu := counted(t, &recorder.Options{Sink: s})
		time.Sleep(10 * time.Second)
		n, slowest := pace(t, h, id, polls, mu)

		other, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		conn, err := other.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		before := rec.Stats()
		n2, slowest2 := pace(t, h, id, polls, mu)
		if n2 < n*9/10 || slowest2 > slowest+10*time.Millisecond {
			t.Errorf("%d polls, slowest command %v; while locked %d and %v", n, slowest, n2, slowest2)
		}
		stats := rec.Stats()
		if stats.Samples > before.Samples+10 || stats.Waiting < 60 {
			t.Errorf("it was not locked: %+v, then %+v", before, stats)
		}
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*time.Second + 500*time.Millisecond) // between two batches
		if stats = rec.Stats(); stats.Waiting > 5 || stats.Lost != 0 || stats.Err != nil {
			t.Errorf("afterwards: %+v", stats)
		}
		got, err := s.Samples(t.Context(), history.Key{Device: id, Feature: "state"}, history.From(begun), begun.Add(time.Minute), 1000)
		if err != nil || len(got) < 20 {
			t.Errorf("%d samples of that minute are there: %v", len(got), err)
		}
	})
}
