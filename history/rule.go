package history

import (
	"math"
	"time"

	"wattle/feature"
)

// Rule says which values of a feature are worth keeping.
type Rule struct {
	// Absolute and Relative are the dead-band: a number that differs from the
	// one kept last by no more than either is not kept. Relative is a part of
	// the kept one: 0.02 are two percent. Both 0 keep every change.
	Absolute, Relative float64
	// Heartbeat is after how long a value is kept although it has not changed,
	// so that it is known to be still true; 0 for [DefaultHeartbeat].
	Heartbeat time.Duration
}

// DefaultHeartbeat is the heartbeat where a rule says nothing.
const DefaultHeartbeat = 10 * time.Minute

// Hold is how long a value is believed: two missed heartbeats and a half.
func (r Rule) Hold() time.Duration { return r.heartbeat() * 5 / 2 }

func (r Rule) heartbeat() time.Duration {
	if r.Heartbeat <= 0 {
		return DefaultHeartbeat
	}
	return r.Heartbeat
}

// RuleFor is the rule that suits a feature by what its row says of it.
func RuleFor(m *feature.Meta) Rule {
	r := Rule{Heartbeat: DefaultHeartbeat}
	if m.Category == feature.Config || m.Category == feature.Debug {
		r.Heartbeat = time.Hour
	}
	if m.Kind != feature.Sensor {
		return r // what people set is kept as it is
	}
	switch m.Unit {
	case feature.Watt:
		r.Absolute, r.Relative = 0.5, 0.02
	case feature.Volt:
		r.Absolute = 1
	case feature.Ampere:
		r.Absolute, r.Relative = 0.01, 0.03
	case feature.DecibelMilliwatt:
		r.Absolute = 4
	case feature.Millisecond:
		r.Relative = 0.2
	case feature.Celsius, feature.Fahrenheit:
		r.Absolute = 0.1
	case feature.Second:
		r.Absolute = 5 // moments that are computed from seconds shake a little
	}
	return r
}

// within reports whether b is inside the dead-band around a.
func (r Rule) within(a, b feature.Value) bool {
	if t, ok := feature.As[time.Time](a); ok {
		u, ok := feature.As[time.Time](b)
		return ok && u.Sub(t).Abs() <= 5*time.Second
	}
	x, ok := a.Number()
	y, too := b.Number()
	if !ok || !too {
		return a.Equal(b)
	}
	return math.Abs(x-y) <= max(r.Absolute, r.Relative*math.Abs(x))
}

// Filter lets through what is worth keeping: changes and heartbeats. Unknown
// after a value is a change, unknown again is not. It remembers one value per
// series. It is not safe for concurrent use; the zero Filter is ready.
type Filter struct {
	last map[Key]*kept
}

type kept struct {
	value feature.Value
	at    time.Time
}

// Take reports whether a sample is to be kept, and sets its Hold by the rule
// where it has none. What is older than the last one of its series is kept:
// what it is worth shows only among its neighbours. So is every event.
func (f *Filter) Take(s *Sample, r Rule) bool {
	if s.Hold == 0 {
		s.Hold = r.Hold()
	}
	if s.Event != "" {
		return true
	}
	k := f.last[s.Key]
	if k == nil {
		if f.last == nil {
			f.last = make(map[Key]*kept)
		}
		f.last[s.Key] = &kept{s.Value, s.Time}
		return true
	}
	if s.Time.Before(k.at) {
		return true
	}
	if k.value.Known() == s.Value.Known() && r.within(k.value, s.Value) &&
		(!s.Value.Known() || s.Time.Sub(k.at) < r.heartbeat()) {
		return false
	}
	k.value, k.at = s.Value, s.Time
	return true
}

// Forget drops what is remembered of a device; its next values are all kept.
func (f *Filter) Forget(d Device) {
	for k := range f.last {
		if k.Device == d {
			delete(f.last, k)
		}
	}
}
