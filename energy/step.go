package energy

import (
	"fmt"
	"time"

	"wattle"
)

// Step is the length of the buckets of a series. Hours, days and months are
// those of a zone's calendar: a day with a change of the clocks has 23 or 25
// hours.
type Step string

// The steps.
const (
	FiveMinutes Step = "5min" // power only; the same moments in every zone
	Hour        Step = "hour"
	Day         Step = "day"
	Month       Step = "month"
)

// ParseStep reads a step as a person writes it. Errors wrap [wattle.ErrParam].
func ParseStep(text string) (Step, error) {
	switch s := Step(text); s {
	case FiveMinutes, Hour, Day, Month:
		return s, nil
	}
	return "", fmt.Errorf("%w: %q is not a step: want 5min, hour, day or month", wattle.ErrParam, text)
}

const fiveMinutes = 5 * time.Minute

// Floor is when the bucket began that t is in, by the zone of t.
func (s Step) Floor(t time.Time) time.Time {
	switch s {
	case FiveMinutes:
		return t.Truncate(fiveMinutes)
	case Hour:
		// Counted from the start of the day: an hour that the clocks repeat is
		// two, and one that they leave out is none.
		day := startOfDay(t)
		return day.Add(t.Sub(day).Truncate(time.Hour))
	case Month:
		y, m, _ := t.Date()
		return midnight(y, m, 1, t.Location())
	}
	return startOfDay(t)
}

// Next is when the bucket ends that t is in, and the following one begins.
func (s Step) Next(t time.Time) time.Time {
	switch s {
	case FiveMinutes:
		return t.Truncate(fiveMinutes).Add(fiveMinutes)
	case Hour:
		next, day := Hour.Floor(t).Add(time.Hour), Day.Next(t)
		if next.After(day) { // a zone that moves its clocks by half an hour
			return day
		}
		return next
	case Month:
		y, m, _ := t.Date()
		return midnight(y, m+1, 1, t.Location())
	}
	y, m, d := t.Date()
	return midnight(y, m, d+1, t.Location())
}

// Quarter is when the quarter of the year began that t is in: 1 January, April,
// July or October.
func Quarter(t time.Time) time.Time {
	y, m, _ := t.Date()
	return midnight(y, (m-1)/3*3+1, 1, t.Location())
}

// Year is when the year began that t is in.
func Year(t time.Time) time.Time { return midnight(t.Year(), time.January, 1, t.Location()) }

func startOfDay(t time.Time) time.Time {
	y, m, d := t.Date()
	return midnight(y, m, d, t.Location())
}

// midnight is the first moment of a day. Where the clocks leave midnight out
// that is one o'clock, and where midnight comes twice it is the first.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if ty, tm, td := t.Date(); time.Date(ty, tm, td, 0, 0, 0, 0, time.UTC).Before(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) {
		// Midnight was left out, if not the whole day, and t fell before it.
		_, end := t.ZoneBounds()
		return end
	}
	start, _ := t.ZoneBounds()
	if start.IsZero() || t.Sub(start) > 3*time.Hour {
		return t
	}
	_, now := t.Zone()
	_, before := start.Add(-time.Nanosecond).Zone()
	first := t.Add(time.Duration(now-before) * time.Second)
	if first.Before(start) && first.Day() == t.Day() {
		return first
	}
	return t
}
