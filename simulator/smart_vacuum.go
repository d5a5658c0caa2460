package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wattle"
	wire "wattle/method/smart"
)

// What clients ask of vacuums. See docs/protocol/smart.md section 13. What a
// run does over time is in smart_vacuumrun.go.

const codeBatteryLow = -3001

// vacuumClean begins a run or ends one.
func (u *unit) vacuumClean(params object) (json.RawMessage, int) {
	on, ok := params.flag("clean_on")
	switch {
	case !u.has("clean"):
		return nil, codeUnknownMethod
	case !ok:
		return nil, codeParams
	case !on:
		u.endRun()
		if !u.docked() {
			u.setStatus(wire.VacuumIdle)
		}
		return nil, 0
	}
	r, ok := u.newRun(params)
	switch {
	case !ok:
		return nil, codeParams
	case u.vacuum.battery < lowBattery:
		return nil, codeBatteryLow
	}
	u.advanceVacuum() // a schedule comes between two requests
	u.endRun()
	u.vacuum.run = r
	u.setStatus(wire.VacuumCleaning)
	u.showRun()
	return nil, 0
}

// newRun reads what is to be cleaned; false where there is no such place.
func (u *unit) newRun(params object) (*run, bool) {
	mode, ok := params.integer("clean_mode")
	if params.has("clean_mode") && (!ok || mode < 0 || mode > int(wire.CleanCustom)) {
		return nil, false
	}
	r := &run{mode: wire.CleanMode(mode), started: 1}
	if by, ok := params.integer("start_type"); ok {
		r.started = by
	}
	info, _ := u.stored("getMapInfo")
	r.mapID, _ = info.integer("current_map_id")
	plan := u.plan()
	switch r.mode {
	case wire.CleanRooms, wire.CleanZones:
		id, ok := params.integer("map_id")
		if !ok || id != r.mapID || plan == nil {
			return nil, false
		}
		key := map[wire.CleanMode]string{wire.CleanRooms: "room_list", wire.CleanZones: "area_list"}[r.mode]
		if json.Unmarshal(params[key], &r.places) != nil || len(r.places) == 0 {
			return nil, false
		}
		for _, place := range r.places {
			size, ok := placeSize(plan, r.mode, place)
			if !ok {
				return nil, false
			}
			r.target += size
		}
	case wire.CleanSpot:
		r.target = spotSize
	default:
		r.target = u.homeSize(plan)
	}
	return r, true
}

func (u *unit) vacuumPause(params object) (json.RawMessage, int) {
	pause, ok := params.flag("pause")
	switch {
	case !u.has("clean"):
		return nil, codeUnknownMethod
	case !ok:
		return nil, codeParams
	case pause && u.status() == wire.VacuumCleaning:
		u.setStatus(wire.VacuumPaused)
	case !pause && u.status() == wire.VacuumPaused && u.vacuum.run != nil:
		u.setStatus(wire.VacuumCleaning)
	}
	return nil, 0
}

// vacuumCharge sends it to its dock, or stops it on the way there.
func (u *unit) vacuumCharge(params object) (json.RawMessage, int) {
	charge, ok := params.flag("switch_charge")
	switch {
	case !u.has("clean"):
		return nil, codeUnknownMethod
	case !ok:
		return nil, codeParams
	case charge && !u.docked():
		u.endRun()
		u.goHome()
	case !charge && u.status() == wire.VacuumReturns:
		u.setStatus(wire.VacuumIdle)
	}
	return nil, 0
}

// setCleanAttr: type says which attributes are meant, and is none of them.
func (u *unit) setCleanAttr(params object) (json.RawMessage, int) {
	rest := params.clone()
	delete(rest, "type")
	if params.has("type") && !slices.Contains([]string{"global", "pose"}, params.text("type")) {
		return nil, codeParams
	}
	for _, check := range []check{inRange("suction", 1, 5), inRange("cistern", 0, 3), inRange("clean_number", 1, 3)} {
		if !check(rest) {
			return nil, codeParams
		}
	}
	return nil, u.mergeOrRefuse("getCleanAttr", rest)
}

func (u *unit) resetConsumables(params object) (json.RawMessage, int) {
	answer, ok := u.stored("getConsumablesInfo")
	if !ok {
		return nil, codeUnknownMethod
	}
	var names []string
	if json.Unmarshal(params["reset_list"], &names) != nil || len(names) == 0 {
		return nil, codeParams
	}
	for _, name := range names {
		if !answer.has(name + "_time") {
			return nil, codeParams
		}
		answer.put(name+"_time", 0)
	}
	u.change("getConsumablesInfo", answer)
	return nil, 0
}

// emptyDust empties the dust bin. What a vacuum says away from its dock was not
// recorded; this one succeeds everywhere.
func (u *unit) emptyDust(params object) (json.RawMessage, int) {
	switch _, ok := params.flag("switch_dust_collection"); {
	case !u.has("dust_bucket"):
		return nil, codeUnknownMethod
	case !ok:
		return nil, codeParams
	}
	return nil, 0
}

// setDust: the switch shows in two answers.
func (u *unit) setDust(params object) (json.RawMessage, int) {
	if !inRange("dust_collection_mode", 0, 3)(params) {
		return nil, codeParams
	}
	if code := u.mergeOrRefuse("getDustCollectionInfo", params); code != 0 {
		return nil, code
	}
	auto, ok := params.flag("auto_dust_collection")
	if also, has := u.stored("getAutoDustCollection"); ok && has {
		also.put("auto_dust_collection", flagNumber(auto))
		u.change("getAutoDustCollection", also)
	}
	return nil, 0
}

func (u *unit) playAudio(params object) (json.RawMessage, int) {
	switch {
	case !u.has("speaker"):
		return nil, codeUnknownMethod
	case params.text("audio_type") == "":
		return nil, codeParams
	}
	return nil, 0
}

// check tells whether parameters are what a device takes.
type check func(object) bool

// checked merges parameters into the answer of a getter if they are right.
func checked(getter string, checks ...check) smartHandler {
	return func(u *unit, params object) (json.RawMessage, int) {
		for _, right := range checks {
			if !right(params) {
				return nil, codeParams
			}
		}
		return nil, u.mergeOrRefuse(getter, params)
	}
}

// inRange is for a whole number that may be left out.
func inRange(key string, lo, hi int) check {
	return func(o object) bool {
		n, ok := o.integer(key)
		return !o.has(key) || ok && n >= lo && n <= hi
	}
}

// oneOf is for a word that may be left out.
func oneOf(key string, words ...string) check {
	return func(o object) bool { return !o.has(key) || slices.Contains(words, o.text(key)) }
}

// fireVacuum lets a vacuum get stuck, or frees it.
func (u *unit) fireVacuum(action, argument string) error {
	if !u.has("clean") {
		return cannot(action)
	}
	code := 0
	if action == fireStuck {
		code, _ = wire.VacuumErrorCode("Trapped")
		if argument != "" {
			var ok bool
			if code, ok = wire.VacuumErrorCode(argument); !ok {
				var err error
				if code, err = strconv.Atoi(argument); err != nil || code < 1 || code > 1000 {
					return fmt.Errorf("stuck %q: want %s, or a number: %w", argument, strings.Join(wire.VacuumErrors(), ", "), wattle.ErrParam)
				}
			}
		}
	}
	answer, ok := u.stored("getVacStatus")
	if !ok {
		return cannot(action)
	}
	u.advance()
	answer.put("err_status", []int{code})
	u.change("getVacStatus", answer)
	return nil
}

// pokeVacuum changes what is around a vacuum; done is false for another key.
func (u *unit) pokeVacuum(key string, value json.RawMessage) (done bool, err error) {
	if !u.has("clean") {
		return false, nil
	}
	switch key {
	case "battery":
		percent, ok := number(value)
		if !ok || percent < 0 || percent > 100 {
			return true, fmt.Errorf("battery %s: want %% from 0 to 100: %w", value, wattle.ErrParam)
		}
		u.vacuum.battery = percent
		if s := u.status(); s == wire.VacuumCharged || s == wire.VacuumCharging {
			u.charge()
		}
		u.showRun()
		return true, nil
	case "mop":
		attached, ok := (object{key: value}).flag(key)
		answer, has := u.stored("getMopState")
		if !ok || !has {
			return true, fmt.Errorf("mop %s: want true or false, and a vacuum that mops: %w", value, wattle.ErrParam)
		}
		answer.put("mop_state", attached)
		u.change("getMopState", answer)
		return true, nil
	}
	return false, nil
}
