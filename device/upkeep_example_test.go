package device_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"wattle"
	"wattle/device"
)

func ExampleDevice_Firmware() {
	ctx := context.Background()
	plug, home := living(ctx, "P110(EU)_1.0_1.4.2")
	// The maker offers something new.
	if err := home.Poke("", "firmware", "1.5.0 Build 260101 Rel.1"); err != nil {
		log.Fatal(err)
	}
	f, err := plug.Firmware(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("installed:", f.Installed)
	fmt.Println("offered:", f.Newer.Version)
	// Device.UpdateFirmware installs it. When it does so by itself:
	night := device.AutoUpdate{Enabled: true, Start: 3 * time.Hour, Window: 2 * time.Hour}
	if err := plug.SetAutoUpdate(ctx, night); err != nil {
		log.Fatal(err)
	}
	when, err := plug.AutoUpdate(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("by itself:", when.Enabled, when.Start, "and", when.Window, "after that")
	// Output:
	// installed: 1.4.2 Build 240520 Rel.160230
	// offered: 1.5.0 Build 260101 Rel.1
	// by itself: true 3h0m0s and 2h0m0s after that
}

func ExampleDevice_SetClock() {
	ctx := context.Background()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		log.Fatal(err)
	}
	// Tapo devices know zones by name; Kasa devices have a list, of which the first
	// that behaves like it is taken.
	for _, name := range []string{"HS100(EU)_2.1_1.6.2", "P110(EU)_1.0_1.4.2"} {
		plug, _ := living(ctx, name)
		if err := plug.SetClock(ctx, time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC), zone); err != nil {
			log.Fatal(err)
		}
		c, err := plug.Clock(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Time.Format("15:04 MST"), c.Zone)
	}
	// Output:
	// 12:00 CEST Europe/Amsterdam
	// 12:00 CEST Europe/Berlin
}

func ExampleDevice_SetLED() {
	ctx := context.Background()
	plug := demo(ctx, "P110(EU)_1.0_1.4.2")
	err := plug.SetLED(ctx, device.LED{
		Rule: device.LEDNight, Night: &device.NightMode{Start: 22 * time.Hour, End: 6*time.Hour + 30*time.Minute},
	})
	if err != nil {
		log.Fatal(err)
	}
	led, err := plug.LED(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(led.Rule, led.Night.Start, "to", led.Night.End)
	// The LED of a Kasa device has no night.
	err = demo(ctx, "HS100(EU)_2.1_1.6.2").SetLED(ctx, device.LED{Rule: device.LEDNight})
	fmt.Println(errors.Is(err, wattle.ErrUnsupported))
	// Output:
	// night_mode 22h0m0s to 6h30m0s
	// true
}

// A new device is told which network to join: see discover for how to find it in
// its own access point.
func ExampleDevice_ScanWiFi() {
	ctx := context.Background()
	plug := demo(ctx, "HS100(EU)_2.1_1.6.2")
	networks, err := plug.ScanWiFi(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range networks {
		fmt.Println(n.SSID, n.Security, *n.RSSI, "dBm")
	}
	// It goes at once: nil says no more than that it was told.
	err = plug.JoinWiFi(ctx, device.Join{SSID: networks[0].SSID, Password: wattle.NewSecret("correct horse")})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// simulated wpa2 -48 dBm
	// guests open -63 dBm
	// neighbour wpa2 -79 dBm
}
