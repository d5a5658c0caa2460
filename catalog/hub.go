package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// hubRows are hubs, and what concerns a child as one of its hub
// (docs/protocol/smart.md sections 11 and 12).
var hubRows = []feature.Feature{
	// What Do gives is the first step; device.Pair takes all of them.
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "pair", Name: "Pair", Category: feature.Config},
		When: root(has("child_quick_setup")),
		Do:   func(*feature.View) ([]method.Call, error) { return one(smart.BeginScan.Call(), nil) },
	}),
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "unpair", Name: "Unpair device", Category: feature.Debug, Dangerous: true},
		When: func(v *feature.View) bool { return v.Parent != nil && v.Parent.Has("child_quick_setup") },
		Do: func(v *feature.View) ([]method.Call, error) {
			return one(smart.RemoveChildren.With(smart.Children{List: []smart.ChildID{{ID: v.Child}}}))
		},
		OnParent: true,
	}),
	feature.From(wattle.SMART, smart.GetLoad, method.EveryHour, feature.Row[smart.Load, int]{
		Meta: sensor("hub_load", "Paired devices", feature.Debug, feature.NoUnit),
		When: has("device_load"),
		Get:  func(l *smart.Load) (int, bool) { return l.Paired.Get() },
	}),
	feature.From(wattle.SMART, smart.GetTriggerLogs, method.EveryMinute, feature.Row[smart.TriggerLogs, string]{
		Meta: sensor("last_event", "Last trigger event", feature.Primary, feature.NoUnit),
		When: has("trigger_log"),
		Get:  lastEvent,
	}),
	feature.From(wattle.SMART, smart.GetDoubleClick, method.EveryMinute, feature.Row[smart.Switchable, bool]{
		Meta: feature.Meta{ID: "double_click_enabled", Name: "Double click", Kind: feature.Switch, Category: feature.Config},
		When: has("double_click"),
		Get:  func(s *smart.Switchable) (bool, bool) { return s.Enable.Get() },
		Update: func(s smart.Switchable, on bool) (method.Call, error) {
			s.Enable = method.Some(on)
			return smart.SetDoubleClick.With(s)
		},
	}),
}

// lastEvent is the newest entry of a log in the device's words; unknown while
// there is none.
func lastEvent(l *smart.TriggerLogs) (string, bool) {
	newest, name := -1, ""
	for i := range l.Logs {
		if id, ok := l.Logs[i].ID.Get(); ok && id > newest {
			newest, name = id, l.Logs[i].Event.Or("")
		}
	}
	return name, name != ""
}
