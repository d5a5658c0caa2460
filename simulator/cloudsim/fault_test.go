package cloudsim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

func TestFaults(t *testing.T) {
	h := home(t)
	c := newCloud(t, h, nil)
	token := login(t, c, "Tapo_Android")
	list := `{"method":"getDeviceList","params":{"token":"` + token + `"}}`
	for spec, good := range map[string]func(answer) bool{
		"cloud-code=-20571":  func(a answer) bool { return a.code() == -20571 },
		"cloud-http":         func(a answer) bool { return a.status == 500 },
		"cloud-http=503":     func(a answer) bool { return a.status == 503 },
		"cloud-drop":         func(a answer) bool { return a.status == 0 },
		"cloud-drop-after":   func(a answer) bool { return a.status == 0 },
		"cloud-cut":          func(a answer) bool { return a.status == 200 && a.body == nil && a.text != "" },
		"cloud-html":         func(a answer) bool { return a.code() == 0 && a.header.Get("Content-Type") == "text/html" },
		"cloud-extra":        func(a answer) bool { return a.code() == 0 && a.body["x_unknown"] != nil },
		"cloud-redirect":     func(a answer) bool { return a.status == 302 && a.header.Get("Location") != "" },
		"cloud-forged":       func(a answer) bool { return strings.Contains(a.text, "https://wap.tplinkcloud.com.example.net") },
		"cloud-blacklist":    func(a answer) bool { return strings.Contains(a.text, "blackList") },
		"cloud-slow=1ms":     func(a answer) bool { return a.code() == 0 },
		"cloud-content-type": func(a answer) bool { return a.code() == 0 },
	} {
		if err := c.SetFault(nil, spec); err != nil {
			t.Fatal(err)
		}
		if a := first(t, c, list); !good(a) {
			t.Errorf("%s: %d %s", spec, a.status, a.text)
		}
		if err := c.ClearFault(nil, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetFault(nil, "cloud-content-type"); err != nil {
		t.Fatal(err)
	}
	if a := send(t, c, "POST", cloudapi.EntryV1, nil, list); a.code() != -20104 {
		t.Errorf("without Content-Type: %s", a.text)
	}
	if err := c.SetFault(nil, "cloud-pages"); err != nil {
		t.Fatal(err)
	}
	for _, page := range []int{0, 1000} {
		if a := thing(t, c, "GET", cloudapi.TargetThings(page, 20), token, ""); len(a.body["data"].([]any)) != 1 {
			t.Error(a.text)
		}
	}
	for _, spec := range []string{"cloud-nothing", "cloud-mfa=smoke", "cloud-code", "cloud-offline=3"} {
		if err := c.SetFault(nil, spec); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	if err := h.SetFault("Fridge", "cloud-mfa=mail"); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("of the whole cloud: %v", err)
	}
}

func TestSqueezedOut(t *testing.T) {
	c := newCloud(t, nil, &cloudsim.Options{Faults: []string{"cloud-squeeze"}})
	token := login(t, c, "x")
	other := strings.ReplaceAll(loginBody(simulator.DemoAccount(), "x"), terminal, "another")
	if a := first(t, c, other); a.code() != 0 {
		t.Fatal(a.text)
	}
	if a := first(t, c, `{"method":"getDeviceList","params":{"token":"`+token+`"}}`); a.code() != -20675 {
		t.Error(a.text)
	}
}

func TestRules(t *testing.T) {
	c := newCloud(t, nil, nil)
	token := login(t, c, "x")
	list := `{"method":"getDeviceList","params":{"token":"` + token + `"}}`
	c.AddRule(cloudsim.Rule{Method: "getDeviceList", From: 2, Count: 1, Code: -20002})
	c.AddRule(cloudsim.Rule{Method: "getDeviceList", From: 3, Count: 1, Status: 502})
	c.AddRule(cloudsim.Rule{Method: "getDeviceList", From: 4, Count: 1, Drop: true})
	var got []int
	for range 5 {
		a := first(t, c, list)
		got = append(got, a.status+a.code())
	}
	// A rule counts the calls that no rule before it took.
	if want := "[200 -19802 200 502 200]"; strings.ReplaceAll(string(mustJSON(t, got)), ",", " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	c.ClearRules()
	if a := first(t, c, list); a.code() != 0 {
		t.Error(a.text)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestJournalHoldsNoSecret: what was asked can be read, passwords and tokens cannot.
func TestJournalHoldsNoSecret(t *testing.T) {
	who := wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("correct horse")}
	h := home(t)
	c := newCloud(t, h, &cloudsim.Options{Account: who})
	a := first(t, c, loginBody(who, "Tapo_Android"))
	token, refresh := a.result()["token"].(string), a.result()["refreshToken"].(string)
	id := simulated(t, h, "Fridge").Info().DeviceID
	pass(t, c, token, id, `"{\"netif\":{\"set_stainfo\":{\"ssid\":\"x\",\"password\":\"wifi secret\"}}}"`)
	thing(t, c, "GET", "/v1/things", token, "")
	second(t, c, cloudapi.KasaAndroid(), kasaRegion+"/?token="+token, `{"method":"getDeviceList"}`)
	first(t, c, `{"method":"refreshToken","params":{"terminalUUID":"`+terminal+`","refreshToken":"`+refresh+`"}}`)
	raw, err := h.Read("cloud", "journal")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"correct horse", token, refresh, "wifi secret"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q is in the journal", secret)
		}
		if secret == token && strings.Count(string(raw), cloudsim.Fingerprint(secret)) != 3 {
			t.Errorf("the token is not told apart: %s", raw)
		}
	}
	j := c.Journal()
	if len(j) != 5 || j[0].Method != "login" || j[1].Device != id || j[2].Service != "things" || j[3].Service != "v2" || j[3].App != "kasa" || j[3].Query["token"] == "" {
		t.Errorf("%s", raw)
	}
}
