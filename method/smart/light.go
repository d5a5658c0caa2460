package smart

import (
	"encoding/json"

	"wattle/method"
)

// EffectState is what a light strip says of its effect (section 8.5).
type EffectState struct {
	Enable method.Opt[bool] `json:"enable"`
	Name   string           `json:"name"`
	ID     string           `json:"id"`
}

// EffectRule is an effect of a bulb (section 8.4).
type EffectRule struct {
	ID   string `json:"id"`         // L1, L2
	Name string `json:"scene_name"` // base64, plain, or "" for the built-in ones
}

// EffectRules is the answer of get_dynamic_light_effect_rules.
type EffectRules struct {
	List []EffectRule `json:"rule_list"`
}

// EffectRuleEnable is the parameter of set_dynamic_light_effect_rule_enable.
type EffectRuleEnable struct {
	Enable bool   `json:"enable"`
	ID     string `json:"id,omitempty"`
}

// Preset is a stored setting of a light (section 8.2). An entry without
// brightness is an effect.
type Preset struct {
	Brightness method.Opt[int] `json:"brightness"` // %
	Hue        method.Opt[int] `json:"hue"`
	Saturation method.Opt[int] `json:"saturation"`
	ColorTemp  method.Opt[int] `json:"color_temp"` // K
}

// Presets is the answer of get_preset_rules: Brightness for lights that have
// nothing else, else States.
type Presets struct {
	Brightness []int    `json:"brightness"` // %
	States     []Preset `json:"states"`
}

// Lights (section 8).
var (
	SetLightingEffect = method.Method[json.RawMessage, method.None]{Name: "set_lighting_effect", Effect: method.Absolute}
	GetEffectRules    = method.Method[Start, EffectRules]{Name: "get_dynamic_light_effect_rules", Params: firstPage}
	SetEffectRule     = method.Method[EffectRuleEnable, method.None]{Name: "set_dynamic_light_effect_rule_enable", Effect: method.Absolute}
	GetPresets        = method.Method[method.None, Presets]{Name: "get_preset_rules"}
	// GetPresetPages is the same for version 3 of component preset and later.
	GetPresetPages = method.Method[Start, Presets]{Name: "get_preset_rules", Params: firstPage}
)
