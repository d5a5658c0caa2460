package device

import (
	"slices"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
)

// State is everything that is known of a device at one moment. It is immutable
// and may be shared between goroutines.
type State struct {
	identity Identity
	view     *feature.View
	applying []*feature.Feature // the rows that the device may have
	rows     []*feature.Feature // those that it has
	readings []feature.Reading  // of rows
	children []*State
}

// evaluate makes the state of a view. Features that the device had before are
// kept although their answers failed this time: their values are then unknown.
func (d *Device) evaluate(v *feature.View, id Identity) *State {
	s := &State{identity: id, view: v}
	before := d.known()
	if before == nil {
		before = &State{}
	}
	var room [maxRows]*feature.Feature
	s.applying = keep(before.applying, catalog.AppendFor(room[:0], v))
	s.readings = append(make([]feature.Reading, 0, max(len(before.readings)+1, len(s.applying)/2)), before.readings...)[:0]
	var missing []*feature.Feature
	var roomHas [maxRows]*feature.Feature
	var roomSeen [maxNumbers / 64]uint64
	has, seen := roomHas[:0], ids(roomSeen[:])
	for _, row := range s.applying {
		switch {
		case seen.has(row.Number()): // at most one row of an id
		case s.read(row):
			has = append(has, row)
			seen.add(row.Number())
		case d.existing.has(row.Number()):
			missing = append(missing, row)
		}
	}
	d.existing.join(seen)
	for _, row := range missing {
		if !seen.has(row.Number()) {
			seen.add(row.Number())
			has = append(has, row)
			s.readings = append(s.readings, row.Read(v))
		}
	}
	s.rows = keep(before.rows, has)
	v.Previous = nil // it would keep the answers of the poll before alive
	return s
}

// What is enough for every device that is known; more costs an allocation.
const (
	maxRows    = 128
	maxNumbers = 512
)

// keep is the list of the poll before, where nothing has changed, or a copy of
// the new one.
func keep(before, rows []*feature.Feature) []*feature.Feature {
	if slices.Equal(before, rows) {
		return before
	}
	return slices.Clone(rows)
}

// read adds the reading of a row where the answers have the feature. In its
// place may be one of the poll before, which is then brought up to date.
func (s *State) read(row *feature.Feature) bool {
	n := len(s.readings)
	s.readings = slices.Grow(s.readings, 1)[:n+1]
	if row.ReadInto(s.view, &s.readings[n]) {
		return true
	}
	s.readings = s.readings[:n]
	return false
}

// ids is a set of features by their number.
type ids []uint64

func (s ids) has(n int) bool { return n/64 < len(s) && s[n/64]&(1<<(n%64)) != 0 }

func (s *ids) add(n int) {
	for n/64 >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

func (s *ids) join(other ids) {
	for i, word := range other {
		if i == len(*s) {
			*s = append(*s, 0)
		}
		(*s)[i] |= word
	}
}

// Identity tells who the device is.
func (s *State) Identity() Identity { return s.identity }

// Time is when the newest answer was taken.
func (s *State) Time() time.Time { return s.view.Time() }

// Source says by which way the newest answer about the device itself came. Each
// value has its own, see [feature.Reading].
func (s *State) Source() method.Source { return s.view.Snapshot.Source() }

// DeviceTime is what the device's own clock showed then, in its own zone; the
// time of the poll where the device does not tell.
func (s *State) DeviceTime() time.Time { return catalog.LocalTime(s.view) }

// Readings are all features in the order in which they are shown, actions
// included. Do not change the slice.
func (s *State) Readings() []feature.Reading { return s.readings }

// Reading is one feature, and whether the device has it; if not, its Meta says
// nothing.
func (s *State) Reading(id string) (feature.Reading, bool) {
	if i := s.find(id); i >= 0 {
		return s.readings[i], true
	}
	return feature.Reading{Meta: new(feature.Meta)}, false
}

// Value is the value of a feature, unknown where the device does not have it.
func (s *State) Value(id string) feature.Value {
	if i := s.find(id); i >= 0 {
		return s.readings[i].Value
	}
	return feature.Value{}
}

func (s *State) find(id string) int {
	for i := range s.readings {
		if s.readings[i].ID == id {
			return i
		}
	}
	return -1
}

// On tells whether the device is on; known is false where it has no switch or
// did not say. A strip is on while any of its outlets is; a hub has no switch,
// whatever is behind it.
func (s *State) On() (on, known bool) {
	if i := s.find("state"); i >= 0 {
		return s.readings[i].Value.Bool()
	}
	if s.identity.Type == wattle.Hub {
		return false, false
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
func (s *State) Snapshot() *method.Snapshot {
	if s == nil {
		return nil
	}
	return s.view.Snapshot
}

// forget makes all values unknown: a state from memory tells what the device
// can do, not what it does.
func (s *State) forget() *State {
	for i := range s.readings {
		s.readings[i].Forget()
	}
	return s
}

// row is the catalog's row of a feature that the device has.
func (s *State) row(id string) *feature.Feature {
	if i := s.find(id); i >= 0 {
		return s.rows[i]
	}
	return nil
}
