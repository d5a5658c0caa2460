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
	// IgnoreDefault is 0 when a lamp is turned on with nothing else, so that
	// its configured power-on behaviour counts, else 1.
	IgnoreDefault    Bit             `json:"ignore_default"`
	OnOff            *Bit            `json:"on_off,omitempty"`
	Mode             string          `json:"mode,omitempty"`
	Hue              method.Opt[int] `json:"hue,omitzero"`
	Saturation       method.Opt[int] `json:"saturation,omitzero"`
	ColorTemp        method.Opt[int] `json:"color_temp,omitzero"`
	Brightness       method.Opt[int] `json:"brightness,omitzero"`
	TransitionPeriod method.Opt[int] `json:"transition_period,omitzero"` // ms
}

// Brightness is the parameter of [SetBrightness], 1 to 100 %.
type Brightness struct {
	Brightness int `json:"brightness"`
}
