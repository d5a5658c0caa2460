package cloud_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/internal/wire/cloudapi"
	"wattle/method"
)

// shadow plays the shadow of the Tapo plug.
type shadow struct {
	f         *fake
	version   int
	desired   string
	reported  string
	after     int // reads until what is wished is reported; -1: never
	conflicts int // patches to be refused
}

func (f *fake) shadow() *shadow {
	s := &shadow{f: f, version: 118, desired: "false", reported: "false"}
	f.handle("GET /v1/things/shadows", func(*seen) (int, string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if s.after == 0 {
			s.reported = s.desired
		} else if s.after > 0 {
			s.after--
		}
		return 200, fmt.Sprintf(`{"shadows":[{"thingName":"%s","state":{"desired":{"on":%s},"reported":{"on":%s,"auto_off_status":"off"}},"version":%d}],"failThingList":[]}`,
			tapoID, s.desired, s.reported, s.version)
	})
	f.handle("PATCH /v1/things/"+tapoID+"/shadows", func(r *seen) (int, string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var patch cloudapi.ShadowPatch
		if err := json.Unmarshal(r.body, &patch); err != nil {
			return 400, `{}`
		}
		if s.conflicts > 0 {
			s.conflicts--
			s.version += 10
		}
		if patch.Version.Value != s.version+1 {
			return 400, fmt.Sprintf(`{"code":11000,"message":"Update version is smaller than present version.","data":{"curVersion":%d}}`, s.version)
		}
		s.version++
		s.desired = string(patch.State.Desired["on"])
		return 200, fmt.Sprintf(`{"version":%d,"requestId":"x"}`, s.version)
	})
	return s
}

var on = method.Call{Method: "set_device_info", Params: json.RawMessage(`{"device_on":true}`), Effect: method.Absolute}

func TestSwitchByShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		s := f.shadow()
		s.after, s.conflicts = 4, 2
		way, err := c.Open(home.ByID(tapoID), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer way.Close()
		results, err := way.Caller.Do(t.Context(), on)
		if err != nil || results[0].Err != nil || s.reported != "true" {
			t.Fatalf("%+v, %v, reported %s", results, err, s.reported)
		}
		patches := f.requests("PATCH /v1/things/" + tapoID + "/shadows")
		if len(patches) != 3 || !strings.Contains(string(patches[2].body), `"version":139`) || !strings.Contains(string(patches[2].body), `{"desired":{"on":true}}`) {
			t.Errorf("%d patches, the last %s", len(patches), patches[len(patches)-1].body)
		}
		r := patches[0]
		if r.host != "aps1-app-server.iot.i.tplinknbu.com" { // as the thing says
			t.Errorf("sent to %s", r.host)
		}
		if r.header.Get("Authorization") != "ut|token-0002" || r.header.Get("App-Cid") != "app:TP-Link_Tapo_Android:"+c.TerminalUUID() || strings.Contains(r.uri, "token") {
			t.Errorf("headers %v of %s", r.header, r.uri)
		}
		if !way.Attested(on) || way.Attested(method.Call{Method: "set_device_info", Params: json.RawMessage(`{"brightness":5}`)}) ||
			!way.Attested(method.Call{Method: "get_energy_usage"}) {
			t.Error("what is attested")
		}
	})
}

func TestConflictsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.shadow().conflicts = 99
		err := c.SetShadow(t.Context(), home.ByID(tapoID), map[string]json.RawMessage{"on": json.RawMessage("true")})
		if !errors.Is(err, wattle.ErrBusy) || f.count("PATCH /v1/things/"+tapoID+"/shadows") != 3 {
			t.Errorf("%v after %d", err, f.count("PATCH /v1/things/"+tapoID+"/shadows"))
		}
	})
}

// TestNotReported: that the cloud took a wish proves nothing.
func TestNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.shadow().after = -1
		began := time.Now()
		err := c.SetShadow(t.Context(), home.ByID(tapoID), map[string]json.RawMessage{"on": json.RawMessage("true")})
		if !errors.Is(err, wattle.ErrUnreachable) || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestCallsOnTheDevice go by services-sync, whose answer may be an object or text.
func TestCallsOnTheDevice(t *testing.T) {
	for _, answer := range []string{
		`{"outputParams":{"responseData":{"error_code":0,"result":{"current_power":1250}}}}`,
		`{"outputParams":{"responseData":"{\"error_code\":0,\"result\":{\"current_power\":1250}}"}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			c, home := f.home()
			f.always("POST /v1/things/"+tapoID+"/services-sync", answer)
			way, err := c.Open(home.ByID(tapoID), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer way.Close()
			results, err := way.Caller.Do(t.Context(), method.Call{Method: "get_energy_usage"})
			if err != nil || string(results[0].Raw) != `{"current_power":1250}` {
				t.Errorf("%+v, %v", results, err)
			}
			var sent cloudapi.ServiceCall
			if err := json.Unmarshal(f.requests("POST /v1/things/" + tapoID + "/services-sync")[0].body, &sent); err != nil || sent.ServiceID != "passthrough" {
				t.Errorf("%+v, %v", sent, err)
			}
		})
	}
}

// TestThingsWithoutCalls: where the service carries no calls to a device, list
// and shadow still tell who it is and whether it is on.
func TestThingsWithoutCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.shadow().desired = "true"
		f.status("POST /v1/things/"+tapoID+"/services-sync", 404, `{"code":-1,"message":"no such service"}`)
		way, err := c.Open(home.ByID(tapoID), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer way.Close()
		results, err := way.Caller.Do(t.Context(), method.Call{Method: "component_nego"}, method.Call{Method: "get_device_info"}, method.Call{Method: "get_led_info"})
		if err != nil || results[0].Err != nil || results[1].Err != nil || results[2].Err == nil {
			t.Fatalf("%+v, %v", results, err)
		}
		var info struct {
			On       *bool  `json:"device_on"`
			Type     string `json:"type"`
			Nickname string `json:"nickname"`
			MAC      string `json:"mac"`
		}
		if err := json.Unmarshal(results[1].Raw, &info); err != nil || info.On == nil || !*info.On || info.Type != "SMART.TAPOPLUG" || info.MAC != "84:D8:1B:01:02:03" {
			t.Errorf("%s, %v", results[1].Raw, err)
		}
	})
}

func TestThingsRefusals(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		answer   string
		class    error
		renewals int
	}{
		{"expired, by status", 401, `{"message":"expired"}`, wattle.ErrAuth, 1},
		{"expired, by code", 401, `{"error_code":-20651,"msg":"Token expired"}`, wattle.ErrAuth, 1},
		{"app-cid", 403, `{"status":403,"message":"missing appCid or invalid"}`, wattle.ErrAccess, 0},
		{"wrong root", 404, ``, wattle.ErrRefused, 0},
		{"gateway", 502, `<html>bad gateway`, wattle.ErrUnreachable, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				c := f.signedIn()
				f.status("GET /v1/things", tt.status, tt.answer)
				_, err := c.ListThings(t.Context())
				if !errors.Is(err, tt.class) || f.count("refreshToken") != tt.renewals {
					t.Errorf("%v after %d renewals", err, f.count("refreshToken"))
				}
			})
		})
	}
}

// TestWhereThingsAre: by discovery, else by the region, else by the global entry.
func TestWhereThingsAre(t *testing.T) {
	const none = `{"error_code":-20104}`
	for _, tt := range []struct{ name, status, discovery, want string }{
		{"discovery", "", `{"error_code":0,"result":{"serviceUrls":{"nbu.iot-app-server.app-v2":"https://aps1-app-server.iot.i.tplinkcloud.com"}}}`, "aps1-app-server.iot.i.tplinkcloud.com"},
		{"forged", "", `{"error_code":0,"result":{"serviceUrls":{"nbu.iot-app-server.app-v2":"https://evil.example"}}}`, "euw1-app-server.iot.i.tplinknbu.com"},
		{"region", "", none, "euw1-app-server.iot.i.tplinknbu.com"},
		{"nothing known", none, none, "use1-app-server.iot.i.tplinknbu.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.welcome()
				if tt.status != "" {
					f.always("getAccountStatusAndUrl", tt.status)
				}
				f.always("getAppServiceUrl", tt.discovery)
				f.always("GET /v1/server-info", `{"appServerUrl":"https://use1-app-server.iot.i.tplinknbu.com"}`)
				f.always("GET /v1/things", `{"data":[],"total":0}`)
				c := f.client()
				if _, err := c.Login(t.Context(), someone, nil); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if _, err := c.ListThings(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				list := f.requests("GET /v1/things")
				if len(list) != 2 || list[1].host != tt.want {
					t.Errorf("%s of %d", list[0].host, len(list))
				}
				if n := f.count("getAppServiceUrl"); tt.name == "discovery" && n != 1 {
					t.Errorf("asked %d times where things are", n)
				}
				for _, r := range f.requests("GET /v1/server-info") {
					if r.header.Get("Authorization") != "" {
						t.Error("the token went to the global entry")
					}
				}
			})
		})
	}
}

func TestEventsAndFamilies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.always("GET /v1/things/"+tapoID+"/events", `{"list":[{"logId":1,"name":"singleClick","timestamp":1700000000}]}`)
		f.always("GET /v1/families", `{"page":0,"pageSize":20,"total":1,"data":[{"id":"default","name":"Home","default":true,"rooms":[{"id":"abcd1234","name":"Kitchen"}]}]}`)
		events, err := c.Events(t.Context(), home.ByID(tapoID), 50)
		if err != nil || len(events) != 1 || events[0].Name != "singleClick" {
			t.Errorf("%+v, %v", events, err)
		}
		families, err := c.Families(t.Context())
		if err != nil || len(families) != 1 || families[0].Rooms[0].Name != "Kitchen" {
			t.Errorf("%+v, %v", families, err)
		}
		if _, err := c.Events(t.Context(), home.ByID(plugID), 50); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("a Kasa plug: %v", err)
		}
	})
}

// TestRoomOf: a room is named by its home and its id; what is not told is nowhere.
func TestRoomOf(t *testing.T) {
	homes := []cloud.Family{
		{ID: "town", Rooms: []cloudapi.Room{{ID: "1", Name: "Kitchen"}}},
		{ID: "lake", Rooms: []cloudapi.Room{{ID: "1", Name: " Boat house "}}},
	}
	for _, c := range []struct{ home, room, want string }{
		{"town", "1", "Kitchen"}, {"lake", "1", "Boat house"}, {"", "1", "Kitchen"}, {"lake", "2", ""}, {"sea", "1", ""}, {"town", "", ""},
	} {
		e := &cloud.Entry{Thing: &cloud.Thing{FamilyID: c.home, RoomID: c.room}}
		if got := cloud.RoomOf(homes, e); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.home, c.room, got, c.want)
		}
	}
	if got := cloud.RoomOf(homes, &cloud.Entry{}); got != "" {
		t.Errorf("a Kasa device is in %q", got)
	}
}

// TestRawCalls: each service by hand, with the token where it belongs.
func TestRawCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.stock()
		f.always("getMFAFeatureStatus", `{"error_code":0,"result":{"MFAFeatureEnabled":false}}`)
		for _, r := range []cloud.Raw{
			{Method: "getDeviceList"},
			{Service: cloud.V2, Line: cloud.Tapo, Method: cloudapi.PathMFAStatus},
			{Service: cloud.Things, Method: "GET /v1/things?page=0"},
		} {
			if body, err := c.Raw(t.Context(), r); err != nil || !json.Valid(body) {
				t.Errorf("%+v: %s, %v", r, body, err)
			}
		}
		body, err := c.Raw(t.Context(), cloud.Raw{Method: "noSuchMethod"})
		if !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(string(body), "-20103") {
			t.Errorf("%s, %v", body, err)
		}
		for _, r := range []cloud.Raw{
			{Method: "x", Params: json.RawMessage(`{"token":TOKEN}`)},
			{Method: "x", Params: json.RawMessage(`[]`)},
			{Service: cloud.V2, Method: "login"},
			{Service: cloud.Things, Method: "things"},
		} {
			if _, err := c.Raw(t.Context(), r); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}

// TestBreaker: a host that does not work is left alone, longer each time.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.status("getDeviceList", 503, "")
		for range 40 {
			_, _ = c.ListRelay(t.Context(), cloud.Kasa)
		}
		if n := f.count("getDeviceList"); n != 5 {
			t.Errorf("%d requests at once", n)
		}
		var hold *cloud.HoldError
		if _, err := c.ListRelay(t.Context(), cloud.Kasa); !errors.As(err, &hold) || !errors.Is(err, wattle.ErrUnreachable) {
			t.Errorf("while it rests: %v", err)
		}
		f.stock()
		time.Sleep(time.Second)
		if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
			t.Errorf("later: %v", err)
		}
		if _, err := c.ListRelay(t.Context(), cloud.Tapo); err != nil { // another host
			t.Error(err)
		}
	})
}

// TestRate: five requests at once, then one a second.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn(func(o *cloud.Options) { o.Rate = 0 })
		f.stock()
		time.Sleep(time.Minute)
		began := time.Now()
		for i := range 8 {
			if _, err := c.ListRelay(t.Context(), cloud.Kasa); err != nil {
				t.Fatal(err)
			}
			if i == 4 && time.Since(began) != 0 {
				t.Errorf("five requests took %v", time.Since(began))
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("eight requests took %v", took)
		}
	})
}

// TestTerminal: two runs are one install, and two installs are two.
func TestTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		first := f.client()
		again := f.client(func(o *cloud.Options) { o.State = first.Export() })
		other := f.client()
		given := f.client(func(o *cloud.Options) {
			o.State, o.TerminalUUID = first.Export(), "EE77ED1B-0000-4000-8000-000000000000"
		})
		if first.TerminalUUID() != again.TerminalUUID() || first.TerminalUUID() == other.TerminalUUID() || len(other.TerminalUUID()) != 36 ||
			given.TerminalUUID() != "EE77ED1B-0000-4000-8000-000000000000" {
			t.Errorf("%s, %s, %s, %s", first.TerminalUUID(), again.TerminalUUID(), other.TerminalUUID(), given.TerminalUUID())
		}
	})
}

// TestLogout ends the tokens and keeps the identity of the install.
func TestLogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.always("logout", `{"error_code":0}`)
		before := c.TerminalUUID()
		if err := c.Logout(t.Context()); err != nil || f.count("logout") != 2 || c.SignedIn() || c.TerminalUUID() != before {
			t.Errorf("%v, %d, %+v", err, f.count("logout"), c.Status())
		}
		if state := c.Export().Reveal(); strings.Contains(state, "token-") || strings.Contains(state, someone.Username) {
			t.Error("the state keeps something of the account")
		}
		if _, err := c.Devices(t.Context()); !errors.Is(err, cloud.ErrSignedOut) {
			t.Error(err)
		}
	})
}
