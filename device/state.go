package device

import (
	"slices"
	"time"

	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
)

// State is everything that is known of a device at one moment. It is immutable
// and may be shared between goroutines.
type State struct {
	identity Identity
	view     *feature.View
	rows     []*feature.Feature
	readings []feature.Reading
	values   map[string]feature.Value
	children []*State
}

// evaluate makes the state of a view. Rows in existing are kept although their
// answers failed this time: their values are then unknown.
func evaluate(v *feature.View, existing map[string]bool) *State {
	s := &State{identity: identify(v), view: v, values: map[string]feature.Value{}}
	var missing []*feature.Feature
	for _, row := range catalog.For(v) {
		switch {
		case s.has(row.ID): // at most one row of an id
		case row.Exists(v):
			s.add(row)
			existing[row.ID] = true
		case existing[row.ID]:
			missing = append(missing, row)
		}
	}
	for _, row := range missing {
		if !s.has(row.ID) {
			s.add(row)
		}
	}
	return s
}

func (s *State) has(id string) bool {
	_, ok := s.values[id]
	return ok
}

func (s *State) add(row *feature.Feature) {
	r := row.Read(s.view)
	s.rows = append(s.rows, row)
	s.readings = append(s.readings, r)
	s.values[row.ID] = r.Value
}

// Identity tells who the device is.
func (s *State) Identity() Identity { return s.identity }

// Time is when the newest answer was taken.
func (s *State) Time() time.Time { return s.view.Time() }

// DeviceTime is what the device's own clock showed then, in its own zone; the
// time of the poll where the device does not tell.
func (s *State) DeviceTime() time.Time { return catalog.LocalTime(s.view) }

// Readings are all features in the order in which they are shown, actions
// included. Do not change the slice.
func (s *State) Readings() []feature.Reading { return s.readings }

// Reading is one feature, and whether the device has it.
func (s *State) Reading(id string) (feature.Reading, bool) {
	i := slices.IndexFunc(s.readings, func(r feature.Reading) bool { return r.ID == id })
	if i < 0 {
		return feature.Reading{}, false
	}
	return s.readings[i], true
}

// Value is the value of a feature, unknown where the device does not have it.
func (s *State) Value(id string) feature.Value { return s.values[id] }

// On tells whether the device is on; known is false where it has no switch or
// did not say. A strip is on while any of its outlets is.
func (s *State) On() (on, known bool) {
	if v, ok := s.values["state"]; ok {
		return v.Bool()
	}
	for _, c := range s.children {
		childOn, ok := c.On()
		on, known = on || childOn, known || ok
	}
	return on, known
}

// Children are the states of the children, in the order of
// [Device.Children].
func (s *State) Children() []*State { return s.children }

// Snapshot is what the device answered, raw and decoded.
func (s *State) Snapshot() *method.Snapshot { return s.view.Snapshot }

// forget makes all values unknown: a state from memory tells what the device
// can do, not what it does.
func (s *State) forget() *State {
	for i := range s.readings {
		s.readings[i].Value, s.readings[i].Time = feature.Value{}, time.Time{}
	}
	for id := range s.values {
		s.values[id] = feature.Value{}
	}
	return s
}

// row is the catalog's row of a feature that the device has.
func (s *State) row(id string) *feature.Feature {
	for _, r := range s.rows {
		if r.ID == id {
			return r
		}
	}
	return nil
}
