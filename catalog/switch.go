package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var ledMeta = feature.Meta{ID: "led", Name: "LED", Kind: feature.Switch, Category: feature.Config}

// switchRows are the small settings of plugs and switches (docs/protocol/iot.md
// section 3, smart.md section 6).
var switchRows = []feature.Feature{
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: ledMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.LEDOff.Known() },
		Get: func(s *iot.Sysinfo) (bool, bool) {
			off, ok := s.LEDOff.Get()
			return !off, ok
		},
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return iot.SetLEDOff.With(iot.Off{Off: iot.Bit(!on)})
		},
	}),
	feature.From(wattle.SMART, smart.GetLEDInfo, method.EveryHour, feature.Row[smart.LEDInfo, bool]{
		Meta: ledMeta, When: has("led"),
		Get: func(l *smart.LEDInfo) (bool, bool) {
			rule, ok := l.Rule.Get()
			return rule != "never", ok
		},
		Update: func(l smart.LEDInfo, on bool) (method.Call, error) {
			l.Rule = method.Some("never")
			if on {
				l.Rule = method.Some("always")
			}
			return smart.SetLEDInfo.With(l)
		},
	}),
}
