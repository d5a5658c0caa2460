package catalog

import (
	"slices"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// usageRows are how long devices were on, and sums of energy over days
// (docs/protocol/iot.md section 12.5, smart.md sections 6 and 7).
var usageRows = slices.Concat(
	iotUsage(iot.PlugRuntime, func(v *feature.View) bool { return v.Type != wattle.Strip && !isLight(v) }),
	iotUsage(iot.BulbRuntime, isLight),
	smartUsage,
)

// usage is a row in minutes or kWh that a device adds up.
func usage(id, name string, unit feature.Unit, category feature.Category) feature.Meta {
	return feature.Meta{ID: id, Name: name, Kind: feature.Sensor, Category: category, Unit: unit}
}

// iotUsage are the rows of a device or outlet with one of the two modules.
// Outlets have tables of their own, and a strip has none.
func iotUsage(m iot.Runtime, when func(*feature.View) bool) []feature.Feature {
	days := m.GetDayStat.QueryAt(method.EveryMinute, thisMonth)
	months := m.GetMonthStat.QueryAt(method.EveryMinute, thisYear)
	total := func(meta feature.Meta) feature.Meta { meta.Total = true; return meta }
	return []feature.Feature{
		feature.Derive(wattle.IOT, feature.Derived[int]{
			Meta: total(usage("usage_today", "Runtime today", feature.Minute, feature.Info)),
			When: when, Queries: []method.Query{days},
			Has: func(v *feature.View) bool { return v.Answered(days.Key()) },
			Get: func(v *feature.View) (int, bool) {
				now, r := LocalTime(v), m.GetDayStat.Result(v.Snapshot)
				if r == nil || !askedFor(v, days, now) {
					return 0, false
				}
				return whole(statistic(r.Days, onTime, isDay(now)))
			},
		}),
		feature.Derive(wattle.IOT, feature.Derived[int]{
			Meta: total(usage("usage_this_month", "Runtime this month", feature.Minute, feature.Info)),
			When: when, Queries: []method.Query{months},
			Has: func(v *feature.View) bool { return v.Answered(months.Key()) },
			Get: func(v *feature.View) (int, bool) {
				now, r := LocalTime(v), m.GetMonthStat.Result(v.Snapshot)
				if r == nil || !askedFor(v, months, now) {
					return 0, false
				}
				return whole(statistic(r.Months, onTime, isMonth(now)))
			},
		}),
	}
}

func onTime(s *iot.Stat) (float64, bool) { return s.Time.Get() }

// whole is a number of minutes.
func whole(n float64, ok bool) (int, bool) { return int(n), ok && n >= 0 && n < 1<<40 }

var smartUsage = []feature.Feature{
	smartSum(usage("runtime_today", "Runtime today", feature.Minute, feature.Info), true, runtimes,
		func(u *smart.Usage) method.Opt[float64] { return u.Today }),
	smartSum(usage("runtime_past7", "Runtime past 7 days", feature.Minute, feature.Debug), false, runtimes,
		func(u *smart.Usage) method.Opt[float64] { return u.Past7 }),
	smartSum(usage("runtime_past30", "Runtime past 30 days", feature.Minute, feature.Debug), false, runtimes,
		func(u *smart.Usage) method.Opt[float64] { return u.Past30 }),
	smartSumOf(usage("energy_past7", "Energy past 7 days", feature.KilowattHour, feature.Info), energies,
		func(u *smart.Usage) method.Opt[float64] { return u.Past7 }),
	smartSumOf(usage("energy_past30", "Energy past 30 days", feature.KilowattHour, feature.Info), energies,
		func(u *smart.Usage) method.Opt[float64] { return u.Past30 }),
	smartSumOf(usage("saved_power_today", "Energy saved today", feature.KilowattHour, feature.Debug), savings,
		func(u *smart.Usage) method.Opt[float64] { return u.Today }),
	feature.From(wattle.SMART, smart.GetEnergyUsage, method.EveryPoll, feature.Row[smart.EnergyUsage, int]{
		Meta: usage("month_runtime", "Runtime this month", feature.Minute, feature.Info), When: smartMeters,
		Has: func(u *smart.EnergyUsage) bool { return u.MonthRuntime.Known() },
		Get: func(u *smart.EnergyUsage) (int, bool) { return whole(u.MonthRuntime.Get()) },
	}),
}

func runtimes(u *smart.DeviceUsage) *smart.Usage { return &u.Time }
func energies(u *smart.DeviceUsage) *smart.Usage { return &u.Power }
func savings(u *smart.DeviceUsage) *smart.Usage  { return &u.Saved }

// usageWhen: devices behind a hub list the component and do not answer
// (docs/protocol/smart.md section 2).
func usageWhen(v *feature.View) bool {
	return deviceFrom2(v) && (v.Parent == nil || v.Parent.Type != wattle.Hub)
}

var deviceFrom2 = hasFrom("device", 2)

// smartSum is a row of whole minutes. The sums of the past 7 and 30 days fall,
// too: they are no counters.
func smartSum(meta feature.Meta, counter bool, of func(*smart.DeviceUsage) *smart.Usage, pick func(*smart.Usage) method.Opt[float64]) feature.Feature {
	meta.Total = counter
	return feature.From(wattle.SMART, smart.GetDeviceUsage, method.EveryMinute, feature.Row[smart.DeviceUsage, int]{
		Meta: meta, When: usageWhen,
		Has: func(u *smart.DeviceUsage) bool { return pick(of(u)).Known() },
		Get: func(u *smart.DeviceUsage) (int, bool) { return whole(pick(of(u)).Get()) },
	})
}

// smartSumOf is a row in kWh. What was saved falls too, while much is used.
func smartSumOf(meta feature.Meta, of func(*smart.DeviceUsage) *smart.Usage, pick func(*smart.Usage) method.Opt[float64]) feature.Feature {
	return feature.From(wattle.SMART, smart.GetDeviceUsage, method.EveryMinute, feature.Row[smart.DeviceUsage, float64]{
		Meta: meta, When: usageWhen,
		Has: func(u *smart.DeviceUsage) bool { return pick(of(u)).Known() },
		Get: func(u *smart.DeviceUsage) (float64, bool) { return milli(pick(of(u))) },
	})
}
