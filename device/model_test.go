package device_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"testing"

	"wattle/capture"
	"wattle/device"
	"wattle/internal/recorded"
)

var model = regexp.MustCompile(`"model":\s*"[^"]*"`)

// TestModelNames: a device under a model name that nobody has heard of shows
// the same. The colour temperature range of Kasa bulbs is the one exception.
func TestModelNames(t *testing.T) {
	dir := recorded.Folder(t)
	done := 0
	for _, name := range names(t, "iot", "iotcam", "smart") {
		f, library := load(t, dir, name)
		d, _ := open(t, f, library, nil)
		if len(d.Children()) > 0 && d.Family() == "smart" {
			continue // children are found by model in the simulator
		}
		before := device.Inspect(d.State())
		renamed := &capture.File{Name: f.Name, Kind: f.Kind, Family: f.Family, Data: maps.Clone(f.Data), Discovery: f.Discovery}
		for key, raw := range f.Data {
			renamed.Data[key] = model.ReplaceAll(raw, []byte(`"model":"ZZ99(XX)"`))
		}
		d, _ = open(t, renamed, library, nil)
		after := device.Inspect(d.State())
		if after.Model != "ZZ99" && after.Model != "ZZ99(XX)" {
			t.Errorf("%s: model %q", name, after.Model)
		}
		after.Model = before.Model
		for _, in := range []device.Inspection{before, after} {
			if c, ok := in.Features["color_temperature"]; ok {
				c.Minimum, c.Maximum = nil, nil
				in.Features["color_temperature"] = c
			}
		}
		for i := range after.Children {
			after.Children[i].Model = before.Children[i].Model
		}
		a, _ := json.Marshal(before)
		b, _ := json.Marshal(after)
		if string(a) != string(b) {
			t.Errorf("%s:\n%s\nunder another name:\n%s", name, a, b)
		}
		done++
	}
	t.Logf("%d devices", done)
}
