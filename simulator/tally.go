package simulator

import (
	"maps"
	"math"
	"time"

	"wattle/energy"
)

// tally adds up something that runs at a rate, by hours of the device's clock:
// Wh at a rate in W, or minutes of runtime at 60 an hour. Days, months and sums
// are made of the hours, so that they agree. The time before the device was
// started is made up, the same in every run.
type tally struct {
	rate  float64 // per hour
	at    time.Time
	total float64 // since it was erased; what was recorded is part of it
	born  time.Time
	since time.Time                    // nothing is known of before
	past  func(hour time.Time) float64 // makes up a whole hour before born; nil: nothing

	hours  map[int64]float64 // that ran, by the start of the hour
	fine   map[int64]float64 // of the last days, by the start of five minutes; nil: not kept
	sums   map[int64]float64 // of days that are over, by their start
	months map[int64]int64   // counts of months that are over, by their start

	hour, hourEnd time.Time // the hour that at is in
}

const (
	pastDays    = 100 // how far back hours are made up
	historyDays = 400 // how long hours are kept
	fineDays    = 8   // how long five minutes are kept
	fiveMinutes = int64(300)
)

// start begins at a time of the device's clock.
func (t *tally) start(now time.Time, past func(time.Time) float64) {
	t.at, t.born, t.past = now, now, past
	t.since = energy.Day.Floor(now.AddDate(0, 0, -pastDays))
}

// advance adds what happened until now at the rate so far.
func (t *tally) advance(now time.Time) {
	if now.Before(t.at) || now.Sub(t.at) > historyDays*24*time.Hour {
		t.jump(now) // the clock jumped: nothing ran in between
		return
	}
	for t.rate != 0 && t.at.Before(now) {
		if t.hourEnd.IsZero() || !t.at.Before(t.hourEnd) || t.at.Before(t.hour) {
			t.hour, t.hourEnd = energy.Hour.Floor(t.at), energy.Hour.Next(t.at)
		}
		until := t.hourEnd
		if t.fine != nil && now.Sub(t.at) <= fineDays*24*time.Hour {
			if next := energy.FiveMinutes.Next(t.at); next.Before(until) {
				until = next
			}
		}
		if now.Before(until) {
			until = now
		}
		t.add(until)
	}
	t.at = now
}

// add runs to a moment within the same hour, and the same five minutes.
func (t *tally) add(until time.Time) {
	amount := t.rate * until.Sub(t.at).Hours()
	if t.hours == nil {
		t.hours = map[int64]float64{}
	}
	if t.fine != nil {
		t.fine[t.at.Unix()/fiveMinutes*fiveMinutes] += amount
		forget(t.fine, fineDays*24*12, until.AddDate(0, 0, -fineDays))
	}
	t.hours[t.hour.Unix()] += amount
	forget(t.hours, historyDays*24, until.AddDate(0, 0, -historyDays))
	t.total += amount
	t.at = until
}

// forget drops what is old when there is much.
func forget(values map[int64]float64, many int, before time.Time) {
	if len(values) > many+many/8 {
		maps.DeleteFunc(values, func(at int64, _ float64) bool { return at < before.Unix() })
	}
}

// jump follows a clock that was set: no time passed. The hours move into those
// of the clock's zone.
func (t *tally) jump(now time.Time) {
	if zone := now.Location(); zone != t.at.Location() {
		moved := make(map[int64]float64, len(t.hours))
		for at, v := range t.hours {
			moved[energy.Hour.Floor(time.Unix(at, 0).In(zone)).Unix()] += v
		}
		t.hours = moved
	}
	t.at, t.hourEnd, t.sums, t.months = now, time.Time{}, nil, nil
}

func (t *tally) erase() {
	t.total, t.past, t.since = 0, nil, t.at
	t.hours, t.sums, t.months = nil, nil, nil
	if t.fine != nil {
		t.fine = map[int64]float64{}
	}
}

// in is what was added up in an hour of the clock, 0 in the future.
func (t *tally) in(hour, end time.Time) float64 {
	if hour.After(t.at) {
		return 0
	}
	v := t.hours[hour.Unix()]
	if t.past == nil || !hour.Before(t.born) || hour.Before(t.since) {
		return v
	}
	made := t.past(hour)
	if end.After(t.born) {
		made *= float64(t.born.Sub(hour)) / float64(end.Sub(hour))
	}
	return v + made
}

// day is the sum of the day that begins at a moment.
func (t *tally) day(start time.Time) float64 {
	if start.After(t.at) || start.Before(t.since) && len(t.hours) == 0 {
		return 0
	}
	if v, ok := t.sums[start.Unix()]; ok {
		return v
	}
	end, sum := energy.Day.Next(start), 0.0
	for hour := start; hour.Before(end); {
		// In hours that passed, as energy.Hour has them.
		next := hour.Add(time.Hour)
		if next.After(end) {
			next = end
		}
		sum += t.in(hour, next)
		hour = next
	}
	if !end.After(t.at) {
		if t.sums == nil {
			t.sums = map[int64]float64{}
		}
		t.sums[start.Unix()] = sum
	}
	return sum
}

// Devices count whole Wh and minutes. A day is what a month's count grew by on
// it, and an hour what a day's grew by, so that all agree.

func whole(v float64) int64 { return int64(math.Floor(v + 1e-6)) }

// days are the counts of the days of the month that a moment is in.
func (t *tally) days(month time.Time) []int64 {
	end := energy.Month.Next(month)
	var out []int64
	sum := 0.0
	for day := energy.Month.Floor(month); day.Before(end); day = energy.Day.Next(day) {
		before := whole(sum)
		sum += t.day(day)
		for len(out) < day.Day()-1 { // a day that the zone left out
			out = append(out, 0)
		}
		out = append(out, whole(sum)-before)
	}
	return out
}

// of is the count of the day that a moment is in.
func (t *tally) of(day time.Time) int64 { return t.days(day)[day.Day()-1] }

// month is the count of the month that a moment is in.
func (t *tally) month(month time.Time) int64 {
	start := energy.Month.Floor(month)
	if start.After(t.at) {
		return 0
	}
	if v, ok := t.months[start.Unix()]; ok {
		return v
	}
	var sum int64
	for _, v := range t.days(month) {
		sum += v
	}
	if !energy.Month.Next(month).After(t.at) {
		if t.months == nil {
			t.months = map[int64]int64{}
		}
		t.months[start.Unix()] = sum
	}
	return sum
}

// last is the count of the last days, at most 32, today among them.
func (t *tally) last(n int) int64 {
	list := t.days(t.at)[:t.at.Day()]
	if len(list) < n {
		list = append(t.days(energy.Month.Floor(t.at).Add(-time.Hour)), list...)
	}
	if len(list) < n {
		list = append(t.days(energy.Month.Floor(t.at).AddDate(0, -1, 0).Add(-time.Hour)), list...)
	}
	var sum int64
	for _, v := range list[max(len(list)-n, 0):] {
		sum += v
	}
	return sum
}

// hoursOf are the counts of the hours of the day that a moment is in.
func (t *tally) hoursOf(day time.Time) []int64 {
	start, end := energy.Day.Floor(day), energy.Day.Next(day)
	// What the month's count has left over from the days before.
	left := 0.0
	for d := energy.Month.Floor(day); d.Before(start); d = energy.Day.Next(d) {
		left += t.day(d)
	}
	sum := left - float64(whole(left))
	var out []int64
	for hour := start; hour.Before(end); hour = energy.Hour.Next(hour) {
		before := whole(sum)
		sum += t.in(hour, energy.Hour.Next(hour))
		out = append(out, whole(sum)-before)
	}
	return out
}

// mean is the rate over a span within an hour, as far as it is over; ok is
// false for the future and for what is not known.
func (t *tally) mean(from, to time.Time) (rate float64, ok bool) {
	if !from.Before(t.at) || from.Before(t.since) && !to.After(t.since) {
		return 0, false
	}
	sum := 0.0
	for at := from.Unix() / fiveMinutes * fiveMinutes; at < to.Unix(); at += fiveMinutes {
		sum += t.fine[at]
	}
	if t.past != nil && from.Before(t.born) {
		until := to
		if t.born.Before(until) {
			until = t.born
		}
		sum += t.past(energy.Hour.Floor(from)) * until.Sub(from).Hours()
	}
	if t.at.Before(to) {
		to = t.at
	}
	return sum / to.Sub(from).Hours(), true
}
