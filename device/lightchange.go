package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
)

// LightChange is what [Light.Apply] changes; what is nil or zero stays as it
// is.
type LightChange struct {
	On *bool
	// Brightness in %, 1 to 100; 0 turns the light off. With Effect it is that
	// of the effect.
	Brightness *int
	// Brighter is by how many percent points the light gets brighter, darker
	// where it is negative; it stays within 1 to 100.
	Brighter int
	// Temperature in K, or Color; not both. A color with the Value 0 keeps the
	// brightness.
	Temperature *int
	Color       *feature.HSV
	// Effect is the name of an effect as [Light.Effects] lists them, what
	// package effect reads as a custom one, or "off".
	Effect string
	// Preset is the number of a preset, from 1, see [Light.Presets].
	Preset int
	// Transition is how long the change takes, up to 24 h; see
	// [Light.HasTransition]. Light strips may ignore it.
	Transition time.Duration
}

// maxTransition is far beyond what is recorded of lights that fade for
// schedules (docs/protocol/iot.md section 7.1).
const maxTransition = 24 * time.Hour

func (c *LightChange) check() error {
	off := c.On != nil && !*c.On
	look := c.Temperature != nil || c.Color != nil
	switch {
	case c.Temperature != nil && c.Color != nil:
		return fmt.Errorf("%w: a light shows a white or a colour, not both", wattle.ErrParam)
	case c.Brightness != nil && c.Brighter != 0:
		return fmt.Errorf("%w: give a brightness, or by how much it changes", wattle.ErrParam)
	case c.Effect != "" && (look || c.Preset != 0 || c.Brighter != 0), c.Preset != 0 && (look || c.Brightness != nil || c.Brighter != 0):
		return fmt.Errorf("%w: an effect or a preset brings its own light; set one of them alone", wattle.ErrParam)
	case off && (look || c.Effect != "" || c.Preset != 0 || c.Brightness != nil || c.Brighter != 0):
		return fmt.Errorf("%w: a light that goes off cannot be set to anything at once", wattle.ErrParam)
	case c.Transition < 0 || c.Transition > maxTransition:
		return fmt.Errorf("%w: a transition of %v is not in 0 to %v", wattle.ErrParam, c.Transition, maxTransition)
	case c.Color != nil:
		return c.Color.Check()
	}
	return nil
}

// Apply changes several things of the light at once, with as few calls as the
// device allows, so that it shows no state in between. Errors wrap
// [wattle.ErrUnsupported] for what the light does not have, such as a
// transition on a Tapo light, [wattle.ErrParam] for what is not allowed, or
// what the device answered. Nothing is sent where one part is wrong.
func (l *Light) Apply(ctx context.Context, c LightChange) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Transition > 0 && (!l.HasTransition() || c.Effect != "") {
		hint := "it can fade when it is switched on or off, see smooth_transition_on"
		if c.Effect != "" {
			hint = "an effect begins at once"
		}
		return fmt.Errorf("%s: %w: it has no transition; %s", l.d.label(), wattle.ErrUnsupported, hint)
	}
	if l.d.State() == nil || c.Brighter != 0 { // what it shows now decides which calls to make
		if _, err := l.d.Refresh(ctx); err != nil {
			return err
		}
	}
	if c.Brighter != 0 {
		now := l.State().Brightness
		if now == nil {
			return fmt.Errorf("%s: %w: its brightness is not known", l.d.label(), wattle.ErrUnsupported)
		}
		c.Brightness = new(min(max(*now+c.Brighter, 1), 100))
	}
	settings, effects, err := l.parts(ctx, &c)
	if err != nil {
		return err
	}
	rows, s, err := l.d.settable(ctx, l.d.known(), settings, l.d.wanted(settings))
	if err != nil {
		return err
	}
	calls, err := l.d.plan(s, rows, settings)
	if errors.Is(err, feature.ErrNotPolled) {
		if _, err := l.d.Poll(ctx); err != nil {
			return err
		}
		calls, err = l.d.plan(l.d.known(), rows, settings)
	}
	if err != nil {
		return err
	}
	if calls[l.d], err = l.timed(&c, calls[l.d]); err != nil {
		return err
	}
	calls[l.d] = append(calls[l.d], effects.calls...)
	if err := l.d.send(ctx, rows, calls); err != nil {
		return err
	}
	l.d.shared.markStale(l.d, effects.stale)
	return nil
}

// parts are the features that a change sets, and the calls that are none.
func (l *Light) parts(ctx context.Context, c *LightChange) (settings []Setting, extra effectCalls, err error) {
	if c.On != nil {
		settings = append(settings, Setting{"state", *c.On})
	}
	if c.Preset != 0 {
		p, err := l.preset(ctx, c.Preset)
		if err != nil {
			return nil, extra, err
		}
		switch {
		case p.Name == "":
			extra, err = l.storedEffect(p)
			return settings, extra, err
		case l.dimmer():
			c.Brightness = new(p.Brightness.Or(100))
		default:
			return append(settings, Setting{"light_preset", p.Name}), extra, nil
		}
	}
	if c.Effect != "" {
		extra, err = l.effectCalls(ctx, c.Effect, c.Brightness)
		return settings, extra, err
	}
	color := c.Color
	if color != nil {
		if c.Brightness != nil {
			color = &feature.HSV{Hue: color.Hue, Saturation: color.Saturation, Value: *c.Brightness}
		}
		return append(settings, Setting{"hsv", *color}), extra, nil
	}
	if c.Temperature != nil {
		settings = append(settings, Setting{"color_temperature", *c.Temperature})
	}
	if c.Brightness != nil {
		if c.Temperature == nil && *c.Brightness > 0 && l.d.family == wattle.SMART && l.running() != "" {
			if err := percent(*c.Brightness); err != nil {
				return nil, extra, err
			}
			extra, err = l.dimEffect(ctx, *c.Brightness)
			return settings, extra, err
		}
		settings = append(settings, Setting{"brightness", *c.Brightness})
	}
	return settings, extra, nil
}

func percent(n int) error {
	if n < 1 || n > 100 {
		return fmt.Errorf("%w: a brightness of %d is not in 1 to 100 %%", wattle.ErrParam, n)
	}
	return nil
}

// timed gives planned calls the transition. A dimmer takes state, brightness
// and time in one call.
func (l *Light) timed(c *LightChange, calls []method.Call) ([]method.Call, error) {
	ms := int(c.Transition.Milliseconds())
	off := c.On != nil && !*c.On || c.Brightness != nil && *c.Brightness == 0
	switch {
	case l.dimmer() && len(calls) > 0 && (ms > 0 || c.Brightness != nil && !off):
		level := 0
		if !off {
			level = l.sysinfo().Brightness.Or(100)
			if c.Brightness != nil {
				level = *c.Brightness
			}
		}
		call, err := iot.SetDimmerTransition.With(iot.DimmerTransition{Brightness: level, Duration: max(ms, 1)})
		return []method.Call{call}, err
	case ms == 0:
		return calls, nil
	case len(calls) == 0:
		return nil, fmt.Errorf("%w: a transition needs something that changes", wattle.ErrParam)
	}
	i := slices.IndexFunc(calls, func(call method.Call) bool {
		return call.Key() == iot.TransitionLightState.Key() || call.Key() == iot.SetLightState.Key()
	})
	if i < 0 {
		return nil, fmt.Errorf("%s: %w: it has no transition", l.d.label(), wattle.ErrUnsupported)
	}
	params, err := json.Marshal(map[string]int{"transition_period": ms})
	if err != nil {
		return nil, err
	}
	extra := calls[i]
	extra.Params = params
	return join(calls, extra, nil), nil
}
