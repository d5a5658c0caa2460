// Package hubtest runs a simulated home in memory and a hub over it, for tests
// of the hub and of what stands on it. Inside a testing/synctest bubble an hour
// passes in a moment.
package hubtest

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/connect"
	"wattle/discover"
	"wattle/hub"
	"wattle/internal/memnet"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// Account is what the devices of a home are bound to.
func Account() wattle.Credentials {
	return wattle.Credentials{Username: "someone@example.com", Password: wattle.NewSecret("a very good password")}
}

// Home is a running simulated home on a network in memory.
type Home struct {
	tb testing.TB
	// Sim switches devices, pokes values and sets faults, see [simulator.Home].
	Sim *simulator.Home
	// Net is the network that the devices are on.
	Net *memnet.Network

	mu    sync.Mutex
	ready map[wattle.MAC]simulator.Ready
}

// Models picks invented devices by the beginnings of their file names, such as
// "P110" or "KL130(EU)"; none picks all of [homes.Demo].
func Models(beginnings ...string) []*capture.File {
	return slices.DeleteFunc(homes.Demo(), func(f *capture.File) bool {
		return len(beginnings) > 0 && !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(f.Name, b) })
	})
}

// firstIndex is beyond the ids of invented devices.
const firstIndex = 1 << 14

// Start runs a home of these devices until the test ends, and waits until all
// are served. The same capture may be given several times.
func Start(tb testing.TB, files []*capture.File) *Home {
	tb.Helper()
	h := &Home{tb: tb, Net: memnet.New(), ready: map[wattle.MAC]simulator.Ready{}}
	served := make(chan struct{}, len(files))
	h.Sim = simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix("127.64.0.0/16"), Account: Account(),
		Listen: func(_ context.Context, network, address string) (net.Listener, error) {
			return h.Net.Listen(network, address)
		},
		ListenPacket: func(_ context.Context, network, address string) (net.PacketConn, error) {
			return h.Net.ListenPacket(network, address)
		},
		Ready: func(r simulator.Ready) {
			h.mu.Lock()
			_, again := h.ready[r.MAC]
			h.ready[r.MAC] = r
			h.mu.Unlock()
			if !again {
				served <- struct{}{}
			}
		},
	})
	again := map[string]bool{}
	for i, f := range files {
		o := simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true}
		if again[f.Name] {
			o.KeepIDs, o.Index = false, firstIndex+i
		}
		again[f.Name] = true
		d, err := simulator.New(f, &o)
		if err != nil {
			tb.Fatal(err)
		}
		if err := h.Sim.Add(d, nil); err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Sim.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	for range files {
		select {
		case <-served:
		case err := <-done:
			done <- nil
			tb.Fatal("the home ended:", err)
		}
	}
	return h
}

// At is where a device is served now.
func (h *Home) At(mac wattle.MAC) simulator.Ready {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ready[mac]
}

// Options are those of a hub that lives in this home, with all of its devices
// as entries. Polls are every 5 s.
func (h *Home) Options() *hub.Options {
	o := &hub.Options{
		Connect: connect.Options{
			Account:     Account(),
			DialContext: h.Net.DialContext,
			Discover: &discover.Options{
				ListenPacket: func(_ context.Context, network, address string) (net.PacketConn, error) {
					return h.Net.ListenPacket(network, address)
				},
				ListInterfaces: func() ([]discover.Interface, error) {
					return []discover.Interface{{Name: "lo", Addr: netip.MustParseAddr("127.0.0.1"), Broadcast: netip.MustParseAddr("127.255.255.255")}}, nil
				},
			},
		},
		Sweep: -1,
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for mac, r := range h.ready {
		route := wattle.Route{Family: r.Family, Transport: r.Transport, Version: r.Version, TLS: r.TLS, Host: r.Address, Port: r.Port}
		o.Entries = append(o.Entries, hub.Entry{Target: connect.Target{Name: r.Alias, Host: r.Address, Routes: []wattle.Route{route}, MAC: mac}})
	}
	return o
}

// Hub runs a hub until the test ends. nil options are those of [Home.Options].
func (h *Home) Hub(o *hub.Options) *hub.Hub {
	h.tb.Helper()
	if o == nil {
		o = h.Options()
	}
	made, err := hub.New(o)
	if err != nil {
		h.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- made.Run(ctx) }()
	h.tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.tb.Error(err)
		}
	})
	return made
}

// Online waits until n devices are online, and all children that they list have
// views. Children are not counted.
func Online(tb testing.TB, h *hub.Hub, n int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sub := h.Subscribe(nil)
	defer sub.Close()
	online := map[hub.ID]bool{}
	for len(online) < n || !whole(h) {
		notice, err := sub.Next(ctx)
		if err != nil {
			tb.Fatalf("%d of %d devices are online: %v", len(online), n, err)
		}
		if v := notice.View; v != nil && v.Root() && v.Online {
			online[v.ID] = true
		}
	}
}

// whole reports whether the children of all devices are shown: that follows their
// parents by a moment.
func whole(h *hub.Hub) bool {
	missing := 0
	for _, v := range h.Views() {
		switch {
		case !v.Root():
			missing--
		case v.State != nil:
			missing += len(v.State.Children())
		}
	}
	return missing <= 0
}

// View finds a device by name, slug or id.
func View(tb testing.TB, h *hub.Hub, name string) *hub.View {
	tb.Helper()
	v, err := h.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
