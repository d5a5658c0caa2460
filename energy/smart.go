package energy

import (
	"fmt"
	"time"

	"wattle"
	"wattle/method/smart"
)

// Limits of one question.
const (
	hourlyDays  = 8   // docs/protocol/smart.md section 7.1
	powerValues = 144 // section 7.2, a careful guess
)

// Question is one call of get_energy_data or get_power_data, and the answer to
// it.
type Question struct {
	smart.EnergySpan
	start, end time.Time // what it covers
}

// Questions are what has to be asked of a SMART device so that the series is
// covered: hours in pieces of at most eight days from midnight, days by quarter
// and months by year, each from where the device begins to count; power in
// pieces of 144 values. Nothing is asked about what lies wholly in the future.
func (s *Series) Questions() ([]Question, error) {
	var out []Question
	for at := s.From(); at.Before(s.To()); {
		q := s.question(at)
		if !q.start.After(s.Now) {
			out = append(out, q)
		}
		at = q.end
	}
	if s.Unit == Watt && s.Step != Hour && s.Step != FiveMinutes || s.Unit == KilowattHour && s.Step == FiveMinutes {
		return nil, fmt.Errorf("%w: %s by %s: want power by 5min or hour, and energy by hour, day or month",
			wattle.ErrUnsupported, s.Unit, s.Step)
	}
	return out, nil
}

// question is the one whose answer holds the bucket that begins at a moment.
func (s *Series) question(at time.Time) Question {
	span := func(start, end, last time.Time, minutes int) Question {
		return Question{EnergySpan: smart.EnergySpan{Start: start.Unix(), End: last.Unix(), Interval: minutes}, start: start, end: end}
	}
	switch {
	case s.Unit == Watt:
		minutes := 60
		if s.Step == FiveMinutes {
			minutes = 5
		}
		end := at.Add(powerValues * time.Duration(minutes) * time.Minute)
		if end.After(s.To()) {
			end = s.To()
		}
		return span(at, end, end, minutes)
	case s.Step == Hour:
		start := startOfDay(at)
		end := start
		for range hourlyDays {
			if end = Day.Next(end); !end.Before(s.To()) {
				break
			}
		}
		return span(start, end, end.Add(-time.Second), 60)
	case s.Step == Month:
		start := Year(at)
		return span(start, midnight(start.Year()+1, time.January, 1, start.Location()), start, 43_200)
	}
	start := Quarter(at)
	y, m, _ := start.Date()
	return span(start, midnight(y, m+3, 1, start.Location()), start, 1440)
}

// Answer puts what a SMART device answered into its buckets, and makes those of
// the future unknown. Wh become kWh. Errors wrap [wattle.ErrProtocol].
func (s *Series) Answer(q Question, answer *smart.EnergyData) error {
	if n, ok := answer.Interval.Get(); ok && n != q.Interval {
		return fmt.Errorf("%w: asked for %d min, and values of %d min came", wattle.ErrProtocol, q.Interval, n)
	}
	values := make([]reading, len(answer.Data))
	for i, v := range answer.Data {
		n, ok := v.Get()
		values[i] = reading{n, ok && n >= 0}
		if s.Unit == KilowattHour {
			values[i].value /= 1000
		}
	}
	start := q.start
	if at, ok := answer.Start.Get(); ok && s.Unit == Watt && int64(at) != q.Start {
		// Power comes with the moments that the device rounded to.
		start = time.Unix(int64(at), 0).In(start.Location())
	}
	hours := int(q.end.Sub(q.start) / time.Hour)
	if s.Unit == KilowattHour && s.Step == Hour && len(values) != hours && len(values) == 24*q.days() {
		values = q.elapsed(values)
	}
	s.place(start, values)
	s.settle()
	return nil
}

// reading is a value that a device gave, or that it gave none.
type reading struct {
	value float64
	known bool
}

// place puts values into buckets that follow each other from a moment on. What
// does not belong into the series is left out.
func (s *Series) place(start time.Time, values []reading) {
	i := 0
	for at := s.floor(start); len(values) > 0 && i < len(s.Points); at = s.next(at) {
		for i < len(s.Points) && s.Points[i].Start.Before(at) {
			i++
		}
		if i < len(s.Points) && s.Points[i].Start.Equal(at) && values[0].known {
			s.Points[i].Value, s.Points[i].Known = values[0].value, true
		}
		values = values[1:]
	}
}

// days are how many days a question by hour covers.
func (q *Question) days() (n int) {
	for at := q.start; at.Before(q.end); at = Day.Next(at) {
		n++
	}
	return n
}

// elapsed turns 24 values a day, one for each hour that a clock on the wall
// shows, into one for each hour that passed. What stands at an hour that was
// left out goes to the one after it, and an hour that came twice shares its
// value out: the day's sum stays.
func (q *Question) elapsed(values []reading) []reading {
	out := make([]reading, 0, len(values)+1)
	for day := q.start; day.Before(q.end); day = Day.Next(day) {
		today := values[:24]
		values = values[24:]
		end := Day.Next(day)
		var times [24]float64
		for at := day; at.Before(end); at = Hour.Next(at) {
			times[at.Hour()]++
		}
		next, carried := 0, 0.0
		for at := day; at.Before(end); at = Hour.Next(at) {
			h := at.Hour()
			for ; next < h; next++ {
				if times[next] == 0 && today[next].known {
					carried += today[next].value
				}
			}
			r := today[h]
			r.value = r.value/times[h] + carried
			carried = 0
			out = append(out, r)
		}
	}
	return out
}
