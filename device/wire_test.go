package device_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/internal/memnet"
	"wattle/session"
	"wattle/simulator"
	"wattle/transport"
)

// loopback is where devices that are served live.
var loopback = netip.MustParsePrefix("127.46.0.0/16")

// serve puts a device of a capture on a network in memory, with the transport
// that the capture names, or another of the family where nobody serves that, and
// opens it through a session. It belongs into a bubble of synctest. The channel
// tells each time that the device came back from a restart.
func serve(tb testing.TB, f *capture.File, library *capture.Library) (*device.Device, wattle.Transport, <-chan simulator.Ready) {
	tb.Helper()
	network := memnet.New()
	ready := make(chan simulator.Ready, 64)
	home := simulator.NewHome(&simulator.HomeOptions{
		Range:        loopback,
		Account:      simulator.DemoAccount(),
		Listen:       func(_ context.Context, n, a string) (net.Listener, error) { return network.Listen(n, a) },
		ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
		Ready:        func(r simulator.Ready) { ready <- r },
	})
	add := func(transport string) error {
		virtual, err := simulator.New(f, &simulator.DeviceOptions{
			Library: library, KeepIDs: true, Freeze: true, Now: now, Transport: transport,
		})
		if err != nil {
			return err
		}
		return home.Add(virtual, nil)
	}
	err := add("")
	if errors.Is(err, wattle.ErrUnsupported) {
		err = add("klap")
	}
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- home.Run(ctx) }()
	at := <-ready
	conn, err := transport.Open(
		wattle.Route{Family: at.Family, Transport: at.Transport, Host: at.Address, Port: at.Port, TLS: at.TLS, Version: at.Version},
		&transport.Options{
			Account: simulator.DemoAccount(), Timeout: session.MaxTimeout,
			DialContext: network.DialContext,
		})
	if err != nil {
		tb.Fatal(err)
	}
	s := session.New(conn, f.Family, nil)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
		stop()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	d, err := device.New(tb.Context(), s, f.Family, &device.Options{Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := d.Poll(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return d, at.Transport, ready
}
