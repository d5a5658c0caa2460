package device_test

import (
	"errors"
	"testing"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/simulator/homes"
)

// light opens a light of the invented home.
func light(t *testing.T, name string) (*device.Device, *device.Light) {
	t.Helper()
	for _, f := range homes.Demo() {
		if f.Name == name {
			d, _ := open(t, f, homes.Library(), nil)
			l, err := d.Light()
			if err != nil {
				t.Fatal(err)
			}
			return d, l
		}
	}
	t.Fatalf("there is no %s", name)
	return nil, nil
}

// TestLightRefuses: what makes no sense is refused before anything is sent.
func TestLightRefuses(t *testing.T) {
	const tapo, kasa, strip, dimmer = "L530(EU)_3.0_1.2.3", "KL130(EU)_1.0_1.9.1", "KL430(EU)_2.0_1.1.4", "HS220(US)_2.0_1.1.2"
	for _, c := range []struct {
		name   string
		change device.LightChange
		want   error
	}{
		{tapo, device.LightChange{Brightness: new(50), Transition: time.Second}, wattle.ErrUnsupported},
		{tapo, device.LightChange{Brightness: new(101)}, wattle.ErrParam},
		{tapo, device.LightChange{Temperature: new(3000), Color: &feature.HSV{}}, wattle.ErrParam},
		{tapo, device.LightChange{Color: &feature.HSV{Hue: 400}}, wattle.ErrParam},
		{tapo, device.LightChange{Temperature: new(9000)}, wattle.ErrParam},
		{tapo, device.LightChange{Effect: "nothing like it"}, wattle.ErrParam},
		{tapo, device.LightChange{Effect: "sequence red"}, wattle.ErrUnsupported},
		{tapo, device.LightChange{Effect: "Party", Brightness: new(0)}, wattle.ErrParam},
		{tapo, device.LightChange{Preset: 99}, wattle.ErrParam},
		{kasa, device.LightChange{Effect: "Aurora"}, wattle.ErrUnsupported},
		{kasa, device.LightChange{Transition: time.Second}, wattle.ErrParam},
		{kasa, device.LightChange{On: new(true), Transition: 48 * time.Hour}, wattle.ErrParam},
		{kasa, device.LightChange{On: new(false), Brightness: new(3)}, wattle.ErrParam},
		{kasa, device.LightChange{Brightness: new(3), Brighter: 4}, wattle.ErrParam},
		{strip, device.LightChange{Effect: "Aurora", Transition: time.Second}, wattle.ErrUnsupported},
		{strip, device.LightChange{Effect: "chasing red"}, wattle.ErrParam},
		{dimmer, device.LightChange{Color: &feature.HSV{}}, wattle.ErrUnsupported},
	} {
		d, l := light(t, c.name)
		before := l.State()
		if err := l.Apply(t.Context(), c.change); !errors.Is(err, c.want) {
			t.Errorf("%s %+v: %v, want %v", c.name, c.change, err, c.want)
		}
		if _, err := d.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := l.State(); *after.On != *before.On || after.Effect != before.Effect {
			t.Errorf("%s %+v changed %+v to %+v", c.name, c.change, before, after)
		}
	}
}

// TestLightEffectBrightness: brightness is that of the effect which runs, and a
// colour ends it.
func TestLightEffectBrightness(t *testing.T) {
	for _, c := range []struct{ name, effect string }{
		{"L530(EU)_3.0_1.2.3", "Party"}, {"L920(EU)_1.0_1.2.0", "Aurora"}, {"KL430(EU)_2.0_1.1.4", "Aurora"},
	} {
		d, l := light(t, c.name)
		poll := func() {
			t.Helper()
			if _, err := d.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Apply(t.Context(), device.LightChange{Effect: c.effect, Brightness: new(33)}); err != nil {
			t.Fatal(err)
		}
		poll()
		if got := l.State().Effect; got != c.effect {
			t.Errorf("%s: %q runs", c.name, got)
		}
		if err := l.SetBrightness(t.Context(), 44); err != nil {
			t.Fatal(err)
		}
		poll()
		if got := l.State().Effect; got != c.effect {
			t.Errorf("%s: dimming left %q", c.name, got)
		}
		if err := l.SetColor(t.Context(), feature.HSV{Hue: 10, Saturation: 20, Value: 30}); err != nil {
			t.Fatal(err)
		}
		poll()
		if s := l.State(); s.Effect != "" || s.Color == nil || *s.Color != (feature.HSV{Hue: 10, Saturation: 20, Value: 30}) {
			t.Errorf("%s: a colour left %+v", c.name, s)
		}
	}
}

// TestLightBehavior: what Kasa lights do when they come on goes back whole.
func TestLightBehavior(t *testing.T) {
	for _, name := range []string{"KL130(EU)_1.0_1.9.1", "KL430(EU)_2.0_1.1.4"} {
		_, l := light(t, name)
		want := device.LightDefault{Mode: device.CustomState, Brightness: new(20), Temperature: new(2700)}
		if err := l.SetDefaults(t.Context(), device.LightDefaults{Mains: &want}); err != nil {
			t.Fatal(err)
		}
		d, err := l.Defaults(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d.Mains.Mode != device.CustomState || *d.Mains.Brightness != 20 || *d.Mains.Temperature != 2700 || d.Switched.Mode != device.LastState {
			t.Errorf("%s: %+v %+v", name, d.Mains, d.Switched)
		}
		if err := l.SetDefaults(t.Context(), device.LightDefaults{Power: "always_on"}); !errors.Is(err, wattle.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLightFades(t *testing.T) {
	d, l := light(t, "HS220(US)_2.0_1.1.2")
	if err := l.SetFades(t.Context(), 1500*time.Millisecond, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if on, off, ok := l.Fades(); on != 1500*time.Millisecond || off != 2*time.Second || !ok {
		t.Error(on, off, ok)
	}
}
