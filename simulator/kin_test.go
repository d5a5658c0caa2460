package simulator_test

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/discover"
	"wattle/internal/memnet"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// cameraCapture is an invented Kasa camera, which has everything one level deeper.
const cameraCapture = `{"system":{"get_sysinfo":{"err_code":0,"system":{"a_type":2,"alias":"Yard","bind_status":true,"camera_switch":"on",
"deviceId":"8012AA00BB11CC22DD33EE44FF55008800000061","hwId":"0","hw_ver":"3.0","led_status":"off","mac":"02:57:41:00:00:61",
"mic_mac":"025741000061","model":"KC410(EU)","oemId":"0","rssi":-51,"status":"new","stream_version":2,"sw_ver":"2.1.9 Build 20240110 Rel.1",
"system_time":1700000000,"type":"IOT.IPCAMERA","updating":false}}},"smartlife.cam.ipcamera.switch":{"get_is_enable":{"err_code":0,"value":"on"}}}`

func camera(tb testing.TB) *capture.File {
	tb.Helper()
	f, err := capture.Parse("KC410(EU)_3.0_2.1.9", strings.NewReader(cameraCapture))
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// TestOlderKin: a Kasa camera is found on UDP 9999 and answers over Linkie, an
// older vacuum is found on 20002 and wants a token.
func TestOlderKin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		kasa, err := simulator.New(camera(t), &simulator.DeviceOptions{Library: homes.Library()})
		if err != nil {
			t.Fatal(err)
		}
		vacuum, err := simulator.New(invented(t, "RV30"), &simulator.DeviceOptions{Library: homes.Library(), Transport: "token", Index: 1})
		if err != nil {
			t.Fatal(err)
		}
		h := runHome(t, memoryHome(network), []*simulator.Device{kasa, vacuum})
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
		for i, want := range []wattle.Transport{wattle.Linkie, wattle.Token} {
			r := h.ready[i]
			f, ok := found[r.MAC]
			if !ok || len(f.Routes) == 0 || f.Routes[0] != route(r) || r.Transport != want {
				t.Errorf("%s is served as %v and found as %+v", r.Name, route(r), f.Routes)
				continue
			}
			answer, err := ask(t, r, network.DialContext, identityRequest(r))
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
				continue
			}
			if !json.Valid(answer) || !strings.Contains(strings.ToUpper(strings.NewReplacer("-", ":").Replace(string(answer))), r.MAC.String()) {
				t.Errorf("%s answers %s", r.Name, answer)
			}
		}

		// On UDP the camera tells who it is and does nothing else.
		asUDP := h.ready[0]
		asUDP.Transport, asUDP.Port, asUDP.TLS = wattle.XORUDP, 9999, false
		if _, err := ask(t, asUDP, network.DialContext, `{"system":{"get_sysinfo":{}}}`); err != nil {
			t.Errorf("get_sysinfo by datagram: %v", err)
		}
		if answer, err := ask(t, asUDP, network.DialContext, `{"smartlife.cam.ipcamera.switch":{"set_is_enable":{"value":"off"}}}`); err == nil {
			t.Errorf("a write by datagram was answered: %s", answer)
		}
	})
}
