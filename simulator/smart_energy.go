package simulator

import (
	"encoding/json"
	"math"
	"sync"
	"time"

	"wattle/energy"
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

// startEnergy makes up a past that is like what the capture shows. Frozen, its
// history adds up to the recorded sums.
func (u *unit) startEnergy(on bool, clock time.Time) {
	usage, _ := u.stored("get_device_usage")
	times := usage.object("time_usage")
	minutes, _ := times.number("past30")
	share := minutes / (30 * 24 * 60)
	if !u.info.has("device_on") {
		share = 1
	}
	id := u.info.text("device_id")
	h := newHabit(id, share, 0, 0)
	u.usage.start(clock, h.minutes)
	if on {
		u.usage.rate = 60
	}
	if !u.metered() {
		return
	}
	u.power = newPower(u.recordedWatts(), on, u.level(), 24)
	u.power.ripple = u.e.d.options.Ripple
	wattHours, _ := usage.object("power_usage").number("past30")
	if h.share == 0 {
		h.share = 0.2
	}
	h.idle = u.power.idle
	if h.load = wattHours / (30 * 24 * h.share); h.load == 0 {
		h.load = min(u.power.load, 400)
	}
	t := &u.power.energy
	t.fine = map[int64]float64{}
	past := h.wattHours
	if recorded, ok := u.stored("get_energy_usage"); ok && u.e.d.clock.frozen {
		today, _ := recorded.number("today_energy")
		month, _ := recorded.number("month_energy")
		past = fitted(past, clock, today, month)
	}
	t.start(clock, past)
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
	if u.e.d.clock.frozen && !u.erased {
		return o.raw(), 0
	}
	o.put("local_time", u.e.d.clock.time().Format(time.DateTime))
	for key, v := range map[string]int64{
		"today_energy": u.power.energy.of(u.power.energy.at), "month_energy": u.power.energy.month(u.power.energy.at),
		"today_runtime": u.usage.of(u.usage.at), "month_runtime": u.usage.month(u.usage.at),
	} {
		if o.has(key) {
			o.put(key, v)
		}
	}
	return o.raw(), 0
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
	u.usage.erase()
	u.erased = true
	if o, ok := u.stored("get_emeter_data"); ok {
		o.put("energy_wh", 0)
		u.change("get_emeter_data", o)
	}
	return nil, 0
}

// getDeviceUsage gives sums over the last days, today among them. What counts
// as saved is the difference to a load of 60 W.
func (u *unit) getDeviceUsage(object) (json.RawMessage, int) {
	o, ok := u.stored("get_device_usage")
	if !ok {
		return nil, u.unknown("get_device_usage")
	}
	if u.e.d.clock.frozen && !u.erased || u.battery {
		return o.raw(), 0
	}
	for span, days := range map[string]int{"today": 1, "past7": 7, "past30": 30} {
		minutes, wattHours := u.usage.last(days), int64(0)
		if u.metered() {
			wattHours = u.power.energy.last(days)
		}
		for key, v := range map[string]int64{"time_usage": minutes, "power_usage": wattHours, "saved_power": max(minutes-wattHours, 0)} {
			sums := o.object(key)
			if !sums.has(span) || key != "time_usage" && !u.metered() {
				continue
			}
			sums.put(span, v)
			if sums.has(span + "_mwh") {
				sums.put(span+"_mwh", 1000*v)
			}
			o[key] = sums.raw()
		}
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
	t := &u.power.energy
	switch interval {
	case 60:
		n := 0
		for day := energy.Day.Floor(start); !day.After(end); day = energy.Day.Next(day) {
			if n++; n > maxHourlyDays {
				return nil, codeParams
			}
			data = append(data, t.hoursOf(day)...)
		}
	case 1440:
		first := energy.Quarter(start)
		for month := first; energy.Quarter(month).Equal(first); month = energy.Month.Next(month) {
			data = append(data, t.days(month)...)
		}
	case 43_200:
		for month := energy.Year(start); month.Year() == start.Year(); month = energy.Month.Next(month) {
			data = append(data, t.month(month))
		}
	default:
		return nil, codeParams
	}
	return u.series(params, data), 0
}

// maxHourlyDays is how many days an answer by hour holds.
const maxHourlyDays = 8

// maxPower is how many values of power an answer holds: a guess.
const maxPower = 144

// getPowerData gives the average W of every 5 minutes or hour, -1 where
// nothing is known. Start and end are rounded up to full ones of UTC. See
// docs/protocol/smart.md section 7.2.
func (u *unit) getPowerData(params object) (json.RawMessage, int) {
	if _, code := u.getEnergyUsage(nil); code != 0 || u.version("energy_monitoring") < 2 {
		return nil, u.unknown("get_power_data")
	}
	start, end, interval, ok := u.span(params)
	if !ok || interval != 5 && interval != 60 {
		return nil, codeParams
	}
	step := time.Duration(interval) * time.Minute
	roundUp := func(t time.Time) time.Time {
		if down := t.Truncate(step); !down.Equal(t) {
			return down.Add(step)
		}
		return t
	}
	start, end = roundUp(start), roundUp(end)
	data := []int64{}
	for at := start; at.Before(end) && len(data) < maxPower; at = at.Add(step) {
		watts, known := u.power.energy.mean(at, at.Add(step))
		if !known {
			watts = -1
		}
		data = append(data, int64(math.Round(watts)))
	}
	o, _ := parseObject(u.series(params, data))
	o.put("start_timestamp", start.Unix())
	o.put("end_timestamp", end.Unix())
	return o.raw(), 0
}

func (u *unit) span(params object) (start, end time.Time, interval int, ok bool) {
	from, ok1 := params.integer("start_timestamp")
	to, ok2 := params.integer("end_timestamp")
	interval, ok3 := params.integer("interval")
	zone := u.e.d.clock.zone
	start, end = time.Unix(int64(from), 0).In(zone), time.Unix(int64(to), 0).In(zone)
	return start, end, interval, ok1 && ok2 && ok3 && from >= 0 && to >= from && int64(to) < 1<<32
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
		if c.unset {
			o.put("timestamp", never.Unix())
		}
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
	if !ok || stamp < 0 || int64(stamp) > 1<<32 || !okMinutes || minutes < -24*60 || minutes > 24*60 || !fits(o, params) {
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
	c.unset = false
	c.zone = zoneOf(o)
	c.set(time.Unix(int64(stamp), 0))
	for _, each := range u.e.units() {
		each.power.energy.jump(c.time())
		each.usage.jump(c.time())
		each.routine.drop()
	}
	return nil, 0
}
