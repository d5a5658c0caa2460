package recorder_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle/energy"
	"wattle/history"
	"wattle/history/store"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/recorder"
)

// The store is what the interfaces of this package are made for.
var (
	_ recorder.Sink   = (*store.Store)(nil)
	_ recorder.Reader = (*store.Store)(nil)
)

// open opens a history in a folder.
func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Address: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// record runs a hub over a home and a recorder until stop is called.
func record(t *testing.T, home *hubtest.Home, o *recorder.Options) (h *hub.Hub, rec *recorder.Recorder, stop func()) {
	t.Helper()
	rec = recorder.New(o)
	options := home.Options()
	options.Observe, options.Happened = rec.Observe, rec.Happened
	h, err := hub.New(options)
	if err != nil {
		t.Fatal(err)
	}
	rec.Attach(h)
	hubCtx, stopHub := context.WithCancel(context.Background())
	recCtx, stopRec := context.WithCancel(context.Background())
	hubDone, recDone := make(chan error, 1), make(chan error, 1)
	go func() { hubDone <- h.Run(hubCtx) }()
	go func() { recDone <- rec.Run(recCtx) }()
	stop = sync.OnceFunc(func() {
		stopHub()
		if err := <-hubDone; err != nil {
			t.Error(err)
		}
		stopRec()
		if err := <-recDone; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return h, rec, stop
}

// metered is the device that measures energy.
func metered(t *testing.T, h *hub.Hub) hub.ID {
	t.Helper()
	for _, v := range h.Views() {
		if v.Value("consumption_today").Known() {
			return v.ID
		}
	}
	t.Fatal("nothing measures energy")
	return hub.ID{}
}

// TestRecorded: what a home does is in the history: values, energy, events, and a
// gap where a device was away.
func TestRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))) // clocks of devices have to be set
		s := open(t, filepath.Join(t.TempDir(), "history.db"))
		home := hubtest.Start(t, hubtest.Models("P110", "KP303"))
		h, rec, _ := record(t, home, &recorder.Options{Sink: s})
		hubtest.Online(t, h, 2)
		plug := metered(t, h)
		begun := time.Now()
		time.Sleep(40*time.Minute + time.Second)

		usage, err := s.Energy(t.Context(), plug, energy.Hour, begun, time.Now())
		if err != nil || len(usage) < 1 {
			t.Fatal(usage, err)
		}
		v, _ := h.View(plug)
		watts, _ := v.Value("current_consumption").Number()
		m, err := s.Meter(t.Context(), plug)
		if err != nil {
			t.Fatal(err)
		}
		if want := watts * 40 / 60 / 1000; m.Life.KWh() < 0.9*want || m.Life.KWh() > 1.1*want {
			t.Errorf("%s in 40 minutes at %g W", m.Life, watts)
		}
		latest, err := s.Latest(t.Context(), history.Device{})
		if err != nil || len(latest) < 20 {
			t.Fatal(latest, err)
		}
		for _, one := range latest {
			if one.Value.Known() && time.Since(one.Time) > one.Hold {
				t.Errorf("%s is not believed any more after %s, but the hub shows it", one.Key, time.Since(one.Time))
			}
			if one.Feature == "device_time" && time.Since(one.Time) < 30*time.Minute {
				t.Errorf("a clock that runs is kept: %v", one)
			}
		}

		if err := home.Sim.SetFault(plug.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		away := time.Now()
		time.Sleep(10 * time.Minute)
		series, err := s.Range(t.Context(), history.Key{Device: plug, Feature: "current_consumption"}, history.Minute, away.Add(2*time.Minute), away.Add(9*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range series.Buckets {
			if !b.Empty() {
				t.Errorf("a value while the device was away: %+v", b)
			}
		}
		if err := home.Sim.ClearFault(plug.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		archive := recorder.NewArchive(s, nil)
		events, err := archive.Events(t.Context(), history.Device{}, begun.Add(-time.Hour), time.Now().Add(time.Hour), 100)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, e := range events {
			if e.Device == plug {
				kinds[e.Kind]++
			}
		}
		if kinds[hub.Online] != 2 || kinds[hub.Offline] != 1 {
			t.Errorf("events %v", events)
		}
		stats := rec.Stats()
		if stats.Lost != 0 || stats.Refused != 0 || stats.TooOld != 0 || stats.Err != nil || stats.Samples == 0 || stats.Readings == 0 || stats.Size == 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestFilled: what a plug used while nobody recorded it comes from the plug's own
// history, hour by hour.
func TestFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))) // clocks of devices have to be set
		path := filepath.Join(t.TempDir(), "history.db")
		home := hubtest.Start(t, hubtest.Models("P110"))
		s := open(t, path)
		h, _, stop := record(t, home, &recorder.Options{Sink: s})
		hubtest.Online(t, h, 1)
		plug := metered(t, h)
		time.Sleep(30 * time.Minute)
		stop()
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		away := time.Now()
		time.Sleep(5 * time.Hour)

		s = open(t, path)
		h, rec, _ := record(t, home, &recorder.Options{Sink: s})
		hubtest.Online(t, h, 1)
		time.Sleep(30 * time.Second)
		_, before, err := s.Books(t.Context(), plug, away.Add(-time.Hour), time.Now())
		if err != nil || len(before) == 0 {
			t.Fatalf("nothing is missing after an outage: %v, %v", before, err)
		}
		time.Sleep(2 * time.Hour)
		entries, after, err := s.Books(t.Context(), plug, away.Add(-time.Hour), time.Now())
		if err != nil || len(after) != 0 {
			t.Errorf("still not known: %v, %v", after, err)
		}
		told := 0
		for _, e := range entries {
			if e.Device != nil {
				told++
			}
		}
		fillings := rec.Fillings()
		if told < 4 || len(fillings) != 1 || fillings[0].Error != "" || rec.Stats().Filled == 0 {
			t.Errorf("the device told of %d hours: %+v", told, fillings)
		}
		if n := rec.Stats().Filled; n > 3 {
			t.Errorf("it was asked %d times within two hours", n)
		}
	})
}
