package automation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/automation"
	"wattle/hub"
	"wattle/hub/hubtest"
)

// move puts devices into a room.
func (h *house) move(room string, names ...string) {
	h.Helper()
	for _, name := range names {
		if err := h.hub.SetRoom(h.Context(), hub.Room{Name: room}, hubtest.View(h.T, h.hub, name).ID); err != nil {
			h.Fatal(err)
		}
	}
	synctest.Wait()
}

// TestRooms: "room:NAME" means who is there when it is used, in groups, scenes,
// triggers, actions and conditions.
func TestRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 7, 1, 12, 0, 0, 0, berlin(t)), "P100", "P110", "HS100", "KL130", "H100")
		var names []string
		for _, v := range h.hub.Views() {
			if _, known := v.State.On(); known && v.Root() {
				names = append(names, v.Name)
			}
		}
		first, second, third := names[0], names[1], names[2]
		for _, name := range names {
			h.set(name, true)
		}

		_, err := h.Groups().Put(t.Context(), automation.Group{Name: "g", Devices: []string{"room:kitchen"}}, automation.Any)
		if !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), "no device was given a room yet") {
			t.Errorf("without rooms: %v", err)
		}
		h.move("Living room", first, second)
		h.move("Kitchen", third)
		for word, want := range map[string]string{"room:garden": `no room "garden": there are "Kitchen", "Living room"`, "room:": "there are"} {
			_, err := h.Groups().Put(t.Context(), automation.Group{Name: "g", Devices: []string{word}}, automation.Any)
			var field *automation.FieldError
			if !errors.As(err, &field) || field.Path != "devices[0]" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "not found") {
				t.Errorf("%s: %v", word, err)
			}
		}
		g, err := h.Groups().Put(t.Context(), automation.Group{Name: "g", Devices: []string{"ROOM:liv", third}}, automation.Any)
		if err != nil || g.Devices[0] != "room:Living room" {
			t.Fatalf("stored as %q, %v", g.Devices, err)
		}
		if views, err := h.Members("@g"); err != nil || len(views) != 3 {
			t.Errorf("%d members, %v", len(views), err)
		}
		did, err := h.Set(t.Context(), []string{"room:living ROOM"}, map[string]any{"state": false})
		if err != nil || len(did) != 2 || h.on(first) || h.on(second) || !h.on(third) {
			t.Errorf("did %+v, %v", did, err)
		}

		// One that moves into the room belongs to it from then on.
		h.move("living room", third)
		if did, err := h.Toggle(t.Context(), []string{"room:Living room"}); err != nil || len(did) != 3 || h.on(third) {
			t.Errorf("did %+v, %v", did, err)
		}
		if _, err := h.Members("room:kitchen"); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("a room that nobody is in: %v", err)
		}

		// A rule watches who is there.
		h.move("Kitchen", third)
		h.put(automation.Rule{
			Name: "r", On: []automation.Trigger{{Devices: []string{"room:kitchen"}, Feature: "state", Becomes: true}},
			If: `group("room:kitchen").any_on and group("room:living").count == 2`,
			Do: []automation.Action{{Devices: []string{"room:living"}, Set: map[string]any{"state": true}}},
		})
		h.set(first, true)
		if got := h.results("r"); got != "" {
			t.Errorf("a device of another room set it off: %s", got)
		}
		h.set(first, false)
		h.set(third, true)
		if got := h.results("r"); got != "done" || !h.on(first) || !h.on(second) {
			t.Errorf("results %q: %+v", got, h.Log("r", 9))
		}
		h.move("Kitchen", names[3])
		h.set(names[3], false)
		h.set(names[3], true)
		if got := h.results("r"); got != "done done" {
			t.Errorf("one that came into the room: %q", got)
		}
		h.move("", names[3])
		h.set(names[3], false)
		h.set(names[3], true)
		if got := h.results("r"); got != "done done" {
			t.Errorf("one that has left the room: %q", got)
		}

		// Scenes, captures and files keep the word.
		s := automation.Scene{Name: "dark", Parts: []automation.ScenePart{{Device: "room:LIVING", Set: map[string]any{"state": false}}}}
		if s, err = h.Scenes().Put(t.Context(), s, automation.Any); err != nil || s.Parts[0].Device != "room:Living room" {
			t.Fatalf("%+v, %v", s, err)
		}
		if did, err := h.Apply(t.Context(), "dark"); err != nil || len(did) != 2 || h.on(first) || h.on(second) {
			t.Errorf("did %+v, %v", did, err)
		}
		if c, err := h.Capture("now", []string{"room:living"}); err != nil || len(c.Parts) != 2 {
			t.Errorf("%+v, %v", c, err)
		}
		d := h.Export()
		if d.Groups[0].Devices[0] != "room:Living room" || d.Scenes[0].Parts[0].Device != "room:Living room" || !slices.Equal(d.Rules[0].On[0].Devices, []string{"room:Kitchen"}) {
			t.Errorf("exported %+v", d)
		}
		text, err := d.YAML()
		if err == nil {
			_, err = h.Import(t.Context(), "home.yaml", text, &automation.ImportOptions{Replace: true})
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}

		// A room that is empty now stops nothing, and is there again with a device.
		h.move("", first, second)
		if did, err := h.Apply(t.Context(), "dark"); err != nil || len(did) != 0 {
			t.Errorf("did %+v, %v", did, err)
		}
		h.move("living room", first)
		h.set(first, true)
		if did, err := h.Apply(t.Context(), "dark"); err != nil || len(did) != 1 || h.on(first) {
			t.Errorf("did %+v, %v", did, err)
		}
	})
}

// TestRoomOfASensor: an event of a sensor in a room sets a rule off, one of another
// room does not.
func TestRoomOfASensor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live(t, time.Date(2026, 7, 1, 12, 0, 0, 0, berlin(t)), "H100", "P100")
		plug := h.hub.Views()[0].Name
		for _, v := range h.hub.Views() {
			if _, known := v.State.On(); known && v.Root() {
				plug = v.Name
			}
		}
		h.move("Hall", "Bed button", plug)
		h.put(automation.Rule{
			Name: "r", On: []automation.Trigger{{Devices: []string{"room:hall"}, Event: "*"}},
			Do: []automation.Action{{Devices: []string{plug}, Toggle: true}},
		})
		press := func() {
			time.Sleep(10 * time.Second)
			if err := h.home.Sim.Fire("Bed button", "press", ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		press()
		if got := h.results("r"); got != "done" {
			t.Errorf("results %q", got)
		}
		h.move("Cellar", "Bed button")
		press()
		if got := h.results("r"); got != "done" {
			t.Errorf("from another room: %q", got)
		}
	})
}
