package feature

import (
	"encoding/json"
	"time"

	"wattle/method"
)

// Reading is a feature of one device with its value: what surfaces range over.
type Reading struct {
	Meta
	// Settable tells whether the feature has a value that can be set. Actions
	// are not settable; they are done.
	Settable bool  `json:"settable"`
	Value    Value `json:"value"`
	// Time is when the device gave the value; zero where it never did.
	Time time.Time `json:"time,omitzero"`
	// Source says by which way the value came.
	Source method.Source `json:"source,omitempty"`
	// Err is why the value is unknown or old, nil where nothing failed.
	Err error `json:"-"`

	of *Feature // whose Meta this is
}

// MarshalJSON writes the plain fields, and both ends of a range or neither: 0 is
// an end like any other.
func (r Reading) MarshalJSON() ([]byte, error) {
	type plain Reading
	out := struct {
		plain
		Minimum *float64 `json:"minimum,omitempty"`
		Maximum *float64 `json:"maximum,omitempty"`
	}{plain: plain(r)}
	if r.HasRange() {
		out.Minimum, out.Maximum = &r.Min, &r.Max
	}
	return json.Marshal(out)
}

// Age is how old the value was at a moment; 0 where there is no value.
func (r *Reading) Age(now time.Time) time.Duration {
	if r.Time.IsZero() {
		return 0
	}
	return now.Sub(r.Time)
}

// Read evaluates the feature.
func (f *Feature) Read(v *View) Reading {
	var r Reading
	f.ReadInto(v, &r)
	return r
}

// ReadInto is [Feature.Read] into a reading that is overwritten: least of all is
// to do where it was one of the same feature. It reports whether the answers
// have the feature, which is [Feature.Exists] for a row that applies, and goes
// over the answers once.
func (f *Feature) ReadInto(v *View, r *Reading) (exists bool) {
	if r.of != f {
		*r = Reading{Meta: f.Meta, Settable: f.set != nil, of: f}
	} else {
		r.Value, r.Time, r.Err, r.Source = Value{}, time.Time{}, nil, ""
		if f.limits != nil || f.choices != nil || f.unit != nil {
			r.Min, r.Max, r.Choices, r.Unit = f.Min, f.Max, f.Choices, f.Unit
		}
	}
	if f.take != nil {
		exists = f.take(v, r)
	} else {
		exists = f.derive(v, r)
	}
	if f.get != nil {
		if r.Time.IsZero() {
			r.Time = v.Time()
		}
		if r.Source == "" {
			r.Source = v.Snapshot.Source()
		}
	}
	return exists
}

// derive reads a row that looks at more than one answer.
func (f *Feature) derive(v *View, r *Reading) (exists bool) {
	if exists = !f.gone(v); exists {
		f.narrow(v, &r.Meta)
		if f.get != nil {
			r.Value = f.get(v)
		}
	}
	for i := range f.Queries {
		a := f.Queries[i].Answer(v.Snapshot)
		if a == nil {
			continue
		}
		if r.Time.IsZero() || a.Value != nil && a.Time.Before(r.Time) { // as old as its oldest part
			r.Time = a.Time
		}
		if a.Err != nil && r.Err == nil {
			r.Err = a.Err
		}
		if r.Source == "" || a.Source == method.Cloud { // as remote as its most remote part
			r.Source = a.Source
		}
	}
	return exists
}
