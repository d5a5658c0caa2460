package iot

import "wattle/method"

// Names of the modules of switches with sensors (section 13).
const (
	ModuleLAS     = "smartlife.iot.LAS"
	ModulePIR     = "smartlife.iot.PIR"
	ModuleHomeKit = "smartlife.iot.homekit"
)

// LASConfig is the answer of the ambient light sensor's get_config.
type LASConfig struct {
	Devices []struct {
		Enable method.Opt[bool] `json:"enable"`
	} `json:"devs"`
}

// Ambient is the brightness of the room, the answer of get_current_brt.
type Ambient struct {
	Value method.Opt[int] `json:"value"` // %
}

// Dark is the answer of get_dark_status.
type Dark struct {
	Dark method.Opt[bool] `json:"bDark"`
}

// PIRConfig is the answer of the motion sensor's get_config.
type PIRConfig struct {
	Enable       method.Opt[bool] `json:"enable"`
	TriggerIndex method.Opt[int]  `json:"trigger_index"` // 0 far, 1 mid, 2 near, 3 custom
	ColdTime     method.Opt[int]  `json:"cold_time"`     // ms
	MinADC       method.Opt[int]  `json:"min_adc"`
	MaxADC       method.Opt[int]  `json:"max_adc"`
	Array        []int            `json:"array"` // sensitivity by trigger index
}

// ADCValue is the answer of get_adc_value of either sensor.
type ADCValue struct {
	Value method.Opt[int] `json:"value"`
}

// Enable is the parameter of set_enable.
type Enable struct {
	Enable Bit `json:"enable"` // 1: on
}

// Sensitivity is the parameter of set_trigger_sens; with a Value it sets the
// custom one.
type Sensitivity struct {
	Index int             `json:"index"`          // 0 far, 1 mid, 2 near, 3 custom
	Value method.Opt[int] `json:"value,omitzero"` // 0 to 100
}

// ColdTime is the parameter of set_cold_time: how long without motion until it
// counts as gone.
type ColdTime struct {
	ColdTime int `json:"cold_time"` // ms
}

// Level is the parameter of set_brt_level.
type Level struct {
	Index int `json:"index"` // of the level, 5 is the custom one
	Value int `json:"value"` // %, 0 to 100
}

// DarkIndex is the parameter of set_dark_index.
type DarkIndex struct {
	Index int `json:"dark_index"` // of the level from which on it is dark
}

// HomeKit is the answer of setup_info_get. It lets whoever has it pair the
// device.
type HomeKit struct {
	Code method.Opt[string] `json:"setup_code"` // "000-00-000"
}

// Methods of switches with sensors (section 13), and of HomeKit (section 14).
var (
	GetLASConfig   = method.Method[method.None, LASConfig]{Module: ModuleLAS, Name: "get_config"}
	GetAmbient     = method.Method[method.None, Ambient]{Module: ModuleLAS, Name: "get_current_brt"}
	GetDark        = method.Method[method.None, Dark]{Module: ModuleLAS, Name: "get_dark_status"}
	SetLASEnable   = method.Method[Enable, method.None]{Module: ModuleLAS, Name: "set_enable", Effect: method.Absolute}
	GetLASValue    = method.Method[method.None, ADCValue]{Module: ModuleLAS, Name: "get_adc_value"}
	SetBrtLevel    = method.Method[Level, method.None]{Module: ModuleLAS, Name: "set_brt_level", Effect: method.Absolute}
	SetDarkIndex   = method.Method[DarkIndex, method.None]{Module: ModuleLAS, Name: "set_dark_index", Effect: method.Absolute}
	GetPIRConfig   = method.Method[method.None, PIRConfig]{Module: ModulePIR, Name: "get_config"}
	GetPIRValue    = method.Method[method.None, ADCValue]{Module: ModulePIR, Name: "get_adc_value"}
	SetPIREnable   = method.Method[Enable, method.None]{Module: ModulePIR, Name: "set_enable", Effect: method.Absolute}
	SetTriggerSens = method.Method[Sensitivity, method.None]{Module: ModulePIR, Name: "set_trigger_sens", Effect: method.Absolute}
	SetColdTime    = method.Method[ColdTime, method.None]{Module: ModulePIR, Name: "set_cold_time", Effect: method.Absolute}
	GetHomeKit     = method.Method[method.None, HomeKit]{Module: ModuleHomeKit, Name: "setup_info_get"}
)
