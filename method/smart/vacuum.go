package smart

import (
	"encoding/json"

	"wattle/method"
)

// VacStatus is the answer of getVacStatus (section 13).
type VacStatus struct {
	Status method.Opt[int] `json:"status"`
	Errors []int           `json:"err_status"`
}

// CleanAttr is the answer of getCleanAttr.
type CleanAttr struct {
	Suction method.Opt[int] `json:"suction"`      // 1 quiet to 5 ultra
	Cistern method.Opt[int] `json:"cistern"`      // 0 to 3
	Number  method.Opt[int] `json:"clean_number"` // 1 to 3
}

// SetCleanAttr are the parameters of setCleanAttr; only what is given changes.
type SetCleanAttr struct {
	Type    string          `json:"type"` // "global"
	Suction method.Opt[int] `json:"suction,omitzero"`
	Cistern method.Opt[int] `json:"cistern,omitzero"`
	Number  method.Opt[int] `json:"clean_number,omitzero"`
}

// CleanInfo is the answer of getCleanInfo.
type CleanInfo struct {
	Area    method.Opt[int] `json:"clean_area"` // in the unit of [AreaUnit]
	Percent method.Opt[int] `json:"clean_percent"`
	Minutes method.Opt[int] `json:"clean_time"`
}

// AreaUnit is the answer of getAreaUnit: 0 m², 1 ft², 2 ping.
type AreaUnit struct {
	Unit method.Opt[int] `json:"area_unit"`
}

// CarpetClean is the answer of getCarpetClean, and the parameter of
// setCarpetClean.
type CarpetClean struct {
	Prefer method.Opt[string] `json:"carpet_clean_prefer,omitzero"` // boost, normal
}

// BatteryInfo is the answer of getBatteryInfo.
type BatteryInfo struct {
	Percent method.Opt[int] `json:"battery_percentage"`
}

// CleanRecords is the answer of getCleanRecords.
type CleanRecords struct {
	Minutes method.Opt[int] `json:"total_time"`
	Area    method.Opt[int] `json:"total_area"`
	Number  method.Opt[int] `json:"total_number"`
	// Last is the newest one: unix seconds, minutes, area, dust collected. The
	// wire name is spelled so.
	Last []int `json:"lastest_day_record"`
}

// Consumables is the answer of getConsumablesInfo: minutes used, by name.
type Consumables struct {
	MainBrush     method.Opt[int] `json:"roll_brush_time"`
	SideBrush     method.Opt[int] `json:"edge_brush_time"`
	Filter        method.Opt[int] `json:"filter_time"`
	Sensor        method.Opt[int] `json:"sensor_time"`
	ChargeContact method.Opt[int] `json:"charge_contact_time"`
}

// Reset is the parameter of resetConsumablesTime.
type Reset struct {
	List []string `json:"reset_list"`
}

// Dust is the answer of getDustCollectionInfo; setDustCollectionInfo takes it
// back as a whole.
type Dust struct {
	Auto  method.Opt[bool] `json:"auto_dust_collection,omitzero"`
	Mode  method.Opt[int]  `json:"dust_collection_mode,omitzero"` // 0 smart, 1 light, 2 balanced, 3 max
	Extra method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *Dust) UnmarshalJSON(b []byte) (err error) {
	type plain Dust
	*d = Dust{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d Dust) MarshalJSON() ([]byte, error) {
	type plain Dust
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// Mop is the answer of getMopState.
type Mop struct {
	Attached method.Opt[bool] `json:"mop_state"`
}

// Volume is the answer of getVolume and the parameter of setVolume, in %.
type Volume struct {
	Volume method.Opt[int] `json:"volume,omitzero"`
}

// ChildLock is the answer of getChildLockInfo and the parameter of
// setChildLockInfo.
type ChildLock struct {
	Locked method.Opt[bool] `json:"child_lock_status,omitzero"`
}

// DoNotDisturb is the answer of getDoNotDisturb; setDoNotDisturb takes it back
// as a whole.
type DoNotDisturb struct {
	On    method.Opt[bool] `json:"do_not_disturb,omitzero"`
	Extra method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DoNotDisturb) UnmarshalJSON(b []byte) (err error) {
	type plain DoNotDisturb
	*d = DoNotDisturb{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d DoNotDisturb) MarshalJSON() ([]byte, error) {
	type plain DoNotDisturb
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// SwitchClean is the parameter of setSwitchClean.
type SwitchClean struct {
	Mode  int  `json:"clean_mode"` // 0: everywhere, 3: rooms
	On    bool `json:"clean_on"`
	Order bool `json:"clean_order"`
	Force bool `json:"force_clean"`
	// The rest is for rooms.
	MapID     int   `json:"map_id,omitzero"`
	Rooms     []int `json:"room_list,omitempty"`
	StartType int   `json:"start_type,omitzero"` // 1
}

// Pause is the parameter of setRobotPause.
type Pause struct {
	Pause bool `json:"pause"`
}

// SwitchCharge is the parameter of setSwitchCharge.
type SwitchCharge struct {
	Charge bool `json:"switch_charge"`
}

// SwitchDust is the parameter of setSwitchDustCollection.
type SwitchDust struct {
	Collect bool `json:"switch_dust_collection"`
}

// Audio is the parameter of playSelectAudio.
type Audio struct {
	Type string `json:"audio_type"` // "seek_me"
}

// Type is the default parameter of getCleanAttr.
type Type struct {
	Type string `json:"type"`
}

// Methods of vacuums (section 13).
var (
	GetVacStatus    = method.Method[method.None, VacStatus]{Name: "getVacStatus"}
	GetCleanAttr    = method.Method[Type, CleanAttr]{Name: "getCleanAttr", Params: json.RawMessage(`{"type":"global"}`)}
	SetCleanAttrs   = method.Method[SetCleanAttr, method.None]{Name: "setCleanAttr", Effect: method.Absolute}
	GetCleanInfo    = method.Method[method.None, CleanInfo]{Name: "getCleanInfo"}
	GetAreaUnit     = method.Method[method.None, AreaUnit]{Name: "getAreaUnit"}
	GetCarpetClean  = method.Method[method.None, CarpetClean]{Name: "getCarpetClean"}
	SetCarpetClean  = method.Method[CarpetClean, method.None]{Name: "setCarpetClean", Effect: method.Absolute}
	GetBatteryInfo  = method.Method[method.None, BatteryInfo]{Name: "getBatteryInfo"}
	GetCleanRecords = method.Method[method.None, CleanRecords]{Name: "getCleanRecords"}
	GetConsumables  = method.Method[method.None, Consumables]{Name: "getConsumablesInfo"}
	ResetConsumable = method.Method[Reset, method.None]{Name: "resetConsumablesTime", Effect: method.Once}
	GetDust         = method.Method[method.None, Dust]{Name: "getDustCollectionInfo"}
	SetDust         = method.Method[Dust, method.None]{Name: "setDustCollectionInfo", Effect: method.Absolute}
	SetSwitchDust   = method.Method[SwitchDust, method.None]{Name: "setSwitchDustCollection", Effect: method.Once}
	GetMop          = method.Method[method.None, Mop]{Name: "getMopState"}
	GetVolume       = method.Method[method.None, Volume]{Name: "getVolume"}
	SetVolume       = method.Method[Volume, method.None]{Name: "setVolume", Effect: method.Absolute}
	GetChildLock    = method.Method[method.None, ChildLock]{Name: "getChildLockInfo"}
	SetChildLock    = method.Method[ChildLock, method.None]{Name: "setChildLockInfo", Effect: method.Absolute}
	GetDoNotDisturb = method.Method[method.None, DoNotDisturb]{Name: "getDoNotDisturb"}
	SetDoNotDisturb = method.Method[DoNotDisturb, method.None]{Name: "setDoNotDisturb", Effect: method.Absolute}
	SetSwitchClean  = method.Method[SwitchClean, method.None]{Name: "setSwitchClean", Effect: method.Absolute}
	SetRobotPause   = method.Method[Pause, method.None]{Name: "setRobotPause", Effect: method.Absolute}
	SetSwitchCharge = method.Method[SwitchCharge, method.None]{Name: "setSwitchCharge", Effect: method.Absolute}
	PlayAudio       = method.Method[Audio, method.None]{Name: "playSelectAudio", Effect: method.Once}
)
