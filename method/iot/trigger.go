package iot

import "wattle/method"

// ModuleTrigger is what switches with a motion sensor do by themselves: the app
// calls it Smart Control (section 13.3).
const ModuleTrigger = "smartlife.iot.sensor_trigger"

// Routines is the answer of get_weekday_routine.
type Routines struct {
	List []Routine `json:"array"`
}

// Routine is what a switch does on some days of the week. It is sent back as a
// whole.
type Routine struct {
	ID     method.Opt[string] `json:"id,omitzero"` // the device gives it
	Name   string             `json:"name"`
	Enable method.Opt[int]    `json:"en,omitzero"` // 0, 1
	Wday   Weekdays           `json:"wday,omitempty"`
	Spans  []Span             `json:"array"`
	Extra  method.Extra       `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (r *Routine) UnmarshalJSON(b []byte) (err error) {
	type plain Routine
	*r = Routine{}
	r.Extra, err = method.DecodeWithExtra(b, (*plain)(r))
	return err
}

// MarshalJSON writes all fields that were read.
func (r Routine) MarshalJSON() ([]byte, error) {
	type plain Routine
	return method.EncodeWithExtra(plain(r), r.Extra)
}

// Values of [Span.On] and [Span.Off].
const (
	TriggerManual     = 0 // by hand only
	TriggerMotion     = 1 // motion switches on
	TriggerDarkMotion = 2 // motion switches on while it is dark
	TriggerQuiet      = 2 // no motion for [Span.Wait] switches off
)

// Span is what counts within a part of the day.
type Span struct {
	Start method.Opt[int] `json:"sT"`             // minutes after midnight
	End   method.Opt[int] `json:"eT"`             // minutes after midnight, 1440 at most
	Color method.Opt[int] `json:"clr,omitzero"`   // in the app
	On    method.Opt[int] `json:"onTT,omitzero"`  // 0 by hand, 1 motion, 2 motion in the dark
	Off   method.Opt[int] `json:"offTT,omitzero"` // 0 by hand, 2 no motion
	Wait  method.Opt[int] `json:"offWT,omitzero"` // s without motion
	Extra method.Extra    `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (s *Span) UnmarshalJSON(b []byte) (err error) {
	type plain Span
	*s = Span{}
	s.Extra, err = method.DecodeWithExtra(b, (*plain)(s))
	return err
}

// MarshalJSON writes all fields that were read.
func (s Span) MarshalJSON() ([]byte, error) {
	type plain Span
	return method.EncodeWithExtra(plain(s), s.Extra)
}

// RoutineID names a routine: the answer of add_weekday_routine and
// edit_weekday_routine, and the parameter of delete_weekday_routine.
type RoutineID struct {
	ID method.Opt[string] `json:"id,omitzero"`
}

// ManualAction is the answer of get_default_manual_action;
// set_default_manual_action takes what changes. Only OffSeconds is understood:
// how long the sensor keeps quiet after the light was switched off by hand.
type ManualAction struct {
	OnType     method.Opt[int] `json:"onToT,omitzero"`
	OnMode     method.Opt[int] `json:"onToM,omitzero"`
	OnSeconds  method.Opt[int] `json:"onToS,omitzero"` // s
	OffType    method.Opt[int] `json:"offToT,omitzero"`
	OffMode    method.Opt[int] `json:"offToM,omitzero"`
	OffSeconds method.Opt[int] `json:"offToS,omitzero"` // s
}

// What switches do when somebody moves (section 13.3).
var (
	GetRoutines     = method.Method[method.None, Routines]{Module: ModuleTrigger, Name: "get_weekday_routine"}
	AddRoutine      = method.Method[Routine, RoutineID]{Module: ModuleTrigger, Name: "add_weekday_routine", Effect: method.Once}
	EditRoutine     = method.Method[Routine, RoutineID]{Module: ModuleTrigger, Name: "edit_weekday_routine", Effect: method.Absolute}
	DeleteRoutine   = method.Method[RoutineID, method.None]{Module: ModuleTrigger, Name: "delete_weekday_routine", Effect: method.Once}
	GetManualAction = method.Method[method.None, ManualAction]{Module: ModuleTrigger, Name: "get_default_manual_action"}
	SetManualAction = method.Method[ManualAction, method.None]{Module: ModuleTrigger, Name: "set_default_manual_action", Effect: method.Absolute}
)
