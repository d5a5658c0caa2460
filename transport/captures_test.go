package transport_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"wattle"
	"wattle/internal/wire/discovery"
	"wattle/transport"
)

// TestChooseCaptures takes the discovery answers of real devices, which are
// not part of the project: every one leads somewhere, and to the language
// that the capture is filed under.
func TestChooseCaptures(t *testing.T) {
	folder := os.Getenv("WATTLE_CAPTURES")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "captures")
	}
	families := map[string]wattle.Family{"iot": wattle.IOT, "iotcam": wattle.IOT, "smart": wattle.SMART, "smartcam": wattle.SMARTCAM}
	seen := make(map[string]int)
	for name, family := range families {
		files, err := filepath.Glob(filepath.Join(folder, name, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
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
	if len(seen) == 0 {
		t.Skip("no captures of real devices: set WATTLE_CAPTURES to their folder")
	}
	t.Logf("routes chosen: %v", seen)
}
