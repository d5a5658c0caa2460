package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var stateMeta = feature.Meta{ID: "state", Name: "State", Kind: feature.Switch, Category: feature.Primary}

// stateRows are all the ways to be on (docs/protocol/iot.md sections 3, 7 and
// 8, smart.md sections 5 and 12).
var stateRows = []feature.Feature{
	// Plugs, wall switches and dimmers.
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: stateMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.RelayState.Known() && len(s.Children) == 0 },
		Get:  func(s *iot.Sysinfo) (bool, bool) { return s.RelayState.Get() },
		Set:  setRelay,
	}),
	// An outlet of a strip.
	feature.From(wattle.IOT, iot.GetOutlet, method.EveryPoll, feature.Row[iot.Outlet, bool]{
		Meta: stateMeta,
		When: is(wattle.StripSocket),
		Get:  func(o *iot.Outlet) (bool, bool) { return o.State.Get() },
		Set:  setRelay,
	}),
	// A strip as a whole is on while any outlet is. The call names no outlet
	// and so switches all of them (section 1.3).
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: stateMeta,
		Has:  func(s *iot.Sysinfo) bool { return len(s.Children) > 0 },
		Get:  anyOutletOn,
		Set:  setRelay,
	}),
	// Bulbs and light strips.
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: stateMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.LightState != nil },
		Get:  func(s *iot.Sysinfo) (bool, bool) { return s.LightState.OnOff.Get() },
		Set: func(v *feature.View, on bool) (method.Call, error) {
			// Turning on with nothing else uses the power-on behaviour that is set.
			return setLight(v, iot.SetLight{OnOff: iot.NewBit(on), IgnoreDefault: iot.Bit(!on)})
		},
	}),
	// The camera that speaks IOT; nobody knows how to switch it.
	sysfield(feature.Row[iot.Sysinfo, bool]{
		Meta: stateMeta,
		Has:  func(s *iot.Sysinfo) bool { return s.CameraSwitch.Known() },
		Get: func(s *iot.Sysinfo) (bool, bool) {
			text, ok := s.CameraSwitch.Get()
			return text == "on", ok
		},
	}),
	// SMART: everything with a switch of its own.
	field(feature.Row[smart.Info, bool]{
		Meta: stateMeta,
		When: not(has("temp_control")),
		Has:  func(i *smart.Info) bool { return i.DeviceOn.Known() },
		Get:  func(i *smart.Info) (bool, bool) { return i.DeviceOn.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return setInfo(smart.SetInfo{DeviceOn: method.Some(on)})
		},
	}),
	// A radiator valve is off while it only protects from frost.
	field(feature.Row[smart.Info, bool]{
		Meta: stateMeta,
		When: has("temp_control"),
		Get: func(i *smart.Info) (bool, bool) {
			frost, ok := i.FrostProtection.Get()
			return !frost, ok
		},
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return setInfo(smart.SetInfo{FrostProtection: method.Some(!on)})
		},
	}),
}

func setRelay(_ *feature.View, on bool) (method.Call, error) {
	return iot.SetRelayState.With(iot.State{State: iot.Bit(on)})
}

// anyOutletOn is unknown only where no outlet says anything.
func anyOutletOn(s *iot.Sysinfo) (on, ok bool) {
	for i := range s.Children {
		state, known := s.Children[i].State.Get()
		on, ok = on || state, ok || known
	}
	return on, ok
}
