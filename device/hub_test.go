package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/device"
	"wattle/event"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
	"wattle/transport"
)

// wire is a Conn that ends in a virtual device and notes what is asked.
type wire struct {
	device *simulator.Device
	mu     sync.Mutex
	asked  []string
	broken error
}

func (w *wire) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	w.mu.Lock()
	w.asked = append(w.asked, string(request))
	broken := w.broken
	w.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	return w.device.Handle(ctx, request)
}
func (w *wire) Reset()               {}
func (w *wire) Info() transport.Info { return transport.Info{} }
func (w *wire) Close() error         { return nil }

func (w *wire) cut(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = err
}

// said tells how many requests had a text in them, and forgets all.
func (w *wire) said(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.asked {
		n += strings.Count(r, text)
	}
	w.asked = nil
	return n
}

// alive opens a device of the home whose clock runs: the fake one of a bubble.
func alive(t *testing.T, name string, quirks simulator.Quirks) (*device.Device, *wire) {
	t.Helper()
	for _, f := range homes.Demo() {
		if !strings.HasPrefix(f.Name, name) {
			continue
		}
		virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Quirks: quirks})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{device: virtual}
		s := session.New(w, f.Family, nil)
		d, err := device.New(t.Context(), s, f.Family, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return d, w
	}
	t.Fatalf("no device is called %s", name)
	return nil, nil
}

func kid(t *testing.T, d *device.Device, alias string) *device.Device {
	t.Helper()
	for _, c := range d.Children() {
		if id := c.Identity(); id.Alias == alias {
			return c
		}
	}
	t.Fatalf("no child is called %s", alias)
	return nil
}

// TestFollow: what happens at the children of a hub is told once, in its
// order, also by a program that is started again.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		var told []string
		collect := func(f *device.Follower, ctx context.Context) {
			for e, err := range f.Events(ctx) {
				if err != nil {
					t.Error(err)
					continue
				}
				id := e.Device.Identity()
				text := id.Alias + " " + string(e.Kind)
				if e.Degrees != nil {
					text += fmt.Sprint(" ", *e.Degrees)
				}
				told = append(told, text)
			}
		}
		fire := func(child, action, argument string) {
			t.Helper()
			if err := w.device.Fire(child, action, argument); err != nil {
				t.Fatal(err)
			}
		}
		f, err := d.Follower(nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); collect(f, ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(told) != 0 {
			t.Errorf("told what had happened before: %v", told)
		}
		for range 7 {
			fire("Bed button", "rotate", "30")
		}
		fire("Bed button", "press", "")
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if len(told) != 8 || told[0] != "Bed button rotation 30" || told[7] != "Bed button click" {
			t.Errorf("a dial and a button: %q", told)
		}
		told = nil
		fire("Back door", "open", "")
		time.Sleep(4 * time.Second)
		fire("Back door", "close", "")
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if want := []string{"Back door open", "Back door close"}; !slices.Equal(told, want) {
			t.Errorf("a door: %q", told)
		}
		stop()
		<-done

		// Away for an hour: the positions went through a file.
		told = nil
		saved, err := json.Marshal(f.Positions())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			fire("Back door", []string{"open", "close"}[i%2], "")
			time.Sleep(5 * time.Minute)
		}
		var at map[string]event.Position
		if err := json.Unmarshal(saved, &at); err != nil {
			t.Fatal(err)
		}
		if f, err = d.Follower(&device.FollowOptions{Positions: at}); err != nil {
			t.Fatal(err)
		}
		ctx, stop = context.WithCancel(t.Context())
		done = make(chan struct{})
		go func() { defer close(done); collect(f, ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(told) != 12 {
			t.Errorf("told %d of 12 events after an hour: %q", len(told), told)
		}
		stop()
		<-done
	})
}

// TestFollowStopsInTheMiddle: an event counts as told when the next is asked for.
func TestFollowStopsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		f, err := d.Follower(nil)
		if err != nil {
			t.Fatal(err)
		}
		for range f.Look(t.Context()) {
			t.Error("something is told at once")
		}
		for range 6 {
			if err := w.device.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
		}
		first := 0
		for e, err := range f.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if first = e.ID; e.ID == 6 {
				break // in the middle of this one
			}
		}
		if f, err = d.Follower(&device.FollowOptions{Positions: f.Positions()}); err != nil {
			t.Fatal(err)
		}
		var ids []int
		for e, err := range f.Look(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.ID)
		}
		if !slices.Equal(ids, []int{6, 7, 8, 9}) {
			t.Errorf("after %d came %v", first, ids)
		}
	})
}

// TestFollowFailures: a device that is away gives one error, and loses nothing.
func TestFollowFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var told, failed []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e, err := range d.Events(ctx) {
				id := e.Device.Identity()
				if err != nil {
					failed = append(failed, id.Alias)
					continue
				}
				told = append(told, id.Alias+" "+e.Name)
			}
		}()
		time.Sleep(5 * time.Second)
		w.cut(wattle.ErrUnreachable)
		time.Sleep(5 * time.Minute)
		if err := w.device.Fire("Bed button", "press", ""); err != nil {
			t.Fatal(err)
		}
		if hub := d.Identity(); !slices.Equal(failed, []string{hub.Alias}) {
			t.Errorf("failures of %q, want the hub once", failed)
		}
		w.cut(nil)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if len(told) != 1 || told[0] != "Bed button singleClick" {
			t.Errorf("told %q", told)
		}

		// A child alone does not keep the others from being read.
		told, failed = nil, nil
		if err := w.device.Poke("Back door", "status", "offline"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := w.device.Fire("Bed button", "press", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(failed) != 1 || failed[0] != "Back door" || len(told) != 1 {
			t.Errorf("failed %q, told %q", failed, told)
		}
		stop()
		<-done
	})
}

func TestFollowNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := alive(t, "P110", simulator.Quirks{})
		if _, err := d.Follower(nil); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("a plug: %v", err)
		}
		for _, err := range d.Events(t.Context()) {
			if !errors.Is(err, wattle.ErrUnsupported) {
				t.Errorf("a plug: %v", err)
			}
		}
		hub, _ := alive(t, "H100", simulator.Quirks{EmptyLogs: true})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		for e, err := range hub.Events(ctx) {
			t.Errorf("an empty log gave %+v, %v", e, err)
		}
	})
}

func TestLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		for range 20 {
			if err := w.device.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range map[int]int{0: 23, 1: 1, 7: 7, 100: 23} {
			got, err := kid(t, d, "Bed button").Logged(t.Context(), n)
			if err != nil || len(got) != want || got[0].ID != 23 {
				t.Errorf("%d wanted: %d events (%v)", n, len(got), err)
			}
		}
		if _, err := d.Logged(t.Context(), 1); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("the hub itself: %v", err)
		}
	})
}

func TestPairAndUnpair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		p, err := d.Pairing()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Categories(t.Context()); err != nil || len(got) != 3 || got[0] != "subg.trv" {
			t.Errorf("categories %v (%v)", got, err)
		}
		begin := time.Now()
		var found []device.Candidate
		for c, err := range p.Scan(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if ran := time.Since(begin); ran > 8*time.Second {
				t.Errorf("told only after %v", ran)
			}
			found = append(found, c)
		}
		if ran := time.Since(begin); ran != device.ScanLength {
			t.Errorf("the scan took %v", ran)
		}
		if len(found) != 1 || found[0].Model != "T300" || found[0].Name != "Washing machine" {
			t.Fatalf("found %+v", found)
		}
		added, err := p.Add(t.Context(), found...)
		if err != nil || len(added) != 1 || len(d.Children()) != 6 {
			t.Fatalf("added %v of %d (%v)", added, len(d.Children()), err)
		}
		if got := added[0].Identity(); got.Alias != "Washing machine" || got.Components["sensor_alarm"] != 1 {
			t.Errorf("the new child is %+v", got)
		}
		w.said("")
		if err := added[0].Unpair(t.Context()); err != nil || len(d.Children()) != 5 {
			t.Errorf("unpair: %v, %d children", err, len(d.Children()))
		}
		if n := w.said(`"remove_child_device_list"`); n != 1 {
			t.Errorf("asked to remove %d times", n)
		}

		// The action does all steps; with nothing to find it says so.
		if err := d.Act(t.Context(), "pair"); err != nil || len(d.Children()) != 6 {
			t.Errorf("the action: %v, %d children", err, len(d.Children()))
		}
		if err := d.Act(t.Context(), "pair"); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("the action without anything to find: %v", err)
		}
		if err := kid(t, d, "Washing machine").Act(t.Context(), "unpair"); err != nil {
			t.Error(err)
		}

		if _, err := p.Add(t.Context(), device.Candidate{ID: "x"}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("adding what was not found: %v", err)
		}
		plug, _ := alive(t, "P110", simulator.Quirks{})
		if _, err := plug.Pairing(); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("a plug: %v", err)
		}
		if err := plug.Unpair(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("a plug: %v", err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		for _, err := range p.Scan(ctx, 0) {
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a scan that is ended: %v", err)
			}
		}
	})
}

func TestSiren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		s, err := d.Siren()
		if err != nil {
			t.Fatal(err)
		}
		sounds := func() bool {
			t.Helper()
			on, known, _, err := s.Sounding(t.Context())
			if err != nil || !known {
				t.Fatalf("known %t (%v)", known, err)
			}
			return on
		}
		if list, err := s.Sounds(t.Context()); err != nil || !slices.Contains(list, "Alarm 1") {
			t.Errorf("sounds %v (%v)", list, err)
		}
		w.said("")
		if err := s.Play(t.Context(), device.Sounding{Sound: "alarm 1", Volume: "low", Duration: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if w.said(`"params":{"alarm_type":"Alarm 1","alarm_volume":"low","alarm_duration":10}`) != 1 || !sounds() {
			t.Error("it was not asked to sound, or does not")
		}
		time.Sleep(11 * time.Second)
		if sounds() {
			t.Error("it goes on after ten seconds")
		}
		if err := s.Play(t.Context(), device.Sounding{}); err != nil || !sounds() {
			t.Errorf("as it is set: %v", err)
		}
		time.Sleep(time.Hour)
		if !sounds() {
			t.Error("it ended by itself")
		}
		if err := s.Stop(t.Context()); err != nil || sounds() {
			t.Errorf("stop: %v", err)
		}
		for _, bad := range []device.Sounding{{Sound: "Violin"}, {Volume: "11"}, {Duration: time.Hour}, {Duration: 1500 * time.Millisecond}, {Duration: -1}} {
			if err := s.Play(t.Context(), bad); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestClimateAndValve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		sensor := kid(t, d, "Study climate")
		if err := w.device.Poke("Study climate", "current_temp", "24.5"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Minute)
		s, err := sensor.Climate(t.Context())
		if err != nil || len(s.Points) != 96 || *s.Points[95].Temperature != 24.5 || *s.Points[95].Humidity != 51 {
			t.Errorf("%v: %+v", err, s)
		}
		if want := time.Now().Truncate(15 * time.Minute); !s.Points[95].Time.Equal(want) {
			t.Errorf("the newest is of %v, want %v", s.Points[95].Time, want)
		}
		if _, err := d.Climate(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("the hub: %v", err)
		}
		var valve *device.Device
		for _, c := range d.Children() {
			if c.Identity().Type == wattle.Thermostat {
				valve = c
			}
		}
		v, err := valve.Valve()
		if err != nil {
			t.Fatal(err)
		}
		if err := v.SetEarlyStart(t.Context(), true); err != nil {
			t.Error(err)
		}
		if on, err := v.EarlyStart(t.Context()); err != nil || !on {
			t.Errorf("early start %t (%v)", on, err)
		}
		if degrees, unit, err := v.Frost(t.Context()); err != nil || degrees != 7 || unit != "celsius" {
			t.Errorf("frost below %g %s (%v)", degrees, unit, err)
		}
		if open, known := v.WindowOpen(); open || !known {
			t.Errorf("window open %t, known %t", open, known)
		}
		if err := w.device.Poke(valve.Identity().DeviceID, "trv_states", `["window_open"]`); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if open, _ := v.WindowOpen(); !open {
			t.Error("the open window is not seen")
		}
		for id, value := range map[string]any{"child_lock": true, "frost_protection": true} {
			if err := valve.Set(t.Context(), id, value); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			if _, err := d.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := valve.Get(id); err != nil || got.String() != "on" {
				t.Errorf("%s is %v (%v)", id, got, err)
			}
		}
	})
}

// TestChildrenThatRefuse: children list components which they do not answer
// for, and batches stop there: what comes after is asked again, what was refused
// is not.
func TestChildrenThatRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "H100", simulator.Quirks{})
		button := kid(t, d, "Bed button")
		if button.Identity().Components["time"] == 0 {
			t.Fatal("the child no longer lists what it refuses")
		}
		if _, err := d.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"last_event": "singleClick", "double_click_enabled": "on", "cloud_connection": "on"} {
			got, err := button.Get(id)
			if id == "cloud_connection" && errors.Is(err, wattle.ErrUnsupported) {
				continue // it does not list it
			}
			if err != nil || got.String() != want {
				t.Errorf("%s is %v (%v), want %s", id, got, err, want)
			}
		}
		w.said("")
		time.Sleep(48 * time.Hour)
		if _, err := d.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		asked := strings.Join(w.asked, "\n")
		w.mu.Unlock()
		for _, c := range d.Children() {
			id := c.Identity()
			for r := range strings.SplitSeq(asked, "\n") {
				if strings.Contains(r, id.DeviceID) && strings.Contains(r, "get_device_usage") {
					t.Errorf("%s was asked again what it refused: %s", id.Alias, r)
				}
			}
		}
		if got, err := button.Get("last_event"); err != nil || got.String() != "singleClick" {
			t.Errorf("last_event is %v (%v)", got, err)
		}
		if got, err := d.Get("hub_load"); err != nil || got.String() != "5" {
			t.Errorf("hub_load is %v (%v)", got, err)
		}
	})
}
