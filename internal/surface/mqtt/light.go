package mqtt

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
)

// lamps are the types of devices whose switch is a light also without a dimmer.
var lamps = []wattle.DeviceType{wattle.Bulb, wattle.LightStrip, wattle.Dimmer}

// light is what can be dimmed: state, brightness, colour and effects in one.
func light(b *builder) {
	_, dims := b.settable("brightness")
	_, switches := b.settable("state")
	id := b.view.Identity()
	if !switches || !dims && !slices.Contains(lamps, id.Type) {
		return
	}
	c := component{
		"schema": "json", "state_topic": b.topic("light"), "command_topic": b.set("light"),
		"flash": false, "transition": id.Family == wattle.IOT && dims,
	}
	var modes []string
	if k, ok := b.settable("color_temperature"); ok {
		modes = append(modes, "color_temp")
		c["color_temp_kelvin"] = true
		if k.HasRange() {
			c["min_kelvin"], c["max_kelvin"] = int(k.Min), int(k.Max)
		}
	}
	if _, ok := b.settable("hsv"); ok {
		modes = append(modes, "hs")
	}
	switch {
	case len(modes) > 0:
	case dims:
		modes = []string{"brightness"}
	default:
		modes = []string{"onoff"}
	}
	c["supported_color_modes"] = modes
	if dims {
		c["brightness"], c["brightness_scale"] = true, 100
	}
	if e, ok := b.settable("light_effect"); ok && len(e.Choices) > 0 {
		c["effect"], c["effect_list"] = true, e.Choices
	}
	b.cover("state", "brightness", "color_temperature", "hsv", "light_effect")
	b.add("light", "light", nil, c)
	b.states["light"] = func(v *hub.View) string { return lightState(v, modes) }
	b.commands["light"] = command{do: setLight, shows: []string{"light"}}
}

// lightState is the state as the JSON schema of lights wants it.
func lightState(v *hub.View, modes []string) string {
	out := map[string]any{"state": nil}
	if on, known := v.Value("state").Bool(); known {
		out["state"] = onOff(on)
	}
	if n, known := feature.As[int](v.Value("brightness")); known {
		out["brightness"] = n
	}
	kelvin, white := feature.As[int](v.Value("color_temperature"))
	white = white && kelvin > 0 && slices.Contains(modes, "color_temp")
	color, colored := feature.As[feature.HSV](v.Value("hsv"))
	switch {
	case white:
		out["color_mode"], out["color_temp"] = "color_temp", kelvin
	case colored && slices.Contains(modes, "hs"):
		out["color_mode"], out["color"] = "hs", map[string]any{"h": color.Hue, "s": color.Saturation}
	case len(modes) == 1 && modes[0] != "hs" && modes[0] != "color_temp":
		out["color_mode"] = modes[0]
	}
	if e, known := feature.As[string](v.Value("light_effect")); known {
		out["effect"] = e
	}
	return text(out)
}

// lightWish is a command for a light.
type lightWish struct {
	State      *string  `json:"state"`
	Brightness *float64 `json:"brightness"`
	ColorTemp  *float64 `json:"color_temp"`
	Color      *struct {
		H *float64 `json:"h"`
		S *float64 `json:"s"`
	} `json:"color"`
	Effect     *string  `json:"effect"`
	Transition *float64 `json:"transition"`
}

// maxTransition is beyond what anybody wants to wait for, in seconds.
const maxTransition = 24 * 60 * 60

// parseLight reads a command strictly.
func parseLight(payload string) (change device.LightChange, err error) {
	var w lightWish
	if err := strict(payload, &w); err != nil {
		return change, fmt.Errorf(`%w; write {"state":"ON","brightness":80}`, err)
	}
	if w.State != nil {
		on, err := parseOnOff(*w.State)
		if err != nil {
			return change, err
		}
		change.On = &on
	}
	if w.Brightness != nil {
		n, err := whole("brightness", *w.Brightness, 0, 100)
		if err != nil {
			return change, err
		}
		change.Brightness = &n
	}
	if w.ColorTemp != nil {
		n, err := whole("color_temp", *w.ColorTemp, 1000, 20000)
		if err != nil {
			return change, err
		}
		change.Temperature = &n
	}
	if w.Color != nil {
		if w.Color.H == nil || w.Color.S == nil {
			return change, fmt.Errorf("%w: color needs h and s", wattle.ErrParam)
		}
		h, err := whole("color.h", *w.Color.H, 0, 360)
		if err != nil {
			return change, err
		}
		s, err := whole("color.s", *w.Color.S, 0, 100)
		if err != nil {
			return change, err
		}
		change.Color = &feature.HSV{Hue: h, Saturation: s} // Value 0 keeps the brightness
	}
	if w.Effect != nil {
		change.Effect = *w.Effect
	}
	if w.Transition != nil {
		if !(*w.Transition >= 0 && *w.Transition <= maxTransition) {
			return change, fmt.Errorf("%w: transition %v is not in 0 to %d s", wattle.ErrParam, *w.Transition, maxTransition)
		}
		change.Transition = time.Duration(*w.Transition * float64(time.Second))
	}
	if change == (device.LightChange{}) {
		return change, fmt.Errorf("%w: nothing to do", wattle.ErrParam)
	}
	return change, nil
}

func setLight(ctx context.Context, s *Surface, id hub.ID, payload string) error {
	change, err := parseLight(payload)
	if err != nil {
		return err
	}
	if change.On != nil && change == (device.LightChange{On: change.On}) {
		return s.hub.Set(ctx, id, device.Setting{ID: "state", Value: *change.On})
	}
	d, err := s.hub.Device(ctx, id)
	if err != nil {
		return err
	}
	l, err := d.Light()
	if err != nil {
		return err
	}
	if !l.HasTransition() {
		change.Transition = 0
	}
	return l.Apply(ctx, change)
}

// whole is a number without a fraction, in a range; what Home Assistant computed
// is rounded.
func whole(name string, n float64, lo, hi int) (int, error) {
	if !(n >= float64(lo) && n <= float64(hi)) {
		return 0, fmt.Errorf("%w: %s %v is not in %d to %d", wattle.ErrParam, name, n, lo, hi)
	}
	return int(math.Round(n)), nil
}

// strict reads one JSON object.
func strict(payload string, into any) error {
	if err := json.Unmarshal([]byte(payload), into); err != nil || len(payload) == 0 || payload == "null" {
		return fmt.Errorf("%w: this is no JSON object with fields of the right kind", wattle.ErrParam)
	}
	return nil
}
