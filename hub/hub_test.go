package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
)

// TestHome: all devices of the demo come online, and a switched plug shows it.
func TestHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := hubtest.Models()
		home := hubtest.Start(t, files)
		h := home.Hub(nil)
		hubtest.Online(t, h, len(files))
		for _, v := range h.Views() {
			if !v.Online || len(v.Readings()) == 0 {
				t.Errorf("%s %s: online %v, %d readings, %s", hub.Slug(v.ID), v.Name, v.Online, len(v.Readings()), v.Reason)
			}
			if found, err := h.Find(hub.Slug(v.ID)); err != nil || found.ID != v.ID {
				t.Errorf("%s is found as %v, %v", hub.Slug(v.ID), found, err)
			}
		}
		plug := hubtest.View(t, h, "Fridge")
		sub := h.Subscribe(&hub.SubscribeOptions{Wants: func(id hub.ID) bool { return id == plug.ID }})
		defer sub.Close()
		on, _ := plug.State.On()
		if err := h.Set(t.Context(), plug.ID, device.Setting{ID: "state", Value: !on}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for {
			n, err := sub.Next(ctx)
			if err != nil {
				t.Fatal("the new state is not shown within a second:", err)
			}
			if n.View != nil {
				if now, known := n.View.State.On(); known && now == !on {
					break
				}
			}
		}
	})
}
