package device

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wattle"
	"wattle/catalog"
	"wattle/effect"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// LightPreset is a stored setting of a light. A nil field is not part of it.
type LightPreset struct {
	// Number is its place in the light's list, from 1.
	Number      int          `json:"number"`
	Brightness  *int         `json:"brightness,omitempty"`        // %
	Temperature *int         `json:"color_temperature,omitempty"` // K
	Color       *feature.HSV `json:"color,omitempty"`
	Effect      string       `json:"effect,omitempty"` // name, or id where nobody knows the name
}

// Presets lists the stored settings, polling where they are not known yet. The
// error wraps [wattle.ErrUnsupported] for a light that has none.
func (l *Light) Presets(ctx context.Context) ([]LightPreset, error) {
	list, err := l.presets(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]LightPreset, len(list))
	for i, p := range list {
		q := LightPreset{Number: p.Index + 1}
		if n, ok := p.Brightness.Get(); ok {
			q.Brightness = &n
		}
		kelvin := p.ColorTemp.Or(0)
		switch {
		case p.Name == "":
			q.Effect = presetEffect(p)
		case kelvin > 0 && (l.HasTemperature() || l.HasColor()):
			q.Temperature = &kelvin
		case l.HasColor() && p.Hue.Known() && p.Saturation.Known():
			q.Color = &feature.HSV{Hue: p.Hue.Or(0), Saturation: p.Saturation.Or(0), Value: p.Brightness.Or(0)}
		}
		out[i] = q
	}
	return out, nil
}

// presetEffect names the effect that a preset is.
func presetEffect(p catalog.Preset) string {
	var e effect.Effect
	if len(p.Effect) > 0 && json.Unmarshal(p.Effect, &e) == nil && e.Name != "" {
		return e.Name
	}
	id := p.EffectID
	if id == "" {
		id = e.ID
	}
	for _, known := range effect.BuiltIn(effect.IOT) {
		if known.ID == id {
			return known.Name
		}
	}
	return id
}

func (l *Light) presets(ctx context.Context) ([]catalog.Preset, error) {
	if !l.HasPresets() {
		return nil, l.noPresets()
	}
	list, ok := catalog.Presets(l.d.known().view)
	if !ok || l.d.shared.isStale(l.d, []method.Query{l.presetQuery()}) {
		if _, err := l.d.Poll(ctx); err != nil {
			return nil, err
		}
		if list, ok = catalog.Presets(l.d.known().view); !ok {
			return nil, l.noPresets()
		}
	}
	return list, nil
}

// presetQuery is where the presets come from.
func (l *Light) presetQuery() method.Query {
	if l.d.family == wattle.IOT {
		return iot.GetSysinfo.Query(method.EveryPoll)
	}
	return smart.GetPresets.Query(method.EveryMinute)
}

func (l *Light) noPresets() error {
	return fmt.Errorf("%s: %w: it has no presets", l.d.label(), wattle.ErrUnsupported)
}

// preset finds a preset by its number.
func (l *Light) preset(ctx context.Context, number int) (catalog.Preset, error) {
	list, err := l.presets(ctx)
	if err != nil {
		return catalog.Preset{}, err
	}
	i := slices.IndexFunc(list, func(p catalog.Preset) bool { return p.Index == number-1 })
	if i < 0 {
		return catalog.Preset{}, fmt.Errorf("%w: there is no preset %d; the light has %d", wattle.ErrParam, number, len(list))
	}
	return list[i], nil
}

// storedEffect starts the effect that a preset is.
func (l *Light) storedEffect(p catalog.Preset) (out effectCalls, err error) {
	if p.EffectID != "" {
		for _, e := range effect.BuiltIn(effect.IOT) {
			if e.ID == p.EffectID {
				e.Brightness = p.Brightness.Or(e.Brightness)
				err = out.add(effectCall(effect.IOT, e))
				return out, err
			}
		}
		return out, fmt.Errorf("preset %d: %w: its effect is custom, and only the light knows it", p.Index+1, wattle.ErrUnsupported)
	}
	var e effect.Effect
	if err := json.Unmarshal(p.Effect, &e); err != nil {
		return out, fmt.Errorf("preset %d: %w: %w", p.Index+1, wattle.ErrProtocol, err)
	}
	err = out.add(effectCall(effect.SMART, e.Switched(true)))
	return out, err
}

// ApplyPreset shows a stored setting, by its number from 1, and turns the
// light on.
func (l *Light) ApplyPreset(ctx context.Context, number int) error {
	return l.Apply(ctx, LightChange{Preset: number})
}

// SavePreset stores a setting under p.Number, in place of what was there:
// what p gives, or what the light shows now where p gives nothing. Strips also
// store an effect, if it is one of the built-in ones. Errors wrap
// [wattle.ErrUnsupported] for a light that stores none, for an effect that it
// does not store, and for Kasa dimmers, whose presets are set on the device.
func (l *Light) SavePreset(ctx context.Context, p LightPreset) error {
	if l.dimmer() {
		return fmt.Errorf("%s: %w: no message is known that sets its presets; the Kasa app can", l.d.label(), wattle.ErrUnsupported)
	}
	list, err := l.presets(ctx)
	if err != nil {
		return err
	}
	at := p.Number - 1
	// A light strip that is new has an empty list, and takes four.
	if most := max(len(list), map[bool]int{true: 4}[l.lamp()]); at < 0 || at >= most {
		return fmt.Errorf("%w: there is no preset %d; the light has %d", wattle.ErrParam, p.Number, most)
	}
	call, err := l.save(ctx, at, p)
	if err != nil {
		return err
	}
	if err := l.d.send(ctx, nil, map[*Device][]method.Call{l.d: {call}}); err != nil {
		return err
	}
	l.d.shared.markStale(l.d, []method.Query{l.presetQuery()})
	return nil
}

// save is the call that stores what is wanted.
func (l *Light) save(ctx context.Context, at int, p LightPreset) (method.Call, error) {
	if p.Effect == "" && p.Brightness == nil && p.Temperature == nil && p.Color == nil {
		if _, err := l.d.Refresh(ctx); err != nil {
			return method.Call{}, err
		}
		if p.Effect = l.running(); p.Effect == "" {
			return l.saveCall(at, l.shown())
		}
	}
	if p.Effect != "" {
		return l.saveEffect(at, p)
	}
	state, err := l.saved(p)
	if err != nil {
		return method.Call{}, err
	}
	return l.saveCall(at, state)
}

// saveEffect stores an effect of a strip (docs/protocol/iot.md section 7.4,
// smart.md section 8.2).
func (l *Light) saveEffect(at int, p LightPreset) (method.Call, error) {
	if p.Temperature != nil || p.Color != nil {
		return method.Call{}, fmt.Errorf("%w: a preset is a colour or an effect, not both", wattle.ErrParam)
	}
	for _, k := range l.kinds() {
		if k != effect.IOT && k != effect.SMART {
			continue
		}
		e, err := effect.Find(k, p.Effect)
		if err != nil {
			return method.Call{}, err
		}
		if p.Brightness != nil {
			if err := percent(*p.Brightness); err != nil {
				return method.Call{}, err
			}
			e.Brightness = *p.Brightness
		}
		if k == effect.IOT {
			return iot.SetStripPreferred.With(iot.SavedPreset{
				Index: at, Mode: method.Some(2), Custom: method.Some(0), ID: e.ID, Brightness: method.Some(e.Brightness),
			})
		}
		raw, err := json.Marshal(e.Switched(true))
		if err != nil {
			return method.Call{}, err
		}
		return smart.EditPreset.With(smart.PresetEdit{Index: at, State: smart.PresetState{Effect: raw}})
	}
	return method.Call{}, fmt.Errorf("%s: %w: it does not store the effect %s as a preset", l.d.label(), wattle.ErrUnsupported, p.Effect)
}

// saved is the light to store.
func (l *Light) saved(p LightPreset) (s smart.PresetState, err error) {
	if p.Temperature != nil && p.Color != nil {
		return s, fmt.Errorf("%w: a preset is a white or a colour, not both", wattle.ErrParam)
	}
	if p.Color != nil {
		if err := p.Color.Check(); err != nil {
			return s, err
		}
		s.Hue, s.Saturation, s.ColorTemp = method.Some(p.Color.Hue), method.Some(p.Color.Saturation), method.Some(0)
		if p.Brightness == nil && p.Color.Value > 0 {
			p.Brightness = &p.Color.Value
		}
	}
	if p.Temperature != nil {
		if lo, hi, ok := l.TemperatureRange(); !ok || *p.Temperature < lo || *p.Temperature > hi {
			return s, fmt.Errorf("%w: %d K is not in %d to %d", wattle.ErrParam, *p.Temperature, lo, hi)
		}
		s.ColorTemp = method.Some(*p.Temperature)
	}
	if p.Brightness != nil {
		s.Brightness = method.Some(*p.Brightness)
		return s, percent(*p.Brightness)
	}
	return s, nil
}

// shown is the light as it is now, as presets have it.
func (l *Light) shown() smart.PresetState {
	if s := l.sysinfo(); s != nil && s.LightState != nil {
		now := s.LightState.Shown()
		return smart.PresetState{Brightness: now.Brightness, Hue: now.Hue, Saturation: now.Saturation, ColorTemp: now.ColorTemp}
	}
	if i := l.info(); i != nil {
		return smart.PresetState{Brightness: i.Brightness, Hue: i.Hue, Saturation: i.Saturation, ColorTemp: i.ColorTemp}
	}
	return smart.PresetState{}
}

// saveCall is the call that stores a preset.
func (l *Light) saveCall(at int, s smart.PresetState) (method.Call, error) {
	if l.lamp() {
		p := iot.SavedPreset{Index: at, Brightness: s.Brightness, Hue: s.Hue, Saturation: s.Saturation, ColorTemp: s.ColorTemp}
		m := iot.SetPreferred
		if l.strip() {
			m = iot.SetStripPreferred
		}
		return m.With(p)
	}
	v := l.d.known().view
	if !catalog.FromBrightness(v) {
		return smart.EditPreset.With(smart.PresetEdit{Index: at, State: s})
	}
	if !s.Brightness.Known() {
		return method.Call{}, fmt.Errorf("%w: this light stores brightnesses alone", wattle.ErrParam)
	}
	list, _ := catalog.Presets(v)
	levels := make([]int, len(list))
	for i, p := range list {
		levels[i] = p.Brightness.Or(100)
	}
	levels[at] = s.Brightness.Or(100)
	return smart.SetPresets.With(smart.BrightnessPresets{Brightness: levels})
}
