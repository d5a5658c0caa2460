package rule

import (
	"fmt"
	"strings"
)

// Reference is what a time of the day is measured from.
type Reference uint8

// The references.
const (
	Clock Reference = iota
	Sunrise
	Sunset
	Never // a rule without a time, which only Kasa devices have
)

// At is a time of the day: by the clock, or by the sun at the place that the
// device knows as its own.
type At struct {
	From Reference
	// Minute is the minute of the device's local day, 0 to 1439, by the clock.
	Minute int
	// Offset is minutes from sunrise or sunset, negative before it; the apps
	// allow 360 either way.
	Offset int
}

// ClockTime is a time by the clock.
func ClockTime(hour, minute int) At { return At{Minute: hour*60 + minute} }

const maxOffset = day - 1

// Check reports what is wrong with it.
func (a At) Check() error {
	switch {
	case a.From > Never:
		return bad("a time by an unknown reference")
	case a.From == Clock && (a.Minute < 0 || a.Minute >= day):
		return bad("minute %d of the day is not in 0 to %d", a.Minute, day-1)
	case a.Offset < -maxOffset || a.Offset > maxOffset:
		return bad("%d minutes from the sun is more than a day", a.Offset)
	}
	return nil
}

// String is the time as [ParseAt] reads it: "18:30", "sunset-30m",
// "sunrise+1h15m".
func (a At) String() string {
	name := ""
	switch a.From {
	case Clock:
		return fmt.Sprintf("%02d:%02d", a.Minute/60, a.Minute%60)
	case Never:
		return "never"
	case Sunrise:
		name = "sunrise"
	case Sunset:
		name = "sunset"
	}
	if a.Offset == 0 {
		return name
	}
	sign, n := "+", a.Offset
	if n < 0 {
		sign, n = "-", -n
	}
	name += sign
	if n >= 60 {
		name += fmt.Sprintf("%dh", n/60)
	}
	if n%60 > 0 {
		name += fmt.Sprintf("%dm", n%60)
	}
	return name
}

// ParseAt reads "18:30", "6:30pm", "sunset", "sunset-30m" or "sunrise+1h15m".
// The error wraps wattle.ErrParam.
func ParseAt(text string) (At, error) {
	s := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	for name, from := range map[string]Reference{"sunrise": Sunrise, "sunset": Sunset} {
		rest, ok := strings.CutPrefix(s, name)
		if !ok {
			continue
		}
		if rest == "" {
			return At{From: from}, nil
		}
		n, ok := minutes(rest[1:])
		if rest[0] == '-' {
			n = -n
		}
		if !ok || rest[0] != '-' && rest[0] != '+' {
			return At{}, bad("%q: want such as %s, %s-30m or %s+1h15m", clip(text), name, name, name)
		}
		a := At{From: from, Offset: n}
		return a, a.Check()
	}
	if s == "never" {
		return At{From: Never}, nil
	}
	if m, ok := clock(s); ok {
		return At{Minute: m}, nil
	}
	return At{}, bad("%q is no time: want such as 18:30, sunset or sunrise+15m", clip(text))
}

// clock reads 18:30, 6:30pm and 7am as minutes after midnight.
func clock(s string) (int, bool) {
	half := ""
	if rest, ok := strings.CutSuffix(s, "am"); ok {
		s, half = rest, "am"
	} else if rest, ok := strings.CutSuffix(s, "pm"); ok {
		s, half = rest, "pm"
	}
	h, m, split := strings.Cut(s, ":")
	hour, ok := digits(h, 2)
	minute := 0
	if split {
		var okMinute bool
		minute, okMinute = digits(m, 2)
		ok = ok && okMinute && len(m) == 2
	} else if half == "" {
		return 0, false
	}
	if half != "" {
		ok = ok && hour >= 1 && hour <= 12
		hour %= 12
		if half == "pm" {
			hour += 12
		}
	}
	return hour*60 + minute, ok && hour < 24 && minute < 60
}

// minutes reads 30m, 1h, 1h15m and 45min; a number alone is minutes.
func minutes(s string) (int, bool) {
	h, m, hours := strings.Cut(s, "h")
	if !hours {
		h, m = "", s
	}
	total := 0
	if hours {
		n, ok := digits(h, 3)
		if !ok {
			return 0, false
		}
		total = n * 60
		if m == "" {
			return total, true
		}
	}
	m = strings.TrimSuffix(strings.TrimSuffix(m, "in"), "m")
	n, ok := digits(m, 4)
	return total + n, ok
}
