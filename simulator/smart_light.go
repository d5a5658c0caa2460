package simulator

import "encoding/json"

// Lights of the SMART language: presets, fades and effects. See
// docs/protocol/smart.md section 8.

// endEffects is what setting a colour does to a running effect.
func (u *unit) endEffects() {
	if on, ok := u.info.flag("dynamic_light_effect_enable"); ok && on {
		u.info.put("dynamic_light_effect_enable", false)
		if rules, ok := u.stored("get_dynamic_light_effect_rules"); ok {
			rules.put("enable", false)
			u.change("get_dynamic_light_effect_rules", rules)
		}
	}
	u.endEffect("lighting_effect")
	u.endEffect("segment_effect")
}

// endEffect ends one kind of effects of a strip.
func (u *unit) endEffect(key string) {
	if effect := u.info.object(key); effect != nil {
		effect.put("enable", 0)
		u.info[key] = effect.raw()
	}
}

// setGradually takes one of on_state and off_state, or enable.
func (u *unit) setGradually(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_on_off_gradually_info")
	if !ok && u.info.has("fade_on_time") {
		// Nothing but the information of the light is known, and it shows all.
		answer, ok = u.fadesOfInfo(), true
	}
	if !ok {
		return nil, u.unknown("set_on_off_gradually_info")
	}
	if len(params) == 0 || !fits(answer, params) || params.has("on_state") && params.has("off_state") {
		return nil, codeParams
	}
	for key := range params {
		state := params.object(key)
		if state == nil {
			continue
		}
		limit, ok := answer.object(key).integer("max_duration")
		if !ok {
			limit = 60
		}
		duration, isNumber := state.integer("duration")
		if state.has("duration") && (!isNumber || duration < 0 || duration > limit) || !fits(answer.object(key), state) {
			return nil, codeParams
		}
	}
	mergeInto(answer, params)
	if !u.bare {
		u.change("get_on_off_gradually_info", answer)
	}
	// Some lights show the same in their information.
	for _, name := range []string{"on", "off"} {
		state := answer.object(name + "_state")
		if key := "fade_" + name + "_time"; u.info.has(key) && state.has("duration") {
			u.info[key] = state["duration"]
		}
		if key := "gradually_" + name + "_mode"; u.info.has(key) {
			enabled, _ := state.flag("enable")
			u.info.put(key, flagNumber(enabled))
		}
	}
	return nil, 0
}

// fadesOfInfo is get_on_off_gradually_info made of the information.
func (u *unit) fadesOfInfo() object {
	answer := object{}
	for _, name := range []string{"on", "off"} {
		enabled, _ := u.info.flag("gradually_" + name + "_mode")
		state := object{"enable": marshal(enabled)}
		for key, from := range map[string]string{"duration": "fade_" + name + "_time", "max_duration": "max_fade_" + name + "_time"} {
			if u.info.has(from) {
				state[key] = u.info[from]
			}
		}
		answer[name+"_state"] = state.raw()
	}
	return answer
}

// setPresets writes the whole list of brightness presets.
func (u *unit) setPresets(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_preset_rules")
	if !ok && u.info.has("preset_state") {
		answer, ok = object{"brightness": nil}, true
	}
	if !ok {
		return nil, u.unknown("set_preset_rules")
	}
	list := params.array("brightness")
	if !answer.has("brightness") || len(list) == 0 || len(list) > 32 {
		return nil, codeParams
	}
	states := make([]json.RawMessage, len(list))
	for i, raw := range list {
		level, ok := number(raw)
		if !ok || level < 1 || level > 100 {
			return nil, codeParams
		}
		states[i] = object{"brightness": raw}.raw()
	}
	if !u.bare {
		answer["brightness"] = rawArray(list)
		u.change("get_preset_rules", answer)
	}
	if u.info.has("preset_state") {
		u.info["preset_state"] = rawArray(states)
	}
	return nil, 0
}

// editPreset replaces one preset.
func (u *unit) editPreset(params object) (json.RawMessage, int) {
	answer, ok := u.stored("get_preset_rules")
	if !ok {
		return nil, u.unknown("edit_preset_rules")
	}
	index, ok := params.integer("index")
	state := params.object("state")
	states := answer.array("states")
	if !ok || state == nil || index < 0 || index >= len(states) {
		return nil, codeParams
	}
	states[index] = state.raw()
	answer["states"] = rawArray(states)
	u.change("get_preset_rules", answer)
	return nil, 0
}

// effectMembers are what get_device_info shows of an effect.
var effectMembers = []string{"enable", "id", "name", "custom", "brightness", "display_colors"}

// setLightingEffect takes a whole effect, or the brightness of the running one.
func (u *unit) setLightingEffect(params object) (json.RawMessage, int) {
	shown := u.info.object("lighting_effect")
	if !u.has("light_strip_lighting_effect") || shown == nil {
		return nil, codeUnknownMethod
	}
	brightness, ok := params.integer("brightness")
	if params.has("brightness") && (!ok || brightness < 0 || brightness > 100) {
		return nil, codeParams
	}
	whole, _ := u.stored("get_lighting_effect")
	if adjusted, _ := params.flag("bAdjusted"); adjusted && !params.has("name") {
		if !ok {
			return nil, codeParams
		}
		shown.put("brightness", brightness)
		if whole != nil {
			whole.put("brightness", brightness)
			u.change("get_lighting_effect", whole)
		}
		u.info["lighting_effect"] = shown.raw()
		return nil, 0
	}
	on, ok := params.flag("enable")
	if !ok || !params.has("name") || !params.has("id") {
		return nil, codeParams
	}
	for _, key := range effectMembers {
		if value, ok := params[key]; ok {
			shown[key] = value
		}
	}
	u.info["lighting_effect"] = shown.raw()
	u.change("get_lighting_effect", params.clone())
	if on {
		u.endEffect("segment_effect") // a strip shows one
	}
	if on && u.info.has("device_on") {
		u.turn(true)
	}
	return nil, 0
}

func (u *unit) applySegmentEffect(params object) (json.RawMessage, int) {
	shown := u.info.object("segment_effect")
	if !u.has("segment_effect") || shown == nil {
		return nil, codeUnknownMethod
	}
	on, ok := params.flag("enable")
	if !ok || !params.has("id") {
		return nil, codeParams
	}
	for _, key := range effectMembers {
		if value, ok := params[key]; ok {
			shown[key] = value
		}
	}
	u.info["segment_effect"] = shown.raw()
	u.change("get_segment_effect_rule", params.clone())
	if on {
		u.endEffect("lighting_effect")
	}
	if on && u.info.has("device_on") {
		u.turn(true)
	}
	return nil, 0
}

// enableDynamicEffect starts an effect of the list, or stops it.
func (u *unit) enableDynamicEffect(params object) (json.RawMessage, int) {
	rules, ok := u.stored("get_dynamic_light_effect_rules")
	if !ok {
		return nil, u.unknown("set_dynamic_light_effect_rule_enable")
	}
	on, ok := params.flag("enable")
	if !ok {
		return nil, codeParams
	}
	if on {
		if findRule(rules.array("rule_list"), params.text("id")) < 0 {
			return nil, codeParams
		}
		rules["current_rule_id"] = params["id"]
		u.info["dynamic_light_effect_id"] = params["id"]
		u.turn(true)
	}
	rules.put("enable", on)
	u.info.put("dynamic_light_effect_enable", on)
	u.change("get_dynamic_light_effect_rules", rules)
	return nil, 0
}

func (u *unit) editDynamicEffect(params object) (json.RawMessage, int) {
	return editRule("get_dynamic_light_effect_rules")(u, params)
}
