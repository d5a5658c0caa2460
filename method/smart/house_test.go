package smart_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

func TestTimeOf(t *testing.T) {
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ zone, want string }{
		{"Europe/Berlin", `{"timestamp":1782907200,"region":"Europe/Berlin","time_diff":60}`},
		{"America/Chicago", `{"timestamp":1782907200,"region":"America/Chicago","time_diff":-360}`},
		{"Australia/Adelaide", `{"timestamp":1782907200,"region":"Australia/Adelaide","time_diff":570}`},
	} {
		zone, _ := method.Zone(tt.zone)
		call, err := smart.SetDeviceTime.With(smart.TimeOf(summer, zone))
		if err != nil || string(call.Params) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.zone, call.Params, err, tt.want)
		}
	}
	nameless := smart.TimeOf(summer, time.FixedZone("", -90*60))
	if got, err := json.Marshal(nameless); err != nil || string(got) != `{"timestamp":1782907200,"time_diff":-90}` {
		t.Errorf("a zone without a name: %s, %v", got, err)
	}
}

func FuzzTime(f *testing.F) {
	f.Add(`{"region":"America/Chicago","time_diff":-360,"timestamp":1768406162}`)
	f.Add(`{"region":"CEST","time_diff":120,"timestamp":1}`)
	f.Add(`{"region":"../../etc/passwd","time_diff":1e9,"timestamp":-5}`)
	f.Fuzz(func(_ *testing.T, raw string) {
		if v, _ := smart.GetDeviceTime.Decode(json.RawMessage(raw)); v != nil {
			_, _ = v.Moment()
		}
	})
}

func FuzzScanInfo(f *testing.F) {
	f.Add(`{"ap_list":[{"ssid":"aG9tZQ==","bssid":"AABBCCDDEEFF","channel":6,"cipher_type":2,"key_type":"wpa2_psk","signal_level":3}],"start_index":0,"sum":1}`)
	f.Add(`{"ap_list":[{"ssid":"%%%","key_type":7}]}`)
	f.Fuzz(func(_ *testing.T, raw string) {
		v, _ := smart.GetScanInfo.Decode(json.RawMessage(raw))
		if v == nil {
			return
		}
		for i := range v.List {
			_ = smart.Text(v.List[i].SSID)
		}
	})
}

// TestPasswordsAreWritten: a password is text on the wire, and nowhere else.
func TestPasswordsAreWritten(t *testing.T) {
	q := smart.QuickSetup{
		Account:  wattle.Credentials{Username: "me", Password: wattle.NewSecret("hush")},
		Wireless: &smart.Wireless{SSID: "home", Password: wattle.NewSecret("hush"), KeyType: smart.KeyWPA2},
	}
	call, err := smart.SetQSInfo.With(q)
	want := `{"account":{"password":"aHVzaA==","username":"bWU="},"wireless":{"key_type":"wpa2_psk","password":"aHVzaA==","ssid":"aG9tZQ=="}}`
	if err != nil || string(call.Params) != want {
		t.Errorf("%s, %v, want %s", call.Params, err, want)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "q", q, "w", q.Wireless)
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(q), fmt.Sprintf("%+v", *q.Wireless), fmt.Sprintf("%#v", *q.Wireless), string(b), log.String()} {
		if strings.Contains(text, "hush") || strings.Contains(text, "aHVz") {
			t.Errorf("it shows in %s", text)
		}
	}
}
