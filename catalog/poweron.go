package catalog

import (
	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// What a device does when its power comes back.
const (
	lastStates = "last_states"
	alwaysOn   = "always_on"
	alwaysOff  = "always_off"
	custom     = "custom" // on, as it is set for that
)

// powerOnRows are the state after a power loss (docs/protocol/smart.md section
// 5.4), and light that follows the daylight (section 8.7).
var powerOnRows = []feature.Feature{
	feature.Derive(wattle.SMART, feature.Derived[string]{
		Meta: feature.Meta{
			ID: "power_on_behavior", Name: "State after power loss", Kind: feature.Choice, Category: feature.Config,
		},
		When:    has("default_states"),
		Queries: []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)},
		Has:     func(v *feature.View) bool { return defaultStates(v) != nil },
		Get: func(v *feature.View) (string, bool) {
			d := defaultStates(v)
			if d == nil {
				return "", false
			}
			if kind, ok := d.RePowerType.Get(); ok {
				return kind, true
			}
			kind, ok := d.Type.Get()
			if kind == custom && d.State != nil {
				if on, known := d.State.On.Get(); known {
					return map[bool]string{true: alwaysOn, false: alwaysOff}[on], true
				}
			}
			return kind, ok
		},
		Whole: true,
		Set: func(v *feature.View, kind string) ([]method.Call, error) {
			d := defaultStates(v)
			if d == nil {
				return nil, feature.ErrNotPolled
			}
			changed := *d
			switch {
			case d.RePowerType.Known():
				changed.RePowerType = method.Some(kind)
			case shines(d):
				changed.Type = method.Some(kind)
			case kind == lastStates:
				changed.Type = method.Some(lastStates)
				if d.State != nil {
					changed.State = &smart.DefaultState{}
				}
			default:
				changed.Type = method.Some(custom)
				changed.State = &smart.DefaultState{On: method.Some(kind == alwaysOn)}
			}
			return one(setInfo(smart.SetInfo{DefaultStates: &changed}))
		},
		Options: func(v *feature.View) []string {
			switch d := defaultStates(v); {
			case d == nil:
				return nil
			case len(d.Capability) > 0:
				return d.Capability
			case !d.RePowerType.Known() && shines(d):
				return []string{lastStates, custom}
			}
			return []string{lastStates, alwaysOn, alwaysOff}
		},
	}),
	feature.From(wattle.SMART, smart.GetAutoLight, method.EveryMinute, feature.Row[smart.AutoLight, bool]{
		Meta: feature.Meta{ID: "auto_light_enabled", Name: "Auto light", Kind: feature.Switch, Category: feature.Config},
		When: func(v *feature.View) bool { return v.Components["auto_light"] == 1 },
		Get:  func(a *smart.AutoLight) (bool, bool) { return a.Enable.Get() },
		Update: func(a smart.AutoLight, on bool) (method.Call, error) {
			a.Enable = method.Some(on)
			return smart.SetAutoLight.With(a)
		},
	}),
}

func defaultStates(v *feature.View) *smart.DefaultStates {
	if i := info(v); i != nil {
		return i.DefaultStates
	}
	return nil
}

// shines reports whether the state is that of a light, which comes on in any
// case.
func shines(d *smart.DefaultStates) bool {
	return d.Brightness != nil || d.State != nil && (d.State.Brightness.Known() || d.State.ColorTemp.Known() || d.State.Hue.Known())
}
