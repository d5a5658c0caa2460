package hubapi_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
)

func TestDevicesSayWhatTheHubKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303", "KL130"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 3)
		parents := 0
		for _, v := range h.Views() {
			data, err := json.Marshal(hubapi.DeviceOf(v))
			if err != nil {
				t.Fatal(err)
			}
			var got hubapi.Device
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			if got.ID != hub.Slug(v.ID) || got.Name != v.Name || !got.Online || got.Model != v.Identity().Model.Name || got.Time == nil {
				t.Errorf("got %+v", got)
			}
			if got.Parent != "" {
				parents++
			}
			if len(got.Features) != len(v.Readings()) {
				t.Fatalf("%d features, want %d", len(got.Features), len(v.Readings()))
			}
			for i, r := range v.Readings() {
				f := got.Features[i]
				want, _ := json.Marshal(r.Value)
				have, _ := json.Marshal(f.Value)
				if f.ID != r.ID || string(want) != string(have) || r.HasRange() != (f.Minimum != nil) || f.Settable != r.Settable {
					t.Errorf("%s: %+v of %+v", v.Name, f, r)
				}
			}
		}
		if parents != 3 {
			t.Errorf("%d children", parents)
		}
	})
}
