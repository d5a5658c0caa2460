package mqtt

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"wattle/feature"
	"wattle/hub"
	"wattle/internal/wire/redact"
)

// component is one entity of Home Assistant, with its fields by their long names.
type component map[string]any

// plan is what a device has on the broker. It depends on what features the
// device has, not on their values.
type plan struct {
	components map[string]component
	states     map[string]func(*hub.View) string // by the end of the topic
	commands   map[string]command                // by the end of the topic, without /set
	events     []string                          // kinds of events, nil where there are none
}

// command is what to do with a message.
type command struct {
	do func(ctx context.Context, s *Surface, id hub.ID, payload string) error
	// shows are the states to publish again after a failure, so that nobody goes
	// on believing in what was wished.
	shows []string
}

// builder makes a plan.
type builder struct {
	plan
	view   *hub.View
	slug   string
	base   string // "wattle/SLUG/"
	opt    *Options
	covers map[string]bool // features that a group shows
}

// newPlan makes the plan of a device whose state is known. lifetime tells that a
// history has a counter for it, kinds which events it has had beyond those that
// we expect.
func newPlan(v *hub.View, o *Options, lifetime bool, kinds []string) *plan {
	slug := hub.Slug(v.ID)
	b := &builder{
		plan: plan{components: map[string]component{}, states: map[string]func(*hub.View) string{}, commands: map[string]command{}},
		view: v, slug: slug, base: o.Base + "/" + slug + "/", opt: o, covers: map[string]bool{},
	}
	for _, group := range []func(*builder){light, climate, fan, vacuum, siren, update} {
		group(b)
	}
	b.event(kinds)
	for _, r := range v.Readings() {
		b.feature(&r, lifetime)
	}
	if lifetime {
		b.lifetime()
	}
	return &b.plan
}

// has gives a feature of the device.
func (b *builder) has(id string) (feature.Reading, bool) { return b.view.State.Reading(id) }

// settable gives a feature that can be set.
func (b *builder) settable(id string) (feature.Reading, bool) {
	r, ok := b.has(id)
	return r, ok && r.Settable
}

// topic is that of a state; set is where its commands go.
func (b *builder) topic(end string) string { return b.base + end }
func (b *builder) set(end string) string   { return b.base + end + "/set" }

// add puts a component in. name nil is the main feature: it has the name of the
// device.
func (b *builder) add(key, platform string, name any, c component) {
	c["platform"], c["name"], c["unique_id"] = platform, name, "wattle_"+b.slug+"_"+key
	b.components[key] = c
}

// cover keeps features from being shown by themselves: a group shows them.
func (b *builder) cover(ids ...string) {
	for _, id := range ids {
		b.covers[id] = true
	}
}

// hidden are features that make no entity: whether a child is there says its
// availability, and clocks are not worth a message for each second.
var hidden = map[string]bool{"online": true, "device_time": true}

// feature shows one feature: its state, its commands and, where no group shows
// it, its component.
func (b *builder) feature(r *feature.Reading, lifetime bool) {
	if r.Secret || redact.Key(r.ID) || r.Kind == feature.Event { // ids and networks are not for everybody who reads a broker
		return
	}
	id := r.ID
	if r.Kind == feature.Action {
		b.commands[id] = command{do: press(id)}
	} else {
		b.states[id] = func(v *hub.View) string { return shown(v, id) }
		if r.Settable {
			b.commands[id] = command{do: setting(*r), shows: []string{id}}
		}
	}
	if b.covers[id] || hidden[id] {
		return
	}
	if platform, c := b.component(r, lifetime); c != nil {
		var name any = r.Name
		if id == "state" && len(b.components) == 0 {
			name = nil
		}
		b.add(id, platform, name, c)
	}
}

// discovery is the payload that announces a device.
func (p *plan) discovery(v *hub.View, o *Options, gone map[string]string) []byte {
	slug := hub.Slug(v.ID)
	id := v.Identity()
	device := map[string]any{"identifiers": []string{"wattle_" + slug}, "name": v.Name, "manufacturer": "TP-Link"}
	optional := map[string]string{
		"model": id.Model.Name, "model_id": id.Model.String(), "hw_version": id.Hardware, "sw_version": id.Firmware, "configuration_url": o.URL,
		"suggested_area": v.Room.Name,
	}
	if id.Model.Name == "" {
		delete(optional, "model_id")
	}
	if v.Root() {
		device["connections"] = [][2]string{{"mac", strings.ToLower(v.ID.MAC.String())}}
	} else {
		optional["via_device"] = "wattle_" + hub.Slug(hub.ID{MAC: v.ID.MAC})
	}
	for key, text := range optional {
		if text != "" {
			device[key] = text
		}
	}
	origin := map[string]any{"name": "wattle"}
	if o.Version != "" {
		origin["sw_version"] = o.Version
	}
	if o.Support != "" {
		origin["support_url"] = o.Support
	}
	components := map[string]component{}
	for key, platform := range gone {
		components[key] = component{"platform": platform} // that is how one is taken back
	}
	maps.Copy(components, p.components)
	payload, err := json.Marshal(map[string]any{
		"device": device, "origin": origin, "components": components,
		"availability": []map[string]string{
			{"topic": o.Base + "/bridge/state"},
			{"topic": o.Base + "/" + slug + "/availability"},
		},
		"availability_mode": "all", "qos": 1,
	})
	if err != nil {
		panic(err) // texts, numbers and lists only
	}
	return payload
}

// platforms are what has to be taken back one day: the components by key, and ""
// for topics that are retained beside them.
func (p *plan) platforms() map[string]string {
	out := make(map[string]string, len(p.states))
	for end := range p.states {
		out[end] = ""
	}
	for key, c := range p.components {
		out[key] = c["platform"].(string)
	}
	return out
}

// sameShape reports whether two views of a device have the same plan.
func sameShape(a, b *hub.View) bool {
	if a == nil || a.Name != b.Name || a.Room.Name != b.Room.Name || (a.State == nil) != (b.State == nil) {
		return false
	}
	if a.State == b.State {
		return true
	}
	x, y := a.Readings(), b.Readings()
	i, j := a.Identity(), b.Identity()
	if len(x) != len(y) || i.Firmware != j.Firmware || i.Hardware != j.Hardware || i.Model != j.Model {
		return false
	}
	return slices.EqualFunc(x, y, func(m, n feature.Reading) bool {
		return m.ID == n.ID && m.Kind == n.Kind && m.Settable == n.Settable && m.Unit == n.Unit && m.Min == n.Min && m.Max == n.Max &&
			m.Name == n.Name && slices.Equal(m.Choices, n.Choices)
	})
}
