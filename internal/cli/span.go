package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wattle/energy"
)

// moment is a point in time as a person writes it: a date, a date and a time,
// or how long ago. It belongs to the zone of a device, which is not known yet.
type moment struct {
	text  string
	n     int           // of the units that it is ago, this one included
	unit  byte          // 'h', 'd', 'm' for months, 0 for a date or a span
	span  time.Duration // how long ago exactly: hours too, and 0 for other units
	date  time.Time
	whole bool // a date without a time
}

// momentWords are what a moment may look like, for texts.
const momentWords = "30m, 24h, 7d, 4w, 12mo, 1y, today, yesterday or a date"

// parseMoment reads 30m, 1.5h, 24h, 7d, 4w, 12mo, 1y, today, yesterday, 2026-11-01
// and "2026-11-01 14:30".
func parseMoment(flag, text string) (moment, error) {
	m := moment{text: text}
	low := strings.ToLower(strings.TrimSpace(text))
	switch low {
	case "today":
		low = "1d"
	case "yesterday":
		low = "2d"
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			m.date, m.whole = t, layout == time.DateOnly
			return m, nil
		}
	}
	if span, ok := parseShort(low); ok {
		m.span = span
		if span%time.Hour == 0 {
			m.n, m.unit = int(span/time.Hour), 'h'
		}
		return m, nil
	}
	digits := strings.TrimRight(low, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(digits)
	times, known := map[string]int{"d": 1, "w": 7, "mo": 1, "y": 12}[low[len(digits):]]
	if err != nil || !known || n < 1 || n > 100_000 {
		return m, usagef(`for example --since 7d, --since 2026-11-01 or --until "2026-11-01 14:30"`,
			"--%s %q is no time: want "+momentWords, flag, text)
	}
	m.n = n * times
	m.unit = map[string]byte{"d": 'd', "w": 'd', "mo": 'm', "y": 'm'}[low[len(digits):]]
	return m, nil
}

// parseShort reads spans of seconds, minutes and hours: 90s, 30m or 30min, 1.5h, 1h30m.
func parseShort(text string) (time.Duration, bool) {
	span, err := time.ParseDuration(strings.Replace(text, "min", "m", 1))
	return span, err == nil && span >= time.Second && span <= 100_000*time.Hour
}

// ago is where a span begins that is not made of buckets: hours are hours of 60
// minutes before now. The rest is as from has it.
func (m moment) ago(now time.Time) time.Time {
	if m.span > 0 {
		return now.Add(-m.span)
	}
	return m.from(now)
}

// from is where a span of buckets begins: 7d are today and the six days before it,
// 24h this hour and the 23 before it, and 30m the hour in which they began.
func (m moment) from(now time.Time) time.Time {
	switch m.unit {
	case 'h':
		return energy.Hour.Floor(now).Add(-time.Duration(m.n-1) * time.Hour)
	case 'd':
		return energy.Day.Floor(energy.Day.Floor(now).AddDate(0, 0, 1-m.n))
	case 'm':
		return energy.Month.Floor(energy.Month.Floor(now).AddDate(0, 1-m.n, 0))
	}
	if m.span > 0 {
		return energy.Hour.Floor(now.Add(-m.span))
	}
	d := m.date
	return time.Date(d.Year(), d.Month(), d.Day(), d.Hour(), d.Minute(), 0, 0, now.Location())
}

// until is where a span ends: a date, hour or month that is named belongs to it.
func (m moment) until(now time.Time) time.Time {
	at := m.from(now)
	switch {
	case m.span > 0:
		return energy.Hour.Next(at)
	case m.unit == 'd', m.whole:
		return energy.Day.Next(at)
	case m.unit == 'm':
		return energy.Month.Next(at)
	}
	return at
}

// agoUntil is where a span ends that is not made of buckets.
func (m moment) agoUntil(now time.Time) time.Time {
	if m.span > 0 {
		return now.Add(-m.span)
	}
	return m.until(now)
}

// stepFor is how finely a span is shown when nobody says.
func stepFor(from, to time.Time, power bool) energy.Step {
	switch span := to.Sub(from); {
	case power && span <= 12*time.Hour:
		return energy.FiveMinutes
	case power, span <= 50*time.Hour:
		return energy.Hour
	case span <= 100*24*time.Hour:
		return energy.Day
	}
	return energy.Month
}

// label is a bucket for people.
func label(start time.Time, by energy.Step) string {
	switch by {
	case energy.Month:
		return start.Format("2006-01")
	case energy.Day:
		return start.Format("Mon 2006-01-02")
	}
	return start.Format("Mon 2006-01-02 15:04")
}

// many is a number of buckets for people.
func many(n int, by energy.Step) string {
	word := map[energy.Step]string{energy.FiveMinutes: "value", energy.Hour: "hour", energy.Day: "day", energy.Month: "month"}[by]
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
