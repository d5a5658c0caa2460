package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// Setters of the SMART language whose effect shows in more than one answer.

// setLedInfo takes the whole object; the LED follows the rule.
func (u *unit) setLedInfo(params object) (json.RawMessage, int) {
	rule := params.text("led_rule")
	if params.has("led_rule") && !slices.Contains([]string{"always", "never", "night_mode", "auto", "toggle"}, rule) {
		return nil, codeParams
	}
	answer, ok := u.stored("get_led_info")
	if !ok {
		return nil, u.unknown("set_led_info")
	}
	if !fits(answer, params) {
		return nil, codeParams
	}
	mergeInto(answer, params)
	switch rule {
	case "always":
		answer.put("led_status", true)
	case "never":
		answer.put("led_status", false)
	}
	u.change("get_led_info", answer)
	return nil, 0
}

func (u *unit) setAutoOff(params object) (json.RawMessage, int) {
	minutes, ok := params.integer("delay_min")
	if params.has("delay_min") && (!ok || minutes < 0 || minutes > 65_536) {
		return nil, codeParams
	}
	if code := u.mergeOrRefuse("get_auto_off_config", params); code != 0 {
		return nil, code
	}
	u.armAutoOff(u.e.d.clock.real())
	return nil, 0
}

// mergeOrRefuse is merge with the code of the refusal.
func (u *unit) mergeOrRefuse(getter string, params object) int {
	if _, ok := u.stored(getter); !ok {
		return u.unknown("s" + getter[1:])
	}
	if !u.merge(getter, params) {
		return codeParams
	}
	return 0
}

// setProtection limits the power. The switch of it has one of two names.
func (u *unit) setProtection(params object) (json.RawMessage, int) {
	watts, ok := params.integer("protection_power")
	most, _ := u.stored("get_max_power")
	limit, known := most.integer("max_power")
	if params.has("protection_power") && (!ok || watts < 0 || known && watts > limit) {
		return nil, codeParams
	}
	if code := u.mergeOrRefuse("get_protection_power", params); code != 0 {
		return nil, code
	}
	answer, _ := u.stored("get_protection_power")
	for from, to := range map[string]string{"enabled": "protection_enabled", "protection_enabled": "protection_enabled", "protection_power": "protection_power"} {
		if value, ok := answer[from]; ok && u.info.has(to) {
			u.info[to] = value
		}
	}
	return nil, 0
}

func (u *unit) setChildProtection(params object) (json.RawMessage, int) {
	on, ok := params.flag("enable")
	switch {
	case !u.has("child_protection"):
		return nil, codeUnknownMethod
	case !ok:
		return nil, codeParams
	}
	u.info.put("child_protection", on)
	return nil, 0
}

func (u *unit) setTemperatureUnit(params object) (json.RawMessage, int) {
	switch {
	case !u.has("temperature"):
		return nil, codeUnknownMethod
	case !u.settable("temp_unit", params["temp_unit"]):
		return nil, codeParams
	}
	u.info["temp_unit"] = params["temp_unit"]
	return nil, 0
}

// Alarms of hubs. See docs/protocol/smart.md section 11.

func (u *unit) setAlarm(params object) (json.RawMessage, int) {
	if !u.alarmFits(params, "type", "volume", "duration") {
		return nil, codeParams
	}
	return nil, u.mergeOrRefuse("get_alarm_configure", params)
}

func (u *unit) alarmFits(params object, kind, volume, duration string) bool {
	length, ok := params.integer(duration)
	if params.has(duration) && (!ok || length < 0 || length > 600) {
		return false
	}
	if params.has(volume) && !slices.Contains([]string{"mute", "low", "normal", "high"}, params.text(volume)) {
		return false
	}
	if !params.has(kind) {
		return true
	}
	sounds, _ := u.stored("get_support_alarm_type_list")
	return slices.ContainsFunc(sounds.array("alarm_type_list"), func(raw json.RawMessage) bool {
		return string(raw) == string(params[kind])
	})
}

func (u *unit) playAlarm(params object) (json.RawMessage, int) {
	switch {
	case !u.has("alarm") || !u.info.has("in_alarm"):
		return nil, codeUnknownMethod
	case !u.alarmFits(params, "alarm_type", "alarm_volume", "alarm_duration"):
		return nil, codeParams
	}
	u.info.put("in_alarm", true)
	u.alarm = time.Time{}
	if length, ok := params.integer("alarm_duration"); ok {
		u.alarm = u.e.d.clock.real().Add(time.Duration(max(length, 1)) * time.Second)
	}
	return nil, 0
}

func (u *unit) stopAlarm(object) (json.RawMessage, int) {
	if !u.has("alarm") || !u.info.has("in_alarm") {
		return nil, codeUnknownMethod
	}
	u.info.put("in_alarm", false)
	u.alarm = time.Time{}
	return nil, 0
}
