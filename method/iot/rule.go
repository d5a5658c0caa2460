package iot

import (
	"encoding/json"

	"wattle/method"
)

// Names of the modules that hold rules (section 12). Bulbs and light strips
// have those that begin with smartlife.
const (
	ModuleSchedule      = "schedule"
	ModuleBulbSchedule  = "smartlife.iot.common.schedule"
	ModuleCountDown     = "count_down"
	ModuleBulbCountDown = "smartlife.iot.common.count_down"
	ModuleAntiTheft     = "anti_theft"
	ModuleBulbAntiTheft = "smartlife.iot.common.anti_theft"
)

// Rules is a table of rules, the answer of get_rules (section 12).
type Rules[R any] struct {
	Enable method.Opt[bool] `json:"enable"` // whether any of them acts; count_down has none
	List   []R              `json:"rule_list"`
}

// RuleID names a rule: the answer of add_rule, and the parameter of
// delete_rule. It has 32 hex digits.
type RuleID struct {
	ID method.Opt[string] `json:"id,omitzero"`
	// Conflict is the rule that an added one conflicts with.
	Conflict method.Opt[string] `json:"conflict_id,omitzero"`
}

// Weekdays are seven entries of 0 or 1, Sunday first.
type Weekdays []int

// UnmarshalJSON also takes true and false, and fails for nothing but lists.
func (w *Weekdays) UnmarshalJSON(b []byte) error {
	var list []method.Opt[bool]
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*w = nil
	for _, day := range list {
		n := 0
		if day.Or(false) {
			n = 1
		}
		*w = append(*w, n)
	}
	return nil
}

// ScheduleRule is one rule of module schedule (section 12.1). It is sent back
// as a whole: fields that are left out are lost.
type ScheduleRule struct {
	ID      method.Opt[string] `json:"id,omitzero"`
	Name    method.Opt[string] `json:"name,omitzero"`
	Enable  method.Opt[int]    `json:"enable,omitzero"`    // 0, 1
	Wday    Weekdays           `json:"wday,omitempty"`     // Sunday first, 0 or 1 each
	Repeat  method.Opt[int]    `json:"repeat,omitzero"`    // 1 weekly, 0 once
	Start   method.Opt[int]    `json:"stime_opt,omitzero"` // -1 none, 0 clock, 1 sunrise, 2 sunset
	SMin    method.Opt[int]    `json:"smin,omitzero"`      // minutes after midnight; for the sun as computed
	SOffset method.Opt[int]    `json:"soffset,omitzero"`   // minutes from sunrise or sunset
	SAct    method.Opt[int]    `json:"sact,omitzero"`      // -1 none, 0 off, 1 on, 2 s_light, 3 s_dimmer
	SLight  *RuleLight         `json:"s_light,omitempty"`
	SDimmer *RuleLight         `json:"s_dimmer,omitempty"`
	End     method.Opt[int]    `json:"etime_opt,omitzero"` // as stime_opt
	EMin    method.Opt[int]    `json:"emin,omitzero"`      // minutes after midnight
	EOffset method.Opt[int]    `json:"eoffset,omitzero"`   // minutes from sunrise or sunset
	EAct    method.Opt[int]    `json:"eact,omitzero"`      // as sact
	ELight  *RuleLight         `json:"e_light,omitempty"`
	EDimmer *RuleLight         `json:"e_dimmer,omitempty"`
	Year    method.Opt[int]    `json:"year,omitzero"`  // of a rule that acts once
	Month   method.Opt[int]    `json:"month,omitzero"` // 1 to 12
	Day     method.Opt[int]    `json:"day,omitzero"`   // 1 to 31
	Extra   method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (r *ScheduleRule) UnmarshalJSON(b []byte) (err error) {
	type plain ScheduleRule
	*r = ScheduleRule{}
	r.Extra, err = method.DecodeWithExtra(b, (*plain)(r))
	return err
}

// MarshalJSON writes all fields that were read.
func (r ScheduleRule) MarshalJSON() ([]byte, error) {
	type plain ScheduleRule
	return method.EncodeWithExtra(plain(r), r.Extra)
}

// RuleLight is what a rule makes of a light (section 12.1). With the mode
// last_status the values are 0.
type RuleLight struct {
	OnOff      method.Opt[int]    `json:"on_off,omitzero"`            // 0 off, 1 on
	Mode       method.Opt[string] `json:"mode,omitzero"`              // customize_preset, last_status
	Hue        method.Opt[int]    `json:"hue,omitzero"`               // degrees, 0 to 360
	Saturation method.Opt[int]    `json:"saturation,omitzero"`        // %, 0 to 100
	ColorTemp  method.Opt[int]    `json:"color_temp,omitzero"`        // K; 0: hue and saturation count
	Brightness method.Opt[int]    `json:"brightness,omitzero"`        // %
	Transition method.Opt[int]    `json:"transition_period,omitzero"` // ms
	Extra      method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (l *RuleLight) UnmarshalJSON(b []byte) (err error) {
	type plain RuleLight
	*l = RuleLight{}
	l.Extra, err = method.DecodeWithExtra(b, (*plain)(l))
	return err
}

// MarshalJSON writes all fields that were read.
func (l RuleLight) MarshalJSON() ([]byte, error) {
	type plain RuleLight
	return method.EncodeWithExtra(plain(l), l.Extra)
}

// TimerRule is the rule of module count_down (section 12.2).
type TimerRule struct {
	ID     method.Opt[string] `json:"id,omitzero"`
	Name   method.Opt[string] `json:"name,omitzero"`
	Enable method.Opt[int]    `json:"enable,omitzero"`
	Delay  method.Opt[int]    `json:"delay,omitzero"`  // s
	Act    method.Opt[int]    `json:"act,omitzero"`    // 0 off, 1 on
	Remain method.Opt[int]    `json:"remain,omitzero"` // s
	Extra  method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (r *TimerRule) UnmarshalJSON(b []byte) (err error) {
	type plain TimerRule
	*r = TimerRule{}
	r.Extra, err = method.DecodeWithExtra(b, (*plain)(r))
	return err
}

// MarshalJSON writes all fields that were read.
func (r TimerRule) MarshalJSON() ([]byte, error) {
	type plain TimerRule
	return method.EncodeWithExtra(plain(r), r.Extra)
}

// AwayRule is a rule of module anti_theft: random switching in a window of
// time (section 12.3).
type AwayRule struct {
	ID        method.Opt[string] `json:"id,omitzero"`
	Name      method.Opt[string] `json:"name,omitzero"`
	Enable    method.Opt[int]    `json:"enable,omitzero"`
	Wday      Weekdays           `json:"wday,omitempty"`     // Sunday first, 0 or 1 each
	Repeat    method.Opt[int]    `json:"repeat,omitzero"`    // 1 weekly, 0 once
	Start     method.Opt[int]    `json:"stime_opt,omitzero"` // -1 none, 0 clock, 1 sunrise, 2 sunset
	SMin      method.Opt[int]    `json:"smin,omitzero"`      // minutes after midnight
	SOffset   method.Opt[int]    `json:"soffset,omitzero"`   // minutes from sunrise or sunset
	End       method.Opt[int]    `json:"etime_opt,omitzero"` // as stime_opt
	EMin      method.Opt[int]    `json:"emin,omitzero"`      // minutes after midnight
	EOffset   method.Opt[int]    `json:"eoffset,omitzero"`   // minutes from sunrise or sunset
	Frequency method.Opt[int]    `json:"frequency,omitzero"` // 5; its meaning is not known
	Duration  method.Opt[int]    `json:"duration,omitzero"`  // sent, not listed
	LastFor   method.Opt[int]    `json:"lastfor,omitzero"`
	Year      method.Opt[int]    `json:"year,omitzero"`  // such as 2026
	Month     method.Opt[int]    `json:"month,omitzero"` // 1 to 12
	Day       method.Opt[int]    `json:"day,omitzero"`   // 1 to 31
	Extra     method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (r *AwayRule) UnmarshalJSON(b []byte) (err error) {
	type plain AwayRule
	*r = AwayRule{}
	r.Extra, err = method.DecodeWithExtra(b, (*plain)(r))
	return err
}

// MarshalJSON writes all fields that were read.
func (r AwayRule) MarshalJSON() ([]byte, error) {
	type plain AwayRule
	return method.EncodeWithExtra(plain(r), r.Extra)
}

// NextAction is the answer of get_next_action, and next_action in the sysinfo
// (section 12.4).
type NextAction struct {
	Type   method.Opt[int]    `json:"type"` // -1 none, 1 schedule, 2 count_down, 3 presumably anti_theft
	ID     method.Opt[string] `json:"id"`
	Time   method.Opt[int]    `json:"schd_time"` // seconds after midnight of the day
	Sec    method.Opt[int]    `json:"schd_sec"`  // the same in the sysinfo
	Action method.Opt[int]    `json:"action"`    // as sact of a schedule
	Light  *RuleLight         `json:"light"`
}

// RuleTable are the methods of one of the modules with rules. AddRule must
// not be repeated; it takes no ID.
type RuleTable[R any] struct {
	Get       method.Method[method.None, Rules[R]]
	Add       method.Method[R, RuleID]
	Edit      method.Method[R, method.None]
	Delete    method.Method[RuleID, method.None]
	DeleteAll method.Method[method.None, method.None]
	Enable    method.Method[Enable, method.None]
}

func ruleTable[R any](module string) RuleTable[R] {
	return RuleTable[R]{
		Get:       method.Method[method.None, Rules[R]]{Module: module, Name: "get_rules"},
		Add:       method.Method[R, RuleID]{Module: module, Name: "add_rule", Effect: method.Once},
		Edit:      method.Method[R, method.None]{Module: module, Name: "edit_rule", Effect: method.Absolute},
		Delete:    method.Method[RuleID, method.None]{Module: module, Name: "delete_rule", Effect: method.Once},
		DeleteAll: method.Method[method.None, method.None]{Module: module, Name: "delete_all_rules", Effect: method.Absolute},
		Enable:    method.Method[Enable, method.None]{Module: module, Name: "set_overall_enable", Effect: method.Absolute},
	}
}

// RuleModules are the rule tables of one kind of device.
type RuleModules struct {
	Schedule      RuleTable[ScheduleRule]
	CountDown     RuleTable[TimerRule]
	AntiTheft     RuleTable[AwayRule]
	GetNextAction method.Method[method.None, NextAction]
}

// The rules of plugs, switches and strips, and of bulbs and light strips.
var (
	PlugRules = RuleModules{
		Schedule: ruleTable[ScheduleRule](ModuleSchedule), CountDown: ruleTable[TimerRule](ModuleCountDown),
		AntiTheft:     ruleTable[AwayRule](ModuleAntiTheft),
		GetNextAction: method.Method[method.None, NextAction]{Module: ModuleSchedule, Name: "get_next_action"},
	}
	BulbRules = RuleModules{
		Schedule: ruleTable[ScheduleRule](ModuleBulbSchedule), CountDown: ruleTable[TimerRule](ModuleBulbCountDown),
		AntiTheft:     ruleTable[AwayRule](ModuleBulbAntiTheft),
		GetNextAction: method.Method[method.None, NextAction]{Module: ModuleBulbSchedule, Name: "get_next_action"},
	}
)
