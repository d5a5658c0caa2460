package simulator_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wattle"
	"wattle/capture"
	"wattle/simulator"
)

// sent are requests that a known good client made, beside the captures.
type sent struct {
	Error string            `json:"error"`
	Sent  []json.RawMessage `json:"sent"`
}

type sentBy struct {
	TurnOn   sent            `json:"turn_on"`
	TurnOff  sent            `json:"turn_off"`
	Features map[string]sent `json:"features"`
	Calls    map[string]sent `json:"calls"`
	Children []sentBy        `json:"children"`
}

// TestRequestsOfAnotherClient: every device carries out what a known good
// client sent to change it.
func TestRequestsOfAnotherClient(t *testing.T) {
	files, library := captureFiles(t)
	entries, carried, left := 0, 0, map[string]int{} // left out, by why
	for _, f := range files {
		root := strings.TrimSuffix(filepath.ToSlash(f.Path), f.Kind+"/"+f.Name+".json")
		text, err := os.ReadFile(filepath.Join(root, "expected", f.Kind, f.Name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var expected struct {
			Device struct {
				Features map[string]struct {
					Fill bool `json:"fill"`
				} `json:"features"`
			} `json:"device"`
			Requests struct {
				Device sentBy `json:"device"`
			} `json:"requests"`
		}
		if err := json.Unmarshal(text, &expected); err != nil {
			t.Fatal(err)
		}
		t.Run(f.Kind+"/"+f.Name, func(t *testing.T) {
			whyNot := func(what string, s sent) string {
				switch {
				case s.Error != "":
					return "the client gave up"
				case what == "factory_reset" && (f.Family == wattle.IOT):
					return "devices refuse a reset without a delay, see docs/protocol/iot.md section 3"
				case what == "alarm_volume_level":
					return "the volume is a name, and the client sends a number"
				case expected.Device.Features[what].Fill:
					return "the answer that it changes is not in the capture"
				case f.Kind == capture.KindIOTCamera:
					return "the camera has no such methods"
				case strings.HasPrefix(what, "wifi"):
					return "joining a network is tested with the setup of devices"
				}
				return ""
			}
			try := func(what string, s sent) {
				entries++
				if why := whyNot(what, s); why != "" {
					left[why]++
					return
				}
				d, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true})
				if err != nil {
					t.Fatal(err)
				}
				carried++
				for _, request := range s.Sent {
					if reads(t, request) {
						continue // reading is tested with the captures
					}
					if codes := codesOf(t, handle(t, d, string(request))); len(codes) > 0 {
						t.Errorf("%s: %s is refused with %v", what, request, codes)
					}
				}
			}
			device := expected.Requests.Device
			all := func(by sentBy) {
				for what, s := range map[string]sent{"turn on": by.TurnOn, "turn off": by.TurnOff} {
					if state := by.Features["state"]; len(state.Sent) > 0 && !strings.Contains(string(state.Sent[0]), "frost_protection_on") {
						try(what, s)
					} else {
						entries++
						left["the device has nothing to switch, or a thermostat's frost protection"]++
					}
				}
				for id, s := range by.Features {
					try(id, s)
				}
				for id, s := range by.Calls {
					try(id, s)
				}
			}
			all(device)
			for _, child := range device.Children {
				all(child)
			}
		})
	}
	skipped := 0
	for _, why := range slices.Sorted(maps.Keys(left)) {
		t.Logf("%4d left out: %s", left[why], why)
		skipped += left[why]
	}
	t.Logf("%d entries, %d carried out, %d left out", entries, carried, skipped)
	if entries == 0 || entries != carried+skipped {
		t.Errorf("%d entries are neither", entries-carried-skipped)
	}
}

// reads tells whether a SMART request changes nothing.
func reads(t *testing.T, request json.RawMessage) bool {
	t.Helper()
	var r struct {
		Method string `json:"method"`
		Params struct {
			Data *struct {
				Method string `json:"method"`
			} `json:"requestData"`
		} `json:"params"`
	}
	if err := json.Unmarshal(request, &r); err != nil {
		t.Fatal(err)
	}
	if r.Params.Data != nil {
		r.Method = r.Params.Data.Method
	}
	return strings.HasPrefix(r.Method, "get") || r.Method == "multipleRequest"
}

// codesOf finds every error code in an answer that is not 0.
func codesOf(t *testing.T, answer json.RawMessage) []float64 {
	t.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	var codes []float64
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, item := range v {
				if code, ok := item.(float64); ok && code != 0 && slices.Contains([]string{"error_code", "err_code"}, key) {
					codes = append(codes, code)
				}
				walk(item)
			}
		}
	}
	walk(v)
	return codes
}
