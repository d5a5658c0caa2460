package feature

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"wattle"
)

// HSV is a colour. Hue is in degrees, 0 to 360; Saturation and Value are in
// percent, 0 to 100. It is comparable.
type HSV struct {
	Hue        int `json:"hue"`
	Saturation int `json:"saturation"`
	Value      int `json:"value"`
}

// String is "hue,saturation,value", which [ParseHSV] reads.
func (c HSV) String() string { return fmt.Sprintf("%d,%d,%d", c.Hue, c.Saturation, c.Value) }

// Scalar is what a value can be made of.
type Scalar interface {
	bool | int | float64 | string | time.Time | time.Duration | HSV | wattle.Secret
}

// Value is the value of a feature at one moment. The zero Value is "unknown":
// the device is off-line, its answer failed, or it did not say. Unknown is
// never shown as 0 or off. Compare with [Value.Equal].
type Value struct{ v any } // nil or a Scalar

// ValueOf is a known value. Not-a-number and infinity are unknown.
func ValueOf[T Scalar](v T) Value {
	if f, ok := any(v).(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return Value{}
	}
	return Value{v: v}
}

// As is the value as a T, and whether it is known and fits: an int fits
// float64, and a float64 without a fraction fits int.
func As[T Scalar](v Value) (T, bool) {
	var t T
	switch want := any(&t).(type) {
	case *float64:
		if n, ok := v.v.(int); ok {
			*want = float64(n)
			return t, true
		}
	case *int:
		if f, ok := v.v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			*want = int(f)
			return t, true
		}
	}
	t, ok := v.v.(T)
	return t, ok
}

// Any is the value as it goes into a map for JSON or a template: nil, bool,
// int, float64, string, [time.Time], [time.Duration], [HSV] or [wattle.Secret].
func (v Value) Any() any { return v.v }

// Reveal is a secret as the text that it is, which prints, logs and marshals in
// clear: for those who were asked to show it. Other values stay as they are.
func (v Value) Reveal() Value {
	if s, ok := v.v.(wattle.Secret); ok {
		return ValueOf(s.Reveal())
	}
	return v
}

// Known reports whether there is a value at all.
func (v Value) Known() bool { return v.v != nil }

// Bool is the value as on or off; ok is false where it is unknown or not a bool.
func (v Value) Bool() (on, ok bool) { return As[bool](v) }

// Number is the value as a number; durations count in seconds.
func (v Value) Number() (n float64, ok bool) {
	if d, isDuration := v.v.(time.Duration); isDuration {
		return d.Seconds(), true
	}
	return As[float64](v)
}

// Equal reports whether both are the same value or both unknown. Times are
// the same when they are the same moment.
func (v Value) Equal(w Value) bool {
	if a, ok := v.v.(time.Time); ok {
		b, ok := w.v.(time.Time)
		return ok && a.Equal(b)
	}
	return v.v == w.v
}

// String is the value for people, without its unit: on, off, 21.5, a time as
// RFC 3339, a duration as 1h30m0s, a colour as hue,saturation,value, "[secret]",
// and "unknown".
func (v Value) String() string {
	switch x := v.v.(type) {
	case nil:
		return "unknown"
	case bool:
		if x {
			return "on"
		}
		return "off"
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case time.Time:
		return x.Format(time.RFC3339)
	default:
		return fmt.Sprint(x)
	}
}

// MarshalJSON writes the plain value: null, true, 21.5, "text", a time as RFC
// 3339, a duration as seconds, a colour as an object, a secret as "[secret]".
func (v Value) MarshalJSON() ([]byte, error) {
	switch x := v.v.(type) {
	case time.Duration:
		return json.Marshal(x.Seconds())
	case time.Time:
		return json.Marshal(x.Format(time.RFC3339))
	default:
		return json.Marshal(x)
	}
}
