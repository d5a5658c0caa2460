package smart

import (
	"encoding/json"

	"wattle/method"
)

// Rules is a table of rules, the answer of get_schedule_rules,
// get_countdown_rules and get_antitheft_rules (section 9). One of the limits
// is there.
type Rules[R any] struct {
	Enable       method.Opt[bool] `json:"enable"` // whether any of them acts
	List         []R              `json:"rule_list"`
	MaxSchedules method.Opt[int]  `json:"schedule_rule_max_count"`
	MaxTimers    method.Opt[int]  `json:"countdown_rule_max_count"`
	MaxAway      method.Opt[int]  `json:"antitheft_rule_max_count"`
}

// RuleID names a rule, such as "S4": the answer of what adds one.
type RuleID struct {
	ID method.Opt[string] `json:"id"`
}

// RemoveRules is the parameter of remove_schedule_rules and its like: all, or
// those in List.
type RemoveRules struct {
	All  bool     `json:"remove_all"`
	List []RuleID `json:"rule_list,omitempty"`
}

// ScheduleRule is one rule of get_schedule_rules (section 9.1). It is sent
// back as a whole. Rules of vacuums have clean_attr instead of DesiredStates,
// which is kept in Extra.
type ScheduleRule struct {
	ID         method.Opt[string] `json:"id,omitzero"`
	Enable     method.Opt[bool]   `json:"enable,omitzero"`
	Mode       method.Opt[string] `json:"mode,omitzero"`        // repeat, once
	WeekDay    method.Opt[int]    `json:"week_day,omitzero"`    // bit 0 Sunday to bit 6 Saturday
	Year       method.Opt[int]    `json:"year,omitzero"`        // of repeat: when it was made
	Month      method.Opt[int]    `json:"month,omitzero"`       // 1 to 12
	Day        method.Opt[int]    `json:"day,omitzero"`         // 1 to 31
	SType      method.Opt[string] `json:"s_type,omitzero"`      // normal, sunrise, sunset
	SMin       method.Opt[int]    `json:"s_min,omitzero"`       // minute of the day; for the sun as computed, 0 when sent
	TimeOffset method.Opt[int]    `json:"time_offset,omitzero"` // minutes from sunrise or sunset
	EType      method.Opt[string] `json:"e_type,omitzero"`      // normal
	EMin       method.Opt[int]    `json:"e_min,omitzero"`       // minutes after midnight
	EAction    method.Opt[string] `json:"e_action,omitzero"`    // none
	SAction    method.Opt[string] `json:"s_action,omitzero"`    // on, off; older firmware
	Desired    *DesiredStates     `json:"desired_states,omitempty"`
	Extra      method.Extra       `json:"-"`
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

// DesiredStates is what a rule makes of a device: what is not there stays.
type DesiredStates struct {
	On         method.Opt[bool] `json:"on,omitzero"`
	Brightness method.Opt[int]  `json:"brightness,omitzero"`        // %
	Hue        method.Opt[int]  `json:"hue,omitzero"`               // degrees, 0 to 360
	Saturation method.Opt[int]  `json:"saturation,omitzero"`        // %, 0 to 100
	ColorTemp  method.Opt[int]  `json:"color_temp,omitzero"`        // K; 0: hue and saturation count
	Transition method.Opt[int]  `json:"transition_period,omitzero"` // ms
	Extra      method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (d *DesiredStates) UnmarshalJSON(b []byte) (err error) {
	type plain DesiredStates
	*d = DesiredStates{}
	d.Extra, err = method.DecodeWithExtra(b, (*plain)(d))
	return err
}

// MarshalJSON writes all fields that were read.
func (d DesiredStates) MarshalJSON() ([]byte, error) {
	type plain DesiredStates
	return method.EncodeWithExtra(plain(d), d.Extra)
}

// TimerRule is the rule of get_countdown_rules (section 9.2).
type TimerRule struct {
	ID      method.Opt[string] `json:"id,omitzero"`
	Enable  method.Opt[bool]   `json:"enable,omitzero"`
	Delay   method.Opt[int]    `json:"delay,omitzero"`  // s, 1 to 86400
	Remain  method.Opt[int]    `json:"remain,omitzero"` // s; 0 when it is over
	Desired *DesiredStates     `json:"desired_states,omitempty"`
	Extra   method.Extra       `json:"-"`
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

// AwayRule is the rule of get_antitheft_rules: random switching in a window of
// time (section 9.3).
type AwayRule struct {
	ID          method.Opt[string] `json:"id,omitzero"`
	Enable      method.Opt[bool]   `json:"enable,omitzero"`
	Mode        method.Opt[string] `json:"mode,omitzero"`
	WeekDay     method.Opt[int]    `json:"week_day,omitzero"`          // bit 0 Sunday to bit 6 Saturday
	Year        method.Opt[int]    `json:"year,omitzero"`              // sent, not listed
	Month       method.Opt[int]    `json:"month,omitzero"`             // 1 to 12
	Day         method.Opt[int]    `json:"day,omitzero"`               // 1 to 31
	StartType   method.Opt[string] `json:"start_time_type,omitzero"`   // normal, sunrise, sunset
	StartMin    method.Opt[int]    `json:"start_min,omitzero"`         // minutes after midnight
	StartOffset method.Opt[int]    `json:"start_time_offset,omitzero"` // minutes from sunrise or sunset
	EndType     method.Opt[string] `json:"end_time_type,omitzero"`     // normal, sunrise, sunset
	EndMin      method.Opt[int]    `json:"end_min,omitzero"`           // minutes after midnight
	EndOffset   method.Opt[int]    `json:"end_time_offset,omitzero"`   // minutes from sunrise or sunset
	Frequency   method.Opt[int]    `json:"frequency,omitzero"`         // 5; its meaning is not known
	Extra       method.Extra       `json:"-"`
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

// NextEvent is the answer of get_next_event: empty, or what happens next
// (section 9.1). Older firmware tells Action and never answers empty.
type NextEvent struct {
	ID      method.Opt[string] `json:"id"`
	Type    method.Opt[int]    `json:"type"`   // 1 schedule; 0 none
	Start   method.Opt[int]    `json:"s_time"` // unix seconds; 0 none
	End     method.Opt[int]    `json:"e_time"` // unix seconds; 0 none
	Desired *DesiredStates     `json:"desired_states"`
	Action  json.RawMessage    `json:"action"` // "turn_on", "turn_off"; -1 none
}

// RuleTable are the methods of one kind of rules. Add must not be repeated; it
// takes no ID.
type RuleTable[R any] struct {
	Get    method.Method[Start, Rules[R]]
	Add    method.Method[R, RuleID]
	Edit   method.Method[R, method.None]
	Remove method.Method[RemoveRules, method.None]
	Enable method.Method[Enable, method.None]
}

func ruleTable[R any](name string) RuleTable[R] {
	return RuleTable[R]{
		Get:    method.Method[Start, Rules[R]]{Name: "get_" + name + "_rules", Params: json.RawMessage(`{"start_index":0}`)},
		Add:    method.Method[R, RuleID]{Name: "add_" + name + "_rule", Effect: method.Once},
		Edit:   method.Method[R, method.None]{Name: "edit_" + name + "_rule", Effect: method.Absolute},
		Remove: method.Method[RemoveRules, method.None]{Name: "remove_" + name + "_rules", Effect: method.Once},
		Enable: method.Method[Enable, method.None]{Name: "set_" + name + "_all_enable", Effect: method.Absolute},
	}
}

// The rules (section 9). There is one timer and one away rule at most.
var (
	Schedules    = ruleTable[ScheduleRule]("schedule")
	Timers       = ruleTable[TimerRule]("countdown")
	AwayRules    = ruleTable[AwayRule]("antitheft")
	GetNextEvent = method.Method[method.None, NextEvent]{Name: "get_next_event"}
)
