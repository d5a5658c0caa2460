package simulator

import (
	"maps"
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

func (e *iot) newMeter(on bool, clock time.Time) meter {
	if !e.metered() {
		return meter{}
	}
	answer, _ := e.answer(e.emeterModule(), "get_realtime")
	keys := e.emeterKeys()
	power, _ := answer.number(keys.power)
	total, _ := answer.number(keys.total)
	madeUp := 24.0
	if e.kind.light() {
		madeUp = 9
	}
	m := newPower(power/keys.milli, on, e.level(), madeUp)
	m.ripple = e.d.options.Ripple
	m.energy.seed = e.sys.text("deviceId")
	m.energy.total = total / keys.wattHour
	m.energy.typical = min(m.energy.total/90, 24*m.load)
	if m.energy.total == 0 {
		m.energy.typical = 6 * m.load
	}
	m.energy.start(clock)
	m.energy.invent(clock)
	return m
}

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
		func(v float64) any { return statValue(v, keys) })
}

func (e *iot) getEnergyMonths(c *iotCall) (object, *iotFault) {
	keys := e.emeterKeys()
	return e.monthList(c, func(o *outlet) *tally { return &o.power.energy }, keys.stat,
		func(v float64) any { return statValue(v, keys) })
}

func statValue(wattHours float64, keys emeterKeys) any {
	if keys == newEmeter {
		return int64(math.Round(wattHours))
	}
	return math.Round(wattHours) / 1000
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

func wholeNumber(v float64) any { return int64(math.Round(v)) }

func (e *iot) eraseUsage(c *iotCall) (object, *iotFault) {
	for _, o := range c.at {
		o.usage.erase()
	}
	return nil, nil
}

// dayList answers get_daystat: only days that have something.
func (e *iot) dayList(c *iotCall, of func(*outlet) *tally, key string, value func(float64) any) (object, *iotFault) {
	year, okYear := c.args.integer("year")
	month, okMonth := c.args.integer("month")
	if !okYear || !okMonth {
		return nil, &e.errors.missing
	}
	list := []map[string]any{}
	if o := c.first(); o != nil && validMonth(year, month) {
		sums := of(o).daysOf(year, time.Month(month))
		for _, day := range slices.Sorted(maps.Keys(sums)) {
			list = append(list, map[string]any{"year": year, "month": month, "day": day, key: value(sums[day])})
		}
	}
	return object{"day_list": marshal(list)}, nil
}

// monthList answers get_monthstat.
func (e *iot) monthList(c *iotCall, of func(*outlet) *tally, key string, value func(float64) any) (object, *iotFault) {
	year, ok := c.args.integer("year")
	if !ok {
		return nil, &e.errors.missing
	}
	list := []map[string]any{}
	if o := c.first(); o != nil && validMonth(year, 1) {
		for month := time.January; month <= time.December; month++ {
			if sum := of(o).monthOf(year, month); sum > 0 {
				list = append(list, map[string]any{"year": year, "month": int(month), key: value(sum)})
			}
		}
	}
	return object{"month_list": marshal(list)}, nil
}

func validMonth(year, month int) bool {
	return year >= 1970 && year <= 9999 && month >= 1 && month <= 12
}
