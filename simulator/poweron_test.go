package simulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"wattle/simulator"
	"wattle/simulator/homes"
)

// virtual is a device of the home under a clock that the test moves.
func virtual(t *testing.T, name string, at *time.Time) *simulator.Device {
	t.Helper()
	for _, f := range homes.Demo() {
		if f.Name != name {
			continue
		}
		d, err := simulator.New(f, &simulator.DeviceOptions{Library: homes.Library(), Now: func() time.Time { return *at }})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Fatalf("the home has no %s", name)
	return nil
}

// shown gives members of an answer, found by a path of keys.
func shown(t *testing.T, answer json.RawMessage, path ...string) map[string]any {
	t.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range path {
		v = v.(map[string]any)[key]
	}
	return v.(map[string]any)
}

// TestPowerOnSMART: what default_states say happens when the mains are back.
func TestPowerOnSMART(t *testing.T) {
	for _, tt := range []struct {
		device, defaults string
		on               bool // before
		want             map[string]any
	}{
		{"P110(EU)_1.0_1.4.2", `{"type":"last_states","state":{}}`, true, map[string]any{"device_on": true}},
		{"P110(EU)_1.0_1.4.2", `{"type":"last_states","state":{}}`, false, map[string]any{"device_on": false}},
		{"P110(EU)_1.0_1.4.2", `{"type":"custom","state":{"on":false}}`, true, map[string]any{"device_on": false}},
		{"P110(EU)_1.0_1.4.2", `{"type":"custom","state":{"on":true}}`, false, map[string]any{"device_on": true}},
		{"L530(EU)_3.0_1.2.3", `{"re_power_type":"always_on","type":"custom","state":{"brightness":7,"color_temp":0,"hue":200,"saturation":40}}`, false,
			map[string]any{"device_on": true, "brightness": 7., "color_temp": 0., "hue": 200., "saturation": 40.}},
		{"L530(EU)_3.0_1.2.3", `{"re_power_type":"always_off","type":"last_states","state":{"brightness":7}}`, true,
			map[string]any{"device_on": false, "brightness": 72.}},
		{"S505D(US)_1.0_1.1.1", `{"re_power_type":"always_on","type":"last_states"}`, false, map[string]any{"device_on": true}},
	} {
		at := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
		d := virtual(t, tt.device, &at)
		for key, value := range map[string]string{"device_on": map[bool]string{true: "true", false: "false"}[tt.on], "default_states": tt.defaults} {
			if codes := codesOf(t, handle(t, d, `{"method":"set_device_info","params":{"`+key+`":`+value+`}}`)); len(codes) > 0 {
				t.Fatalf("%s: set %s to %s: %v", tt.device, key, value, codes)
			}
		}
		at = at.Add(time.Hour)
		d.Restart()
		at = at.Add(time.Minute)
		got := shown(t, handle(t, d, `{"method":"get_device_info"}`), "result")
		for key, want := range tt.want {
			if got[key] != want {
				t.Errorf("%s %s: %s is %v, want %v", tt.device, tt.defaults, key, got[key], want)
			}
		}
		if tt.want["device_on"] == true && got["on_time"] != nil && got["on_time"] != 60. {
			t.Errorf("%s: on for %v s, want 60", tt.device, got["on_time"])
		}
	}
}

// TestPowerOnIOT: hard_on happens when the mains are back, soft_on when a light is
// turned on by nothing but that.
func TestPowerOnIOT(t *testing.T) {
	const module = `{"smartlife.iot.smartbulb.lightingservice":{`
	at := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	d := virtual(t, "KL130(EU)_1.0_1.9.1", &at)
	preset := shown(t, handle(t, d, `{"system":{"get_sysinfo":{}}}`), "system", "get_sysinfo")["preferred_state"].([]any)[1].(map[string]any)
	expect := func(what string, want map[string]any) {
		t.Helper()
		got := shown(t, handle(t, d, `{"system":{"get_sysinfo":{}}}`), "system", "get_sysinfo", "light_state")
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s is %v, want %v", what, key, got[key], value)
			}
		}
	}
	send := func(request string) {
		t.Helper()
		if codes := codesOf(t, handle(t, d, request)); len(codes) > 0 {
			t.Fatalf("%s: %v", request, codes)
		}
	}
	off := module + `"transition_light_state":{"on_off":0,"ignore_default":1}}}`
	on := module + `"transition_light_state":{"on_off":1,"ignore_default":0}}}`
	send(module + `"set_default_behavior":{"soft_on":{"mode":"customize_preset","index":0,"hue":10,"saturation":20,"color_temp":0,"brightness":30},"hard_on":{"mode":"customize_preset","index":1}}}}`)
	send(off)
	d.Restart()
	expect("hard_on", map[string]any{"on_off": 1., "brightness": preset["brightness"], "hue": preset["hue"]})
	send(off)
	send(on)
	expect("soft_on", map[string]any{"on_off": 1., "brightness": 30., "hue": 10., "saturation": 20.})
	send(off)
	send(module + `"transition_light_state":{"on_off":1,"ignore_default":1,"brightness":55}}}`)
	expect("values that are given", map[string]any{"on_off": 1., "brightness": 55., "hue": 10.})
	send(module + `"set_default_behavior":{"soft_on":{"mode":"last_status"},"hard_on":{"mode":"last_status"}}}}`)
	d.Restart()
	expect("last status, on", map[string]any{"on_off": 1., "brightness": 55.})
	send(off)
	d.Restart()
	expect("last status, off", map[string]any{"on_off": 0.})
	send(on)
	expect("last status by a command", map[string]any{"on_off": 1., "brightness": 55.})
}

// TestSwitchState: a dimmer fades as it is set up.
func TestSwitchState(t *testing.T) {
	at := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	d := virtual(t, "HS220(US)_2.0_1.1.2", &at)
	const module = `{"smartlife.iot.dimmer":{`
	handle(t, d, module+`"set_fade_off_time":{"fadeTime":2000},"set_fade_on_time":{"fadeTime":1000},"set_dimmer_transition":{"brightness":80,"duration":1}}}`)
	for _, step := range []struct {
		request    string
		after      time.Duration
		brightness float64
		on         float64
	}{
		{module + `"set_switch_state":{"state":0}}}`, time.Second, 40, 1},
		{"", time.Second, 80, 0},
		{module + `"set_switch_state":{"state":1}}}`, 500 * time.Millisecond, 40, 1},
		{"", time.Second, 80, 1},
	} {
		if step.request != "" {
			handle(t, d, step.request)
		}
		at = at.Add(step.after)
		got := shown(t, handle(t, d, `{"system":{"get_sysinfo":{}}}`), "system", "get_sysinfo")
		if got["brightness"] != step.brightness || got["relay_state"] != step.on {
			t.Errorf("%s after %v: %v %% and %v, want %v and %v", step.request, step.after, got["brightness"], got["relay_state"], step.brightness, step.on)
		}
	}
}
