package catalog

import (
	"slices"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var (
	onSinceIOT   = feature.Meta{ID: "on_since", Name: "On since", Kind: feature.Sensor, Category: feature.Info}
	onSinceSMART = feature.Meta{ID: "on_since", Name: "On since", Kind: feature.Sensor, Category: feature.Debug}
)

// jitter is how much a computed time may move before it counts as another
// one: devices round their on-time, and answers take a while.
const jitter = 5 * time.Second

// timeRows are the device's clock and what is computed from it
// (docs/protocol/iot.md section 9, smart.md section 6).
var timeRows = slices.Concat(
	iotOnSince(iot.PlugClock, not(isLight)),
	iotOnSince(iot.BulbClock, isLight),
	[]feature.Feature{
		feature.Derive(wattle.SMART, feature.Derived[time.Time]{
			Meta: onSinceSMART,
			Has: func(v *feature.View) bool {
				i := info(v)
				return i != nil && i.OnTime.Known()
			},
			Queries: []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)},
			Get: func(v *feature.View) (time.Time, bool) {
				i := info(v)
				if i == nil || !i.DeviceOn.Or(false) {
					return time.Time{}, false
				}
				return since(v, i.OnTime)
			},
		}),
		feature.From(wattle.SMART, smart.GetDeviceTime, method.EveryPoll, feature.Row[smart.Time, time.Time]{
			Meta: feature.Meta{ID: "device_time", Name: "Device time", Kind: feature.Sensor, Category: feature.Debug},
			When: root(has("time")),
			Get:  (*smart.Time).Moment,
		}),
	},
)

// iotOnSince are the rows of devices with one of the two clock modules: a
// relay, an outlet, and a strip, which is on since its first outlet is.
func iotOnSince(clock iot.Clock, when func(*feature.View) bool) []feature.Feature {
	queries := []method.Query{
		iot.GetSysinfo.Query(method.EveryPoll),
		clock.GetTime.Query(method.EveryPoll),
		clock.GetTimezone.Query(method.EveryDay),
	}
	return []feature.Feature{
		feature.Derive(wattle.IOT, feature.Derived[time.Time]{
			Meta: onSinceIOT, Queries: queries,
			When: root(when),
			Has: func(v *feature.View) bool {
				s := sysinfo(v)
				return s != nil && (s.OnTime.Known() || len(s.Children) > 0)
			},
			Get: func(v *feature.View) (time.Time, bool) {
				s := sysinfo(v)
				if s == nil {
					return time.Time{}, false
				}
				if len(s.Children) > 0 {
					return since(v, longestOn(s.Children))
				}
				if !s.RelayState.Or(false) {
					return time.Time{}, false
				}
				return since(v, s.OnTime)
			},
		}),
		feature.Derive(wattle.IOT, feature.Derived[time.Time]{
			Meta: onSinceIOT, Queries: []method.Query{iot.GetOutlet.Query(method.EveryPoll)},
			When: func(v *feature.View) bool { return v.Type == wattle.StripSocket && when(v) },
			Has: func(v *feature.View) bool {
				o := iot.GetOutlet.Result(v.Snapshot)
				return o != nil && o.OnTime.Known()
			},
			Get: func(v *feature.View) (time.Time, bool) {
				o := iot.GetOutlet.Result(v.Snapshot)
				if o == nil || !o.State.Or(false) {
					return time.Time{}, false
				}
				return since(v, o.OnTime)
			},
		}),
	}
}

// longestOn is the longest on-time of the outlets that are on.
func longestOn(outlets []iot.Outlet) method.Opt[int] {
	var longest method.Opt[int]
	for i := range outlets {
		if t, ok := outlets[i].OnTime.Get(); ok && outlets[i].State.Or(false) && t >= longest.Or(0) {
			longest = outlets[i].OnTime
		}
	}
	return longest
}

// since is the moment that lies some seconds before the device's time. While
// it moves by no more than the jitter, the value of the poll before stays.
func since(v *feature.View, seconds method.Opt[int]) (time.Time, bool) {
	s, ok := seconds.Get()
	if !ok || s < 0 {
		return time.Time{}, false
	}
	at := LocalTime(v).Add(-time.Duration(s) * time.Second)
	return steady(v, "on_since", at), true
}

// steady gives the previous value of a feature where at is about the same.
func steady(v *feature.View, id string, at time.Time) time.Time {
	if before, ok := feature.As[time.Time](v.Before(id)); ok && at.Sub(before).Abs() <= jitter {
		return before.In(at.Location())
	}
	return at
}

// LocalTime is the device's own time in its own zone, the time of the snapshot
// where the device does not tell. Children have the clock of their parent.
func LocalTime(v *feature.View) time.Time {
	r := v.Root()
	if !r.Local.IsZero() {
		return r.Local
	}
	switch v.Family {
	case wattle.SMART:
		if t := smart.GetDeviceTime.Result(r.Snapshot); t != nil {
			if at, ok := t.Moment(); ok {
				return at
			}
		}
	case wattle.IOT:
		for _, clock := range []iot.Clock{iot.PlugClock, iot.BulbClock} {
			t, zone := clock.GetTime.Result(r.Snapshot), clock.GetTimezone.Result(r.Snapshot)
			if t == nil || zone == nil {
				continue
			}
			if at, ok := t.In(zone.Location(t, v.Time())); ok {
				return at
			}
		}
	}
	return v.Time()
}
