package device

import (
	"context"
	"fmt"

	"wattle"
	"wattle/feature"
)

// group is a device seen as one kind of thing: a few names for its features.
type group struct{ d *Device }

// Device is the device itself.
func (g group) Device() *Device { return g.d }

// grouped checks that a device has the feature that makes it one of a group.
func (d *Device) grouped(id, what string) (group, error) {
	if d.known().row(id) == nil {
		return group{}, fmt.Errorf("%s: %w: it is no %s", d.label(), wattle.ErrUnsupported, what)
	}
	return group{d}, nil
}

// value reads a feature as of the last poll; false where it is not known.
func value[T feature.Scalar](g group, id string) (T, bool) {
	return feature.As[T](g.d.known().Value(id))
}

func (g group) has(id string) bool { return g.d.known().row(id) != nil }

func (g group) set(ctx context.Context, id string, v any) error { return g.d.Set(ctx, id, v) }

func (g group) limits(id string) (lo, hi float64) {
	r, _ := g.d.known().Reading(id)
	return r.Min, r.Max
}

// Fan is a fan, or the fan of a switch. It is built on the features "state",
// "fan_speed_level" and "fan_sleep_mode".
type Fan struct{ group }

// Fan gives the device as a fan; the error wraps [wattle.ErrUnsupported]
// where it is none.
func (d *Device) Fan() (*Fan, error) {
	g, err := d.grouped("fan_speed_level", "fan")
	if err != nil {
		return nil, err
	}
	return &Fan{g}, nil
}

// On turns the fan on, at the speed it had.
func (f *Fan) On(ctx context.Context) error { return f.d.SetOn(ctx, true) }

// Off turns the fan off.
func (f *Fan) Off(ctx context.Context) error { return f.d.SetOn(ctx, false) }

// Speed is the level as of the last poll, 0 while the fan is off.
func (f *Fan) Speed() (level int, ok bool) { return value[int](f.group, "fan_speed_level") }

// Speeds is the highest level; the lowest is 1.
func (f *Fan) Speeds() int {
	_, hi := f.limits("fan_speed_level")
	return int(hi)
}

// SetSpeed sets the level and turns the fan on; 0 turns it off.
func (f *Fan) SetSpeed(ctx context.Context, level int) error {
	return f.set(ctx, "fan_speed_level", level)
}

// HasSleepMode reports whether the fan can be made to slow down by itself.
func (f *Fan) HasSleepMode() bool { return f.has("fan_sleep_mode") }

// SleepMode tells whether it does, as of the last poll.
func (f *Fan) SleepMode() (on, ok bool) { return value[bool](f.group, "fan_sleep_mode") }

// SetSleepMode switches that.
func (f *Fan) SetSleepMode(ctx context.Context, on bool) error {
	return f.set(ctx, "fan_sleep_mode", on)
}

// Thermostat is a radiator valve as what it is for: a temperature to keep. It
// is built on the features "target_temperature", "temperature",
// "thermostat_mode", "temperature_offset" and "state".
type Thermostat struct{ group }

// Thermostat gives the device as a thermostat; the error wraps
// [wattle.ErrUnsupported] where it is none.
func (d *Device) Thermostat() (*Thermostat, error) {
	g, err := d.grouped("target_temperature", "thermostat")
	if err != nil {
		return nil, err
	}
	return &Thermostat{g}, nil
}

// On lets it heat.
func (t *Thermostat) On(ctx context.Context) error { return t.d.SetOn(ctx, true) }

// Off lets it protect from frost alone.
func (t *Thermostat) Off(ctx context.Context) error { return t.d.SetOn(ctx, false) }

// Temperature is what it measures as of the last
// poll, in [Thermostat.Unit].
func (t *Thermostat) Temperature() (degrees float64, ok bool) {
	return value[float64](t.group, "temperature")
}

// Target is the temperature that it keeps.
func (t *Thermostat) Target() (degrees float64, ok bool) {
	return value[float64](t.group, "target_temperature")
}

// Unit is [feature.Celsius] or [feature.Fahrenheit], as the device is set.
func (t *Thermostat) Unit() feature.Unit {
	r, _ := t.d.known().Reading("target_temperature")
	return r.Unit
}

// Range is what Target can be set to.
func (t *Thermostat) Range() (lo, hi float64) { return t.limits("target_temperature") }

// SetTarget sets the temperature to keep, and ends frost protection.
func (t *Thermostat) SetTarget(ctx context.Context, degrees float64) error {
	return t.set(ctx, "target_temperature", degrees)
}

// Mode is what it does as of the last poll: heating, idle, off, ...
func (t *Thermostat) Mode() (mode string, ok bool) { return value[string](t.group, "thermostat_mode") }

// SetOffset corrects what it measures, -10 to 10 degrees.
func (t *Thermostat) SetOffset(ctx context.Context, degrees int) error {
	return t.set(ctx, "temperature_offset", degrees)
}

// Alarm is the siren of a hub with the settings that it has. It is built on the
// features "alarm", "alarm_sound", "alarm_volume", "alarm_duration",
// "test_alarm" and "stop_alarm".
type Alarm struct{ group }

// Alarm gives the device as an alarm; the error wraps [wattle.ErrUnsupported]
// where it is none.
func (d *Device) Alarm() (*Alarm, error) {
	g, err := d.grouped("alarm", "alarm")
	if err != nil {
		return nil, err
	}
	return &Alarm{g}, nil
}

// Active tells whether it sounds, as of the last poll.
func (a *Alarm) Active() (on, ok bool) { return value[bool](a.group, "alarm") }

// Play lets it sound as it is set.
func (a *Alarm) Play(ctx context.Context) error { return a.d.Act(ctx, "test_alarm") }

// Stop silences it.
func (a *Alarm) Stop(ctx context.Context) error { return a.d.Act(ctx, "stop_alarm") }

// Sounds are the sounds that it can play, as of the last poll.
func (a *Alarm) Sounds() []string {
	r, _ := a.d.known().Reading("alarm_sound")
	return r.Choices
}

// SetSound sets what it plays, see [Alarm.Sounds].
func (a *Alarm) SetSound(ctx context.Context, name string) error {
	return a.set(ctx, "alarm_sound", name)
}

// SetVolume sets the volume: mute, low, normal or high.
func (a *Alarm) SetVolume(ctx context.Context, volume string) error {
	return a.set(ctx, "alarm_volume", volume)
}

// SetDuration sets how long it sounds, 1 to 600 s.
func (a *Alarm) SetDuration(ctx context.Context, seconds int) error {
	return a.set(ctx, "alarm_duration", seconds)
}
