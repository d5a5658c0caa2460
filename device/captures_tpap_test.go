package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"

	"wattle"
	"wattle/device"
	"wattle/internal/memnet"
	"wattle/internal/recorded"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// TestCapturesOverTPAP: every device of the smart family reads the same over
// TPAP as over KLAP, and as well as expected.
func TestCapturesOverTPAP(t *testing.T) {
	dir := recorded.Folder(t)
	out := t.TempDir()
	all := names(t, "smart", "smart/child")
	for _, name := range all {
		t.Run(name, func(t *testing.T) {
			klap := readOver(t, dir, name, wattle.KLAP, endpoint.ServeKLAP)
			tpap := readOver(t, dir, name, wattle.TPAP, endpoint.ServeTPAP)
			if !bytes.Equal(klap, tpap) {
				t.Errorf("over TPAP\n%s\nover KLAP\n%s", tpap, klap)
			}
			file := filepath.Join(out, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, tpap, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Logf("%d captures read the same over TPAP and KLAP", len(all))
	score(t, dir, out, all)
}

// readOver serves a capture over a transport and gives what a client reads.
func readOver(t *testing.T, dir, name string, over wattle.Transport,
	serve func(context.Context, net.Listener, endpoint.Device, *endpoint.Options) error,
) []byte {
	t.Helper()
	f, library := load(t, dir, name)
	virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	network := memnet.New()
	ln, err := network.Listen("tcp4", "192.0.2.1:80")
	if err != nil {
		t.Fatal(err)
	}
	account := simulator.DemoAccount()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, ln, virtual, &endpoint.Options{Account: account}) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	route := wattle.Route{Family: wattle.SMART, Transport: over, Host: "192.0.2.1", Port: 80}
	conn, err := transport.Open(route, &transport.Options{Account: account, DialContext: network.DialContext})
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(conn, f.Family, nil)
	defer s.Close()
	d, err := device.New(t.Context(), s, f.Family, &device.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	state, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(device.Inspect(state).Reveal(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if n := conn.Info().Handshakes; n != 1 {
		t.Errorf("%d logins over %s, want 1", n, over)
	}
	return b
}
