package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Light is a device as a lamp: a bulb, a light strip, a dimmer, or the light
// of a switch. It is built on the features of the device ("brightness", "hsv",
// "color_temperature", "light_effect", "light_preset"), and adds what is not a
// single value: effects with all their parameters, presets, transitions and
// what a light does when it comes on (docs/protocol/iot.md sections 6 to 8,
// smart.md section 8).
//
// Reading costs no I/O where a method takes no context: it tells what the last
// poll found. A Light may be used by several goroutines.
type Light struct{ d *Device }

// Light gives the device as a lamp. The error wraps [wattle.ErrUnsupported]
// where it is none.
func (d *Device) Light() (*Light, error) {
	l := &Light{d}
	kinds := []wattle.DeviceType{wattle.Bulb, wattle.LightStrip, wattle.Dimmer}
	if slices.Contains(kinds, d.known().identity.Type) || l.HasBrightness() || l.HasColor() {
		return l, nil
	}
	return nil, fmt.Errorf("%s: %w: it is not a light", d.label(), wattle.ErrUnsupported)
}

// Device is the device that the light is.
func (l *Light) Device() *Device { return l.d }

func (l *Light) has(id string) bool { return l.d.known().row(id) != nil }

// HasBrightness reports whether it can be dimmed.
func (l *Light) HasBrightness() bool { return l.has("brightness") }

// HasColor reports whether it can show colours.
func (l *Light) HasColor() bool { return l.has("hsv") }

// HasTemperature reports whether its white can be made warmer and cooler.
func (l *Light) HasTemperature() bool { return l.has("color_temperature") }

// HasEffects reports whether it can show moving light.
func (l *Light) HasEffects() bool {
	return l.has("light_effect") || l.segmented() || l.d.known().view.Has("light_effect")
}

// HasPresets reports whether it stores settings.
func (l *Light) HasPresets() bool {
	if s := l.sysinfo(); s != nil {
		return s.PreferredState != nil
	}
	return l.has("light_preset") || l.d.known().view.Has("preset")
}

// HasTransition reports whether a change can take its time; see
// [LightChange.Transition]. Tapo lights cannot: they fade when they are
// switched, see [Light.SetFades].
func (l *Light) HasTransition() bool { return l.lamp() || l.dimmer() }

// TemperatureRange is the warmest and the coolest white in K; ok is false for
// a light with one white.
func (l *Light) TemperatureRange() (lo, hi int, ok bool) {
	r, ok := l.d.known().Reading("color_temperature")
	return int(r.Min), int(r.Max), ok && r.HasRange()
}

// sysinfo is what a Kasa light says of itself, or nil.
func (l *Light) sysinfo() *iot.Sysinfo { return iot.GetSysinfo.Result(l.d.known().view.Snapshot) }

// info is what a Tapo light says of itself, or nil.
func (l *Light) info() *smart.Info { return smart.GetDeviceInfo.Result(l.d.known().view.Snapshot) }

// lamp reports whether it is a Kasa bulb or light strip.
func (l *Light) lamp() bool {
	s := l.sysinfo()
	return s != nil && s.LightState != nil
}

// dimmer reports whether it is a Kasa dimmer.
func (l *Light) dimmer() bool {
	s := l.sysinfo()
	return s != nil && s.LightState == nil && s.Brightness.Known()
}

// strip reports whether it is a Kasa light strip, which has modules of its own.
func (l *Light) strip() bool { return l.lamp() && l.d.known().identity.Type == wattle.LightStrip }

// segmented reports whether it is a Tapo strip with segment effects.
func (l *Light) segmented() bool {
	i := l.info()
	return i != nil && i.Segment != nil && l.d.known().view.Has("segment_effect")
}

// LightState is what a light shows. A nil field is unknown, or the light does
// not have it.
type LightState struct {
	On          *bool        `json:"on"`
	Brightness  *int         `json:"brightness,omitempty"`        // %; of the effect while one runs on a Kasa strip
	Color       *feature.HSV `json:"color,omitempty"`             // nil while a white or an effect is shown
	Temperature *int         `json:"color_temperature,omitempty"` // K; nil while a colour or an effect is shown
	Effect      string       `json:"effect,omitempty"`            // "" where none runs
	Preset      string       `json:"preset,omitempty"`            // "" where it shows none of them
}

// State tells what the light shows as of the last poll; while it is off, what
// it will show.
func (l *Light) State() LightState {
	s := l.d.known()
	var out LightState
	if on, ok := s.On(); ok {
		out.On = &on
	}
	if n, ok := feature.As[int](s.Value("brightness")); ok {
		out.Brightness = &n
	}
	if name, _ := feature.As[string](s.Value("light_preset")); name != notSet {
		out.Preset = name
	}
	if out.Effect = l.running(); out.Effect != "" {
		return out
	}
	kelvin, white := feature.As[int](s.Value("color_temperature"))
	white = white && kelvin > 0
	if i := l.info(); i != nil && !white { // a white that cannot be changed
		kelvin = i.ColorTemp.Or(0)
		white = kelvin > 0
	}
	if white {
		out.Temperature = &kelvin
	} else if c, ok := feature.As[feature.HSV](s.Value("hsv")); ok {
		out.Color = &c
	}
	return out
}

// notSet is the preset of a light that shows none of them.
const notSet = "Not set"

// On turns the light on.
func (l *Light) On(ctx context.Context) error { return l.d.SetOn(ctx, true) }

// Off turns the light off.
func (l *Light) Off(ctx context.Context) error { return l.d.SetOn(ctx, false) }

// SetBrightness sets the brightness, 1 to 100 %, of the running effect where
// one runs. Kasa lights come on by it. 0 turns the light off.
func (l *Light) SetBrightness(ctx context.Context, percent int) error {
	return l.Apply(ctx, LightChange{Brightness: &percent})
}

// SetColor shows a colour; a Value of 0 keeps the brightness. It ends an effect.
func (l *Light) SetColor(ctx context.Context, c feature.HSV) error {
	return l.Apply(ctx, LightChange{Color: &c})
}

// SetTemperature shows a white, in K; see [Light.TemperatureRange]. It ends an
// effect.
func (l *Light) SetTemperature(ctx context.Context, kelvin int) error {
	return l.Apply(ctx, LightChange{Temperature: &kelvin})
}

// Fades are how long the light takes to come on and to go off when it is
// switched; ok is false where it does not tell. Lights that have it on or off
// alone (component on_off_gradually, version 1) give 1 s for on.
func (l *Light) Fades() (on, off time.Duration, ok bool) {
	s := l.d.known()
	if r, has := s.Reading("smooth_transitions"); has {
		smooth, known := r.Value.Bool()
		if smooth {
			on, off = time.Second, time.Second
		}
		return on, off, known
	}
	for _, ids := range [][2]string{{"smooth_transition_on", "smooth_transition_off"}, {"dimmer_fade_on_time", "dimmer_fade_off_time"}} {
		a, known := s.Value(ids[0]).Number()
		b, too := s.Value(ids[1]).Number()
		if !known || !too {
			continue
		}
		unit := time.Second
		if ids[0] == "dimmer_fade_on_time" {
			unit = time.Millisecond
		}
		return time.Duration(a) * unit, time.Duration(b) * unit, true
	}
	return 0, 0, false
}

// SetFades sets how long the light takes to come on and to go off when it is
// switched, 0 for at once. Tapo lights count in whole seconds up to what
// "smooth_transition_on" tells, and version 1 of them has fading on or off
// alone; Kasa dimmers count in ms up to 10 s. Errors wrap
// [wattle.ErrUnsupported] or [wattle.ErrParam].
func (l *Light) SetFades(ctx context.Context, on, off time.Duration) error {
	if l.d.known().row("smooth_transitions") == nil && l.d.known().row("smooth_transition_on") == nil && !l.d.root().full.Load() {
		if _, err := l.d.Poll(ctx); err != nil {
			return err
		}
	}
	switch {
	case l.has("smooth_transitions"):
		return l.d.Set(ctx, "smooth_transitions", on > 0 || off > 0)
	case l.has("dimmer_fade_on_time"):
		return l.d.SetMany(ctx, Setting{"dimmer_fade_on_time", int(on.Milliseconds())}, Setting{"dimmer_fade_off_time", int(off.Milliseconds())})
	case !l.has("smooth_transition_on"):
		return fmt.Errorf("%s: %w: it has no fading", l.d.label(), wattle.ErrUnsupported)
	}
	for _, d := range []time.Duration{on, off} {
		if d%time.Second != 0 {
			return fmt.Errorf("%w: this light fades in whole seconds, and %v is none", wattle.ErrParam, d)
		}
	}
	// One direction in each call (docs/protocol/smart.md section 8.3).
	if err := l.d.Set(ctx, "smooth_transition_on", int(on/time.Second)); err != nil {
		return err
	}
	return l.d.Set(ctx, "smooth_transition_off", int(off/time.Second))
}
