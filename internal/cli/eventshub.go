package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wattle"
	"wattle/event"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

// followHub tells what the hub tells of events, until ctx ends: it follows the logs
// of its devices anyway.
func (s *following) followHub(ctx context.Context, c *hubclient.Client, targets []target) error {
	devices, err := c.Devices(ctx)
	if err != nil {
		return hubFault(err)
	}
	for i := range targets {
		if t := &targets[i]; !t.every && !keepsLog(devices, t.slug()) {
			return of(t.name(), fmt.Errorf("%w: it keeps no log of events", wattle.ErrUnsupported))
		}
	}
	for m, err := range c.Follow(ctx, onlyTargets(targets), s.a.followOptions(func(text string) { s.a.say("%s", text) })) {
		switch {
		case ctx.Err() != nil:
			return s.failed
		case err != nil:
			return hubFault(err)
		}
		if m.Missed > 0 && !s.tell(happened{Device: "hub", Event: event.Event{Kind: event.Gap}}) {
			return s.failed
		}
		if h, ok := happenedIn(&m, devices); ok && !s.tell(h) {
			return s.failed
		}
	}
	return s.failed
}

// keepsLog reports whether a device or what is behind it keeps a log of events.
func keepsLog(devices []hubapi.Device, slug string) bool {
	return slices.ContainsFunc(devices, func(d hubapi.Device) bool {
		return d.ID == slug && d.Type == wattle.Hub || (d.ID == slug || d.Parent == slug) &&
			slices.ContainsFunc(d.Features, func(f hubapi.Feature) bool { return f.ID == "last_event" })
	})
}

// happenedIn is an event of a log, or that its device does not answer.
func happenedIn(m *hubapi.Message, devices []hubapi.Device) (happened, bool) {
	e := m.Event
	if m.Type != hubapi.Happened || e == nil {
		return happened{}, false
	}
	root, child, _ := strings.Cut(e.Device, "_")
	h := happened{Device: e.Name, ID: child}
	if mac, err := wattle.ParseMAC(root); err == nil {
		h.MAC = mac.String()
	}
	for _, d := range devices {
		if d.ID == e.Device {
			h.ID = d.Child // as the device has it
		}
	}
	switch {
	case e.Detail != nil:
		h.Event = *e.Detail
	case e.Kind == hub.Offline && child == "" && keepsLog(devices, root):
		h.Error = e.Text
		h.Time = e.Time
	default:
		return happened{}, false
	}
	return h, true
}
