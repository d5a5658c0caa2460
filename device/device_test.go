package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
)

func openFake(t *testing.T, f *fake, o *device.Options) (*device.Device, *clock) {
	t.Helper()
	c := &clock{t: moment}
	if o == nil {
		o = &device.Options{}
	}
	o.Now = c.now
	d, err := device.New(t.Context(), f, wattle.SMART, o)
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

func poll(t *testing.T, d *device.Device) *device.State {
	t.Helper()
	s, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPoll(t *testing.T) {
	f := plug()
	d, c := openFake(t, f, nil)
	if got := f.times("get_led_info"); got != 0 {
		t.Errorf("the first contact asked get_led_info %d times", got)
	}
	s := poll(t, d)
	for id, want := range map[string]string{
		"state": "on", "current_consumption": "8.962", "consumption_today": "0.046", "led": "on",
		"rssi": "-50", "on_since": "2026-01-15T12:59:00+01:00", "auto_off_minutes": "120",
	} {
		if got := s.Value(id).String(); got != want {
			t.Errorf("%s = %s, want %s", id, got, want)
		}
	}
	if id := d.Identity(); id.Alias != "Desk" || id.Type != wattle.Plug || id.Firmware != "1.3.0" || id.Build != "Build 1" || id.Brand != "tapo" {
		t.Errorf("identity %+v", id)
	}

	t.Run("paces", func(t *testing.T) {
		for _, key := range []string{"get_led_info", "get_auto_off_config", "get_energy_usage"} {
			f.times(key)
		}
		for range 6 {
			c.sleep(20 * time.Second)
			poll(t, d)
		}
		for key, want := range map[string]int{"get_led_info": 0, "get_auto_off_config": 2, "get_energy_usage": 6} {
			if got := f.times(key); got != want {
				t.Errorf("%s was asked %d times in two minutes, want %d", key, got, want)
			}
		}
	})
	t.Run("jitter", func(t *testing.T) {
		first := d.State().Value("on_since")
		info := strings.Replace(f.answers["get_device_info"].(string), `"on_time":60`, `"on_time":63`, 1)
		f.set("get_device_info", info)
		if got := poll(t, d).Value("on_since"); !got.Equal(first) {
			t.Errorf("on_since moved from %v to %v", first, got)
		}
		f.set("get_device_info", strings.Replace(info, `"on_time":63`, `"on_time":66`, 1))
		if got := poll(t, d).Value("on_since"); got.Equal(first) {
			t.Errorf("on_since stayed at %v after 6 s", got)
		}
	})
	t.Run("absent", func(t *testing.T) {
		f.times("get_emeter_data")
		poll(t, d)
		if got := f.times("get_emeter_data"); got != 0 {
			t.Error("a query that the device does not know was asked again")
		}
		if _, err := d.Get("voltage"); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("voltage: %v", err)
		}
	})
}

func TestFailingQuery(t *testing.T) {
	f := plug()
	d, c := openFake(t, f, nil)
	poll(t, d)
	f.set("get_energy_usage", &wattle.DeviceError{Family: wattle.SMART, Method: "get_energy_usage", Code: -1001})
	s := poll(t, d)
	r, ok := s.Reading("consumption_today")
	if !ok || r.Value.Known() || !errors.Is(r.Err, wattle.ErrBusy) {
		t.Errorf("a failed query gives %v (%v), has it: %t", r.Value, r.Err, ok)
	}
	if got := s.Value("state").String(); got != "on" {
		t.Errorf("state is %s beside a failed query", got)
	}
	for range 9 {
		c.sleep(10 * time.Second)
		poll(t, d)
	}
	f.times("get_energy_usage")
	c.sleep(299 * time.Second)
	poll(t, d)
	if got := f.times("get_energy_usage"); got != 0 {
		t.Error("asked within 30 s x 10 failures")
	}
	f.set("get_energy_usage", `{"today_energy":50}`)
	c.sleep(2 * time.Second)
	if got := poll(t, d).Value("consumption_today").String(); got != "0.05" {
		t.Errorf("after the pause: %s", got)
	}
}

func TestFailedPollKeepsState(t *testing.T) {
	f := plug()
	d, _ := openFake(t, f, nil)
	before := poll(t, d)
	f.mu.Lock()
	f.down = wattle.ErrUnreachable
	f.mu.Unlock()
	if _, err := d.Poll(t.Context()); !errors.Is(err, wattle.ErrUnreachable) {
		t.Errorf("Poll: %v", err)
	}
	if d.State() != before {
		t.Error("a failed poll changed the state")
	}
	f.mu.Lock()
	f.down = nil
	f.mu.Unlock()
	f.set("get_device_info", `{"device_id":"1","type":"SMART.TAPOPLUG","model":"P100","mac":"02-00-00-00-00-99","device_on":true}`)
	if _, err := d.Poll(t.Context()); !errors.Is(err, wattle.ErrIdentity) {
		t.Errorf("another device at the address: %v", err)
	}
	if d.State() != before {
		t.Error("another device changed the state")
	}
}

func TestSet(t *testing.T) {
	f := plug()
	d, _ := openFake(t, f, nil)
	for _, tt := range []struct {
		id   string
		v    any
		sent string
		err  error
	}{
		{"state", false, `set_device_info {"device_on":false}`, nil},
		{"state", "on", `set_device_info {"device_on":true}`, nil},
		{"led", "off", `set_led_info {"led_rule":"never","led_status":true,"night_mode":{"night_mode_type":"custom","start_time":1,"end_time":2}}`, nil},
		{"auto_off_minutes", 30, `set_auto_off_config {"enable":false,"delay_min":30}`, nil},
		{"auto_off_minutes", json.Number("45"), `set_auto_off_config {"enable":false,"delay_min":45}`, nil},
		{"auto_off_minutes", 70000, "", wattle.ErrParam},
		{"auto_off_minutes", "ten", "", wattle.ErrParam},
		{"auto_off_minutes", 1.5, "", wattle.ErrParam},
		{"rssi", 3, "", wattle.ErrUnsupported},
		{"state", struct{}{}, "", wattle.ErrParam},
		{"state", nil, "", wattle.ErrParam},
		{"brightness", 3, "", wattle.ErrUnsupported},
		{"reboot", true, "", wattle.ErrUnsupported},
	} {
		f.mu.Lock()
		f.sent = nil
		f.mu.Unlock()
		err := d.Set(t.Context(), tt.id, tt.v)
		if !errors.Is(err, tt.err) || f.last() != tt.sent {
			t.Errorf("Set(%s, %v) sent %q (%v), want %q (%v)", tt.id, tt.v, f.last(), err, tt.sent, tt.err)
		}
	}
	if err := d.Act(t.Context(), "reboot"); err != nil || f.last() != `device_reboot {"delay":1}` {
		t.Errorf("reboot sent %q (%v)", f.last(), err)
	}
	if err := d.SetAlias(t.Context(), "Küche"); err != nil || f.last() != `set_device_info {"nickname":"S8O8Y2hl"}` {
		t.Errorf("alias sent %q (%v)", f.last(), err)
	}
	if on, err := d.Toggle(t.Context()); err != nil || on || f.last() != `set_device_info {"device_on":false}` {
		t.Errorf("toggle to %t sent %q (%v)", on, f.last(), err)
	}
}

func TestSetMany(t *testing.T) {
	f := plug()
	d, _ := openFake(t, f, nil)
	poll(t, d)
	err := d.SetMany(t.Context(), device.Setting{ID: "auto_off_minutes", Value: 15}, device.Setting{ID: "auto_off_enabled", Value: true})
	if err != nil || len(f.sent) != 1 || f.last() != `set_auto_off_config {"delay_min":15,"enable":true}` {
		t.Errorf("sent %d calls, %s (%v)", len(f.sent), f.last(), err)
	}
	if err := d.SetMany(t.Context(), device.Setting{ID: "state", Value: false}, device.Setting{ID: "auto_off_minutes", Value: -1}); err == nil || len(f.sent) != 1 {
		t.Errorf("a wrong value: %v, and %d calls were sent", err, len(f.sent)-1)
	}
}

func TestVerify(t *testing.T) {
	f := plug() // it takes settings and does not keep them
	d, _ := openFake(t, f, &device.Options{Verify: true})
	if err := d.Set(t.Context(), "state", true); err != nil {
		t.Error(err)
	}
	if err := d.Set(t.Context(), "state", false); !errors.Is(err, wattle.ErrRefused) {
		t.Errorf("the device did not change, and Set says %v", err)
	}
}

func TestMemory(t *testing.T) {
	f := plug()
	d, _ := openFake(t, f, nil)
	b, err := json.Marshal(d.Memory())
	if err != nil {
		t.Fatal(err)
	}
	var m device.Memory
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	f.asked = nil
	again, _ := openFake(t, f, &device.Options{Memory: &m})
	if again.State() != nil {
		t.Error("a remembered device shows a state")
	}
	if v, err := again.Get("state"); err != nil || v.Known() {
		t.Errorf("a remembered device is %v (%v)", v, err)
	}
	if id := again.Identity(); id.Alias != "Desk" || id.MAC.IsZero() {
		t.Errorf("identity %+v", id)
	}
	if err := again.Set(t.Context(), "state", true); err != nil || len(f.asked) != 1 {
		t.Errorf("one command asked %v (%v)", f.asked, err)
	}
	if got := poll(t, again).Value("state").String(); got != "on" {
		t.Errorf("state %s after a poll", got)
	}
}

// TestConcurrent: everything at once, for the race detector.
func TestConcurrent(t *testing.T) {
	f := plug()
	d, _ := openFake(t, f, nil)
	var wait sync.WaitGroup
	for range 4 {
		for _, do := range []func(){
			func() { _, _ = d.Poll(t.Context()) },
			func() { _, _ = d.Refresh(t.Context()) },
			func() { _ = d.Set(t.Context(), "auto_off_minutes", 9) },
			func() { _ = d.Set(t.Context(), "state", true) },
			func() { _, _ = d.Toggle(t.Context()) },
			func() { _ = d.Features(); _ = d.Identity(); _ = d.Memory(); _, _ = d.Get("state") },
		} {
			wait.Go(func() {
				for range 20 {
					do()
				}
			})
		}
	}
	wait.Wait()
}

func TestCancel(t *testing.T) {
	d, _ := openFake(t, plug(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Poll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Poll: %v", err)
	}
	if err := d.Set(ctx, "state", true); !errors.Is(err, context.Canceled) {
		t.Errorf("Set: %v", err)
	}
}

func TestReadings(t *testing.T) {
	d, c := openFake(t, plug(), nil)
	poll(t, d)
	c.sleep(time.Minute)
	for _, r := range d.Features() {
		if r.Kind == feature.Action {
			if r.Value.Known() || r.Settable {
				t.Errorf("the action %s has a value or can be set", r.ID)
			}
			continue
		}
		if r.Source != "local" || r.Age(c.now()) != time.Minute {
			t.Errorf("%s: source %q, age %v", r.ID, r.Source, r.Age(c.now()))
		}
	}
}
