package feature

import (
	"encoding/json"
	"time"

	"wattle/method"
)

// Reading is a feature of one device with its value: what surfaces range over.
type Reading struct {
	// Meta is as narrow as the device says. It is shared by many readings: never
	// change it.
	*Meta
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

	of     *Feature       // whose Meta this is
	answer *method.Answer // of a row that reads from one: what it was read from
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
	if r.Meta != nil && r.HasRange() {
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

// Zero is the zero value of the type that values of the feature have, known or
// not: false, 0, 0.0, "", time.Time{}, time.Duration(0), HSV{}; nil for an action.
func (r *Reading) Zero() any {
	if r.of == nil {
		return r.Value.v
	}
	return r.of.zero
}

// Forget makes the value unknown, as if the device had never given it.
func (r *Reading) Forget() { r.Value, r.Time, r.answer = Value{}, time.Time{}, nil }

// Read evaluates the feature. Where the answers do not have it the value is
// unknown, and Err says why as far as that is known.
func (f *Feature) Read(v *View) Reading {
	var r Reading
	if f.ReadInto(v, &r) {
		return r
	}
	f.prepare(&r)
	f.date(v, &r)
	if f.get != nil {
		r.finish(v)
	}
	return r
}

// ReadInto is [Feature.Read] into a reading that is overwritten. Where that was one
// of the same feature, least is to do: nothing at all where its answer is still the
// same. It reports whether the answers have the feature, which is [Feature.Exists]
// for a row that applies, and leaves the reading alone where they do not.
func (f *Feature) ReadInto(v *View, r *Reading) (exists bool) {
	if f.take != nil {
		if !f.take(f, v, r) {
			return false
		}
	} else {
		if f.gone(v) {
			return false
		}
		f.prepare(r)
		if f.narrows() {
			m := f.Meta
			f.narrow(v, &m)
			r.Meta = f.shared(&m, r.Meta)
		}
		if f.get == nil {
			return true
		}
		r.Value = f.get(v)
		f.date(v, r)
	}
	r.finish(v)
	return true
}

// prepare makes a reading one of the feature, without a value.
func (f *Feature) prepare(r *Reading) {
	if r.of != f {
		*r = Reading{Meta: &f.Meta, Settable: f.set != nil, of: f}
		return
	}
	r.Value, r.Time, r.Err, r.Source, r.answer = Value{}, time.Time{}, nil, "", nil
}

// date gives a reading the time of the oldest answer that it rests on, and what
// went wrong.
func (f *Feature) date(v *View, r *Reading) {
	for i := range f.Queries {
		a := f.Queries[i].Answer(v.Snapshot)
		if a == nil {
			continue
		}
		if r.Time.IsZero() || a.Value != nil && a.Time.Before(r.Time) {
			r.Time = a.Time
		}
		if a.Err != nil && r.Err == nil {
			r.Err = a.Err
		}
		if r.Source == "" || a.Source == method.Cloud { // as remote as its most remote part
			r.Source = a.Source
		}
	}
}

func (r *Reading) finish(v *View) {
	if r.Time.IsZero() {
		r.Time = v.Time()
	}
	if r.Source == "" {
		r.Source = v.Snapshot.Source()
	}
}
