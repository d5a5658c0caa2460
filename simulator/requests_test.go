package simulator_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	n := 0
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
		if f.Kind == capture.KindIOTCamera {
			continue // the client cannot switch it either
		}
		t.Run(f.Kind+"/"+f.Name, func(t *testing.T) {
			try := func(what string, s sent) {
				// A reset without a delay is refused by devices, see
				// docs/protocol/iot.md section 3, and what the client gave up
				// on tells nothing.
				// alarm_volume_level sends a number for a name.
				if s.Error != "" || what == "factory_reset" || what == "alarm_volume_level" || expected.Device.Features[what].Fill {
					return
				}
				d, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true})
				if err != nil {
					t.Fatal(err)
				}
				for _, request := range s.Sent {
					if reads(t, request) {
						continue // reading is tested with the captures
					}
					n++
					if codes := codesOf(t, handle(t, d, string(request))); len(codes) > 0 {
						t.Errorf("%s: %s is refused with %v", what, request, codes)
					}
				}
			}
			device := expected.Requests.Device
			all := func(by sentBy) {
				if state := by.Features["state"]; len(state.Sent) > 0 && !strings.Contains(string(state.Sent[0]), "frost_protection_on") {
					try("turn on", by.TurnOn)
					try("turn off", by.TurnOff)
				}
				for id, s := range by.Features {
					try(id, s)
				}
				for id, s := range by.Calls {
					if !strings.HasPrefix(id, "wifi") {
						try(id, s)
					}
				}
			}
			all(device)
			for _, child := range device.Children {
				all(child)
			}
		})
	}
	t.Logf("%d requests", n)
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
