package recorder_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/recorder"
)

// TestNotices: an hour of a home goes from views to the disk with few allocations:
// what the hub's polls tell, and what becomes of it.
func TestNotices(t *testing.T) {
	var hour []hub.Observation
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)))
		home := hubtest.Start(t, hubtest.Models("P110", "HS110", "KP303", "L530"))
		o := home.Options()
		told := make(chan hub.Observation, 10_000)
		o.Observe = func(n hub.Observation) { told <- n }
		h := home.Hub(o)
		hubtest.Online(t, h, 4)
		time.Sleep(time.Hour)
		for len(told) > 0 {
			hour = append(hour, <-told)
		}
	})
	s := open(t, filepath.Join(t.TempDir(), "history.db"))
	rec := recorder.New(&recorder.Options{Sink: s, Every: time.Hour})
	ended, end := context.WithCancel(t.Context())
	end() // Run writes what there is, and returns
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	for _, n := range hour {
		rec.Observe(n)
	}
	listened := time.Since(begun)
	if err := rec.Run(ended); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begun)
	runtime.ReadMemStats(&after)
	stats := rec.Stats()
	each := float64(after.Mallocs-before.Mallocs) / float64(len(hour))
	t.Logf("%d polls became %d samples and %d readings on disk in %v, %.0f samples/s; %v of that the hub waited; %.0f allocations per poll",
		len(hour), stats.Samples, stats.Readings, took, float64(stats.Samples)/took.Seconds(), listened, each)
	if len(hour) < 2000 || stats.Samples < 500 || stats.Readings < 1000 || stats.Lost > 0 {
		t.Errorf("%d polls, %+v", len(hour), stats)
	}
	if each > 40 {
		t.Errorf("%.0f allocations per poll, want at most 40", each)
	}
}
