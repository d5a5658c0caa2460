package iot_test

import (
	"encoding/json"
	"testing"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
)

func TestDeviceType(t *testing.T) {
	for _, tt := range []struct {
		sysinfo string
		want    wattle.DeviceType
	}{
		{`{"type":"IOT.SMARTPLUGSWITCH","dev_name":"Smart Wi-Fi Plug"}`, wattle.Plug},
		{`{"mic_type":"IOT.SMARTPLUGSWITCH"}`, wattle.Plug},
		{`{"mic_type":"IOT.SMARTPLUGSWITCH","dev_name":"Smart Wi-Fi LIGHT Switch"}`, wattle.WallSwitch},
		{`{"mic_type":"IOT.SMARTPLUGSWITCH","dev_name":"Outdoor Plug-In Dimmer"}`, wattle.Dimmer},
		{`{"mic_type":"IOT.SMARTPLUGSWITCH","children":[{"id":"00"}]}`, wattle.Strip},
		{`{"mic_type":"IOT.SMARTBULB"}`, wattle.Bulb},
		{`{"mic_type":"IOT.SMARTBULB","length":16}`, wattle.LightStrip},
		{`{"type":"IOT.RANGEEXTENDER.SMARTPLUG"}`, wattle.Plug},
		{`{"system":{"type":"IOT.IPCAMERA","camera_switch":"on"},"err_code":0}`, wattle.Camera},
		{`{"model":"X"}`, ""},
	} {
		s, err := iot.GetSysinfo.Decode(json.RawMessage(tt.sysinfo))
		if err != nil || s.DeviceType() != tt.want {
			t.Errorf("%s is %q (%v), want %q", tt.sysinfo, s.DeviceType(), err, tt.want)
		}
	}
}

func TestSysinfo(t *testing.T) {
	s, err := iot.GetSysinfo.Decode(json.RawMessage(`{"mic_mac":"0200000000AB","feature":"TIM:ENE","deviceId":"80","children":[{"id":"01"},{"id":"8099"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Address().String(); got != "02:00:00:00:00:AB" {
		t.Errorf("MAC %s", got)
	}
	if !s.Meters() || s.IsLight() {
		t.Errorf("meters %t, light %t", s.Meters(), s.IsLight())
	}
	if a, b := s.ChildID(s.Children[0]), s.ChildID(s.Children[1]); a != "8001" || b != "8099" {
		t.Errorf("child ids %s, %s", a, b)
	}
}

// TestRealtime: the two unit systems say the same.
func TestRealtime(t *testing.T) {
	for _, raw := range []string{
		`{"current":0.5,"voltage":230.5,"power":100.25,"total":1.5}`,
		`{"current_ma":500,"voltage_mv":230500,"power_mw":100250,"total_wh":1500}`,
	} {
		r, err := iot.Emeter.GetRealtime.Decode(json.RawMessage(raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			get  func() (float64, bool)
			want float64
		}{"A": {r.Amperes, 0.5}, "V": {r.Volts, 230.5}, "W": {r.Watts, 100.25}, "kWh": {r.TotalKWh, 1.5}} {
			if got, ok := tt.get(); !ok || got != tt.want {
				t.Errorf("%s: %g %s (%t), want %g", raw, got, name, ok, tt.want)
			}
		}
	}
	r, _ := iot.Emeter.GetRealtime.Decode(json.RawMessage(`{"power_mw":0}`))
	if _, ok := r.Volts(); ok {
		t.Error("a voltage that was not said")
	}
	if w, ok := r.Watts(); !ok || w != 0 {
		t.Error("0 W is not 0 W")
	}
}

func TestClock(t *testing.T) {
	summer := iot.Time{Year: 2026, Month: 7, Day: 1, Hour: 12}
	for _, tt := range []struct {
		index int
		host  string
		want  string
	}{
		{39, "2026-07-01T11:00:00Z", "2026-07-01T12:00:00+01:00"},
		{18, "2026-07-01T16:00:00Z", "2026-07-01T12:00:00-04:00"}, // New York with daylight saving time
		{18, "2026-07-01T17:00:00Z", "2026-07-01T12:00:00-05:00"}, // EST all year
		{110, "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"},
		{-1, "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"},
	} {
		host, err := time.Parse(time.RFC3339, tt.host)
		if err != nil {
			t.Fatal(err)
		}
		zone := iot.Timezone{Index: method.Some(tt.index)}
		at, ok := summer.In(zone.Location(&summer, host))
		if got := at.Format(time.RFC3339); !ok || got != tt.want {
			t.Errorf("index %d: %s (%t), want %s", tt.index, got, ok, tt.want)
		}
	}
	for i := range 110 {
		zone := iot.Timezone{Index: method.Some(i)}
		if name := zone.Location(&summer, time.Time{}).String(); name == "UTC" {
			t.Errorf("index %d does not load", i)
		}
	}
	for _, never := range []iot.Time{{}, {Year: 2000, Month: 13, Day: 1}, {Year: 99999, Month: 1, Day: 1}} {
		if _, ok := never.In(time.UTC); ok {
			t.Errorf("%+v is a time", never)
		}
	}
}

func FuzzSysinfo(f *testing.F) {
	f.Add(`{"mic_type":"IOT.SMARTBULB","light_state":{"on_off":0,"dft_on_state":{"brightness":1}},"mic_mac":"02"}`)
	f.Add(`{"system":{"type":"IOT.IPCAMERA"}}`)
	f.Add(`{"children":[{"id":"00","state":1}],"type":3}`)
	f.Fuzz(func(t *testing.T, raw string) {
		s, _ := iot.GetSysinfo.Decode(json.RawMessage(raw))
		if s == nil {
			return
		}
		_, _, _, _ = s.DeviceType(), s.Address(), s.Meters(), s.IsLight()
		for _, o := range s.Children {
			_ = s.ChildID(o)
		}
	})
}
