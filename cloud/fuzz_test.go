package cloud_test

import (
	"encoding/json"
	"errors"
	"testing"

	"wattle"
	"wattle/cloud"
)

// FuzzState: a stored state is taken or refused, whatever became of it.
func FuzzState(f *testing.F) {
	f.Add(`{"version":1,"terminal":"x","username":"u","lines":{"kasa":{"service":"v2","token":"t","base":"https://n-wap.tplinkcloud.com"},"x":{},"tapo":null}}`)
	f.Add(`{"version":1,"waiting":{"line":"tapo","ways":[1,"email"]},"refused":{"salt":"AA==","hash":"AA=="},"hold":{"until":"2026-01-01T00:00:00Z"}}`)
	f.Add(`{"version":2}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := cloud.New(&cloud.Options{State: wattle.NewSecret(text), Off: true})
		if err != nil {
			return
		}
		_ = c.Status()
		again, err := cloud.New(&cloud.Options{State: c.Export(), Off: true})
		if err != nil {
			t.Fatalf("%q is exported as what cannot be read: %v", text, err)
		}
		if again.Export() != c.Export() {
			t.Fatalf("%q: %q, then %q", text, c.Export().Reveal(), again.Export().Reveal())
		}
	})
}

// FuzzWarnings: what a person types as a message for a device.
func FuzzWarnings(f *testing.F) {
	f.Add(`{"system":{"get_sysinfo":null}}`)
	f.Add(`{"method":"get_device_info"}`)
	f.Add(`{"token":TOKEN}`)
	f.Add(`{"context":{"child_ids":["x"]},"system":{"set_relay_state":{"state":"on"}}}`)
	f.Add(`{"method":"multipleRequest","params":{"requests":[{"method":"control_child","params":{"requestData":{"method":"set_device_info","params":{"device_on":7}}}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, family := range []wattle.Family{wattle.IOT, wattle.SMART, wattle.SMARTCAM} {
			var object map[string]json.RawMessage
			good := json.Unmarshal([]byte(text), &object) == nil
			if _, err := cloud.Warnings(family, []byte(text)); err == nil && !good || err != nil && !errors.Is(err, wattle.ErrParam) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
