package hub_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestRoom: a device is where it was put, through polls, absences, its removal and
// a new start, and nothing of it costs a request to the device.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KP303", "H100"))
		o := home.Options()
		kept := map[hub.ID]hub.Room{}
		o.Settle = func(_ context.Context, news map[hub.ID]hub.Room) error { maps.Copy(kept, news); return nil }
		h := home.Hub(o)
		hubtest.Online(t, h, 3)
		heater := hubtest.View(t, h, "Heater")
		sub := h.Subscribe(&hub.SubscribeOptions{Since: heater.Rev, Wants: func(id hub.ID) bool { return id == heater.ID }})
		defer sub.Close()
		kitchen := hub.Room{Name: "Kitchen"}
		if err := h.SetRoom(t.Context(), hub.Room{Name: "  Kitchen "}, heater.ID); err != nil {
			t.Fatal(err)
		}
		if now := hubtest.View(t, h, "Heater"); now.Room != kitchen || now.Rev <= heater.Rev || !now.Online || kept[heater.ID] != kitchen {
			t.Errorf("it is in %+v, stored is %+v", now.Room, kept)
		}
		for {
			n, err := sub.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n.View != nil && n.View.Room == kitchen {
				break // subscribers are told
			}
		}
		fault(t, home, "Heater", "reboot=2m")
		until(t, time.Minute, "offline", offline(t, h, heater.ID))
		if now := hubtest.View(t, h, "Heater"); now.Room != kitchen {
			t.Errorf("away it is in %+v", now.Room)
		}
		until(t, 3*time.Minute, "online", online(t, h, heater.ID))
		<-time.After(time.Minute)
		if now := hubtest.View(t, h, "Heater"); now.Room != kitchen {
			t.Errorf("after polls it is in %+v", now.Room)
		}

		// One that is taken out and comes back is where it was.
		entry := o.Entries[slices.IndexFunc(o.Entries, func(e hub.Entry) bool { return e.Target.MAC == heater.ID.MAC })]
		if err := h.Remove(heater.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.SetRoom(t.Context(), kitchen, heater.ID); !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("a device that is not there: %v", err)
		}
		if _, err := h.Add(entry); err != nil {
			t.Fatal(err)
		}
		if v, err := h.View(heater.ID); err != nil || v.Room != kitchen {
			t.Errorf("back it is in %+v, %v", v, err)
		}
		until(t, time.Minute, "online", online(t, h, heater.ID))
		if now := hubtest.View(t, h, "Heater"); now.Room != kitchen {
			t.Errorf("read again it is in %+v", now.Room)
		}
	})
}

// TestRoomRemembered: a hub begins with the rooms that it is given, also of
// children, which it has not met yet.
func TestRoomRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("KP303"))
		first := home.Hub(nil)
		hubtest.Online(t, first, 1)
		child := first.Views()[1].ID
		o := home.Options()
		o.Rooms = map[hub.ID]hub.Room{child: {Name: "Bath", Account: true}, {MAC: child.MAC}: {Name: "Hall"}}
		made, err := hub.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := made.View(hub.ID{MAC: child.MAC}); err != nil || v.Room.Name != "Hall" {
			t.Errorf("before the first poll: %+v, %v", v, err)
		}
		h := home.Hub(o)
		hubtest.Online(t, h, 1)
		if v, err := h.View(child); err != nil || v.Room != (hub.Room{Name: "Bath", Account: true}) {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

// TestRoomOfTheAccount never takes the place of what the owner says.
func TestRoomOfTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "P100"))
		o := home.Options()
		var stored int
		var failing error
		o.Settle = func(_ context.Context, news map[hub.ID]hub.Room) error { stored += len(news); return failing }
		h := home.Hub(o)
		hubtest.Online(t, h, 2)
		id, other := hubtest.View(t, h, "Heater").ID, h.Views()[0].ID
		if other == id {
			other = h.Views()[1].ID
		}
		steps := []struct{ put, is hub.Room }{
			{hub.Room{Name: "Attic", Account: true}, hub.Room{Name: "Attic", Account: true}},
			{hub.Room{Name: "Cellar", Account: true}, hub.Room{Name: "Cellar", Account: true}}, // the account follows itself
			{hub.Room{Name: "Study"}, hub.Room{Name: "Study"}},
			{hub.Room{Name: "Attic", Account: true}, hub.Room{Name: "Study"}},
			{hub.Room{}, hub.Room{}},
			{hub.Room{Name: "Attic", Account: true}, hub.Room{Name: "Attic", Account: true}},
			{hub.Room{Name: "attic"}, hub.Room{Name: "attic"}}, // its own spelling may change
		}
		for i, s := range steps {
			if err := h.SetRoom(t.Context(), s.put, id); err != nil {
				t.Fatal(err)
			}
			if v, _ := h.View(id); v.Room != s.is {
				t.Errorf("step %d: it is in %+v, want %+v", i, v.Room, s.is)
			}
		}
		if stored != len(steps)-1 {
			t.Errorf("stored %d times", stored)
		}
		if err := h.SetRoom(t.Context(), hub.Room{Name: "ATTIC"}, other); err != nil {
			t.Fatal(err)
		}
		if rooms := hub.Rooms(hub.Places(h.Views())); !slices.Equal(rooms, []string{"attic"}) {
			t.Errorf("rooms %q", rooms)
		}
		failing = errors.New("disk full")
		if err := h.SetRoom(t.Context(), hub.Room{Name: "Garden"}, id, other); !errors.Is(err, failing) {
			t.Errorf("got %v", err)
		}
		if v, _ := h.View(id); v.Room.Name != "attic" {
			t.Errorf("what was not stored is shown: %+v", v.Room)
		}
		failing = nil
		for _, name := range []string{"", " ", "a\nb", "\x1b[31m", "\xff", strings.Repeat("ü", 65), "a\u2028b"} {
			if err := h.SetRoom(t.Context(), hub.Room{Name: name, Account: true}, id); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if err := h.SetRoom(t.Context(), hub.Room{Name: strings.Repeat("ü", 64)}, id); err != nil {
			t.Error(err)
		}
	})
}

// TestWithin: a strip stands for its outlets, unless some are elsewhere; what is
// behind a hub is not where the hub is.
func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("KP303", "P300", "H100"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 3)
		var outlets, sensors []hub.ID
		for _, v := range h.Views() {
			root, _ := h.View(hub.ID{MAC: v.ID.MAC})
			switch {
			case v.Root():
				put(t, h, "Hall", v.ID)
			case root.Identity().Type == wattle.Hub:
				sensors = append(sensors, v.ID)
			default:
				outlets = append(outlets, v.ID)
			}
		}
		if len(outlets) != 6 || len(sensors) == 0 {
			t.Fatalf("%d outlets, %d sensors", len(outlets), len(sensors))
		}
		within := func(room string) []hub.ID { return hub.Within(hub.Places(h.Views()), room) }
		if got := within("hall"); len(got) != 3 || slices.ContainsFunc(got, func(id hub.ID) bool { return id.Child != "" }) {
			t.Errorf("hall: %q", got)
		}
		put(t, h, "Hall", outlets[0], sensors[0])
		if got := within("hall"); len(got) != 4 || !slices.Contains(got, sensors[0]) || slices.Contains(got, outlets[0]) { // it is in its strip
			t.Errorf("hall: %q", got)
		}
		put(t, h, "Balcony", outlets[1])
		strip := hub.ID{MAC: outlets[1].MAC}
		if got := within("HALL"); len(got) != 5 || slices.Contains(got, strip) || slices.Contains(got, outlets[1]) || !slices.Contains(got, outlets[0]) {
			t.Errorf("hall: %q", got)
		}
		if got := within("Balcony"); len(got) != 1 || got[0] != outlets[1] {
			t.Errorf("balcony: %q", got)
		}
		if got := within(""); len(got) != 0 {
			t.Errorf("nowhere: %q", got)
		}
	})
}

func put(t *testing.T, h *hub.Hub, room string, ids ...hub.ID) {
	t.Helper()
	if err := h.SetRoom(t.Context(), hub.Room{Name: room}, ids...); err != nil {
		t.Fatal(err)
	}
}

func TestPickRoom(t *testing.T) {
	rooms := []string{"Bath", "Bedroom", "Kitchen", "kids' room"}
	for name, want := range map[string]string{"bath": "Bath", "KI": "", "kit": "Kitchen", "Kids' Room": "kids' room", "be": "Bedroom", "b": "", "": "", "x": ""} {
		got, err := hub.PickRoom(rooms, name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", name, got, err)
		}
		if err != nil && name != "" && !strings.Contains(err.Error(), `"Bath"`) && !strings.Contains(err.Error(), `"Kitchen"`) {
			t.Errorf("%q: %v names no room", name, err)
		}
	}
	if _, err := hub.PickRoom(nil, "x"); !errors.Is(err, wattle.ErrNotFound) {
		t.Error(err)
	}
	for word, want := range map[string]string{"room:Living room": "Living room", "ROOM: x ": "x", "room:": ""} {
		if got, ok := hub.CutRoom(word); got != want || !ok {
			t.Errorf("%q is %q, %v", word, got, ok)
		}
	}
	if _, ok := hub.CutRoom("roo"); ok {
		t.Error("roo")
	}
}

// FuzzRoom: names and words of users make errors and no panics, and what is
// accepted stays as it is.
func FuzzRoom(f *testing.F) {
	for _, s := range []string{"room:Kitchen", "ROOM:kids' room", "room:", "Küche", "a/b", "@x", "\x00", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := hub.CheckRoom(s)
		if err != nil {
			if !errors.Is(err, wattle.ErrParam) {
				t.Error(err)
			}
		} else if again, err := hub.CheckRoom(name); err != nil || again != name {
			t.Errorf("%q became %q, %v", name, again, err)
		} else if back, ok := hub.CutRoom("room:" + name); !ok || back != name {
			t.Errorf("%q: %q", name, back)
		} else if picked, err := hub.PickRoom([]string{"x", name}, strings.ToUpper(name)); err == nil && !strings.EqualFold(picked, strings.ToUpper(name)) && picked != name {
			t.Errorf("%q picks %q", name, picked)
		}
		if _, err := hub.PickRoom([]string{"Kitchen", "Bath"}, s); err != nil && !errors.Is(err, wattle.ErrNotFound) && !errors.Is(err, wattle.ErrParam) {
			t.Error(err)
		}
		hub.CutRoom(s)
	})
}
