package iot

import (
	"time"

	"wattle/method"
)

// Time is the answer of time.get_time: local wall-clock time (section 9).
type Time struct {
	Year   int `json:"year"`  // such as 2026
	Month  int `json:"month"` // 1 to 12
	Day    int `json:"mday"`  // 1 to 31
	Hour   int `json:"hour"`  // 0 to 23
	Minute int `json:"min"`   // 0 to 59
	Second int `json:"sec"`   // 0 to 59
}

// In is the moment that the clock shows, in a zone; ok is false for a clock
// that was never set.
func (t *Time) In(zone *time.Location) (moment time.Time, ok bool) {
	if t.Year < 1970 || t.Year > 9999 || t.Month < 1 || t.Month > 12 || t.Day < 1 || t.Day > 31 {
		return time.Time{}, false
	}
	return time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute, t.Second, 0, zone), true
}

// TimeOf is what a clock shows at a moment, in the moment's zone.
func TimeOf(t time.Time) Time {
	return Time{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}
}

// Timezone is the answer of time.get_timezone (section 9).
type Timezone struct {
	Index method.Opt[int] `json:"index"`
}

// SetTimezone is the parameter of time.set_timezone, which sets the clock as
// well.
type SetTimezone struct {
	Time
	Index int `json:"index"` // of the zone, 0 to 109, see ZoneIndex
}

// easternStandard is the index that is written as the fixed zone EST, while
// devices very probably mean New York with daylight saving time.
const easternStandard = 18

// Location is the zone of the index, UTC for an index outside the table. The
// host's time, taken with the clock, decides where the table is in doubt.
func (z *Timezone) Location(clock *Time, host time.Time) *time.Location {
	i, ok := z.Index.Get()
	if !ok || i < 0 || i >= len(zones) {
		return time.UTC
	}
	if i == easternStandard {
		newYork := location("America/New_York")
		if at, ok := clock.In(newYork); ok && at.Sub(host).Abs() < 30*time.Minute {
			return newYork
		}
	}
	return location(zones[i])
}

// location is a zone by name; UTC where it is not known.
func location(name string) *time.Location {
	if zone, ok := method.Zone(name); ok {
		return zone
	}
	return time.UTC
}

// Clock are the methods of one of the two clock modules.
type Clock struct {
	GetTime     method.Method[method.None, Time]
	GetTimezone method.Method[method.None, Timezone]
	// SetTime is refused with -3 by several plugs, which take SetTimezone.
	SetTime     method.Method[Time, method.None]
	SetTimezone method.Method[SetTimezone, method.None]
}

func clock(module string) Clock {
	return Clock{
		GetTime:     method.Method[method.None, Time]{Module: module, Name: "get_time"},
		GetTimezone: method.Method[method.None, Timezone]{Module: module, Name: "get_timezone"},
		SetTime:     method.Method[Time, method.None]{Module: module, Name: "set_time", Effect: method.Absolute},
		SetTimezone: method.Method[SetTimezone, method.None]{Module: module, Name: "set_timezone", Effect: method.Absolute},
	}
}

// The clocks of plugs and of bulbs.
var (
	PlugClock = clock(ModuleTime)
	BulbClock = clock(ModuleBulbTime)
)
