package cloudsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"wattle/internal/wire/cloudapi"
	"wattle/simulator/cloudsim"
)

func TestThingsWantTheirHeaders(t *testing.T) {
	c := newCloud(t, home(t), nil)
	token, kasa := login(t, c, "Tapo_Android"), login(t, c, "Kasa_Android")
	const base = "https://euw1-app-server.iot.i.tplinknbu.com"
	cid := "app:TP-Link_Tapo_Android:" + terminal
	for name, tt := range map[string]struct {
		target string
		header map[string]string
		status int
	}{
		"good":             {"/v1/things", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 200},
		"no cid":           {"/v1/things", map[string]string{"Authorization": "ut|" + token}, 403},
		"cid of another":   {"/v1/things", map[string]string{"Authorization": "ut|" + token, "app-cid": "app:x:x"}, 403},
		"no token":         {"/v1/things", map[string]string{"app-cid": cid}, 401},
		"without ut|":      {"/v1/things", map[string]string{"Authorization": token, "app-cid": cid}, 401},
		"token of Kasa":    {"/v1/things", map[string]string{"Authorization": "ut|" + kasa, "app-cid": cid}, 401},
		"server-info":      {"/v1/server-info", map[string]string{"app-cid": "app:x:x"}, 200},
		"unknown path":     {"/v1/nothing", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 404},
		"path of B":        {"/api/v2/things", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 404},
		"shadow by GET":    {"/v1/things/x/shadows", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 405},
		"unknown thing":    {"/v1/things/x/events", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 404},
		"shadows, no name": {"/v1/things/shadows", map[string]string{"Authorization": "ut|" + token, "app-cid": cid}, 400},
	} {
		if a := send(t, c, "GET", base+tt.target, tt.header, ""); a.status != tt.status {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

func TestListOfThings(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token := login(t, c, "Tapo_Android")
	byName := map[string]cloudapi.Thing{}
	for page := 0; ; page++ {
		a := thing(t, c, "GET", cloudapi.TargetThings(page, 4), token, "")
		p, broken, err := cloudapi.ParsePage([]byte(a.text))
		if err != nil || broken > 0 {
			t.Fatal(err, a.text)
		}
		if len(p.Data) == 0 {
			break
		}
		for _, th := range p.Data {
			byName[cloudapi.DisplayName("SMART.", th.Nickname)] = th
		}
	}
	if th := byName["Heater"]; th.Model != "P110" || th.Status != cloudapi.Int(1) || th.Category != "plug" || th.IsSubThing || len(th.MAC) != 12 {
		t.Errorf("%+v", th)
	}
	if th := byName["Bed button"]; !th.IsSubThing || th.Model == "" {
		t.Errorf("%+v", th)
	}
	if th := byName["alias"]; th.Name != "deviceId" || th.Status != cloudapi.Int(1) {
		t.Errorf("the plug of the seed: %+v", th)
	}
	if _, ok := byName["Fridge"]; ok {
		t.Error("a Kasa device is a thing")
	}
}

// shadowOf reads one shadow.
func shadowOf(t *testing.T, c *cloudsim.Cloud, token, id string) cloudapi.Shadow {
	t.Helper()
	a := thing(t, c, "GET", cloudapi.TargetShadows(id), token, "")
	var s cloudapi.Shadows
	if err := json.Unmarshal([]byte(a.text), &s); err != nil || len(s.Shadows) != 1 {
		t.Fatal(err, a.text)
	}
	return s.Shadows[0]
}

func TestShadows(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token, plug := login(t, c, "Tapo_Android"), simulated(t, h, "Heater")
	id := plug.Info().DeviceID
	patch := func(version any, on bool) answer {
		return thing(t, c, "PATCH", cloudapi.TargetShadow(id), token, fmt.Sprintf(`{"version":%v,"state":{"desired":{"on":%v}}}`, version, on))
	}
	s := shadowOf(t, c, token, id)
	before := s.Version.Value
	if string(s.State.Reported["on"]) != "true" || string(s.State.Reported["charging_status"]) != `"normal"` {
		t.Fatalf("%s", s.State.Reported)
	}
	if a := patch(before, false); a.code() != 11000 || !strings.Contains(a.text, fmt.Sprintf(`"curVersion":%d`, before)) {
		t.Fatal(a.text)
	}
	if a := patch(before+1, false); a.status != 200 {
		t.Fatal(a.text)
	}
	if got := direct(t, plug, `{"method":"get_device_info"}`); !strings.Contains(got, `"device_on":false`) {
		t.Fatal(got)
	}
	if a := patch(fmt.Sprintf("%q", fmt.Sprint(before+2)), true); a.status != 200 { // the version as text
		t.Fatal(a.text)
	}
	// Switched by somebody else: a new version.
	direct(t, plug, `{"method":"set_device_info","params":{"device_on":false}}`)
	if s = shadowOf(t, c, token, id); s.Version.Value != before+3 || string(s.State.Reported["on"]) != "false" || string(s.State.Desired["on"]) != "true" {
		t.Errorf("%+v", s)
	}
	// What is reported comes late.
	if err := c.SetFault(nil, "cloud-shadow=10s"); err != nil {
		t.Fatal(err)
	}
	if a := patch(before+4, true); a.status != 200 {
		t.Fatal(a.text)
	}
	if s = shadowOf(t, c, token, id); string(s.State.Reported["on"]) != "false" {
		t.Errorf("%+v", s)
	}
	c.Advance(11 * time.Second)
	if s = shadowOf(t, c, token, id); string(s.State.Reported["on"]) != "true" {
		t.Errorf("%+v", s)
	}
	if err := c.SetFault(nil, "cloud-conflict"); err != nil {
		t.Fatal(err)
	}
	if a := patch(s.Version.Value+1, false); a.code() != 11000 {
		t.Error(a.text)
	}
	// The child of a hub, and two at once.
	a := thing(t, c, "GET", cloudapi.TargetShadows(id, "nothing"), token, "")
	if !strings.Contains(a.text, `"failThingList":[{`) {
		t.Error(a.text)
	}
}

func TestServicesSync(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token, plug := login(t, c, "Tapo_Android"), simulated(t, h, "Heater")
	id := plug.Info().DeviceID
	call := func(id, data string) answer {
		return thing(t, c, "POST", cloudapi.TargetService(id), token, `{"serviceId":"passthrough","inputParams":{"requestData":`+data+`}}`)
	}
	if a := call(id, `{"method":"multipleRequest","params":{"requests":[{"method":"get_energy_usage"}]}}`); !strings.Contains(a.text, `"responseData":{"`) || !strings.Contains(a.text, "today_energy") {
		t.Error(a.text)
	}
	if a := call(id, `"{\"method\":\"get_energy_usage\"}"`); !strings.Contains(a.text, `"responseData":"{`) {
		t.Error(a.text)
	}
	for _, child := range simulated(t, h, "Hallway hub").Info().Children {
		if a := call(child.DeviceID, `{"method":"get_device_info"}`); !strings.Contains(a.text, child.DeviceID) {
			t.Errorf("%s: %s", child.Alias, a.text)
		}
	}
	if err := h.SetFault("Heater", "cloud-offline"); err != nil {
		t.Fatal(err)
	}
	if a := call(id, `{"method":"get_device_info"}`); a.code() != 15006 {
		t.Error(a.text)
	}
}

func TestEventsHomesAndRooms(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token := login(t, c, "Tapo_Android")
	if err := h.Fire("Bed button", "press", "double"); err != nil {
		t.Fatal(err)
	}
	var button string
	for _, child := range simulated(t, h, "Hallway hub").Info().Children {
		if child.Alias == "Bed button" {
			button = child.DeviceID
		}
	}
	a := thing(t, c, "GET", cloudapi.TargetEvents(button, 50), token, "")
	events, err := cloudapi.ParseEvents([]byte(a.text))
	if err != nil || len(events) == 0 || events[0].Name != "doubleClick" || !events[0].Timestamp.Known {
		t.Errorf("%v %s", err, a.text)
	}
	id := simulated(t, h, "Heater").Info().DeviceID
	for _, step := range []struct{ method, target, body string }{
		{"PUT", "/v1/families/default/rooms", `{"id":"attic001","name":"Attic"}`},
		{"POST", cloudapi.PathSettings, `{"familyId":"default","roomId":"attic001","thingNames":["` + id + `"]}`},
	} {
		if a := thing(t, c, step.method, step.target, token, step.body); a.status != 200 {
			t.Errorf("%s %s: %d %s", step.method, step.target, a.status, a.text)
		}
	}
	if a := thing(t, c, "GET", cloudapi.TargetFamilies(0, 20), token, ""); !strings.Contains(a.text, `"name":"Attic"`) {
		t.Error(a.text)
	}
	if a := thing(t, c, "GET", "/v1/things?pageSize=100", token, ""); !strings.Contains(a.text, `"roomId":"attic001"`) {
		t.Error(a.text)
	}
	if a := thing(t, c, "DELETE", "/v1/families/default/rooms/attic001", token, ""); a.status != 200 {
		t.Error(a.text)
	}
}
