package smart

import (
	"strings"

	"wattle"
	"wattle/internal/wire/envelope"
	"wattle/method"
)

// Info is the answer of get_device_info (section 5.1): who the device is and
// most of its state. A parent's child list has the same object for each child.
type Info struct {
	DeviceID   string             `json:"device_id"`
	HardwareID string             `json:"hw_id"`
	FirmwareID string             `json:"fw_id"`
	OEMID      string             `json:"oem_id"`
	Model      string             `json:"model"`
	Type       string             `json:"type"`     // family: "SMART.TAPOPLUG"
	Category   string             `json:"category"` // children only: "subg.trv"
	Specs      string             `json:"specs"`    // region, often ""
	Hardware   string             `json:"hw_ver"`
	Firmware   string             `json:"fw_ver"`       // "1.2.3 Build 230425 Rel.142542"
	MAC        string             `json:"mac"`          // with dashes; children without separators
	Nickname   method.Opt[string] `json:"nickname"`     // base64
	SSID       method.Opt[string] `json:"ssid"`         // base64
	Region     string             `json:"region"`       // time zone, not a country
	RSSI       method.Opt[int]    `json:"rssi"`         // dBm
	Signal     method.Opt[int]    `json:"signal_level"` // 0 to 3
	Status     method.Opt[string] `json:"status"`       // children of hubs: online, offline

	// Where it is, in degrees times 10000. Parts of a switch use the short names.
	Latitude       method.Opt[int]  `json:"latitude"`  // degrees times 10000, north positive
	Longitude      method.Opt[int]  `json:"longitude"` // degrees times 10000, east positive
	LatitudeShort  method.Opt[int]  `json:"la"`
	LongitudeShort method.Opt[int]  `json:"lo"`
	HasLocation    method.Opt[bool] `json:"has_set_location_info"`

	DeviceOn  method.Opt[bool]   `json:"device_on"`            // not on strips as a whole, hubs, sensors
	OnTime    method.Opt[int]    `json:"on_time"`              // s
	AutoOff   method.Opt[string] `json:"auto_off_status"`      // on, off
	AutoOffIn method.Opt[int]    `json:"auto_off_remain_time"` // s

	Overheated      method.Opt[bool]   `json:"overheated"`
	OverheatStatus  method.Opt[string] `json:"overheat_status"`         // normal, cooldown, overheated
	PowerProtection method.Opt[string] `json:"power_protection_status"` // normal, overloaded
	Overcurrent     method.Opt[string] `json:"overcurrent_status"`      // normal, ...
	Charging        method.Opt[string] `json:"charging_status"`

	Brightness     method.Opt[int]  `json:"brightness"`       // %
	Hue            method.Opt[int]  `json:"hue"`              // degrees, 0 to 360
	Saturation     method.Opt[int]  `json:"saturation"`       // %
	ColorTemp      method.Opt[int]  `json:"color_temp"`       // K; 0: hue and saturation count
	ColorTempRange []int            `json:"color_temp_range"` // K, lowest and highest
	FanSpeed       method.Opt[int]  `json:"fan_speed_level"`  // 1 to 4
	FanSleep       method.Opt[bool] `json:"fan_sleep_mode_on"`

	Effect        *EffectState     `json:"lighting_effect"`             // light strips
	Segment       *EffectState     `json:"segment_effect"`              // strips whose segments have colours
	EffectOn      method.Opt[bool] `json:"dynamic_light_effect_enable"` // bulbs
	EffectID      string           `json:"dynamic_light_effect_id"`
	DefaultStates *DefaultStates   `json:"default_states"`
	Presets       []Preset         `json:"preset_state"` // lights that are a part of a switch
	// Lights that are a part of a switch have their fade here.
	GraduallyOn  method.Opt[int] `json:"gradually_on_mode"` // 1: on
	GraduallyOff method.Opt[int] `json:"gradually_off_mode"`
	FadeOn       method.Opt[int] `json:"fade_on_time"` // s
	FadeOff      method.Opt[int] `json:"fade_off_time"`
	MaxFadeOn    method.Opt[int] `json:"max_fade_on_time"`
	MaxFadeOff   method.Opt[int] `json:"max_fade_off_time"`

	InAlarm       method.Opt[bool]   `json:"in_alarm"`
	InAlarmSource method.Opt[string] `json:"in_alarm_source"`

	LowBattery     method.Opt[bool] `json:"at_low_battery"`
	IsLow          method.Opt[bool] `json:"is_low"` // S210, S220: instead of at_low_battery
	Battery        method.Opt[int]  `json:"battery_percentage"`
	ReportInterval method.Opt[int]  `json:"report_interval"` // s
	JammingRSSI    method.Opt[int]  `json:"jamming_rssi"`    // dBm

	Open             method.Opt[bool]    `json:"open"`
	Detected         method.Opt[bool]    `json:"detected"`
	WaterLeak        method.Opt[string]  `json:"water_leak_status"` // normal, water_leak, water_dry
	TriggerTimestamp method.Opt[int]     `json:"trigger_timestamp"` // unix seconds
	Temperature      method.Opt[float64] `json:"current_temp"`      // in TempUnit
	TempException    method.Opt[float64] `json:"current_temp_exception"`
	TempUnit         method.Opt[string]  `json:"temp_unit"`        // celsius, fahrenheit
	Humidity         method.Opt[int]     `json:"current_humidity"` // %
	HumidException   method.Opt[float64] `json:"current_humidity_exception"`

	TargetTemp      method.Opt[float64] `json:"target_temp"` // in TempUnit
	TempOffset      method.Opt[int]     `json:"temp_offset"` // -10 to 10
	MinControlTemp  method.Opt[float64] `json:"min_control_temp"`
	MaxControlTemp  method.Opt[float64] `json:"max_control_temp"`
	FrostProtection method.Opt[bool]    `json:"frost_protection_on"` // the valve is off
	ChildProtection method.Opt[bool]    `json:"child_protection"`
	TRVStates       []string            `json:"trv_states"` // heating, ...; empty: idle
}

// SetInfo are the parameters of set_device_info (section 5.2). Only what is
// given changes.
type SetInfo struct {
	DeviceOn        method.Opt[bool]    `json:"device_on,omitzero"`
	Nickname        method.Opt[string]  `json:"nickname,omitzero"`        // base64
	Brightness      method.Opt[int]     `json:"brightness,omitzero"`      // %, 1 to 100
	Hue             method.Opt[int]     `json:"hue,omitzero"`             // degrees, 0 to 360
	Saturation      method.Opt[int]     `json:"saturation,omitzero"`      // %, 0 to 100
	ColorTemp       method.Opt[int]     `json:"color_temp,omitzero"`      // K, 0 for colour
	FanSpeed        method.Opt[int]     `json:"fan_speed_level,omitzero"` // 1 to 4
	FanSleep        method.Opt[bool]    `json:"fan_sleep_mode_on,omitzero"`
	FrostProtection method.Opt[bool]    `json:"frost_protection_on,omitzero"`
	TargetTemp      method.Opt[float64] `json:"target_temp,omitzero"` // in the unit of the device, 5 to 30 celsius
	TempOffset      method.Opt[int]     `json:"temp_offset,omitzero"` // degrees, -10 to 10
	DefaultStates   *DefaultStates      `json:"default_states,omitempty"`
	Latitude        method.Opt[int]     `json:"latitude,omitzero"`  // degrees times 10000
	Longitude       method.Opt[int]     `json:"longitude,omitzero"` // degrees times 10000, east positive
}

// The device itself.
var (
	GetDeviceInfo = method.Method[method.None, Info]{Name: "get_device_info"}
	SetDeviceInfo = method.Method[SetInfo, method.None]{Name: "set_device_info", Effect: method.Absolute}
	// GetRunningInfo is a part of GetDeviceInfo, without the ids.
	GetRunningInfo = method.Method[method.None, Info]{Name: "get_device_running_info"}
	DeviceReboot   = method.Method[Delay, method.None]{Name: "device_reboot", Effect: method.Once}
)

// Delay is the parameter of [DeviceReboot].
type Delay struct {
	Delay int `json:"delay"` // s
}

// Address is the MAC; zero where none is readable.
func (i *Info) Address() wattle.MAC {
	mac, err := wattle.ParseMAC(i.MAC)
	if err != nil {
		return wattle.MAC{}
	}
	return mac
}

// Text reads what a person has typed, such as a name: base64 of UTF-8
// (section 1). Text that is not base64 is given as it is.
func Text(s string) string { return envelope.DecodeName(s) }

// EncodeText is the reverse of [Text].
func EncodeText(s string) string { return envelope.EncodeName(s) }

// Brand is the product line in a family such as "SMART.KASAPLUG": the first
// four letters after the point, in lower case (section 4).
func Brand(family string) string {
	_, kind, _ := strings.Cut(family, ".")
	if len(kind) < 4 {
		return ""
	}
	return strings.ToLower(kind[:4])
}
