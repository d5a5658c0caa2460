package iot_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
)

func TestZoneIndex(t *testing.T) {
	at := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]int{
		"GB":               39, // by its name
		"PST8PDT":          6,
		"Europe/Helsinki":  54,
		"Europe/London":    39, // by its offsets
		"Europe/Berlin":    41,
		"America/New_York": 19, // 18 is in doubt
		"EST":              16, // Bogota, which has no summer time for sure; 18 is in doubt
		"Asia/Kolkata":     75,
		"UTC":              38,
		"Etc/GMT-14":       109,
	} {
		zone, ok := method.Zone(name)
		if !ok {
			t.Fatal(name)
		}
		if got, err := iot.ZoneIndex(zone, at); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", name, got, err, want)
		}
	}
	if _, err := iot.ZoneIndex(time.FixedZone("", 7*60), at); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("a zone of seven minutes: %v", err)
	}
	for i := range 110 {
		name, ok := iot.ZoneName(i)
		zone, loads := method.Zone(name)
		if !ok || !loads {
			t.Errorf("%d is %q", i, name)
			continue
		}
		// The first zone with the same offsets may have another number.
		got, err := iot.ZoneIndex(zone, at)
		other, _ := iot.ZoneName(got)
		if loaded, _ := method.Zone(other); err != nil || at.In(loaded).Format(time.DateTime) != at.In(zone).Format(time.DateTime) {
			t.Errorf("%s is %d: %v", name, got, err)
		}
	}
	if _, ok := iot.ZoneName(110); ok {
		t.Error("there is a 110")
	}
}

func FuzzTimezone(f *testing.F) {
	f.Add(`{"index":39,"zone_str":"(UTC-08:00) Pacific Daylight Time (US & Canada)","tz_str":"PST8PDT,M3.2.0,M11.1.0","dst_offset":60}`,
		`{"year":2024,"month":5,"mday":1,"wday":3,"hour":12,"min":30,"sec":5}`)
	f.Add(`{"index":18}`, `{"year":2024,"month":2,"mday":30,"hour":99}`)
	f.Add(`{"index":-1}`, `{}`)
	f.Add(`{"index":1e99}`, `{"year":"x"}`)
	f.Fuzz(func(t *testing.T, zone, clock string) {
		z, _ := iot.PlugClock.GetTimezone.Decode(json.RawMessage(zone))
		c, _ := iot.PlugClock.GetTime.Decode(json.RawMessage(clock))
		if z == nil || c == nil {
			return
		}
		host := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		location := z.Location(c, host)
		at, ok := c.In(location)
		if !ok {
			return
		}
		if again, ok := new(iot.TimeOf(at)).In(location); !ok && at.Year() >= 1970 && at.Year() <= 9999 || ok && !again.Equal(at) && again.Sub(at).Abs() > 2*time.Hour {
			t.Errorf("%v came back as %v", at, again)
		}
	})
}

func FuzzScanInfo(f *testing.F) {
	f.Add(`{"ap_list":[{"ssid":"home","key_type":3,"rssi":-42},{"ssid":"guests","key_type":0}],"wpa3_support":0}`)
	f.Add(`{"ap_list":[{"ssid":null,"key_type":"3","channel":1.5,"cipher_type":2,"bssid":"x"}]}`)
	f.Add(`{"ap_list":{}}`)
	f.Fuzz(func(_ *testing.T, raw string) {
		_, _ = iot.PlugWiFi.GetScanInfo.Decode(json.RawMessage(raw))
		_, _ = iot.PlugCloud.GetFirmware.Decode(json.RawMessage(raw))
		_, _ = iot.GetDownloadState.Decode(json.RawMessage(raw))
	})
}

// TestPasswordsAreWritten: a password is text on the wire, and nowhere else.
func TestPasswordsAreWritten(t *testing.T) {
	s := iot.Station{SSID: "home", Password: wattle.NewSecret("12345678"), KeyType: iot.KeyWPA2}
	call, err := iot.PlugWiFi.SetStaInfo.With(s)
	if want := `{"key_type":3,"password":"12345678","ssid":"home"}`; err != nil || string(call.Params) != want {
		t.Errorf("%s, %v, want %s", call.Params, err, want)
	}
}
