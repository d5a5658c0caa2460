package energy

import (
	"fmt"

	"wattle"
	"wattle/method/iot"
)

// IOTSupports is why a Kasa device cannot give a series by a step, nil if it
// can. Errors wrap [wattle.ErrUnsupported] and say what is possible.
func IOTSupports(by Step) error {
	if by == Day || by == Month {
		return nil
	}
	return fmt.Errorf("%w: it keeps days and months only, and not by %s: ask by day or month", wattle.ErrUnsupported, by)
}

// Months are the questions of get_daystat for a series by day, without months
// that lie wholly in the future.
func (s *Series) Months() []iot.Month {
	var out []iot.Month
	for at := Month.Floor(s.From()); at.Before(s.To()) && !at.After(s.Now); at = Month.Next(at) {
		out = append(out, iot.Month{Year: at.Year(), Month: int(at.Month())})
	}
	return out
}

// Years are the questions of get_monthstat for a series by month, without years
// that lie wholly in the future.
func (s *Series) Years() []iot.Year {
	var out []iot.Year
	for year := s.From().Year(); year <= min(s.To().Add(-1).Year(), s.Now.Year()); year++ {
		out = append(out, iot.Year{Year: year})
	}
	return out
}

// Entry is a day or month (day 0) that a Kasa device listed.
type Entry struct {
	Year, Month, Day int
	Value            float64 // in the unit of the series
}

// date orders entries.
func (e *Entry) date() int { return e.Year*10_000 + e.Month*100 + e.Day }

// First is the earliest date of some entries, 0 where there are none. See
// [Series.List].
func First(entries []Entry) int {
	first := 0
	for i := range entries {
		if d := entries[i].date(); first == 0 || d < first {
			first = d
		}
	}
	return first
}

// List puts the entries of all answers into their buckets. Devices leave out
// days on which nothing was used: those are 0 from the date on that is given,
// which is [First] of all outlets that share a memory. What lies before it is
// not known: the device was not there yet, or has forgotten. So is the future.
// Of two entries of one date the later wins.
func (s *Series) List(entries []Entry, first int) {
	values := make(map[int]float64, len(entries))
	for i := range entries {
		values[entries[i].date()] = entries[i].Value
	}
	for i := range s.Points {
		p := &s.Points[i]
		y, m, d := p.Start.Date()
		if s.Step == Month {
			d = 0
		}
		date := (&Entry{Year: y, Month: int(m), Day: d}).date()
		value, listed := values[date]
		p.Value = value
		// Today begins with nothing used.
		p.Known = listed || first != 0 && date >= first || !s.Now.Before(p.Start) && s.Now.Before(p.End)
	}
	s.settle()
}

// Energies are the entries of an answer of emeter, in kWh, whichever unit
// system the device has. Entries without a value are left out.
func Energies(list []iot.Stat) []Entry { return entries(list, (*iot.Stat).KWh) }

// Runtimes are the entries of an answer of schedule, in minutes.
func Runtimes(list []iot.Stat) []Entry {
	return entries(list, func(s *iot.Stat) (float64, bool) { return s.Time.Get() })
}

func entries(list []iot.Stat, value func(*iot.Stat) (float64, bool)) []Entry {
	out := make([]Entry, 0, len(list))
	for i := range list {
		s := &list[i]
		v, ok := value(s)
		if !ok || v < 0 || s.Year < 1970 || s.Year > 9999 || s.Month < 1 || s.Month > 12 || s.Day < 0 || s.Day > 31 {
			continue
		}
		out = append(out, Entry{Year: s.Year, Month: s.Month, Day: s.Day, Value: v})
	}
	return out
}
