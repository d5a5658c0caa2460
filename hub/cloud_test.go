package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/connect"
	"wattle/event"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/method"
	"wattle/simulator/cloudsim"
)

// remote is a home whose owner is signed in to the cloud, and its hub.
type remote struct {
	*testing.T
	home   *hubtest.Home
	cloud  *cloudsim.Cloud
	client *cloud.Client
	hub    *hub.Hub
	told   follow
	ids    map[string]hub.ID
}

func newRemote(t *testing.T, change func(*hub.Options, *cloud.Options), models ...string) *remote {
	t.Helper()
	if len(models) == 0 {
		models = []string{"P110", "HS110"}
	}
	r := &remote{T: t, home: hubtest.Start(t, hubtest.Models(models...)), ids: map[string]hub.ID{}}
	sim, co := r.home.Cloud(nil)
	r.cloud = sim
	o := r.home.Options()
	o.Happened = r.told.happened
	if change != nil {
		change(o, co)
	}
	var err error
	if r.client, err = cloud.New(co); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	if _, err := r.client.Login(t.Context(), hubtest.Account(), nil); err != nil {
		t.Fatal(err)
	}
	o.Connect.Cloud = r.client
	r.hub = r.home.Hub(o)
	hubtest.Online(t, r.hub, len(o.Entries))
	for _, e := range o.Entries {
		r.ids[e.Target.Name] = idOf(e)
	}
	return r
}

func (r *remote) path(name string) string {
	r.Helper()
	health, err := r.hub.Health(r.ids[name])
	if err != nil {
		r.Fatal(err)
	}
	return health.Path
}

// calls are the times at which the cloud was asked about devices.
func (r *remote) calls() (times []time.Time) {
	for _, q := range r.cloud.Journal() {
		if q.Device != "" {
			times = append(times, q.Time)
		}
	}
	return times
}

// TestCloudFallback: what is not reached locally is read and switched through the
// cloud, seldom, and says so; it is reached locally again when it is back.
func TestCloudFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, nil)
		<-time.After(time.Minute)
		if n := len(r.calls()); n != 0 {
			t.Errorf("%d calls through the cloud of devices that are at home", n)
		}
		for name, id := range r.ids {
			local := r.path(name)
			fault(t, r.home, name, "reboot=20m")
			back := time.Now().Add(20 * time.Minute)
			took := until(t, 30*time.Second, name+" through the cloud", func() bool { return r.path(name) == "cloud" })
			until(t, 70*time.Second, name+" is read there", func() bool { return hubtest.View(t, r.hub, name).State.Source() == method.Cloud })
			v := hubtest.View(t, r.hub, name)
			if reading, ok := v.State.Reading("state"); !v.Online || !ok || reading.Source != method.Cloud {
				t.Errorf("%s: %+v, state %+v", name, v, reading)
			}
			on, known := v.State.On()
			if err := r.hub.Set(t.Context(), id, set("state", !on)); err != nil || !known {
				t.Errorf("%s: switched through the cloud: %v", name, err)
			}
			until(t, 5*time.Second, name+" shows it", func() bool { now, _ := hubtest.View(t, r.hub, name).State.On(); return now != on })

			<-time.After(30 * time.Second)
			since, asked := time.Now(), 0
			before := time.Time{}
			r.cloud.ClearJournal()
			<-time.After(10 * time.Minute)
			for _, at := range r.calls() {
				if at.Sub(before) > 10*time.Second { // another poll
					asked++
				}
				before = at
			}
			if per := 10 * time.Minute / time.Duration(max(asked, 1)); asked < 5 || per < 50*time.Second {
				t.Errorf("%s: %d polls through the cloud since %v", name, asked, since)
			}

			<-time.After(time.Until(back))
			home := until(t, 15*time.Second, name+" is at home", func() bool { return r.path(name) == local })
			until(t, 15*time.Second, name+" is read there", func() bool { return hubtest.View(t, r.hub, name).State.Source() == method.Local })
			if now, _ := hubtest.View(t, r.hub, name).State.On(); now == on {
				t.Errorf("%s was not switched", name)
			}
			if kinds := strings.Join(r.told.of(id), " "); kinds != hub.Online {
				t.Errorf("%s: told %q", name, kinds)
			}
			r.cloud.ClearJournal()
			<-time.After(5 * time.Minute)
			if n := len(r.calls()); n > 0 {
				t.Errorf("%s: %d calls through the cloud after it was back", name, n)
			}
			t.Logf("%s: through the cloud after %v, %d polls there in 10 min, local %v after it was back", name, took, asked, home)
		}
	})
}

// TestCommandFallsBack: the command that finds out that a device is away is
// carried out through the cloud, once.
func TestCommandFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, func(o *hub.Options, _ *cloud.Options) { o.Interval = time.Hour })
		for name, id := range r.ids {
			fault(t, r.home, name, "reboot=10m")
			<-time.After(time.Second)
			on, _ := hubtest.View(t, r.hub, name).State.On()
			begun := time.Now()
			if err := r.hub.Set(t.Context(), id, set("state", !on)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			took := time.Since(begun)
			until(t, 5*time.Second, name+" shows it", func() bool { now, _ := hubtest.View(t, r.hub, name).State.On(); return now != on })
			sent := 0
			for _, q := range r.cloud.Journal() {
				wish := strings.Contains(q.Path, "shadow") && q.HTTP != "GET"
				if wish || strings.Contains(string(q.Body), "set_device_info") || strings.Contains(string(q.Body), "set_relay_state") {
					sent++
				}
			}
			if r.cloud.ClearJournal(); sent != 1 {
				t.Errorf("%s: sent %d times through the cloud", name, sent)
			}
			t.Logf("%s: %v", name, took)
		}
	})
}

// TestEventsWaitForHome: event logs are not followed through the cloud, and what
// happened meanwhile is told when the hub of the button is back.
func TestEventsWaitForHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var button hub.ID
		r := newRemote(t, nil, "H100")
		for _, v := range r.hub.Views() {
			if v.Name == "Bed button" {
				button = v.ID
			}
		}
		pressed := func() (n int) {
			for _, kind := range r.told.of(button) {
				if kind == string(event.Click) {
					n++
				}
			}
			return n
		}
		device := r.home.Sim.Devices()[0]
		press := func() {
			t.Helper()
			if err := device.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(10 * time.Second)
		press()
		until(t, 10*time.Second, "a press is told", func() bool { return pressed() == 1 })
		name := device.Info().Alias
		fault(t, r.home, name, "reboot=30m")
		until(t, time.Minute, "through the cloud", func() bool { return r.path(name) == "cloud" })
		<-time.After(time.Minute)
		r.cloud.ClearJournal()
		for range 3 {
			press()
			<-time.After(5 * time.Minute)
		}
		logs := 0
		for _, q := range r.cloud.Journal() {
			if strings.Contains(string(q.Body), "get_trigger_logs") {
				logs++
			}
		}
		if logs > 100 { // polls read some; a follower reads 800
			t.Errorf("%d logs were read in 15 min", logs)
		}
		until(t, 20*time.Minute, "it is at home", func() bool { return r.path(name) != "cloud" })
		until(t, time.Minute, "all presses are told", func() bool { return pressed() == 4 })
	})
}

// TestCloudLimit: while the cloud limits how often it is asked, nothing is asked.
func TestCloudLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, nil)
		fault(t, r.home, "cloud", "cloud-rate=1")
		for name := range r.ids {
			fault(t, r.home, name, "reboot=1h")
		}
		r.cloud.ClearJournal()
		<-time.After(50 * time.Minute)
		refused := 0
		var last time.Time
		for _, q := range r.cloud.Journal() {
			since := q.Time.Sub(last)
			if since < 5*time.Minute && since > time.Second { // what was under way comes within
				t.Errorf("%s %v after a refusal", q.Method, since)
			}
			if q.Code == wattle.CloudRateLimit {
				refused, last = refused+1, q.Time
			}
		}
		if refused == 0 {
			t.Error("there was no limit")
		}
		t.Logf("%d calls in 50 min, %d of them refused", len(r.cloud.Journal()), refused)
		for name := range r.ids {
			until(t, 15*time.Minute, name+" is at home", func() bool { return strings.Contains(r.path(name), ":") })
		}
	})
}

// TestMovesWhileAway: a device that comes back at another address is found there.
func TestMovesWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, func(o *hub.Options, _ *cloud.Options) { o.Sweep = 10 * time.Minute })
		for name := range r.ids {
			local := r.path(name)
			fault(t, r.home, name, "ip-change=7m")
			back := time.Now().Add(7 * time.Minute)
			until(t, time.Minute, name+" through the cloud", func() bool { return r.path(name) == "cloud" })
			<-time.After(time.Until(back))
			took := until(t, 90*time.Second, name+" is at home", func() bool { return r.path(name) != "cloud" })
			if now := r.path(name); now == local {
				t.Errorf("%s is still at %s", name, now)
			}
			t.Logf("%s: local %v after it was back", name, took)
		}
	})
}

// TestCloudForbidden: where the policy is local, nothing is asked of the cloud.
func TestCloudForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, func(o *hub.Options, _ *cloud.Options) {
			for i := range o.Entries {
				o.Entries[i].Target.Policy = connect.LocalOnly
			}
		})
		r.cloud.ClearJournal()
		for name, id := range r.ids {
			fault(t, r.home, name, "reboot=10m")
			until(t, time.Minute, name+" is offline", offline(t, r.hub, id))
			if err := r.hub.Set(t.Context(), id, set("state", true)); !errors.Is(err, wattle.ErrUnreachable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		<-time.After(9 * time.Minute)
		if list := r.cloud.Journal(); len(list) > 0 {
			t.Errorf("the cloud was asked: %+v", list[0])
		}
		for name, id := range r.ids {
			until(t, time.Minute, name+" is back", online(t, r.hub, id))
		}
	})
}

// TestCloudRefused: credentials that the cloud refuses are sent once per side of
// the account, however long a device is away and whatever is asked of it.
func TestCloudRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := newRemote(t, func(_ *hub.Options, co *cloud.Options) {
			co.Account = func(context.Context) (wattle.Credentials, error) {
				asked++
				return wattle.Credentials{Username: hubtest.Account().Username, Password: wattle.NewSecret("another password")}, nil
			}
		})
		r.cloud.Expire(true)
		r.cloud.ClearJournal()
		for name := range r.ids {
			fault(t, r.home, name, "reboot=3h")
		}
		for range 60 {
			<-time.After(2 * time.Minute)
			for name, id := range r.ids {
				if err := r.hub.Set(t.Context(), id, set("state", true)); err == nil {
					t.Errorf("%s was switched without a login", name)
				}
			}
		}
		logins := 0
		for _, q := range r.cloud.Journal() {
			if strings.Contains(strings.ToLower(q.Method+q.Path), "login") {
				logins++
			}
		}
		for name, id := range r.ids {
			if v, _ := r.hub.View(id); v.Online || v.Reason == "" {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if asked == 0 || logins == 0 || logins > 2 {
			t.Errorf("%d logins, the password was asked for %d times", logins, asked)
		}
		t.Logf("%d requests in two hours, %d logins", len(r.cloud.Journal()), logins)
		for name, id := range r.ids {
			<-time.After(time.Minute)
			until(t, 70*time.Minute, name+" is back", online(t, r.hub, id))
			if path := r.path(name); path == "cloud" {
				t.Errorf("%s: %s", name, path)
			}
		}
	})
}
