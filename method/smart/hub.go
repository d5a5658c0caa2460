package smart

import (
	"encoding/json"

	"wattle/method"
)

// Categories is the answer of get_support_child_device_category: what kinds of
// children a hub can have (section 11). The entries go back as they came when
// the hub is asked what it has found.
type Categories struct {
	List []json.RawMessage `json:"device_category_list"`
}

// ScanQuery is the parameter of get_scan_child_device_list.
type ScanQuery struct {
	List []json.RawMessage `json:"scan_list"` // entries of [Categories]
}

// ScanResult is the answer of get_scan_child_device_list. Entries stay raw:
// they go back as they came to add the child, and [ScannedChild] reads them.
type ScanResult struct {
	List   []json.RawMessage  `json:"child_device_list"`
	Status method.Opt[string] `json:"scan_status"`    // "scanning" while it goes on
	Wait   method.Opt[int]    `json:"scan_wait_time"` // s until it ends
}

// Scanning is the status of a scan that goes on.
const Scanning = "scanning"

// ScannedChild is a device that waits to be paired.
type ScannedChild struct {
	ID       string `json:"device_id"`
	Category string `json:"category"` // such as "subg.trigger.contact-sensor"
	Model    string `json:"device_model"`
	Name     string `json:"name"` // base64
}

// AddParams is the parameter of add_child_device_list: entries of [ScanResult].
type AddParams struct {
	List []json.RawMessage `json:"child_device_list"`
}

// Load is the answer of get_device_load_info: how much of a hub is used.
type Load struct {
	Paired    method.Opt[int]    `json:"cur_load_num"`
	MaxPaired method.Opt[int]    `json:"max_load_num"`
	Level     method.Opt[string] `json:"load_level"` // light, ...
	Memory    method.Opt[int]    `json:"total_memory"`
	Used      method.Opt[int]    `json:"used_memory"`
}

// PlayParams are the parameters of play_alarm. All may be left out: then the
// configured sound and volume, until it is stopped.
type PlayParams struct {
	Type     method.Opt[string] `json:"alarm_type,omitzero"`
	Volume   method.Opt[string] `json:"alarm_volume,omitzero"`   // mute, low, normal, high
	Duration method.Opt[int]    `json:"alarm_duration,omitzero"` // s, 1 to 600; 0: the sound once
}

// TriggerQuery is the parameter of get_trigger_logs.
type TriggerQuery struct {
	PageSize int `json:"page_size"` // how many entries are wanted
	StartID  int `json:"start_id"`  // 0: the newest
}

// TriggerLogs is a page of the answer of get_trigger_logs, newest first
// (section 12). Package event follows them.
type TriggerLogs struct {
	Logs    []Trigger       `json:"logs"`
	StartID method.Opt[int] `json:"start_id"`
	Sum     method.Opt[int] `json:"sum"` // how many the device keeps
}

// UnmarshalJSON leaves out what is not an entry, so that one of them does not
// hide the others.
func (l *TriggerLogs) UnmarshalJSON(b []byte) error {
	var raw struct {
		Logs    []json.RawMessage `json:"logs"`
		StartID method.Opt[int]   `json:"start_id"`
		Sum     method.Opt[int]   `json:"sum"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = TriggerLogs{StartID: raw.StartID, Sum: raw.Sum}
	for _, entry := range raw.Logs {
		var t Trigger
		if json.Unmarshal(entry, &t) == nil {
			l.Logs = append(l.Logs, t)
		}
	}
	return nil
}

// Trigger is one entry of a log.
type Trigger struct {
	ID     method.Opt[int]            `json:"id"` // grows, not always by 1
	Unique method.Opt[string]         `json:"eventId"`
	Event  method.Opt[string]         `json:"event"`     // singleClick, rotation, open, ...
	Time   method.Opt[int]            `json:"timestamp"` // unix seconds
	Params map[string]json.RawMessage `json:"params"`    // rotate_deg, on_off
}

// Switchable is the answer of get_double_click_info and get_early_start, and
// the parameter of their setters: an object with a switch.
type Switchable struct {
	Enable method.Opt[bool] `json:"enable,omitzero"`
	Extra  method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (s *Switchable) UnmarshalJSON(b []byte) (err error) {
	type plain Switchable
	*s = Switchable{}
	s.Extra, err = method.DecodeWithExtra(b, (*plain)(s))
	return err
}

// MarshalJSON writes all fields that were read.
func (s Switchable) MarshalJSON() ([]byte, error) {
	type plain Switchable
	return method.EncodeWithExtra(plain(s), s.Extra)
}

// Frost is the answer of get_frost_protection.
type Frost struct {
	Min  method.Opt[float64] `json:"min_temp"` // below it the valve opens, in Unit
	Unit method.Opt[string]  `json:"temp_unit"`
}

// ClimateRecords is the answer of get_temp_humidity_records: 96 steps of a
// quarter of an hour, the last one newest. Temperatures are in tenths of Unit;
// -1000 stands for nothing. Package climate makes a series of it.
type ClimateRecords struct {
	LocalTime         method.Opt[int]       `json:"local_time"` // unix seconds
	Unit              method.Opt[string]    `json:"temp_unit"`  // celsius, fahrenheit
	Temperature       []method.Opt[float64] `json:"past24h_temp"`
	TempException     []method.Opt[float64] `json:"past24h_temp_exception"`
	Humidity          []method.Opt[float64] `json:"past24h_humidity"`
	HumidityException []method.Opt[float64] `json:"past24h_humidity_exception"`
}

// What hubs do with their children, and what children keep (sections 11, 12).
var (
	GetCategories  = method.Method[method.None, Categories]{Name: "get_support_child_device_category"}
	BeginScan      = method.Method[method.None, method.None]{Name: "begin_scanning_child_device", Effect: method.Absolute}
	GetScan        = method.Method[ScanQuery, ScanResult]{Name: "get_scan_child_device_list"}
	AddChildren    = method.Method[AddParams, method.None]{Name: "add_child_device_list", Effect: method.Once}
	GetLoad        = method.Method[method.None, Load]{Name: "get_device_load_info"}
	GetTriggerLogs = method.Method[TriggerQuery, TriggerLogs]{Name: "get_trigger_logs", Params: json.RawMessage(`{"page_size":5,"start_id":0}`)}
	GetDoubleClick = method.Method[method.None, Switchable]{Name: "get_double_click_info"}
	SetDoubleClick = method.Method[Switchable, method.None]{Name: "set_double_click_info", Effect: method.Absolute}
	GetEarlyStart  = method.Method[method.None, Switchable]{Name: "get_early_start"}
	SetEarlyStart  = method.Method[Switchable, method.None]{Name: "set_early_start", Effect: method.Absolute}
	GetFrost       = method.Method[method.None, Frost]{Name: "get_frost_protection"}
	GetRecords     = method.Method[method.None, ClimateRecords]{Name: "get_temp_humidity_records"}
)
