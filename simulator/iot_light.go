package simulator

import (
	"encoding/json"
	"maps"
	"strings"
)

// Bulbs and light strips. See docs/protocol/iot.md sections 7 and 8.

// lightMembers are what a light keeps while it is off.
var lightMembers = []string{"mode", "hue", "saturation", "color_temp", "brightness"}

// light reads light_state of the sysinfo: whether it is on, and the other
// members wherever they are.
func (e *iot) light() (on bool, state object) {
	stored := e.sys.object("light_state")
	on, _ = stored.flag("on_off")
	state = stored.clone()
	if state == nil {
		state = object{}
	}
	for key, value := range stored.object("dft_on_state") {
		if !on || !state.has(key) {
			state[key] = value
		}
	}
	delete(state, "on_off")
	delete(state, "dft_on_state")
	return on, state
}

// setLight writes light_state in the form that fits on and off.
func (e *iot) setLight(on bool, state object) {
	answer := object{"on_off": marshal(flagNumber(on))}
	if on {
		maps.Copy(answer, state)
	} else {
		answer["dft_on_state"] = state.raw()
	}
	e.sys["light_state"] = answer.raw()
	delete(e.own[e.lampModule()], "get_light_state")
	e.change(e.lampModule(), "get_light_state", e.lightAnswer())
	e.turn(e.whole, on)
}

// getLightState is what is stored until it is changed, else it is made of the
// sysinfo.
func (e *iot) getLightState(c *iotCall) (object, *iotFault) {
	if answer, ok := e.answer(c.module, c.method); ok {
		return answer, nil
	}
	return e.lightAnswer(), nil
}

// lightAnswer is get_light_state made of the sysinfo. Light strips describe
// their segments instead of one colour.
func (e *iot) lightAnswer() object {
	if e.kind != iotLightStrip {
		return e.sys.object("light_state").clone()
	}
	on, state := e.light()
	shown := object{"mode": state["mode"], "groups": e.groups(state)}
	if !state.has("mode") {
		shown.put("mode", "normal")
	}
	answer := object{"length": e.sys["length"], "on_off": marshal(flagNumber(on)), "transition": json.RawMessage("500")}
	if !on {
		answer["dft_on_state"] = shown.raw()
		return answer
	}
	maps.Copy(answer, shown)
	return answer
}

// groups is one group over the whole length.
func (e *iot) groups(state object) json.RawMessage {
	length, _ := e.sys.integer("length")
	group := []int{0, max(length-1, 0)}
	for _, key := range []string{"hue", "saturation", "brightness", "color_temp"} {
		value, _ := state.integer(key)
		group = append(group, value)
	}
	return marshal([][]int{group})
}

// setLightState is transition_light_state of bulbs and set_light_state of
// light strips.
func (e *iot) setLightState(c *iotCall) (object, *iotFault) {
	if (c.method == "set_light_state") != (e.kind == iotLightStrip) {
		return nil, &e.errors.method
	}
	on, state := e.light()
	limits := map[string][2]int{"hue": {0, 360}, "saturation": {0, 100}, "brightness": {0, 100}, "transition_period": {0, 86_400_000}, "on_off": {0, 1}}
	for key, limit := range limits {
		value, ok := c.args.integer(key)
		if c.args.has(key) && (!ok || value < limit[0] || value > limit[1]) {
			return nil, &e.errors.argument
		}
	}
	if !e.allowsTemperature(c.args, state) {
		return nil, &e.errors.argument
	}
	was := on
	if value, ok := c.args.flag("on_off"); ok {
		on = value
	}
	if given, _ := c.args.flag("ignore_default"); on && !was && !given && c.args.has("ignore_default") {
		maps.Copy(state, e.softOn()) // what is given besides comes on top
	}
	changed := 0
	for _, key := range lightMembers {
		if value, ok := c.args[key]; ok && (key != "brightness" || string(value) != "0") {
			state[key] = value
			changed++
		}
	}
	// Colour shows only at temperature 0, so setting a colour alone means it.
	if (c.args.has("hue") || c.args.has("saturation")) && !c.args.has("color_temp") && state.has("color_temp") {
		state.put("color_temp", 0)
	}
	e.effectAfter(c.args, changed)
	e.setLight(on, state)
	if e.kind == iotLightStrip {
		return object{"on_off": marshal(flagNumber(on)), "mode": json.RawMessage(`"normal"`), "groups": e.groups(state)}, nil
	}
	return e.sys.object("light_state"), nil
}

// allowsTemperature checks color_temp: 0 and the present value always fit, and
// only lights with variable white take others.
func (e *iot) allowsTemperature(args, state object) bool {
	if !args.has("color_temp") {
		return true
	}
	kelvin, ok := args.integer("color_temp")
	if !ok {
		return false
	}
	if present, _ := state.integer("color_temp"); kelvin == 0 || kelvin == present {
		return true
	}
	variable, _ := e.sys.flag("is_variable_color_temp")
	return variable && kelvin >= 2500 && kelvin <= 9000
}

// effectAfter ends a running effect when a colour is set; brightness alone is
// the effect's.
func (e *iot) effectAfter(args object, changed int) {
	effect := e.sys.object("lighting_effect_state")
	if effect == nil || changed == 0 {
		return
	}
	if enabled, _ := effect.flag("enable"); !enabled {
		return
	}
	if changed == 1 && args.has("brightness") {
		effect["brightness"] = args["brightness"]
	} else {
		effect.put("enable", 0)
	}
	e.sys["lighting_effect_state"] = effect.raw()
}

func (e *iot) getPreferred(c *iotCall) (object, *iotFault) {
	if answer, ok := e.own[c.module][c.method]; ok {
		return answer.clone(), nil
	}
	states := e.sys["preferred_state"]
	if states == nil {
		states = json.RawMessage("[]")
	}
	return object{"states": states}, nil
}

// setPreferred replaces the preset with the index of the arguments.
func (e *iot) setPreferred(c *iotCall) (object, *iotFault) {
	index, ok := c.args.integer("index")
	if !ok {
		return nil, &e.errors.missing
	}
	list := e.sys.array("preferred_state")
	for i, raw := range list {
		preset, _ := parseObject(raw)
		if at, ok := preset.integer("index"); ok && at == index {
			switch { // an effect and a colour do not mix
			case c.args.has("id"):
				preset = object{}
			case preset.has("id"):
				preset = object{"mode": json.RawMessage("1")}
			}
			maps.Copy(preset, c.args)
			list[i] = preset.raw()
			e.sys["preferred_state"] = rawArray(list)
			return nil, nil
		}
	}
	if e.kind == iotLightStrip && index == len(list) && index < 4 { // a new strip has none
		e.sys["preferred_state"] = rawArray(append(list, c.args.raw()))
		return nil, nil
	}
	return nil, &e.errors.argument
}

// setEffect takes a whole effect; the sysinfo shows a part of it.
func (e *iot) setEffect(c *iotCall) (object, *iotFault) {
	effect := e.sys.object("lighting_effect_state")
	name := c.args.text("name")
	enable, ok := c.args.flag("enable")
	brightness, hasBrightness := c.args.integer("brightness")
	switch {
	case effect == nil || !ok || !c.args.has("name") || strings.ContainsRune(name, 0):
		return nil, &e.errors.argument
	case c.args.has("brightness") && (!hasBrightness || brightness < 0 || brightness > 100):
		return nil, &e.errors.argument
	}
	for key := range effect {
		if value, ok := c.args[key]; ok {
			effect[key] = value
		}
	}
	effect.put("enable", flagNumber(enable))
	e.sys["lighting_effect_state"] = effect.raw()
	e.change(c.module, "get_lighting_effect", c.args.clone())
	if on, state := e.light(); enable && !on {
		e.setLight(true, state)
	}
	return nil, nil
}

func (e *iot) getEffect(c *iotCall) (object, *iotFault) {
	if answer, ok := e.answer(c.module, c.method); ok {
		return answer, nil
	}
	effect := e.sys.object("lighting_effect_state")
	if effect == nil {
		return nil, &e.errors.method
	}
	return effect, nil
}
