package catalog

import (
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// withStatus is a condition: the component, and its status in the device's
// own information. Strips list the components of their outlets.
func withStatus(component string, status func(*smart.Info) bool) func(*feature.View) bool {
	listed := has(component)
	return func(v *feature.View) bool {
		if !listed(v) {
			return false
		}
		i := info(v)
		return i != nil && status(i)
	}
}

var (
	autoOff         = withStatus("auto_off", func(i *smart.Info) bool { return i.AutoOff.Known() })
	powerProtection = withStatus("power_protection", func(i *smart.Info) bool { return i.PowerProtection.Known() })
)

// protectionRows are what turns a plug off by itself (docs/protocol/smart.md
// sections 6 and 7).
var protectionRows = []feature.Feature{
	feature.From(wattle.SMART, smart.GetAutoOff, method.EveryMinute, feature.Row[smart.AutoOff, bool]{
		Meta: feature.Meta{ID: "auto_off_enabled", Name: "Auto off enabled", Kind: feature.Switch, Category: feature.Config},
		When: autoOff,
		Get:  func(a *smart.AutoOff) (bool, bool) { return a.Enable.Get() },
		Update: func(a smart.AutoOff, on bool) (method.Call, error) {
			a.Enable = method.Some(on)
			return smart.SetAutoOff.With(a)
		},
	}),
	feature.From(wattle.SMART, smart.GetAutoOff, method.EveryMinute, feature.Row[smart.AutoOff, int]{
		Meta: feature.Meta{
			ID: "auto_off_minutes", Name: "Auto off in", Kind: feature.Number,
			Category: feature.Config, Unit: feature.Minute, Min: 0, Max: 65536,
		},
		When: autoOff,
		Get:  func(a *smart.AutoOff) (int, bool) { return a.Delay.Get() },
		Update: func(a smart.AutoOff, minutes int) (method.Call, error) {
			a.Delay = method.Some(minutes)
			return smart.SetAutoOff.With(a)
		},
	}),
	feature.Derive(wattle.SMART, feature.Derived[time.Time]{
		Meta:    sensor("auto_off_at", "Auto off at", feature.Info, feature.NoUnit),
		When:    autoOff,
		Queries: []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)},
		Get: func(v *feature.View) (time.Time, bool) {
			i := info(v)
			if i == nil || i.AutoOff.Or("") != "on" {
				return time.Time{}, false
			}
			seconds, ok := i.AutoOffIn.Get()
			return steady(v, "auto_off_at", LocalTime(v).Add(time.Duration(seconds)*time.Second)), ok
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("overloaded", "Overloaded", feature.Info),
		When: powerProtection,
		Get: func(i *smart.Info) (bool, bool) {
			status, ok := i.PowerProtection.Get()
			return status == "overloaded", ok
		},
	}),
	field(feature.Row[smart.Info, bool]{
		Meta: binary("overcurrent", "Over-current", feature.Info),
		Has:  func(i *smart.Info) bool { return i.Overcurrent.Known() },
		Get: func(i *smart.Info) (bool, bool) {
			status, ok := i.Overcurrent.Get()
			return status != "normal", ok
		},
	}),
	field(feature.Row[smart.Info, string]{
		Meta: sensor("charging_status", "Charging status", feature.Info, feature.NoUnit),
		Has:  func(i *smart.Info) bool { return i.Charging.Known() },
		Get:  func(i *smart.Info) (string, bool) { return i.Charging.Get() },
	}),
	field(feature.Row[smart.Info, int]{
		Meta: sensor("auto_off_remaining", "Auto off remaining", feature.Info, feature.Second),
		Has:  func(i *smart.Info) bool { return i.AutoOffIn.Known() },
		Get:  func(i *smart.Info) (int, bool) { return i.AutoOffIn.Get() },
	}),
	// A threshold of 0 W is the protection switched off.
	feature.Derive(wattle.SMART, feature.Derived[int]{
		Meta: feature.Meta{
			ID: "power_protection_threshold", Name: "Power protection threshold", Kind: feature.Number,
			Category: feature.Config, Unit: feature.Watt, Min: 0, Max: 4000,
		},
		When:    powerProtection,
		Queries: []method.Query{smart.GetProtectionPower.Query(method.EveryMinute), smart.GetMaxPower.Query(method.EveryDay)},
		Has:     func(v *feature.View) bool { return v.Answered(smart.GetProtectionPower.Key()) },
		Get: func(v *feature.View) (int, bool) {
			p := smart.GetProtectionPower.Result(v.Snapshot)
			if p == nil {
				return 0, false
			}
			if on, ok := p.On(); !on {
				return 0, ok
			}
			return p.Power.Get()
		},
		Whole: true,
		Set: func(v *feature.View, watts int) ([]method.Call, error) {
			p := smart.GetProtectionPower.Result(v.Snapshot)
			if p == nil {
				return nil, feature.ErrNotPolled
			}
			changed := *p
			changed.SetOn(watts > 0)
			if watts > 0 {
				changed.Power = method.Some(watts)
			}
			return one(smart.SetProtectionPower.With(changed))
		},
		Limits: func(v *feature.View) (lo, hi float64, ok bool) {
			if m := smart.GetMaxPower.Result(v.Snapshot); m != nil {
				hi, ok := m.Power.Get()
				return 0, float64(hi), ok && hi > 0
			}
			return 0, 0, false
		},
	}),
}
