package history

import (
	"fmt"
	"time"

	"wattle"
	"wattle/energy"
)

// Resolution is how long the buckets of a roll-up are. Resolutions are printed.
type Resolution string

// The resolutions. Hours and days are those of a zone's calendar: a day with a
// change of the clocks has 23 or 25 hours.
const (
	Raw    Resolution = "raw" // single samples
	Minute Resolution = "minute"
	Hour   Resolution = "hour"
	Day    Resolution = "day"
)

// ParseResolution reads a resolution as a person writes it. Errors wrap
// [wattle.ErrParam].
func ParseResolution(text string) (Resolution, error) {
	switch r := Resolution(text); r {
	case Raw, Minute, Hour, Day:
		return r, nil
	}
	return "", fmt.Errorf("%w: %q is not a resolution: want raw, minute, hour or day", wattle.ErrParam, text)
}

// Floor is when the bucket began that t is in, in a zone.
func (r Resolution) Floor(t time.Time, zone *time.Location) time.Time {
	switch r {
	case Hour:
		return energy.Hour.Floor(t.In(zone))
	case Day:
		return energy.Day.Floor(t.In(zone))
	case Minute:
		return t.In(zone).Truncate(time.Minute)
	}
	return t.In(zone)
}

// Next is when the bucket ends that t is in, and the following one begins.
func (r Resolution) Next(t time.Time, zone *time.Location) time.Time {
	switch r {
	case Hour:
		return energy.Hour.Next(t.In(zone))
	case Day:
		return energy.Day.Next(t.In(zone))
	}
	return t.In(zone).Truncate(time.Minute).Add(time.Minute)
}

// length is about how long a bucket is, rather too short.
func (r Resolution) length() time.Duration {
	switch r {
	case Minute:
		return time.Minute
	case Hour:
		return time.Hour
	case Day:
		return 23 * time.Hour
	}
	return 0
}

// Retention says for how long what is kept, 0 for ever.
type Retention struct {
	Raw    time.Duration // single samples of numbers, which have roll-ups
	States time.Duration // those of switches, texts, times and colours
	Events time.Duration
	Minute time.Duration
	Hour   time.Duration
	Day    time.Duration
}

const day = 24 * time.Hour

// DefaultRetention keeps a week of samples, two weeks of minutes, three years
// of hours, and days and energy for ever. Energy has its own books.
var DefaultRetention = Retention{
	Raw: 7 * day, States: 400 * day, Events: 400 * day,
	Minute: 14 * day, Hour: 3 * 366 * day,
}

// Check says what is wrong. Each resolution is computed from the one before,
// which has to live long enough. Errors wrap [wattle.ErrParam].
func (r Retention) Check() error {
	for _, d := range []time.Duration{r.Raw, r.States, r.Minute} {
		if d != 0 && d < 2*day {
			return fmt.Errorf("%w: samples and minutes cannot be kept for %s only: want 48h or more, or 0 for ever", wattle.ErrParam, d)
		}
	}
	for _, d := range []time.Duration{r.Hour, r.Day, r.Events} {
		if d < 0 || d != 0 && d < 7*day {
			return fmt.Errorf("%w: hours, days and events cannot be kept for %s only: want 168h or more, or 0 for ever", wattle.ErrParam, d)
		}
	}
	if longer(r.Raw, r.Minute) || longer(r.Minute, r.Hour) || longer(r.Hour, r.Day) {
		return fmt.Errorf("%w: a coarser resolution has to be kept as long as a finer one: raw %s, minute %s, hour %s, day %s",
			wattle.ErrParam, r.Raw, r.Minute, r.Hour, r.Day)
	}
	return nil
}

func longer(a, b time.Duration) bool { return b != 0 && (a == 0 || a > b) }

// Keeps is for how long a resolution is kept, 0 for ever.
func (r Retention) Keeps(by Resolution) time.Duration {
	switch by {
	case Minute:
		return r.Minute
	case Hour:
		return r.Hour
	case Day:
		return r.Day
	}
	return r.Raw
}
