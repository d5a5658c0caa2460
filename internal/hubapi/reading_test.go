package hubapi_test

import (
	"encoding/json"
	"testing"

	"wattle/feature"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
)

// Every reading of the demo's home comes back from the wire as it was.
func TestReadingsOverTheWire(t *testing.T) {
	home := hubtest.Start(t, hubtest.Models("P110", "KL130", "L530", "H100", "KP303", "T310"))
	h := home.Hub(nil)
	hubtest.Online(t, h, 5)
	n := 0
	for _, v := range h.Views() {
		for _, r := range v.Readings() {
			text, err := json.Marshal(hubapi.FeatureOf(&r))
			if err != nil {
				t.Fatal(err)
			}
			var f hubapi.Feature
			if err := json.Unmarshal(text, &f); err != nil {
				t.Fatal(err)
			}
			back := f.Reading()
			again, err := json.Marshal(hubapi.FeatureOf(&back))
			if err != nil || string(again) != string(text) {
				t.Errorf("%s: %s became %s", v.Name, text, again)
			}
			if _, isNumber := r.Value.Number(); !isNumber && r.Value.String() != back.Value.String() && r.Kind != feature.Action {
				t.Errorf("%s %s: %s became %s", v.Name, r.ID, r.Value, back.Value)
			}
			n++
		}
	}
	if n < 50 {
		t.Errorf("%d readings only", n)
	}
}
