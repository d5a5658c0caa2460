package iot

import (
	"encoding/json"

	"wattle/method"
)

// Names of modules. Plugs, switches and strips use the short names, bulbs and
// light strips those that begin with smartlife (section 2).
const (
	ModuleSystem     = "system"
	ModuleBulbSystem = "smartlife.iot.common.system"
	ModuleBulb       = "smartlife.iot.smartbulb.lightingservice"
	ModuleLightStrip = "smartlife.iot.lightStrip"
	ModuleEffect     = "smartlife.iot.lighting_effect"
	ModuleDimmer     = "smartlife.iot.dimmer"
	ModuleEmeter     = "emeter"
	ModuleBulbEmeter = "smartlife.iot.common.emeter"
	ModuleTime       = "time"
	ModuleBulbTime   = "smartlife.iot.common.timesetting"
	ModuleCloud      = "cnCloud"
	ModuleBulbCloud  = "smartlife.iot.common.cloud"
)

// State is the parameter of [SetRelayState].
type State struct {
	State Bit `json:"state"` // 1: on
}

// Off is the parameter of [SetLEDOff].
type Off struct {
	Off Bit `json:"off"` // 1: dark
}

// Alias is the parameter of [SetDevAlias].
type Alias struct {
	Alias string `json:"alias"`
}

// Delay is the parameter of [Reboot] and of reset. With 0 the device is gone
// before it has answered.
type Delay struct {
	Delay int `json:"delay"` // s
}

// Methods of module system (section 3). Bulbs have a few in a module
// of their own.
var (
	GetSysinfo = method.Method[method.None, Sysinfo]{Module: ModuleSystem, Name: "get_sysinfo"}
	// SetRelayState without a child addresses all outlets of a strip (section 1.3).
	SetRelayState = method.Method[State, method.None]{Module: ModuleSystem, Name: "set_relay_state", Effect: method.Absolute}
	SetLEDOff     = method.Method[Off, method.None]{Module: ModuleSystem, Name: "set_led_off", Effect: method.Absolute}
	SetDevAlias   = method.Method[Alias, method.None]{Module: ModuleSystem, Name: "set_dev_alias", Effect: method.Absolute}
	Reboot        = method.Method[Delay, method.None]{Module: ModuleSystem, Name: "reboot", Effect: method.Once}

	SetBulbAlias = method.Method[Alias, method.None]{Module: ModuleBulbSystem, Name: "set_dev_alias", Effect: method.Absolute}
)

// GetOutlet is not asked of a device: it is the place in an outlet's snapshot
// where its entry of the strip's sysinfo is kept.
var GetOutlet = method.Method[method.None, Outlet]{Module: ModuleSystem, Name: "get_sysinfo.children"}

// Methods of lights (sections 6 to 8).
var (
	TransitionLightState = method.Method[SetLight, LightState]{Module: ModuleBulb, Name: "transition_light_state", Effect: method.Absolute}
	SetLightState        = method.Method[SetLight, LightState]{Module: ModuleLightStrip, Name: "set_light_state", Effect: method.Absolute}
	// SetLightingEffect takes a whole effect object.
	SetLightingEffect = method.Method[json.RawMessage, method.None]{Module: ModuleEffect, Name: "set_lighting_effect", Effect: method.Absolute}
	// SetBrightness is for dimmers; it does not turn the light on.
	SetBrightness = method.Method[Brightness, method.None]{Module: ModuleDimmer, Name: "set_brightness", Effect: method.Absolute}
)
