package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/discover"
	"wattle/internal/wire/discovery"
	"wattle/simulator/endpoint"
)

// Ports and addresses of this package's tests on real sockets.
const (
	loopHost = "127.0.3.41"
	loopHTTP = 29380
	loopXOR  = 29399
	loopUDP  = 29302
)

// TestOnLoopback opens a device over the kernel's sockets, whose errors are
// not those of a network in memory.
func TestOnLoopback(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	g := &gadget{mac: wattle.MAC{2, 0, 0, 0, 0, 1}}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("%s:%d", loopHost, loopHTTP))
	if err != nil {
		t.Fatal(err)
	}
	pc, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", fmt.Sprintf("%s:%d", loopHost, loopUDP))
	if err != nil {
		t.Fatal(err)
	}
	go func() { served <- endpoint.ServeKLAP(ctx, ln, g, &endpoint.Options{Account: account()}) }()
	go func() {
		served <- endpoint.ServeDiscovery(ctx, pc, func(p *discovery.Probe) []byte {
			b, err := endpoint.DiscoveryAnswer(p, fmt.Appendf(nil,
				`{"device_type":"SMART.TAPOPLUG","device_model":"P110","mac":"02-00-00-00-00-01","mgt_encrypt_schm":{"encrypt_type":"KLAP","http_port":%d}}`, loopHTTP), nil, nil)
			if err != nil {
				t.Error(err)
			}
			return b
		}, &endpoint.DiscoveryOptions{Jitter: -1})
	}()
	defer func() {
		cancel()
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
	}()
	options := func() *connect.Options {
		return &connect.Options{
			Account:  account(),
			Discover: &discover.Options{LoopbackOnly: true, Timeout: 300 * time.Millisecond, Ports: discover.Ports{XOR: -1, Main: loopUDP, Battery: -1}},
			Ports:    connect.Ports{XOR: loopXOR, HTTP: loopHTTP, HTTPS: -1, Camera: -1, Linkie: -1},
		}
	}
	route := wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Host: loopHost, Port: loopHTTP, Version: 2}

	blocked := options() // discovery does not get through
	blocked.Discover.Ports.Main = loopUDP + 1
	stale := route
	stale.Family, stale.Transport, stale.Port = wattle.IOT, wattle.XOR, loopXOR
	for _, tt := range []struct {
		name   string
		target connect.Target
		o      *connect.Options
	}{
		{"remembered", connect.Target{Host: loopHost, Routes: []wattle.Route{route}, MAC: g.mac}, options()},
		{"port closed, discovered", connect.Target{Host: loopHost, Routes: []wattle.Route{stale}, MAC: g.mac}, options()},
		{"port closed, scanned", connect.Target{Host: loopHost, Routes: []wattle.Route{stale}, MAC: g.mac}, blocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := connect.Open(ctx, tt.target, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Session.Close()
			if r.Route != route || r.MAC != g.mac {
				t.Errorf("opened %+v", r)
			}
			if err := write(ctx, r); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		o := options()
		var e *connect.Error
		_, err := connect.Open(ctx, connect.Target{Host: "127.0.3.42"}, o)
		if !errors.As(err, &e) || !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("error %v", err)
		}
	})
}
