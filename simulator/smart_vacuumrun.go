package simulator

import (
	"encoding/json"
	"math"
	"time"

	"wattle/floor"
	wire "wattle/method/smart"
)

// What a vacuum does over time. Speeds are made up so that a run is like those
// that people record: about a square metre and half a percent of the battery a
// minute.
const (
	cleanSpeed  = 1.0             // m² a minute
	chargeSpeed = 0.6             // % a minute
	homeDrain   = 0.2             // % a minute on the way to the dock
	wayHome     = 2 * time.Minute // how long that takes
	lowBattery  = 15.0            // at which it goes to the dock by itself
	spotSize    = 2.25            // m²
	usualSize   = 30.0            // m² of a home of which nothing is known
	maxRuns     = 30              // that are remembered
	// startedByRule is the start_type of a run that a schedule began.
	startedByRule = 4
)

// drains are % a minute by suction, from 1.
var drains = []float64{0.4, 0.55, 0.75, 1, 1.3}

// vacuum is what is not in the answers of a vacuum. Those are brought up to
// date as time passes.
type vacuum struct {
	seen    time.Time    // up to here time was counted
	battery float64      // %
	run     *run         // under way or paused, nil for none
	docks   time.Time    // when it reaches its dock
	wear    float64      // minutes that do not yet show in the consumables
	at      *floor.Point // where it is, nil at the dock or where the capture says
	ended   string       // timestamp of the run from which it comes home
	mapped  bool         // floor was read
	floor   *floor.Plan
}

// run is one cleaning. Areas are in m².
type run struct {
	mode    wire.CleanMode
	places  []int // rooms or zones
	mapID   int
	started int // start_type
	target  float64
	area    float64
	minutes float64
	way     []floor.Point // through what it cleans, once it is known
}

func (u *unit) startVacuum() {
	if !u.has("clean") {
		return
	}
	v := &u.vacuum
	v.seen = u.e.d.clock.real()
	battery, _ := u.stored("getBatteryInfo")
	percent, ok := battery.number("battery_percentage")
	if !ok {
		percent = 100
	}
	v.battery = percent
	switch u.status() {
	case wire.VacuumCleaning, wire.VacuumPaused: // it was recorded at work
		info, _ := u.stored("getCleanInfo")
		maps, _ := u.stored("getMapInfo")
		r := &run{started: 1}
		r.mapID, _ = maps.integer("current_map_id")
		area, _ := info.number("clean_area")
		r.area = area / u.unitArea()
		r.minutes, _ = info.number("clean_time")
		r.target = max(u.homeSize(u.plan()), r.area+1)
		v.run = r
	case wire.VacuumReturns:
		v.docks = v.seen.Add(wayHome)
	}
}

// status is that of getVacStatus.
func (u *unit) status() int {
	answer, _ := u.stored("getVacStatus")
	status, _ := answer.integer("status")
	return status
}

func (u *unit) docked() bool {
	s := u.status()
	return s == wire.VacuumCharging || s == wire.VacuumCharged
}

// halted tells that an error keeps it from working.
func (u *unit) halted() bool {
	answer, _ := u.stored("getVacStatus")
	list := answer.array("err_status")
	return len(list) > 0 && string(list[0]) != "0"
}

func (u *unit) setStatus(status int) {
	answer, ok := u.stored("getVacStatus")
	if !ok {
		return
	}
	answer.put("status", status)
	u.change("getVacStatus", answer)
	clean, ok := u.stored("getCleanStatus")
	if !ok {
		return
	}
	inner := clean
	if nested := clean.object("getCleanStatus"); nested != nil { // as one firmware does
		inner = nested
	}
	inner.put("is_working", status == wire.VacuumCleaning)
	if r := u.vacuum.run; r != nil {
		inner.put("clean_status", int(r.mode))
	}
	if clean.has("getCleanStatus") {
		clean["getCleanStatus"] = inner.raw()
	}
	u.change("getCleanStatus", clean)
}

// pace is how fast a run goes on, in m² a minute, and what it takes from the
// battery, in % a minute.
func (u *unit) pace() (speed, drain float64) {
	attr, _ := u.stored("getCleanAttr")
	speed, drain = cleanSpeed, drains[1]
	if n, ok := attr.integer("clean_number"); ok && n > 1 {
		speed /= float64(n)
	}
	if n, ok := attr.integer("suction"); ok && n >= 1 && n <= len(drains) {
		drain = drains[n-1]
	}
	return speed, drain
}

// vacuumNext is what it does next by itself.
func (u *unit) vacuumNext() (time.Time, func()) {
	v := &u.vacuum
	if v.seen.IsZero() || u.halted() {
		return time.Time{}, nil
	}
	in := func(minutes float64) time.Time {
		return v.seen.Add(time.Duration(max(minutes, 0) * float64(time.Minute)))
	}
	switch u.status() {
	case wire.VacuumCleaning:
		if v.run == nil {
			return time.Time{}, nil
		}
		speed, drain := u.pace()
		done, low := (v.run.target-v.run.area)/speed, (v.battery-lowBattery)/drain
		return in(min(done, low)), func() {
			u.advanceVacuum()
			if done <= low {
				v.run.area = v.run.target
				u.showRun()
			}
			u.endRun()
			u.goHome()
		}
	case wire.VacuumReturns:
		return v.docks, u.dock
	case wire.VacuumCharging:
		return in((100 - v.battery) / chargeSpeed), func() {
			u.advanceVacuum()
			v.battery = 100
			u.charge()
			u.showRun()
		}
	}
	return time.Time{}, nil
}

// advanceVacuum counts the time that has passed.
func (u *unit) advanceVacuum() {
	v := &u.vacuum
	if v.seen.IsZero() {
		return
	}
	now := u.e.d.clock.real()
	passed := now.Sub(v.seen)
	v.seen = now
	minutes := passed.Minutes()
	if minutes <= 0 {
		return
	}
	status := u.status()
	switch {
	case status == wire.VacuumCharging && v.battery < 100:
		v.battery = min(v.battery+chargeSpeed*minutes, 100)
	case u.halted():
		if !v.docks.IsZero() { // it does not come nearer
			v.docks = v.docks.Add(passed)
		}
		return
	case status == wire.VacuumReturns:
		v.battery = max(v.battery-homeDrain*minutes, 1)
	case status == wire.VacuumCleaning && v.run != nil:
		speed, drain := u.pace()
		r := v.run
		minutes = min(minutes, (r.target-r.area)/speed) // it was silent for longer than is caught up with
		r.minutes += minutes
		r.area = min(r.area+speed*minutes, r.target)
		v.battery = max(v.battery-drain*minutes, 1)
		u.wearOut(minutes)
	default:
		return
	}
	u.showRun()
}

// wearOut lets the parts grow older that work while it cleans.
func (u *unit) wearOut(minutes float64) {
	v := &u.vacuum
	v.wear += minutes
	whole := math.Floor(v.wear)
	answer, ok := u.stored("getConsumablesInfo")
	if whole < 1 || !ok {
		return
	}
	v.wear -= whole
	mop, _ := u.stored("getMopState")
	attached, _ := mop.flag("mop_state")
	for key := range answer {
		if n, ok := answer.integer(key); ok && (key != "rag_time" || attached) {
			answer.put(key, n+int(whole))
		}
	}
	u.change("getConsumablesInfo", answer)
}

// showRun writes the battery and the run into the answers.
func (u *unit) showRun() {
	v := &u.vacuum
	if battery, ok := u.stored("getBatteryInfo"); ok {
		battery.put("battery_percentage", int(math.Floor(v.battery)))
		u.change("getBatteryInfo", battery)
	}
	info, ok := u.stored("getCleanInfo")
	if v.run == nil || !ok {
		return
	}
	info.put("clean_area", u.shownArea(v.run.area))
	info.put("clean_time", int(v.run.minutes))
	if info.has("clean_percent") {
		info.put("clean_percent", int(100*v.run.area/v.run.target))
	}
	u.change("getCleanInfo", info)
	v.at = u.where(v.run)
}

// unitArea is how many of its units of area are a square metre.
func (u *unit) unitArea() float64 {
	answer, _ := u.stored("getAreaUnit")
	switch n, _ := answer.integer("area_unit"); n {
	case 1:
		return 10.764
	case 2:
		return 0.3025
	}
	return 1
}

func (u *unit) shownArea(m2 float64) int { return int(math.Round(m2 * u.unitArea())) }

// endRun ends a run, and remembers it if it was one to speak of.
func (u *unit) endRun() {
	r := u.vacuum.run
	u.vacuum.run = nil
	if r == nil || r.minutes < 1 {
		return
	}
	now := u.e.d.clock.time().Unix()
	area, minutes := u.shownArea(r.area), int(math.Round(r.minutes))
	answer, ok := u.stored("getCleanRecords")
	if !ok {
		return
	}
	for key, plus := range map[string]int{"total_time": minutes, "total_area": area, "total_number": 1} {
		if n, ok := answer.integer(key); ok {
			answer.put(key, n+plus)
		}
	}
	if answer.has("lastest_day_record") {
		answer.put("lastest_day_record", []int64{now, int64(minutes), int64(area), 1})
	}
	list := answer.array("record_list")
	index := len(list)
	if index >= maxRuns {
		index = oldest(list)
	}
	record := object{
		"timestamp": marshal(now), "clean_time": marshal(minutes), "clean_area": marshal(area), "dust_collection": marshal(false),
		"error": marshal(0), "info_num": marshal(0), "message": marshal(0), "map_id": marshal(r.mapID), "start_type": marshal(r.started),
		"task_type": marshal(int(r.mode)), "record_index": marshal(index),
	}
	if index < len(list) {
		list[index] = record.raw()
	} else {
		list = append(list, record.raw())
	}
	answer["record_list"] = rawArray(list)
	answer.put("record_list_num", len(list))
	u.change("getCleanRecords", answer)
	u.vacuum.ended = string(marshal(now))
}

// oldest is the record whose place the next one takes.
func oldest(list []json.RawMessage) int {
	at, first := 0, math.Inf(1)
	for i, raw := range list {
		o, _ := parseObject(raw)
		if t, _ := o.number("timestamp"); t < first {
			at, first = i, t
		}
	}
	return at
}

func (u *unit) goHome() {
	u.vacuum.docks = u.e.d.clock.real().Add(wayHome)
	u.setStatus(wire.VacuumReturns)
}

// dock is its arrival at the dock.
func (u *unit) dock() {
	v := &u.vacuum
	u.advanceVacuum()
	v.docks, v.at = time.Time{}, nil
	u.charge()
	u.showRun()
	ended := v.ended
	v.ended = ""
	dust, _ := u.stored("getDustCollectionInfo")
	auto, _ := dust.flag("auto_dust_collection")
	answer, ok := u.stored("getCleanRecords")
	if !ok || ended == "" || !auto || !u.has("dust_bucket") || u.quietNow() {
		return
	}
	list := answer.array("record_list")
	for i, raw := range list {
		if o, _ := parseObject(raw); string(o["timestamp"]) == ended {
			o.put("dust_collection", true)
			list[i] = o.raw()
		}
	}
	answer["record_list"] = rawArray(list)
	u.change("getCleanRecords", answer)
}

// charge is its status at the dock.
func (u *unit) charge() {
	if u.vacuum.battery >= 100 {
		u.setStatus(wire.VacuumCharged)
		return
	}
	u.setStatus(wire.VacuumCharging)
}

// quietNow tells that nobody is to be disturbed now.
func (u *unit) quietNow() bool {
	answer, _ := u.stored("getDoNotDisturb")
	on, _ := answer.flag("do_not_disturb")
	start, _ := answer.integer("s_min")
	end, _ := answer.integer("e_min")
	now := u.e.d.clock.time()
	minute := now.Hour()*60 + now.Minute()
	if start <= end {
		return on && minute >= start && minute < end
	}
	return on && (minute >= start || minute < end)
}
