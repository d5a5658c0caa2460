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
	feature.From(wattle.SMART, smart.GetLEDInfo, method.EveryHour, feature.Row[smart.LEDInfo, string]{
		Meta: feature.Meta{ID: "led_rule", Name: "LED rule", Kind: feature.Choice, Category: feature.Config,
			Choices: []string{"always", "never", "night_mode", "auto", "toggle"}},
		When: has("led"),
		Get:  func(l *smart.LEDInfo) (string, bool) { return l.Rule.Get() },
		Update: func(l smart.LEDInfo, rule string) (method.Call, error) {
			l.Rule = method.Some(rule)
			return smart.SetLEDInfo.With(l)
		},
		Options: ledRules,
	}),
}

// ledRules are the rules that a device can be seen to have: night mode where it
// keeps its hours, and those of newer ones where it uses one of them.
func ledRules(l *smart.LEDInfo) []string {
	rules := []string{"always", "never"}
	if l.Night != nil {
		rules = append(rules, "night_mode")
	}
	if rule := l.Rule.Or(""); rule == "auto" || rule == "toggle" {
		rules = append(rules, "auto", "toggle")
	}
	return rules
}
