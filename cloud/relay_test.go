package cloud_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/cloud"
	"wattle/internal/wire/cloudapi"
	"wattle/method"
	"wattle/session"
	"wattle/transport"
)

// plug and tapo are entries of an account; both has them in its lists.
const (
	plugID = "8006AAAABBBBCCCCDDDDEEEEFFFF000011112222"
	tapoID = "80221111222233334444555566667777888899AA"
	camID  = "80333333444455556666777788889999AAAABBBB"
)

// stock fills the lists: a Kasa plug, a Tapo plug that each list names, a Tapo
// camera, an old camera, and something from the future.
func (f *fake) stock() {
	f.always("getDeviceList", `{"error_code":0,"result":{"deviceList":[
		{"deviceType":"IOT.SMARTPLUGSWITCH","deviceId":"`+plugID+`","alias":"Desk lamp","deviceMac":"50C7BF010203","deviceModel":"HS110(US)","appServerUrl":"https://use1-wap.tplinkcloud.com","status":1,"role":"0"},
		{"deviceType":"SMART.TAPOPLUG","deviceId":"`+tapoID+`","alias":"S8O8Y2hlIFBsdWc=","deviceMac":"84D81B010203","deviceModel":"P110","appServerUrl":"https://eu-wap.tplinkcloud.com","status":0,"fromKasa":true},
		{"deviceType":"IPCAMERA","deviceId":"NC","alias":"Old camera","deviceMac":"F4F26D010203","deviceModel":"NC220","appServerUrl":"https://eu-wap.tplinkcloud.com","status":1},
		{"deviceType":"FUTURE.THING","deviceId":"FT","new":{"x":[1]}}]}}`)
	f.always("getDeviceListByPage", `{"error_code":0,"result":{"deviceList":[
		{"deviceType":"SMART.TAPOPLUG","deviceId":"`+tapoID+`","alias":"S8O8Y2hlIFBsdWc=","deviceMac":"84D81B010203","deviceModel":"P110","appServerUrl":"https://n-euw1-wap-gw.tplinkcloud.com","status":0},
		{"deviceType":"SMART.IPCAMERA","deviceId":"`+camID+`","alias":"R2F0ZQ==","deviceMac":"F4F26D010204","deviceModel":"C210","appServerUrl":"https://n-euw1-wap-gw.tplinkcloud.com","status":1}]}}`)
	f.always("GET /v1/things", `{"page":0,"pageSize":20,"total":1,"data":[
		{"thingName":"`+tapoID+`","nickname":"S8O8Y2hlIFBsdWc=","deviceType":"SMART.TAPOPLUG","model":"P110","mac":"84D81B010203","status":1,"fwVer":"1.3.1","appServerUrl":"https://aps1-app-server.iot.i.tplinknbu.com"}]}`)
}

// home is a client with its list.
func (f *fake) home() (*cloud.Client, *cloud.Home) {
	f.tb.Helper()
	c := f.signedIn()
	f.stock()
	home, err := c.Devices(f.tb.Context())
	if err != nil {
		f.tb.Fatal(err)
	}
	return c, home
}

func TestDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		if len(home.Entries) != 5 || len(home.Errs) != 0 {
			t.Fatalf("%+v", home)
		}
		tapo := home.Find("küche plug")
		if tapo == nil || tapo.Line != cloud.Tapo || tapo.Thing == nil || tapo != home.Find("84:D8:1B:01:02:03") || tapo != home.ByID(tapoID) {
			t.Fatalf("%+v", tapo)
		}
		if up, known := tapo.Connected(); !up || !known {
			t.Error("a Tapo plug that works is shown as off line")
		}
		for name, want := range map[string]struct {
			service  cloud.Service
			attested bool
		}{"Desk lamp": {cloud.V1, true}, "Küche Plug": {cloud.Things, true}, "Gate": {cloud.V2, false}} {
			p, err := home.Find(name).Path()
			if err != nil || p.Service != want.service || p.Attested != want.attested {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
		for _, name := range []string{"Old camera", "FT"} {
			if p, err := home.Find(name).Path(); !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(err.Error(), home.Find(name).Type) {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
		if raw, err := json.Marshal(home.Find("FT").Device); err != nil || !strings.Contains(string(raw), `"new":{"x":[1]}`) {
			t.Errorf("%s, %v", raw, err)
		}
		before := f.count("")
		if again, err := c.Devices(t.Context()); err != nil || again != home || f.count("") != before {
			t.Error("the list was read again")
		}
		time.Sleep(16 * time.Minute)
		if again, err := c.Devices(t.Context()); err != nil || again == home {
			t.Errorf("the list is old: %v", err)
		}
	})
}

// TestListedElsewhere: the next process does not read the lists again while they
// are fresh, except for a device that is not on them.
func TestListedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, _ := f.home()
		var file []byte
		kept := func(o *cloud.Options) {
			o.State = c.Export()
			o.SaveList = func(home *cloud.Home) {
				var err error
				if file, err = json.Marshal(home); err != nil {
					t.Error(err)
				}
			}
			if file != nil {
				o.Listed = new(cloud.Home)
				if err := json.Unmarshal(file, o.Listed); err != nil {
					t.Error(err)
				}
			}
		}
		home, err := f.client(kept).Devices(t.Context())
		if err != nil || file == nil {
			t.Fatal(err, "nothing was saved")
		}
		before := f.count("")
		next := f.client(kept)
		again, err := next.Devices(t.Context())
		if err != nil || f.count("") != before {
			t.Fatalf("the list was read again: %v", err)
		}
		was, _ := json.Marshal(home)
		is, _ := json.Marshal(again)
		if !bytes.Equal(was, is) || !strings.Contains(string(is), `"new":{"x":[1]}`) {
			t.Errorf("%s\nbecame\n%s", was, is)
		}
		if _, err := next.FindName(t.Context(), "Desk lamp"); err != nil || f.count("") != before {
			t.Errorf("a known name: %v", err)
		}
		if _, err := next.FindName(t.Context(), "new one"); !errors.Is(err, wattle.ErrNotFound) || f.count("") == before {
			t.Errorf("a name that is not listed was not looked for: %v", err)
		}
		time.Sleep(16 * time.Minute)
		before = f.count("")
		if _, err := f.client(kept).Devices(t.Context()); err != nil || f.count("") == before {
			t.Errorf("an old list was taken for new: %v", err)
		}
		if err := next.Logout(t.Context()); string(file) != "null" { // this cloud knows no logout
			t.Errorf("%s is left after the logout, %v", file, err)
		}
	})
}

// TestOneListFails: the others are shown, and an error is no empty list.
func TestOneListFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.stock()
		f.always("getDeviceList", `{"error_code":-20104,"msg":"Parameter doesn't exist"}`)
		home, err := c.Devices(t.Context())
		if err != nil || len(home.Entries) != 2 || !errors.Is(home.Errs["kasa"], wattle.ErrParam) {
			t.Fatalf("%+v, %v", home, err)
		}
		f.always("getDeviceListByPage", `{"error_code":-20103}`)
		f.status("GET /v1/things", 500, "")
		if home, err := c.Refresh(t.Context()); err == nil {
			t.Errorf("%+v", home)
		}
	})
}

// TestEndlessPages: a list that never ends is cut off.
func TestEndlessPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		page := `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"thingName":"x"},`, 20), ",") + `]}`
		f.always("GET /v1/things", page)
		list, err := c.ListThings(t.Context())
		if err != nil || len(list) != 2000 || f.count("GET /v1/things") != 100 {
			t.Errorf("%d things on %d pages, %v", len(list), f.count("GET /v1/things"), err)
		}
	})
}

// TestKasaThroughTheRelay: each device's messages go to its own host, as an
// object and with the token in the body.
func TestKasaThroughTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.always("passthrough", `{"error_code":0,"result":{"responseData":{"system":{"set_relay_state":{"err_code":0},"get_sysinfo":{"relay_state":1,"err_code":0}},"emeter":{"err_code":-1,"err_msg":"module not support"}}}}`)
		way, err := c.Open(home.Find("Desk lamp"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer way.Close()
		calls := []method.Call{{Module: "system", Method: "get_sysinfo"}, {Module: "emeter", Method: "get_realtime"}}
		results, err := way.Caller.Do(t.Context(), calls...)
		if err == nil {
			results, err = way.Caller.Do(t.Context(), calls...) // now that it is known: in one message
		}
		if err != nil || results[0].Err != nil || !errors.Is(results[1].Err, wattle.ErrUnsupported) {
			t.Fatalf("%+v, %v", results, err)
		}
		sent := f.requests("passthrough")
		r := sent[len(sent)-1]
		if r.host != "use1-wap.tplinkcloud.com" || r.uri != "/" {
			t.Errorf("sent to %s%s", r.host, r.uri)
		}
		want := `"requestData":{"system":{"get_sysinfo":{}},"emeter":{"get_realtime":{}}}`
		if !strings.Contains(string(r.body), want) || !strings.Contains(string(r.body), `"token":"token-0001"`) {
			t.Errorf("sent %s", r.body)
		}
		if !way.Attested(method.Call{Module: "system", Method: "set_relay_state"}) || way.Family != wattle.IOT {
			t.Error("the way of a Kasa plug")
		}
	})
}

// TestOnlyText: a relay of older days takes text alone, which is found out once.
func TestOnlyText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.handle("passthrough", func(s *seen) (int, string) {
			if !strings.Contains(string(s.body), `"requestData":"{`) {
				return 200, `{"error_code":-20104,"msg":"Parameter doesn't exist"}`
			}
			return 200, `{"error_code":0,"result":{"responseData":"{\"system\":{\"get_sysinfo\":{\"err_code\":0}}}"}}`
		})
		relay, err := c.Relay(home.Find("Desk lamp"))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			answer, err := relay.Exchange(t.Context(), []byte(`{"system":{"get_sysinfo":{}}}`))
			if err != nil || string(answer) != `{"system":{"get_sysinfo":{"err_code":0}}}` {
				t.Fatalf("%s, %v", answer, err)
			}
		}
		if n := f.count("passthrough"); n != 4 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestRefusalsOfTheRelay(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		call         method.Call
		class        error
		times        int
		says         string
	}{
		{"offline", `{"error_code":-20571,"msg":"Device is offline"}`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrUnreachable, 1, "no connection to the cloud"},
		{"not understood", `{"error_code":-1}`, method.Call{Module: "system", Method: "set_relay_state", Params: json.RawMessage(`{"state":7}`)}, wattle.ErrParam, 1, `{"system":{"set_relay_state":{"state":7}}}`},
		{"read in vain", `{"error_code":-20002,"msg":"Request timeout"}`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrUnreachable, 2, "in time"},
		{"write in vain", `{"error_code":-20002}`, method.Call{Module: "system", Method: "set_relay_state", Effect: method.Absolute}, wattle.ErrUnreachable, 1, "in time"},
		{"once in vain", `{"error_code":-20002}`, method.Call{Module: "system", Method: "reboot", Effect: method.Once}, session.ErrUncertain, 1, "may have been"},
		{"not mine", `{"error_code":-20580}`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrNotFound, 1, "account"},
		{"not JSON inside", `{"error_code":0,"result":{"responseData":"hello"}}`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrProtocol, 1, ""},
		{"nothing inside", `{"error_code":0,"result":{}}`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrProtocol, 1, ""},
		{"cut off", `{"error_code":0,"resu`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrProtocol, 1, "not JSON"},
		{"a page", `<html>`, method.Call{Module: "system", Method: "get_sysinfo"}, wattle.ErrProtocol, 1, "not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				c, home := f.home()
				f.always("passthrough", tt.answer)
				way, err := c.Open(home.Find("Desk lamp"), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer way.Close()
				results, err := way.Caller.Do(t.Context(), tt.call)
				if err == nil {
					err = results[0].Err
				}
				if !errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.says) || f.count("passthrough") != tt.times {
					t.Errorf("%v after %d requests, want %v after %d", err, f.count("passthrough"), tt.class, tt.times)
				}
			})
		})
	}
}

// TestTapoThroughTheWrongRelay is explained, and not shown as off line: without
// the things service nothing is sent at all, and a relay that has no link to a
// camera says so.
func TestTapoThroughTheWrongRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.signedIn()
		f.stock()
		f.always("GET /v1/things", `{"data":[],"total":0}`)
		home, err := c.Devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		plug := home.ByID(tapoID)
		if _, err := c.Open(plug, nil); !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(err.Error(), "things service") {
			t.Errorf("error %v", err)
		}
		if _, known := plug.Connected(); known {
			t.Error("its status at a relay counts")
		}
		f.always("passthrough", `{"error_code":-20571,"msg":"Device is offline"}`)
		relay, err := c.Relay(home.ByID(camID))
		if err != nil {
			t.Fatal(err)
		}
		_, err = relay.Exchange(t.Context(), []byte(`{"method":"get"}`))
		if errors.Is(err, wattle.ErrUnreachable) || !strings.Contains(err.Error(), "does not mean that it is off line") {
			t.Errorf("error %v", err)
		}
	})
}

func TestCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.always("passthrough", `{"error_code":0,"result":{"responseData":{"result":{"responses":[{"method":"getLensMaskConfig","result":{"lens_mask":{}},"error_code":0},{"method":"other","error_code":-40106}]},"error_code":0}}}`)
		way, err := c.Open(home.ByID(camID), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer way.Close()
		results, err := way.Caller.Do(t.Context(), method.Call{Method: "getLensMaskConfig", Params: json.RawMessage(`{}`)}, method.Call{Method: "other"})
		if err != nil || results[0].Err != nil || !errors.Is(results[1].Err, wattle.ErrUnsupported) {
			t.Errorf("%+v, %v", results, err)
		}
		r := f.requests("passthrough")[0]
		a, err := cloudapi.ParseAuthorization(r.header.Get(cloudapi.HeaderAuthorization))
		if err != nil || cloudapi.TapoAndroid().Key.Verify(a, r.header.Get(cloudapi.HeaderMD5), cloudapi.PathPassthrough, r.body) != nil {
			t.Errorf("signature %+v, %v", a, err)
		}
		if way.Path.Attested || !strings.Contains(r.uri, "token=token-0002") {
			t.Errorf("%+v, %s", way.Path, r.uri)
		}
	})
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		family  wattle.Family
		request string
		warns   bool
	}{
		{wattle.IOT, `{"system":{"get_sysinfo":null}}`, false},
		{wattle.IOT, `{"context":{"child_ids":["x"]},"system":{"set_relay_state":{"state":0}},"emeter":{"get_realtime":null}}`, false},
		{wattle.IOT, `{"system":{"set_relay_state":{"stat":1}}}`, true},
		{wattle.IOT, `{"system":{"set_later":{"x":1}},"future":{"a":{}}}`, false},
		{wattle.IOT, `{"method":"get_device_info"}`, true},
		{wattle.SMART, `{"method":"set_device_info","params":{"device_on":true}}`, false},
		{wattle.SMART, `{"method":"set_device_info","params":{"device_onn":true}}`, true},
		{wattle.SMART, `{"method":"multipleRequest","params":{"requests":[{"method":"get_device_info"},{"method":"set_device_info","params":{"brightness":5}}]}}`, false},
		{wattle.SMART, `{"system":{"set_relay_state":{"state":1}}}`, true},
		{wattle.SMART, `{"method":"get_device_info"}`, false},
		{wattle.SMARTCAM, `{"method":"multipleRequest","params":{}}`, false},
		{wattle.SMARTCAM, `{}`, true},
	} {
		if got, err := cloud.Warnings(tt.family, []byte(tt.request)); err != nil || (len(got) > 0) != tt.warns {
			t.Errorf("%s %s: %v, %v", tt.family, tt.request, got, err)
		}
	}
	for family, requests := range map[wattle.Family][]string{
		wattle.IOT: {`[]`, `{"system":{"set_relay_state":{"state":"on"}}}`, `{"system":{"set_relay_state":1}}`, `{"system":1}`},
		wattle.SMART: {
			`{"method":"set_device_info","params":{"device_on":"on"}}`, `{"method":"set_device_info","params":[1]}`, `{"method":"multipleRequest","params":{}}`,
			`{"method":"multipleRequest","params":{"requests":[{"method":"control_child","params":{"device_id":"x","requestData":{"method":"set_device_info","params":{"device_on":7}}}}]}}`,
		},
	} {
		for _, request := range requests {
			if got, err := cloud.Warnings(family, []byte(request)); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%s %s: %v, %v", family, request, got, err)
			}
		}
	}
	_, err := cloud.Warnings(wattle.IOT, []byte(`{"method":"passthrough","token":TOKEN}`))
	if !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), "byte 33") {
		t.Errorf("error %v", err)
	}
}

// TestHoldsAreNotSent: what the client holds back was surely not carried out.
func TestHoldsAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c, home := f.home()
		f.always("passthrough", `{"error_code":-20004}`)
		relay, err := c.Relay(home.Find("Desk lamp"))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, err = relay.Exchange(t.Context(), []byte(`{}`))
			if !errors.Is(err, wattle.ErrLockout) || !transport.NotCarriedOut(err) {
				t.Errorf("error %v", err)
			}
		}
		if f.count("passthrough") != 1 {
			t.Errorf("%d requests", f.count("passthrough"))
		}
	})
}

// BenchmarkList parses and joins 5,000 devices that two services name.
func BenchmarkList(b *testing.B) {
	const n = 5000
	devices, things := manyDevices(n)
	began := cpu()
	for b.Loop() {
		list, _, err := cloudapi.ParseDeviceList(devices)
		if err != nil {
			b.Fatal(err)
		}
		page, _, err := cloudapi.ParsePage(things)
		if err != nil {
			b.Fatal(err)
		}
		entries := cloud.Join(list.Devices, page.Data)
		if len(entries) != n || entries[7].Thing == nil || len(entries[7].Device.Extra()) != 1 {
			b.Fatalf("%d entries", len(entries))
		}
	}
	each := (cpu() - began) / time.Duration(b.N)
	b.ReportMetric(float64(each.Microseconds())/1000, "cpu-ms/op")
	if each > 100*time.Millisecond {
		b.Errorf("%v for %d devices", each, n)
	}
}

func manyDevices(n int) (devices, things []byte) {
	var d, t strings.Builder
	d.WriteString(`{"deviceList":[`)
	t.WriteString(`{"data":[`)
	for i := range n {
		if i > 0 {
			d.WriteByte(',')
			t.WriteByte(',')
		}
		id := strings.Repeat("A", 34) + string([]byte{byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10), 'F'})
		d.WriteString(`{"deviceType":"SMART.TAPOPLUG","role":0,"fwVer":"1.3.2","appServerUrl":"https://eu-wap.tplinkcloud.com","deviceRegion":"eu-west-1","deviceId":"` + id +
			`","deviceName":"P100","deviceHwVer":"1.0","alias":"S8O8Y2hlIFBsdWc=","deviceMac":"84D81B01` + id[36:40] + `","oemId":"9552772F906C60A9AEEA36A3347B6EBC","deviceModel":"P100","hwId":"9994A0A7D5B29645B8150C392284029D",` +
			`"fwId":"1D18AD293A25ABDE41405B20C6F98816","isSameRegion":true,"status":0,"future":{"a":[1,2,3]}}`)
		t.WriteString(`{"thingName":"` + id + `","nickname":"S8O8Y2hlIFBsdWc=","deviceType":"SMART.TAPOPLUG","model":"P100","mac":"84D81B01` + id[36:40] + `","status":1,"familyId":"default","avatarUrl":"plug"}`)
	}
	d.WriteString(`]}`)
	t.WriteString(`]}`)
	return []byte(d.String()), []byte(t.String())
}
