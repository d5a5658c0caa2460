package mqtt_test

import (
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

// TestDump writes what the demo home has on its broker to the file that
// $WATTLE_MQTT_DUMP names, for interop/hass.py.
func TestDump(t *testing.T) {
	path := os.Getenv("WATTLE_MQTT_DUMP")
	if path == "" {
		t.Skip("for interop/hass.py")
	}
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		hubtest.Online(t, h, len(files))
		b := start(t, h, home, &mqtt.Options{Version: "1.2.3", Install: true})
		settle(20 * time.Second)
		all := map[string]string{}
		for _, topic := range b.topics("") {
			all[topic], _ = b.get(topic)
		}
		data, err := json.Marshal(all)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
