package rule

import (
	"encoding/json"
	"maps"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
)

// The modes of lights in rules.
const (
	modePreset = "customize_preset"
	modeLast   = "last_status"
)

// defaultName is what apps call a rule when nobody gives it a name.
const defaultName = "Schedule Rule"

// sact and eact, see docs/protocol/iot.md section 12.1.
const (
	actNone   = -1
	actOff    = 0
	actOn     = 1
	actLight  = 2
	actDimmer = 3
)

// FromIOT reads a rule of module schedule.
func FromIOT(r *iot.ScheduleRule) Schedule {
	s := Schedule{
		ID: r.ID.Or(""), Name: r.Name.Or(""), Enabled: r.Enable.Or(0) != 0,
		At: atIOT(r.Start, r.SMin, r.SOffset), Family: wattle.IOT, Extra: maps.Clone(r.Extra),
	}
	if s.Name == defaultName {
		s.Name = ""
	}
	s.Days, s.Once, s.Date = daysIOT(r.Wday, r.Repeat, r.Year, r.Month, r.Day)
	if s.At.From == Sunrise || s.At.From == Sunset {
		s.Computed = r.SMin
	}
	s.Action = actionIOT(r.SAct, r.SLight, r.SDimmer)
	if s.Action.Do == Other {
		s.keep("sact", r.SAct)
		if r.SLight != nil {
			s.keep("s_light", r.SLight)
		}
	}
	if r.End.Or(-1) >= 0 {
		s.End = &End{At: atIOT(r.End, r.EMin, r.EOffset), Action: actionIOT(r.EAct, r.ELight, r.EDimmer)}
		if s.End.Action.Do == Other {
			s.keep("eact", r.EAct)
		}
	}
	return s
}

// keep puts a field into Extra.
func (s *Schedule) keep(key string, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return
	}
	if s.Extra == nil {
		s.Extra = method.Extra{}
	}
	s.Extra[key] = raw
}

func atIOT(opt, minute, offset method.Opt[int]) At {
	switch opt.Or(0) {
	case 0:
		return At{Minute: minute.Or(0)}
	case 1:
		return At{From: Sunrise, Offset: offset.Or(0)}
	case 2:
		return At{From: Sunset, Offset: offset.Or(0)}
	}
	return At{From: Never}
}

// optIOT writes a time; minutes are sent as 0 for the sun: the device computes
// them.
func optIOT(a At) (opt, minute, offset method.Opt[int]) {
	switch a.From {
	case Sunrise:
		return method.Some(1), method.Some(0), method.Some(a.Offset)
	case Sunset:
		return method.Some(2), method.Some(0), method.Some(a.Offset)
	case Never:
		return method.Some(-1), method.Some(0), method.Some(0)
	}
	return method.Some(0), method.Some(a.Minute), method.Some(0)
}

func daysIOT(wday iot.Weekdays, repeat, year, month, dayOfMonth method.Opt[int]) (days Weekdays, once bool, date Date) {
	for i, on := range wday {
		if on != 0 && i < 7 {
			days |= 1 << i
		}
	}
	if repeat.Or(1) != 0 {
		return days, false, Date{}
	}
	date = Date{year.Or(0), time.Month(month.Or(0)), dayOfMonth.Or(0)}
	if !date.Valid() {
		return days, true, Date{}
	}
	return 0, true, date
}

// wdays writes the days of a rule; one that acts once has that of its date.
func wdays(days Weekdays, once bool, date Date) iot.Weekdays {
	if once && !date.IsZero() {
		days = 1 << date.Weekday()
	}
	list := make(iot.Weekdays, 7)
	for i := range list {
		if days.Has(time.Weekday(i)) {
			list[i] = 1
		}
	}
	return list
}

func actionIOT(act method.Opt[int], light, dimmer *iot.RuleLight) Action {
	switch act.Or(actNone) {
	case actNone:
		return Action{}
	case actOff:
		return Action{Do: Off}
	case actOn:
		return Action{Do: On}
	case actLight:
		if light != nil {
			return lightIOT(light)
		}
	case actDimmer:
		if dimmer != nil {
			return lightIOT(dimmer)
		}
	}
	return Action{Do: Other}
}

func lightIOT(l *iot.RuleLight) Action {
	a := Action{Do: On, Extra: maps.Clone(l.Extra)}
	if l.OnOff.Or(1) == 0 {
		a.Do = Off
	}
	if l.Transition.Or(-1) >= 0 {
		a.Transition = l.Transition
	}
	mode := l.Mode.Or(modePreset)
	if a.Do == On && mode != modeLast {
		a.shine(l.Brightness, l.Hue, l.Saturation, l.ColorTemp)
	}
	if mode != modePreset && mode != modeLast {
		if a.Extra == nil {
			a.Extra = method.Extra{}
		}
		a.Extra["mode"], _ = json.Marshal(mode) // a string
	}
	return a
}

// shine takes the values that count: a temperature excludes a colour, and
// zeros stand for what was not chosen.
func (a *Action) shine(brightness, hue, saturation, kelvin method.Opt[int]) {
	if brightness.Or(0) > 0 {
		a.Brightness = brightness
	}
	switch {
	case kelvin.Or(0) > 0:
		a.ColorTemp = kelvin
	case hue.Or(0) != 0 || saturation.Or(0) != 0:
		a.Hue, a.Saturation = method.Some(hue.Or(0)), method.Some(saturation.Or(0))
	}
}

// ToIOT writes a rule for module schedule of a device that can do t. What the
// device cannot do is left out; see [Fit].
func (s *Schedule) ToIOT(t *Target) iot.ScheduleRule {
	r := iot.ScheduleRule{
		Name: method.Some(defaultName), Enable: method.Some(number(s.Enabled)), Wday: wdays(s.Days, s.Once, s.Date),
		Repeat: method.Some(number(!s.Once)), End: method.Some(-1), EMin: method.Some(0), EOffset: method.Some(0), EAct: method.Some(actNone),
		Year: method.Some(s.Date.Year), Month: method.Some(int(s.Date.Month)), Day: method.Some(s.Date.Day),
	}
	if s.ID != "" {
		r.ID = method.Some(s.ID)
	}
	if s.Name != "" {
		r.Name = method.Some(s.Name)
	}
	if s.Family == wattle.IOT {
		r.Extra = s.Extra
	}
	r.Start, r.SMin, r.SOffset = optIOT(s.At)
	r.SAct, r.SLight, r.SDimmer = s.Action.toIOT(t, s.Family)
	if s.End != nil {
		r.End, r.EMin, r.EOffset = optIOT(s.End.At)
		r.EAct, r.ELight, r.EDimmer = s.End.Action.toIOT(t, s.Family)
	}
	return r
}

func (a *Action) toIOT(t *Target, from wattle.Family) (act method.Opt[int], light, dimmer *iot.RuleLight) {
	switch {
	case a.Do == Nothing:
		return method.Some(actNone), nil, nil
	case a.Do == Other:
		return method.Opt[int]{}, nil, nil // it is in Extra
	case t.Lamp:
		return method.Some(actLight), a.ruleLight(t, from), nil
	case t.Dimmable && a.State():
		return method.Some(actDimmer), nil, &iot.RuleLight{
			OnOff: method.Some(1), Mode: method.Some(modePreset), Brightness: a.Brightness,
		}
	case a.Do == On:
		return method.Some(actOn), nil, nil
	}
	return method.Some(actOff), nil, nil
}

func (a *Action) ruleLight(t *Target, from wattle.Family) *iot.RuleLight {
	zero := method.Some(0)
	l := &iot.RuleLight{OnOff: method.Some(number(a.Do == On)), Mode: method.Some(modePreset), Transition: method.Some(a.Transition.Or(0))}
	switch {
	case !a.State():
		l.Mode, l.Hue, l.Saturation, l.ColorTemp, l.Brightness = method.Some(modeLast), zero, zero, zero, zero
	case a.ColorTemp.Known():
		l.Hue, l.Saturation, l.ColorTemp, l.Brightness = zero, zero, a.ColorTemp, a.Brightness
	case a.Hue.Known() || a.Saturation.Known():
		l.Hue, l.Saturation, l.ColorTemp, l.Brightness = method.Some(a.Hue.Or(0)), method.Some(a.Saturation.Or(100)), zero, a.Brightness
	default:
		l.Brightness = a.Brightness
		if !t.Color && !t.Temperature {
			l.Hue, l.Saturation, l.ColorTemp = zero, zero, zero
		}
	}
	if from == wattle.IOT && len(a.Extra) > 0 {
		l.Extra = maps.Clone(a.Extra)
		var mode string
		if json.Unmarshal(a.Extra["mode"], &mode) == nil {
			l.Mode = method.Some(mode)
			delete(l.Extra, "mode")
		}
	}
	return l
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}
