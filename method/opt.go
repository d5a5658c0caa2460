package method

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
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
	if string(b) == "null" {
		return nil
	}
	if o.plain(b) || json.Unmarshal(b, &o.value) == nil {
		o.known = true
		return nil
	}
	var n float64
	if json.Unmarshal(b, &n) == nil {
		o.number(n)
	}
	return nil
}

// plain reads the usual forms, and nearly all that devices send, without the
// machinery of encoding/json: answers are full of these fields.
func (o *Opt[T]) plain(b []byte) (ok bool) {
	switch v := any(&o.value).(type) {
	case *bool:
		*v = string(b) == "true"
		return *v || string(b) == "false"
	case *int:
		*v, ok = plainInt(b)
		return ok
	case *float64:
		if n, whole := plainInt(b); whole && n != 0 { // -0 is a number of its own
			*v = float64(n)
			return true
		}
		if strings.Trim(string(b), "0123456789+-.eE") != "" {
			return false
		}
		n, err := strconv.ParseFloat(string(b), 64)
		if err == nil {
			*v = n
		}
		return err == nil
	case *string:
		if len(b) < 2 || b[0] != '"' {
			return false
		}
		for _, c := range b[1 : len(b)-1] {
			if c < ' ' || c > '~' || c == '\\' {
				return false
			}
		}
		*v = string(b[1 : len(b)-1])
		return true
	}
	return false
}

// plainInt reads a whole number of up to 15 digits, which floats hold too.
func plainInt(b []byte) (n int, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
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
