package smart

import (
	"encoding/json"

	"wattle/method"
)

// AutoOff is the answer of get_auto_off_config; set_auto_off_config takes it
// back as a whole (section 6).
type AutoOff struct {
	Enable method.Opt[bool] `json:"enable,omitzero"`
	Delay  method.Opt[int]  `json:"delay_min,omitzero"` // min
	Extra  method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (a *AutoOff) UnmarshalJSON(b []byte) (err error) {
	type plain AutoOff
	*a = AutoOff{}
	a.Extra, err = method.DecodeWithExtra(b, (*plain)(a))
	return err
}

// MarshalJSON writes all fields that were read.
func (a AutoOff) MarshalJSON() ([]byte, error) {
	type plain AutoOff
	return method.EncodeWithExtra(plain(a), a.Extra)
}

// ProtectionPower is the answer of get_protection_power; set_protection_power
// takes it back as a whole. Devices use one of the two names for the switch
// (section 7).
type ProtectionPower struct {
	Enabled           method.Opt[bool] `json:"enabled,omitzero"`
	ProtectionEnabled method.Opt[bool] `json:"protection_enabled,omitzero"`
	Power             method.Opt[int]  `json:"protection_power,omitzero"` // W
	Extra             method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (p *ProtectionPower) UnmarshalJSON(b []byte) (err error) {
	type plain ProtectionPower
	*p = ProtectionPower{}
	p.Extra, err = method.DecodeWithExtra(b, (*plain)(p))
	return err
}

// MarshalJSON writes all fields that were read.
func (p ProtectionPower) MarshalJSON() ([]byte, error) {
	type plain ProtectionPower
	return method.EncodeWithExtra(plain(p), p.Extra)
}

// On is the switch under whichever name the device has for it.
func (p *ProtectionPower) On() (on, known bool) {
	if p.ProtectionEnabled.Known() {
		return p.ProtectionEnabled.Get()
	}
	return p.Enabled.Get()
}

// SetOn changes the switch under the name that the device has for it.
func (p *ProtectionPower) SetOn(on bool) {
	if p.ProtectionEnabled.Known() {
		p.ProtectionEnabled = method.Some(on)
		return
	}
	p.Enabled = method.Some(on)
}

// MaxPower is the answer of get_max_power.
type MaxPower struct {
	Power method.Opt[int] `json:"max_power"` // W
}

// Fade is one direction of on_off_gradually.
type Fade struct {
	Enable      method.Opt[bool] `json:"enable,omitzero"`
	Duration    method.Opt[int]  `json:"duration,omitzero"`     // s
	MaxDuration method.Opt[int]  `json:"max_duration,omitzero"` // s, version 3 and later
}

// Gradually is the answer of get_on_off_gradually_info: Enable alone in version
// 1, the states in version 2 and later. set_on_off_gradually_info takes the
// part that changes (section 8.3).
type Gradually struct {
	Enable   method.Opt[bool] `json:"enable,omitzero"`
	OnState  *Fade            `json:"on_state,omitempty"`
	OffState *Fade            `json:"off_state,omitempty"`
}

// Alarm is the answer of get_alarm_configure; set_alarm_configure takes it
// back as a whole (section 11).
type Alarm struct {
	Type     method.Opt[string] `json:"type,omitzero"`
	Volume   method.Opt[string] `json:"volume,omitzero"`   // mute, low, normal, high
	Duration method.Opt[int]    `json:"duration,omitzero"` // s, 1 to 600
	Extra    method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (a *Alarm) UnmarshalJSON(b []byte) (err error) {
	type plain Alarm
	*a = Alarm{}
	a.Extra, err = method.DecodeWithExtra(b, (*plain)(a))
	return err
}

// MarshalJSON writes all fields that were read.
func (a Alarm) MarshalJSON() ([]byte, error) {
	type plain Alarm
	return method.EncodeWithExtra(plain(a), a.Extra)
}

// AlarmTypes is the answer of get_support_alarm_type_list.
type AlarmTypes struct {
	List []string `json:"alarm_type_list"`
}

// Enable is the parameter of switches that stand alone.
type Enable struct {
	Enable bool `json:"enable"`
}

// TempUnit is the parameter of set_temperature_unit.
type TempUnit struct {
	Unit string `json:"temp_unit"` // celsius, fahrenheit
}

// Children is the parameter of remove_child_device_list.
type Children struct {
	List []ChildID `json:"child_device_list"`
}

// ChildID names one child.
type ChildID struct {
	ID string `json:"device_id"`
}

// MatterSetup is the answer of get_matter_setup_info. It lets whoever has it
// pair the device.
type MatterSetup struct {
	Code    method.Opt[string] `json:"setup_code"` // 11 digits
	Payload method.Opt[string] `json:"setup_payload"`
}

// HomeKitSetup is the answer of get_homekit_info. It lets whoever has it pair
// the device.
type HomeKitSetup struct {
	Code method.Opt[string] `json:"mfi_setup_code"` // "000-00-000"
	ID   method.Opt[string] `json:"mfi_setup_id"`   // 4 characters
}

// Settings of plugs and switches (sections 6 to 8).
var (
	GetAutoOff         = method.Method[Start, AutoOff]{Name: "get_auto_off_config", Params: json.RawMessage(`{"start_index":0}`)}
	SetAutoOff         = method.Method[AutoOff, method.None]{Name: "set_auto_off_config", Effect: method.Absolute}
	GetProtectionPower = method.Method[method.None, ProtectionPower]{Name: "get_protection_power"}
	SetProtectionPower = method.Method[ProtectionPower, method.None]{Name: "set_protection_power", Effect: method.Absolute}
	GetMaxPower        = method.Method[method.None, MaxPower]{Name: "get_max_power"}
	GetGradually       = method.Method[method.None, Gradually]{Name: "get_on_off_gradually_info"}
	SetGradually       = method.Method[Gradually, method.None]{Name: "set_on_off_gradually_info", Effect: method.Absolute}
	GetMatterSetup     = method.Method[method.None, MatterSetup]{Name: "get_matter_setup_info"}
	GetHomeKitSetup    = method.Method[method.None, HomeKitSetup]{Name: "get_homekit_info"}
)

// Hubs and what is behind them (sections 11 and 12).
var (
	GetAlarm           = method.Method[method.None, Alarm]{Name: "get_alarm_configure"}
	SetAlarm           = method.Method[Alarm, method.None]{Name: "set_alarm_configure", Effect: method.Absolute}
	GetAlarmTypes      = method.Method[method.None, AlarmTypes]{Name: "get_support_alarm_type_list"}
	PlayAlarm          = method.Method[PlayParams, method.None]{Name: "play_alarm", Effect: method.Once}
	StopAlarm          = method.Method[method.None, method.None]{Name: "stop_alarm", Effect: method.Absolute}
	SetChildProtection = method.Method[Enable, method.None]{Name: "set_child_protection", Effect: method.Absolute}
	SetTemperatureUnit = method.Method[TempUnit, method.None]{Name: "set_temperature_unit", Effect: method.Absolute}
	RemoveChildren     = method.Method[Children, method.None]{Name: "remove_child_device_list", Effect: method.Once}
)
