package cloudsim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"wattle/internal/wire/cloudapi"
	"wattle/simulator/cloudsim"
)

// pass sends requestData to a device through A.
func pass(t *testing.T, c *cloudsim.Cloud, token, id, data string) answer {
	t.Helper()
	return first(t, c, `{"method":"passthrough","params":{"deviceId":"`+id+`","requestData":`+data+`,"token":"`+token+`"}}`)
}

func TestPassthroughMirrorsTheForm(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	plug := simulated(t, h, "Fridge")
	id, token := plug.Info().DeviceID, login(t, c, "Kasa_Android")
	for _, state := range []string{"0", "1"} {
		object := `{"system":{"set_relay_state":{"state":` + state + `}}}`
		a := pass(t, c, token, id, object)
		if _, ok := a.result()["responseData"].(map[string]any); !ok || a.code() != 0 {
			t.Fatalf("object: %s", a.text)
		}
		if got := direct(t, plug, `{"system":{"get_sysinfo":{}}}`); !strings.Contains(got, `"relay_state":`+state) {
			t.Fatalf("not switched to %s: %s", state, got)
		}
		text, _ := json.Marshal(`{"system":{"get_sysinfo":null},"emeter":{"get_realtime":null}}`)
		a = pass(t, c, token, id, string(text))
		inner, ok := a.result()["responseData"].(string)
		if !ok || !strings.Contains(inner, `"relay_state":`+state) || !strings.Contains(inner, "power") || strings.Contains(inner, ": ") {
			t.Fatalf("string: %s", a.text)
		}
	}
	if a := pass(t, c, token, id, `"{\"system\":"`); a.code() != -1 {
		t.Errorf("broken JSON inside: %s", a.text)
	}
	if a := pass(t, c, token, id, `null`); a.code() != -20104 {
		t.Errorf("no requestData: %s", a.text)
	}
	if err := c.SetFault(nil, "cloud-strings"); err != nil {
		t.Fatal(err)
	}
	if a := pass(t, c, token, id, `{"system":{"get_sysinfo":{}}}`); a.code() != -20104 {
		t.Errorf("strings only: %s", a.text)
	}
	if a := pass(t, c, token, id, `"{\"system\":{\"get_sysinfo\":{}}}"`); a.code() != 0 {
		t.Errorf("strings only: %s", a.text)
	}
}

func TestRelayReaches(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token := login(t, c, "TP-Link_Tapo_Android")
	kasa, tapo := simulated(t, h, "Fridge"), simulated(t, h, "Heater")
	const sysinfo = `{"system":{"get_sysinfo":{}}}`
	// A Tapo plug is offline to A, whatever is in the request.
	for _, data := range []string{`{"method":"get_device_info"}`, sysinfo, `null`, `"x"`} {
		if a := pass(t, c, token, tapo.Info().DeviceID, data); a.code() != -20571 {
			t.Errorf("%s: %s", data, a.text)
		}
	}
	if a := first(t, c, `{"method":"passthrough","params":{"deviceId":"deviceId","token":"`+token+`"}}`); a.code() != -20571 {
		t.Errorf("the plug of the seed: %s", a.text)
	}
	// As in 2020.
	if err := h.SetFault("Heater", "cloud-old-tapo"); err != nil {
		t.Fatal(err)
	}
	if a := pass(t, c, token, tapo.Info().DeviceID, sysinfo); !strings.Contains(a.text, `{"error_code":-1003}`) {
		t.Error(a.text)
	}
	if a := pass(t, c, token, tapo.Info().DeviceID, `{"method":"get_device_info"}`); !strings.Contains(a.text, `"device_on"`) {
		t.Error(a.text)
	}
	if err := h.ClearFault("Heater", ""); err != nil {
		t.Fatal(err)
	}
	// Through B in the flat form, where that is switched on.
	url := tapoRegion + "/api/v2/common/passthrough?token=" + token
	body := `{"deviceId":"` + tapo.Info().DeviceID + `","requestData":{"method":"get_device_info"}}`
	if a := second(t, c, cloudapi.TapoAndroid(), url, body); a.code() != -20571 {
		t.Error(a.text)
	}
	if err := h.SetFault("Heater", "cloud-relay-tapo"); err != nil {
		t.Fatal(err)
	}
	if a := second(t, c, cloudapi.TapoAndroid(), url, body); a.code() != 0 || !strings.Contains(a.text, "device_on") {
		t.Error(a.text)
	}
	// A Kasa plug through B, with the envelope.
	envelope := `{"method":"passthrough","params":{"deviceId":"` + kasa.Info().DeviceID + `","requestData":` + sysinfo + `}}`
	if a := second(t, c, cloudapi.KasaAndroid(), kasaRegion+"/?token="+token, envelope); a.code() != 0 || !strings.Contains(a.text, "relay_state") {
		t.Error(a.text)
	}
	// A region knows its own devices only.
	if a := send(t, c, "POST", "https://use1-wap.tplinkcloud.com/?token="+token, jsonHeader, envelope); a.code() != -20571 {
		t.Error(a.text)
	}
	for spec, code := range map[string]int{"cloud-offline": -20571, "cloud-timeout": -20002, "cloud-code=-1": -1, "cloud-code=-20004": -20004} {
		if err := h.SetFault("Fridge", spec); err != nil {
			t.Fatal(err)
		}
		if a := pass(t, c, token, kasa.Info().DeviceID, sysinfo); a.code() != code {
			t.Errorf("%s: %s", spec, a.text)
		}
		if err := h.ClearFault("Fridge", ""); err != nil {
			t.Fatal(err)
		}
	}
	if a := pass(t, c, token, kasa.Info().DeviceID, sysinfo); a.code() != 0 {
		t.Error(a.text)
	}
}

func TestListOfTheHome(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token := login(t, c, "Kasa_Android")
	entries := func(base string) map[string]cloudapi.Device {
		a := send(t, c, "POST", base+"/", jsonHeader, `{"method":"getDeviceList","params":{"token":"`+token+`"}}`)
		r, err := cloudapi.ParseAnswer([]byte(a.text))
		if err != nil {
			t.Fatal(err)
		}
		l, broken, err := cloudapi.ParseDeviceList(r.Result)
		if err != nil || broken > 0 {
			t.Fatal(broken, err)
		}
		m := map[string]cloudapi.Device{}
		for _, d := range l.Devices {
			m[cloudapi.DisplayName(d.DeviceType, d.Alias)] = d
		}
		return m
	}
	m := entries(cloudapi.EntryV1)
	if len(m) != len(h.Devices())+2 {
		t.Errorf("%d entries", len(m))
	}
	for name, want := range map[string]cloudapi.Device{
		"Fridge": {DeviceType: "IOT.SMARTPLUGSWITCH", Status: cloudapi.Int(1), AppServerURL: "https://eu-wap.tplinkcloud.com", DeviceModel: "HS110(EU)", IsSameRegion: true},
		"Heater": {DeviceType: "SMART.TAPOPLUG", Status: cloudapi.Int(0), AppServerURL: "https://eu-wap.tplinkcloud.com", DeviceModel: "P110", IsSameRegion: true},
		"alias":  {DeviceType: "SMART.TAPOPLUG", Status: cloudapi.Int(0), AppServerURL: "https://eu-wap.tplinkcloud.com", DeviceModel: "P100", IsSameRegion: true},
	} {
		got := m[name]
		if got.DeviceType != want.DeviceType || got.Status != want.Status || got.AppServerURL != want.AppServerURL || got.DeviceModel != want.DeviceModel || got.IsSameRegion != want.IsSameRegion {
			t.Errorf("%s: %+v", name, got)
		}
		if name != "alias" && (len(got.DeviceMAC) != 12 || len(got.DeviceID) != 40 || got.FwVer == "" || got.HwID == "" || got.OemID == "" || got.FwID == "" || got.DeviceHwVer == "") {
			t.Errorf("%s lacks something: %+v", name, got)
		}
	}
	american := 0
	for _, d := range m {
		if d.AppServerURL == "https://use1-wap.tplinkcloud.com" && !d.IsSameRegion && d.DeviceRegion == "us-east-1" {
			american++
		}
	}
	if american == 0 || american == len(m) {
		t.Errorf("%d of %d devices are in America", american, len(m))
	}
	// By its own address nothing leads away.
	for name, d := range entries("https://127.44.0.1:8443") {
		if d.AppServerURL != "https://127.44.0.1:8443" {
			t.Errorf("%s is at %s", name, d.AppServerURL)
		}
	}
	if m["Hallway camera"].DeviceModel != "NC220" {
		t.Error("no NC220")
	}
}

func TestPagesOfB(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	url := tapoRegion + "/api/v2/common/getDeviceListByPage?token=" + login(t, c, "TP-Link_Tapo_Android")
	seen := map[any]bool{}
	for index := 0; ; {
		body, _ := json.Marshal(map[string]any{"deviceTypeList": []string{"SMART.TAPOPLUG", "SMART.TAPOBULB"}, "index": index, "limit": 2})
		a := second(t, c, cloudapi.TapoAndroid(), url, string(body))
		page, _ := a.result()["deviceList"].([]any)
		if len(page) == 0 || index > 20 {
			break
		}
		index += len(page)
		for _, e := range page {
			seen[e.(map[string]any)["deviceId"]] = true
		}
	}
	if len(seen) < 4 {
		t.Errorf("%d devices", len(seen))
	}
}
