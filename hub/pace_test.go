package hub_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
)

// polls are the times at which each device was polled.
type polls struct {
	mu    sync.Mutex
	times map[hub.ID][]time.Time
}

// all are those by now.
func (p *polls) all() map[hub.ID][]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[hub.ID][]time.Time{}
	for id, times := range p.times {
		out[id] = slices.Clone(times)
	}
	return out
}

// polled runs a hub until all devices are online, and for a while longer.
func polled(t *testing.T, home *hubtest.Home, o *hub.Options, while time.Duration) (*hub.Hub, *polls) {
	t.Helper()
	p := &polls{times: map[hub.ID][]time.Time{}}
	o.Observe = func(seen hub.Observation) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.times[seen.Views[0].ID] = append(p.times[seen.Views[0].ID], seen.At)
	}
	h := home.Hub(o)
	hubtest.Online(t, h, len(o.Entries))
	<-time.After(while)
	if n := len(p.all()); n != len(o.Entries) {
		t.Errorf("%d of %d devices were polled", n, len(o.Entries))
	}
	return h, p
}

// TestPace: polls come a little sooner than their interval, by chance, and devices
// that came at once do not stay together; one that answers slowly is asked less
// often, and again as often as before when it is quick.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, slices.Repeat(hubtest.Models("HS110"), 70)) // more than are polled in step
		o := home.Options()
		sent := watch(o)
		o.Interval = 10 * time.Second
		h, seen := polled(t, home, o, 10*time.Minute)
		polls := seen.all()
		moments := map[time.Time]int{}
		for id, times := range polls {
			for i, at := range times[2:] {
				gap := at.Sub(times[i+1])
				if gap < 9*time.Second-10*time.Millisecond || gap > 10*time.Second+10*time.Millisecond {
					t.Errorf("%s: polled after %v", id, gap)
				}
			}
			last := times[len(times)-1]
			if moments[last.Truncate(100*time.Millisecond)]++; len(times) < 59 {
				t.Errorf("%s: %d polls in 10 min", id, len(times))
			}
		}
		for at, n := range moments {
			if n > len(polls)/3 {
				t.Errorf("%d of %d devices are polled together at %v", n, len(polls), at)
			}
		}

		slow := idOf(o.Entries[0])
		fault(t, home, slow.MAC.String(), "slow=4s")
		until(t, 20*time.Minute, "it is asked less often", func() bool {
			health, _ := h.Health(slow)
			return health.Interval >= 4*4*time.Second && health.Median >= 4*time.Second
		})
		clearFault(t, home, slow.MAC.String(), "slow")
		until(t, 20*time.Minute, "it is asked as before", func() bool {
			health, _ := h.Health(slow)
			return health.Interval == o.Interval
		})
		if n := len(sent.with(time.Now().Add(-time.Minute), "get_sysinfo")); n < 5*len(polls) {
			t.Errorf("%d polls in a minute of all devices", n)
		}
	})
}

// TestStep: a small home is polled in step, so that the processor sleeps
// between, and no device less often than its interval says; devices are spread
// over the steps, also when all of them had a command at once.
func TestStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, slices.Repeat(hubtest.Models("HS110", "P110", "KP303"), 4))
		o := home.Options()
		o.Interval = 5 * time.Second
		h, polls := polled(t, home, o, 10*time.Minute)
		turns := map[time.Duration]int{}
		turn := func(times []time.Time) time.Duration {
			return times[len(times)-1].Sub(h.Epoch()).Truncate(time.Second) % o.Interval
		}
		before := polls.all()
		for id, times := range before {
			turns[turn(times)]++
			for i, at := range times[2:] {
				if gap := at.Sub(times[i+1]); gap > o.Interval+100*time.Millisecond {
					t.Errorf("%s: polled after %v", id, gap)
				}
				if late := at.Sub(h.Epoch()) % time.Second; late > 200*time.Millisecond && i > 2 {
					t.Errorf("%s: polled %v beside the step", id, late)
				}
			}
		}
		for _, v := range h.Views() {
			if _, known := v.Value("state").Bool(); known && v.Root() {
				if err := h.Set(t.Context(), v.ID, set("state", true)); err != nil {
					t.Error(err)
				}
			}
		}
		<-time.After(time.Minute)
		again := map[time.Duration]int{}
		for _, times := range polls.all() {
			again[turn(times)]++
		}
		for step, n := range turns {
			if n > (len(before)+4)/5 || again[step] != n {
				t.Errorf("%d of %d devices are polled at %v, after commands %d", n, len(before), step, again[step])
			}
		}
	})
}

// TestBounds: no more devices are polled at once than there are workers, and no
// more connections made than allowed; those that do not answer do not keep the
// others from being polled.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P1", "HS1", "L5", "KL1", "KP1", "KP4"))
		for _, d := range home.Sim.Devices() {
			fault(t, home, d.Info().MAC.String(), "slow=500ms")
		}
		o := home.Options()
		o.Logins, o.Workers, o.Interval = 4, 3, time.Second
		var asked busy
		asked.watch(o)
		h := home.Hub(o)
		connecting := 0
		until(t, 10*time.Minute, "all are online", func() bool {
			connecting = max(connecting, h.Stats().Connecting)
			return h.Stats().Online == len(o.Entries)
		})
		if connecting != 4 {
			t.Errorf("%d connections were made at once, want 4", connecting)
		}
		<-time.After(2 * time.Minute)
		asked.mu.Lock()
		asked.most = 0
		asked.mu.Unlock()
		<-time.After(2 * time.Minute)
		asked.mu.Lock()
		defer asked.mu.Unlock()
		if asked.most != 3 {
			t.Errorf("%d of %d devices were asked at once, want 3", asked.most, len(o.Entries))
		}
	})
}

// TestPollAfterCommands: however many commands come, the polls that follow are few.
func TestPollAfterCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("L530"))
		o := home.Options()
		o.Interval = time.Hour
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		lamp := hubtest.View(t, h, "Study lamp").ID
		<-time.After(time.Second)
		before := h.Stats().Polls
		for i := range 50 {
			if err := h.Set(t.Context(), lamp, set("brightness", 10+i)); err != nil {
				t.Fatal(err)
			}
			<-time.After(10 * time.Millisecond)
		}
		until(t, time.Second, "the view shows the last one", func() bool {
			n, _ := hubtest.View(t, h, "Study lamp").Value("brightness").Number()
			return n == 59
		})
		<-time.After(time.Minute)
		if polls := h.Stats().Polls - before; polls == 0 || polls > 30 {
			t.Errorf("%d polls after 50 commands", polls)
		} else {
			t.Logf("%d polls after 50 commands", polls)
		}
	})
}

// TestHealth: the share of polls that succeed, and how long answers take.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		plug := hubtest.View(t, h, "Heater").ID
		health := func() hub.Health {
			t.Helper()
			out, err := h.Health(plug)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		<-time.After(10 * time.Minute)
		if now := health(); now.Success != 1 || now.Failures != 0 || now.Polls < 110 || now.Slowest > time.Second || now.Connection != "online" || !strings.HasPrefix(now.Path, "klap ") {
			t.Errorf("after ten good minutes: %+v", now)
		}
		fault(t, home, "Heater", "slow=1s")
		<-time.After(2 * time.Minute)
		clearFault(t, home, "Heater", "slow")
		<-time.After(2 * time.Minute)
		now := health()
		if took := []time.Duration{now.Median, now.P95, now.Slowest}; !slices.IsSorted(took) || now.Slowest < time.Second || now.Median > now.Slowest/2 {
			t.Errorf("after two slow minutes and two quick ones: %+v", now)
		}
		fault(t, home, "Heater", "reboot=1m")
		<-time.After(70 * time.Second)
		if now := health(); now.Success > 0.9 || now.Success < 0.2 || now.Failures == 0 || now.LastFailure.IsZero() || now.LastError == "" {
			t.Errorf("after a minute away: %+v", now)
		}
		<-time.After(30 * time.Minute)
		if now := health(); now.Success < 0.99 || now.Misses != 0 || time.Since(now.LastSuccess) > 10*time.Second {
			t.Errorf("after half an hour: %+v", now)
		}
	})
}
