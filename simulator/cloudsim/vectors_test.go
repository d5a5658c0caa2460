package cloudsim_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
	"wattle/simulator/homes"
)

// exchange is one of docs/protocol's vectors: what was sent and what came back.
type exchange struct {
	Name    string `json:"name"`
	Request struct {
		Method, Host, Target string
		Headers              map[string]string
		JSON                 json.RawMessage
	} `json:"request"`
	Response struct {
		Status int
		JSON   map[string]any
	} `json:"response"`
}

// exampleToken and the ids are those of the vectors.
const (
	exampleToken   = "f00dcafe-EXAMPLEtoken0000000001"
	exampleRefresh = "EXAMPLErefresh0000000001"
	exampleProcess = "EXAMPLEprocess01"
)

// faultsOf is what has to be wrong for an answer of the vectors.
var faultsOf = map[string][]string{
	"v1 login, account has 2-step verification":               {"cloud-mfa=both"},
	"v1 login, limited":                                       {"cloud-rate=0"},
	"v1 passthrough, historic Tapo answer to a Kasa command":  {"cloud-old-tapo"},
	"v1 passthrough, device did not answer in time":           {"cloud-timeout"},
	"v2 login refused: verification code needed (inner form)": {"cloud-mfa=both"},
	"v2 login refused: verification code needed (outer form)": {"cloud-mfa=both"},
	"v2 send the code by e-mail":                              {"cloud-mfa=both"},
	"v2 check the code (process form)":                        {"cloud-mfa=both"},
	"v2 login at the wrong region":                            {"cloud-region"},
	"v2 Tapo passthrough":                                     {"cloud-relay-tapo"},
}

// TestVectors sends every request of the vectors: the simulator answers with the
// same status and code, and with the members that the real answer has.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("../../internal/wire/cloudapi/testdata/cloud.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		V1     []exchange `json:"exchanges_v1"`
		V2     []exchange `json:"exchanges_v2"`
		Things []exchange `json:"exchanges_things"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.V1) != 24 || len(v.V2) != 11 || len(v.Things) != 8 {
		t.Fatalf("%d, %d and %d exchanges", len(v.V1), len(v.V2), len(v.Things))
	}
	for _, e := range slices.Concat(v.V1, v.V2, v.Things) {
		t.Run(e.Name, func(t *testing.T) { playVector(t, e) })
	}
}

func playVector(t *testing.T, e exchange) {
	t.Helper()
	c, swap := vectorCloud(t, e)
	body, url := swap.Replace(string(e.Request.JSON)), swap.Replace(e.Request.Host+e.Request.Target)
	if strings.Contains(e.Name, "stale version") {
		// what is current there is the version after the one of the vector before
		body = strings.Replace(body, `119`, `118`, 1)
	}
	header := maps.Clone(e.Request.Headers)
	for name, value := range header {
		header[name] = swap.Replace(value)
	}
	if strings.HasPrefix(e.Name, "v2 ") {
		app := cloudapi.TapoAndroid()
		if strings.Contains(body, "Kasa") {
			app = cloudapi.KasaAndroid()
		}
		maps.Copy(header, signed(app, url, body))
	}
	a := send(t, c, e.Request.Method, url, header, body)
	if a.status != e.Response.Status {
		t.Fatalf("status %d, want %d: %s", a.status, e.Response.Status, a.text)
	}
	if strings.Contains(e.Name, "expired token") && a.code() == 0 {
		t.Error(a.text)
	}
	contains(t, "", e.Response.JSON, a.body)
}

// volatile are members of the vectors that the simulator leaves out, or whose kind it
// does not share: the devices behind it are other ones.
var volatile = map[string]bool{
	"responseData":    true,
	"cloudGatewayUrl": true, "cloudGatewayUrlV2": true, "commonDevice": true, "avatarUrl": true, "onboardingTime": true, "crossRegion": true, "migrateState": true,
}

// contains checks that an answer has the members of the wanted one, and the same codes
// and texts.
func contains(t *testing.T, path string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %v, want %v", path, got, want)
			return
		}
		for key, value := range want {
			if volatile[key] {
				continue
			}
			if _, ok := g[key]; !ok {
				t.Errorf("%s.%s is missing, want %v", path, key, value)
				continue
			}
			contains(t, path+"."+key, value, g[key])
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(want) > 0 && len(g) == 0 {
			t.Errorf("%s is %v, want %v", path, got, want)
			return
		}
		if len(want) > 0 {
			contains(t, path+"[]", want[0], g[0])
		}
	default:
		key := path[strings.LastIndex(path, ".")+1:]
		if (key == "error_code" || key == "code" || key == "msg" || key == "message" || key == "errorCode" || key == "errorMsg" || key == "curVersion") && got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

// vectorCloud is a cloud with the account and the devices of the vectors. The
// replacer puts its own tokens in place of the examples.
func vectorCloud(t *testing.T, e exchange) (*cloudsim.Cloud, *strings.Replacer) {
	t.Helper()
	who := wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("correct horse")}
	mfa := who
	mfa.Username = "mfa@example.com"
	o := &cloudsim.Options{Account: who, Others: []wattle.Credentials{mfa}, NoSeed: !strings.Contains(e.Name, "verbatim"), Region: "euw1"}
	for _, r := range []string{"use1", "aps1"} {
		if strings.Contains(e.Request.Host, r) || strings.Contains(string(mustJSON(t, e.Response.JSON)), "n-"+r) {
			o.Region = r
		}
	}
	if !strings.Contains(e.Name, "verbatim") {
		o.Extra = []cloudsim.Extra{
			vectorDevice(t, "HS110(EU)_1.0_1.3.1", "IOT.SMARTPLUGSWITCH", "8006AAAABBBBCCCCDDDDEEEEFFFF000011112222", "us-east-1"),
			vectorDevice(t, "KP303(EU)_2.0_1.1.5", "IOT.SMARTPLUGSWITCH", "8006000011112222333344445555666677778888", "us-east-1"),
			vectorDevice(t, "P110(EU)_1.0_1.4.2", "SMART.TAPOPLUG", "80221111222233334444555566667777888899AA", "eu-west-1"),
			vectorDevice(t, "P100(EU)_1.0_1.5.1", "SMART.IPCAMERA", "80333333444455556666777788889999AAAABBBB", regionName(o.Region)),
		}
	}
	c := newCloud(t, nil, o)
	swap := []string{}
	if !strings.Contains(e.Name, "login") || strings.Contains(e.Name, "check") || strings.Contains(e.Name, "refreshToken") {
		a := first(t, c, loginBody(who, "Tapo_Android"))
		swap = append(swap, exampleToken, a.result()["token"].(string))
		if !strings.Contains(e.Name, "refresh token expired") {
			swap = append(swap, exampleRefresh, a.result()["refreshToken"].(string))
		}
	}
	if strings.Contains(e.Name, "expired token") && strings.HasPrefix(e.Request.Target, "/v1/things") {
		c.Expire(false)
	}
	for _, spec := range faultsOf[e.Name] {
		if err := c.SetFault(nil, spec); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(e.Name, "the code") { // a login that waits for it
		body := strings.NewReplacer("demo@example.com", who.Username, `"demo"`, `"correct horse"`).Replace(secondLogin)
		a := second(t, c, cloudapi.TapoAndroid(), tapoRegion+"/api/v2/account/login", body)
		swap = append(swap, exampleProcess, a.result()["MFAProcessId"].(string))
		if strings.Contains(e.Name, "check") {
			second(t, c, cloudapi.TapoAndroid(), tapoRegion+"/api/v2/account/getEmailVC4TerminalMFA", body)
			swap = append(swap, "123456", c.Mail()[0].Code)
		}
	}
	return c, strings.NewReplacer(swap...)
}

func regionName(label string) string {
	return map[string]string{"use1": "us-east-1", "euw1": "eu-west-1", "aps1": "ap-southeast-1"}[label]
}

// vectorDevice lists an invented device with the id of one of the vectors.
func vectorDevice(t *testing.T, name, typ, id, region string) cloudsim.Extra {
	t.Helper()
	for _, file := range homes.Demo() {
		if file.Name != name {
			continue
		}
		d, err := simulator.New(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		return cloudsim.Extra{Device: d, Entry: cloudapi.Device{
			DeviceType: typ, DeviceID: id, DeviceRegion: region, AppServerURL: "https://eu-wap.tplinkcloud.com", Alias: "x",
			Role: cloudapi.Int(0), Status: cloudapi.Int(1),
		}}
	}
	t.Fatalf("no %s", name)
	return cloudsim.Extra{}
}

// TestVerbatimEntry: the entry of the seed is listed as it was posted.
func TestVerbatimEntry(t *testing.T) {
	const want = `{"deviceType":"SMART.TAPOPLUG","role":0,"fwVer":"1.3.2","appServerUrl":"https://eu-wap.tplinkcloud.com","deviceRegion":"eu-west-1","deviceId":"deviceId","deviceName":"P100","deviceHwVer":"1.0","alias":"alias","deviceMac":"Mac","oemId":"9552772F906C60A9AEEA36A3347B6EBC","deviceModel":"P100","hwId":"9994A0A7D5B29645B8150C392284029D","fwId":"1D18AD293A25ABDE41405B20C6F98816","isSameRegion":true,"status":0}`
	c := newCloud(t, nil, nil)
	a := send(t, c, "POST", "https://eu-wap.tplinkcloud.com/", jsonHeader, `{"method":"getDeviceList","params":{"token":"`+login(t, c, "Tapo_Ios")+`"}}`)
	if !strings.Contains(a.text, want) {
		t.Errorf("%s\nwant %s", a.text, want)
	}
}
