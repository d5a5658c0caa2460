package smart

import (
	"time"

	"wattle/method"
)

// Time is the answer of get_device_time (section 6).
type Time struct {
	Timestamp method.Opt[int] `json:"timestamp"` // unix seconds
	Region    string          `json:"region"`    // IANA name, sometimes another
	TimeDiff  method.Opt[int] `json:"time_diff"` // minutes from UTC
}

// Moment is the device's time in its own zone: the region where the host
// knows it, else the fixed offset.
func (t *Time) Moment() (time.Time, bool) {
	sec, ok := t.Timestamp.Get()
	if !ok || sec <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(sec), 0).In(t.zone()), true
}

func (t *Time) zone() *time.Location {
	if zone, ok := method.Zone(t.Region); ok {
		return zone
	}
	if minutes, ok := t.TimeDiff.Get(); ok && minutes > -24*60 && minutes < 24*60 {
		return time.FixedZone("", minutes*60)
	}
	return time.UTC
}

// LEDInfo is the answer of get_led_info; set_led_info takes it back as a
// whole (section 6).
type LEDInfo struct {
	Rule  method.Opt[string] `json:"led_rule,omitzero"` // always, never, night_mode, auto, toggle
	Extra method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (l *LEDInfo) UnmarshalJSON(b []byte) (err error) {
	type plain LEDInfo
	*l = LEDInfo{}
	l.Extra, err = method.DecodeWithExtra(b, (*plain)(l))
	return err
}

// MarshalJSON writes all fields that were read.
func (l LEDInfo) MarshalJSON() ([]byte, error) {
	type plain LEDInfo
	return method.EncodeWithExtra(plain(l), l.Extra)
}

// CloudState is the answer of get_connect_cloud_state (section 6).
type CloudState struct {
	Status method.Opt[int] `json:"status"` // 0: connected
}

// LatestFirmware is the answer of get_latest_fw (section 6).
type LatestFirmware struct {
	Type    method.Opt[int] `json:"type"` // 0: none newer
	Version string          `json:"fw_ver"`
	Date    string          `json:"release_date"`
	Note    string          `json:"release_note"`
}

// AutoUpdate is the answer of get_auto_update_info; set_auto_update_info
// takes it back as a whole (section 6).
type AutoUpdate struct {
	Enable method.Opt[bool] `json:"enable,omitzero"`
	Extra  method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (a *AutoUpdate) UnmarshalJSON(b []byte) (err error) {
	type plain AutoUpdate
	*a = AutoUpdate{}
	a.Extra, err = method.DecodeWithExtra(b, (*plain)(a))
	return err
}

// MarshalJSON writes all fields that were read.
func (a AutoUpdate) MarshalJSON() ([]byte, error) {
	type plain AutoUpdate
	return method.EncodeWithExtra(plain(a), a.Extra)
}

// Housekeeping (section 6).
var (
	GetDeviceTime = method.Method[method.None, Time]{Name: "get_device_time"}
	GetLEDInfo    = method.Method[method.None, LEDInfo]{Name: "get_led_info"}
	SetLEDInfo    = method.Method[LEDInfo, method.None]{Name: "set_led_info", Effect: method.Absolute}
	GetCloudState = method.Method[method.None, CloudState]{Name: "get_connect_cloud_state"}
	GetLatestFW   = method.Method[method.None, LatestFirmware]{Name: "get_latest_fw"}
	GetAutoUpdate = method.Method[method.None, AutoUpdate]{Name: "get_auto_update_info"}
	SetAutoUpdate = method.Method[AutoUpdate, method.None]{Name: "set_auto_update_info", Effect: method.Absolute}
)
