package iot

import "wattle/method"

// DimmerParameters is the answer of get_dimmer_parameters (section 6). Times
// are in ms.
type DimmerParameters struct {
	MinThreshold  method.Opt[int] `json:"minThreshold"` // 0 to 51
	FadeOnTime    method.Opt[int] `json:"fadeOnTime"`
	FadeOffTime   method.Opt[int] `json:"fadeOffTime"`
	GentleOnTime  method.Opt[int] `json:"gentleOnTime"`
	GentleOffTime method.Opt[int] `json:"gentleOffTime"`
	RampRate      method.Opt[int] `json:"rampRate"` // 10 to 50
}

// MinThreshold is the parameter of calibrate_brightness.
type MinThreshold struct {
	MinThreshold int `json:"minThreshold"` // 0 to 51
}

// FadeTime is the parameter of set_fade_on_time and set_fade_off_time.
type FadeTime struct {
	FadeTime int `json:"fadeTime"` // ms, 0 to 10000
}

// Duration is the parameter of set_gentle_on_time and set_gentle_off_time.
type Duration struct {
	Duration int `json:"duration"` // ms, 0 to 120000
}

// RampRate is the parameter of set_button_ramp_rate.
type RampRate struct {
	RampRate int `json:"rampRate"` // 10 to 50
}

// Methods of dimmers (section 6).
var (
	GetDimmerParameters = method.Method[method.None, DimmerParameters]{Module: ModuleDimmer, Name: "get_dimmer_parameters"}
	CalibrateBrightness = method.Method[MinThreshold, method.None]{Module: ModuleDimmer, Name: "calibrate_brightness", Effect: method.Absolute}
	SetFadeOnTime       = method.Method[FadeTime, method.None]{Module: ModuleDimmer, Name: "set_fade_on_time", Effect: method.Absolute}
	SetFadeOffTime      = method.Method[FadeTime, method.None]{Module: ModuleDimmer, Name: "set_fade_off_time", Effect: method.Absolute}
	SetGentleOnTime     = method.Method[Duration, method.None]{Module: ModuleDimmer, Name: "set_gentle_on_time", Effect: method.Absolute}
	SetGentleOffTime    = method.Method[Duration, method.None]{Module: ModuleDimmer, Name: "set_gentle_off_time", Effect: method.Absolute}
	SetButtonRampRate   = method.Method[RampRate, method.None]{Module: ModuleDimmer, Name: "set_button_ramp_rate", Effect: method.Absolute}
)
