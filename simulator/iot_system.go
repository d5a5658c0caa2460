package simulator

import (
	"encoding/json"
	"time"
)

// iotHandlers are the methods that need more than looking up or merging, by
// role of their module. A handler is only called where [iot.serves] says so.
var iotHandlers = map[string]map[string]iotHandler{
	roleSystem: {
		"get_sysinfo":      (*iot).getSysinfo,
		"set_relay_state":  (*iot).setRelayState,
		"set_dev_alias":    (*iot).setAlias,
		"set_led_off":      (*iot).setLedOff,
		"set_dev_location": (*iot).setLocation,
		"reboot":           (*iot).reboot,
		"reset":            (*iot).factoryReset,

		"download_firmware":  (*iot).downloadFirmware,
		"get_download_state": (*iot).getDownloadState,
		"flash_firmware":     (*iot).flashFirmware,
	},
	roleDimmer: {
		"set_brightness":          (*iot).setBrightness,
		"set_dimmer_transition":   (*iot).setDimmerTransition,
		"set_switch_state":        (*iot).setSwitchState,
		"calibrate_brightness":    dimmerParameter("minThreshold", "minThreshold", 0, 51),
		"set_fade_on_time":        dimmerParameter("fadeTime", "fadeOnTime", 0, 10_000),
		"set_fade_off_time":       dimmerParameter("fadeTime", "fadeOffTime", 0, 10_000),
		"set_gentle_on_time":      dimmerParameter("duration", "gentleOnTime", 0, 120_000),
		"set_gentle_off_time":     dimmerParameter("duration", "gentleOffTime", 0, 120_000),
		"set_button_ramp_rate":    dimmerParameter("rampRate", "rampRate", 10, 50),
		"set_double_click_action": (*iot).setButtonAction,
		"set_long_press_action":   (*iot).setButtonAction,
	},
	roleLamp: {
		"get_light_state":        (*iot).getLightState,
		"transition_light_state": (*iot).setLightState,
		"set_light_state":        (*iot).setLightState,
		"get_preferred_state":    (*iot).getPreferred,
		"set_preferred_state":    (*iot).setPreferred,
	},
	roleEffect: {
		"set_lighting_effect": (*iot).setEffect,
		"get_lighting_effect": (*iot).getEffect,
	},
	roleEmeter: {
		"get_realtime":      (*iot).getRealtime,
		"get_daystat":       (*iot).getEnergyDays,
		"get_monthstat":     (*iot).getEnergyMonths,
		"erase_emeter_stat": (*iot).eraseEnergy,
	},
	roleClock: {
		"get_time":     (*iot).getTime,
		"get_timezone": (*iot).getTimezone,
		"set_time":     (*iot).setTime,
		"set_timezone": (*iot).setTimezone,
	},
	roleSchedule: ruleHandlers(map[string]iotHandler{
		"get_next_action":    (*iot).getNextAction,
		"get_daystat":        (*iot).getUsageDays,
		"get_monthstat":      (*iot).getUsageMonths,
		"erase_runtime_stat": (*iot).eraseUsage,
	}),
	roleTimer: ruleHandlers(nil),
	roleAway:  ruleHandlers(nil),
	roleCloud: {
		"bind":           (*iot).bind,
		"unbind":         (*iot).unbind,
		"set_server_url": (*iot).setServer,
	},
	roleWiFi: {
		"set_stainfo": (*iot).joinWiFi,
	},
	roleAmbient: {
		"set_enable":     (*iot).enableAmbient,
		"set_dark_index": (*iot).setDarkIndex,
		"set_brt_level":  (*iot).setLightLevel,
	},
	roleMotion: {
		"set_enable":       (*iot).enableMotion,
		"set_trigger_sens": (*iot).setSensitivity,
		"set_cold_time":    (*iot).setColdTime,
	},
	roleTrigger: {
		"add_weekday_routine":    (*iot).addRoutine,
		"edit_weekday_routine":   (*iot).editRoutine,
		"delete_weekday_routine": (*iot).deleteRoutine,
	},
	roleSlots: {
		"get_relationship": (*iot).getRelationship,
	},
}

func (e *iot) getSysinfo(*iotCall) (object, *iotFault) { return e.sysinfo(), nil }

// sysinfo is the answer with what time has changed.
func (e *iot) sysinfo() object {
	now := e.d.clock.real()
	o := e.sys.clone()
	if o.has("on_time") {
		o.put("on_time", seconds(e.whole.watch.value(now)))
	}
	if e.kind != iotStrip {
		e.showNext(e.whole, o)
	}
	if e.kind == iotStrip {
		list := make([]json.RawMessage, len(e.outlets))
		for i, outlet := range e.outlets {
			entry := outlet.entry.clone()
			if entry.has("on_time") {
				entry.put("on_time", seconds(outlet.watch.value(now)))
			}
			e.showNext(outlet, entry)
			list[i] = entry.raw()
		}
		o["children"] = rawArray(list)
	}
	if e.outer != nil {
		whole := e.outer.clone()
		whole["system"] = o.raw()
		return whole
	}
	return o
}

func (e *iot) setRelayState(c *iotCall) (object, *iotFault) {
	state, ok := c.args.integer("state")
	if e.kind.light() {
		return nil, &e.errors.method
	}
	if !ok || state != 0 && state != 1 {
		return nil, &e.errors.argument
	}
	for _, o := range c.at {
		e.turn(o, state == 1)
	}
	return nil, nil
}

// turn switches a relay.
func (e *iot) turn(o *outlet, on bool) {
	e.endFade()
	e.advance(o)
	o.watch.turn(on, e.d.clock.real())
	key, state := "relay_state", e.sys
	if o.entry != nil {
		key, state = "state", o.entry
	}
	if state.has(key) {
		state.put(key, flagNumber(on))
	}
	o.usage.rate = 0
	if on {
		o.usage.rate = 60
	}
	e.setPower(o)
}

func (e *iot) setAlias(c *iotCall) (object, *iotFault) {
	var alias string
	if json.Unmarshal(c.args["alias"], &alias) != nil || len(alias) > 64 {
		return nil, &e.errors.argument
	}
	if !c.named {
		e.sys.put("alias", alias)
	} else if o := c.first(); o != nil {
		o.entry.put("alias", alias)
	}
	return nil, nil
}

func (e *iot) setLedOff(c *iotCall) (object, *iotFault) {
	off, ok := c.args.flag("off")
	switch {
	case !e.sys.has("led_off"):
		return nil, &e.errors.method
	case !ok:
		return nil, &e.errors.argument
	}
	e.sys.put("led_off", flagNumber(off))
	return nil, nil
}

func (e *iot) setLocation(c *iotCall) (object, *iotFault) {
	for _, key := range []string{"latitude_i", "longitude_i", "latitude", "longitude"} {
		if !c.args.has(key) {
			continue
		}
		if _, ok := c.args.number(key); !ok {
			return nil, &e.errors.argument
		}
		if e.sys.has(key) {
			e.sys[key] = c.args[key]
		}
	}
	e.replan()
	return nil, nil
}

func (e *iot) reboot(c *iotCall) (object, *iotFault) {
	delay, ok := c.args.integer("delay")
	if !ok && c.args.has("delay") || delay < 0 || delay > 3600 {
		return nil, &e.errors.argument
	}
	e.d.reboot(time.Duration(delay) * time.Second)
	return nil, nil
}

// factoryReset brings the state of the capture back, without what people have
// told the device.
func (e *iot) factoryReset(c *iotCall) (object, *iotFault) {
	if _, ok := c.args.integer("delay"); !ok {
		return nil, &e.errors.argument
	}
	if err := e.d.forget(); err != nil {
		return nil, &e.errors.argument
	}
	return nil, nil
}

func (e *iot) getRelationship(*iotCall) (object, *iotFault) {
	type slot struct {
		ID   string `json:"child_id"`
		Slot int    `json:"hw_slot"`
	}
	list := make([]slot, len(e.outlets))
	for i, o := range e.outlets {
		list[i] = slot{o.entry.text("id"), i}
	}
	return object{"data": marshal(list)}, nil
}

// tick does what fell due since the last request, each at its own moment.
func (e *iot) tick() {
	e.d.clock.pass(e.upcoming)
	e.moveFade(e.d.clock.real())
	for _, o := range e.all() {
		e.advance(o)
	}
}

// upcoming is what happens next after a moment.
func (e *iot) upcoming(after time.Time) agenda {
	var a agenda
	for _, o := range e.all() {
		if t := o.rules[e.ruleModule(roleTimer)]; t != nil {
			a.add(t.due, func() { e.runTimer(o, t) })
		}
		planned := e.planned(o, after)
		a.add(planned.at, planned.run...)
	}
	a.add(e.upgrade.due(), func() { e.install(e.upgrade.version) })
	return a
}

// advance brings the sums of an outlet forward to now.
func (e *iot) advance(o *outlet) {
	now := e.d.clock.time()
	if e.d.clock.unset { // it counts nothing
		o.power.energy.jump(now)
		o.usage.jump(now)
		return
	}
	o.power.advance(now)
	o.usage.advance(now)
}

func flagNumber(on bool) int {
	if on {
		return 1
	}
	return 0
}
