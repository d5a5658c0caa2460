package discovery_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"os"
	"reflect"
	"testing"

	"wattle/internal/wire/discovery"
	"wattle/internal/wire/xor"
)

// lines reads a file of testdata, one JSON value a line.
func lines(tb testing.TB, name string) [][]byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]byte
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		out = append(out, bytes.Clone(s.Bytes()))
	}
	return out
}

// TestAnswers reads every answer of docs/protocol/discovery.md section 2.5.
func TestAnswers(t *testing.T) {
	const owner = "B58996C504C5638798EB6B511E6F49AF"
	type scheme = discovery.Scheme
	want := []discovery.Answer{
		{DeviceType: "SMART.TAPOPLUG", DeviceModel: "P110(EU)", MAC: "34-60-F9-00-00-01", Owner: owner, Scheme: &scheme{EncryptType: "AES", HTTPPort: 80}},
		{DeviceType: "SMART.TAPOBULB", DeviceModel: "L530E(EU)", MAC: "5C-E9-31-00-00-02", Owner: owner, Scheme: &scheme{EncryptType: "KLAP", HTTPPort: 80, LoginVer: 2}},
		{DeviceType: "SMART.TAPOPLUG", DeviceModel: "P110M(EU)", MAC: "F0-A7-31-00-00-03", OnboardedBy: "matter", Scheme: &scheme{EncryptType: "KLAP", HTTPPort: 80, LoginVer: 2}},
		{DeviceType: "SMART.TAPOHUB", DeviceModel: "H100(EU)", MAC: "9C-A2-F4-00-00-04", Owner: owner, Protocol: 1, Scheme: &scheme{EncryptType: "KLAP", HTTPPort: 80, LoginVer: 2}},
		{DeviceType: "SMART.TAPOROBOVAC", DeviceModel: "RV30 Max(US)", MAC: "7C-F1-7E-00-00-05", Owner: owner, Protocol: 1, Scheme: &scheme{HTTPS: true, EncryptType: "KLAP", HTTPPort: 4433}},
		{DeviceType: "SMART.TAPOROBOVAC", DeviceModel: "RV20 Max Plus(EU)", MAC: "B0-19-21-00-00-06", Owner: owner, Scheme: &scheme{HTTPS: true, EncryptType: "AES", HTTPPort: 4433}},
		{DeviceType: "SMART.IPCAMERA", DeviceModel: "C225", MAC: "A8-42-A1-00-00-07", DeviceName: "Garden", EncryptType: []string{"3"}, Scheme: &scheme{HTTPS: true}},
		{DeviceType: "SMART.TAPOHUB", DeviceModel: "H200", MAC: "A8-6E-84-00-00-08", DeviceName: "Hub", EncryptType: []string{"3"}, Scheme: &scheme{HTTPS: true}},
		{DeviceType: "SMART.IPCAMERA", DeviceModel: "C101", MAC: "98-03-8E-00-00-09", DeviceName: "Cam", Protocol: 1, EncryptType: []string{"4"}, TPAP: &discovery.TPAP{TLS: 1, Port: 443, Pake: []int{2}}, Scheme: &scheme{HTTPS: true}},
		{DeviceType: "IOT.SMARTPLUGSWITCH", DeviceModel: "HS100(UK)", MAC: "CC-32-E5-00-00-0A", Owner: "00000000000000000000000000000000", FactoryDefault: new(true), Scheme: &scheme{EncryptType: "KLAP", HTTPPort: 80}},
		{DeviceType: "IOT.SMARTPLUGSWITCH", DeviceModel: "HS103(US)", MAC: "00-5F-67-00-00-0B", Owner: owner, FactoryDefault: new(true), Scheme: &scheme{EncryptType: "KLAP", HTTPPort: 80, LoginVer: 2, NewKLAP: 1}},
		{DeviceType: "SMART.TAPOPLUG", DeviceModel: "TP15(US)", MAC: "7C-F1-7E-00-00-0C", Owner: owner, OnboardedBy: "matter", Protocol: 1, TPAPPreferred: new(false), Scheme: &scheme{EncryptType: "AES", HTTPPort: 80, LoginVer: 2}},
		{DeviceType: "SMART.TAPOPLUG", DeviceModel: "P100", MAC: "D8-44-89-00-00-0D", Owner: owner, Protocol: 1, Scheme: &scheme{EncryptType: "TPAP", HTTPPort: 80, LoginVer: 2}},
		{DeviceType: "HOMEWIFISYSTEM", DeviceModel: "X20", MAC: "24:2F:D0:00:00:0E", Owner: owner},
	}
	examples := lines(t, "answers_20002.ndjson")
	if len(examples) != len(want) {
		t.Fatalf("%d examples, %d wanted", len(examples), len(want))
	}
	for i, payload := range examples {
		w := want[i]
		t.Run(w.DeviceModel, func(t *testing.T) {
			datagram, err := discovery.MarshalAnswer(7, payload)
			if err != nil {
				t.Fatal(err)
			}
			got, err := discovery.ParseAnswer(datagram)
			if err != nil {
				t.Fatal(err)
			}
			if got.DeviceID == "" || got.IP == "" || len(got.Raw) == 0 {
				t.Errorf("device id %q, ip %q, %d bytes of Raw", got.DeviceID, got.IP, len(got.Raw))
			}
			if got.FactoryDefault == nil {
				t.Error("factory_default not read")
			}
			// Not in the table: what is in every example, and what was checked above.
			w.DeviceID, w.IP, w.Raw = got.DeviceID, got.IP, got.Raw
			w.HardwareVer, w.FirmwareVer, w.EncryptInfo = got.HardwareVer, got.FirmwareVer, got.EncryptInfo
			if w.FactoryDefault == nil {
				w.FactoryDefault = new(false)
			}
			if w.OnboardedBy == "" {
				w.OnboardedBy = got.OnboardedBy
			}
			if !reflect.DeepEqual(*got, w) {
				t.Errorf("got %+v\nwant %+v", *got, w)
			}
		})
	}
	t.Logf("%d answers read", len(examples))
}

func TestAnswerLenient(t *testing.T) {
	tests := []struct {
		name, payload string
		want          func(a *discovery.Answer) bool
	}{
		{
			"older keys", `{"result":{"device_type_text":"SMART.TAPOPLUG","model":"P100","alias":"10.0.0.9","device_id_hash":"aa","device_owner_hash":"bb"}}`,
			func(a *discovery.Answer) bool {
				return a.DeviceType == "SMART.TAPOPLUG" && a.DeviceModel == "P100" && a.IP == "10.0.0.9" && a.DeviceID == "aa" && a.Owner == "bb"
			},
		},
		{
			"numbers as texts", `{"result":{"mgt_encrypt_schm":{"http_port":"80","lv":"2","new_klap":true,"is_support_https":0},"encrypt_type":["1",2]}}`,
			func(a *discovery.Answer) bool {
				return *a.Scheme == discovery.Scheme{HTTPPort: 80, LoginVer: 2, NewKLAP: 1} && reflect.DeepEqual(a.EncryptType, []string{"1", "2"})
			},
		},
		{
			"fields of a wrong type", `{"result":{"mac":"A8-42-A1-00-00-07","device_type":5,"factory_default":"perhaps","mgt_encrypt_schm":[],"encrypt_type":{},"tpap":1,"encrypt_info":null}}`,
			func(a *discovery.Answer) bool {
				return a.MAC != "" && a.DeviceType == "" && a.FactoryDefault == nil && a.Scheme == nil && a.EncryptType == nil && a.TPAP == nil && a.EncryptInfo == nil
			},
		},
		{
			"impossible port", `{"result":{"mgt_encrypt_schm":{"http_port":70000}}}`,
			func(a *discovery.Answer) bool { return a.Scheme.HTTPPort == 0 },
		},
		{
			"single encrypt_type", `{"result":{"encrypt_type":"3"}}`,
			func(a *discovery.Answer) bool { return reflect.DeepEqual(a.EncryptType, []string{"3"}) },
		},
		{"error code", `{"error_code":-1,"result":{}}`, func(a *discovery.Answer) bool { return a.ErrorCode == -1 }},
		{
			"zero bytes at the end, tab in a name", "{\"result\":{\"device_name\":\"a\tb\\\"c\"}}\x00\x00",
			func(a *discovery.Answer) bool { return a.DeviceName == "a\tb\"c" },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			datagram := append(make([]byte, discovery.HeaderLen), tt.payload...) // header of zeros: nobody looks
			a, err := discovery.ParseAnswer(datagram)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.want(a) {
				t.Errorf("read as %+v", a)
			}
		})
	}
	for _, bad := range []string{"", "{", "[]", `{"result":3}`, `{"error_code":0}`, `{"result":null}`} {
		if a, err := discovery.ParseAnswer(append(make([]byte, discovery.HeaderLen), bad...)); err == nil {
			t.Errorf("%q read as %+v", bad, a)
		}
	}
	if _, err := discovery.ParseAnswer([]byte("short")); err == nil {
		t.Error("a datagram without header was read")
	}
}

func TestSysinfo(t *testing.T) {
	want := []discovery.Sysinfo{
		{Type: "IOT.SMARTPLUGSWITCH", Model: "HS110(EU)", Alias: "Fridge", MAC: "50:C7:BF:00:00:01", DeviceID: "8006000000000000000000000000000000000001"},
		{Type: "IOT.SMARTPLUGSWITCH", Model: "HS300(US)", Alias: "Strip", MAC: "C0:06:C3:00:00:02", DeviceID: "8006000000000000000000000000000000000002"},
		{Type: "IOT.SMARTBULB", Model: "KL130(EU)", Alias: "Lamp", MAC: "1C3BF3000003", DeviceID: "8012000000000000000000000000000000000003"},
		{Type: "IOT.IPCAMERA", Model: "EC60(US)", Alias: "Door", MAC: "74:FE:CE:00:00:04", DeviceID: "8011000000000000000000000000000000000004", StreamVersion: 2},
	}
	for i, message := range lines(t, "answers_9999.ndjson") {
		got, err := discovery.ParseSysinfo(xor.AppendEncrypted(nil, message))
		if err != nil {
			t.Fatal(err)
		}
		w := want[i]
		w.HardwareVer, w.FirmwareVer, w.Raw = got.HardwareVer, got.FirmwareVer, got.Raw
		if !reflect.DeepEqual(*got, w) || got.HardwareVer == "" || got.FirmwareVer == "" || len(got.Raw) == 0 {
			t.Errorf("got %+v\nwant %+v", got, w)
		}
	}
	for _, bad := range []string{"", "nonsense", `{"system":{"get_sysinfo":{"model":"X"}}}`, `{"system":{"err_code":-1}}`, `{"emeter":{}}`} {
		if _, err := discovery.ParseSysinfo(xor.AppendEncrypted(nil, []byte(bad))); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := discovery.ParseSysinfo([]byte{}); err == nil || errors.Is(err, discovery.ErrNoSysinfo) {
		t.Errorf("empty datagram: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	key := privateKey(t, load(t).Key2048)
	other, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good, err := discovery.SealInfo(rand.Reader, &key.PublicKey, []byte(`{"device_id":"80"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := good.Open(other); err == nil {
		t.Error("another key opens it")
	}
	for name, e := range map[string]discovery.EncryptInfo{
		"no base64 in key":  {Key: "<b64>", Data: good.Data},
		"no base64 in data": {Key: good.Key, Data: "<b64>"},
		"empty data":        {Key: good.Key},
		"half a block":      {Key: good.Key, Data: base64.StdEncoding.EncodeToString(make([]byte, 8))},
		"other data":        {Key: good.Key, Data: base64.StdEncoding.EncodeToString(make([]byte, 32))},
	} {
		if plain, err := e.Open(key); err == nil {
			t.Errorf("%s: opened as %q", name, plain)
		}
	}
}

func TestProbeKeys(t *testing.T) {
	small, err := datagramOf(`{"params":{"rsa_key":"-----BEGIN PUBLIC KEY-----\nbm90IGEga2V5\n-----END PUBLIC KEY-----\n"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := discovery.ParseProbe(small); err != nil || p.Key != nil {
		t.Errorf("a broken key: %+v, %v; want a probe without key", p, err)
	}
	broken, err := datagramOf("not json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := discovery.ParseProbe(broken); err == nil {
		t.Error("a payload that is not JSON was taken")
	}
	good, _ := discovery.MarshalProbe(1, nil)
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 1
		if _, err := discovery.ParseProbe(bad); err == nil {
			t.Errorf("a flipped bit in byte %d was taken", at)
		}
	}
	if _, err := discovery.MarshalAnswer(0, make([]byte, 70000)); err == nil {
		t.Error("70000 bytes fitted into a datagram")
	}
}

// datagramOf is a datagram with any payload.
func datagramOf(payload string) ([]byte, error) {
	return discovery.MarshalAnswer(1, []byte(payload)) // devices do not look at the flags
}

func FuzzProbe(f *testing.F) {
	v := load(f)
	empty, _ := discovery.MarshalProbe(0, nil)
	keyed, err := discovery.MarshalProbe(0x01020304, &privateKey(f, v.Key1024).PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty)
	f.Add(keyed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= discovery.HeaderLen { // let the fuzzer past the checksum
			crc := discovery.Checksum(b)
			b = bytes.Clone(b)
			b[12], b[13], b[14], b[15] = byte(crc>>24), byte(crc>>16), byte(crc>>8), byte(crc)
		}
		p, err := discovery.ParseProbe(b)
		if err != nil {
			return
		}
		again, err := discovery.MarshalProbe(p.Serial, p.Key)
		if err != nil {
			t.Fatal(err)
		}
		back, err := discovery.ParseProbe(again)
		if err != nil || back.Serial != p.Serial || (p.Key != nil && !p.Key.Equal(back.Key)) {
			t.Errorf("%+v came back as %+v, %v", p, back, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, payload := range lines(f, "answers_20002.ndjson") {
		b, _ := discovery.MarshalAnswer(1, payload)
		f.Add(b)
	}
	key := privateKey(f, load(f).Key1024)
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := discovery.ParseAnswer(b)
		if err != nil {
			return
		}
		if a.EncryptInfo != nil {
			_, _ = a.EncryptInfo.Open(key)
		}
		again, err := discovery.ParseResult(a.Raw)
		if err != nil {
			t.Fatalf("Raw does not read: %v", err)
		}
		again.ErrorCode = a.ErrorCode
		if !reflect.DeepEqual(a, again) {
			t.Errorf("%+v came back as %+v", a, again)
		}
	})
}

func FuzzSysinfo(f *testing.F) {
	for _, message := range lines(f, "answers_9999.ndjson") {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		s, err := discovery.ParseSysinfo(xor.AppendEncrypted(nil, message))
		if err == nil && (s.Type == "" || len(s.Raw) == 0) {
			t.Errorf("read as %+v", s)
		}
	})
}
