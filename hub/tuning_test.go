package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestTuneInterval: a running hub polls as often as it is told.
func TestTuneInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "HS110"))
		o := home.Options()
		o.Interval = time.Hour
		o.Entries[1].Interval = 10 * time.Minute // its own
		h := home.Hub(o)
		hubtest.Online(t, h, 2)
		polls := func(d time.Duration) uint64 {
			before := h.Stats().Polls
			<-time.After(d)
			return h.Stats().Polls - before
		}
		<-time.After(time.Second)
		if got := polls(8 * time.Minute); got > 1 {
			t.Errorf("%d polls before it was tuned", got)
		}
		tuning := h.Tuning()
		if tuning.Interval != time.Hour || tuning.Misses == 0 || tuning.Patience == 0 {
			t.Errorf("it is tuned %+v", tuning)
		}
		tuning.Interval = 5 * time.Second
		h.Tune(tuning)
		if got := polls(100 * time.Second); got < 19 || got > 25 {
			t.Errorf("%d polls in 100 s, want one each 5 s", got)
		}
		h.Tune(tuning)
		if got := polls(100 * time.Second); got < 20 || got > 25 {
			t.Errorf("%d polls in 100 s after nothing has changed", got)
		}
		tuning.Interval = 20 * time.Second
		h.Tune(tuning)
		<-time.After(5 * time.Second)
		if got := polls(100 * time.Second); got < 4 || got > 8 {
			t.Errorf("%d polls in 100 s, want one each 20 s", got)
		}
		for _, bad := range []time.Duration{0, -time.Second} {
			h.Tune(hub.Tuning{Interval: bad, Sweep: -1})
			if got := h.Tuning().Interval; got != 5*time.Second {
				t.Errorf("interval %v means %v", bad, got)
			}
		}
	})
}

// TestTuneSweep: searches and adoption begin and end while the hub runs.
func TestTuneSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models("P110", "HS110")
		home := hubtest.Start(t, files)
		o := home.Options()
		o.Entries = nil
		h := home.Hub(o)
		<-time.After(time.Hour)
		if n := len(h.Candidates()); n != 0 {
			t.Errorf("%d candidates of a hub that does not search", n)
		}
		h.Tune(hub.Tuning{Sweep: 10 * time.Minute})
		<-time.After(21 * time.Minute) // a datagram may be lost
		if n := len(h.Candidates()); n != len(files) {
			t.Errorf("%d candidates, want %d", n, len(files))
		}
		h.Tune(hub.Tuning{Sweep: 10 * time.Minute, Adopt: true})
		hubtest.Online(t, h, len(files))
		if err := h.Remove(h.Views()[0].ID); err != nil {
			t.Fatal(err)
		}
		h.Tune(hub.Tuning{Sweep: -1, Adopt: true})
		<-time.After(time.Hour)
		if s := h.Stats(); s.Devices != len(files)-1 || len(h.Candidates()) != 0 {
			t.Errorf("%d devices and %d candidates: it still searches", s.Devices, len(h.Candidates()))
		}
	})
}

// TestTuneLogs: event logs are read at another pace, and no event is lost or told
// twice.
func TestTuneLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100"))
		o := home.Options()
		var told follow
		o.Happened = told.happened
		sent := watch(o)
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		reads := func(d time.Duration) int {
			begun := time.Now()
			<-time.After(d)
			return len(sent.with(begun, `"get_trigger_logs"`))
		}
		<-time.After(10 * time.Second)
		fired := 0
		var most int
		for _, every := range []time.Duration{0, 20 * time.Second, 2 * time.Second} {
			h.Tune(hub.Tuning{Logs: every, Sweep: -1})
			<-time.After(6 * time.Second)
			if err := home.Sim.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
			fired++
			switch got := reads(time.Minute); {
			case every == 0:
				most = got
			case every == 20*time.Second && got > most/4:
				t.Errorf("%d reads in a minute, before it was tuned %d", got, most)
			case every == 2*time.Second && got < 25:
				t.Errorf("%d reads in a minute at 2 s", got)
			}
		}
		n := 0
		for _, e := range told.events {
			if e.Detail != nil && strings.Contains(e.Name, "Bed button") {
				n++
			}
		}
		if n != fired {
			t.Errorf("told %d events of %d", n, fired)
		}
	})
}
