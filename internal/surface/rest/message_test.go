package rest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wattle/hub"
	"wattle/internal/hubapi"
)

// What followers share says the same as what is written for one.
func TestMessageIsWrittenOnce(t *testing.T) {
	var w writings
	written := 0
	device := func(v *hub.View) hubapi.Device {
		written++
		return hubapi.Device{ID: hub.Slug(v.ID), Name: v.Name, Rev: v.Rev}
	}
	first := &hub.View{Name: "a \"lamp\" </script>", Rev: 7}
	for i := range 3 {
		m := message{Message: hubapi.Message{Type: hubapi.Changed, ID: "e-1", Changes: []string{"state"}, Missed: uint64(i), Time: time.Unix(1, 0).UTC()}}
		m.written = w.of(first, device)
		got, err := m.json()
		if err != nil {
			t.Fatal(err)
		}
		var is, want any
		whole := m.Message
		d := hubapi.Device{ID: hub.Slug(first.ID), Name: first.Name, Rev: first.Rev}
		whole.Device = &d
		text, _ := json.Marshal(&whole)
		if json.Unmarshal(text, &want) != nil || json.Unmarshal(got, &is) != nil || cmp.Diff(want, is) != "" {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	if written != 1 {
		t.Errorf("written %d times", written)
	}
	for range 10 * writingsKept {
		w.of(&hub.View{}, device)
	}
	if len(w.by) != writingsKept || w.by[first] != nil {
		t.Errorf("%d are kept", len(w.by))
	}
}
