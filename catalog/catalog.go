// Package catalog is the table of every feature of every device: one row each,
// in files by subject. To add a feature, give the answer's struct in package
// method/iot or method/smart a field and add a row here; every surface, the
// manual and the table tests follow.
//
// Ids, names, units and categories are those of docs/protocol/features.json,
// and an id is a promise: it is never renamed or removed. Families say the same
// thing by different methods, so one id may have several rows; they share one
// Meta variable, and at most one of them exists on a device.
//
// Rows decide by what a device says, never by its model. The one exception is
// the colour temperature range of Kasa bulbs, which they do not tell.
package catalog

import (
	"slices"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// A Subject is a part of the catalog: rows that belong together, in the order
// in which they are shown.
type Subject struct {
	Name string // sentence case, for people: the manual's headings
	Rows []feature.Feature
}

// subjects are the catalog in the order in which features are shown.
var subjects = []Subject{
	{"On and off", stateRows},
	{"Light", lightRows},
	{"Light effects", effectRows},
	{"Light presets", presetRows},
	{"Climate", climateRows},
	{"Vacuum", vacuumRows},
	{"Sensors", sensorRows},
	{"Motion and ambient light in switches", motionRows},
	{"Energy", energyRows},
	{"Usage", usageRows},
	{"Protection", protectionRows},
	{"Settings of plugs and switches", switchRows},
	{"Dimmers", dimmerRows},
	{"Fading", fadeRows},
	{"After a power cut", powerOnRows},
	{"Siren", alarmRows},
	{"Network", networkRows},
	{"Clock", timeRows},
	{"Rules", ruleRows},
	{"Firmware", firmwareRows},
	{"System", systemRows},
	{"Hubs", hubRows},
}

// Subjects gives the catalog by subject: the same slice each time, not to be
// changed.
func Subjects() []Subject { return subjects }

// all is every row.
var all = func() (rows []feature.Feature) {
	for _, s := range subjects {
		rows = append(rows, s.Rows...)
	}
	return slices.Clip(rows)
}()

// All gives every row: the same slice each time, not to be changed.
func All() []feature.Feature { return all }

// byFamily are the rows that a device of a family may have at all.
var byFamily = func() map[wattle.Family][]*feature.Feature {
	out := map[wattle.Family][]*feature.Feature{}
	for i := range all {
		out[all[i].Family] = append(out[all[i].Family], &all[i])
	}
	return out
}()

// For gives the rows that may exist on a device, in their order. Which do is
// decided by the answers, see [feature.Feature.Exists].
func For(v *feature.View) []*feature.Feature { return AppendFor(nil, v) }

// AppendFor is [For] that appends to a slice.
func AppendFor(rows []*feature.Feature, v *feature.View) []*feature.Feature {
	of := byFamily[v.Family]
	rows = slices.Grow(rows, len(of)/2)
	for _, row := range of {
		if row.MayApply(v) {
			rows = append(rows, row)
		}
	}
	return rows
}

// Queries gives what has to be polled for some rows, each query once and at
// the fastest pace that a row wants.
func Queries(rows []*feature.Feature) []method.Query {
	var out []method.Query
	at := map[string]int{}
	for _, row := range rows {
		for _, q := range row.Queries {
			i, seen := at[q.Key()]
			switch {
			case !seen:
				at[q.Key()] = len(out)
				out = append(out, q)
			case q.Pace < out[i].Pace:
				out[i] = q
			}
		}
	}
	return out
}

// What conditions look at, as queries: their answers are found without a search.
var (
	sysinfoQuery = iot.GetSysinfo.Query(method.EveryPoll)
	infoQuery    = smart.GetDeviceInfo.Query(method.EveryPoll)
)

// sysinfo is the answer of get_sysinfo, the parent's for an outlet; nil where
// there is none.
func sysinfo(v *feature.View) *iot.Sysinfo {
	if a := sysinfoQuery.Answer(v.Root().Snapshot); a != nil {
		s, _ := a.Value.(*iot.Sysinfo)
		return s
	}
	return nil
}

// info is the answer of get_device_info, or nil.
func info(v *feature.View) *smart.Info {
	if a := infoQuery.Answer(v.Snapshot); a != nil {
		i, _ := a.Value.(*smart.Info)
		return i
	}
	return nil
}

// has is a condition: the device lists a component.
func has(component string) func(*feature.View) bool {
	return hasFrom(component, 1)
}

// hasFrom is a condition: the device lists a component in a version or later.
func hasFrom(component string, version int) func(*feature.View) bool {
	c := feature.ComponentOf(component)
	return func(v *feature.View) bool { return v.Version(c) >= version }
}

// alone is a condition on top of another: not for outlets and other parts of
// a device, which list components of the whole that they do not answer for
// (docs/protocol/smart.md section 2). Devices behind a hub count as alone.
func alone(when func(*feature.View) bool) func(*feature.View) bool {
	return func(v *feature.View) bool {
		return (v.Parent == nil || v.Parent.Type == wattle.Hub) && when(v)
	}
}

// root is a condition on top of another, or of none: only for a device with a
// connection of its own.
func root(when func(*feature.View) bool) func(*feature.View) bool {
	return func(v *feature.View) bool { return v.Parent == nil && (when == nil || when(v)) }
}

// is is a condition: one of some device types.
func is(types ...wattle.DeviceType) func(*feature.View) bool {
	return func(v *feature.View) bool { return slices.Contains(types, v.Type) }
}

// not turns a condition round.
func not(when func(*feature.View) bool) func(*feature.View) bool {
	return func(v *feature.View) bool { return !when(v) }
}

// field ties a row to get_device_info.
func field[T feature.Scalar](row feature.Row[smart.Info, T]) feature.Feature {
	return feature.From(wattle.SMART, smart.GetDeviceInfo, method.EveryPoll, row)
}

// sysfield ties a row to get_sysinfo, which outlets do not have.
func sysfield[T feature.Scalar](row feature.Row[iot.Sysinfo, T]) feature.Feature {
	row.When = root(row.When)
	return feature.From(wattle.IOT, iot.GetSysinfo, method.EveryPoll, row)
}

// setInfo is a call of set_device_info.
func setInfo(p smart.SetInfo) (method.Call, error) { return smart.SetDeviceInfo.With(p) }

// one is a list of one call.
func one(c method.Call, err error) ([]method.Call, error) {
	if err != nil {
		return nil, err
	}
	return []method.Call{c}, nil
}
