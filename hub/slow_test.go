package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestSlowSubscriber: who never reads delays no poll and no command of 100
// devices, gets the newest views when it reads again, and is told how many events
// it missed.
func TestSlowSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds := hubtest.Models("P110", "HS110", "P100", "KP115")
		files := kinds[:0:0]
		for i := range 100 {
			files = append(files, kinds[i%len(kinds)])
		}
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		asleep := h.Subscribe(&hub.SubscribeOptions{Events: 10})
		defer asleep.Close()
		hubtest.Online(t, h, len(files))
		var ids []hub.ID
		for _, v := range h.Views() {
			ids = append(ids, v.ID)
		}
		for i := range 300 {
			<-time.After(200 * time.Millisecond)
			begun := time.Now()
			if err := h.Set(t.Context(), ids[i%len(ids)], set("state", i%2 == 0)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > 10*time.Millisecond {
				t.Errorf("a command took %v", took)
			}
		}
		<-time.After(time.Second)
		s := h.Stats()
		if s.DelayMost > 10*time.Millisecond || s.Failures > 0 || s.Polls < 60/5*100 {
			t.Errorf("%+v", s)
		}
		var missed uint64
		seen := map[hub.ID]*hub.View{}
		for events := 0; len(seen) < len(ids) || events < 10; {
			n, err := asleep.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			missed += n.Missed
			switch {
			case n.Event != nil:
				events++
			case n.View != nil:
				seen[n.View.ID] = n.View
			}
		}
		for _, id := range ids {
			if v, err := h.View(id); err != nil || v.Rev != seen[id].Rev {
				t.Errorf("%s: seen %d, is %d, %v", id, seen[id].Rev, v.Rev, err)
			}
		}
		if missed != 90 {
			t.Errorf("missed %d events, want 90 of the 100 that came online", missed)
		}
	})
}
