package cloudapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// TestSeedEntry: the P100 of the seed keeps each of its 16 members.
func TestSeedEntry(t *testing.T) {
	var raw json.RawMessage
	for _, e := range load(t).V1 {
		if strings.Contains(e.Name, "verbatim seed entry") {
			raw = e.Response.JSON
		}
	}
	a, err := cloudapi.ParseAnswer(raw)
	if err != nil {
		t.Fatal(err)
	}
	list, broken, err := cloudapi.ParseDeviceList(a.Result)
	if err != nil || broken != 0 || len(list.Devices) != 1 {
		t.Fatalf("%+v, %d, %v", list, broken, err)
	}
	d := list.Devices[0]
	if len(d.Extra()) != 0 || d.Status != cloudapi.Int(0) || d.Role != cloudapi.Int(0) || !cloudapi.IsSmart(d.DeviceType) {
		t.Errorf("%+v has %v besides", d, d.Extra())
	}
	d.Raw = nil // made from the fields
	out, err := cloudapi.Marshal(cloudapi.DeviceList{Devices: []cloudapi.Device{d}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "entry", out, a.Result)
}

func TestEntriesAreTakenAsTheyCome(t *testing.T) {
	list, broken, err := cloudapi.ParseDeviceList([]byte(
		`{"deviceList":[{"deviceType":"NEW.THING","role":"1","status":true,"deviceId":7,"alias":{"x":1},"future":[1],"fwVer":"a\u00e9"},5,null],"totalNum":"3"}`))
	if err != nil || broken != 2 || len(list.Devices) != 1 || list.Total != cloudapi.Int(3) {
		t.Fatalf("%+v, %d broken, %v", list, broken, err)
	}
	d := &list.Devices[0]
	if d.Role != cloudapi.Int(1) || d.Status != cloudapi.Int(1) || d.DeviceID != "7" || d.Alias != "" || d.FwVer != "aé" || !slices.Equal(d.Extra(), []string{"future"}) {
		t.Errorf("%+v, %v", d, d.Extra())
	}
	if b, err := json.Marshal(d); err != nil || !strings.Contains(string(b), `"future":[1]`) {
		t.Errorf("written %s, %v", b, err)
	}
	for _, in := range []string{"", "{}", "[]", "null", `{"deviceList":{}}`, `{"deviceList":null}`, "{"} {
		if _, _, err := cloudapi.ParseDeviceList([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%q: %v", in, err)
		}
		if _, _, err := cloudapi.ParsePage([]byte(in)); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("page %q: %v", in, err)
		}
	}
}

func TestTrust(t *testing.T) {
	for in, want := range map[string]string{
		"https://EU-wap.tplinkcloud.com":                    "https://eu-wap.tplinkcloud.com",
		"https://use1-app-server.iot.i.tplinknbu.com/":      "https://use1-app-server.iot.i.tplinknbu.com",
		"https://wap.tplinkcloud.com:443/x?y":               "https://wap.tplinkcloud.com:443",
		"https://127.0.0.1:8443":                            "https://127.0.0.1:8443",
		"https://tplinkcloud.com":                           "https://tplinkcloud.com",
		"http://wap.tplinkcloud.com":                        "",
		"https://user@wap.tplinkcloud.com":                  "",
		"https://wap.tplinkcloud.com@evil.example":          "",
		"https://xtplinkcloud.com":                          "",
		"https://tplinkcloud.com.evil.example":              "",
		"https://127.0.0.1:9443":                            "",
		"":                                                  "",
		"https://":                                          "",
		"//wap.tplinkcloud.com":                             "",
		"https:wap.tplinkcloud.com":                         "",
		"https://evil.example/wap.tplinkcloud.com":          "",
		"https://evil.example#.tplinkcloud.com":             "",
		"https://evil.example\\.tplinkcloud.com":            "",
		"https://wap.tplinkcloud.com%2eevil.example":        "",
		"javascript:alert(1)":                               "",
		"https://[::1]":                                     "",
		"https://" + strings.Repeat("a", 5000) + ".example": "",
		"https://wap.tplinkcloud.com\n.evil.example":        "",
		"wss://euw1-app-cloudgateway.iot.i.tplinknbu.com":   "",
		"https://wap.tplinkcloud.com./":                     "",
	} {
		got, err := cloudapi.Trust(in, "127.0.0.1:8443", "")
		if got != want || (want == "") != errors.Is(err, wattle.ErrIdentity) {
			t.Errorf("%.60q: %q, %v; want %q", in, got, err, want)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("a message of %d bytes", len(err.Error()))
		}
	}
}

func TestHosts(t *testing.T) {
	for _, tt := range []struct {
		url     string
		service cloudapi.Service
		private bool
		twin    string
	}{
		{cloudapi.EntryV1, cloudapi.V1, false, ""},
		{"https://use1-wap.tplinkcloud.com", cloudapi.V1, false, ""},
		{"https://eu-wap.tplinkcloud.com", cloudapi.V1, false, ""},
		{cloudapi.EntryKasa, cloudapi.V2, true, "https://wap.tplinkcloud.com"},
		{"https://n-use1-wap.tplinkcloud.com", cloudapi.V2, true, "https://use1-wap.tplinkcloud.com"},
		{"https://n-aps1-wap.i.tplinkcloud.com", cloudapi.V2, true, "https://aps1-wap.tplinkcloud.com"},
		{cloudapi.EntryTapo, cloudapi.V2, true, "https://wap-gw.tplinkcloud.com"},
		{"https://euw1-account-api.i.tplinkcloud.com", cloudapi.V2, true, ""},
		{cloudapi.EntryThings, cloudapi.Things, true, ""},
		{cloudapi.ThingsURL("euw1"), cloudapi.Things, true, ""},
		{"https://aps1-app-server.iot.i.tplinkcloud.com", cloudapi.Things, true, ""},
		{"https://api.tplinkra.com", "", false, ""},
		{"https://127.0.0.1:1", "", false, ""},
	} {
		host := strings.TrimPrefix(tt.url, "https://")
		if s, p, w := cloudapi.ServiceOf(tt.url), cloudapi.Private(host), cloudapi.PublicTwin(tt.url); s != tt.service || p != tt.private || w != tt.twin {
			t.Errorf("%s: %q, private %t, twin %q", tt.url, s, p, w)
		}
	}
	if got := cloudapi.ThingsURL(""); got != cloudapi.EntryThings {
		t.Error(got)
	}
}

// TestTextHides: what is sent shows itself to the wire and to nobody else.
func TestTextHides(t *testing.T) {
	login := cloudapi.LoginV1{Username: "u", Password: cloudapi.NewText(wattle.NewSecret("s3cret<&>"))}
	wire, err := cloudapi.Marshal(login)
	if err != nil || !strings.Contains(string(wire), `"cloudPassword":"s3cret<&>"`) {
		t.Fatalf("%s, %v", wire, err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("login", login), slog.Any("password", login.Password))
	for _, shown := range []string{fmt.Sprint(login), fmt.Sprintf("%+v %#v", login, login), fmt.Sprint(cloudapi.TapoAndroid()), log.String()} {
		if strings.Contains(shown, "s3cret") || strings.Contains(shown, "6ed7d97f") {
			t.Errorf("shown: %s", shown)
		}
	}
	var back cloudapi.LoginV1
	if err := json.Unmarshal(wire, &back); err != nil || back != login {
		t.Errorf("%v, %v", back, err)
	}
}

func TestMFATypes(t *testing.T) {
	var a cloudapi.Account
	err := json.Unmarshal([]byte(`{"mfaProcessId":"p","supportedMFATypes":[1,"2","push","email","new"],"remainAttempts":"0","accountId":12}`), &a)
	want := []cloudapi.MFAType{1, 2, 1, 2, 0}
	if err != nil || a.MFAProcessID.Reveal() != "p" || !slices.Equal(a.SupportedMFATypes, want) || a.RemainAttempts != cloudapi.Int(0) || a.AccountID != "12" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestEvents(t *testing.T) {
	const list = `[{"logId":"5","name":"rotation","timestamp":1700000000,"params":{"rotate_deg":-30}}]`
	for _, in := range []string{list, `{"total":1,"whatever":` + list + `,"later":[]}`} {
		events, err := cloudapi.ParseEvents([]byte(in))
		if err != nil || len(events) != 1 || events[0].Name != "rotation" || events[0].LogID != "5" {
			t.Errorf("%s: %+v, %v", in, events, err)
		}
	}
	for _, in := range []string{"", "7", "{}", `{"a":[1]}`, "null"} {
		if events, err := cloudapi.ParseEvents([]byte(in)); err == nil && len(events) > 0 {
			t.Errorf("%s: %+v", in, events)
		}
	}
}

func TestServiceURLs(t *testing.T) {
	for _, in := range []string{`{"serviceUrls":{"a":"https://x"}}`, `{"serviceList":[{"serviceId":"a","serviceUrl":"https://x"}]}`} {
		var s cloudapi.ServiceURLs
		if err := json.Unmarshal([]byte(in), &s); err != nil || s.URL("a") != "https://x" || s.URL("b") != "" {
			t.Errorf("%s: %+v, %v", in, s, err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	body := []byte(`{"appType":"Kasa_Android_Mix","cloudUserName":"user@example.com"}`)
	key := cloudapi.KasaAndroid().Key
	for b.Loop() {
		_ = key.Sign(cloudapi.ContentMD5(body), cloudapi.PathLogin, cloudapi.Nines, "00000000-0000-4000-8000-000000000001").String()
	}
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "signings/s")
	if b.N > 1000 && perSecond < 10_000 {
		b.Errorf("%.0f signings per second", perSecond)
	}
}
