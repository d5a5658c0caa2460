package transport_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"wattle"
	"wattle/internal/wire/discovery"
	"wattle/transport"
)

const host = "192.0.2.7"

func route(family wattle.Family, t wattle.Transport, port int, tls bool, version int) wattle.Route {
	return wattle.Route{Family: family, Transport: t, Host: host, Port: port, TLS: tls, Version: version}
}

// TestChooseExamples takes every answer of docs/protocol/discovery.md
// section 2.5.
func TestChooseExamples(t *testing.T) {
	want := map[string][]wattle.Route{
		"P110(EU)":          {route("smart", "aes", 80, false, 1), route("smart", "klap", 80, false, 2)},
		"L530E(EU)":         {route("smart", "klap", 80, false, 2)},
		"P110M(EU)":         {route("smart", "klap", 80, false, 2)},
		"H100(EU)":          {route("smart", "klap", 80, false, 2)},
		"RV30 Max(US)":      {route("smart", "klap", 4433, true, 2)},
		"RV20 Max Plus(EU)": {route("smart", "token", 4433, true, 0), route("smart", "klap", 4433, true, 2)},
		"C225":              {route("smartcam", "sslaes", 443, true, 0)},
		"H200":              {route("smartcam", "sslaes", 443, true, 0)},
		"C101":              {route("smartcam", "tpap", 443, true, 0)},
		"HS100(UK)":         {route("iot", "klap", 80, false, 0)},
		"HS103(US)":         {route("iot", "klap", 80, false, 2)},
		"TP15(US)":          {route("smart", "aes", 80, false, 2), route("smart", "klap", 80, false, 2)},
		"P100":              {route("smart", "tpap", 80, false, 0), route("smart", "klap", 80, false, 2)},
		"X20":               nil, // HOMEWIFISYSTEM
	}
	file, err := os.Open("testdata/discovery_answers.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ran := 0
	for lines := bufio.NewScanner(file); lines.Scan(); ran++ {
		var answer struct {
			Result json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		a, err := discovery.ParseResult(answer.Result)
		if err != nil {
			t.Fatal(err)
		}
		routes, ok := want[a.DeviceModel]
		if !ok {
			t.Errorf("%s is not in the table", a.DeviceModel)
		}
		got, err := transport.Choose(a, host)
		if !reflect.DeepEqual(got, routes) {
			t.Errorf("%s: %v\nwant %v", a.DeviceModel, got, routes)
		}
		if errors.Is(err, wattle.ErrUnsupported) != (routes == nil) {
			t.Errorf("%s: error %v", a.DeviceModel, err)
		}
	}
	if ran != len(want) {
		t.Errorf("%d answers, want %d", ran, len(want))
	}
	t.Logf("%d answers", ran)
}

// TestChooseRows goes through the rows of docs/protocol/README.md.
func TestChooseRows(t *testing.T) {
	tests := []struct {
		name, result string
		want         []wattle.Route
		reason       string
	}{
		{
			name: "3 no scheme", result: `{"device_type":"SMART.TAPOPLUG"}`,
			reason: "the device does not tell how to reach it (no mgt_encrypt_schm), so it cannot be controlled locally",
		},
		{
			name: "2 no type", result: `{"mgt_encrypt_schm":{"encrypt_type":"KLAP"}}`,
			reason: "a device without device_type is not a Kasa or Tapo device",
		},
		{
			name: "2 not ours", result: `{"device_type":"HOMEWIFISYSTEM","mgt_encrypt_schm":{"encrypt_type":"KLAP"}}`,
			reason: "HOMEWIFISYSTEM is not a Kasa or Tapo device",
		},
		{
			name: "3 no encryption", result: `{"device_type":"SMART.TAPOPLUG","mgt_encrypt_schm":{"is_support_https":false}}`,
			reason: "the device names no encryption (encrypt_type), so there is no way to talk to it",
		},
		{
			name: "3 encryption from encrypt_info", result: `{"device_type":"SMART.TAPOPLUG","mgt_encrypt_schm":{},"encrypt_info":{"sym_schm":"AES"}}`,
			want: []wattle.Route{route("smart", "aes", 80, false, 1), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "3 login from the list", result: `{"device_type":"SMART.TAPOPLUG","encrypt_type":["1"],"mgt_encrypt_schm":{"encrypt_type":"AES"}}`,
			want: []wattle.Route{route("smart", "aes", 80, false, 2), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "4 hub", result: `{"device_type":"SMART.TAPOHUB","encrypt_type":["4"],"mgt_encrypt_schm":{"is_support_https":true}}`,
			want: []wattle.Route{route("smartcam", "tpap", 443, true, 0)},
		},
		{
			name: "4 doorbell by name", result: `{"device_type":"SMART.TAPODOORBELL","mgt_encrypt_schm":{"is_support_https":true,"encrypt_type":"TPAP"}}`,
			want: []wattle.Route{route("smartcam", "tpap", 443, true, 0)},
		},
		{
			name: "4 vacuum", result: `{"device_type":"SMART.TAPOROBOVAC","tpap":{"tls":2,"pake":[2],"port":4433},"mgt_encrypt_schm":{"is_support_https":true,"encrypt_type":"TPAP","http_port":4433,"lv":2}}`,
			want: []wattle.Route{route("smart", "tpap", 4433, true, 0), route("smart", "klap", 4433, true, 2)},
		},
		{
			name: "4 offer without port", result: `{"device_type":"SMART.TAPOPLUG","tpap":{"tls":1},"mgt_encrypt_schm":{"encrypt_type":"TPAP"}}`,
			want: []wattle.Route{route("smart", "tpap", 4433, true, 0), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "5 doorbell", result: `{"device_type":"SMART.TAPODOORBELL","encrypt_type":["3"],"mgt_encrypt_schm":{"is_support_https":true}}`,
			want: []wattle.Route{route("smartcam", "sslaes", 443, true, 0)},
		},
		{
			name: "5 camera with an offer of TPAP", result: `{"device_type":"SMART.IPCAMERA","encrypt_type":["3","4"],"tpap":{"tls":1,"port":443},"mgt_encrypt_schm":{"is_support_https":true}}`,
			want: []wattle.Route{route("smartcam", "sslaes", 443, true, 0), route("smartcam", "tpap", 443, true, 0)},
		},
		{
			name: "6 Kasa camera", result: `{"device_type":"IOT.IPCAMERA","mgt_encrypt_schm":{"encrypt_type":"KLAP"}}`,
			want: []wattle.Route{route("iot", "linkie", 10443, true, 0)},
		},
		{
			name: "8 IOT XOR", result: `{"device_type":"IOT.SMARTBULB","mgt_encrypt_schm":{"encrypt_type":"XOR"}}`,
			want: []wattle.Route{route("iot", "xor", 9999, false, 0)},
		},
		{
			name: "8 IOT XOR https", result: `{"device_type":"IOT.SMARTBULB","mgt_encrypt_schm":{"encrypt_type":"XOR","is_support_https":true}}`,
			reason: "no way is known to talk XOR over https to IOT.SMARTBULB",
		},
		{
			name: "8 IOT KLAP new_klap", result: `{"device_type":"IOT.SMARTBULB","mgt_encrypt_schm":{"encrypt_type":"KLAP","new_klap":1}}`,
			want: []wattle.Route{route("iot", "klap", 80, false, 2)},
		},
		{
			name: "8 IOT KLAP https", result: `{"device_type":"IOT.SMARTBULB","mgt_encrypt_schm":{"encrypt_type":"KLAP","is_support_https":true}}`,
			want: []wattle.Route{route("iot", "klap", 4433, true, 0)},
		},
		{
			name: "8 IOT AES", result: `{"device_type":"IOT.SMARTBULB","mgt_encrypt_schm":{"encrypt_type":"AES"}}`,
			reason: "no way is known to talk AES over http to IOT.SMARTBULB",
		},
		{
			name: "8 SMART AES https", result: `{"device_type":"SMART.TAPOHUB","mgt_encrypt_schm":{"encrypt_type":"AES","is_support_https":true,"http_port":8443}}`,
			want: []wattle.Route{route("smartcam", "sslaes", 8443, true, 0)},
		},
		{
			name: "8 H200 asked with an empty probe", result: `{"device_type":"SMART.TAPOHUB","encrypt_type":["3"],"mgt_encrypt_schm":{"is_support_https":true}}`,
			want: []wattle.Route{route("smartcam", "sslaes", 443, true, 0)},
		},
		{
			name: "4 TPAP announced and not wanted now", result: `{"device_type":"SMART.KASAPLUG","tpap_preferred":false,"mgt_encrypt_schm":{"encrypt_type":"TPAP","http_port":80,"lv":2}}`,
			want: []wattle.Route{route("smart", "klap", 80, false, 2), route("smart", "tpap", 80, false, 0)},
		},
		{
			name: "4 TPAP announced and wanted", result: `{"device_type":"SMART.TAPOPLUG","tpap_preferred":true,"tpap":{"tls":0,"port":80},"mgt_encrypt_schm":{"encrypt_type":"TPAP","http_port":80,"lv":2}}`,
			want: []wattle.Route{route("smart", "tpap", 80, false, 0), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "8 SMART KLAP, TPAP wanted now", result: `{"device_type":"SMART.TAPOPLUG","tpap_preferred":true,"tpap":{"tls":0,"port":80},"mgt_encrypt_schm":{"encrypt_type":"KLAP","lv":2}}`,
			want: []wattle.Route{route("smart", "tpap", 80, false, 0), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "8 SMART AES, TPAP wanted now, without an offer", result: `{"device_type":"SMART.TAPOPLUG","tpap_preferred":true,"mgt_encrypt_schm":{"encrypt_type":"AES"}}`,
			want: []wattle.Route{route("smart", "tpap", 80, false, 0), route("smart", "aes", 80, false, 1), route("smart", "klap", 80, false, 2)},
		},
		{
			name: "8 IOT KLAP, TPAP offered and not wanted", result: `{"device_type":"IOT.SMARTPLUGSWITCH","tpap_preferred":false,"tpap":{"tls":0,"port":80},"mgt_encrypt_schm":{"encrypt_type":"KLAP","lv":2}}`,
			want: []wattle.Route{route("iot", "klap", 80, false, 2), route("iot", "tpap", 80, false, 0)},
		},
		{
			name: "8 SMART KLAP with an offer of TPAP, other port", result: `{"device_type":"SMART.TAPOPLUG","tpap":{"tls":0,"port":80},"mgt_encrypt_schm":{"encrypt_type":"klap","http_port":8080}}`,
			want: []wattle.Route{route("smart", "klap", 8080, false, 2), route("smart", "tpap", 80, false, 0)},
		},
		{
			name: "9 unknown type", result: `{"device_type":"SMART.TAPOTOASTER","mgt_encrypt_schm":{"encrypt_type":"KLAP"}}`,
			want: []wattle.Route{route("smart", "klap", 80, false, 2)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := discovery.ParseResult(json.RawMessage(tt.result))
			if err != nil {
				t.Fatal(err)
			}
			got, err := transport.Choose(a, host)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v\nwant %v", got, tt.want)
			}
			switch {
			case tt.reason == "" && err != nil:
				t.Error(err)
			case tt.reason != "" && (err == nil || err.Error() != tt.reason || !errors.Is(err, wattle.ErrUnsupported)):
				t.Errorf("error %v, want %q", err, tt.reason)
			}
		})
	}
}

func TestSupports(t *testing.T) {
	for tr, want := range map[wattle.Transport]bool{
		wattle.XOR: true, wattle.KLAP: true, wattle.AES: true, wattle.TPAP: true, wattle.SSLAES: false, "smoke signals": false,
	} {
		if got := transport.Supports(route(wattle.SMART, tr, 80, false, 0)); got != want {
			t.Errorf("Supports(%s) = %v", tr, got)
		}
	}
}

func TestChooseSysinfo(t *testing.T) {
	if got := transport.ChooseSysinfo(&discovery.Sysinfo{Type: "IOT.IPCAMERA"}, host); got[0] != route("iot", "linkie", 10443, true, 0) {
		t.Errorf("camera: %v", got)
	}
	if got := transport.ChooseSysinfo(&discovery.Sysinfo{Type: "IOT.SMARTBULB"}, host); got[0] != route("iot", "xor", 9999, false, 0) {
		t.Errorf("bulb: %v", got)
	}
}
