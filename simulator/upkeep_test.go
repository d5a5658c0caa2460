package simulator_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/simulator"
)

func TestUpgrade(t *testing.T) {
	const latest, state = `{"method":"get_latest_fw"}`, `{"method":"get_fw_download_state"}`
	d, now := night(t, "P110(EU)")
	reboots := 0
	d.OnReboot(func(time.Duration) { reboots++ })
	handle(t, d, `{"method":"fw_download"}`)
	if got := told(t, d, state, "result/status"); got != "0" {
		t.Errorf("nothing is offered, and the download has state %s", got)
	}
	if err := d.Poke("", "firmware", `"1.5.0 Build 260101 Rel.1"`); err != nil {
		t.Fatal(err)
	}
	if got := told(t, d, latest, "result/fw_ver"); got != `"1.5.0 Build 260101 Rel.1"` {
		t.Errorf("offered: %s", got)
	}
	handle(t, d, `{"method":"fw_download"}`)
	for _, tt := range []struct {
		after             time.Duration
		status, percent   string
		firmware, newType string
	}{
		{0, "2", "0", `"1.4.2`, "2"},
		{5 * time.Second, "2", "25", `"1.4.2`, "2"},
		{14 * time.Second, "2", "95", `"1.4.2`, "2"},
		{2 * time.Second, "3", "100", `"1.4.2`, "2"},
		{5 * time.Second, "0", "0", `"1.5.0`, "0"},
	} {
		*now = now.Add(tt.after)
		status, percent := told(t, d, state, "result/status"), told(t, d, state, "result/download_progress")
		version, kind := told(t, d, infoRequest, "result/fw_ver"), told(t, d, latest, "result/type")
		if status != tt.status || percent != tt.percent || version[:6] != tt.firmware || kind != tt.newType {
			t.Errorf("after %v more: status %s, %s %%, version %s, type %s, want %+v", tt.after, status, percent, version, kind, tt)
		}
	}
	if reboots != 1 {
		t.Errorf("%d restarts", reboots)
	}
	if err := d.Poke("", "firmware", `7`); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("a number for a version: %v", err)
	}
}

func TestUpgradeIOT(t *testing.T) {
	const state = `{"system":{"get_download_state":{}}}`
	for _, tt := range []struct{ device, cloud string }{{"HS100(EU)", "cnCloud"}, {"KL130(EU)", "smartlife.iot.common.cloud"}} {
		t.Run(tt.device, func(t *testing.T) {
			d, now := night(t, tt.device)
			list := `{"` + tt.cloud + `":{"get_intl_fw_list":{}}}`
			if err := d.Poke("", "firmware", "9.9.9 Build 1"); err != nil {
				t.Fatal(err)
			}
			if got := told(t, d, list, tt.cloud+"/get_intl_fw_list/fw_list/0/fwVer"); got != `"9.9.9 Build 1"` {
				t.Errorf("offered: %s", got)
			}
			if got := told(t, d, `{"system":{"flash_firmware":{}}}`, "system/flash_firmware/err_code"); got != "-5" {
				t.Errorf("flashing nothing: %s", got)
			}
			handle(t, d, `{"system":{"download_firmware":{"url":"http://firmware.example.com/device.bin"}}}`)
			*now = now.Add(10 * time.Second)
			if got := told(t, d, state, "system/get_download_state/ratio"); got != "50" {
				t.Errorf("half way: %s", got)
			}
			*now = now.Add(11 * time.Second)
			if got := told(t, d, state, "system/get_download_state/status"); got != "2" {
				t.Errorf("flashing: %s", got)
			}
			*now = now.Add(5 * time.Second)
			if got := told(t, d, sysinfoRequest, "system/get_sysinfo/sw_ver"); got != `"9.9.9 Build 1"` {
				t.Errorf("installed: %s", got)
			}
			if got := told(t, d, list, tt.cloud+"/get_intl_fw_list/fw_list"); got != "[]" {
				t.Errorf("offered afterwards: %s", got)
			}
		})
	}
}

func TestLEDNight(t *testing.T) {
	const led = `{"method":"get_led_info"}`
	d, now := night(t, "P110(EU)") // 17:00 UTC
	set := func(night string) {
		t.Helper()
		handle(t, d, `{"method":"set_led_info","params":{"led_rule":"night_mode","night_mode":`+night+`}}`)
	}
	lit := func(want string) {
		t.Helper()
		if got := told(t, d, led, "result/led_status"); got != want {
			t.Errorf("at %s the LED is %s, want %s: %s", now.Format(time.TimeOnly), got, want, handle(t, d, led))
		}
	}
	clock := told(t, d, `{"method":"get_device_time"}`, "result/time_diff")
	handle(t, d, `{"method":"set_device_time","params":{"timestamp":1774890000,"time_diff":0,"region":"Etc/UTC"}}`)
	t.Logf("the zone was %s minutes off", clock)
	set(`{"night_mode_type":"custom","start_time":1080,"end_time":360}`)
	lit("true")
	*now = now.Add(2 * time.Hour) // 19:00
	lit("false")
	*now = now.Add(12 * time.Hour) // 7:00
	lit("true")
	set(`{"night_mode_type":"sunrise_sunset","sunrise_offset":60,"sunset_offset":0}`)
	if told(t, d, led, "result/night_mode/end_time") == "360" {
		t.Error("the hours of the sun are not computed")
	}
	handle(t, d, `{"method":"set_led_info","params":{"led_rule":"never"}}`)
	lit("false")
}

func TestReset(t *testing.T) {
	home := simulator.DemoAccount()
	for _, tt := range []struct {
		device, reset, info, name string
		want                      wattle.Credentials
	}{
		{"P110(EU)", `{"method":"device_reset"}`, infoRequest, "result/nickname", wattle.SetupTapo()},
		{"HS100(UK)", `{"system":{"reset":{"delay":1}}}`, sysinfoRequest, "system/get_sysinfo/alias", wattle.SetupKasa()},
	} {
		t.Run(tt.device, func(t *testing.T) {
			d, _ := night(t, tt.device)
			before := told(t, d, tt.info, tt.name)
			if d.Holds(home) != home {
				t.Error("a device of the home holds another account")
			}
			handle(t, d, tt.reset)
			if got := told(t, d, tt.info, tt.name); got == before {
				t.Errorf("it is still called %s", got)
			}
			if got := d.Holds(home); got != tt.want {
				t.Errorf("it holds %s", got.Username)
			}
			if tt.device[0] == 'P' {
				answer := d.Discovery(simulator.Announcement{Account: home.Username}).Result
				if show(at(t, answer, "factory_default")) != "true" || show(at(t, answer, "owner")) != `""` {
					t.Errorf("discovery says %s", answer)
				}
				if got := told(t, d, `{"method":"get_device_usage"}`, "error_code"); got != "-1601" {
					t.Errorf("without the time it says %s to usage", got)
				}
			}
		})
	}
}

func TestJoin(t *testing.T) {
	const setup = `{"method":"set_qs_info","params":{"account":{"username":"bWVAZXhhbXBsZS5jb20=","password":"c2VjcmV0"},` +
		`"wireless":{"ssid":"c2ltdWxhdGVk","password":"MTIzNDU2Nzg=","key_type":"wpa2_psk"},"time":{"time_diff":0,"timestamp":1774890000}}}`
	mine := wattle.Credentials{Username: "me@example.com", Password: wattle.NewSecret("secret")}
	d, _ := night(t, "P110(EU)")
	away := 0
	d.OnReboot(func(time.Duration) { away++ })
	handle(t, d, `{"method":"device_reset"}`)
	if answer := handle(t, d, setup); answer != nil {
		t.Errorf("it answers before it goes: %s", answer)
	}
	if got := d.Holds(wattle.Credentials{}); got != mine {
		t.Errorf("it holds %v", got)
	}
	if away != 2 {
		t.Errorf("it was away %d times", away)
	}
	if got := told(t, d, infoRequest, "result/ssid"); got != `"c2ltdWxhdGVk"` {
		t.Errorf("it is in %s", got)
	}
	if answer := d.Discovery(simulator.Announcement{}).Result; show(at(t, answer, "factory_default")) != "false" ||
		show(at(t, answer, "owner")) != `"`+simulator.Owner("me@example.com")+`"` {
		t.Errorf("discovery says %s", answer)
	}

	d, _ = night(t, "HS100(EU)")
	join := func(ssid string) string {
		return `{"netif":{"set_stainfo":{"ssid":"` + ssid + `","password":"12345678","key_type":3}}}`
	}
	if answer := handle(t, d, join("far away")); answer != nil {
		t.Errorf("it answers before it goes: %s", answer)
	}
	if got := told(t, d, `{"netif":{"get_stainfo":{}}}`, "netif/get_stainfo/ssid"); got != `"simulated"` {
		t.Errorf("it joined what it cannot see: %s", got)
	}
	handle(t, d, join("neighbour"))
	if got := told(t, d, `{"netif":{"get_stainfo":{}}}`, "netif/get_stainfo/ssid"); got != `"neighbour"` {
		t.Errorf("it is in %s", got)
	}
}

func TestNoSetTime(t *testing.T) {
	d := device(t, "HS100(EU)", simulator.DeviceOptions{Quirks: simulator.Quirks{NoSetTime: true}})
	if got := told(t, d, `{"time":{"set_time":{"year":2026,"month":1,"mday":1,"hour":1,"min":1,"sec":1}}}`, "time/set_time/err_code"); got != "-3" {
		t.Errorf("set_time: %s", got)
	}
}

func TestFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := simulator.Faster(60)
		start := now()
		<-time.After(time.Minute)
		if passed := now().Sub(start); passed != time.Hour {
			t.Errorf("a minute is %v", passed)
		}
	})
}
