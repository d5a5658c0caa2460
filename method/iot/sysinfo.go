package iot

import (
	"encoding/json"
	"strings"

	"wattle"
	"wattle/method"
)

// Sysinfo is the answer of system.get_sysinfo (section 4.1): who the device is
// and most of its state. Which fields are there tells what the device can do.
type Sysinfo struct {
	Alias       string          `json:"alias"`
	DeviceID    string          `json:"deviceId"` // 40 hex digits
	HardwareID  string          `json:"hwId"`
	OEMID       string          `json:"oemId"`
	FirmwareID  string          `json:"fwId"`   // 2016 to 2017 plugs only
	Model       string          `json:"model"`  // with region: "HS110(EU)"
	Firmware    string          `json:"sw_ver"` // "1.2.5 Build 171213 Rel.101523"
	Hardware    string          `json:"hw_ver"`
	Type        string          `json:"type"` // older plugs; else MicType
	MicType     string          `json:"mic_type"`
	MAC         string          `json:"mac"`     // with colons
	MicMAC      string          `json:"mic_mac"` // bulbs: often without separators
	EthernetMAC string          `json:"ethernet_mac"`
	DevName     string          `json:"dev_name"`    // product text of plugs and switches
	Description string          `json:"description"` // product text of bulbs
	Feature     string          `json:"feature"`     // colon list: "TIM:ENE"
	RSSI        method.Opt[int] `json:"rssi"`        // dBm

	RelayState method.Opt[bool] `json:"relay_state"` // plugs, switches, dimmers
	OnTime     method.Opt[int]  `json:"on_time"`     // s since the relay closed; 0 when off
	LEDOff     method.Opt[bool] `json:"led_off"`
	Brightness method.Opt[int]  `json:"brightness"` // dimmers, 1 to 100 %; kept while off
	Updating   method.Opt[bool] `json:"updating"`
	NTCState   method.Opt[int]  `json:"ntc_state"` // temperature sensor, 0 = normal

	// Where it is; 0 and 0 where nobody said.
	Position

	ActiveMode     method.Opt[string] `json:"active_mode"` // none, schedule, count_down
	PreferredState []Preset           `json:"preferred_state"`
	Children       []Outlet           `json:"children"`

	LightState     *LightState      `json:"light_state"` // bulbs and light strips
	IsDimmable     method.Opt[bool] `json:"is_dimmable"`
	IsColor        method.Opt[bool] `json:"is_color"`
	IsVariableTemp method.Opt[bool] `json:"is_variable_color_temp"`
	Length         method.Opt[int]  `json:"length"` // segments of a light strip
	EffectState    *EffectState     `json:"lighting_effect_state"`

	CameraSwitch method.Opt[string] `json:"camera_switch"` // the EC60 camera: on, off

	facts *facts
}

// facts are what conditions ask for again and again: found out once, when the
// answer is decoded.
type facts struct{ light, meters bool }

// Outlet is one outlet of a strip in [Sysinfo.Children].
type Outlet struct {
	ID     string           `json:"id"` // deviceId + two digits, or the digits alone
	Alias  string           `json:"alias"`
	State  method.Opt[bool] `json:"state"`
	OnTime method.Opt[int]  `json:"on_time"` // s
}

// Preset is an entry of preferred_state (section 7.4). Entries with an ID are
// stored effects.
type Preset struct {
	Index      int             `json:"index"`
	Hue        method.Opt[int] `json:"hue"`
	Saturation method.Opt[int] `json:"saturation"`
	ColorTemp  method.Opt[int] `json:"color_temp"`
	Brightness method.Opt[int] `json:"brightness"`
	ID         string          `json:"id"`
}

// EffectState is what a light strip says of its effect (section 8).
type EffectState struct {
	Enable     method.Opt[bool] `json:"enable"`
	Name       string           `json:"name"`
	ID         string           `json:"id"`
	Custom     method.Opt[bool] `json:"custom"`
	Brightness method.Opt[int]  `json:"brightness"` // %
}

// UnmarshalJSON also takes the form of the EC60 camera, which has the fields
// one level deeper (section 4.1).
func (s *Sysinfo) UnmarshalJSON(b []byte) error {
	type plain Sysinfo
	s.facts = nil
	err := json.Unmarshal(b, (*plain)(s))
	if s.Family() == "" {
		var nested struct {
			System json.RawMessage `json:"system"`
		}
		if json.Unmarshal(b, &nested) == nil && len(nested.System) > 0 && nested.System[0] == '{' {
			*s = Sysinfo{}
			err = json.Unmarshal(nested.System, (*plain)(s))
		}
	}
	s.facts = &facts{light: s.IsLight(), meters: s.Meters()}
	return err
}

// Family is the device family, such as "IOT.SMARTPLUGSWITCH".
func (s *Sysinfo) Family() string {
	if s.Type != "" {
		return s.Type
	}
	return s.MicType
}

// Address is the MAC from whichever field has it; zero where none is readable.
func (s *Sysinfo) Address() wattle.MAC {
	for _, text := range []string{s.MAC, s.MicMAC, s.EthernetMAC} {
		if mac, err := wattle.ParseMAC(text); err == nil {
			return mac
		}
	}
	return wattle.MAC{}
}

// DeviceType follows section 4.2. It is "" for an answer without a family,
// which no usable device gives.
func (s *Sysinfo) DeviceType() wattle.DeviceType {
	family := strings.ToLower(s.Family())
	switch {
	case s.CameraSwitch.Known() || strings.Contains(family, "ipcamera"):
		return wattle.Camera
	case family == "":
		return ""
	case strings.Contains(s.DevName, "Dimmer"):
		return wattle.Dimmer
	case strings.Contains(family, "smartbulb") && s.Length.Known():
		return wattle.LightStrip
	case strings.Contains(family, "smartbulb"):
		return wattle.Bulb
	case len(s.Children) > 0:
		return wattle.Strip
	case strings.Contains(strings.ToLower(s.DevName), "light"):
		return wattle.WallSwitch
	}
	return wattle.Plug
}

// IsLight reports whether the device is switched through its light state, as
// bulbs and light strips are, and not by a relay.
func (s *Sysinfo) IsLight() bool {
	if s.facts != nil {
		return s.facts.light
	}
	return s.LightState != nil || strings.Contains(strings.ToLower(s.Family()), "smartbulb")
}

// Meters reports whether the device says that it has an energy meter: the flag
// ENE, or a bulb, which always has (section 4.1).
func (s *Sysinfo) Meters() bool {
	if s.facts != nil {
		return s.facts.meters
	}
	for rest := s.Feature; rest != ""; {
		var flag string
		if flag, rest, _ = strings.Cut(rest, ":"); flag == "ENE" {
			return true
		}
	}
	return s.IsLight()
}

// ChildID is an outlet's id in full: some firmware gives the last two digits
// only (section 1.3).
func (s *Sysinfo) ChildID(o Outlet) string {
	if len(o.ID) == 2 {
		return s.DeviceID + o.ID
	}
	return o.ID
}
