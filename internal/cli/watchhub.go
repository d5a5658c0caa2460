package cli

import (
	"context"
	"errors"
	"fmt"

	"wattle"
	"wattle/feature"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

// watchHub shows what the hub tells of the targets, until ctx ends: nobody asks a
// device for it.
func (a *app) watchHub(ctx context.Context, c *hubclient.Client, targets []target, w watcher) error {
	defer w.done()
	m := &mirror{targets: targets, devices: map[string]*hubapi.Device{}}
	for message, err := range c.Follow(ctx, onlyTargets(targets), a.followOptions(w.note)) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return hubFault(err)
		}
		for _, s := range m.take(&message) {
			if err := w.show(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// hubWith is the running hub, nil where there is none or where it does not have all
// of the targets.
func (a *app) hubWith(ctx context.Context, targets []target) (*hubclient.Client, error) {
	c, err := a.hub(ctx)
	if err != nil || c == nil {
		return nil, err
	}
	b, err := a.book()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range targets {
		if t := &targets[i]; b.housed[hub.ID{MAC: t.known.MAC, Child: t.child}] == nil {
			a.detail("%s is not in the hub: it is asked", t.name())
			return nil, nil
		}
	}
	return c, nil
}

// followOptions have breaks told.
func (a *app) followOptions(note func(string)) hubclient.FollowOptions {
	return hubclient.FollowOptions{
		Lost: func(err error) { note(fmt.Sprintf("%v; waiting for it", err)) },
		Back: func() { note("the hub is back") },
	}
}

// onlyTargets asks for no more than the targets, for everything where it was all.
func onlyTargets(targets []target) map[string][]string {
	var slugs []string
	for i := range targets {
		if targets[i].every && !targets[i].room {
			return nil
		}
		slugs = append(slugs, targets[i].slug())
	}
	return hubclient.Only(slugs...)
}

// slug is the id of the target in the hub.
func (t *target) slug() string { return hub.Slug(hub.ID{MAC: t.known.MAC, Child: t.child}) }

// mirror is what the hub has told of the devices so far.
type mirror struct {
	targets []target
	devices map[string]*hubapi.Device
	ready   bool
	waiting []string // devices to be shown when the snapshot is complete
}

// take takes a message, and gives what is to be shown.
func (m *mirror) take(message *hubapi.Message) (out []sample) {
	switch message.Type {
	case hubapi.Hello:
		m.ready, m.waiting = false, nil
		there := map[string]bool{}
		for _, id := range message.Devices {
			there[id] = true
		}
		for id := range m.devices {
			if !there[id] {
				delete(m.devices, id)
				m.waiting = append(m.waiting, id)
			}
		}
	case hubapi.Snapshot, hubapi.Changed:
		d := message.Device
		m.devices[d.ID] = d
		m.waiting = append(m.waiting, d.ID)
		if d.Parent != "" {
			m.waiting = append(m.waiting, d.Parent)
		}
	case hubapi.Gone:
		delete(m.devices, message.Gone)
		m.waiting = append(m.waiting, message.Gone)
	case hubapi.Ready:
		m.ready = true
	}
	if !m.ready {
		return nil
	}
	changed := map[string]bool{}
	for _, id := range m.waiting {
		changed[id] = true
	}
	m.waiting = nil
	for i := range m.targets {
		if t := &m.targets[i]; changed[t.slug()] {
			if s, ok := m.look(t); ok {
				s.at = message.Time
				out = append(out, s)
			}
		}
	}
	return out
}

// look is what is known of a target; ok is false where the hub has not read it yet.
func (m *mirror) look(t *target) (s sample, ok bool) {
	s.target = *t
	d := m.devices[t.slug()]
	switch {
	case d == nil:
		s.err = fmt.Errorf("%w: it was taken out of the hub", wattle.ErrNotFound)
	case !d.Online && d.Reason == "":
		return s, false
	case !d.Online:
		s.err = errors.New(d.Reason)
	default:
		s.shape = m.shape(d)
	}
	return s, true
}

// shape is a device of the hub with its children.
func (m *mirror) shape(d *hubapi.Device) shape {
	s := shape{
		Model: d.Model, Region: d.Region, DeviceType: string(d.Type), DeviceID: d.Child, HWVersion: d.Hardware, FWVersion: d.Firmware,
		Address: d.Address, Transport: d.Transport, Features: map[string]any{}, readings: []feature.Reading{},
	}
	if d.Parent == "" {
		s.MAC = d.MAC.String()
	}
	if d.Alias != "" {
		s.Alias = &d.Alias
	}
	for i := range d.Features {
		r := d.Features[i].Reading()
		s.readings = append(s.readings, r)
		s.Features[r.ID] = r.Value
	}
	for _, id := range d.Children {
		if c := m.devices[id]; c != nil {
			s.Children = append(s.Children, m.shape(c))
		}
	}
	return s
}
