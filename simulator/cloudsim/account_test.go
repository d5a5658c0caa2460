package cloudsim_test

import (
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

func TestLoginOfAnyApp(t *testing.T) {
	c := newCloud(t, nil, nil)
	for _, app := range []string{"Kasa_Android", "Tapo_Ios", "banana"} {
		token := login(t, c, app)
		a := first(t, c, `{"method":"getDeviceList","params":{"token":"`+token+`"}}`)
		if a.code() != 0 || len(a.result()["deviceList"].([]any)) != 2 {
			t.Errorf("%s: %s", app, a.text)
		}
	}
	// Both cases of a terminal are good.
	upper := strings.ReplaceAll(loginBody(simulator.DemoAccount(), "x"), terminal, strings.ToUpper(terminal))
	if a := first(t, c, upper); a.code() != 0 {
		t.Error(a.text)
	}
}

func TestRefusals(t *testing.T) {
	c := newCloud(t, nil, nil)
	wrong := simulator.DemoAccount()
	wrong.Password = wattle.NewSecret("nope")
	unknown := simulator.DemoAccount()
	unknown.Username = "nobody@example.com"
	token := login(t, c, "Kasa_Android")
	for name, tt := range map[string]struct {
		body string
		code int
	}{
		"wrong password":     {loginBody(wrong, "Kasa_Android"), -20601},
		"unknown account":    {loginBody(unknown, "Kasa_Android"), -20600},
		"no params":          {`{"method":"login"}`, -20104},
		"no method":          {`{"params":{}}`, -20104},
		"not JSON":           {`hello`, -20104},
		"unknown method":     {`{"method":"turnDeviceOn","params":{"token":"` + token + `"}}`, -20103},
		"list without token": {`{"method":"getDeviceList"}`, -20104},
		"unknown token":      {`{"method":"getDeviceList","params":{"token":"x"}}`, -20651},
		"token as refresh":   {`{"method":"refreshToken","params":{"appType":"x","terminalUUID":"` + terminal + `","token":"x"}}`, -20104},
		"strange device":     {`{"method":"passthrough","params":{"deviceId":"FF","requestData":{},"token":"` + token + `"}}`, -20580},
		"no device":          {`{"method":"passthrough","params":{"token":"` + token + `"}}`, -20104},
	} {
		if a := first(t, c, tt.body); a.code() != tt.code || a.status != 200 {
			t.Errorf("%s: status %d, %s, want %d", name, a.status, a.text, tt.code)
		}
	}
	if a := first(t, c, ""); a.code() != -20104 {
		t.Error(a.text)
	}
	// In the URL, and at odds with the body.
	if a := send(t, c, "POST", cloudapi.EntryV1+"/?token="+token, jsonHeader, `{"method":"getDeviceList"}`); a.code() != 0 {
		t.Error(a.text)
	}
	if a := send(t, c, "POST", cloudapi.EntryV1+"/?token=other", jsonHeader, `{"method":"getDeviceList","params":{"token":"`+token+`"}}`); a.code() != -20651 {
		t.Error(a.text)
	}
	if a := send(t, c, "POST", cloudapi.EntryV1+"/turnDeviceOn", jsonHeader, `{"method":"login"}`); a.code() != -20103 {
		t.Error(a.text)
	}
	if a := send(t, c, "GET", cloudapi.EntryV1+"/", nil, ""); a.status != 405 {
		t.Error(a.status)
	}
}

func TestTokensGrowOld(t *testing.T) {
	c := newCloud(t, nil, &cloudsim.Options{TokenLife: time.Hour, RefreshLife: 3 * time.Hour})
	list := func(token string) int {
		return first(t, c, `{"method":"getDeviceList","params":{"token":"`+token+`"}}`).code()
	}
	a := first(t, c, loginBody(simulator.DemoAccount(), "Kasa_Android"))
	token, refresh := a.result()["token"].(string), a.result()["refreshToken"].(string)
	renew := func() answer {
		return first(t, c, `{"method":"refreshToken","params":{"appType":"Kasa_Android","terminalUUID":"`+terminal+`","refreshToken":"`+refresh+`"}}`)
	}
	if code := list(token); code != 0 {
		t.Fatal(code)
	}
	if err := c.Poke("clock", "+1h"); err != nil {
		t.Fatal(err)
	}
	if code := list(token); code != -20651 {
		t.Fatal(code)
	}
	if token = renew().result()["token"].(string); list(token) != 0 {
		t.Fatal("the renewed token is refused")
	}
	c.Advance(3 * time.Hour)
	if a := renew(); a.code() != -20655 {
		t.Fatal(a.text)
	}
}

func TestAccountsLock(t *testing.T) {
	c := newCloud(t, nil, nil)
	wrong := simulator.DemoAccount()
	wrong.Password = wattle.NewSecret("nope")
	for range 5 {
		if a := first(t, c, loginBody(wrong, "x")); a.code() != -20601 {
			t.Fatal(a.text)
		}
	}
	if a := first(t, c, loginBody(simulator.DemoAccount(), "x")); a.code() != -20675 {
		t.Fatal(a.text)
	}
	c.Advance(31 * time.Minute)
	login(t, c, "x")
}

const (
	kasaRegion = "https://n-euw1-wap.tplinkcloud.com"
	tapoRegion = "https://n-euw1-wap-gw.tplinkcloud.com"
)

const secondLogin = `{"appType":"TP-Link_Tapo_Android","cloudPassword":"demo","cloudUserName":"demo@example.com","refreshTokenNeeded":true,"terminalUUID":"` + terminal + `"}`

func TestSignaturesAreChecked(t *testing.T) {
	c := newCloud(t, nil, nil)
	url := kasaRegion + "/api/v2/account/login?token=x"
	good := signed(cloudapi.KasaAndroid(), url, secondLogin)
	if a := send(t, c, "POST", url, good, secondLogin); a.code() != 0 || a.result()["token"] == nil {
		t.Fatal(a.text)
	}
	if a := send(t, c, "POST", url, good, strings.Replace(secondLogin, "demo", "dema", 1)); a.status != 401 || a.text != "" {
		t.Errorf("another body: %d %s", a.status, a.text)
	}
	if a := send(t, c, "POST", strings.Replace(url, "login", "logout", 1), good, secondLogin); a.status != 401 {
		t.Errorf("another path: %d", a.status)
	}
	if a := send(t, c, "POST", url, jsonHeader, secondLogin); a.code() != -20104 {
		t.Errorf("unsigned: %s", a.text)
	}
	for _, spec := range []string{"cloud-nonce", "cloud-timestamp"} {
		if err := c.SetFault(nil, spec); err != nil {
			t.Fatal(err)
		}
	}
	if a := send(t, c, "POST", url, good, secondLogin); a.status != 200 {
		t.Errorf("ten nines and a fresh nonce: %d", a.status)
	}
	if a := send(t, c, "POST", url, good, secondLogin); a.status != 401 {
		t.Errorf("the nonce again: %d", a.status)
	}
}

func TestRegions(t *testing.T) {
	c := newCloud(t, nil, &cloudsim.Options{Region: "aps1"})
	a := second(t, c, cloudapi.TapoAndroid(), cloudapi.EntryTapo+"/api/v2/account/getAccountStatusAndUrl", `{"cloudUserName":"Demo@Example.com"}`)
	if got := a.result()["appServerUrl"]; got != "https://n-aps1-wap-gw.tplinkcloud.com" {
		t.Fatalf("home region %v", got)
	}
	// Tapo has the code inside, Kasa at the top, unless told otherwise.
	a = second(t, c, cloudapi.TapoAndroid(), tapoRegion+"/api/v2/account/login", secondLogin)
	if a.code() != 0 || a.result()["errorCode"] != "-20212" || a.result()["appServerUrl"] != "https://n-aps1-wap-gw.tplinkcloud.com" {
		t.Error(a.text)
	}
	a = second(t, c, cloudapi.KasaAndroid(), kasaRegion+"/api/v2/account/login", secondLogin)
	if a.code() != -20212 || a.result()["appServerUrl"] != "https://n-aps1-wap.tplinkcloud.com" {
		t.Error(a.text)
	}
	if err := c.SetFault(nil, "cloud-errors=inner"); err != nil {
		t.Fatal(err)
	}
	if a = second(t, c, cloudapi.KasaAndroid(), kasaRegion+"/api/v2/account/login", secondLogin); a.code() != 0 || a.result()["errorCode"] != "-20212" {
		t.Error(a.text)
	}
}

func TestSecondFactor(t *testing.T) {
	for _, mode := range []string{"mail", "app", "both", "short", "new"} {
		t.Run(mode, func(t *testing.T) {
			c := newCloud(t, nil, &cloudsim.Options{Faults: []string{"cloud-mfa=" + mode}})
			ask := func(call, body string) answer {
				return second(t, c, cloudapi.TapoAndroid(), tapoRegion+"/api/v2/account/"+call, body)
			}
			if a := first(t, c, loginBody(simulator.DemoAccount(), "Kasa_Android")); a.code() != -23003 {
				t.Fatalf("the first generation: %s", a.text)
			}
			a := ask("login", secondLogin)
			if a.result()["errorCode"] != "-20677" {
				t.Fatal(a.text)
			}
			process, _ := a.result()["MFAProcessId"].(string)
			check := func(code string) string {
				return `{"appType":"x","cloudUserName":"demo@example.com","code":"` + code + `","MFAProcessId":"` + process + `","MFAType":2,"terminalBindEnabled":true}`
			}
			switch mode {
			case "short":
				check = func(code string) string {
					return `{"appType":"x","cloudUserName":"demo@example.com","cloudPassword":"demo","code":"` + code + `","terminalUUID":"` + terminal + `"}`
				}
			case "app":
				if a := ask("getEmailVC4TerminalMFA", secondLogin); a.result()["errorCode"] == "0" {
					t.Errorf("mail, where only the app shows codes: %s", a.text)
				}
				if a := ask("getPushVC4TerminalMFA", secondLogin); a.result()["errorCode"] != "0" {
					t.Fatal(a.text)
				}
			default:
				if a := ask("getEmailVC4TerminalMFA", secondLogin); a.result()["errorCode"] != "0" {
					t.Fatal(a.text)
				}
			}
			raw, err := c.Read("code")
			if err != nil {
				t.Fatal(err)
			}
			code := strings.Trim(string(raw), `"`)
			if a := ask("checkMFACodeAndLogin", check("000000x")); a.result()["token"] != nil {
				t.Fatalf("a wrong code is taken: %s", a.text)
			}
			if a := ask("checkMFACodeAndLogin", check(code)); a.result()["token"] == nil {
				t.Fatal(a.text)
			}
			if a := ask("checkMFACodeAndLogin", check(code)); a.result()["token"] != nil {
				t.Fatal("a code is good twice")
			}
			if a := ask("login", secondLogin); a.result()["token"] == nil {
				t.Fatalf("the terminal is bound, and yet: %s", a.text)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	c := newCloud(t, nil, &cloudsim.Options{Faults: []string{"cloud-rate=3"}})
	codes := map[int]int{}
	for range 16 {
		codes[first(t, c, loginBody(simulator.DemoAccount(), "x")).code()]++
	}
	if codes[0] != 3 || codes[-20004] != 10 || codes[-20199] != 3 {
		t.Errorf("codes %v", codes)
	}
	c.Advance(25 * time.Hour)
	if a := first(t, c, loginBody(simulator.DemoAccount(), "x")); a.code() != 0 {
		t.Error(a.text)
	}
	if err := c.SetFault(nil, "blacklist"); err != nil {
		t.Fatal(err)
	}
	if a := first(t, c, loginBody(simulator.DemoAccount(), "x")); !strings.Contains(a.text, "blackList") {
		t.Error(a.text)
	}
}
