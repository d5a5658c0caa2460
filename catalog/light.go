package catalog

import (
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// A brightness of 0 turns the light off: devices refuse 0 as a brightness.
var brightnessMeta = feature.Meta{
	ID: "brightness", Name: "Brightness", Kind: feature.Number,
	Category: feature.Primary, Unit: feature.Percent, Min: 0, Max: 100,
}

var hsvMeta = feature.Meta{ID: "hsv", Name: "HSV", Kind: feature.Color, Category: feature.Config}

var colorTemperatureMeta = feature.Meta{
	ID: "color_temperature", Name: "Color temperature",
	Kind: feature.Number, Category: feature.Primary, Unit: feature.Kelvin, Min: 2500, Max: 9000,
}

// lightRows are what a light can be set to (docs/protocol/iot.md sections 6 to
// 8, smart.md sections 5 and 8.1).
var lightRows = []feature.Feature{
	// Dimmers.
	sysfield(feature.Row[iot.Sysinfo, int]{
		Meta: brightnessMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.Brightness.Known() && s.LightState == nil },
		Get:  func(s *iot.Sysinfo) (int, bool) { return s.Brightness.Get() },
		Set: func(v *feature.View, percent int) (method.Call, error) {
			if percent == 0 {
				return setRelay(v, false)
			}
			return iot.SetBrightness.With(iot.Brightness{Brightness: percent})
		},
	}),
	sysfield(feature.Row[iot.Sysinfo, int]{
		Meta: brightnessMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.LightState != nil && s.IsDimmable.Or(false) },
		Get: func(s *iot.Sysinfo) (int, bool) {
			if e := s.EffectState; e != nil && e.Enable.Or(false) && e.Brightness.Known() {
				return e.Brightness.Get()
			}
			return s.LightState.Shown().Brightness.Get()
		},
		Set: func(v *feature.View, percent int) (method.Call, error) {
			if percent == 0 {
				return setLight(v, iot.SetLight{OnOff: iot.NewBit(false), IgnoreDefault: true})
			}
			return setLight(v, iot.SetLight{Brightness: method.Some(percent), OnOff: iot.NewBit(true), IgnoreDefault: true})
		},
	}),
	sysfield(feature.Row[iot.Sysinfo, feature.HSV]{
		Meta: hsvMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.LightState != nil && s.IsColor.Or(false) },
		Get: func(s *iot.Sysinfo) (feature.HSV, bool) {
			l := s.LightState.Shown()
			return hsv(l.Hue, l.Saturation, l.Brightness)
		},
		Set: func(v *feature.View, c feature.HSV) (method.Call, error) {
			p := iot.SetLight{
				Hue: method.Some(c.Hue), Saturation: method.Some(c.Saturation),
				ColorTemp: method.Some(0), OnOff: iot.NewBit(true), IgnoreDefault: true,
			}
			if c.Value > 0 {
				p.Brightness = method.Some(c.Value)
			}
			return setLight(v, p)
		},
	}),
	sysfield(feature.Row[iot.Sysinfo, int]{
		Meta: colorTemperatureMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.LightState != nil && s.IsVariableTemp.Or(false) },
		Get:  func(s *iot.Sysinfo) (int, bool) { return s.LightState.Shown().ColorTemp.Get() },
		Set: func(v *feature.View, kelvin int) (method.Call, error) {
			return setLight(v, iot.SetLight{ColorTemp: method.Some(kelvin), OnOff: iot.NewBit(true), IgnoreDefault: true})
		},
		Limits: func(s *iot.Sysinfo) (lo, hi float64, ok bool) {
			lo, hi = temperatureRange(s.Model)
			return lo, hi, true
		},
	}),

	field(feature.Row[smart.Info, int]{
		Meta: brightnessMeta,
		When: has("brightness"),
		Has:  func(i *smart.Info) bool { return i.Brightness.Known() },
		Get: func(i *smart.Info) (int, bool) {
			if stripEffectRuns(i) {
				return i.Effect.Brightness.Get()
			}
			return i.Brightness.Get()
		},
		Set: func(v *feature.View, percent int) (method.Call, error) {
			if percent == 0 {
				return setInfo(smart.SetInfo{DeviceOn: method.Some(false)})
			}
			if i := info(v); i != nil && stripEffectRuns(i) {
				return smart.AdjustLightingEffect.With(smart.EffectBrightness{Brightness: percent, Adjusted: true})
			}
			return setInfo(smart.SetInfo{Brightness: method.Some(percent)})
		},
	}),
	field(feature.Row[smart.Info, feature.HSV]{
		Meta: hsvMeta,
		When: has("color"),
		Has:  func(i *smart.Info) bool { return i.Hue.Known() || i.Saturation.Known() },
		Get:  func(i *smart.Info) (feature.HSV, bool) { return hsv(i.Hue, i.Saturation, i.Brightness) },
		Set: func(_ *feature.View, c feature.HSV) (method.Call, error) {
			p := smart.SetInfo{ColorTemp: method.Some(0), Hue: method.Some(c.Hue), Saturation: method.Some(c.Saturation)}
			if c.Value > 0 {
				p.Brightness = method.Some(c.Value)
			}
			return setInfo(p)
		},
	}),
	field(feature.Row[smart.Info, int]{
		Meta: colorTemperatureMeta,
		When: has("color_temperature"),
		Has: func(i *smart.Info) bool {
			lo, hi, ok := smartTemperatureRange(i)
			return i.ColorTemp.Known() && ok && lo < hi
		},
		Get: func(i *smart.Info) (int, bool) { return i.ColorTemp.Get() },
		Set: func(_ *feature.View, kelvin int) (method.Call, error) {
			return setInfo(smart.SetInfo{ColorTemp: method.Some(kelvin)})
		},
		Limits: smartTemperatureRange,
	}),
}

// stripEffectRuns reports whether a strip shows an effect, which has a brightness
// of its own (docs/protocol/smart.md section 8.5).
func stripEffectRuns(i *smart.Info) bool {
	e := i.Effect
	return e != nil && e.Enable.Or(false) && e.Brightness.Known() && shownEffect(true, e.Name) != effectOff
}

// hsv needs hue and saturation; the value is the brightness.
func hsv(hue, saturation, brightness method.Opt[int]) (feature.HSV, bool) {
	return feature.HSV{Hue: hue.Or(0), Saturation: saturation.Or(0), Value: brightness.Or(0)},
		hue.Known() && saturation.Known() && brightness.Known()
}

// setLight is the call by which this light takes its state: light strips have
// a module of their own.
func setLight(v *feature.View, p iot.SetLight) (method.Call, error) {
	if v.Type == wattle.LightStrip {
		return iot.SetLightState.With(p)
	}
	return iot.TransitionLightState.With(p)
}

// smartTemperatureRange is what the device says, 2500 to 6500 K where it says
// nothing.
func smartTemperatureRange(i *smart.Info) (lo, hi float64, ok bool) {
	if len(i.ColorTempRange) != 2 {
		return 2500, 6500, true
	}
	return float64(i.ColorTempRange[0]), float64(i.ColorTempRange[1]), true
}

// temperatureRanges are the colour temperatures of Kasa bulbs in K by the
// beginning of the model name, the first that fits. The bulbs do not tell
// them, so this table is the only source: docs/protocol/iot.md section 7.6.
var temperatureRanges = []struct {
	prefix string
	lo, hi float64
}{
	{"LB130", 2500, 9000},
	{"LB230", 2500, 9000},
	{"KB130", 2500, 9000},
	{"KL130", 2500, 9000},
	{"KL135", 2500, 9000},
	{"KL430", 2500, 9000},
	{"KL400L5", 2500, 9000},
	{"KL125", 2500, 6500},
	{"LB120", 2700, 6500},
	{"KL120(EU)", 2700, 6500},
}

func temperatureRange(model string) (lo, hi float64) {
	for _, r := range temperatureRanges {
		if strings.HasPrefix(model, r.prefix) {
			return r.lo, r.hi
		}
	}
	return 2700, 5000
}
