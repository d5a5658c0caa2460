package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"wattle"
	"wattle/discover"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

func TestDevices(t *testing.T) {
	in(t, nil, []string{"P110", "KP303", "KL130"}, func(h *house) {
		list := get[[]hubapi.Device](h, "/devices")
		if len(list) != 6 {
			t.Fatalf("%d devices", len(list))
		}
		var paged []string
		for path := api("/devices?limit=4&online=true"); path != ""; {
			answer := h.do(http.MethodGet, path, "")
			for _, d := range want[[]hubapi.Device](h, answer, 200) {
				paged = append(paged, d.ID)
			}
			path, _, _ = strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<"), ">")
		}
		if len(paged) != 6 {
			t.Fatalf("%d devices in pages", len(paged))
		}
		for i, v := range h.hub.Views() {
			d := list[i]
			if d.ID != hub.Slug(v.ID) || paged[i] != d.ID || !d.Online || d.Address == "" || d.Transport == "" {
				t.Errorf("got %+v", d)
			}
			for _, word := range []string{d.ID, strings.ReplaceAll(d.Name, " ", "%20")} {
				if got := get[hubapi.Device](h, "/devices/"+word); got.ID != d.ID {
					t.Errorf("%s is %s", word, got.ID)
				}
			}
			for _, c := range d.Children {
				if child := get[hubapi.Device](h, "/devices/"+c); child.Parent != d.ID {
					t.Errorf("%s belongs to %q", c, child.Parent)
				}
			}
		}
		if only := get[[]hubapi.Device](h, "/devices?type=bulb&online=true"); len(only) != 1 {
			t.Errorf("%d bulbs", len(only))
		}
		for _, d := range list {
			if d.Parent != "" {
				refused(h, h.do("DELETE", api("/devices/"+d.ID), ""), 409, "conflict")
			}
		}
		refused(h, h.do("GET", api("/devices/nothing"), ""), 404, "not_found")
		refused(h, h.do("GET", api("/devices/"+list[0].Name[:2]), ""), 404, "not_found")
		refused(h, h.do("GET", api("/devices?limit=x"), ""), 422, "param")
		refused(h, h.do("GET", api("/devices?cursor=x"), ""), 422, "param")
	})
}

func TestCommands(t *testing.T) {
	in(t, nil, []string{"P110", "KL130"}, func(h *house) {
		bulb := get[[]hubapi.Device](h, "/devices?type=bulb")[0]
		path := api("/devices/" + bulb.ID)
		got := want[hubapi.Device](h, h.do("PATCH", path+"/features", `{"state":true,"brightness":37,"hsv":{"hue":120,"saturation":80,"value":37}}`), 200)
		if got.On == nil || !*got.On || got.Rev <= bulb.Rev {
			t.Errorf("got %+v", got)
		}
		one := want[hubapi.Feature](h, h.do("PUT", path+"/features/brightness", `{"value":41}`), 200)
		if one.Value != 41.0 {
			t.Errorf("brightness %v", one.Value)
		}
		if list := get[[]hubapi.Feature](h, "/devices/"+bulb.ID+"/features"); len(list) != len(got.Features) {
			t.Errorf("%d features", len(list))
		}
		if on := want[hubapi.ToggleAnswer](h, h.do("POST", path+"/toggle", ""), 200); on.On {
			t.Error("it is on")
		}
		if now := want[hubapi.Device](h, h.do("POST", path+"/refresh", ""), 200); *now.On {
			t.Error("it is on")
		}
		if now := want[hubapi.Device](h, h.do("PATCH", path, `{"alias":"Reading light"}`), 200); now.Name != "Reading light" {
			t.Errorf("its name is %q", now.Name)
		}

		refused(h, h.do("PATCH", path+"/features", `{"brightness":400}`), 422, "param")
		refused(h, h.do("PATCH", path+"/features", `{"wings":1}`), 422, "unsupported")
		refused(h, h.do("PATCH", path+"/features", `{"brightness":null}`), 422, "param")
		refused(h, h.do("PATCH", path+"/features", `{}`), 422, "param")
		refused(h, h.do("PATCH", path+"/features", `{"brightness":`), 400, "request")
		refused(h, h.do("PUT", path+"/features/brightness", `{"value":{"hue":1,"wings":2}}`), 422, "param")
		refused(h, h.do("POST", path+"/actions/brightness", ""), 422, "param")
		refused(h, h.do("POST", path+"/actions/fly", ""), 404, "not_found")
		refused(h, h.do("PATCH", path, `{}`), 422, "param")
	})
}

// TestRooms: a room is kept by the hub, needs no contact with the device, and is
// what lists can be asked for.
func TestRooms(t *testing.T) {
	in(t, nil, []string{"P110", "KP303"}, func(h *house) {
		all := get[[]hubapi.Device](h, "/devices")
		plug, outlet := get[[]hubapi.Device](h, "/devices?type=plug")[0], get[[]hubapi.Device](h, "/devices?type=StripSocket")[0]
		seen := h.do("GET", api("/devices/"+plug.ID), "").Header.Get("ETag")
		h.home.Net.SetDown(netip.MustParseAddr(plug.Address), true) // nobody asks it
		now := want[hubapi.Device](h, h.do("PATCH", api("/devices/"+plug.ID), `{"room":" Living room "}`, header("If-Match", seen)), 200)
		if now.Room != "Living room" || now.RoomFrom != "" || now.Rev <= plug.Rev {
			t.Errorf("got %+v", now)
		}
		refused(h, h.do("PATCH", api("/devices/"+plug.ID), `{"room":"x"}`, header("If-Match", seen)), 412, "changed")
		now = want[hubapi.Device](h, h.do("PATCH", api("/devices/"+outlet.ID), `{"room":"living ROOM","room_from":"account"}`), 200)
		if now.Room != "Living room" || now.RoomFrom != "account" {
			t.Errorf("got %+v", now)
		}
		now = want[hubapi.Device](h, h.do("PATCH", api("/devices/"+plug.ID), `{"room":"Attic","room_from":"account"}`), 200)
		if now.Room != "Living room" {
			t.Errorf("the account moved it: %+v", now)
		}
		if in := get[[]hubapi.Device](h, "/devices?room=LIVING%20room"); len(in) != 2 {
			t.Errorf("%d devices in the room of %d", len(in), len(all))
		}
		now = want[hubapi.Device](h, h.do("PATCH", api("/devices/"+plug.ID), `{"room":""}`), 200)
		if now.Room != "" || len(get[[]hubapi.Device](h, "/devices?room=living%20room")) != 1 || len(get[[]hubapi.Device](h, "/devices?room=cellar")) != 0 {
			t.Errorf("got %+v", now)
		}
		for _, body := range []string{`{"room":"a\nb"}`, `{"room":"` + strings.Repeat("x", 65) + `"}`, `{"room":"` + strings.Repeat("x", 300) + `"}`,
			`{"room":"x","room_from":"you"}`, `{"room":7}`, `{"room":"","room_from":"account"}`, `{"room_from":"account"}`} {
			refused(h, h.do("PATCH", api("/devices/"+plug.ID), body), 422, "param")
		}
		renamed := want[hubapi.Device](h, h.do("PATCH", api("/devices/"+outlet.ID), `{"alias":"Kettle","room":"Kitchen"}`), 200)
		if renamed.Name != "Kettle" || renamed.Room != "Kitchen" {
			t.Errorf("got %+v", renamed)
		}
	})
}

func TestVersionsOfADevice(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		list := get[[]hubapi.Device](h, "/devices")
		path := api("/devices/" + list[0].ID)
		seen := h.do("GET", path, "")
		tag := seen.Header.Get("ETag")
		with := func(name, value string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set(name, value) }
		}
		if again := h.do("GET", path, "", with("If-None-Match", tag)); again.StatusCode != 304 || len(again.body) != 0 || again.Header.Get("ETag") != tag {
			t.Errorf("%s %s", again.Status, again.body)
		}
		changed := h.do("PATCH", path+"/features", `{"state":false}`, with("If-Match", tag))
		want[hubapi.Device](h, changed, 200)
		if changed.Header.Get("ETag") == tag {
			t.Error("the tag stays")
		}
		refused(h, h.do("PATCH", path+"/features", `{"state":true}`, with("If-Match", tag)), 412, "changed")
		want[hubapi.Device](h, h.do("PATCH", path+"/features", `{"state":true}`, with("If-Match", "*")), 200)
	})
}

func TestCallsThroughTheHub(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		d := get[[]hubapi.Device](h, "/devices")[0]
		got := want[hubapi.CallsAnswer](h, h.do("POST", api("/devices/"+d.ID+"/calls"),
			`{"calls":[{"method":"get_device_info","effect":"read"},{"method":"get_no_such_thing"}]}`), 200)
		if len(got.Results) != 2 || got.Results[0].Error != nil || !strings.Contains(string(got.Results[0].Raw), `"mac"`) {
			t.Fatalf("got %+v", got)
		}
		refusal := new(wattle.DeviceError)
		if p := got.Results[1].Error; p == nil || !p.As(&refusal) || refusal.Method != "get_no_such_thing" || refusal.Code == 0 {
			t.Errorf("got %+v", got.Results[1])
		}
		refused(h, h.do("POST", api("/devices/"+d.ID+"/calls"), `{"calls":[]}`), 422, "param")
		refused(h, h.do("POST", api("/devices/"+d.ID+"/calls"), `{"calls":[{"method":"x","effect":"twice"}]}`), 422, "param")
	})
}

func TestDevicesComeAndGo(t *testing.T) {
	in(t, nil, []string{"P110", "KL130"}, func(h *house) {
		d := get[[]hubapi.Device](h, "/devices?type=plug")[0]
		want[struct{}](h, h.do("DELETE", api("/devices/"+d.ID), ""), 204)
		refused(h, h.do("GET", api("/devices/"+d.ID), ""), 404, "not_found")
		refused(h, h.do("POST", api("/devices"), `{"mac":"`+d.MAC.String()+`"}`), 404, "not_found")
		found := want[[]hubapi.Candidate](h, h.do("POST", api("/sweep"), ""), 200)
		if len(found) != 1 || found[0].MAC != d.MAC || len(found[0].Routes) == 0 {
			t.Fatalf("found %+v", found)
		}
		added := want[hubapi.Device](h, h.do("POST", api("/devices"), `{"mac":"`+d.MAC.String()+`"}`), 201)
		if added.ID != d.ID {
			t.Errorf("got %+v", added)
		}
		hubtest.Online(t, h.hub, 2)
		refused(h, h.do("POST", api("/devices"), `{}`), 422, "param")
		events := get[[]hubapi.Event](h, "/events?kind=removed")
		if len(events) != 1 || events[0].Device != d.ID {
			t.Errorf("events %+v", events)
		}
		if one := h.do("GET", api("/events?limit=1"), ""); one.Header.Get("Link") == "" || len(want[[]hubapi.Event](h, one, 200)) != 1 {
			t.Errorf("events %s", one.body)
		}
		if health := get[hubapi.Health](h, "/health?details=true"); health.Status != "ok" || health.Online != 2 || len(health.Details) != 2 {
			t.Errorf("health %+v", health)
		}
		if one := get[hubapi.DeviceHealth](h, "/devices/"+d.ID+"/health"); one.Polls == 0 || one.Path == "" {
			t.Errorf("health %+v", one)
		}
		if v := get[hubapi.Version](h, "/version"); v.Version != "1.2.3" || v.Epoch == "" || v.Devices != 2 {
			t.Errorf("version %+v", v)
		}
		refused(h, h.do("POST", api("/backup"), ""), 501, "absent")
		refused(h, h.do("POST", api("/reload"), ""), 501, "absent")
	})
}

func TestDeviceThatDoesNotAnswer(t *testing.T) {
	mac := wattle.MAC{2, 0x57, 0xa7, 1, 2, 3}
	o := &rest.Options{Probe: func(_ context.Context, host string) (discover.Found, error) {
		if host != "127.0.22.9" {
			return discover.Found{}, fmt.Errorf("%w: nothing answers at %s", wattle.ErrUnreachable, host)
		}
		route := wattle.Route{Family: wattle.SMART, Transport: wattle.KLAP, Host: host, Port: 80}
		return discover.Found{MAC: mac, Addr: netip.MustParseAddr(host), Alias: "Ghost", Routes: []wattle.Route{route}}, nil
	}}
	in(t, o, []string{"P110"}, func(h *house) {
		h.home.Net.SetDown(netip.MustParseAddr("127.0.22.9"), true)
		refused(h, h.do("POST", api("/devices"), `{"address":"127.0.22.8"}`), 503, "unreachable")
		added := want[hubapi.Device](h, h.do("POST", api("/devices"), `{"address":"127.0.22.9"}`), 201)
		if added.Online || added.Reason == "" || added.Name != "Ghost" || added.Features == nil {
			t.Errorf("got %+v", added)
		}
		refused(h, h.do("POST", api("/devices"), `{"address":"127.0.22.9"}`), 409, "conflict")
		refused(h, h.do("PATCH", api("/devices/"+added.ID+"/features"), `{"state":false}`), 503, "unreachable")
		if health := get[hubapi.Health](h, "/health"); health.Status != "degraded" {
			t.Errorf("health %+v", health)
		}
	})
}
