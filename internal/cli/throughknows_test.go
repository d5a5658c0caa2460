package cli

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wattle/feature"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
)

// TestFill: what a hub has learned fills what a poll leaves open, and nothing else.
func TestFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		o := home.Options()
		o.Interval = time.Minute
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		polled := slices.Clone(hubtest.View(t, h, "Heater").Readings())
		<-time.After(time.Hour)
		known := hubapi.FeaturesOf(hubtest.View(t, h, "Heater").Readings())
		for i := range known { // what a server says, as it comes out of JSON
			switch v, _ := known[i].Value.(feature.Value); known[i].ID {
			case "update_available":
				known[i].Value, _ = v.Bool()
			case "available_firmware_version", "device_time":
				known[i].Value = v.String()
			case "state":
				known[i].Value = false
			}
		}
		s := shape{readings: polled, Features: map[string]any{}}
		for i := range polled {
			if polled[i].ID == "device_time" {
				polled[i].Value = feature.Value{}
			}
		}
		s.fill(known)
		for id, want := range map[string]string{"update_available": "off", "available_firmware_version": "", "state": "on", "device_time": ""} {
			r, _ := s.read(id)
			if id == "available_firmware_version" {
				if !r.Value.Known() || s.Features[id] != r.Value || r.Time.IsZero() {
					t.Errorf("%s is %v", id, r.Value)
				}
				continue
			}
			if r.Value.String() != want && (want != "" || r.Value.Known()) {
				t.Errorf("%s is %v, want %s", id, r.Value, want)
			}
		}
		if i := slices.IndexFunc(polled, func(r feature.Reading) bool { return r.ID == "update_available" }); polled[i].Value.Known() {
			t.Error("the readings of the state were changed")
		}
	})
}
