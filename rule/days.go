package rule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Weekdays is a set of weekdays: bit 0 is Sunday, bit 6 Saturday.
type Weekdays uint8

// Sets of weekdays.
const (
	Daily    Weekdays = 1<<7 - 1
	Weekend  Weekdays = 1<<time.Sunday | 1<<time.Saturday
	Workdays Weekdays = Daily &^ Weekend
)

var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Has reports whether a weekday is in the set.
func (w Weekdays) Has(day time.Weekday) bool { return w>>uint(day)&1 == 1 }

// String writes the set as [ParseDays] reads it: "daily", "mon-fri",
// "mon,wed,sat-sun"; "" for none. The week begins on Monday.
func (w Weekdays) String() string {
	if w&Daily == Daily {
		return "daily"
	}
	var parts []string
	for i := 0; i < 7; i++ {
		if !w.Has(fromMonday(i)) {
			continue
		}
		last := i
		for last < 6 && w.Has(fromMonday(last+1)) {
			last++
		}
		name := dayNames[fromMonday(i)]
		switch last - i {
		case 0:
		case 1:
			name += "," + dayNames[fromMonday(last)]
		default:
			name += "-" + dayNames[fromMonday(last)]
		}
		parts = append(parts, name)
		i = last
	}
	return strings.Join(parts, ",")
}

func fromMonday(i int) time.Weekday { return time.Weekday((i + 1) % 7) }

// ParseDays reads "mon-fri", "sat,sun", "fri-mon", "daily", "weekdays" or
// "weekend"; names may be written out, in any case. The error wraps
// wattle.ErrParam.
func ParseDays(text string) (Weekdays, error) {
	var set Weekdays
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		part = strings.TrimSpace(part)
		switch part {
		case "daily", "every day", "everyday", "all":
			set |= Daily
			continue
		case "weekdays", "workdays":
			set |= Workdays
			continue
		case "weekend", "weekends":
			set |= Weekend
			continue
		}
		from, to, isRange := strings.Cut(part, "-")
		first, ok := weekday(from)
		last, okLast := first, true
		if isRange {
			last, okLast = weekday(to)
		}
		if !ok || !okLast {
			return 0, bad("%q is no day: want such as mon-fri, sat,sun, daily, weekdays or weekend", clip(part))
		}
		for day := first; ; day = (day + 1) % 7 {
			set |= 1 << day
			if day == last {
				break
			}
		}
	}
	return set, nil
}

// weekday takes names and their beginnings of two or more letters.
func weekday(text string) (time.Weekday, bool) {
	text = strings.TrimSpace(text)
	if len(text) < 2 {
		return 0, false
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.HasPrefix(strings.ToLower(day.String()), text) {
			return day, true
		}
	}
	return 0, false
}

// Date is a day of the calendar. The zero Date is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of a moment in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// IsZero reports whether it is none.
func (d Date) IsZero() bool { return d == Date{} }

// Valid reports whether the calendar has the day.
func (d Date) Valid() bool {
	return d.Year >= 1970 && d.Year <= 9999 && d == DateOf(d.In(time.UTC))
}

// In is the beginning of the day in a zone.
func (d Date) In(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Weekday is its day of the week.
func (d Date) Weekday() time.Weekday { return d.In(time.UTC).Weekday() }

// String is 2026-12-24.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// ParseDate reads 2026-12-24. The error wraps wattle.ErrParam.
func ParseDate(text string) (Date, error) {
	var n [3]int
	parts := strings.Split(strings.TrimSpace(text), "-")
	ok := len(parts) == 3 && len(parts[0]) == 4
	for i := 0; ok && i < 3; i++ {
		n[i], ok = digits(parts[i], 4)
	}
	d := Date{n[0], time.Month(n[1]), n[2]}
	if !ok || !d.Valid() {
		return Date{}, bad("%q is no date: want such as 2026-12-24", clip(text))
	}
	return d, nil
}

// digits reads a whole number of at most n digits and nothing else.
func digits(text string, n int) (int, bool) {
	if text == "" || len(text) > n || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.Atoi(text)
	return v, err == nil
}

// clip keeps foreign text in messages short.
func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
