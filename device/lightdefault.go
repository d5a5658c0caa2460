package device

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Modes of [LightDefault].
const (
	LastState   = "last_state" // as it was
	CustomState = "custom"     // as it says
	PresetState = "preset"     // as a preset; Kasa only
	Circadian   = "circadian"  // white that follows the day; Kasa only
)

// LightDefault is how a light shines when it comes on.
type LightDefault struct {
	Mode        string       `json:"mode"`
	Preset      int          `json:"preset,omitempty"`            // number, from 1
	Brightness  *int         `json:"brightness,omitempty"`        // %
	Temperature *int         `json:"color_temperature,omitempty"` // K
	Color       *feature.HSV `json:"color,omitempty"`
}

// LightDefaults tell what a light does when it comes on
// (docs/protocol/iot.md section 7.3, smart.md section 5.4).
type LightDefaults struct {
	// Power is whether the light comes on with the mains: last_states,
	// always_on or always_off, as in the feature power_on_behavior; "" where
	// the light does not tell. Kasa bulbs always come on.
	Power string `json:"power,omitempty"`
	// Mains is how it shines when it comes on with the mains, and Switched when
	// it is switched on with nothing else; nil where the light does not tell.
	Mains    *LightDefault `json:"mains,omitempty"`
	Switched *LightDefault `json:"switched,omitempty"`
}

// Defaults reads what the light does when it comes on. The error wraps
// [wattle.ErrUnsupported] for a light that does not tell.
func (l *Light) Defaults(ctx context.Context) (LightDefaults, error) {
	if l.d.family == wattle.IOT {
		b, err := l.behavior(ctx)
		if err != nil {
			return LightDefaults{}, err
		}
		return LightDefaults{Mains: l.fromBehavior(b.HardOn), Switched: l.fromBehavior(b.SoftOn)}, nil
	}
	d, err := l.defaultStates(ctx)
	if err != nil {
		return LightDefaults{}, err
	}
	out := LightDefaults{Power: d.RePowerType.Or("")}
	kind, known := d.Type.Get()
	m := &LightDefault{}
	if s := d.State; s != nil {
		l.fill(m, s.Brightness, s.Hue, s.Saturation, s.ColorTemp)
	}
	if b := d.Brightness; b != nil {
		kind, known = b.Type.Get()
		l.fill(m, b.Value, method.Opt[int]{}, method.Opt[int]{}, method.Opt[int]{})
	}
	if known {
		m.Mode = LastState
		if kind == "custom" {
			m.Mode = CustomState
		} else {
			*m = LightDefault{Mode: LastState} // what else is there does not count
		}
		out.Mains = m
	}
	return out, nil
}

// SetDefaults changes what the light does when it comes on; "" and nil leave a
// part as it is. Errors wrap [wattle.ErrUnsupported] for what the light cannot
// be told, [wattle.ErrParam] for what makes no sense.
func (l *Light) SetDefaults(ctx context.Context, d LightDefaults) error {
	for _, one := range []*LightDefault{d.Mains, d.Switched} {
		if one == nil {
			continue
		}
		if one.Temperature != nil && one.Color != nil {
			return fmt.Errorf("%w: a light shows a white or a colour, not both", wattle.ErrParam)
		}
		if one.Color != nil {
			if err := one.Color.Check(); err != nil {
				return err
			}
		}
		if one.Brightness != nil {
			if err := percent(*one.Brightness); err != nil {
				return err
			}
		}
	}
	if l.d.family == wattle.IOT {
		return l.setBehavior(ctx, d)
	}
	return l.setDefaultStates(ctx, d)
}

// fill takes the values of a state; a temperature goes before a colour.
func (l *Light) fill(d *LightDefault, brightness, hue, saturation, kelvin method.Opt[int]) {
	if n, ok := brightness.Get(); ok {
		d.Brightness = &n
	}
	if n, ok := kelvin.Get(); ok && n > 0 {
		d.Temperature = &n
	} else if l.HasColor() && hue.Known() && saturation.Known() {
		d.Color = &feature.HSV{Hue: hue.Or(0), Saturation: saturation.Or(0), Value: brightness.Or(0)}
	}
}

// behavior asks a Kasa light.
func (l *Light) behavior(ctx context.Context) (*iot.DefaultBehavior, error) {
	m := iot.GetDimmerBehavior
	switch {
	case l.strip():
		m = iot.GetStripBehavior
	case l.lamp():
		m = iot.GetBulbBehavior
	}
	results, err := l.d.Call(ctx, m.Call())
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return nil, err
	}
	return m.Decode(results[0].Raw)
}

func (l *Light) fromBehavior(b *iot.Behavior) *LightDefault {
	if b == nil {
		return nil
	}
	d := &LightDefault{Mode: b.Mode}
	switch index, known := b.Index.Get(); {
	case b.Mode == "last_status":
		return &LightDefault{Mode: LastState}
	case b.Mode == "customize_preset" && known:
		d.Mode, d.Preset = PresetState, index+1
	case b.Mode == "customize_preset":
		d.Mode = CustomState
	}
	l.fill(d, b.Brightness, b.Hue, b.Saturation, b.ColorTemp)
	return d
}

// setBehavior sends both occasions back, as the lights want it.
func (l *Light) setBehavior(ctx context.Context, d LightDefaults) error {
	if d.Power != "" || !l.lamp() {
		return fmt.Errorf("%s: %w: it cannot be told what to do when the power comes back", l.d.label(), wattle.ErrUnsupported)
	}
	if err := take(ctx, l.d.shared.changing); err != nil {
		return err
	}
	defer func() { <-l.d.shared.changing }()
	b, err := l.behavior(ctx)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		want *LightDefault
		to   **iot.Behavior
	}{{d.Mains, &b.HardOn}, {d.Switched, &b.SoftOn}} {
		if part.want == nil {
			continue
		}
		if *part.to, err = l.toBehavior(part.want, *part.to); err != nil {
			return err
		}
	}
	m := iot.SetBulbBehavior
	if l.strip() {
		m = iot.SetStripBehavior
	}
	call, err := m.With(*b)
	if err != nil {
		return err
	}
	return l.d.send(ctx, nil, map[*Device][]method.Call{l.d: {call}})
}

func (l *Light) toBehavior(d *LightDefault, before *iot.Behavior) (*iot.Behavior, error) {
	b := &iot.Behavior{}
	if before != nil {
		b.Extra = before.Extra
	}
	switch d.Mode {
	case LastState:
		b.Mode = "last_status"
	case Circadian:
		b.Mode = Circadian
	case PresetState:
		if n := len(l.sysinfo().PreferredState); d.Preset < 1 || d.Preset > n {
			return nil, fmt.Errorf("%w: there is no preset %d; the light has %d", wattle.ErrParam, d.Preset, n)
		}
		b.Mode, b.Index = "customize_preset", method.Some(d.Preset-1)
	case CustomState:
		b.Mode = "customize_preset"
		b.Brightness, b.Hue, b.Saturation, b.ColorTemp = d.values()
	default:
		return nil, fmt.Errorf("%w: %q is not %s, %s, %s or %s", wattle.ErrParam, d.Mode, LastState, CustomState, PresetState, Circadian)
	}
	return b, nil
}

// values are what a default gives, as devices take it.
func (d *LightDefault) values() (brightness, hue, saturation, kelvin method.Opt[int]) {
	if d.Brightness != nil {
		brightness = method.Some(*d.Brightness)
	}
	if d.Temperature != nil {
		kelvin = method.Some(*d.Temperature)
	}
	if c := d.Color; c != nil {
		hue, saturation, kelvin = method.Some(c.Hue), method.Some(c.Saturation), method.Some(0)
		if d.Brightness == nil && c.Value > 0 {
			brightness = method.Some(c.Value)
		}
	}
	return brightness, hue, saturation, kelvin
}

// defaultStates reads what a Tapo light says, anew.
func (l *Light) defaultStates(ctx context.Context) (*smart.DefaultStates, error) {
	if _, err := l.d.Refresh(ctx); err != nil {
		return nil, err
	}
	if i := l.info(); i != nil && i.DefaultStates != nil {
		return i.DefaultStates, nil
	}
	return nil, fmt.Errorf("%s: %w: it does not tell what it does when the power comes back", l.d.label(), wattle.ErrUnsupported)
}

// setDefaultStates sends the whole object back with its changes.
func (l *Light) setDefaultStates(ctx context.Context, d LightDefaults) error {
	if d.Switched != nil {
		return fmt.Errorf("%s: %w: it always comes on as it was when it is switched on", l.d.label(), wattle.ErrUnsupported)
	}
	if err := take(ctx, l.d.shared.changing); err != nil {
		return err
	}
	defer func() { <-l.d.shared.changing }()
	before, err := l.defaultStates(ctx)
	if err != nil {
		return err
	}
	changed := *before
	if d.Power != "" {
		if !before.RePowerType.Known() {
			return fmt.Errorf("%s: %w: it cannot be told whether to come on", l.d.label(), wattle.ErrUnsupported)
		}
		if r, _ := l.d.known().Reading("power_on_behavior"); !slices.Contains(r.Choices, d.Power) {
			return fmt.Errorf("%w: %q is not one of %s", wattle.ErrParam, d.Power, strings.Join(r.Choices, ", "))
		}
		changed.RePowerType = method.Some(d.Power)
	}
	if m := d.Mains; m != nil {
		kind := map[string]string{LastState: "last_states", CustomState: "custom"}[m.Mode]
		brightness, hue, saturation, kelvin := m.values()
		switch {
		case kind == "":
			return fmt.Errorf("%w: %q is not %s or %s", wattle.ErrParam, m.Mode, LastState, CustomState)
		case before.Brightness != nil:
			b := *before.Brightness
			b.Type, b.Value = method.Some(kind), known(brightness, b.Value)
			changed.Brightness = &b
		case before.State != nil:
			s := *before.State
			s.Brightness, s.Hue, s.Saturation, s.ColorTemp = known(brightness, s.Brightness), known(hue, s.Hue), known(saturation, s.Saturation), known(kelvin, s.ColorTemp)
			changed.Type, changed.State = method.Some(kind), &s
		default:
			return fmt.Errorf("%s: %w: it cannot be told how to shine", l.d.label(), wattle.ErrUnsupported)
		}
	}
	call, err := smart.SetDeviceInfo.With(smart.SetInfo{DefaultStates: &changed})
	if err != nil {
		return err
	}
	return l.d.send(ctx, nil, map[*Device][]method.Call{l.d: {call}})
}

// known is a, or b where a is not known.
func known(a, b method.Opt[int]) method.Opt[int] {
	if a.Known() {
		return a
	}
	return b
}
