package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestOffline: a device is not online after three misses and 20 s, not earlier,
// and online again within two polls of being back.
func TestOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "HS110"))
		o := home.Options()
		var told follow
		o.Happened = told.happened
		h := home.Hub(o)
		hubtest.Online(t, h, 2)
		for _, name := range []string{"Heater", "Fridge"} {
			id := hubtest.View(t, h, name).ID
			fault(t, home, name, "reboot=10s") // shorter than patience
			<-time.After(40 * time.Second)
			if kinds := told.of(id); !slices.Equal(kinds, []string{hub.Online}) {
				t.Errorf("%s: a restart of 10 s made %q", name, kinds)
			}
			fault(t, home, name, "reboot=5m")
			took := until(t, time.Minute, "offline", offline(t, h, id))
			if took < 15*time.Second || took > 40*time.Second {
				t.Errorf("%s: offline after %v", name, took)
			}
			v := hubtest.View(t, h, name)
			if v.Reason == "" || v.State == nil || time.Since(v.Since) > time.Second {
				t.Errorf("%s: %+v does not say why, or since when", name, v)
			}
			rev := v.Rev
			<-time.After(3 * time.Minute)
			if v := hubtest.View(t, h, name); v.Rev != rev {
				t.Errorf("%s: revision %d became %d while it was away", name, rev, v.Rev)
			}
			if err := h.Set(t.Context(), id, set("state", true)); !errors.Is(err, wattle.ErrUnreachable) {
				t.Errorf("%s: a command for a device that is away: %v", name, err)
			}
			<-time.After(time.Until(v.Since.Add(5*time.Minute - took + time.Millisecond)))
			back := until(t, 10*time.Second, name+" is back", online(t, h, id))
			t.Logf("%s: offline after %v, back %v after it was ready", name, took, back)
			if kinds := told.of(id); !slices.Equal(kinds, []string{hub.Online, hub.Offline, hub.Online}) {
				t.Errorf("%s: told %q", name, kinds)
			}
			if health, err := h.Health(id); err != nil || health.Misses != 0 || health.Failures == 0 || health.LastError == "" || health.Signal == nil || health.Path == "" {
				t.Errorf("%s: health %+v, %v", name, health, err)
			}
		}
		if s := h.Stats(); s.Devices != 2 || s.Online != 2 || s.Failures == 0 || s.PollsPerSec < 0.2 || s.PollsPerSec > 0.6 || s.DelayMost > time.Second {
			t.Errorf("%+v", s)
		}
	})
}

// TestRefused: refused credentials are not sent twice, whatever is asked of the
// hub, until somebody gives others.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "P100"))
		o := home.Options()
		wrong := hubtest.Account()
		wrong.Password = wattle.NewSecret("a wrong password")
		o.Connect.Account = wrong
		learned := map[wattle.MAC]hub.Entry{}
		var mu sync.Mutex
		o.Learned = func(e hub.Entry) {
			mu.Lock()
			defer mu.Unlock()
			learned[e.Target.MAC] = e
		}
		refused := func(name string) (n int, proofs map[string]int) {
			logins, err := home.Sim.Logins(name)
			if err != nil {
				t.Fatal(err)
			}
			proofs = map[string]int{}
			for _, l := range logins {
				if !l.Accepted {
					n++
					proofs[l.Proof]++
				}
			}
			return n, proofs
		}
		check := func(when string) {
			for _, e := range o.Entries {
				_, proofs := refused(e.Target.MAC.String())
				for proof, n := range proofs {
					if proof != "" && n > 1 {
						t.Errorf("%s: %s was sent the same %d times", when, e.Target.Name, n)
					}
				}
			}
		}
		func() {
			made, stop := run(t, o)
			defer stop()
			for range 10 {
				<-time.After(10 * time.Minute)
				for _, e := range o.Entries {
					_ = made.Set(t.Context(), idOf(e), set("state", true))
					_, _ = made.Refresh(t.Context(), idOf(e))
					if v, err := made.View(idOf(e)); err != nil || v.Online || v.Reason == "" {
						t.Errorf("%+v, %v", v, err)
					}
				}
			}
			check("two hours")
		}()
		// Also not after a restart of the hub.
		o.Entries = nil
		for _, e := range learned {
			o.Entries = append(o.Entries, e)
		}
		h := home.Hub(o)
		<-time.After(10 * time.Minute)
		check("after a restart")
		h.SetAccount(hubtest.Account())
		for _, e := range o.Entries {
			until(t, 10*time.Second, e.Target.Name+" is online with the right password", online(t, h, idOf(e)))
		}
	})
}

// run runs a hub until stop is called.
func run(t *testing.T, o *hub.Options) (h *hub.Hub, stop func()) {
	t.Helper()
	h, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h, runAgain(t, h)
}

func runAgain(t *testing.T, h *hub.Hub) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestEvents: events behind a hub come once each, over restarts of our hub, of
// theirs, and over an end that saves nothing more.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100", "P110"))
		o := home.Options()
		o.Keep = &keep{}
		var told follow
		o.Happened = told.happened
		fired := 0
		fire := func() {
			fired++
			if err := home.Sim.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
		}
		count := func() (n int) {
			told.mu.Lock()
			defer told.mu.Unlock()
			for _, e := range told.events {
				if e.Detail != nil {
					if e.Name != "Bed button" || e.Kind != "click" || e.Device.Child == "" || e.Seq == 0 {
						t.Errorf("told %+v", e)
					}
					n++
				}
			}
			return n
		}
		for round := range 6 {
			h, stop := run(t, o)
			hubtest.Online(t, h, 2)
			<-time.After(10 * time.Second)
			if round == 2 {
				fault(t, home, "Hallway hub", "reboot=2m")
				<-time.After(5 * time.Minute)
			}
			for range round {
				fire()
				<-time.After(700 * time.Millisecond)
			}
			if round%2 == 0 {
				<-time.After(10 * time.Second)
				if got := count(); got != fired {
					t.Errorf("round %d: told %d of %d", round, got, fired)
				}
			}
			stop()
			for range 3 {
				fire() // while nobody looks
			}
		}
		h, stop := run(t, o)
		hubtest.Online(t, h, 2)
		<-time.After(15 * time.Second)
		if got := count(); got != fired {
			t.Errorf("told %d events of %d", got, fired)
		}
		stop()
		// The same hub may run again.
		again := runAgain(t, h)
		fire()
		<-time.After(15 * time.Second)
		if got := count(); got != fired {
			t.Errorf("told %d events of %d after the hub ran again", got, fired)
		}
		if err := h.Run(t.Context()); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("a second Run: %v", err)
		}
		again()
	})
}

// TestMoves: a device gets another address, and another one another transport;
// what is remembered says so.
func TestMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "HS110"))
		o := home.Options()
		var mu sync.Mutex
		learned := map[wattle.MAC]hub.Entry{}
		o.Learned = func(e hub.Entry) {
			mu.Lock()
			defer mu.Unlock()
			learned[e.Target.MAC] = e
		}
		h := home.Hub(o)
		hubtest.Online(t, h, 2)
		heater, fridge := hubtest.View(t, h, "Heater").ID, hubtest.View(t, h, "Fridge").ID
		if err := h.Rename(t.Context(), heater, "Toaster"); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		switched := func(id hub.ID) {
			v, err := h.View(id)
			if err != nil {
				t.Fatal(err)
			}
			on, _ := v.State.On()
			if err := h.Set(t.Context(), id, set("state", !on)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			fault(t, home, fridge.MAC.String(), "ip-change=20s")
			fault(t, home, heater.MAC.String(), "transport=tpap")
			<-time.After(25 * time.Second)
			until(t, 35*time.Second, "both are online", func() bool { return online(t, h, heater)() && online(t, h, fridge)() })
			<-time.After(10 * time.Second)
			switched(heater)
			switched(fridge)
			fault(t, home, heater.MAC.String(), "transport=klap-v2")
			<-time.After(time.Minute)
			switched(heater)
		}
		mu.Lock()
		defer mu.Unlock()
		if e := learned[heater.MAC]; e.Target.Name != "Toaster" || e.Memory == nil || e.Target.Routes[0].Transport != wattle.KLAP {
			t.Errorf("remembered is %+v", e.Target)
		}
		if e, was := learned[fridge.MAC], entry(t, home.Options(), "Fridge"); e.Target.Host != was.Target.Host {
			t.Errorf("remembered is %s, it is at %s", e.Target.Host, was.Target.Host)
		}
	})
}

// TestRemoveAndAdd: devices go and come while the hub runs, also in the middle of
// polls and of events; nothing of them stays.
func TestRemoveAndAdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100", "KP303", "P110"))
		o := home.Options()
		var mu sync.Mutex
		remembered := map[wattle.MAC]bool{}
		for _, e := range o.Entries {
			remembered[e.Target.MAC] = true
		}
		o.Learned = func(e hub.Entry) {
			mu.Lock()
			defer mu.Unlock()
			remembered[e.Target.MAC] = true
		}
		o.Removed = func(id hub.ID) {
			mu.Lock()
			defer mu.Unlock()
			delete(remembered, id.MAC)
		}
		h := home.Hub(o)
		hubtest.Online(t, h, 3)
		for i := range 12 {
			for _, e := range o.Entries {
				fault(t, home, e.Target.MAC.String(), "slow=700ms")
				<-time.After(time.Duration(i) * 250 * time.Millisecond)
				sub := h.Subscribe(nil)
				for n, err := sub.Next(t.Context()); err == nil && n.Seq == 0; n, err = sub.Next(t.Context()) {
				}
				var refreshing sync.WaitGroup
				refreshing.Go(func() { _, _ = h.Refresh(t.Context(), idOf(e)) })
				if err := h.Remove(idOf(e)); err != nil {
					t.Fatal(err)
				}
				refreshing.Wait()
				<-time.After(10 * time.Second)
				for _, v := range h.Views() {
					if v.ID.MAC == e.Target.MAC {
						t.Errorf("%s %q is still there", v.ID, v.Name)
					}
				}
				mu.Lock()
				if remembered[e.Target.MAC] {
					t.Errorf("%s is still remembered", e.Target.Name)
				}
				mu.Unlock()
				if err := h.Remove(idOf(e)); !errors.Is(err, wattle.ErrNotFound) {
					t.Errorf("removed twice: %v", err)
				}
				if _, err := h.Add(e); err != nil {
					t.Fatal(err)
				}
				if _, err := h.Add(e); !errors.Is(err, wattle.ErrParam) {
					t.Errorf("added twice: %v", err)
				}
				clearFault(t, home, e.Target.MAC.String(), "slow")
				until(t, 20*time.Second, e.Target.Name+" is back", online(t, h, idOf(e)))
				sub.Close()
			}
		}
		if n := len(h.Views()); n != 3+5+3 {
			t.Errorf("%d views at the end", n)
		}
	})
}

// TestAdopt: with an empty hub a sweep finds what the account can control.
func TestAdopt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		o := home.Options()
		all := o.Entries
		o.Entries, o.Sweep, o.Adopt = nil, 10*time.Minute, true
		h := home.Hub(o)
		hubtest.Online(t, h, len(files)-1) // a minute; one may be lost on its way
		<-time.After(11 * time.Minute)
		for _, e := range all {
			if v, err := h.View(idOf(e)); err != nil || !v.Online {
				t.Errorf("%s: %+v, %v", e.Target.Name, v, err)
			}
		}
		if left := h.Candidates(); len(left) > 0 {
			t.Errorf("candidates %v", left)
		}
	})
}

// TestDismissed: what was taken out is not adopted again, by this run or the
// next, until it is added.
func TestDismissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "L530"))
		o := home.Options()
		lamp := o.Entries[1]
		o.Entries, o.Sweep, o.Adopt, o.Keep = nil, 10*time.Minute, true, &keep{}
		// day runs a hub over what is found, and gives the devices at its end.
		day := func(change func(h *hub.Hub)) (ids []hub.ID) {
			t.Helper()
			h, err := hub.New(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- h.Run(ctx) }()
			<-time.After(25 * time.Minute)
			if change != nil {
				change(h)
			}
			<-time.After(25 * time.Minute)
			for _, v := range h.Views() {
				ids = append(ids, v.ID)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			return ids
		}
		steps := []struct {
			what   string
			change func(h *hub.Hub)
			want   int
		}{
			{"adopted", nil, 2},
			{"taken out", func(h *hub.Hub) {
				if err := h.Remove(idOf(lamp)); err != nil {
					t.Error(err)
				}
			}, 1},
			{"in the next run", func(h *hub.Hub) {
				if found := h.Candidates(); len(found) != 1 || found[0].MAC != lamp.Target.MAC {
					t.Errorf("candidates %v", found)
				}
			}, 1},
			{"added", func(h *hub.Hub) {
				if _, err := h.Add(lamp); err != nil {
					t.Error(err)
				}
			}, 2},
			{"in the run after that", nil, 2},
		}
		for _, s := range steps {
			if ids := day(s.change); len(ids) != s.want {
				t.Errorf("%s: %v, want %d devices", s.what, ids, s.want)
			}
		}
	})
}

// TestChildren: children of a hub go, come and are out of reach.
func TestChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("H100"))
		o := home.Options()
		var told follow
		o.Happened = told.happened
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		door := hubtest.View(t, h, "Back door")
		if !door.Online || len(door.Readings()) == 0 {
			t.Fatalf("%+v", door)
		}
		for _, status := range []string{"offline", "online"} {
			if err := home.Sim.Poke("Back door", "status", status); err != nil {
				t.Fatal(err)
			}
			until(t, 6*time.Second, status, func() bool { return online(t, h, door.ID)() == (status == "online") })
			if v := hubtest.View(t, h, "Back door"); (v.Reason == "") != v.Online {
				t.Errorf("%+v", v)
			}
		}
		d, err := h.Device(t.Context(), door.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Unpair(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, 6*time.Second, "it is gone", func() bool {
			_, err := h.View(door.ID)
			return errors.Is(err, wattle.ErrNotFound)
		})
		pair(t, h, door.ID)
		until(t, 6*time.Second, "it is back", func() bool {
			v, err := h.View(door.ID)
			return err == nil && v.Online
		})
		if got, want := fmt.Sprint(told.of(door.ID)), "[online offline online removed added online]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func pair(t *testing.T, h *hub.Hub, child hub.ID) {
	t.Helper()
	parent, err := h.Device(t.Context(), hub.ID{MAC: child.MAC})
	if err != nil {
		t.Fatal(err)
	}
	p, err := parent.Pairing()
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range p.Scan(t.Context(), device.ScanLength) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClock: the clock of a device without the cloud is set, once an hour at most.
func TestClock(t *testing.T) {
	for _, off := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			home := hubtest.Start(t, hubtest.Models("HS110"))
			o := home.Options()
			o.NoClocks = off
			sent := watch(o)
			h := home.Hub(o)
			hubtest.Online(t, h, 1)
			d, err := h.Device(t.Context(), hubtest.View(t, h, "Fridge").ID)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if err := d.UnbindCloud(t.Context()); err != nil {
				t.Fatal(err)
			}
			fault(t, home, "Fridge", "clock-unset")
			<-time.After(3*time.Hour + time.Minute)
			if got := sent.with(begun, `"set_time`); off && len(got) != 0 || !off && (len(got) == 0 || len(got) > 4) {
				t.Errorf("off %v: %d settings: %v", off, len(got), got)
			}
		})
	}
}

// TestClockIsRight: a clock that is an hour wrong is right within an hour where the
// device has no cloud to set it, and left alone where it has.
func TestClockIsRight(t *testing.T) {
	for _, isolated := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			<-time.After(27 * 365 * 24 * time.Hour) // in 2000 devices say that it was never set
			files := hubtest.Models("HS110", "P110")
			if isolated {
				files[0], files[1] = without(files[0]), without(files[1])
			}
			home := hubtest.Start(t, files)
			o := home.Options()
			o.Interval = time.Minute
			h := home.Hub(o)
			hubtest.Online(t, h, 2)
			for _, v := range h.Views() {
				d, err := h.Device(t.Context(), v.ID)
				if err != nil {
					t.Fatal(err)
				}
				<-time.After(2 * time.Hour)
				if err := d.SetClock(t.Context(), time.Now().Add(time.Hour), nil); err != nil {
					t.Fatal(err)
				}
				<-time.After(time.Hour + 2*time.Minute)
				c, err := d.Clock(t.Context())
				if wrong := c.Drift.Abs() > 2*time.Second; err != nil || !c.Set || wrong == isolated {
					t.Errorf("%s, isolated %v: %+v, %v", v.Name, isolated, c, err)
				}
			}
		})
	}
}

// without is a device that has no connection to the cloud.
func without(f *capture.File) *capture.File {
	data := maps.Clone(f.Data)
	if f.Family == wattle.IOT {
		data["cnCloud"] = json.RawMessage(`{"get_info":{"username":"","server":"","binded":0,"cld_connection":0,"illegalType":-1,"err_code":0}}`)
	} else {
		data["get_connect_cloud_state"] = json.RawMessage(`{"status":-1}`)
	}
	return &capture.File{Name: f.Name, Kind: f.Kind, Family: f.Family, Data: data, Discovery: f.Discovery}
}
