package rule

import (
	"maps"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

var references = map[string]Reference{"normal": Clock, "sunrise": Sunrise, "sunset": Sunset}

func referenceName(r Reference) string {
	switch r {
	case Sunrise:
		return "sunrise"
	case Sunset:
		return "sunset"
	}
	return "normal"
}

// The modes of rules.
const (
	modeRepeat = "repeat"
	modeOnce   = "once"
)

// FromSMART reads a rule of get_schedule_rules.
func FromSMART(r *smart.ScheduleRule) Schedule {
	s := Schedule{
		ID: r.ID.Or(""), Enabled: r.Enable.Or(false), Family: wattle.SMART, Extra: maps.Clone(r.Extra),
		At: atSMART(r.SType, r.SMin, r.TimeOffset),
	}
	date := Date{r.Year.Or(0), time.Month(r.Month.Or(0)), r.Day.Or(0)}
	s.Days, s.Once, s.Date = daysSMART(r.Mode, r.WeekDay, date)
	if !s.Once && date.Valid() {
		s.Made = date
	}
	if s.At.From != Clock {
		s.Computed = r.SMin
	}
	switch {
	case r.Desired != nil:
		s.Action = desired(r.Desired)
	case r.SAction.Or("") == "on":
		s.Action = Action{Do: On}
	case r.SAction.Or("") == "off":
		s.Action = Action{Do: Off}
	default:
		s.Action = Action{Do: Other}
	}
	// The end of a rule was never seen in use: whatever it says goes back.
	if r.EType.Or("normal") != "normal" || r.EMin.Or(0) != 0 || r.EAction.Or("none") != "none" {
		s.keep("e_type", r.EType)
		s.keep("e_min", r.EMin)
		s.keep("e_action", r.EAction)
	}
	return s
}

func atSMART(kind method.Opt[string], minute, offset method.Opt[int]) At {
	if from := references[kind.Or("normal")]; from != Clock {
		return At{From: from, Offset: offset.Or(0)}
	}
	return At{Minute: minute.Or(0)}
}

func daysSMART(mode method.Opt[string], week method.Opt[int], date Date) (Weekdays, bool, Date) {
	days := Weekdays(week.Or(0)) & Daily
	if mode.Or(modeRepeat) != modeOnce {
		return days, false, Date{}
	}
	if !date.Valid() {
		return days, true, Date{}
	}
	return 0, true, date
}

func desired(d *smart.DesiredStates) Action {
	a := Action{Do: On, Extra: maps.Clone(d.Extra)}
	if !d.On.Or(true) {
		a.Do = Off
	}
	if d.Transition.Or(-1) >= 0 {
		a.Transition = d.Transition
	}
	if a.Do == On {
		a.shine(d.Brightness, d.Hue, d.Saturation, d.ColorTemp)
	}
	return a
}

// ToSMART writes a rule for a device that can do t. today is the device's
// date: it goes with rules that repeat and are new. What the device cannot do
// is left out; see [Fit].
func (s *Schedule) ToSMART(t *Target, today Date) smart.ScheduleRule {
	r := smart.ScheduleRule{
		Enable: method.Some(s.Enabled), Mode: method.Some(modeRepeat), WeekDay: method.Some(int(s.Days & Daily)),
	}
	if s.ID != "" {
		r.ID = method.Some(s.ID)
	}
	if s.Family == wattle.SMART {
		r.Extra = s.Extra
	}
	date := s.Made
	if s.Once {
		r.Mode, date = method.Some(modeOnce), s.Date
		if !date.IsZero() {
			r.WeekDay = method.Some(0)
		}
	}
	if date.IsZero() {
		date = today
	}
	r.Year, r.Month, r.Day = method.Some(date.Year), method.Some(int(date.Month)), method.Some(date.Day)
	r.SMin = method.Some(0)
	if s.At.From == Clock {
		r.SMin = method.Some(s.At.Minute)
	}
	if s.Action.Do == Other { // such as a vacuum's, which has none of what follows
		if s.At.From != Clock {
			r.SType, r.TimeOffset = method.Some(referenceName(s.At.From)), method.Some(s.At.Offset)
		}
		return r
	}
	r.SType, r.TimeOffset = method.Some(referenceName(s.At.From)), method.Some(0)
	if s.At.From != Clock {
		r.TimeOffset = method.Some(s.At.Offset)
	}
	if _, kept := r.Extra["e_type"]; !kept {
		r.EType, r.EMin, r.EAction = method.Some("normal"), method.Some(0), method.Some("none")
	}
	r.Desired = s.Action.desired(t, s.Family)
	if t.ActionWord {
		r.SAction = method.Some(string(s.Action.Do))
	}
	return r
}

func (a *Action) desired(t *Target, from wattle.Family) *smart.DesiredStates {
	d := &smart.DesiredStates{On: method.Some(a.Do == On)}
	if from == wattle.SMART {
		d.Extra = a.Extra
	}
	if t.Dimmable {
		d.Transition, d.Brightness = a.Transition, a.Brightness
	}
	switch {
	case a.ColorTemp.Known() && t.Temperature:
		d.ColorTemp = a.ColorTemp
		if t.Color {
			d.Hue, d.Saturation = method.Some(0), method.Some(0)
		}
	case (a.Hue.Known() || a.Saturation.Known()) && t.Color:
		d.Hue, d.Saturation = method.Some(a.Hue.Or(0)), method.Some(a.Saturation.Or(100))
		d.ColorTemp = method.Some(0)
	}
	return d
}
