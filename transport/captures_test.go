package transport_test

import (
	"encoding/json"
	"os"
	"testing"

	"wattle"
	"wattle/internal/recorded"
	"wattle/internal/wire/discovery"
	"wattle/transport"
)

// TestChooseCaptures takes the discovery answers of real devices, which are
// not part of the project: every one leads somewhere, and to the language
// that the capture is filed under.
func TestChooseCaptures(t *testing.T) {
	families := map[string]wattle.Family{"iot": wattle.IOT, "iotcam": wattle.IOT, "smart": wattle.SMART, "smartcam": wattle.SMARTCAM}
	seen := make(map[string]int)
	for name, family := range families {
		for _, file := range recorded.Files(t, name) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var capture struct {
				Discovery json.RawMessage `json:"discovery_result"`
			}
			if err := json.Unmarshal(b, &capture); err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if len(capture.Discovery) == 0 || string(capture.Discovery) == "null" {
				continue // found on 9999
			}
			var wrapped struct {
				Result json.RawMessage `json:"result"`
			}
			if json.Unmarshal(capture.Discovery, &wrapped) == nil && wrapped.Result != nil {
				capture.Discovery = wrapped.Result
			}
			a, err := discovery.ParseResult(capture.Discovery)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			routes, err := transport.Choose(a, host)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if routes[0].Family != family {
				t.Errorf("%s: %v, want the family %s", file, routes, family)
			}
			if _, err := wattle.ParseMAC(a.MAC); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			seen[routes[0].Name()]++
		}
	}
	t.Logf("routes chosen: %v", seen)
}
