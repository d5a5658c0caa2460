package smart

import (
	"encoding/json"

	"wattle/method"
)

// VacStatus is the answer of getVacStatus (section 13).
type VacStatus struct {
	Status method.Opt[int] `json:"status"`     // see [VacuumStatus]
	Errors []int           `json:"err_status"` // see [VacuumError]
}

// Error is the code of what keeps it from working, 0 for nothing; false where
// it does not say.
func (s *VacStatus) Error() (code int, ok bool) {
	if len(s.Errors) == 0 {
		return 0, false
	}
	return s.Errors[0], true
}

// CleanStatus is the answer of getCleanStatus.
type CleanStatus struct {
	Mode       method.Opt[int]  `json:"clean_status"` // see [CleanMode]
	Mapping    method.Opt[bool] `json:"is_mapping"`
	Relocating method.Opt[bool] `json:"is_relocating"` // it looks for its place on the map
	Working    method.Opt[bool] `json:"is_working"`
}

// UnmarshalJSON takes the answer also where firmware nests it under its own
// name.
func (c *CleanStatus) UnmarshalJSON(b []byte) error {
	type plain CleanStatus
	var nested struct {
		plain
		Inner *plain `json:"getCleanStatus"`
	}
	err := json.Unmarshal(b, &nested)
	*c = CleanStatus(nested.plain)
	if nested.Inner != nil {
		*c = CleanStatus(*nested.Inner)
	}
	return err
}

// CleanAttr is the answer of getCleanAttr.
type CleanAttr struct {
	Suction method.Opt[int] `json:"suction"`      // from 1, see [Suctions]
	Cistern method.Opt[int] `json:"cistern"`      // from 0, see [WaterLevels]
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

// AutoDust is the answer of getAutoDustCollection, which older apps read; it
// is a part of [Dust].
type AutoDust struct {
	Auto method.Opt[bool] `json:"auto_dust_collection"`
}

// Dust is the answer of getDustCollectionInfo; setDustCollectionInfo takes it
// back as a whole.
type Dust struct {
	Auto  method.Opt[bool] `json:"auto_dust_collection,omitzero"`
	Mode  method.Opt[int]  `json:"dust_collection_mode,omitzero"` // from 0, see [DustModes]
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

// ChildLock is the answer of getChildLockInfo and the parameter of
// setChildLockInfo.
type ChildLock struct {
	Locked method.Opt[bool] `json:"child_lock_status,omitzero"`
}

// SwitchClean is the parameter of setSwitchClean.
type SwitchClean struct {
	Mode  CleanMode `json:"clean_mode"`
	On    bool      `json:"clean_on"`
	Order bool      `json:"clean_order"`
	Force bool      `json:"force_clean"`
	// The rest is for rooms and zones.
	MapID     int   `json:"map_id,omitzero"`
	Rooms     []int `json:"room_list,omitempty"`
	Areas     []int `json:"area_list,omitempty"` // of zones; the name is a guess
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

// Type is the parameter of getCleanAttr: "global", or "pose" for a spot.
type Type struct {
	Type string `json:"type"`
}

// Methods of vacuums (section 13).
var (
	GetVacStatus    = method.Method[method.None, VacStatus]{Name: "getVacStatus"}
	GetCleanStatus  = method.Method[method.None, CleanStatus]{Name: "getCleanStatus"}
	GetCleanAttr    = method.Method[Type, CleanAttr]{Name: "getCleanAttr", Params: json.RawMessage(`{"type":"global"}`)}
	SetCleanAttrs   = method.Method[SetCleanAttr, method.None]{Name: "setCleanAttr", Effect: method.Absolute}
	GetCleanInfo    = method.Method[method.None, CleanInfo]{Name: "getCleanInfo"}
	GetAreaUnit     = method.Method[method.None, AreaUnit]{Name: "getAreaUnit"}
	GetCarpetClean  = method.Method[method.None, CarpetClean]{Name: "getCarpetClean"}
	SetCarpetClean  = method.Method[CarpetClean, method.None]{Name: "setCarpetClean", Effect: method.Absolute}
	GetBatteryInfo  = method.Method[method.None, BatteryInfo]{Name: "getBatteryInfo"}
	GetAutoDust     = method.Method[method.None, AutoDust]{Name: "getAutoDustCollection"}
	GetDust         = method.Method[method.None, Dust]{Name: "getDustCollectionInfo"}
	SetDust         = method.Method[Dust, method.None]{Name: "setDustCollectionInfo", Effect: method.Absolute}
	SetSwitchDust   = method.Method[SwitchDust, method.None]{Name: "setSwitchDustCollection", Effect: method.Once}
	GetMop          = method.Method[method.None, Mop]{Name: "getMopState"}
	GetChildLock    = method.Method[method.None, ChildLock]{Name: "getChildLockInfo"}
	SetChildLock    = method.Method[ChildLock, method.None]{Name: "setChildLockInfo", Effect: method.Absolute}
	SetSwitchClean  = method.Method[SwitchClean, method.None]{Name: "setSwitchClean", Effect: method.Absolute}
	SetRobotPause   = method.Method[Pause, method.None]{Name: "setRobotPause", Effect: method.Absolute}
	SetSwitchCharge = method.Method[SwitchCharge, method.None]{Name: "setSwitchCharge", Effect: method.Absolute}
)
