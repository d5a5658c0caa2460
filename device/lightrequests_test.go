package device_test

import (
	"context"
	"time"

	"wattle/device"
	"wattle/feature"
)

// lightCalls makes each call of the other client with our library.
var lightCalls = map[string]func(ctx context.Context, l *device.Light, args []any) error{
	"light.set_brightness": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetBrightness(ctx, int(args[0].(float64)))
	},
	"light.set_brightness+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{
			Brightness: new(int(args[0].(float64))),
			Transition: time.Duration(args[1].(float64)) * time.Millisecond,
		})
	},
	"light.set_color_temp": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetTemperature(ctx, int(args[0].(float64)))
	},
	"light.set_hsv": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetColor(ctx, feature.HSV{Hue: int(args[0].(float64)), Saturation: int(args[1].(float64)), Value: int(args[2].(float64))})
	},
	"light.set_state": func(ctx context.Context, l *device.Light, args []any) error {
		state := args[0].(map[string]any)
		return l.Apply(ctx, device.LightChange{On: new(state["light_on"].(bool)), Brightness: new(int(state["brightness"].(float64)))})
	},
	"turn_on+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{On: new(true), Transition: time.Duration(args[0].(float64)) * time.Millisecond})
	},
	"turn_off+transition": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{On: new(false), Transition: time.Duration(args[0].(float64)) * time.Millisecond})
	},
	"light_effect.set_effect": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetEffect(ctx, args[0].(string))
	},
	"light_effect.set_effect off": func(ctx context.Context, l *device.Light, args []any) error {
		return l.SetEffect(ctx, args[0].(string))
	},
	"light_effect.set_effect+brightness": func(ctx context.Context, l *device.Light, args []any) error {
		return l.Apply(ctx, device.LightChange{Effect: args[0].(string), Brightness: new(int(args[1].(float64)))})
	},
	"light_preset.save_preset": func(ctx context.Context, l *device.Light, args []any) error {
		state := args[1].(map[string]any)
		return l.SavePreset(ctx, device.LightPreset{Number: 1, Brightness: new(int(state["brightness"].(float64)))})
	},
}
