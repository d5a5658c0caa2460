package simulator_test

import (
	"encoding/json"
	"testing"
	"time"

	"wattle/simulator"
	"wattle/simulator/homes"
)

// TestDimmerFade: brightness and relay of a dimmer move over the time that the
// transition takes.
func TestDimmerFade(t *testing.T) {
	at := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	var d *simulator.Device
	for _, f := range homes.Demo() {
		if f.Name == "HS220(US)_2.0_1.1.2" {
			var err error
			if d, err = simulator.New(f, &simulator.DeviceOptions{Now: func() time.Time { return at }}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const module = `{"smartlife.iot.dimmer":{`
	handle(t, d, module+`"set_dimmer_transition":{"brightness":20,"duration":1}}}`)
	at = at.Add(time.Second)
	for _, step := range []struct {
		request    string
		after      time.Duration
		brightness int
		on         int
	}{
		{"", 0, 20, 1},
		{module + `"set_dimmer_transition":{"brightness":80,"duration":2000}}}`, 0, 20, 1},
		{"", time.Second, 50, 1},
		{"", time.Second, 80, 1},
		{"", time.Hour, 80, 1},
		{module + `"set_dimmer_transition":{"brightness":0,"duration":4000}}}`, time.Second, 60, 1},
		{"", 2 * time.Second, 20, 1},
		{"", time.Second, 80, 0}, // off, and what it was before is kept
		{module + `"set_dimmer_transition":{"brightness":50,"duration":1000}}}`, 500 * time.Millisecond, 25, 1},
		{`{"system":{"set_relay_state":{"state":0}}}`, time.Hour, 25, 0},
		{module + `"set_dimmer_transition":{"brightness":0,"duration":1000}}}`, time.Hour, 25, 0},
		{module + `"set_dimmer_transition":{"brightness":60,"duration":1000},"set_brightness":{"brightness":30}}}`, time.Hour, 30, 1},
	} {
		if step.request != "" {
			handle(t, d, step.request)
		}
		at = at.Add(step.after)
		var answer struct {
			System struct {
				Info struct {
					Brightness int `json:"brightness"`
					Relay      int `json:"relay_state"`
				} `json:"get_sysinfo"`
			} `json:"system"`
		}
		if err := json.Unmarshal(handle(t, d, `{"system":{"get_sysinfo":{}}}`), &answer); err != nil {
			t.Fatal(err)
		}
		if got := answer.System.Info; got.Brightness != step.brightness || got.Relay != step.on {
			t.Errorf("%s after %v: %+v, want %d %d", step.request, step.after, got, step.brightness, step.on)
		}
	}
}
