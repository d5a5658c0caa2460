package device_test

import (
	"errors"
	"testing"

	"wattle"
	"wattle/device"
)

// TestStoreEffect: strips store an effect as a preset, by its name or because it
// runs, and show it again.
func TestStoreEffect(t *testing.T) {
	for _, name := range []string{"KL430(EU)_2.0_1.1.4", "L920(EU)_1.0_1.2.0"} {
		d, l := light(t, name)
		ctx := t.Context()
		steps := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		preset := func(n int) device.LightPreset {
			t.Helper()
			_, err := d.Poll(ctx)
			steps(err)
			list, err := l.Presets(ctx)
			steps(err)
			if n > len(list) {
				t.Fatalf("%s: %d presets", name, len(list))
			}
			return list[n-1]
		}
		steps(l.SavePreset(ctx, device.LightPreset{Number: 1, Effect: "aurora", Brightness: new(33)}))
		if p := preset(1); p.Effect != "Aurora" {
			t.Errorf("%s: stored %+v", name, p)
		}
		steps(l.SetBrightness(ctx, 50))
		steps(l.ApplyPreset(ctx, 1))
		_, err := d.Poll(ctx)
		steps(err)
		if s := l.State(); s.Effect != "Aurora" || s.Brightness == nil || *s.Brightness != 33 {
			t.Errorf("%s: preset 1 shows %+v", name, s)
		}
		steps(l.SetEffect(ctx, "Icicle"))
		steps(l.SavePreset(ctx, device.LightPreset{Number: 2}))
		if p := preset(2); p.Effect != "Icicle" {
			t.Errorf("%s: stored %+v", name, p)
		}
		steps(l.SavePreset(ctx, device.LightPreset{Number: 1, Brightness: new(44)}))
		if p := preset(1); p.Effect != "" || p.Brightness == nil || *p.Brightness != 44 {
			t.Errorf("%s: stored %+v over an effect", name, p)
		}
		if err := l.SavePreset(ctx, device.LightPreset{Number: 1, Effect: "no such effect"}); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, bulb := light(t, "L530(EU)_3.0_1.2.3")
	if err := bulb.SavePreset(t.Context(), device.LightPreset{Number: 1, Effect: "Party"}); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("a bulb: %v", err)
	}
}
