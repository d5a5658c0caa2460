package rule

import "time"

// searchDays is how far ahead a next time is looked for: any weekday comes
// within a week, and dates are looked at directly.
const searchDays = 8

// Next is the first moment after another at which a schedule acts, in the zone
// of after. ok is false where there is none. It does not look at Enabled.
func (s *Schedule) Next(after time.Time, p Place) (at time.Time, ok bool) {
	return next(s.Days, s.Once, s.Date, after, func(d Date) (time.Time, bool) { return moment(s.At, d, p, after.Location()) })
}

// NextEnd is the first moment after another at which the interval of a
// schedule ends. An end before the start is on the next day.
func (s *Schedule) NextEnd(after time.Time, p Place) (at time.Time, ok bool) {
	if s.End == nil {
		return time.Time{}, false
	}
	return next(s.Days, s.Once, s.Date, after, func(d Date) (time.Time, bool) {
		_, end, ok := window(s.At, s.End.At, d, p, after.Location())
		return end, ok
	})
}

// Window is the window of away mode that is open at a moment, or the next one.
func (a *Away) Window(at time.Time, p Place) (start, end time.Time, ok bool) {
	_, ok = next(a.Days, a.Once, a.Date, at, func(d Date) (time.Time, bool) {
		s, e, ok := window(a.Start, a.End, d, p, at.Location())
		if ok && e.After(at) && (start.IsZero() || s.Before(start)) {
			start, end = s, e
		}
		return e, ok
	})
	return start, end, ok
}

// next tries the days from the one before after on.
func next(days Weekdays, once bool, date Date, after time.Time, moment func(Date) (time.Time, bool)) (time.Time, bool) {
	if once && !date.IsZero() {
		at, ok := moment(date)
		return at, ok && at.After(after)
	}
	if once && days&Daily == 0 {
		days = Daily // a device that does not tell the date
	}
	from := DateOf(after)
	for i := -1; i <= searchDays; i++ {
		d := DateOf(from.In(time.UTC).AddDate(0, 0, i))
		if !days.Has(d.Weekday()) {
			continue
		}
		if at, ok := moment(d); ok && at.After(after) {
			return at, true
		}
	}
	return time.Time{}, false
}

func moment(a At, d Date, p Place, zone *time.Location) (time.Time, bool) {
	minute, ok := a.Of(d, p, zone)
	return time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, zone), ok
}

// window is from a start on a day to the end that follows it.
func window(from, to At, d Date, p Place, zone *time.Location) (start, end time.Time, ok bool) {
	start, ok = moment(from, d, p, zone)
	end, okEnd := moment(to, d, p, zone)
	if !end.After(start) {
		end, okEnd = moment(to, DateOf(d.In(time.UTC).AddDate(0, 0, 1)), p, zone)
	}
	return start, end, ok && okEnd
}
