package rule

import (
	"maps"
	"math"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// TimerFromIOT reads the rule of module count_down.
func TimerFromIOT(r *iot.TimerRule) Timer {
	t := Timer{
		ID: r.ID.Or(""), Enabled: r.Enable.Or(0) != 0, Delay: wholeSeconds(r.Delay), Remain: wholeSeconds(r.Remain),
		Action: Action{Do: Off}, Extra: maps.Clone(r.Extra), Family: wattle.IOT,
	}
	if r.Act.Or(0) == 1 {
		t.Action.Do = On
	}
	return t
}

// TimerFromSMART reads the rule of get_countdown_rules.
func TimerFromSMART(r *smart.TimerRule) Timer {
	t := Timer{
		ID: r.ID.Or(""), Enabled: r.Enable.Or(false), Delay: wholeSeconds(r.Delay), Remain: wholeSeconds(r.Remain),
		Action: Action{Do: Other}, Extra: maps.Clone(r.Extra), Family: wattle.SMART,
	}
	if r.Desired != nil {
		t.Action = desired(r.Desired)
	}
	return t
}

func wholeSeconds(n method.Opt[int]) time.Duration {
	return time.Duration(min(max(n.Or(0), 0), math.MaxInt32)) * time.Second
}

// Check reports what is wrong with a timer that is to be started. The error
// wraps wattle.ErrParam.
func (t *Timer) Check() error {
	if t.Delay < time.Second || t.Delay > MaxTimer {
		return bad("a timer runs 1s to 24h, not %s", t.Delay)
	}
	if t.Action.Do != On && t.Action.Do != Off {
		return bad("a timer turns on or off, not %s", t.Action.Do)
	}
	return t.Action.Check()
}

// ToIOT writes a timer that starts. Kasa timers turn on or off and no more.
func (t *Timer) ToIOT() iot.TimerRule {
	return iot.TimerRule{
		Name: method.Some("add timer"), Enable: method.Some(1),
		Delay: method.Some(int(t.Delay / time.Second)), Act: method.Some(number(t.Action.Do == On)),
	}
}

// ToSMART writes a timer that starts, for a device that can do target.
func (t *Timer) ToSMART(target *Target) smart.TimerRule {
	n := method.Some(int(t.Delay / time.Second))
	return smart.TimerRule{Enable: method.Some(true), Delay: n, Remain: n, Desired: t.Action.desired(target, t.Family)}
}

// defaultFrequency is what every source sends.
const defaultFrequency = 5

// AwayFromIOT reads a rule of module anti_theft.
func AwayFromIOT(r *iot.AwayRule) Away {
	a := Away{
		ID: r.ID.Or(""), Name: r.Name.Or(""), Enabled: r.Enable.Or(0) != 0, Frequency: r.Frequency.Or(0),
		Start: atIOT(r.Start, r.SMin, r.SOffset), End: atIOT(r.End, r.EMin, r.EOffset),
		Extra: maps.Clone(r.Extra), Family: wattle.IOT,
	}
	a.Days, a.Once, a.Date = daysIOT(r.Wday, r.Repeat, r.Year, r.Month, r.Day)
	return a
}

// ToIOT writes a rule for module anti_theft.
func (a *Away) ToIOT() iot.AwayRule {
	r := iot.AwayRule{
		Name: method.Some(a.Name), Enable: method.Some(number(a.Enabled)), Wday: wdays(a.Days, a.Once, a.Date),
		Repeat: method.Some(number(!a.Once)), Frequency: method.Some(a.frequency()), Duration: method.Some(2), LastFor: method.Some(1),
		Year: method.Some(a.Date.Year), Month: method.Some(int(a.Date.Month)), Day: method.Some(a.Date.Day),
	}
	if a.ID != "" {
		r.ID = method.Some(a.ID)
	}
	if a.Family == wattle.IOT {
		r.Extra = a.Extra
	}
	r.Start, r.SMin, r.SOffset = optIOT(a.Start)
	r.End, r.EMin, r.EOffset = optIOT(a.End)
	return r
}

// AwayFromSMART reads a rule of get_antitheft_rules.
func AwayFromSMART(r *smart.AwayRule) Away {
	a := Away{
		ID: r.ID.Or(""), Enabled: r.Enable.Or(false), Frequency: r.Frequency.Or(0),
		Start: atSMART(r.StartType, r.StartMin, r.StartOffset), End: atSMART(r.EndType, r.EndMin, r.EndOffset),
		Extra: maps.Clone(r.Extra), Family: wattle.SMART,
	}
	a.Days, a.Once, a.Date = daysSMART(r.Mode, r.WeekDay, Date{r.Year.Or(0), time.Month(r.Month.Or(0)), r.Day.Or(0)})
	return a
}

// ToSMART writes a rule of get_antitheft_rules; today is the device's date.
func (a *Away) ToSMART(today Date) smart.AwayRule {
	date := a.Date
	if date.IsZero() {
		date = today
	}
	r := smart.AwayRule{
		Enable: method.Some(a.Enabled), Mode: method.Some(modeRepeat), WeekDay: method.Some(int(a.Days & Daily)),
		Year: method.Some(date.Year), Month: method.Some(int(date.Month)), Day: method.Some(date.Day),
		StartType: method.Some(referenceName(a.Start.From)), StartMin: method.Some(a.Start.Minute), StartOffset: method.Some(a.Start.Offset),
		EndType: method.Some(referenceName(a.End.From)), EndMin: method.Some(a.End.Minute), EndOffset: method.Some(a.End.Offset),
		Frequency: method.Some(a.frequency()),
	}
	if a.Once {
		r.Mode = method.Some(modeOnce)
	}
	if a.ID != "" {
		r.ID = method.Some(a.ID)
	}
	if a.Family == wattle.SMART {
		r.Extra = a.Extra
	}
	return r
}

func (a *Away) frequency() int {
	if a.Frequency == 0 {
		return defaultFrequency
	}
	return a.Frequency
}
