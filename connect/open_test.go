package connect_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/simulator/endpoint"
)

const (
	plug = "SMART.TAPOPLUG"
	kasa = "IOT.SMARTPLUGSWITCH"
)

// TestOpen goes through the ways that end well.
func TestOpen(t *testing.T) {
	tests := []struct {
		name  string
		start func(h *house) (connect.Target, *gadget)
		want  wattle.Route // without Host
		label string
		asked string // after the first write
		dials int
	}{
		{
			name: "remembered XOR",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("xor", 9999, nil)
				return g.target("xor", 9999), g
			},
			want: wattle.Route{Family: "iot", Transport: "xor", Port: 9999}, asked: "get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "remembered KLAP",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
				return g.target("klap", 80), g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "remembered KLAP of the other version",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Version: 2})
				target := g.target("klap", 80)
				target.Routes[0].Version = 1
				return target, g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "remembered transport is gone with new firmware",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Version: 2}).
					announce(kasa, `"encrypt_type":"KLAP","lv":2,"new_klap":1`, "")
				return g.target("xor", 9999), g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_sysinfo set_relay_state", dials: 2,
		},
		{
			name: "remembered AES, device says 1003 since its update",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return g.target("aes", 80), g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 2,
		},
		{
			name: "discovered on both ports: XOR",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("xor", 9999, nil).serve("klap", 80, nil).
					announceXOR().announce(kasa, `"encrypt_type":"KLAP"`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "xor", Port: 9999}, asked: "get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "IOT over KLAP v1, announced without version",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Version: 1}).announce(kasa, `"encrypt_type":"KLAP"`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 1}, label: "account", asked: "get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "liar: announces KLAP without version, speaks v2 with IOT",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Version: 2}).announce(kasa, `"encrypt_type":"KLAP"`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "liar: announces SMART, speaks IOT",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Version: 2}).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info get_sysinfo set_relay_state", dials: 1,
		},
		{
			name: "liar: announces IOT, speaks SMART",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(kasa, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", dials: 1,
		},
		{
			name: "liar: announces AES, answers 1003",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"AES","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 2,
		},
		{
			name: "liar: announces TPAP, takes KLAP",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"TPAP","http_port":80,"lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 2,
		},
		{
			name: "liar: announces KLAP, speaks AES",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "aes", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info",
		},
		{
			name: "AES, login v1",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, &endpoint.Options{Account: account(), Version: 1}).announce(plug, `"encrypt_type":"AES","http_port":80`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "aes", Port: 80, Version: 1}, label: "account", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "announced port",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 8080, nil).announce(plug, `"encrypt_type":"KLAP","lv":2,"http_port":8080`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 8080, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "KLAP over TLS",
			start: func(h *house) (connect.Target, *gadget) {
				config, err := endpoint.SelfSigned()
				if err != nil {
					h.Fatal(err)
				}
				g := h.add("192.0.2.10", 1, false).serve("klap", 4433, &endpoint.Options{Account: account(), TLS: config}).
					announce("SMART.TAPOROBOVAC", `"encrypt_type":"KLAP","is_support_https":true,"http_port":4433`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 4433, TLS: true, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "local access off, port 9999 open again",
			start: func(h *house) (connect.Target, *gadget) {
				faults := new(endpoint.Faults)
				h.check(faults.Set("tpc-off"))
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, &endpoint.Options{Account: account(), Faults: faults}).serve("xor", 9999, nil).
					announce(kasa, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "xor", Port: 9999}, asked: "get_sysinfo set_relay_state",
		},
		{
			name: "address only: XOR",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("xor", 9999, nil)
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "xor", Port: 9999}, asked: "get_sysinfo set_relay_state", dials: 6,
		},
		{
			name: "address only: KLAP with SMART",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, nil)
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 6,
		},
		{
			name: "address only: KLAP v1 with IOT",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, true).serve("klap", 80, nil)
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "iot", Transport: "klap", Port: 80, Version: 1}, label: "account", asked: "get_device_info get_sysinfo set_relay_state", dials: 6,
		},
		{
			name: "address only: AES, login v1",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, &endpoint.Options{Account: account(), Version: 1})
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "aes", Port: 80, Version: 1}, label: "account", asked: "get_device_info set_device_info", dials: 7,
		},
		{
			name: "address only: KLAP over TLS",
			start: func(h *house) (connect.Target, *gadget) {
				config, err := endpoint.SelfSigned()
				if err != nil {
					h.Fatal(err)
				}
				g := h.add("192.0.2.10", 1, false).serve("klap", 4433, &endpoint.Options{Account: account(), TLS: config})
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 4433, TLS: true, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 6,
		},
		{
			name: "e-mail in another case",
			start: func(h *house) (connect.Target, *gadget) {
				other := wattle.Credentials{Username: "User@example.com", Password: wattle.NewSecret(password)}
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, &endpoint.Options{Account: other})
				return g.target("klap", 80), g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account-capitalised", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "not set up",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.10", 1, false).serve("klap", 80, &endpoint.Options{Account: wattle.SetupTapo()}).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				return connect.Target{Host: g.host}, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "setup-tapo", asked: "get_device_info set_device_info", dials: 1,
		},
		{
			name: "busy at first",
			start: func(h *house) (connect.Target, *gadget) {
				faults := new(endpoint.Faults)
				h.check(faults.Set("busy=1"))
				g := h.add("192.0.2.10", 1, false).serve("aes", 80, &endpoint.Options{Account: account(), Faults: faults})
				return g.target("aes", 80), g
			},
			want: wattle.Route{Family: "smart", Transport: "aes", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info",
		},
		{
			name: "silent address, device found elsewhere",
			start: func(h *house) (connect.Target, *gadget) {
				h.net.SetDown(netip.MustParseAddr("192.0.2.10"), true)
				g := h.add("192.0.2.11", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				target := g.target("klap", 80)
				target.Host, target.Routes[0].Host = "192.0.2.10", "192.0.2.10"
				return target, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 2,
		},
		{
			name: "another device at the address, ours found elsewhere",
			start: func(h *house) (connect.Target, *gadget) {
				h.add("192.0.2.10", 2, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				g := h.add("192.0.2.11", 1, false).serve("klap", 80, nil).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
				target := g.target("klap", 80)
				target.Host, target.Routes[0].Host = "192.0.2.10", "192.0.2.10"
				return target, g
			},
			want: wattle.Route{Family: "smart", Transport: "klap", Port: 80, Version: 2}, label: "account", asked: "get_device_info set_device_info", dials: 2,
		},
		{
			name: "no address at all",
			start: func(h *house) (connect.Target, *gadget) {
				g := h.add("192.0.2.11", 1, true).serve("xor", 9999, nil).announceXOR()
				return connect.Target{MAC: g.mac}, g
			},
			want: wattle.Route{Family: "iot", Transport: "xor", Port: 9999}, asked: "get_sysinfo set_relay_state", dials: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				target, g := tt.start(h)
				r, err := h.use(target, h.options())
				if err != nil {
					t.Fatal(err)
				}
				tt.want.Host = g.host
				if r.Route != tt.want || r.Credential != tt.label || r.MAC != g.mac {
					t.Errorf("opened %+v with credential %q, MAC %s; want %+v with %q", r.Route, r.Credential, r.MAC, tt.want, tt.label)
				}
				if asked := g.asked(); tt.asked != "" && asked != tt.asked {
					t.Errorf("the device was asked %q, want %q", asked, tt.asked)
				}
				if tt.dials != 0 && len(h.dials) != tt.dials {
					t.Errorf("connections to %v, want %d", h.dials, tt.dials)
				}
			})
		})
	}
}

// A device whose port opens only some seconds after a probe, as firmware of
// 2025 does after a power loss.
func TestLazyStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		g := h.add("192.0.2.10", 1, false).announce(plug, `"encrypt_type":"KLAP","lv":2`, "")
		time.AfterFunc(2*time.Second, func() { g.serve("klap", 80, nil) })
		var err error
		d := took(func() { _, err = h.use(g.target("klap", 80), h.options()) })
		if err != nil || d > 4*time.Second {
			t.Errorf("%v after %v", err, d)
		}
	})
}

func TestOpenEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.net.SetDown(netip.MustParseAddr("192.0.2.10"), true)
		g := h.add("192.0.2.10", 1, false)
		for _, after := range []time.Duration{time.Second, 3500 * time.Millisecond, 5 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			var err error
			d := took(func() { _, err = connect.Open(ctx, g.target("klap", 80), h.options()) })
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || d != after {
				t.Errorf("%v after %v, want the context's end after %v", err, d, after)
			}
		}
	})
}
