package catalog

import (
	"slices"

	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

var childLockMeta = feature.Meta{ID: "child_lock", Name: "Child lock", Kind: feature.Switch, Category: feature.Config}

// climateRows are radiator valves and fans (docs/protocol/smart.md sections 5
// and 12).
var climateRows = []feature.Feature{
	field(feature.Row[smart.Info, float64]{
		Meta: feature.Meta{
			ID: "target_temperature", Name: "Target temperature", Kind: feature.Number,
			Category: feature.Primary, Unit: feature.Celsius, Min: 5, Max: 30,
		},
		When:   has("temp_control"),
		Get:    func(i *smart.Info) (float64, bool) { return i.TargetTemp.Get() },
		UnitOf: tempUnit,
		Set: func(v *feature.View, degrees float64) (method.Call, error) {
			p := smart.SetInfo{TargetTemp: method.Some(degrees)}
			if i := info(v); i != nil && i.FrostProtection.Known() {
				p.FrostProtection = method.Some(false) // else it stays off
			}
			return setInfo(p)
		},
		Limits: func(i *smart.Info) (lo, hi float64, ok bool) {
			lo, low := i.MinControlTemp.Get()
			hi, high := i.MaxControlTemp.Get()
			return lo, hi, low && high && lo < hi
		},
	}),
	field(feature.Row[smart.Info, int]{
		Meta: feature.Meta{
			ID: "temperature_offset", Name: "Temperature offset", Kind: feature.Number,
			Category: feature.Config, Min: -10, Max: 10,
		},
		When: has("temp_control"),
		Get:  func(i *smart.Info) (int, bool) { return i.TempOffset.Get() },
		Set: func(_ *feature.View, degrees int) (method.Call, error) {
			return setInfo(smart.SetInfo{TempOffset: method.Some(degrees)})
		},
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{ID: "thermostat_mode", Name: "Thermostat mode", Kind: feature.Sensor, Category: feature.Primary},
		When: has("temp_control"),
		Get:  thermostatMode,
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: childLockMeta,
		When: has("child_protection"),
		Get:  func(i *smart.Info) (bool, bool) { return i.ChildProtection.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return smart.SetChildProtection.With(smart.Enable{Enable: on})
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: feature.Meta{ID: "frost_protection", Name: "Frost protection", Kind: feature.Switch, Category: feature.Config},
		When: has("frost_protection"),
		Has:  func(i *smart.Info) bool { return i.FrostProtection.Known() },
		Get:  func(i *smart.Info) (bool, bool) { return i.FrostProtection.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return setInfo(smart.SetInfo{FrostProtection: method.Some(on)})
		},
	}),
	// The speed is 0 while the fan is off.
	field(feature.Row[smart.Info, int]{
		Meta: feature.Meta{
			ID: "fan_speed_level", Name: "Fan speed level", Kind: feature.Number,
			Category: feature.Primary, Min: 0, Max: 4,
		},
		When: has("fan_control"),
		Has:  func(i *smart.Info) bool { return i.FanSpeed.Known() },
		Get: func(i *smart.Info) (int, bool) {
			if on, ok := i.DeviceOn.Get(); ok && !on {
				return 0, true
			}
			return i.FanSpeed.Get()
		},
		Set: func(_ *feature.View, level int) (method.Call, error) {
			p := smart.SetInfo{DeviceOn: method.Some(level > 0)}
			if level > 0 {
				p.FanSpeed = method.Some(level)
			}
			return setInfo(p)
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: feature.Meta{ID: "fan_sleep_mode", Name: "Fan sleep mode", Kind: feature.Switch, Category: feature.Config},
		When: has("fan_control"),
		Has:  func(i *smart.Info) bool { return i.FanSpeed.Known() },
		Get:  func(i *smart.Info) (bool, bool) { return i.FanSleep.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return setInfo(smart.SetInfo{FanSleep: method.Some(on)})
		},
	}),
}

// thermostatModes are the states of a valve, the first that it is in counts.
var thermostatModes = []struct{ state, mode string }{
	{"heating", "Heating"},
	{"progress_calibration", "Calibrating"},
	{"idle", "Idle"},
	{"hold_on", "Hold"},
	{"off", "Off"},
	{"shutdown", "Shutdown"},
}

func thermostatMode(i *smart.Info) (string, bool) {
	if i.FrostProtection.Or(false) {
		return "Off", true
	}
	states := slices.DeleteFunc(slices.Clone(i.TRVStates), func(s string) bool { return s == "low_battery" })
	if len(states) == 0 {
		return "Idle", i.TRVStates != nil
	}
	for _, m := range thermostatModes {
		if slices.Contains(states, m.state) {
			return m.mode, true
		}
	}
	return "Unknown", true
}
