package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// lock keeps every other program from writing until the function that it gives
// is called.
func lock(tb testing.TB, o store.Options) (unlock func()) {
	tb.Helper()
	driver, address, begin := "sqlite", "file:"+o.Address, "BEGIN IMMEDIATE"
	if o.Address[0] != '/' {
		driver, address, begin = "pgx", o.Address, "BEGIN; LOCK TABLE series, samples, meters IN EXCLUSIVE MODE"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := db.Conn(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := conn.ExecContext(tb.Context(), begin); err != nil {
		tb.Fatal(err)
	}
	return func() {
		tb.Helper()
		if _, err := conn.ExecContext(tb.Context(), "ROLLBACK"); err != nil {
			tb.Fatal(err)
		}
		conn.Close()
		db.Close()
	}
}

// TestLocked: while another program holds the database, submitting never waits,
// the queue has an end, reading goes on, and all that was taken is kept after.
func TestLocked(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.QueueLimit = 50
		s := open(t, o)
		write(t, s, watts(noon, 1))
		unlock := lock(t, o)
		var receipts []*store.Receipt
		for i := 1; ; i++ {
			start := time.Now()
			r, err := s.Submit(history.Batch{Samples: []history.Sample{watts(noon.Add(time.Duration(i)*time.Second), float64(i)), watts(noon.Add(time.Duration(i)*time.Minute), 5)}})
			if took := time.Since(start); took > time.Second {
				t.Errorf("submitting took %s", took)
			}
			if errors.Is(err, history.ErrQueueFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if receipts = append(receipts, r); len(receipts) > 50 {
				t.Fatal("the queue has no end")
			}
		}
		if len(receipts) < 25 {
			t.Errorf("only %d were taken", len(receipts))
		}
		if got, err := s.Latest(t.Context(), plug); err != nil || len(got) != 1 || got[0].Value != feature.ValueOf(1.0) {
			t.Errorf("reading while locked: %v, %v", got, err)
		}
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := s.Write(short, history.Batch{Samples: []history.Sample{watts(noon, 99)}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("writing while locked: %v", err)
		}
		select {
		case <-receipts[0].Done():
			t.Error("acknowledged while locked")
		default:
		}
		unlock()
		for _, r := range receipts {
			if w, err := r.Written(); err != nil || w.Samples != 2 {
				t.Fatalf("%+v, %v", w, err)
			}
		}
		got, err := s.Samples(t.Context(), power, history.From(noon), noon.Add(100*time.Hour), 1000)
		if err != nil || len(got) != 1+2*len(receipts) || got[0].Value != feature.ValueOf(1.0) {
			t.Errorf("%d of %d samples, %v", len(got), 1+2*len(receipts), err)
		}
		if s.Waiting() != 0 {
			t.Errorf("%d still wait", s.Waiting())
		}
	})
}

// TestManyWriters: all get their own answer, and a batch too large for the queue
// is told so.
func TestManyWriters(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		o.QueueLimit = 30
		s := open(t, o)
		var all sync.WaitGroup
		for w := range 20 {
			all.Go(func() {
				for i := range 10 {
					one := watts(noon.Add(time.Duration(i)*time.Second), float64(w))
					one.Device.Child = fmt.Sprint(w)
					reading := history.Reading{Device: one.Device, Time: one.Time, Total: feature.ValueOf(float64(i) / 1000)}
					if _, err := s.Write(t.Context(), history.Batch{Samples: []history.Sample{one}, Meters: []history.Reading{reading}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for w := range 20 {
			d := plug
			d.Child = fmt.Sprint(w)
			got, err := s.Samples(t.Context(), history.Key{Device: d, Feature: power.Feature}, history.From(noon), noon.Add(time.Hour), 1000)
			m, err2 := s.Meter(t.Context(), d)
			if err != nil || err2 != nil || len(got) != 10 || m.Life != 9000 {
				t.Errorf("%d: %d samples, %+v, %v, %v", w, len(got), m, err, err2)
			}
		}
		if _, err := s.Submit(history.Batch{Samples: make([]history.Sample, 1)}); err == nil {
			t.Error("a bad sample was taken")
		}
		big := history.Batch{}
		for i := range 31 {
			big.Samples = append(big.Samples, watts(noon.Add(time.Duration(i)), 1))
		}
		if _, err := s.Write(t.Context(), big); err == nil || errors.Is(err, history.ErrQueueFull) {
			t.Errorf("a batch larger than the queue: %v", err)
		}
	})
}

// TestClose: what waits is written, what comes after is refused.
func TestClose(t *testing.T) {
	onBoth(t, func(p place) {
		t, o := p.T, p.Options
		s := open(t, o)
		var receipts []*store.Receipt
		for i := range 20 {
			r, err := s.Submit(history.Batch{Samples: []history.Sample{watts(noon.Add(time.Duration(i)*time.Second), 1)}})
			if err != nil {
				t.Fatal(err)
			}
			receipts = append(receipts, r)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range receipts {
			if _, err := r.Written(); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Write(t.Context(), history.Batch{Samples: []history.Sample{watts(noon, 1)}}); !errors.Is(err, history.ErrClosed) {
			t.Errorf("writing after closing: %v", err)
		}
		if err := s.Maintain(t.Context()); !errors.Is(err, history.ErrClosed) {
			t.Errorf("maintaining after closing: %v", err)
		}
		s = open(t, o)
		unlock := lock(t, o)
		r, err := s.Submit(history.Batch{Samples: []history.Sample{watts(noon.Add(time.Hour), 1)}})
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := s.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing while locked: %v", err)
		}
		if _, err := r.Written(); !errors.Is(err, history.ErrClosed) {
			t.Errorf("what was not written: %v", err)
		}
		unlock()
		if got, err := open(t, o).Samples(t.Context(), power, history.From(noon), noon.Add(2*time.Hour), 100); err != nil || len(got) != 20 {
			t.Errorf("%d samples, %v", len(got), err)
		}
	})
}

// TestConnectionLost: where the server ends the connections, as on a restart,
// the writer makes new ones and what it was given is kept once.
func TestConnectionLost(t *testing.T) {
	address := schema(t)
	s := open(t, store.Options{Address: address + "&application_name=wattle_lost"})
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 5 {
		ended := 0
		err := db.QueryRow("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wattle_lost'").Scan(&ended)
		if err != nil || ended == 0 {
			t.Fatalf("%d connections, %v", ended, err)
		}
		reading := history.Reading{Device: plug, Time: noon.Add(time.Duration(i) * time.Minute), Total: feature.ValueOf(float64(i) / 1000)}
		if _, err := s.Write(t.Context(), history.Batch{Samples: []history.Sample{watts(reading.Time, 1)}, Meters: []history.Reading{reading}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Samples(t.Context(), power, history.From(noon), noon.Add(time.Hour), 100)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Meter(t.Context(), plug)
	if err != nil || len(got) != 5 || m.Life != 4000 {
		t.Errorf("%d samples, %+v, %v", len(got), m, err)
	}
}
