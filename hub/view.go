package hub

import (
	"strings"
	"time"

	"wattle/device"
	"wattle/feature"
	"wattle/history"
)

// ID names a device for as long as it lives: its MAC, or that of its parent and
// the child's id. Addresses are notes.
type ID = history.Device

// Slug is an ID for URLs, topics and file names: lower-case hex digits of the MAC
// and, for a child, "_" and its id, made of letters, digits, "-" and "_" only.
// [Hub.Find] takes it.
func Slug(id ID) string {
	mac := strings.ReplaceAll(strings.ToLower(id.MAC.String()), ":", "")
	if id.Child == "" {
		return mac
	}
	var b strings.Builder
	b.WriteString(mac)
	b.WriteByte('_')
	for _, r := range id.Child {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// View is what is known of a device, or of a child, at one moment. It is
// immutable and may be shared.
type View struct {
	ID ID
	// Name is the name that its owner gave it, else its model, else its MAC.
	Name string
	// Room is where it is, the zero Room where that was not said. A child is where it
	// is itself: it is not where its parent is.
	Room Room
	// State is the newest state, nil where none was read yet. It is shown also
	// while the device is not online: mind the times of its readings.
	State *device.State
	// Online: it can be read and switched. A device is not online after several
	// polls in a row without an answer, see [Options.Misses], and while it refuses.
	Online bool
	// Since is when Online became what it is.
	Since time.Time
	// Reason says why it is not online, and what to do about it; "" if it is.
	Reason string
	// Rev grows with each change of any device: of two views of one device the
	// one with the higher number is newer. A view that is only confirmed by a
	// poll keeps it.
	Rev uint64
}

// Root reports whether the device has its own connection.
func (v *View) Root() bool { return v.ID.Child == "" }

// Identity tells who the device is; the zero Identity where it was never read.
func (v *View) Identity() device.Identity {
	if v.State == nil {
		return device.Identity{}
	}
	return v.State.Identity()
}

// Readings are all features, see [device.State.Readings]; nil where it was never
// read. Do not change the slice.
func (v *View) Readings() []feature.Reading {
	if v.State == nil {
		return nil
	}
	return v.State.Readings()
}

// Value is the value of a feature, unknown where the device does not have it.
func (v *View) Value(id string) feature.Value {
	if v.State == nil {
		return feature.Value{}
	}
	return v.State.Value(id)
}

// Changes are the readings that are news to who knows before; all where before
// is nil.
func (v *View) Changes(before *View) []feature.Reading {
	var out []feature.Reading
	if v.State == nil {
		return nil
	}
	if before != nil && before.State == v.State {
		return nil
	}
	for _, r := range v.State.Readings() {
		if before == nil || before.State == nil {
			out = append(out, r)
			continue
		}
		old, had := before.State.Reading(r.ID)
		if !had || r.News(&old) {
			out = append(out, r)
		}
	}
	return out
}

// news reports whether a subscriber who knows before wants to hear of v.
func (v *View) news(before *View) bool {
	if before == nil || v.Online != before.Online || v.Name != before.Name || v.Room != before.Room || v.Reason != before.Reason {
		return true
	}
	if (v.State == nil) != (before.State == nil) {
		return true
	}
	if v.State == nil {
		return false
	}
	now, old := v.State.Readings(), before.State.Readings()
	if len(now) != len(old) {
		return true
	}
	for i := range now {
		if now[i].ID != old[i].ID || now[i].News(&old[i]) {
			return true
		}
	}
	return false
}
