package hubclient_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
	"wattle/internal/surface/rest"
)

const socket = "127.0.23.20:8080"

// served runs the API over a hub; stop ends it.
func served(t *testing.T, home *hubtest.Home, h *hub.Hub) (stop func()) {
	t.Helper()
	l, err := home.Net.Listen("tcp", socket)
	if err != nil {
		t.Fatal(err)
	}
	s, err := rest.New(h, &rest.Options{Listeners: []rest.Listener{{Listener: l, Trusted: true}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestFollow: the stream goes on over a break of the API, with what has changed
// meanwhile, and over a restart of the hub, with everything.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := hubtest.Start(t, hubtest.Models("P110", "KL130"))
		h := home.Hub(nil)
		hubtest.Online(t, h, 2)
		c, err := hubclient.New(hubclient.Options{URL: "http://" + socket, Transport: &http.Transport{DialContext: home.Net.DialContext}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, err := range c.Follow(t.Context(), nil, hubclient.FollowOptions{}) {
			if _, ok := errors.AsType[*hubclient.UnreachableError](err); !ok {
				t.Errorf("without a hub: %v", err)
			}
		}
		stop := served(t, home, h)
		lost, back := 0, 0
		messages := make(chan hubapi.Message, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			var last error
			o := hubclient.FollowOptions{Lost: func(error) { lost++ }, Back: func() { back++ }}
			for m, err := range c.Follow(ctx, nil, o) {
				if last = err; err == nil {
					messages <- m
				}
			}
			ended <- last
		}()
		// until gives the devices of the snapshot up to the message that ends it.
		until := func(kind string) (shown []string, m hubapi.Message) {
			for m = range messages {
				if m.Type == hubapi.Snapshot {
					shown = append(shown, m.Device.Name)
				}
				if m.Type == kind {
					break
				}
			}
			return shown, m
		}
		if shown, _ := until(hubapi.Ready); len(shown) != 2 {
			t.Errorf("shown at first: %q", shown)
		}
		stop()
		plug := hubtest.View(t, h, "Heater")
		on, _ := plug.State.On()
		if err := h.Set(t.Context(), plug.ID, device.Setting{ID: "state", Value: !on}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		stop = served(t, home, h)
		if _, m := until(hubapi.Hello); len(m.Devices) != 2 {
			t.Errorf("hello %+v", m)
		}
		shown, _ := until(hubapi.Ready)
		if len(shown) == 0 || lost != 1 || back != 1 {
			t.Errorf("after a break: %q, lost %d, back %d", shown, lost, back)
		}
		stop()
		again := home.Hub(nil)
		hubtest.Online(t, again, 2)
		stop = served(t, home, again)
		if shown, _ := until(hubapi.Ready); len(shown) != 2 || lost != 2 || back != 2 {
			t.Errorf("after a restart: %q, lost %d, back %d", shown, lost, back)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		stop()

		// What is refused does not come back.
		stop = served(t, home, again)
		defer stop()
		n := 0
		for _, err := range c.Follow(t.Context(), hubclient.Only("nothing"), hubclient.FollowOptions{}) {
			if n++; err == nil {
				t.Error("a device that is not there is followed")
			}
		}
		if n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}
