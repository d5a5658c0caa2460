package method

import (
	"bytes"
	"encoding/json"
	"math"
)

// Opt is a field that a device may leave out. The zero Opt is "not said",
// which is not the same as 0, off or "". A field of another type than expected
// counts as not said and does not spoil the rest of the answer; whole numbers
// written with a point are taken, and so are 0 and 1 for a bool. In a struct
// that is sent, use the tag omitzero.
type Opt[T bool | int | float64 | string] struct {
	value T
	known bool
}

// Some is an Opt with a value.
func Some[T bool | int | float64 | string](v T) Opt[T] { return Opt[T]{v, true} }

// Get is the value and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.value, o.known }

// Or is the value, or other where there is none.
func (o Opt[T]) Or(other T) T {
	if o.known {
		return o.value
	}
	return other
}

// Known reports whether there is a value.
func (o Opt[T]) Known() bool { return o.known }

// IsZero reports whether there is none, for the JSON option omitzero.
func (o Opt[T]) IsZero() bool { return !o.known }

// UnmarshalJSON takes what fits and never fails.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	*o = Opt[T]{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if json.Unmarshal(b, &o.value) == nil {
		o.known = true
		return nil
	}
	var n float64
	if json.Unmarshal(b, &n) == nil {
		o.number(n)
	}
	return nil
}

// number takes a number written otherwise than expected.
func (o *Opt[T]) number(n float64) {
	switch v := any(&o.value).(type) {
	case *int:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			*v, o.known = int(n), true
		}
	case *bool:
		if n == 0 || n == 1 {
			*v, o.known = n == 1, true
		}
	}
}

// MarshalJSON writes the plain value, null where there is none.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.known {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}
