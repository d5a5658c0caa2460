package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wattle"
)

// What can happen to a device without a client: what [Device.Fire] takes.
const (
	firePress  = "press"
	fireRotate = "rotate"
	fireOpen   = "open"
	fireClose  = "close"
	fireWet    = "wet"
	fireDry    = "dry"
	fireMove   = "move"
	fireStuck  = "stuck"
	fireFree   = "free"
)

// Actions lists what [Device.Fire] knows.
func Actions() []string {
	return []string{firePress, fireRotate, fireOpen, fireClose, fireWet, fireDry, fireMove, fireStuck, fireFree}
}

const (
	// motionLasts is how long a motion sensor shows a motion.
	motionLasts = 30 * time.Second
	// dryingLasts is how long a leak sensor shows that it dries.
	dryingLasts = time.Minute
)

// Fire lets something happen at a device or a child of it, which "" and names
// tell as in [Device.Poke]: "press" a button (argument "double" for twice, or
// nothing), "rotate" a dial by degrees, "open" or "close" a door, "wet" or "dry"
// a leak sensor, "move" before a motion sensor; a vacuum gets "stuck" (argument
// the name or the number of an error, Trapped for nothing) and "free". Sensors
// show it and write it into their logs. Errors wrap wattle.ErrNotFound, wattle.ErrParam, or
// wattle.ErrUnsupported for a device to which it cannot happen.
func (d *Device) Fire(child, action, argument string) error {
	if !slices.Contains(Actions(), action) {
		return fmt.Errorf("unknown action %q, known are %s: %w", action, strings.Join(Actions(), ", "), wattle.ErrParam)
	}
	if argument != "" && action != firePress && action != fireRotate && action != fireStuck {
		return fmt.Errorf("%s takes no argument: %w", action, wattle.ErrParam)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.engine.fire(child, action, argument)
}

func cannot(action string) error {
	return fmt.Errorf("%s cannot happen to this device: %w", action, wattle.ErrUnsupported)
}

// fire: the only thing that happens to an IOT device is that its button is
// pressed.
func (e *iot) fire(child, action, argument string) error {
	key := "relay_state"
	if child != "" {
		key = "state"
	}
	if action != firePress || argument != "" {
		return cannot(action)
	}
	o, err := e.pokable(child)
	if err != nil {
		return err
	}
	state := e.sys
	if child != "" {
		state = o.entry
	}
	on, ok := state.flag(key)
	if !ok {
		return cannot(action)
	}
	e.tick()
	e.turn(o, !on)
	return nil
}

func (e *smart) fire(child, action, argument string) error {
	e.tick()
	u, err := e.pokable(child)
	if err != nil {
		return err
	}
	switch action {
	case firePress:
		return u.press(argument)
	case fireRotate:
		degrees, err := strconv.ParseFloat(argument, 64)
		if err != nil || degrees != math.Trunc(degrees) || degrees == 0 || math.Abs(degrees) > 3600 {
			return fmt.Errorf("rotate %q: want whole degrees from -3600 to 3600: %w", argument, wattle.ErrParam)
		}
		if !u.isButton() {
			return cannot(action)
		}
		u.note("rotation", object{"rotate_deg": marshal(int(degrees))})
		return nil
	case fireOpen, fireClose:
		if !u.info.has("open") {
			return cannot(action)
		}
		u.sense("open", marshal(action == fireOpen))
	case fireWet, fireDry:
		if !u.info.has("water_leak_status") {
			return cannot(action)
		}
		u.sense("water_leak_status", marshal(map[string]string{fireWet: "water_leak", fireDry: "water_dry"}[action]))
	case fireMove:
		if !u.info.has("detected") {
			return cannot(action)
		}
		u.sense("detected", marshal(true))
	case fireStuck, fireFree:
		return u.fireVacuum(action, argument)
	}
	return nil
}

func (u *unit) isButton() bool {
	return u.has("double_click") || strings.Contains(u.info.text("category"), "button")
}

// press is the button of a remote, or that of a plug, lamp or switch.
func (u *unit) press(how string) error {
	switch {
	case how != "" && how != "double" && how != "single":
		return fmt.Errorf("press %q: want single or double: %w", how, wattle.ErrParam)
	case u.isButton() && how == "double":
		// A remote that does not wait for the second click tells each.
		info, _ := u.stored("get_double_click_info")
		if on, _ := info.flag("enable"); on {
			u.note("doubleClick", nil)
			return nil
		}
		u.note("singleClick", nil)
		u.note("singleClick", nil)
	case u.isButton():
		u.note("singleClick", nil)
	case u.info.has("device_on"):
		u.turn(!u.isOn())
		u.note("singleClick", object{"on_off": marshal(u.isOn())})
	default:
		return cannot(firePress)
	}
	return nil
}

// senses are the members of the information that a sensor writes into its log
// when they change; what gives the event of the new value, "" for none.
var senses = map[string]func(was, is json.RawMessage) string{
	"open": func(was, is json.RawMessage) string {
		if string(was) == string(is) {
			return ""
		}
		return map[string]string{"true": "open", "false": "close"}[string(is)]
	},
	"detected": func(_, is json.RawMessage) string { return map[string]string{"true": "motion"}[string(is)] },
	"water_leak_status": func(was, is json.RawMessage) string {
		if string(was) == string(is) {
			return ""
		}
		return map[string]string{`"water_leak"`: "waterLeak", `"water_dry"`: "waterDry"}[string(is)]
	},
	"current_temp_exception":     leaving("tooHot", "tooCold"),
	"current_humidity_exception": leaving("tooHumid", "tooDry"),
}

// leaving tells that a value left the comfort band.
func leaving(above, below string) func(was, is json.RawMessage) string {
	return func(was, is json.RawMessage) string {
		before, _ := number(was)
		now, _ := number(is)
		switch {
		case now > 0 && before <= 0:
			return above
		case now < 0 && before >= 0:
			return below
		}
		return ""
	}
}

// sense gives a member of a sensor's information a new value, and does what
// follows from it.
func (u *unit) sense(key string, value json.RawMessage) {
	now := u.e.d.clock.real()
	if event := senses[key]; event != nil {
		if name := event(u.info[key], value); name != "" {
			u.note(name, nil)
		}
	}
	u.info[key] = value
	switch key {
	case "detected":
		u.calm = time.Time{}
		if string(value) == "true" {
			u.calm = now.Add(motionLasts)
		}
	case "water_leak_status":
		u.calm = time.Time{}
		wet := string(value) == `"water_leak"`
		if u.info.has("in_alarm") {
			u.info.put("in_alarm", wet)
		}
		if wet {
			u.info.put("trigger_timestamp", u.e.d.clock.time().Unix())
		} else if string(value) == `"water_dry"` {
			u.calm = now.Add(dryingLasts)
		}
	case "battery_percentage":
		if percent, ok := number(value); ok && u.info.has("at_low_battery") {
			u.info.put("at_low_battery", percent <= 20)
		}
	}
	u.records.change(u)
}

// settle ends what a sensor shows for a while only.
func (u *unit) settle() {
	u.calm = time.Time{}
	if u.info.has("detected") {
		u.info.put("detected", false)
	}
	if u.info.text("water_leak_status") == "water_dry" {
		u.info.put("water_leak_status", "normal")
	}
}
