package iot

import "wattle/method"

// LightState is the state of a bulb or light strip (sections 7 and 8). While it
// is off, the values are in DefaultOn: what it will be when turned on.
type LightState struct {
	OnOff      method.Opt[bool] `json:"on_off"`
	Mode       string           `json:"mode"`
	Hue        method.Opt[int]  `json:"hue"`        // degrees, 0 to 360
	Saturation method.Opt[int]  `json:"saturation"` // %
	ColorTemp  method.Opt[int]  `json:"color_temp"` // K; 0: hue and saturation count
	Brightness method.Opt[int]  `json:"brightness"` // %
	DefaultOn  *LightState      `json:"dft_on_state"`
}

// Shown is where the values are: the state itself while it is on, else what
// it will be when turned on (section 7.2).
func (l *LightState) Shown() *LightState {
	if l.DefaultOn != nil && !l.OnOff.Or(false) {
		return l.DefaultOn
	}
	return l
}

// SetLight are the parameters of transition_light_state and set_light_state
// (section 7.1). Only what is given changes.
type SetLight struct {
	// 0 when a lamp is turned on with nothing else, so that its configured
	// power-on behaviour counts, else 1.
	IgnoreDefault    Bit             `json:"ignore_default"`
	OnOff            *Bit            `json:"on_off,omitempty"`           // 1: on
	Mode             string          `json:"mode,omitempty"`             // normal, circadian
	Hue              method.Opt[int] `json:"hue,omitzero"`               // degrees, 0 to 360
	Saturation       method.Opt[int] `json:"saturation,omitzero"`        // %, 0 to 100
	ColorTemp        method.Opt[int] `json:"color_temp,omitzero"`        // K; 0: hue and saturation count
	Brightness       method.Opt[int] `json:"brightness,omitzero"`        // %, 1 to 100
	TransitionPeriod method.Opt[int] `json:"transition_period,omitzero"` // ms; light strips ignore it
}

// Brightness is the parameter of [SetBrightness].
type Brightness struct {
	Brightness int `json:"brightness"` // %, 1 to 100
}

// DimmerTransition is the parameter of [SetDimmerTransition].
type DimmerTransition struct {
	Brightness int `json:"brightness"` // %, 1 to 100; 0 turns off
	Duration   int `json:"duration"`   // ms, 1 or more
}

// SavedPreset is the parameter of set_preferred_state: what a preset is
// changed to (section 7.4). Only what is given changes.
type SavedPreset struct {
	Index      int             `json:"index"`               // from 0
	Hue        method.Opt[int] `json:"hue,omitzero"`        // degrees, 0 to 360
	Saturation method.Opt[int] `json:"saturation,omitzero"` // %, 0 to 100
	ColorTemp  method.Opt[int] `json:"color_temp,omitzero"` // K; 0: hue and saturation count
	Brightness method.Opt[int] `json:"brightness,omitzero"` // %, 1 to 100
	// An effect of a light strip: Mode 2, Custom 0 and the id of the effect.
	Mode   method.Opt[int] `json:"mode,omitzero"`
	Custom method.Opt[int] `json:"custom,omitzero"`
	ID     string          `json:"id,omitempty"`
}

// Behavior is what a light does at one occasion (sections 6 and 7.3).
type Behavior struct {
	// last_status, customize_preset or circadian when a light comes on; none,
	// instant_on_off, gentle_on_off or customize_preset for a button
	Mode       string          `json:"mode"`
	Index      method.Opt[int] `json:"index,omitzero"`      // of the preset, from 0
	Hue        method.Opt[int] `json:"hue,omitzero"`        // degrees, 0 to 360
	Saturation method.Opt[int] `json:"saturation,omitzero"` // %, 0 to 100
	ColorTemp  method.Opt[int] `json:"color_temp,omitzero"` // K; 0: hue and saturation count
	Brightness method.Opt[int] `json:"brightness,omitzero"` // %, 1 to 100
	Extra      method.Extra    `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (b *Behavior) UnmarshalJSON(raw []byte) (err error) {
	type plain Behavior
	*b = Behavior{}
	b.Extra, err = method.DecodeWithExtra(raw, (*plain)(b))
	return err
}

// MarshalJSON writes all fields that were read.
func (b Behavior) MarshalJSON() ([]byte, error) {
	type plain Behavior
	return method.EncodeWithExtra(plain(b), b.Extra)
}

// DefaultBehavior is the answer of get_default_behavior: what a light does
// when it comes on by command (SoftOn) and when the mains come back (HardOn),
// and what the buttons of a dimmer do. set_default_behavior of bulbs and light
// strips takes it back as a whole (section 7.3).
type DefaultBehavior struct {
	SoftOn      *Behavior    `json:"soft_on,omitempty"`
	HardOn      *Behavior    `json:"hard_on,omitempty"`
	LongPress   *Behavior    `json:"long_press,omitempty"`   // dimmers
	DoubleClick *Behavior    `json:"double_click,omitempty"` // dimmers
	Extra       method.Extra `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DefaultBehavior) UnmarshalJSON(raw []byte) (err error) {
	type plain DefaultBehavior
	*d = DefaultBehavior{}
	d.Extra, err = method.DecodeWithExtra(raw, (*plain)(d))
	delete(d.Extra, "err_code")
	return err
}

// MarshalJSON writes all fields that were read.
func (d DefaultBehavior) MarshalJSON() ([]byte, error) {
	type plain DefaultBehavior
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// LightDetails is the answer of get_light_details: what the lamp is made of.
type LightDetails struct {
	BeamAngle   method.Opt[int] `json:"lamp_beam_angle"`         // degrees
	MinVoltage  method.Opt[int] `json:"min_voltage"`             // V
	MaxVoltage  method.Opt[int] `json:"max_voltage"`             // V
	Wattage     method.Opt[int] `json:"wattage"`                 // W
	Equivalent  method.Opt[int] `json:"incandescent_equivalent"` // W
	MaxLumens   method.Opt[int] `json:"max_lumens"`              // lm
	RenderIndex method.Opt[int] `json:"color_rendering_index"`   // 0 to 100
}

// LightPresets is the answer of get_preferred_state, the same list as in the
// sysinfo (section 7.4).
type LightPresets struct {
	List []SavedPreset `json:"states"`
}

// StripState is the answer of a light strip's get_light_state (section 8). While
// it is off, Groups are in DefaultOn.
type StripState struct {
	Length     method.Opt[int]  `json:"length"` // segments
	OnOff      method.Opt[bool] `json:"on_off"`
	Mode       string           `json:"mode"`
	Transition method.Opt[int]  `json:"transition"` // ms
	// Groups have first and last segment, hue in degrees, saturation and
	// brightness in %, and colour temperature in K.
	Groups    [][]int     `json:"groups"`
	DefaultOn *StripState `json:"dft_on_state"`
}

// Methods of lights beyond their state. Bulbs and light strips have the same
// ones in two modules, dimmers a few in a third.
var (
	GetLightDetails      = method.Method[method.None, LightDetails]{Module: ModuleBulb, Name: "get_light_details"}
	GetStripDetails      = method.Method[method.None, LightDetails]{Module: ModuleLightStrip, Name: "get_light_details"}
	GetLightState        = method.Method[method.None, LightState]{Module: ModuleBulb, Name: "get_light_state"}
	GetStripState        = method.Method[method.None, StripState]{Module: ModuleLightStrip, Name: "get_light_state"}
	GetPreferred         = method.Method[method.None, LightPresets]{Module: ModuleBulb, Name: "get_preferred_state"}
	SetPreferred         = method.Method[SavedPreset, method.None]{Module: ModuleBulb, Name: "set_preferred_state", Effect: method.Absolute}
	SetStripPreferred    = method.Method[SavedPreset, method.None]{Module: ModuleLightStrip, Name: "set_preferred_state", Effect: method.Absolute}
	GetBulbBehavior      = method.Method[method.None, DefaultBehavior]{Module: ModuleBulb, Name: "get_default_behavior"}
	SetBulbBehavior      = method.Method[DefaultBehavior, method.None]{Module: ModuleBulb, Name: "set_default_behavior", Effect: method.Absolute}
	GetStripBehavior     = method.Method[method.None, DefaultBehavior]{Module: ModuleLightStrip, Name: "get_default_behavior"}
	SetStripBehavior     = method.Method[DefaultBehavior, method.None]{Module: ModuleLightStrip, Name: "set_default_behavior", Effect: method.Absolute}
	GetDimmerBehavior    = method.Method[method.None, DefaultBehavior]{Module: ModuleDimmer, Name: "get_default_behavior"}
	SetDoubleClickAction = method.Method[Behavior, method.None]{Module: ModuleDimmer, Name: "set_double_click_action", Effect: method.Absolute}
	SetLongPressAction   = method.Method[Behavior, method.None]{Module: ModuleDimmer, Name: "set_long_press_action", Effect: method.Absolute}
	// SetSwitchState switches like [SetRelayState], with the fade that is configured.
	SetSwitchState = method.Method[State, method.None]{Module: ModuleDimmer, Name: "set_switch_state", Effect: method.Absolute}
	// SetDimmerTransition turns the light on, or off at brightness 0.
	SetDimmerTransition = method.Method[DimmerTransition, method.None]{Module: ModuleDimmer, Name: "set_dimmer_transition", Effect: method.Absolute}
)
