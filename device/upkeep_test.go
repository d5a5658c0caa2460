package device_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
)

func ofHome(t testing.TB, name string) *capture.File {
	t.Helper()
	i := slices.IndexFunc(homes.Demo(), func(f *capture.File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("the home has no %s", name)
	}
	return homes.Demo()[i]
}

// present is a time at which devices believe their clocks, also in a bubble,
// which begins in 2000.
func present() time.Time { return time.Now().AddDate(26, 0, 0) }

// kept opens a device of the home whose clock goes with that of the bubble.
func kept(t testing.TB, name string, o simulator.DeviceOptions) (*device.Device, *simulator.Device) {
	t.Helper()
	o.KeepIDs, o.Library, o.Now = true, homes.Library(), present
	f := ofHome(t, name)
	virtual, err := simulator.New(f, &o)
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(&direct{device: virtual}, f.Family, nil)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := device.New(t.Context(), s, f.Family, &device.Options{Now: present})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, virtual
}

// one of each language that has all the upkeep.
const (
	tapoPlug = "P110(EU)_1.0_1.4.2"
	kasaPlug = "KP115(EU)_1.0_1.1.3"
	kasaBulb = "KL130(EU)_1.0_1.9.1"
)

func TestClock(t *testing.T) {
	for _, name := range []string{tapoPlug, kasaPlug, kasaBulb} {
		for _, stubborn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, stubborn), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d, _ := kept(t, name, simulator.DeviceOptions{Quirks: simulator.Quirks{NoSetTime: stubborn}})
					c, err := d.Clock(t.Context())
					if err != nil || !c.Set || c.Drift.Abs() > time.Second {
						t.Fatalf("%+v, %v", c, err)
					}
					zone, _ := time.LoadLocation("Europe/Berlin")
					late := present().Add(90 * time.Second)
					if err := d.SetClock(t.Context(), late, zone); err != nil {
						t.Fatal(err)
					}
					c, err = d.Clock(t.Context())
					if err != nil || !aboutSame(c.Drift, 90*time.Second) || c.Time.In(zone).Format(time.DateTime) != c.Time.Format(time.DateTime) {
						t.Errorf("%+v, %v, want 90 s ahead in Berlin", c, err)
					}
					if (c.Index == 41) != (d.Family() == wattle.IOT) {
						t.Errorf("index %d", c.Index)
					}
					if err := d.SetClock(t.Context(), present(), nil); err != nil {
						t.Fatal(err)
					}
					again, err := d.Clock(t.Context())
					if err != nil || again.Drift.Abs() > time.Second || again.Zone != c.Zone {
						t.Errorf("%+v, %v, want the time of this computer and the zone %s", again, err, c.Zone)
					}
				})
			})
		}
	}
}

func aboutSame(a, b time.Duration) bool { return (a - b).Abs() <= time.Second }

func TestClockErrors(t *testing.T) {
	d, _ := kept(t, kasaPlug, simulator.DeviceOptions{})
	odd := time.FixedZone("odd", 7*60+30)
	if err := d.SetClock(t.Context(), time.Now(), odd); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("a zone that Kasa devices do not have: %v", err)
	}
	if _, err := alone(t).Clock(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("a device without a clock: %v", err)
	}
}

// alone is a device that lists no component beyond itself.
func alone(t *testing.T) *device.Device {
	t.Helper()
	f := plug()
	f.set("component_nego", `{"component_list":[{"id":"device","ver_code":2}]}`)
	d, err := device.New(t.Context(), f, wattle.SMART, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNothingOffered(t *testing.T) {
	d, ctx := alone(t), t.Context()
	for name, do := range map[string]func() error{
		"clock":       func() error { return d.SetClock(ctx, time.Now(), nil) },
		"led":         func() error { _, err := d.LED(ctx); return err },
		"firmware":    func() error { _, err := d.Firmware(ctx); return err },
		"auto update": func() error { return d.SetAutoUpdate(ctx, device.AutoUpdate{}) },
		"scan":        func() error { _, err := d.ScanWiFi(ctx); return err },
		"join":        func() error { return d.JoinWiFi(ctx, device.Join{SSID: "home"}) },
		"cloud":       func() error { _, err := d.Cloud(ctx); return err },
		"unbind":      func() error { return d.UnbindCloud(ctx) },
		"codes":       func() error { _, err := d.SetupCodes(ctx); return err },
		"place":       func() error { return d.SetLocation(ctx, device.Location{Latitude: 1}) },
	} {
		if err := do(); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLED(t *testing.T) {
	d, _ := kept(t, tapoPlug, simulator.DeviceOptions{})
	night := &device.NightMode{Start: 22 * time.Hour, End: 6*time.Hour + 30*time.Minute}
	if err := d.SetLED(t.Context(), device.LED{Rule: device.LEDNight, Night: night}); err != nil {
		t.Fatal(err)
	}
	got, err := d.LED(t.Context())
	if err != nil || got.Rule != device.LEDNight || got.Night == nil || got.Night.Start != night.Start || got.Night.End != night.End || got.Night.Sun {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := d.Get("led_rule"); err != nil || v.String() != "night_mode" {
		t.Errorf("led_rule %v, %v", v, err)
	}
	sun := &device.NightMode{Sun: true, SunsetOffset: -time.Hour}
	if err := d.SetLED(t.Context(), device.LED{Night: sun}); err != nil {
		t.Fatal(err)
	}
	if got, err := d.LED(t.Context()); err != nil || got.Rule != device.LEDNight || !got.Night.Sun || got.Night.SunsetOffset != -time.Hour {
		t.Errorf("%+v, %v", got.Night, err)
	}
	if err := d.SetLED(t.Context(), device.LED{Night: &device.NightMode{End: 25 * time.Hour}}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("25 o'clock: %v", err)
	}
	kasa, _ := kept(t, kasaPlug, simulator.DeviceOptions{})
	if err := kasa.SetLED(t.Context(), device.LED{Rule: device.LEDNever}); err != nil {
		t.Fatal(err)
	}
	if got, err := kasa.LED(t.Context()); err != nil || got.Rule != device.LEDNever || got.On == nil || *got.On {
		t.Errorf("%+v, %v", got, err)
	}
	if err := kasa.SetLED(t.Context(), device.LED{Rule: device.LEDNight}); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("night mode of a Kasa plug: %v", err)
	}
}

// TestLEDKeepsAll: what we do not know of the object goes back with it.
func TestLEDKeepsAll(t *testing.T) {
	f := plug()
	f.set("get_led_info", `{"led_rule":"always","led_status":true,"bri_config":{"bri_type":"overall","overall_bri":50},
		"night_mode":{"night_mode_type":"custom","start_time":1,"end_time":2,"moon":"full"}}`)
	d, err := device.New(t.Context(), f, wattle.SMART, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetLED(t.Context(), device.LED{Rule: device.LEDNever, Night: &device.NightMode{Start: time.Hour, End: 2 * time.Hour}}); err != nil {
		t.Fatal(err)
	}
	want := `set_led_info {"bri_config":{"bri_type":"overall","overall_bri":50},"led_rule":"never","led_status":true,` +
		`"night_mode":{"end_time":120,"moon":"full","night_mode_type":"custom","start_time":60}}`
	if got := f.last(); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestUpdate(t *testing.T) {
	for _, name := range []string{tapoPlug, kasaPlug, kasaBulb} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, virtual := kept(t, name, simulator.DeviceOptions{})
				before, err := d.Firmware(t.Context())
				if err != nil || before.Newer != nil || before.Installed == "" {
					t.Fatalf("%+v, %v", before, err)
				}
				if _, err := d.UpdateFirmware(t.Context(), nil); !errors.Is(err, wattle.ErrRefused) {
					t.Errorf("an update to nothing: %v", err)
				}
				const offered = "9.8.7 Build 260101 Rel.1"
				if err := virtual.Poke("", "firmware", offered); err != nil {
					t.Fatal(err)
				}
				f, err := d.Firmware(t.Context())
				if err != nil || f.Newer == nil || f.Newer.Version != offered || f.Newer.Notes == "" {
					t.Fatalf("%+v, %v", f.Newer, err)
				}
				var stages []device.UpdateStage
				last := -1
				got, err := d.UpdateFirmware(t.Context(), func(p device.UpdateProgress) {
					if p.Percent < last {
						t.Errorf("%d %% after %d %%", p.Percent, last)
					}
					last = p.Percent
					if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
						stages = append(stages, p.Stage)
					}
				})
				if err != nil || got != offered {
					t.Errorf("%q, %v", got, err)
				}
				want := []device.UpdateStage{device.UpdateDownloading, device.UpdateFlashing, device.UpdateDone}
				if !slices.Equal(stages, want) {
					t.Errorf("stages %v, want %v", stages, want)
				}
				if v := d.Identity().Firmware; v != "9.8.7" {
					t.Errorf("identity has %s", v)
				}
			})
		})
	}
}

// TestUpdateFails: a download that fails, that never begins, and that is given up.
func TestUpdateFails(t *testing.T) {
	for name, state := range map[string]string{
		"fails": `{"status":-1}`, "never begins": `{"status":0}`, "stands": `{"status":2,"download_progress":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := plug()
				f.set("component_nego", `{"component_list":[{"id":"firmware","ver_code":2}]}`)
				f.set("get_latest_fw", `{"type":1,"fw_ver":"2.0.0"}`)
				f.set("get_fw_download_state", state)
				d, err := device.New(t.Context(), f, wattle.SMART, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := d.UpdateFirmware(t.Context(), nil); !errors.Is(err, wattle.ErrRefused) {
					t.Errorf("%v", err)
				}
				if name == "stands" {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					if _, err := d.UpdateFirmware(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("given up: %v", err)
					}
				}
			})
		})
	}
}

func TestAutoUpdate(t *testing.T) {
	d, _ := kept(t, tapoPlug, simulator.DeviceOptions{})
	want := device.AutoUpdate{Enabled: false, Start: 4 * time.Hour, Window: 90 * time.Minute}
	if err := d.SetAutoUpdate(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if got, err := d.AutoUpdate(t.Context()); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := d.SetAutoUpdate(t.Context(), device.AutoUpdate{Start: -1}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("before midnight: %v", err)
	}
	kasa, _ := kept(t, kasaPlug, simulator.DeviceOptions{})
	if _, err := kasa.AutoUpdate(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("of a Kasa plug: %v", err)
	}
}

func TestWiFi(t *testing.T) {
	for _, name := range []string{tapoPlug, kasaPlug, kasaBulb} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, virtual := kept(t, name, simulator.DeviceOptions{})
				list, err := d.ScanWiFi(t.Context())
				if err != nil || len(list) < 2 || list[0].SSID != "simulated" || list[0].Security != device.SecurityWPA2 {
					t.Fatalf("%+v, %v", list, err)
				}
				gone := 0
				virtual.OnReboot(func(time.Duration) { gone++ })
				account := wattle.Credentials{Username: "me@example.com", Password: wattle.NewSecret("my password")}
				err = d.JoinWiFi(t.Context(), device.Join{SSID: "neighbour", Password: wattle.NewSecret("12345678"), Account: account})
				if err != nil || gone != 1 {
					t.Errorf("joined %v, and it left %d times", err, gone)
				}
				if d.Family() == wattle.SMART && virtual.Holds(wattle.Credentials{}) != account {
					t.Error("it does not belong to the account")
				}
				for _, bad := range []device.Join{
					{}, {SSID: "x", Password: wattle.NewSecret("short")}, {SSID: "x", Security: "wep9"},
					{SSID: "x", Security: device.SecurityOpen, Password: wattle.NewSecret("12345678")},
				} {
					if err := d.JoinWiFi(t.Context(), bad); !errors.Is(err, wattle.ErrParam) {
						t.Errorf("%+v: %v", bad, err)
					}
				}
			})
		})
	}
}

func TestCloud(t *testing.T) {
	d, _ := kept(t, kasaPlug, simulator.DeviceOptions{})
	if err := d.UnbindCloud(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := d.Cloud(t.Context())
	if err != nil || c.Bound == nil || *c.Bound || c.Connected == nil || *c.Connected {
		t.Errorf("%+v, %v", c, err)
	}
	if err := d.UnbindCloud(t.Context()); !errors.Is(err, wattle.ErrRefused) {
		t.Errorf("unbound twice: %v", err)
	}
	account := wattle.Credentials{Username: "me@example.com", Password: wattle.NewSecret("p")}
	if err := d.BindCloud(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Cloud(t.Context()); err != nil || c.Account != "me@example.com" || !*c.Bound {
		t.Errorf("%+v, %v", c, err)
	}
	if err := d.BindCloud(t.Context(), wattle.Credentials{}); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("bound to nobody: %v", err)
	}
	tapo, virtual := kept(t, tapoPlug, simulator.DeviceOptions{})
	if c, err := tapo.Cloud(t.Context()); err != nil || c.Connected == nil || c.Bound != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if err := tapo.BindCloud(t.Context(), account); err != nil || virtual.Holds(wattle.Credentials{}) != account {
		t.Errorf("bound: %v", err)
	}
}

func TestSetupCodes(t *testing.T) {
	d, _ := kept(t, "S505D(US)_1.0_1.1.1", simulator.DeviceOptions{})
	c, err := d.SetupCodes(t.Context())
	if err != nil || c.MatterCode.IsZero() || c.MatterPayload.IsZero() || fmt.Sprint(c.MatterCode) != "[secret]" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLocation(t *testing.T) {
	for _, name := range []string{tapoPlug, kasaPlug, "HS110(EU)_1.0_1.3.1"} {
		d, _ := kept(t, name, simulator.DeviceOptions{})
		want := device.Location{Latitude: -33.8568, Longitude: 151.2153}
		if err := d.SetLocation(t.Context(), want); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := d.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Location(); !ok || got != want {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
		if err := d.SetLocation(t.Context(), device.Location{Latitude: 91}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s: beyond the pole: %v", name, err)
		}
	}
}

func TestReset(t *testing.T) {
	for _, name := range []string{tapoPlug, kasaPlug, kasaBulb} {
		d, virtual := kept(t, name, simulator.DeviceOptions{})
		gone := 0
		virtual.OnReboot(func(time.Duration) { gone++ })
		if err := d.Reboot(t.Context(), 0); err != nil || gone != 1 {
			t.Errorf("%s: reboot: %v, %d times", name, err, gone)
		}
		if err := d.Reset(t.Context()); err != nil || gone != 2 {
			t.Errorf("%s: reset: %v, %d times", name, err, gone)
		}
		if got := virtual.Holds(simulator.DemoAccount()); got == simulator.DemoAccount() {
			t.Errorf("%s: it still belongs to somebody", name)
		}
	}
	strip, _ := kept(t, "P300(EU)_1.0_1.1.2", simulator.DeviceOptions{})
	if err := strip.Children()[0].Reset(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("an outlet: %v", err)
	}
}
