package catalog

import (
	"math"
	"slices"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

var (
	powerMeta = feature.Meta{
		ID: "current_consumption", Name: "Current consumption", Kind: feature.Sensor,
		Category: feature.Primary, Unit: feature.Watt, Precision: 1,
	}
	voltageMeta = feature.Meta{
		ID: "voltage", Name: "Voltage", Kind: feature.Sensor,
		Category: feature.Primary, Unit: feature.Volt, Precision: 1,
	}
	currentMeta = feature.Meta{
		ID: "current", Name: "Current", Kind: feature.Sensor,
		Category: feature.Primary, Unit: feature.Ampere, Precision: 2,
	}
	todayMeta = feature.Meta{
		ID: "consumption_today", Name: "Today's consumption", Kind: feature.Sensor,
		Category: feature.Info, Unit: feature.KilowattHour, Precision: 3, Total: true,
	}
	monthMeta = feature.Meta{
		ID: "consumption_this_month", Name: "This month's consumption", Kind: feature.Sensor,
		Category: feature.Info, Unit: feature.KilowattHour, Precision: 3, Total: true,
	}
	totalMeta = feature.Meta{
		ID: "consumption_total", Name: "Total consumption since reboot", Kind: feature.Sensor,
		Category: feature.Info, Unit: feature.KilowattHour, Precision: 3, Total: true,
	}
)

// energyRows are what meters say (docs/protocol/iot.md section 5, smart.md
// section 7).
var energyRows = slices.Concat(
	plugEnergy,
	iotEnergy(iot.BulbEmeter, func(v *feature.View) bool { return meters(v) && isLight(v) }),
	stripEnergy,
	smartEnergy,
)

// plugEnergy are the rows of plugs and of outlets.
var plugEnergy = iotEnergy(iot.Emeter, func(v *feature.View) bool {
	return meters(v) && !isLight(v) && v.Type != wattle.Strip
})

func meters(v *feature.View) bool {
	s := sysinfo(v)
	return s != nil && s.Meters()
}

func isLight(v *feature.View) bool {
	s := sysinfo(v)
	return s != nil && s.IsLight()
}

// iotEnergy are the rows of a device or outlet with one of the two modules.
func iotEnergy(m iot.Energy, when func(*feature.View) bool) []feature.Feature {
	realtime := func(meta feature.Meta, get func(*iot.Realtime) (float64, bool), has func(*iot.Realtime) bool) feature.Feature {
		return feature.From(wattle.IOT, m.GetRealtime, method.EveryPoll,
			feature.Row[iot.Realtime, float64]{Meta: meta, When: when, Get: get, Has: has})
	}
	volts := func(r *iot.Realtime) bool { _, ok := r.Volts(); return ok }
	total := func(r *iot.Realtime) bool { _, ok := r.TotalKWh(); return ok }
	days := m.GetDayStat.QueryAt(method.EveryMinute, thisMonth)
	months := m.GetMonthStat.QueryAt(method.EveryMinute, thisYear)
	return []feature.Feature{
		realtime(powerMeta, (*iot.Realtime).Watts, nil),
		realtime(voltageMeta, (*iot.Realtime).Volts, volts),
		realtime(currentMeta, (*iot.Realtime).Amperes, volts),
		feature.Derive(wattle.IOT, feature.Derived[float64]{
			Meta: todayMeta, When: when, Queries: []method.Query{days},
			Has: func(v *feature.View) bool { return v.Answered(days.Key()) },
			Get: func(v *feature.View) (float64, bool) {
				now := LocalTime(v)
				r := m.GetDayStat.Result(v.Snapshot)
				if r == nil || !askedFor(v, days, now) {
					return 0, false
				}
				return statistic(r.Days, (*iot.Stat).KWh, isDay(now))
			},
		}),
		feature.Derive(wattle.IOT, feature.Derived[float64]{
			Meta: monthMeta, When: when, Queries: []method.Query{months},
			Has: func(v *feature.View) bool { return v.Answered(months.Key()) },
			Get: func(v *feature.View) (float64, bool) {
				now := LocalTime(v)
				r := m.GetMonthStat.Result(v.Snapshot)
				if r == nil || !askedFor(v, months, now) {
					return 0, false
				}
				return statistic(r.Months, (*iot.Stat).KWh, isMonth(now))
			},
		}),
		realtime(totalMeta, (*iot.Realtime).TotalKWh, total),
	}
}

// askedFor reports whether the statistic at hand is the one of this moment:
// just after midnight it may still be that of the month before.
func askedFor(v *feature.View, q method.Query, now time.Time) bool {
	a := v.Snapshot.Find(q.Key())
	return a != nil && string(a.Call.Params) == string(q.At(now).Params)
}

// statistic is the value of the entry that is meant, later entries first. A
// list without it means that nothing was used (section 5).
func statistic(entries []iot.Stat, value func(*iot.Stat) (float64, bool), meant func(*iot.Stat) bool) (float64, bool) {
	for i := len(entries) - 1; i >= 0; i-- {
		if meant(&entries[i]) {
			return value(&entries[i])
		}
	}
	return 0, true
}

func isDay(t time.Time) func(*iot.Stat) bool {
	return func(s *iot.Stat) bool {
		return s.Year == t.Year() && s.Month == int(t.Month()) && s.Day == t.Day()
	}
}

func isMonth(t time.Time) func(*iot.Stat) bool {
	return func(s *iot.Stat) bool { return s.Year == t.Year() && s.Month == int(t.Month()) }
}

// thisMonth and thisYear are the parameters of statistics at a time.
func thisMonth(t time.Time) iot.Month { return iot.Month{Year: t.Year(), Month: int(t.Month())} }
func thisYear(t time.Time) iot.Year   { return iot.Year{Year: t.Year()} }

// stripEnergy are the sums over the outlets of a strip, and the mean of their
// voltages: the strip itself answers for its first outlet only.
var stripEnergy = []feature.Feature{
	overOutlets(powerMeta, sum),
	overOutlets(voltageMeta, func(values []float64) float64 {
		return math.Round(sum(values)/float64(len(values))*1000) / 1000
	}),
	overOutlets(currentMeta, sum),
	overOutlets(todayMeta, sum),
	overOutlets(monthMeta, sum),
	overOutlets(totalMeta, sum),
}

// sum adds readings up and takes off what adding floats leaves behind: no
// device tells more than six digits after the point.
func sum(values []float64) float64 {
	var total float64
	for _, v := range values {
		total += v
	}
	return math.Round(total*1e6) / 1e6
}

// overOutlets is a row of a strip that gathers the rows of the same id of its
// outlets. It is unknown while one of them is.
func overOutlets(meta feature.Meta, gather func([]float64) float64) feature.Feature {
	outlet := func(v *feature.View) *feature.Feature {
		for i := range plugEnergy {
			if f := &plugEnergy[i]; f.ID == meta.ID && f.Exists(v) {
				return f
			}
		}
		return nil
	}
	return feature.Derive(wattle.IOT, feature.Derived[float64]{
		Meta: meta,
		// The outlets' own rows ask for their readings.
		Queries: []method.Query{iot.GetSysinfo.Query(method.EveryPoll)},
		When:    func(v *feature.View) bool { return v.Type == wattle.Strip && meters(v) },
		Has: func(v *feature.View) bool {
			return slices.ContainsFunc(v.Children, func(c *feature.View) bool { return outlet(c) != nil })
		},
		Get: func(v *feature.View) (float64, bool) {
			var values []float64
			for _, c := range v.Children {
				f := outlet(c)
				if f == nil {
					return 0, false
				}
				n, ok := f.Get(c).Number()
				if !ok {
					return 0, false
				}
				values = append(values, n)
			}
			return gather(values), len(values) > 0
		},
	})
}

// smartMeters: the component, and a switch of its own: a strip lists the
// components of its outlets.
func smartMeters(v *feature.View) bool {
	if !energyMonitoring(v) {
		return false
	}
	i := info(v)
	return i != nil && i.DeviceOn.Known()
}

var energyMonitoring = has("energy_monitoring")

var smartEnergy = []feature.Feature{
	feature.Derive(wattle.SMART, feature.Derived[float64]{
		Meta: powerMeta, When: smartMeters,
		Queries: []method.Query{
			smart.GetEmeterData.Query(method.EveryPoll),
			smart.GetEnergyUsage.Query(method.EveryPoll),
			smart.GetCurrentPower.Query(method.EveryPoll),
		},
		Has: func(v *feature.View) bool {
			return v.Answered(smart.GetEmeterData.Key()) || v.Answered(smart.GetEnergyUsage.Key()) ||
				v.Answered(smart.GetCurrentPower.Key())
		},
		Get: smartPower,
	}),
	feature.From(wattle.SMART, smart.GetEmeterData, method.EveryPoll, feature.Row[smart.EmeterData, float64]{
		Meta: voltageMeta, When: smartMeters,
		Get: func(d *smart.EmeterData) (float64, bool) { return milli(d.VoltageMV) },
	}),
	feature.From(wattle.SMART, smart.GetEmeterData, method.EveryPoll, feature.Row[smart.EmeterData, float64]{
		Meta: currentMeta, When: smartMeters,
		Get: func(d *smart.EmeterData) (float64, bool) { return milli(d.CurrentMA) },
	}),
	feature.From(wattle.SMART, smart.GetEnergyUsage, method.EveryPoll, feature.Row[smart.EnergyUsage, float64]{
		Meta: todayMeta, When: smartMeters,
		Get: func(u *smart.EnergyUsage) (float64, bool) { return milli(u.TodayEnergy) },
	}),
	feature.From(wattle.SMART, smart.GetEnergyUsage, method.EveryPoll, feature.Row[smart.EnergyUsage, float64]{
		Meta: monthMeta, When: smartMeters,
		Get: func(u *smart.EnergyUsage) (float64, bool) { return milli(u.MonthEnergy) },
	}),
}

// smartPower takes the finest of the three answers that have it.
func smartPower(v *feature.View) (float64, bool) {
	if d := smart.GetEmeterData.Result(v.Snapshot); d != nil && d.PowerMW.Known() {
		return milli(d.PowerMW)
	}
	if u := smart.GetEnergyUsage.Result(v.Snapshot); u != nil && u.CurrentPower.Known() {
		return milli(u.CurrentPower)
	}
	if p := smart.GetCurrentPower.Result(v.Snapshot); p != nil {
		return p.Power.Get()
	}
	return 0, false
}

// milli turns thousandths into the unit: mW into W, Wh into kWh.
func milli(o method.Opt[float64]) (float64, bool) {
	n, ok := o.Get()
	return n / 1000, ok
}
