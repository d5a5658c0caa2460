package simulator_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"testing"

	"wattle"
	"wattle/simulator"
)

// TestDiscovery: what is announced fits what is served.
func TestDiscovery(t *testing.T) {
	tests := []struct {
		device, transport string
		route             wattle.Route
		err               error
		scheme            string // mgt_encrypt_schm on port 20002, "" for silence
		sysinfo           bool   // an answer on port 9999
	}{
		{"HS100(EU)", "", wattle.Route{Family: wattle.IOT, Transport: wattle.XOR, Port: 9999}, nil, "", true},
		{
			"HS100(EU)", "klap",
			wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Port: 80, Version: 1},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":false}`, false,
		},
		{
			"HS100(EU)", "klap-v2",
			wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Port: 80, Version: 2},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":false,"lv":2,"new_klap":1}`, false,
		},
		{"HS100(EU)", "aes", wattle.Route{}, wattle.ErrUnsupported, "", false},
		{
			"HS100(UK)", "",
			wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Port: 80, Version: 1},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":false}`, false,
		},
		{"HS100(UK)", "xor", wattle.Route{Family: wattle.IOT, Transport: wattle.XOR, Port: 9999}, nil, "", true},
		{
			"HS103(US)", "",
			wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Port: 80, Version: 2},
			nil,
			`{"ANS":false,"encrypt_type":"KLAP","http_port":8080,"is_support_https":false,"lv":2,"new_klap":1}`, false,
		},
		{
			"HS103(US)", "klap-v1",
			wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Port: 80, Version: 1},
			nil,
			`{"ANS":false,"encrypt_type":"KLAP","http_port":8080,"is_support_https":false}`, false,
		},
		{
			"P100(EU)", "",
			wattle.Route{Family: wattle.SMART, Transport: wattle.AES, Port: 80, Version: 2},
			nil,
			`{"encrypt_type":"AES","http_port":8080,"is_support_https":false,"lv":2}`, false,
		},
		{
			"P100(EU)", "klap",
			wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Port: 80, Version: 2},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":false,"lv":2}`, false,
		},
		{"P100(EU)", "klap-v1", wattle.Route{}, wattle.ErrUnsupported, "", false},
		{"P100(EU)", "xor", wattle.Route{}, wattle.ErrUnsupported, "", false},
		{
			"RV30", "",
			wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Port: 4433, TLS: true, Version: 2},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":true}`, false,
		},
		{
			"RV30", "aes",
			wattle.Route{Family: wattle.SMART, Transport: wattle.AES, Port: 80, Version: 2},
			nil,
			`{"encrypt_type":"AES","http_port":8080,"is_support_https":false,"lv":2}`, false,
		},
		{
			"RV30", "token",
			wattle.Route{Family: wattle.SMART, Transport: wattle.Token, Port: 4433, TLS: true},
			nil,
			`{"encrypt_type":"AES","http_port":8080,"is_support_https":true}`, false,
		},
		{"P100(EU)", "token", wattle.Route{}, wattle.ErrUnsupported, "", false},
		{"HS100(EU)", "linkie", wattle.Route{}, wattle.ErrUnsupported, "", false},
		{
			"T110(EU)", "",
			wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Port: 80, Version: 2},
			nil,
			`{"encrypt_type":"KLAP","http_port":8080,"is_support_https":false,"lv":2}`, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.device+" "+tt.transport, func(t *testing.T) {
			d, err := simulator.New(invented(t, tt.device), &simulator.DeviceOptions{Transport: tt.transport})
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			i := d.Info()
			if i.Route != tt.route {
				t.Errorf("route %+v, want %+v", i.Route, tt.route)
			}
			a := d.Discovery(simulator.Announcement{Address: netip.MustParseAddr("127.0.4.9"), Port: 8080, Account: "demo@example.com"})
			if (a.Sysinfo != nil) != tt.sysinfo || (a.Result != nil) != (tt.scheme != "") {
				t.Fatalf("9999: %s, 20002: %s", a.Sysinfo, a.Result)
			}
			if a.Sysinfo != nil && at(t, a.Sysinfo, "system/get_sysinfo/deviceId") != i.DeviceID {
				t.Errorf("9999: %s", a.Sysinfo)
			}
			if a.Result == nil {
				return
			}
			if got := show(at(t, a.Result, "mgt_encrypt_schm")); !sameJSON(t, json.RawMessage(got), json.RawMessage(tt.scheme)) {
				t.Errorf("scheme %s, want %s", got, tt.scheme)
			}
			for key, want := range map[string]string{"ip": "127.0.4.9", "owner": simulator.Owner("demo@example.com")} {
				if got := at(t, a.Result, key); got != want {
					t.Errorf("%s is %v, want %s", key, got, want)
				}
			}
			if mac, _ := at(t, a.Result, "mac").(string); len(mac) != 17 || mac[2] != '-' {
				t.Errorf("mac %q", mac)
			}
			if id, _ := at(t, a.Result, "device_id").(string); len(id) != 32 {
				t.Errorf("device_id %q", id)
			}
		})
	}
	if got, want := simulator.Owner("user@example.com"), "B58996C504C5638798EB6B511E6F49AF"; got != want {
		t.Errorf("owner %s, want %s", got, want)
	}
}
