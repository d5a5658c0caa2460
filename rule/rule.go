// Package rule is one model for the rules that devices carry out by
// themselves, whatever their family: schedules, the countdown timer, away mode
// and auto-off. It converts to and from the objects of both languages, reads
// and writes text, and compares. It does no I/O and knows no clock.
//
//	s := rule.Schedule{
//		Enabled: true,
//		Days:    rule.Workdays,
//		At:      rule.At{From: rule.Sunset, Offset: -30},
//		Action:  rule.Action{Do: rule.On, Brightness: method.Some(40)},
//	}
//	fitted, losses, ok := rule.Fit(s, target) // what a device can carry out of it
//
// Package device reads and writes rules on devices, see device.Device.Rules.
//
// See docs/protocol/iot.md section 12 and docs/protocol/smart.md section 9.
package rule

import (
	"fmt"
	"strings"
	"time"

	"wattle"
	"wattle/method"
)

// Schedule is a rule that acts at a time of the day.
type Schedule struct {
	// ID is given by the device; "" for one that is on no device.
	ID      string
	Name    string // Kasa only
	Enabled bool
	// Days are the weekdays of a rule that repeats. A rule with Once acts one
	// time, on Date; some devices do not tell the date.
	Days   Weekdays
	Once   bool
	Date   Date
	At     At
	Action Action
	// End is the end of an interval, nil for none. Only Kasa devices have it.
	End *End
	// Computed is the minute of the day at which a rule by the sun acts, as the
	// device computed it.
	Computed method.Opt[int]
	// Made is the day that a Tapo device keeps with a rule that repeats: when
	// it was made.
	Made Date
	// Extra are fields of the device's object that the model does not have, in
	// the words of Family. They go back to devices of that family.
	Extra  method.Extra
	Family wattle.Family
}

// End is what happens at the end of an interval.
type End struct {
	At     At
	Action Action
}

// Verb is what an action does.
type Verb string

// The verbs.
const (
	Nothing Verb = ""
	On      Verb = "on"
	Off     Verb = "off"
	// Other is an action that the model does not know, such as a vacuum's
	// cleaning; it is in the Extra of the rule.
	Other Verb = "other"
)

// Action is what a rule does. With any of the values On is a state of a light;
// what is not given stays as it is.
type Action struct {
	Do         Verb
	Brightness method.Opt[int] // 1 to 100 %
	Hue        method.Opt[int] // degrees, 0 to 360
	Saturation method.Opt[int] // %
	ColorTemp  method.Opt[int] // K
	// Transition is how long the light takes to get there, in ms.
	Transition method.Opt[int]
	Extra      method.Extra
}

// State reports whether the action says how a light shall shine.
func (a *Action) State() bool {
	return a.Brightness.Known() || a.Hue.Known() || a.Saturation.Known() || a.ColorTemp.Known()
}

// String is the action in words: "on, 40 %, 2700 K over 5s".
func (a *Action) String() string {
	words := []string{string(a.Do)}
	if a.Do == Nothing {
		words[0] = "nothing"
	}
	if v, ok := a.Brightness.Get(); ok {
		words = append(words, fmt.Sprintf("%d %%", v))
	}
	if v, ok := a.ColorTemp.Get(); ok {
		words = append(words, fmt.Sprintf("%d K", v))
	}
	if a.Hue.Known() || a.Saturation.Known() {
		words = append(words, fmt.Sprintf("hue %d saturation %d", a.Hue.Or(0), a.Saturation.Or(100)))
	}
	text := strings.Join(words, ", ")
	if ms := a.Transition.Or(0); ms > 0 {
		text += " over " + FormatDuration(time.Duration(ms)*time.Millisecond)
	}
	return text
}

// When is the days and the time in words: "mon-fri 18:30".
func (s *Schedule) When() string {
	day := s.Days.String()
	if s.Once {
		day = "once"
		if !s.Date.IsZero() {
			day = s.Date.String()
		}
	}
	return day + " " + s.At.String()
}

// String is the rule in one line.
func (s *Schedule) String() string {
	text := s.When() + " " + s.Action.String()
	if s.End != nil {
		text += " until " + s.End.At.String() + " " + s.End.Action.String()
	}
	if !s.Enabled {
		text += " (disabled)"
	}
	return text
}

// Limits of values.
const (
	day = 24 * 60 // minutes
	// MaxTransition is the longest that a light may take.
	MaxTransition = 24 * time.Hour
	// MaxTimer is the longest countdown, see docs/protocol/smart.md section 9.2.
	MaxTimer = 24 * time.Hour
)

// Check reports what is wrong with a rule that is to be sent to a device. The
// error wraps [wattle.ErrParam].
func (s *Schedule) Check() error {
	switch {
	case !s.Once && s.Days&Daily == 0:
		return bad("a rule that repeats needs weekdays")
	case s.Days&^Daily != 0:
		return bad("weekdays %d: there are seven", s.Days)
	case s.Once && !s.Date.IsZero() && !s.Date.Valid():
		return bad("there is no date %s", s.Date)
	}
	if err := s.At.Check(); err != nil {
		return err
	}
	if s.End != nil {
		if err := s.End.At.Check(); err != nil {
			return fmt.Errorf("end: %w", err)
		}
		if err := s.End.Action.Check(); err != nil {
			return fmt.Errorf("end: %w", err)
		}
	}
	return s.Action.Check()
}

// Check reports what is wrong with the values of an action.
func (a *Action) Check() error {
	if a.Do != On && a.State() {
		return bad("brightness and colour go with on, not with %s", a.Do)
	}
	for _, v := range []struct {
		name     string
		value    method.Opt[int]
		min, max int
	}{
		{"brightness", a.Brightness, 1, 100},
		{"hue", a.Hue, 0, 360},
		{"saturation", a.Saturation, 0, 100},
		{"colour temperature", a.ColorTemp, 1000, 20_000},
		{"transition", a.Transition, 0, int(MaxTransition / time.Millisecond)},
	} {
		if n, ok := v.value.Get(); ok && (n < v.min || n > v.max) {
			return bad("%s %d is not in %d to %d", v.name, n, v.min, v.max)
		}
	}
	if a.ColorTemp.Known() && (a.Hue.Known() || a.Saturation.Known()) {
		return bad("a light has either a colour or a colour temperature")
	}
	return nil
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", wattle.ErrParam, fmt.Sprintf(format, args...))
}

// FormatDuration writes 1m30s, 5s, 2h without zeros at the end.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
