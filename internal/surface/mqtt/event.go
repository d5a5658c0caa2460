package mqtt

import (
	"slices"
	"time"

	"wattle/event"
	"wattle/hub"
)

// eventKinds are what may happen to a device, by a feature that it has.
var eventKinds = []struct {
	feature, class string
	kinds          []event.Kind
}{
	{"is_open", "", []event.Kind{event.Open, event.Close, event.KeepOpen}},
	{"motion_detected", "motion", []event.Kind{event.Motion}},
	{"water_alert", "", []event.Kind{event.Leak, event.Dry}},
	{"temperature", "", []event.Kind{event.TooHot, event.TooCold}},
	{"humidity", "", []event.Kind{event.TooHumid, event.TooDry}},
}

// event is for devices with a log of what happened. One that senses nothing is a
// button. more are kinds that it has had beyond those.
func (b *builder) event(more []string) {
	if _, ok := b.has("last_event"); !ok {
		return
	}
	var kinds []string
	class := ""
	for _, e := range eventKinds {
		if _, ok := b.has(e.feature); ok {
			class = e.class
			for _, k := range e.kinds {
				kinds = append(kinds, string(k))
			}
		}
	}
	if len(kinds) == 0 {
		class = "button"
		kinds = []string{string(event.Click), string(event.DoubleClick), string(event.Rotation)}
	}
	for _, k := range more {
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	c := component{"state_topic": b.topic("event"), "event_types": kinds}
	if class != "" {
		c["device_class"] = class
	}
	b.plan.events = kinds
	b.add("event", "event", "Event", c)
}

// eventPayload is an event for Home Assistant: its kind, when it happened, and what
// there is to say.
func eventPayload(e *hub.Event) string {
	out := map[string]any{"event_type": e.Kind, "time": e.Time.Format(time.RFC3339)}
	if e.Detail != nil {
		out["id"] = e.Detail.ID
		if e.Detail.Degrees != nil {
			out["degrees"] = *e.Detail.Degrees
		}
		if !e.Detail.Time.IsZero() {
			out["time"] = e.Detail.Time.Format(time.RFC3339)
		}
	}
	return text(out)
}
