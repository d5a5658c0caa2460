package simulator

import "maps"

// powerOn does what the device is set to do when the mains are back. See
// docs/protocol/smart.md section 5.4.
func (u *unit) powerOn() {
	defaults := u.info.object("default_states")
	if defaults == nil || u.battery || !u.info.has("device_on") {
		return
	}
	state := object{}
	if defaults.text("type") == "custom" {
		maps.Copy(state, defaults.object("state"))
	}
	if level := defaults.object("brightness"); level.text("type") == "custom" {
		state["brightness"] = level["value"]
	}
	if speed, ok := defaults["re_power_fan_speed"]; ok {
		state["fan_speed_level"] = speed
	}
	switch defaults.text("re_power_type") {
	case "always_on":
		state.put("on", true)
	case "always_off":
		state.put("on", false)
	}
	u.become(state)
}
