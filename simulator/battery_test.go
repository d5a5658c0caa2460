package simulator_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wattle/capture"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// TestBatteryPort: a device with a battery is found on port 20004 alone, at an
// address of its own and at a shared one, and others only on 20002.
func TestBatteryPort(t *testing.T) {
	for name, shared := range map[string]netip.Addr{"own address": {}, "shared address": netip.MustParseAddr("127.0.0.1")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := memnet.New()
				o := memoryHome(network)
				o.Shared = shared
				var devices []*simulator.Device
				for i, model := range []string{"P100(EU)_1.0_1.5.1", "P110(EU)_1.0_1.4.2"} {
					files := homes.Demo()
					file := files[slices.IndexFunc(files, func(f *capture.File) bool { return f.Name == model })]
					d, err := simulator.New(file, &simulator.DeviceOptions{Index: i, Battery: i == 1})
					if err != nil {
						t.Fatal(err)
					}
					devices = append(devices, d)
				}
				runHome(t, o, devices)
				targets := []string{"127.255.255.255"}
				if shared.IsValid() {
					// Nobody is at the second one: a sweep of single hosts ends when each
					// has answered, and here two devices answer for one.
					targets = []string{shared.String(), "127.0.0.200"}
				}
				via := map[string][]uint16{}
				for f, err := range discover.Sweep(t.Context(), &discover.Options{
					Targets: targets, OnlyTargets: true, Timeout: 2 * time.Second,
					ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
				}) {
					if err != nil {
						t.Fatal(err)
					}
					via[f.Model.Name] = f.Via
				}
				if !slices.Equal(via["P100"], []uint16{20002}) || !slices.Equal(via["P110"], []uint16{20004}) {
					t.Errorf("found via %v, want the P100 on 20002 and the P110 on 20004", via)
				}
			})
		})
	}
}
