package simulator

import (
	"math"
	"slices"
	"time"
)

// Energy of IOT devices. See docs/protocol/iot.md section 5: two unit systems,
// told apart by the keys of the capture.

// emeterKeys are one unit system: the names, and how many of the unit make one
// A, V, W or Wh.
type emeterKeys struct {
	current, voltage, power, total, stat string
	milli, wattHour                      float64
}

var (
	oldEmeter = emeterKeys{"current", "voltage", "power", "total", "energy", 1, 0.001}
	newEmeter = emeterKeys{"current_ma", "voltage_mv", "power_mw", "total_wh", "energy_wh", 1000, 1}
)

func (e *iot) emeterKeys() emeterKeys {
	answer, _ := e.answer(e.emeterModule(), "get_realtime")
	if answer.has("power") || answer.has("voltage") {
		return oldEmeter
	}
	return newEmeter
}

// newMeter takes the reading of the capture. On a strip that is of one outlet;
// frozen all others show it as well, as the capture has no other, and while
// time goes on each has a load of its own, and none while it is off.
func (e *iot) newMeter(o *outlet, clock time.Time) meter {
	if !e.metered() {
		return meter{}
	}
	answer, _ := e.answer(e.emeterModule(), "get_realtime")
	keys := e.emeterKeys()
	power, _ := answer.number(keys.power)
	total, _ := answer.number(keys.total)
	watts, total := power/keys.milli, total/keys.wattHour
	madeUp := 24.0
	if e.kind.light() {
		madeUp = 9
	}
	if slot, _ := answer.integer("slot_id"); o.entry != nil && !e.d.clock.frozen {
		if len(e.outlets) != slot || !o.watch.on {
			part := 0.3 + newHabit(e.name(o), 0, 0, 0).chance(0, 0)
			madeUp = max(watts, 10) * part
			total *= part
			watts = 0
			if o.watch.on {
				watts = madeUp
			}
		}
	}
	m := newPower(watts, o.watch.on, e.level(), madeUp)
	m.ripple = e.d.options.Ripple
	m.energy.total = total
	// Most of what it counted is from the time that it remembers.
	typical := 0.85 * total / pastDays
	if total == 0 {
		typical = 6 * m.load
	}
	h := newHabit(e.name(o), typical/(24*max(m.load, 0.1)), m.load, m.idle)
	o.habit = h
	m.energy.start(clock, h.wattHours)
	return m
}

// name tells the outlets of a device apart.
func (e *iot) name(o *outlet) string { return e.sys.text("deviceId") + o.entry.text("id") }

// level is the brightness in percent, 100 for what cannot be dimmed.
func (e *iot) level() float64 {
	state := e.sys
	if e.kind.light() {
		_, state = e.light()
	}
	if level, ok := state.number("brightness"); ok {
		return level
	}
	return 100
}

func (e *iot) setPower(o *outlet) { o.power.turn(o.watch.on, e.level()) }

func (e *iot) getRealtime(c *iotCall) (object, *iotFault) {
	answer, _ := e.answer(c.module, c.method)
	if len(e.d.file.Methods(c.module)[c.method]) == 0 && e.kind.light() {
		delete(answer, "current_ma")
		delete(answer, "voltage_mv")
	}
	o := c.first()
	if o == nil {
		return nil, nil // child_ids []: succeeds and does nothing
	}
	keys := e.emeterKeys()
	stored, _ := answer.number(keys.power)
	if now := o.power.shown(e.d.clock.time()); now*keys.milli != stored {
		putUnit(answer, keys.power, now*keys.milli, keys)
		voltage, _ := answer.number(keys.voltage)
		if voltage > 0 && answer.has(keys.current) {
			putUnit(answer, keys.current, now*keys.milli/voltage*keys.milli, keys)
		}
	}
	total, _ := answer.number(keys.total)
	if now := o.power.energy.total * keys.wattHour; answer.has(keys.total) && math.Abs(now-total) > 1e-9 {
		putUnit(answer, keys.total, now, keys)
	}
	if at := slices.Index(e.outlets, o); at >= 0 && answer.has("slot_id") {
		answer.put("slot_id", at)
	}
	return answer, nil
}

// putUnit writes a whole number in the new unit system, a fraction in the old.
func putUnit(o object, key string, value float64, keys emeterKeys) {
	if keys == newEmeter {
		o.put(key, int64(math.Round(value)))
		return
	}
	o.put(key, math.Round(value*1e6)/1e6)
}

func (e *iot) getEnergyDays(c *iotCall) (object, *iotFault) {
	keys := e.emeterKeys()
	return e.dayList(c, func(o *outlet) *tally { return &o.power.energy }, keys.stat,
		func(v int64) any { return statValue(v, keys) })
}

func (e *iot) getEnergyMonths(c *iotCall) (object, *iotFault) {
	keys := e.emeterKeys()
	return e.monthList(c, func(o *outlet) *tally { return &o.power.energy }, keys.stat,
		func(v int64) any { return statValue(v, keys) })
}

func statValue(wattHours int64, keys emeterKeys) any {
	if keys == newEmeter {
		return wattHours
	}
	return float64(wattHours) / 1000
}

func (e *iot) eraseEnergy(c *iotCall) (object, *iotFault) {
	for _, o := range c.at {
		o.power.energy.erase()
	}
	return nil, nil
}

func (e *iot) getUsageDays(c *iotCall) (object, *iotFault) {
	return e.dayList(c, func(o *outlet) *tally { return &o.usage }, "time", wholeNumber)
}

func (e *iot) getUsageMonths(c *iotCall) (object, *iotFault) {
	return e.monthList(c, func(o *outlet) *tally { return &o.usage }, "time", wholeNumber)
}

func wholeNumber(v int64) any { return v }

func (e *iot) eraseUsage(c *iotCall) (object, *iotFault) {
	for _, o := range c.at {
		o.usage.erase()
	}
	return nil, nil
}

// dayList answers get_daystat: only days that have something.
func (e *iot) dayList(c *iotCall, of func(*outlet) *tally, key string, value func(int64) any) (object, *iotFault) {
	year, okYear := c.args.integer("year")
	month, okMonth := c.args.integer("month")
	if !okYear || !okMonth {
		return nil, &e.errors.missing
	}
	list := []map[string]any{}
	if o := c.first(); o != nil && validMonth(year, month) {
		for i, sum := range of(o).days(time.Date(year, time.Month(month), 1, 12, 0, 0, 0, e.d.clock.zone)) {
			if sum > 0 {
				list = append(list, map[string]any{"year": year, "month": month, "day": i + 1, key: value(sum)})
			}
		}
	}
	return object{"day_list": marshal(list)}, nil
}

// monthList answers get_monthstat.
func (e *iot) monthList(c *iotCall, of func(*outlet) *tally, key string, value func(int64) any) (object, *iotFault) {
	year, ok := c.args.integer("year")
	if !ok {
		return nil, &e.errors.missing
	}
	list := []map[string]any{}
	if o := c.first(); o != nil && validMonth(year, 1) {
		for month := time.January; month <= time.December; month++ {
			if sum := of(o).month(time.Date(year, month, 1, 12, 0, 0, 0, e.d.clock.zone)); sum > 0 {
				list = append(list, map[string]any{"year": year, "month": int(month), key: value(sum)})
			}
		}
	}
	return object{"month_list": marshal(list)}, nil
}

func validMonth(year, month int) bool {
	return year >= 1970 && year <= 9999 && month >= 1 && month <= 12
}
