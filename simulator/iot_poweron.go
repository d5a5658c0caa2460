package simulator

import "maps"

// What Kasa lights do when they come on. See docs/protocol/iot.md section 7.3.

// powerOn does what the device is set to do when the mains are back. Plugs and
// switches stay as they were.
func (e *iot) powerOn() {
	switch {
	case e.kind.light():
		behavior, _ := e.answer(e.lampModule(), "get_default_behavior")
		on, state := e.light()
		switch behavior.text("re_power_type") {
		case "always_on":
			on = true
		case "always_off":
			on = false
		}
		if preset := e.presetOf(behavior.object("hard_on")); preset != nil {
			maps.Copy(state, preset)
			on = true
		}
		e.setLight(on, state)
	case e.kind == iotDimmer:
		behavior, _ := e.answer("smartlife.iot.dimmer", "get_default_behavior")
		if level, ok := e.presetOf(behavior.object("hard_on"))["brightness"]; ok {
			e.endFade()
			e.sys["brightness"] = level
			e.turn(e.whole, true)
		}
	}
}

// softOn are the values with which a light comes on by a command that names none.
func (e *iot) softOn() object {
	behavior, _ := e.answer(e.lampModule(), "get_default_behavior")
	return e.presetOf(behavior.object("soft_on"))
}

// presetOf gives the members of a light that a mode means: its own, or those of
// the preset with its number. nil: it stays as it was.
func (e *iot) presetOf(mode object) object {
	if mode.text("mode") != "customize_preset" {
		return nil
	}
	from := mode
	if !mode.has("brightness") {
		index, _ := mode.integer("index")
		for _, raw := range e.sys.array("preferred_state") {
			preset, _ := parseObject(raw)
			if at, ok := preset.integer("index"); ok && at == index {
				from = preset
			}
		}
	}
	out := object{}
	for _, key := range lightMembers {
		if value, ok := from[key]; ok && key != "mode" {
			out[key] = value
		}
	}
	return out
}
