package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
)

// dimmerRows are how a Kasa dimmer moves (docs/protocol/iot.md section 6).
var dimmerRows = []feature.Feature{
	dimmer("dimmer_threshold_min", "Minimum dimming level", feature.NoUnit, 0, 51,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.MinThreshold },
		func(n int) (method.Call, error) {
			return iot.CalibrateBrightness.With(iot.MinThreshold{MinThreshold: n})
		}),
	dimmer("dimmer_fade_on_time", "Dimmer fade on time", feature.Millisecond, 0, 10000,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.FadeOnTime },
		func(ms int) (method.Call, error) { return iot.SetFadeOnTime.With(iot.FadeTime{FadeTime: ms}) }),
	dimmer("dimmer_fade_off_time", "Dimmer fade off time", feature.Millisecond, 0, 10000,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.FadeOffTime },
		func(ms int) (method.Call, error) { return iot.SetFadeOffTime.With(iot.FadeTime{FadeTime: ms}) }),
	dimmer("dimmer_gentle_on_time", "Dimmer gentle on time", feature.Millisecond, 0, 120000,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.GentleOnTime },
		func(ms int) (method.Call, error) { return iot.SetGentleOnTime.With(iot.Duration{Duration: ms}) }),
	dimmer("dimmer_gentle_off_time", "Dimmer gentle off time", feature.Millisecond, 0, 120000,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.GentleOffTime },
		func(ms int) (method.Call, error) { return iot.SetGentleOffTime.With(iot.Duration{Duration: ms}) }),
	dimmer("dimmer_ramp_rate", "Dimmer ramp rate", feature.NoUnit, 10, 50,
		func(p *iot.DimmerParameters) method.Opt[int] { return p.RampRate },
		func(n int) (method.Call, error) { return iot.SetButtonRampRate.With(iot.RampRate{RampRate: n}) }),
}

func dimmer(id, name string, unit feature.Unit, lo, hi float64,
	get func(*iot.DimmerParameters) method.Opt[int], set func(int) (method.Call, error),
) feature.Feature {
	return feature.From(wattle.IOT, iot.GetDimmerParameters, method.EveryMinute, feature.Row[iot.DimmerParameters, int]{
		Meta: feature.Meta{ID: id, Name: name, Kind: feature.Number, Category: feature.Config, Unit: unit, Min: lo, Max: hi},
		When: is(wattle.Dimmer),
		Has:  func(p *iot.DimmerParameters) bool { return get(p).Known() },
		Get:  func(p *iot.DimmerParameters) (int, bool) { return get(p).Get() },
		Set:  func(_ *feature.View, n int) (method.Call, error) { return set(n) },
	})
}
