package automation_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"wattle"
	"wattle/automation"
	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/rule"
)

// keep stores in memory.
type keep struct {
	mu   sync.Mutex
	data map[string][]byte
	full string // what there is no room for
}

func (k *keep) Load(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[name], nil
}

func (k *keep) Save(_ context.Context, name string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.data == nil {
		k.data = map[string][]byte{}
	}
	if name == k.full {
		return errors.New("the disk is full")
	}
	k.data[name] = data
	return nil
}

// house is a home with an engine.
type house struct {
	*testing.T
	home *hubtest.Home
	hub  *hub.Hub
	keep *keep
	*automation.Engine
	stop func()
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

var place = rule.Place{Latitude: 52.52, Longitude: 13.405}

// live waits for a moment of fake time and starts a home there.
func live(t *testing.T, now time.Time, models ...string) *house {
	t.Helper()
	return polled(t, now, 5*time.Second, models...)
}

func polled(t *testing.T, now time.Time, interval time.Duration, models ...string) *house {
	t.Helper()
	time.Sleep(time.Until(now))
	h := &house{T: t, home: hubtest.Start(t, hubtest.Models(models...)), keep: &keep{}}
	o := h.home.Options()
	o.Interval = interval
	h.hub = h.home.Hub(o)
	hubtest.Online(t, h.hub, len(hubtest.Models(models...)))
	h.start()
	return h
}

// start runs an engine, until stop or the end of the test.
func (h *house) start() {
	h.Helper()
	engine, err := automation.New(&automation.Options{Hub: h.hub, Keep: h.keep, Zone: berlin(h.T), Place: place})
	if err != nil {
		h.Fatal(err)
	}
	if err := engine.Load(h.Context()); err != nil {
		h.Fatal(err)
	}
	h.Engine = engine
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.Error(err)
		}
	})
	h.Cleanup(h.stop)
	synctest.Wait()
}

func (h *house) put(r automation.Rule) {
	h.Helper()
	if _, err := h.Rules().Put(h.Context(), r, automation.Any); err != nil {
		h.Fatal(err)
	}
}

// set switches a device as somebody else would.
func (h *house) set(name string, on bool) {
	h.Helper()
	if err := h.hub.Set(h.Context(), hubtest.View(h.T, h.hub, name).ID, device.Setting{ID: "state", Value: on}); err != nil {
		h.Fatal(err)
	}
	time.Sleep(6 * time.Second) // until a poll has seen it
}

func (h *house) on(name string) bool {
	h.Helper()
	if _, err := h.hub.Refresh(h.Context(), hubtest.View(h.T, h.hub, name).ID); err != nil {
		h.Fatal(err)
	}
	on, known := hubtest.View(h.T, h.hub, name).State.On()
	if !known {
		h.Fatalf("%s: unknown", name)
	}
	return on
}

// results are those of a rule's runs, the oldest first.
func (h *house) results(name string) string {
	var words []string
	for _, r := range h.Log(name, 100) {
		words = append([]string{string(r.Result)}, words...)
	}
	return strings.Join(words, " ")
}

func switching(name string, on bool, t ...automation.Trigger) automation.Rule {
	return automation.Rule{
		Name: "r", On: t,
		Do: []automation.Action{{Devices: []string{name}, Set: map[string]any{"state": on}}},
	}
}

// TestTimes: by the clock, the sun and cron, also on days on which the clocks are
// changed.
func TestTimes(t *testing.T) {
	zone := berlin(t)
	for name, c := range map[string]struct {
		from    time.Time
		trigger automation.Trigger
		want    []string
	}{
		"clock":                     {time.Date(2026, 7, 1, 12, 0, 0, 0, zone), automation.Trigger{At: "18:30"}, []string{"1 18:30 +0200", "2 18:30 +0200"}},
		"weekday":                   {time.Date(2026, 7, 3, 12, 0, 0, 0, zone), automation.Trigger{At: "18:30", Days: "mon-fri"}, []string{"3 18:30 +0200", "6 18:30 +0200"}},
		"sunset":                    {time.Date(2026, 6, 21, 12, 0, 0, 0, zone), automation.Trigger{At: "sunset-30m"}, []string{"21 21:04 +0200", "22 21:04 +0200"}},
		"left out, at":              {time.Date(2027, 3, 27, 12, 0, 0, 0, zone), automation.Trigger{At: "02:30"}, []string{"28 03:30 +0200", "29 02:30 +0200"}},
		"left out, cron":            {time.Date(2027, 3, 27, 12, 0, 0, 0, zone), automation.Trigger{Cron: "30 2 * * *"}, []string{"28 03:30 +0200", "29 02:30 +0200"}},
		"twice, at":                 {time.Date(2026, 10, 24, 12, 0, 0, 0, zone), automation.Trigger{At: "02:30"}, []string{"25 02:30 +0100", "26 02:30 +0100"}},
		"twice, cron":               {time.Date(2026, 10, 24, 12, 0, 0, 0, zone), automation.Trigger{Cron: "30 2 * * *"}, []string{"25 02:30 +0100", "26 02:30 +0100"}},
		"each hour, when it is two": {time.Date(2026, 10, 25, 1, 30, 0, 0, zone), automation.Trigger{Cron: "0 * * * *"}, []string{"25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"}},
		"every":                     {time.Date(2026, 7, 1, 12, 0, 0, 0, zone), automation.Trigger{Cron: "@every 90m"}, []string{"1 13:30 +0200", "1 15:00 +0200"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := polled(t, c.from.Add(-10*time.Second), 10*time.Minute, "P100")
				time.Sleep(time.Until(c.from))
				h.put(automation.Rule{Name: "r", On: []automation.Trigger{c.trigger}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}}})
				p, err := h.Preview(switching("@all", true, c.trigger), c.from, -1)
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range c.want {
					if got := p.Next[i].Format("2 15:04 -0700"); got != want {
						t.Errorf("next time %d: %s, want %s", i, got, want)
					}
				}
				last := p.Next[len(c.want)-1]
				time.Sleep(time.Until(last) + 10*time.Second)
				log := h.Log("r", 10)
				if len(log) != len(c.want) {
					t.Fatalf("%d runs, want %d: %+v", len(log), len(c.want), log)
				}
				for i := range log {
					r, want := log[len(log)-1-i], p.Next[i]
					if r.Result != automation.Done || r.Time.Before(want) || r.Time.Sub(want) > time.Second {
						t.Errorf("run %d: %+v, want %s", i, r, want)
					}
				}
			})
		})
	}
}

// TestPlaceChanges: a rule that waits for the sun follows the home.
func TestPlaceChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := berlin(t)
		noon := time.Date(2026, 6, 21, 12, 0, 0, 0, zone)
		h := polled(t, noon.Add(-10*time.Second), 10*time.Minute, "P100")
		sunset := automation.Trigger{At: "sunset"}
		h.put(automation.Rule{Name: "r", On: []automation.Trigger{sunset}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}}})
		time.Sleep(time.Hour) // its time in Berlin is known
		h.SetPlace(rule.Place{Latitude: 37.98, Longitude: 23.73})
		p, err := h.Preview(switching("@all", true, sunset), time.Now(), -1)
		if err != nil || p.Next[0].Format("15:04") != "19:51" {
			t.Fatalf("sunset in Athens: %v, %v", p.Next, err)
		}
		time.Sleep(time.Until(p.Next[0]) + 10*time.Second)
		if log := h.Log("r", 10); len(log) != 1 || log[0].Time.Sub(p.Next[0]).Abs() > time.Second {
			t.Errorf("%+v, want one run at %v", log, p.Next[0])
		}
	})
}

// TestChanges: a rule runs when a value begins to be so, and when it has been so
// for long enough; not for what was so before.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100", "HS100(EU)")
		views := h.hub.Views()
		a, b := views[0].Name, views[1].Name
		h.set(a, true)
		h.set(b, false)
		h.put(switching(b, true, automation.Trigger{Devices: []string{a}, Feature: "state", Becomes: true}))
		later := switching(b, false, automation.Trigger{Devices: []string{a}, Feature: "state", Becomes: false, For: automation.Duration(5 * time.Minute)})
		later.Name = "later"
		h.put(later)
		time.Sleep(time.Minute)
		if h.on(b) || h.results("r") != "" {
			t.Fatal("it ran for what was so before:", h.results("r"))
		}
		h.set(a, false)
		h.set(a, true)
		if !h.on(b) || h.results("r") != "done" {
			t.Errorf("after a change: on %v, %s", h.on(b), h.results("r"))
		}
		h.set(a, false)
		time.Sleep(4 * time.Minute)
		h.set(a, true) // not long enough
		h.set(a, false)
		time.Sleep(4*time.Minute + 40*time.Second)
		if !h.on(b) {
			t.Error("it did not wait for five minutes in one piece")
		}
		time.Sleep(30 * time.Second)
		if h.on(b) || h.results("later") != "done" {
			t.Errorf("after five minutes: on %v, %s", h.on(b), h.results("later"))
		}
		time.Sleep(time.Hour)
		if h.results("later") != "done" {
			t.Error("it ran again:", h.results("later"))
		}
	})
}

// TestOnline: rules notice that a device has gone and is back.
func TestOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100", "HS100(EU)")
		a, b := h.hub.Views()[0], h.hub.Views()[1]
		for _, online := range []bool{true, false} {
			r := switching(b.Name, online, automation.Trigger{Devices: []string{a.Name}, Feature: "online", Becomes: online})
			if r.Name = "back"; !online {
				r.Name = "gone"
			}
			h.put(r)
		}
		if err := h.home.Sim.SetFault(a.ID.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if h.results("gone") != "done" || h.results("back") != "" {
			t.Errorf("gone: %q, back: %q", h.results("gone"), h.results("back"))
		}
		if err := h.home.Sim.ClearFault(a.ID.MAC.String(), "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if h.results("gone") != "done" || h.results("back") != "done" {
			t.Errorf("gone: %q, back: %q", h.results("gone"), h.results("back"))
		}
	})
}

// TestEvents: a button acts at once, and a press that was told of after a restart
// does not act any more.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100", "H100")
		var button string
		for _, v := range h.hub.Views() {
			if strings.Contains(v.Identity().Model.Name, "S200B") {
				button = v.Name
			}
		}
		if button == "" {
			for _, v := range h.hub.Views() {
				t.Log(v.Name, v.Identity().Model)
			}
			t.Fatal("no button")
		}
		h.put(automation.Rule{
			Name: "r", On: []automation.Trigger{{Devices: []string{button}, Event: "click"}}, If: `trigger.event == "click" && trigger.kind == "event"`,
			Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}},
		})
		time.Sleep(10 * time.Second)
		if err := h.home.Sim.Fire(button, "press", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if h.results("r") != "done" {
			t.Errorf("after a press: %q", h.results("r"))
		}

		// The hub of the button is away while it is pressed.
		var told bool
		sub := h.hub.Subscribe(nil)
		defer sub.Close()
		mac := hubtest.View(t, h.hub, button).ID.MAC.String()
		if err := h.home.Sim.SetFault(mac, "drop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := h.home.Sim.Fire(button, "press", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if err := h.home.Sim.ClearFault(mac, "drop"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		for !told {
			n, err := sub.Next(ctx)
			if err != nil {
				t.Fatal("the press is never told:", err)
			}
			told = n.Event != nil && n.Event.Kind == "click"
		}
		time.Sleep(time.Minute)
		if h.results("r") != "done" {
			t.Errorf("after a press of ten minutes ago: %q", h.results("r"))
		}
	})
}

// TestRestart: what was missed is made up for only where a rule says so.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := berlin(t)
		h := live(t, time.Date(2026, 11, 2, 17, 0, 0, 0, zone), "P100")
		for name, catchUp := range map[string]time.Duration{"never": 0, "hour": time.Hour, "minutes": 10 * time.Minute} {
			h.put(automation.Rule{
				Name: name, On: []automation.Trigger{{At: "18:00"}}, CatchUp: automation.Duration(catchUp),
				Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}},
			})
		}
		time.Sleep(30 * time.Minute)
		h.stop()
		time.Sleep(time.Until(time.Date(2026, 11, 2, 18, 30, 0, 0, zone)))
		h.start()
		time.Sleep(time.Minute)
		if h.results("never")+h.results("minutes") != "" || h.results("hour") != "done" {
			t.Errorf("never %q, minutes %q, hour %q", h.results("never"), h.results("minutes"), h.results("hour"))
		}
		h.stop()
		h.start()
		time.Sleep(time.Minute)
		if h.results("hour") != "" {
			t.Error("it is made up for twice")
		}
	})
}

// TestModes: a rule that takes for ever holds nothing else up.
func TestModes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		for _, mode := range []automation.Mode{automation.Single, automation.Restart, automation.Queued} {
			h.put(automation.Rule{
				Name: string(mode), Mode: mode, On: []automation.Trigger{{Cron: "* * * * *"}},
				Do: []automation.Action{{Delay: automation.Duration(150 * time.Second)}},
			})
		}
		h.put(automation.Rule{Name: "other", On: []automation.Trigger{{Cron: "* * * * *"}}, Do: []automation.Action{{Devices: []string{"@all"}, Toggle: true}}})
		time.Sleep(5*time.Minute + 10*time.Second)
		for name, want := range map[string]string{
			"single":  "running skipped skipped done running",
			"restart": "cancelled cancelled cancelled cancelled running",
			"queued":  "done running",
			"other":   "done done done done done",
		} {
			got := h.results(name)
			if name == "single" {
				want = "done skipped skipped running skipped"
			}
			if got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		if err := h.Rules().Delete(t.Context(), "queued", automation.Any); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := h.results("queued"); got != "done cancelled" {
			t.Error("after it was deleted:", got)
		}
	})
}

// TestLoop: two rules that set each other off come to rest.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100")
		name := h.hub.Views()[0].Name
		h.put(automation.Rule{
			Name: "r", PerMinute: 3, On: []automation.Trigger{{Devices: []string{name}, Feature: "state"}},
			Do: []automation.Action{{Devices: []string{name}, Toggle: true}},
		})
		h.set(name, !h.on(name))
		time.Sleep(10 * time.Minute)
		runs, skips := 0, 0
		for _, r := range h.Log("r", 500) {
			if r.Result == automation.Done {
				runs++
			} else if strings.Contains(r.Reason, "within a minute") {
				skips++
			}
		}
		if runs < 3 || runs > 33 || skips == 0 {
			t.Errorf("%d runs in ten minutes, %d times left out", runs, skips)
		}
	})
}

// TestStored: what was put is there in the next run, checked, with revisions.
func TestStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), "P100", "KP303", "KL130(EU)")
		lamp := ""
		for _, v := range h.hub.Views() {
			if v.Value("brightness").Known() {
				lamp = v.Name
			}
		}
		g, err := h.Groups().Put(t.Context(), automation.Group{Name: "Lamps", Devices: []string{lamp}}, automation.Absent)
		if err != nil || g.Rev == 0 || g.Devices[0] == lamp {
			t.Fatal(g, err)
		}
		if _, err := h.Groups().Put(t.Context(), g, automation.Absent); !errors.Is(err, automation.ErrChanged) {
			t.Error("put again as new:", err)
		}
		if _, err := h.Groups().Put(t.Context(), automation.Group{Name: "house", Devices: []string{"@lamps"}}, automation.Any); err != nil {
			t.Fatal(err)
		}
		g.Devices = append(g.Devices, "@house")
		var field *automation.FieldError
		if _, err := h.Groups().Put(t.Context(), g, automation.Match(g.Rev)); !errors.As(err, &field) || field.Path != "devices[1]" {
			t.Error("a circle of groups:", err)
		}
		if err := h.Groups().Delete(t.Context(), "lamps", automation.Any); !errors.Is(err, wattle.ErrParam) {
			t.Error("deleted a group that another one contains:", err)
		}
		h.set(lamp, true)
		if out, err := h.Set(t.Context(), []string{"@house"}, map[string]any{"brightness": 40}); err != nil || len(out) != 1 || out[0].Err != nil {
			t.Fatal(out, err)
		}
		time.Sleep(6 * time.Second)
		scene, err := h.Capture("evening", []string{"@all"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Scenes().Put(t.Context(), scene, automation.Any); err != nil {
			t.Fatal(err)
		}
		h.put(automation.Rule{Name: "r", On: []automation.Trigger{{At: "20:00"}}, If: `device("` + lamp + `").brightness > 20 && group("house").any_on`, Do: []automation.Action{{Scene: "evening"}}})

		h.stop()
		h.start()
		if all := h.Rules().List(); len(all) != 1 || all[0].If == "" {
			t.Fatal(all)
		}
		if _, err := h.Set(t.Context(), []string{"@all"}, map[string]any{"state": true}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Set(t.Context(), []string{lamp}, map[string]any{"brightness": 90}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		if err := h.Start("r"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		if h.results("r") != "done" {
			t.Errorf("%+v", h.Log("r", 1))
		}
		after, err := h.Capture("evening", []string{"@all"})
		if err != nil || len(after.Parts) != len(scene.Parts) {
			t.Fatal(after, err)
		}
		for i := range scene.Parts {
			for id, want := range scene.Parts[i].Set {
				if got := after.Parts[i].Set[id]; got != want {
					t.Errorf("%s %s: %v, want %v as it was captured", after.Parts[i].Device, id, got, want)
				}
			}
		}
		if r, err := h.Enable(t.Context(), "R", false); err != nil || !r.Disabled {
			t.Error(r, err)
		}

		text, err := h.Export().YAML()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), lamp) {
			t.Errorf("devices are not named:\n%s", text)
		}
		if _, err := h.Import(t.Context(), "f", text, &automation.ImportOptions{Replace: true}); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again, err := h.Export().YAML()
		if err != nil || string(again) != string(text) {
			t.Errorf("%v\n%s\nbecame\n%s", err, text, again)
		}
	})
}
