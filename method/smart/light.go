package smart

import (
	"encoding/json"

	"wattle/method"
)

// EffectState is what a light strip says of its effect (sections 8.5 and 8.6).
type EffectState struct {
	Enable     method.Opt[bool] `json:"enable"`
	Name       string           `json:"name"`
	ID         string           `json:"id"`
	Custom     method.Opt[bool] `json:"custom"`
	Brightness method.Opt[int]  `json:"brightness"` // %
}

// EffectRule is an effect of a bulb (section 8.4). It is sent back as a whole.
type EffectRule struct {
	ID         string             `json:"id"`                   // L1, L2
	Name       string             `json:"scene_name"`           // base64, plain, or "" for the built-in ones
	ChangeMode method.Opt[string] `json:"change_mode,omitzero"` // direct: jump; bln: breathe
	ChangeTime method.Opt[int]    `json:"change_time,omitzero"` // ms
	// Colors are brightness, hue, saturation and colour temperature.
	Colors [][]int      `json:"color_status_list,omitzero"`
	Extra  method.Extra `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (r *EffectRule) UnmarshalJSON(b []byte) (err error) {
	type plain EffectRule
	*r = EffectRule{}
	r.Extra, err = method.DecodeWithExtra(b, (*plain)(r))
	return err
}

// MarshalJSON writes all fields that were read.
func (r EffectRule) MarshalJSON() ([]byte, error) {
	type plain EffectRule
	return method.EncodeWithExtra(plain(r), r.Extra)
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

// EffectBrightness is the parameter of set_lighting_effect that changes the
// brightness of the running effect and nothing else.
type EffectBrightness struct {
	Brightness int  `json:"brightness"` // %
	Adjusted   bool `json:"bAdjusted"`  // always true
}

// Preset is a stored setting of a light (section 8.2). An entry without
// brightness is an effect.
type Preset struct {
	Brightness method.Opt[int] `json:"brightness"` // %
	Hue        method.Opt[int] `json:"hue"`        // degrees, 0 to 360
	Saturation method.Opt[int] `json:"saturation"` // %, 0 to 100
	ColorTemp  method.Opt[int] `json:"color_temp"` // K
	Effect     json.RawMessage `json:"lighting_effect"`
}

// Presets is the answer of get_preset_rules: Brightness for lights that have
// nothing else, else States.
type Presets struct {
	Brightness []int    `json:"brightness"` // %
	States     []Preset `json:"states"`
}

// BrightnessPresets is the parameter of set_preset_rules: the whole list.
type BrightnessPresets struct {
	Brightness []int `json:"brightness"` // %, 1 to 100 each
}

// PresetEdit is the parameter of edit_preset_rules.
type PresetEdit struct {
	Index int         `json:"index"` // in the device's list, from 0
	State PresetState `json:"state"`
}

// PresetState is what a preset is changed to: a light, or Effect alone, which is a
// whole effect of a strip.
type PresetState struct {
	Brightness method.Opt[int] `json:"brightness,omitzero"` // %
	Hue        method.Opt[int] `json:"hue,omitzero"`        // degrees, 0 to 360
	Saturation method.Opt[int] `json:"saturation,omitzero"` // %, 0 to 100
	ColorTemp  method.Opt[int] `json:"color_temp,omitzero"` // K
	Effect     json.RawMessage `json:"lighting_effect,omitempty"`
}

// Segments is the answer of get_device_segment.
type Segments struct {
	Count method.Opt[int] `json:"segment"` // how many
}

// AutoLight is the answer of get_auto_light_info of version 1;
// set_auto_light_info takes it back as a whole (section 8.7).
type AutoLight struct {
	Enable method.Opt[bool]   `json:"enable,omitzero"`
	Mode   method.Opt[string] `json:"mode,omitzero"` // light_track
	Extra  method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (a *AutoLight) UnmarshalJSON(b []byte) (err error) {
	type plain AutoLight
	*a = AutoLight{}
	a.Extra, err = method.DecodeWithExtra(b, (*plain)(a))
	return err
}

// MarshalJSON writes all fields that were read.
func (a AutoLight) MarshalJSON() ([]byte, error) {
	type plain AutoLight
	return method.EncodeWithExtra(plain(a), a.Extra)
}

// Lights (section 8).
var (
	SetLightingEffect = method.Method[json.RawMessage, method.None]{Name: "set_lighting_effect", Effect: method.Absolute}
	GetEffectRules    = method.Method[Start, EffectRules]{Name: "get_dynamic_light_effect_rules", Params: firstPage}
	// AdjustLightingEffect is the same method for the running effect.
	AdjustLightingEffect = method.Method[EffectBrightness, method.None]{Name: "set_lighting_effect", Effect: method.Absolute}
	// GetLightingEffect gives the whole object of the present effect.
	GetLightingEffect = method.Method[method.None, json.RawMessage]{Name: "get_lighting_effect"}
	GetSegmentEffect  = method.Method[method.None, json.RawMessage]{Name: "get_segment_effect_rule"}
	// ApplySegmentEffect takes a whole effect.
	ApplySegmentEffect = method.Method[json.RawMessage, method.None]{Name: "apply_segment_effect_rule", Effect: method.Absolute}
	GetSegments        = method.Method[method.None, Segments]{Name: "get_device_segment"}
	EditEffectRule     = method.Method[EffectRule, method.None]{Name: "edit_dynamic_light_effect_rule", Effect: method.Absolute}
	SetEffectRule      = method.Method[EffectRuleEnable, method.None]{Name: "set_dynamic_light_effect_rule_enable", Effect: method.Absolute}
	GetPresets         = method.Method[method.None, Presets]{Name: "get_preset_rules"}
	// GetPresetPages is the same for version 3 of component preset and later.
	GetPresetPages = method.Method[Start, Presets]{Name: "get_preset_rules", Params: firstPage}
	// SetPresets is for lights whose presets are brightnesses, EditPreset for others.
	SetPresets   = method.Method[BrightnessPresets, method.None]{Name: "set_preset_rules", Effect: method.Absolute}
	EditPreset   = method.Method[PresetEdit, method.None]{Name: "edit_preset_rules", Effect: method.Absolute}
	GetAutoLight = method.Method[method.None, AutoLight]{Name: "get_auto_light_info"}
	SetAutoLight = method.Method[AutoLight, method.None]{Name: "set_auto_light_info", Effect: method.Absolute}
)
