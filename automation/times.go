package automation

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"wattle/rule"
)

// times says when a trigger by time comes next after a moment, in the zone of
// that; zero where it never does.
type times func(after time.Time) time.Time

// timesOf reads At, Days and Cron of a trigger. where is asked for each time.
func timesOf(t *Trigger, where func() rule.Place) (times, error) {
	if t.Cron != "" {
		return cronTimes(t.Cron)
	}
	at, err := rule.ParseAt(t.At)
	if err == nil && at.From == rule.Never {
		err = bad("%q is never", t.At)
	}
	if err != nil {
		return nil, &FieldError{"at", err}
	}
	s := rule.Schedule{At: at, Days: rule.Daily}
	if t.Days != "" {
		if s.Days, err = rule.ParseDays(t.Days); err != nil {
			return nil, &FieldError{"days", err}
		}
	}
	return func(after time.Time) time.Time {
		next, ok := s.Next(after, where())
		if !ok {
			return time.Time{}
		}
		return next
	}, nil
}

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// shortestEvery is the shortest time of @every.
const shortestEvery = time.Minute

// cronTimes reads a line. Times of fixed hours follow the clock on the wall, as
// those of At do; others, such as each quarter of an hour, what really passes.
func cronTimes(line string) (times, error) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "=") || len(line) > 200 {
		return nil, &FieldError{"cron", bad("%q: want five fields such as 30 7 * * 1-5; the zone is that of the hub", clip(line))}
	}
	s, err := cronParser.Parse(line)
	if err != nil {
		return nil, &FieldError{"cron", bad("%q: %v; want five fields such as 30 7 * * 1-5", clip(line), err)}
	}
	if every, ok := s.(cron.ConstantDelaySchedule); ok && every.Delay < shortestEvery {
		return nil, &FieldError{"cron", bad("%q: want at least @every %v", clip(line), shortestEvery)}
	}
	if s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, &FieldError{"cron", bad("%q never comes", clip(line))}
	}
	fields := strings.Fields(line)
	fixed := len(fields) == 5 && !strings.ContainsAny(fields[1], "*/")
	if !fixed && !isDaily(line) {
		return s.Next, nil
	}
	return func(after time.Time) time.Time { return onTheWall(s, after) }, nil
}

func isDaily(line string) bool {
	switch line {
	case "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually":
		return true
	}
	return false
}

// onTheWall is the next time of a schedule as the clock on the wall shows it: one
// that is left out is moved, one that comes twice counts once.
func onTheWall(s cron.Schedule, after time.Time) time.Time {
	zone := after.Location()
	wall := time.Date(after.Year(), after.Month(), after.Day(), after.Hour(), after.Minute(), after.Second(), 0, time.UTC)
	wall = wall.Add(-2 * time.Hour) // the clock may just have been set back
	for range 1000 {
		if wall = s.Next(wall); wall.IsZero() {
			return wall
		}
		at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
		if at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// words say a trigger in short.
func (t *Trigger) words() string {
	switch {
	case t.Cron != "":
		return "cron " + t.Cron
	case t.At != "" && t.Days != "":
		return t.At + " " + t.Days
	case t.At != "":
		return t.At
	case t.Event != "":
		return "event " + t.Event
	}
	text := t.Feature
	switch {
	case t.Becomes != nil:
		text += fmt.Sprintf(" becomes %v", t.Becomes)
	case t.Above != nil && t.Below != nil:
		text += fmt.Sprintf(" comes between %g and %g", *t.Above, *t.Below)
	case t.Above != nil:
		text += fmt.Sprintf(" rises above %g", *t.Above)
	case t.Below != nil:
		text += fmt.Sprintf(" falls below %g", *t.Below)
	default:
		text += " changes"
	}
	if t.For > 0 {
		text += " for " + t.For.String()
	}
	return text
}
