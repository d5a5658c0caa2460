package simulator

import (
	"encoding/json"
	"math"
	"sync"
	"time"
)

// Energy, runtime and the clock of SMART devices. See docs/protocol/smart.md
// sections 6 and 7.

// metered: the parent of a strip lists the component without measuring.
func (u *unit) metered() bool {
	_, stored := u.base["get_energy_usage"]
	return stored || u.has("energy_monitoring") && u.info.has("device_on")
}

// recordedWatts is the power in the capture.
func (u *unit) recordedWatts() float64 {
	if o, ok := u.stored("get_emeter_data"); ok {
		if mw, ok := o.number("power_mw"); ok {
			return mw / 1000
		}
	}
	if o, ok := u.stored("get_energy_usage"); ok {
		if mw, ok := o.number("current_power"); ok {
			return mw / 1000
		}
	}
	o, _ := u.stored("get_current_power")
	watts, _ := o.number("current_power")
	return watts
}

func (u *unit) startEnergy(on bool, clock time.Time) {
	usage, _ := u.stored("get_device_usage")
	times := usage.object("time_usage")
	u.usage.seed = u.info.text("device_id") + "/usage"
	u.usage.today, _ = times.number("today")
	u.usage.start(clock)
	if on {
		u.usage.rate = 60
	}
	if !u.metered() {
		return
	}
	u.power = newPower(u.recordedWatts(), on, u.level(), 24)
	u.power.ripple = u.e.d.options.Ripple
	t := &u.power.energy
	t.seed = u.info.text("device_id")
	energy, _ := u.stored("get_energy_usage")
	t.today, _ = energy.number("today_energy")
	t.month, _ = energy.number("month_energy")
	past, _ := usage.object("power_usage").number("past30")
	t.typical = past / 30
	if t.typical == 0 {
		t.typical = min(6*u.power.load, 2000)
	}
	t.start(clock)
}

func (u *unit) level() float64 {
	if level, ok := u.info.number("brightness"); ok {
		return level
	}
	return 100
}

func (u *unit) setPower() { u.power.turn(u.watch.on, u.level()) }

// watts is the power now, and whether it differs from what the capture shows.
func (u *unit) watts() (w float64, changed bool) {
	w = u.power.shown(u.e.d.clock.time())
	return w, w != u.power.recorded
}

func (u *unit) getEnergyUsage(object) (json.RawMessage, int) {
	o, ok := u.stored("get_energy_usage")
	if !ok || !u.metered() {
		return nil, u.unknown("get_energy_usage")
	}
	if w, changed := u.watts(); changed && o.has("current_power") {
		o.put("current_power", int64(math.Round(w*1000)))
	}
	if !u.e.d.clock.frozen {
		o.put("local_time", u.e.d.clock.time().Format(time.DateTime))
		u.putSum(o, "today_energy", u.power.energy.today)
		u.putSum(o, "month_energy", u.power.energy.month)
		u.putSum(o, "today_runtime", u.runtime(o, "today_runtime"))
		u.putSum(o, "month_runtime", u.runtime(o, "month_runtime"))
	}
	return o.raw(), 0
}

// putSum replaces a whole number that is in the answer already.
func (u *unit) putSum(o object, key string, value float64) {
	if o.has(key) {
		o.put(key, int64(value))
	}
}

// runtime is the recorded runtime and what came since the start. The day's
// begins anew at midnight.
func (u *unit) runtime(o object, key string) float64 {
	if key == "today_runtime" && dateKey(u.usage.at) != dateKey(u.usage.born) {
		return u.usage.today
	}
	recorded, _ := o.number(key)
	return recorded + u.usage.total
}

func (u *unit) getCurrentPower(object) (json.RawMessage, int) {
	o, ok := u.stored("get_current_power")
	if !ok || !u.metered() {
		return nil, u.unknown("get_current_power")
	}
	if w, changed := u.watts(); changed {
		o.put("current_power", int64(math.Round(w)))
	}
	return o.raw(), 0
}

func (u *unit) getEmeterData(object) (json.RawMessage, int) {
	o, ok := u.stored("get_emeter_data")
	if !ok {
		return nil, u.unknown("get_emeter_data")
	}
	if w, changed := u.watts(); changed && o.has("power_mw") {
		o.put("power_mw", int64(math.Round(w*1000)))
		if mv, _ := o.number("voltage_mv"); mv > 0 && o.has("current_ma") {
			o.put("current_ma", int64(math.Round(w*1e6/mv)))
		}
	}
	if wh, ok := o.number("energy_wh"); ok {
		o.put("energy_wh", int64(wh+u.power.energy.total))
	}
	return o.raw(), 0
}

func (u *unit) clearEnergyData(object) (json.RawMessage, int) {
	if !u.metered() {
		return nil, codeUnknownMethod
	}
	u.power.energy.erase()
	if o, ok := u.stored("get_emeter_data"); ok {
		o.put("energy_wh", 0)
		u.change("get_emeter_data", o)
	}
	return nil, 0
}

// getDeviceUsage adds to the recorded sums what came since the start.
func (u *unit) getDeviceUsage(object) (json.RawMessage, int) {
	o, ok := u.stored("get_device_usage")
	if !ok {
		return nil, u.unknown("get_device_usage")
	}
	for key, t := range map[string]*tally{"time_usage": &u.usage, "power_usage": &u.power.energy} {
		sums := o.object(key)
		if sums == nil || u.e.d.clock.frozen || u.battery {
			continue
		}
		for _, span := range []string{"today", "past7", "past30"} {
			recorded, ok := sums.number(span)
			if !ok {
				continue
			}
			value := recorded + t.total
			if span == "today" && dateKey(t.at) != dateKey(t.born) {
				value = t.today
			}
			sums.put(span, int64(value))
		}
		o[key] = sums.raw()
	}
	return o.raw(), 0
}

// getEnergyData gives Wh by hour, day or month. The device aligns the start to
// a day, a quarter or a year. See docs/protocol/smart.md section 7.1.
func (u *unit) getEnergyData(params object) (json.RawMessage, int) {
	if _, code := u.getEnergyUsage(nil); code != 0 || u.version("energy_monitoring") < 2 {
		return nil, u.unknown("get_energy_data")
	}
	start, end, interval, ok := u.span(params)
	if !ok {
		return nil, codeParams
	}
	var data []int64
	switch interval {
	case 60:
		last := startOfDay(end)
		if last.Sub(startOfDay(start)) > 8*24*time.Hour {
			return nil, codeParams
		}
		for day := startOfDay(start); !day.After(last); day = day.AddDate(0, 0, 1) {
			data = append(data, u.hours(day)...)
		}
	case 1440:
		first := time.Date(start.Year(), (start.Month()-1)/3*3+1, 1, 0, 0, 0, 0, start.Location())
		for day := first; day.Before(first.AddDate(0, 3, 0)); day = day.AddDate(0, 0, 1) {
			data = append(data, int64(math.Round(u.power.energy.day(day))))
		}
	case 43_200:
		for month := time.January; month <= time.December; month++ {
			data = append(data, int64(math.Round(u.power.energy.monthOf(start.Year(), month))))
		}
	default:
		return nil, codeParams
	}
	return u.series(params, data), 0
}

// hours spreads the energy of a day over its hours, or over those that are
// over.
func (u *unit) hours(day time.Time) []int64 {
	data := make([]int64, 24)
	now := u.e.d.clock.time()
	n := 24
	if dateKey(day) == dateKey(now) {
		n = now.Hour() + 1
	}
	whole := int64(math.Round(u.power.energy.day(day)))
	for i := range n {
		data[i] = whole*int64(i+1)/int64(n) - whole*int64(i)/int64(n)
	}
	return data
}

// getPowerData gives the average W of every 5 minutes or hour, -1 where
// nothing is known. See docs/protocol/smart.md section 7.2.
func (u *unit) getPowerData(params object) (json.RawMessage, int) {
	if _, code := u.getEnergyUsage(nil); code != 0 || u.version("energy_monitoring") < 2 {
		return nil, u.unknown("get_power_data")
	}
	start, end, interval, ok := u.span(params)
	step := time.Duration(interval) * time.Minute
	if !ok || interval != 5 && interval != 60 || end.Sub(start) > 168*step {
		return nil, codeParams
	}
	now := u.e.d.clock.time()
	data := []int64{}
	for at := start.Truncate(step); at.Before(end); at = at.Add(step) {
		switch {
		case at.After(now):
			data = append(data, -1)
		case now.Sub(at) < step:
			w, _ := u.watts()
			data = append(data, int64(math.Round(w)))
		default:
			data = append(data, int64(math.Round(u.power.energy.day(at)/24)))
		}
	}
	return u.series(params, data), 0
}

func (u *unit) span(params object) (start, end time.Time, interval int, ok bool) {
	from, ok1 := params.integer("start_timestamp")
	to, ok2 := params.integer("end_timestamp")
	interval, ok3 := params.integer("interval")
	zone := u.e.d.clock.zone
	start, end = time.Unix(int64(from), 0).In(zone), time.Unix(int64(to), 0).In(zone)
	return start, end, interval, ok1 && ok2 && ok3 && from >= 0 && to >= from && to < 1<<32
}

func (u *unit) series(params object, data []int64) json.RawMessage {
	return object{
		"local_time": marshal(u.e.d.clock.time().Format(time.DateTime)), "data": marshal(data),
		"start_timestamp": params["start_timestamp"], "end_timestamp": params["end_timestamp"], "interval": params["interval"],
	}.raw()
}

// setZone takes the clock of the capture. It sets where a frozen one stands.
func (e *smart) setZone() {
	o, ok := e.self.stored("get_device_time")
	if !ok {
		o = e.self.info
	}
	e.d.clock.zone = zoneOf(o)
	if stamp, ok := o.integer("timestamp"); ok {
		e.d.clock.stands = time.Unix(int64(stamp), 0)
	}
}

// zones are the zones that were needed so far, by name: reading one takes long.
var zones sync.Map

// zoneOf reads region, a name of the zone database, and time_diff, the minutes
// from UTC, for regions that are none.
func zoneOf(o object) *time.Location {
	minutes, _ := o.integer("time_diff")
	region := o.text("region")
	if zone, ok := zones.Load(region); ok {
		return zone.(*time.Location)
	}
	if zone, err := time.LoadLocation(region); err == nil && region != "" && region != "Local" {
		zones.Store(region, zone)
		return zone
	}
	minutes = min(max(minutes, -24*60), 24*60)
	return time.FixedZone(region, minutes*60)
}

func (u *unit) getDeviceTime(object) (json.RawMessage, int) {
	o, ok := u.stored("get_device_time")
	if !ok {
		return nil, u.unknown("get_device_time")
	}
	if c := &u.e.d.clock; !c.frozen || u.own["get_device_time"] != nil {
		o.put("timestamp", c.time().Unix())
	}
	return o.raw(), 0
}

func (u *unit) setDeviceTime(params object) (json.RawMessage, int) {
	o, ok := u.stored("get_device_time")
	if !ok {
		return nil, u.unknown("set_device_time")
	}
	stamp, ok := params.integer("timestamp")
	minutes, okMinutes := params.integer("time_diff")
	if !ok || stamp < 0 || stamp > 1<<32 || !okMinutes || minutes < -24*60 || minutes > 24*60 || !fits(o, params) {
		return nil, codeParams
	}
	mergeInto(o, params)
	u.change("get_device_time", o)
	for _, key := range []string{"region", "time_diff"} {
		if u.info.has(key) && params.has(key) {
			u.info[key] = params[key]
		}
	}
	c := &u.e.d.clock
	c.zone = zoneOf(o)
	c.set(time.Unix(int64(stamp), 0))
	for _, each := range u.e.units() {
		each.power.energy.jump(c.time())
		each.usage.jump(c.time())
		each.routine.drop()
	}
	return nil, 0
}
