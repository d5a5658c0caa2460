package simulator_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/internal/wire/discovery"
	"wattle/simulator"
	"wattle/simulator/homes"
	"wattle/transport"
)

// TestTPAP: devices of the smart family announce TPAP as they serve it, over
// HTTPS where they were recorded so, and answer who they are. One that waits to be
// set up takes what is made from its MAC.
func TestTPAP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		var devices []*simulator.Device
		for i, name := range []string{"P110", "RV30"} {
			d, err := simulator.New(invented(t, name), &simulator.DeviceOptions{Library: homes.Library(), Transport: "tpap", Index: i})
			if err != nil {
				t.Fatal(err)
			}
			devices = append(devices, d)
		}
		h := runHome(t, memoryHome(network), devices)
		found := map[wattle.MAC]discover.Found{}
		for f, err := range discover.Sweep(t.Context(), &discover.Options{
			Targets: []string{"127.255.255.255"}, Timeout: 2 * time.Second,
			ListenPacket: func(_ context.Context, n, a string) (net.PacketConn, error) { return network.ListenPacket(n, a) },
		}) {
			if err != nil {
				t.Fatal(err)
			}
			found[f.MAC] = f
		}
		for i, overTLS := range []bool{false, true} {
			r := h.ready[i]
			f := found[r.MAC]
			if len(f.Routes) == 0 || f.Routes[0] != route(r) || r.Transport != wattle.TPAP || r.TLS != overTLS {
				t.Errorf("%s is served as %v and found as %+v", r.Name, route(r), f.Routes)
				continue
			}
			if _, err := ask(t, r, network.DialContext, identityRequest(r)); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
			a, err := discovery.ParseResult(devices[i].Discovery(simulator.Announcement{Port: r.Port}).Result)
			if err != nil {
				t.Fatal(err)
			}
			if a.TPAP == nil || a.TPAPPreferred == nil || !*a.TPAPPreferred || a.Scheme.EncryptType != "TPAP" || a.Scheme.LoginVer != 2 ||
				a.TPAP.Port != r.Port || a.TPAP.TLS > 0 != overTLS {
				t.Errorf("%s announces %+v, %+v", r.Name, a.Scheme, a.TPAP)
			}
		}
	})
}

// TestTPAPUnbound: without a password the MAC is the secret.
func TestTPAPUnbound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		d, err := simulator.New(invented(t, "P110"), &simulator.DeviceOptions{Library: homes.Library(), Transport: "tpap"})
		if err != nil {
			t.Fatal(err)
		}
		o := memoryHome(network)
		o.Account = wattle.Credentials{}
		h := runHome(t, o, []*simulator.Device{d})
		conn, err := transport.Open(route(h.ready[0]), &transport.Options{DialContext: network.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Exchange(t.Context(), []byte(identityRequest(h.ready[0]))); err != nil || conn.Info().Credential != transport.LabelMAC {
			t.Errorf("%v, %+v", err, conn.Info())
		}
	})
}
