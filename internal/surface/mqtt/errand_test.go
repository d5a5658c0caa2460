package mqtt_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

// TestInstall: an update that Home Assistant starts is carried out by the device,
// shown while it goes on, and done.
func TestInstall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		b := start(t, h, home, &mqtt.Options{Install: true})
		settle(20 * time.Second)
		if err := home.Sim.Poke("Heater", "firmware", "9.9.9 Build 261101 Rel.1"); err != nil {
			t.Fatal(err)
		}
		base := "wattle/" + hub.Slug(named(t, h, "P110").ID) + "/"
		settle(time.Minute)
		type state struct {
			Installed  string `json:"installed_version"`
			Latest     string `json:"latest_version"`
			InProgress bool   `json:"in_progress"`
		}
		read := func() (s state) {
			text, _ := b.get(base + "update")
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			return s
		}
		if s := read(); strings.HasPrefix(s.Installed, "9.9.9") || s.InProgress {
			t.Fatalf("before: %+v", s)
		}
		n := b.count()
		b.order(base+"update/set", "INSTALL")
		settle(15 * time.Minute)
		seen := false
		for _, m := range b.since(n) {
			seen = seen || m.topic == base+"update" && strings.Contains(m.payload, `"in_progress":true`)
		}
		if s := read(); !seen || !strings.HasPrefix(s.Installed, "9.9.9") || s.InProgress {
			t.Errorf("after: %+v, progress shown %v, errors %v", s, seen, b.errors())
		}
	})
}

// TestRooms: a vacuum cleans the rooms that it is told by id.
func TestRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("RV30"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 1)
		b := start(t, h, home, nil)
		settle(20 * time.Second)
		base := "wattle/" + hub.Slug(named(t, h, "RV30 Max").ID) + "/"
		var shown struct {
			State    string
			Segments map[string]string
		}
		text, _ := b.get(base + "vacuum")
		if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown.Segments) < 2 {
			t.Fatalf("%s: %v", text, err)
		}
		id := ""
		for room := range shown.Segments {
			id = max(id, room)
		}
		b.order(base+"vacuum_rooms/set", `["`+id+`"]`)
		settle(3 * time.Second)
		text, _ = b.get(base + "vacuum")
		if err := json.Unmarshal([]byte(text), &shown); err != nil || shown.State != "cleaning" {
			t.Errorf("shows %s, %v; errors %v", text, err, b.errors())
		}
	})
}
