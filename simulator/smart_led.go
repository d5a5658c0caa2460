package simulator

import (
	"encoding/json"

	"wattle/rule"
)

// getLedInfo is as it was stored, except that the LED follows the night as
// long as the device's clock goes.
func (u *unit) getLedInfo(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_led_info")
	if !ok {
		return nil, u.unknown("get_led_info")
	}
	night := answer.object("night_mode")
	if answer.text("led_rule") != "night_mode" || night == nil || u.e.d.clock.frozen {
		return answer.raw(), 0
	}
	now := u.e.d.clock.time()
	if night.text("night_mode_type") == "sunrise_sunset" {
		y, m, d := now.Date()
		sunrise, sunset := rule.Sun(rule.Date{Year: y, Month: m, Day: d}, placeOf(u.info), now.Location())
		for key, minute := range map[string]int{"start_time": sunset, "end_time": sunrise} {
			offset, _ := night.integer(map[string]string{"start_time": "sunset_offset", "end_time": "sunrise_offset"}[key])
			night.put(key, min(max(minute+offset, 0), 24*60-1))
		}
		answer["night_mode"] = night.raw()
	}
	start, _ := night.integer("start_time")
	end, _ := night.integer("end_time")
	minute := now.Hour()*60 + now.Minute()
	dark := minute >= start && minute < end
	if start > end { // over midnight
		dark = minute >= start || minute < end
	}
	answer.put("led_status", !dark)
	return answer.raw(), 0
}
