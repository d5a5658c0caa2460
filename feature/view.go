package feature

import (
	"time"

	"wattle"
	"wattle/method"
)

// View is everything that a row may look at: the answers of one device and the
// views of those around it. It is immutable once a poll has made it.
type View struct {
	Family wattle.Family
	Type   wattle.DeviceType
	// Components are what a SMART device says it can do, by version; empty for IOT.
	Components map[string]int
	// Child is the id of a child device as its parent knows it; "" elsewhere.
	Child    string
	Snapshot *method.Snapshot
	Parent   *View
	Children []*View
	// Previous are the readings of the poll before, until the rows are evaluated.
	Previous []Reading

	// Local is what the device's own clock showed, see package catalog's
	// LocalTime; zero where it has to be looked up each time.
	Local time.Time

	index *index // of Components, see Index
}

// Has reports whether the device lists a component, in any version.
func (v *View) Has(component string) bool { return v.Components[component] > 0 }

// Before is the value that a feature had in the poll before.
func (v *View) Before(id string) Value {
	for i := range v.Previous {
		if v.Previous[i].ID == id {
			return v.Previous[i].Value
		}
	}
	return Value{}
}

// Time is when the answers were taken.
func (v *View) Time() time.Time { return v.Snapshot.Time() }

// Root is the view of the device that has the connection: v itself or, for a
// child, its parent.
func (v *View) Root() *View {
	for v.Parent != nil {
		v = v.Parent
	}
	return v
}

// Answered reports whether a query was answered, at least in part.
func (v *View) Answered(key string) bool {
	a := v.Snapshot.Find(key)
	return a != nil && a.Value != nil
}
