package energy_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wattle/energy"
	"wattle/method"
	"wattle/method/smart"
)

// device answers as a Tapo device does, from Wh by hour of its own.
type device struct {
	zone *time.Location
	now  time.Time
	wh   func(hour time.Time) float64
	wall bool // 24 values on every day
}

func (d *device) sum(from, to time.Time) float64 {
	total := 0.0
	for at := from; at.Before(to) && !at.After(d.now); at = energy.Hour.Next(at) {
		total += d.wh(at)
	}
	return total
}

func (d *device) answer(q smart.EnergySpan) *smart.EnergyData {
	start, end := time.Unix(q.Start, 0).In(d.zone), time.Unix(q.End, 0).In(d.zone)
	a := &smart.EnergyData{Start: method.Some(int(q.Start)), Interval: method.Some(q.Interval)}
	add := func(from time.Time, by energy.Step) time.Time {
		a.Data = append(a.Data, method.Some(d.sum(from, by.Next(from))))
		return by.Next(from)
	}
	switch q.Interval {
	case 60:
		for day := energy.Day.Floor(start); !day.After(end); day = energy.Day.Next(day) {
			var wall [24]float64
			for at := day; at.Before(energy.Day.Next(day)); at = energy.Hour.Next(at) {
				wall[at.Hour()] += d.sum(at, energy.Hour.Next(at))
				if !d.wall {
					add(at, energy.Hour)
				}
			}
			for _, v := range wall {
				if d.wall {
					a.Data = append(a.Data, method.Some(v))
				}
			}
		}
	case 1440:
		first := energy.Quarter(start)
		for day := first; energy.Quarter(day).Equal(first); {
			day = add(day, energy.Day)
		}
	default:
		for month := energy.Year(start); month.Year() == start.Year(); {
			month = add(month, energy.Month)
		}
	}
	return a
}

func (d *device) series(t rapid.TB, by energy.Step, from, to time.Time) *energy.Series {
	t.Helper()
	s, err := energy.Grid(energy.KilowattHour, by, from, to, d.now)
	if err != nil {
		t.Fatal(err)
	}
	questions, err := s.Questions()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		if by == energy.Hour && q.End-q.Start > 8*24*3600+3600 {
			t.Errorf("more than 8 days: %+v", q)
		}
		if err := s.Answer(q, d.answer(q.EnergySpan)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestSums: hours add up to days, and days to months, over changes of the
// clocks and quarters, whatever the device takes for an hour on such days.
func TestSums(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := &device{zone: zone(t, rapid.SampledFrom(zones).Draw(rt, "zone")), wall: rapid.Bool().Draw(rt, "wall")}
		from := time.Unix(rapid.Int64Range(1_600_000_000, 1_800_000_000).Draw(rt, "from"), 0).In(d.zone)
		to := from.Add(time.Duration(rapid.Int64Range(1, 100*24*3600).Draw(rt, "seconds")) * time.Second)
		d.now = from.Add(time.Duration(rapid.Int64Range(0, 120*24*3600).Draw(rt, "now")) * time.Second)
		d.wh = func(at time.Time) float64 { return float64(1 + (at.Unix()/3600*7919)%97) }
		// Whole months, so that all sums are of the same span.
		from, to = energy.Month.Floor(from), energy.Month.Next(to)
		hours, days, months := d.series(rt, energy.Hour, from, to), d.series(rt, energy.Day, from, to), d.series(rt, energy.Month, from, to)
		if lordHowe := d.zone.String() == "Australia/Lord_Howe" && d.wall; lordHowe {
			return // half hours have no place on a clock on the wall
		}
		equal(rt, "hours as days", hours.By(energy.Day), days)
		equal(rt, "days as months", days.By(energy.Month), months)
		a, known, missing := hours.Total()
		b, _, _ := months.Total()
		if math.Abs(a-b) > 1e-6 || missing != 0 {
			rt.Fatalf("hours add up to %g (%d known, %d missing), months to %g", a, known, missing, b)
		}
		for _, s := range []*energy.Series{hours, days, months} {
			for _, p := range s.Points {
				if p.Known == p.Start.After(d.now) || p.Running != (!p.Start.After(d.now) && p.End.After(d.now)) {
					rt.Fatalf("%s: %+v at %s", s.Step, p, d.now)
				}
			}
		}
	})
}

func equal(t *rapid.T, what string, got, want *energy.Series) {
	if len(got.Points) != len(want.Points) {
		t.Fatalf("%s: %d buckets, want %d", what, len(got.Points), len(want.Points))
	}
	for i, g := range got.Points {
		w := want.Points[i]
		if !g.Start.Equal(w.Start) || !g.End.Equal(w.End) || g.Known != w.Known || math.Abs(g.Value-w.Value) > 1e-9 {
			t.Fatalf("%s: %+v, want %+v", what, g, w)
		}
	}
}

// BenchmarkYearByDay: from the four answers of a year to its series.
func BenchmarkYearByDay(b *testing.B) {
	d := &device{zone: zone(b, "Europe/Berlin"), wh: func(time.Time) float64 { return 10 }}
	d.now = time.Date(2026, 12, 31, 23, 0, 0, 0, d.zone)
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, d.zone), time.Date(2027, 1, 1, 0, 0, 0, 0, d.zone)
	grid := func() (*energy.Series, []energy.Question) {
		s, err := energy.Grid(energy.KilowattHour, energy.Day, from, to, d.now)
		if err != nil {
			b.Fatal(err)
		}
		questions, err := s.Questions()
		if err != nil {
			b.Fatal(err)
		}
		return s, questions
	}
	_, questions := grid()
	answers := make([]json.RawMessage, len(questions))
	for i, q := range questions {
		raw, err := json.Marshal(d.answer(q.EnergySpan))
		if err != nil {
			b.Fatal(err)
		}
		answers[i] = raw
	}
	b.ReportAllocs()
	for b.Loop() {
		s, questions := grid()
		for i, q := range questions {
			answer, err := smart.GetEnergyData.Decode(answers[i])
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Answer(q, answer); err != nil {
				b.Fatal(err)
			}
		}
		if _, known, missing := s.Total(); known != 365 || missing != 0 {
			b.Fatalf("%d days", known)
		}
	}
}
