package smart

import (
	"wattle/method"
)

// CleanRecords is the answer of getCleanRecords (section 13). Areas are in the
// unit of [AreaUnit].
type CleanRecords struct {
	Minutes method.Opt[int] `json:"total_time"`
	Area    method.Opt[int] `json:"total_area"`
	Number  method.Opt[int] `json:"total_number"`
	List    []CleanRecord   `json:"record_list"` // in no order: the newest may take the place of the oldest
	// Last is the newest one: unix seconds, minutes, area, and a number whose
	// meaning is not known. The wire name is spelled so.
	Last []int `json:"lastest_day_record"`
}

// CleanRecord is one run.
type CleanRecord struct {
	Time    method.Opt[int]  `json:"timestamp"` // unix seconds, of its end
	Minutes method.Opt[int]  `json:"clean_time"`
	Area    method.Opt[int]  `json:"clean_area"`
	Emptied method.Opt[bool] `json:"dust_collection"` // its dust bin was emptied at the dock
	Error   method.Opt[int]  `json:"error"`           // 0: it came to its end
	Map     method.Opt[int]  `json:"map_id"`
	Start   method.Opt[int]  `json:"start_type"` // 1 by hand, 4 by a schedule (guesses)
	Mode    method.Opt[int]  `json:"task_type"`  // see [CleanMode]
	Index   method.Opt[int]  `json:"record_index"`
}

// Consumables is the answer of getConsumablesInfo: minutes used, by name.
type Consumables struct {
	MainBrush     method.Opt[int] `json:"roll_brush_time"`
	SideBrush     method.Opt[int] `json:"edge_brush_time"`
	Filter        method.Opt[int] `json:"filter_time"`
	Sensor        method.Opt[int] `json:"sensor_time"`
	ChargeContact method.Opt[int] `json:"charge_contact_time"`
	MainBrushLid  method.Opt[int] `json:"main_brush_lid_time"`
	MopCloth      method.Opt[int] `json:"rag_time"`
}

// Reset is the parameter of resetConsumablesTime: wire names without "_time".
type Reset struct {
	List []string `json:"reset_list"`
}

// DoNotDisturb is the answer of getDoNotDisturb; setDoNotDisturb takes it back
// as a whole.
type DoNotDisturb struct {
	On    method.Opt[bool] `json:"do_not_disturb,omitzero"`
	Start method.Opt[int]  `json:"s_min,omitzero"` // minutes since midnight
	End   method.Opt[int]  `json:"e_min,omitzero"` // the same; on the next day where it is earlier
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

// Volume is the answer of getVolume and the parameter of setVolume, in %.
type Volume struct {
	Volume method.Opt[int] `json:"volume,omitzero"`
}

// Audio is the parameter of playSelectAudio.
type Audio struct {
	Type string `json:"audio_type"` // "seek_me"
}

// VoiceLanguage is the answer of getCurrentVoiceLanguage. Which language a name
// stands for is not known.
type VoiceLanguage struct {
	Name    method.Opt[string] `json:"name"` // a number, or a hash of a voice that was downloaded
	Version method.Opt[int]    `json:"version"`
}

// Records, parts that wear out, and the voice of vacuums (section 13).
var (
	GetCleanRecords  = method.Method[method.None, CleanRecords]{Name: "getCleanRecords"}
	GetConsumables   = method.Method[method.None, Consumables]{Name: "getConsumablesInfo"}
	ResetConsumable  = method.Method[Reset, method.None]{Name: "resetConsumablesTime", Effect: method.Once}
	GetDoNotDisturb  = method.Method[method.None, DoNotDisturb]{Name: "getDoNotDisturb"}
	SetDoNotDisturb  = method.Method[DoNotDisturb, method.None]{Name: "setDoNotDisturb", Effect: method.Absolute}
	GetVolume        = method.Method[method.None, Volume]{Name: "getVolume"}
	SetVolume        = method.Method[Volume, method.None]{Name: "setVolume", Effect: method.Absolute}
	PlayAudio        = method.Method[Audio, method.None]{Name: "playSelectAudio", Effect: method.Once}
	GetVoiceLanguage = method.Method[method.None, VoiceLanguage]{Name: "getCurrentVoiceLanguage"}
)
