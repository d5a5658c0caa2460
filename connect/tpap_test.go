package connect_test

import (
	"cmp"
	"crypto/x509"
	"errors"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/connect"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// TestTPAP: devices with new firmware, as discovery announces them, by the first
// login that they take.
func TestTPAP(t *testing.T) {
	genuine, err := endpoint.NewAttestation("SMART.TAPOPLUG")
	if err != nil {
		t.Fatal(err)
	}
	const vacuum = "SMART.TAPOROBOVAC"
	const offer = `,"tpap":{"tls":0,"dac":0,"noc":0,"pake":[2],"port":80}`
	roots := transport.TPAPOptions{Roots: []*x509.Certificate{genuine.Root}, Attestation: transport.AttestRequired}
	for _, tt := range []struct {
		name    string
		kind    string // the device_type
		scheme  string
		more    string
		device  endpoint.TPAPOptions
		options transport.TPAPOptions
		known   bool // nothing but the route is known, and the type from before
		want    wattle.Transport
		label   string // of the credential, "" is "account"
		err     error
		most    int // how often the device is called
	}{
		{name: "announced", kind: plug, scheme: `"encrypt_type":"TPAP","http_port":80,"lv":2`, more: offer, want: wattle.TPAP, most: 1},
		{
			name: "preferred, KLAP beside it", kind: plug, scheme: `"encrypt_type":"KLAP","http_port":80,"lv":2`, more: `,"tpap_preferred":true` + offer,
			device: endpoint.TPAPOptions{KLAP: true}, want: wattle.TPAP, most: 1,
		},
		{
			name: "offered, KLAP preferred", kind: plug, scheme: `"encrypt_type":"KLAP","http_port":80,"lv":2`, more: `,"tpap_preferred":false` + offer,
			device: endpoint.TPAPOptions{KLAP: true}, want: wattle.KLAP, most: 1,
		},
		{
			name: "offered, KLAP announced and gone", kind: plug, scheme: `"encrypt_type":"KLAP","http_port":80,"lv":2`, more: offer,
			want: wattle.TPAP, most: 3,
		},
		{
			name: "a vacuum's secret, by discovery", kind: vacuum, scheme: `"encrypt_type":"TPAP","http_port":80,"lv":2`, more: offer,
			device: endpoint.TPAPOptions{DeviceType: vacuum, Pake: []int{5}}, want: wattle.TPAP, label: "mac", most: 1,
		},
		{
			name: "a vacuum's secret, remembered", kind: vacuum, known: true,
			device: endpoint.TPAPOptions{DeviceType: vacuum, Pake: []int{5}}, want: wattle.TPAP, label: "mac", most: 1,
		},
		{
			name: "genuine", kind: plug, scheme: `"encrypt_type":"TPAP","http_port":80,"lv":2`, more: offer,
			device: endpoint.TPAPOptions{Attestation: genuine}, options: roots, want: wattle.TPAP, most: 1,
		},
		{
			name: "has to be genuine and cannot prove it", kind: plug, known: true, options: roots, err: wattle.ErrIdentity,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				g := h.add("192.0.2.10", 1, false)
				tt.device.MAC = g.mac.String()
				g.serve(wattle.TPAP, 80, &endpoint.Options{Account: account(), TPAP: tt.device})
				target := connect.Target{Host: g.host}
				if tt.known {
					target = g.target(wattle.TPAP, 80)
					target.Only, target.Type = true, tt.kind
				} else {
					g.announce(tt.kind, tt.scheme, tt.more)
				}
				o := h.options()
				o.TPAP = tt.options
				r, err := h.use(target, o)
				if !errors.Is(err, tt.err) {
					t.Fatalf("%v, want %v", err, tt.err)
				}
				if err != nil {
					if asked := g.asked(); asked != "" {
						t.Errorf("asked %s all the same", asked)
					}
					return
				}
				if label := cmp.Or(tt.label, "account"); r.Route.Transport != tt.want || r.Credential != label {
					t.Errorf("%+v with %q, want %s with %q", r.Route, r.Credential, tt.want, label)
				}
				if asked := g.asked(); asked != "get_device_info set_device_info" {
					t.Errorf("asked %s", asked)
				}
				if n := len(h.dials); n > tt.most {
					t.Errorf("called %d times: %v", n, h.dials)
				}
			})
		})
	}
}
