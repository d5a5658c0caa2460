package cli

import (
	"slices"

	"wattle/device"
	"wattle/feature"
	"wattle/hub"
	"wattle/internal/hubapi"
)

// knows adds what the hub knows of a device and its children and a poll does not ask,
// such as whether there is newer firmware.
func (c *connection) knows(s *shape, d *device.Device) {
	if c.through == nil {
		return
	}
	book, err := c.app.book()
	if err != nil {
		return
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	id := hub.ID{MAC: c.known.MAC}
	if d.Parent() != nil {
		id.Child = d.Identity().DeviceID
	}
	if info := book.housed[id]; info != nil {
		s.fill(info.Features)
	}
	for i := range s.Children {
		if info := book.housed[hub.ID{MAC: c.known.MAC, Child: s.Children[i].DeviceID}]; info != nil {
			s.Children[i].fill(info.Features)
		}
	}
}

// fill takes the values, switches and texts, of features that are unknown without an
// error.
func (s *shape) fill(known []hubapi.Feature) {
	s.readings = slices.Clone(s.readings) // they are the state's
	for i := range known {
		f := &known[i]
		at := slices.IndexFunc(s.readings, func(r feature.Reading) bool { return r.ID == f.ID })
		if at < 0 || f.Error != "" || f.Secret || s.readings[at].Value.Known() || s.readings[at].Err != nil {
			continue
		}
		r := &s.readings[at]
		switch v := f.Value.(type) {
		case bool:
			if _, fits := r.Zero().(bool); fits {
				r.Value = feature.ValueOf(v)
			}
		case string:
			if _, fits := r.Zero().(string); fits {
				r.Value = feature.ValueOf(v)
			}
		}
		if !r.Value.Known() {
			continue
		}
		if f.Time != nil {
			r.Time = *f.Time
		}
		if _, meta := s.Features[r.ID].(feature.Reading); meta {
			s.Features[r.ID] = *r
		} else {
			s.Features[r.ID] = r.Value
		}
	}
}
