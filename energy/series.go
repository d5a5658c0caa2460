package energy

import (
	"encoding/json"
	"fmt"
	"time"

	"wattle"
)

// Unit is what the values of a series are.
type Unit string

// The units.
const (
	KilowattHour Unit = "kWh" // energy of a bucket
	Watt         Unit = "W"   // mean power over a bucket
	Minute       Unit = "min" // time that the device was on within a bucket
)

// Point is one bucket of a series.
type Point struct {
	Start, End time.Time // in the zone of the device; End belongs to the next
	// Value is in the unit of the series, 0 while Known is false.
	Value float64
	// Known is false for what the device did not measure, and for the future.
	Known bool
	// Running: the bucket is not over, and its value still grows.
	Running bool
}

// MarshalJSON writes null for a value that is not known.
func (p Point) MarshalJSON() ([]byte, error) {
	v := struct {
		Start   time.Time `json:"start"`
		End     time.Time `json:"end"`
		Value   *float64  `json:"value"`
		Running bool      `json:"running,omitempty"`
	}{Start: p.Start, End: p.End, Running: p.Running}
	if p.Known {
		v.Value = &p.Value
	}
	return json.Marshal(v)
}

// Series is what a device measured in a span, by buckets that follow each other
// without a gap.
type Series struct {
	Unit Unit `json:"unit"`
	Step Step `json:"by"`
	// Now is what the device's clock showed: later buckets are not known.
	Now    time.Time `json:"device_time"`
	Points []Point   `json:"points"`
	// Parts are the same by outlet, where the device is a strip and the series
	// their sum.
	Parts []Part `json:"outlets,omitempty"`
}

// Part is the series of one outlet.
type Part struct {
	Name string `json:"name"`
	ID   string `json:"device_id"`
	Series
}

// maxPoints is how long a series may be: more than two years of hours.
const maxPoints = 20_000

// Grid makes the buckets that cover the span from a moment up to another, which
// does not belong to it any more, in the zone of from. Nothing is known yet.
// Errors wrap [wattle.ErrParam]: an empty span, or one of too many buckets.
func Grid(unit Unit, by Step, from, to, now time.Time) (*Series, error) {
	if !from.Before(to) {
		return nil, fmt.Errorf("%w: the span ends (%s) before it begins (%s)", wattle.ErrParam,
			to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	if from.Year() < 1970 || to.Year() > 9999 {
		return nil, fmt.Errorf("%w: no device remembers a span from %d to %d", wattle.ErrParam, from.Year(), to.Year())
	}
	length := by.length()
	if to.Sub(from)/length > maxPoints {
		return nil, fmt.Errorf("%w: from %s to %s are more than %d values by %s: ask for a shorter span or a longer step",
			wattle.ErrParam, from.Format(time.DateOnly), to.Format(time.DateOnly), maxPoints, by)
	}
	zone := from.Location()
	s := &Series{Unit: unit, Step: by, Now: now.In(zone), Points: make([]Point, 0, int(to.Sub(from)/length)+2)}
	for start := s.floor(from); start.Before(to); {
		end := s.next(start)
		s.Points = append(s.Points, Point{Start: start, End: end})
		start = end
	}
	return s, nil
}

func (s Step) length() time.Duration {
	switch s {
	case FiveMinutes:
		return fiveMinutes
	case Hour:
		return time.Hour
	case Month:
		return 28 * 24 * time.Hour
	}
	return 23 * time.Hour
}

// The hours of power are those of UTC, and not of the zone, see
// docs/protocol/smart.md section 7.2.
func (s *Series) floor(t time.Time) time.Time {
	if s.Unit == Watt && s.Step == Hour {
		return t.Truncate(time.Hour)
	}
	return s.Step.Floor(t)
}

func (s *Series) next(t time.Time) time.Time {
	if s.Unit == Watt && s.Step == Hour {
		return t.Truncate(time.Hour).Add(time.Hour)
	}
	return s.Step.Next(t)
}

// settle makes unknown what lies in the future, and marks what is not over.
func (s *Series) settle() {
	for i := range s.Points {
		p := &s.Points[i]
		switch {
		case p.Start.After(s.Now):
			p.Value, p.Known = 0, false
		case p.End.After(s.Now):
			p.Running = true
		}
	}
}

// From and To are the span of the series, a little more than what was asked
// for: whole buckets.
func (s *Series) From() time.Time {
	if len(s.Points) == 0 {
		return time.Time{}
	}
	return s.Points[0].Start
}

// To is where the last bucket ends.
func (s *Series) To() time.Time {
	if len(s.Points) == 0 {
		return time.Time{}
	}
	return s.Points[len(s.Points)-1].End
}

// Total adds the known values up, and counts them. missing are the buckets of
// the past that are not known: with them the total is a lower bound.
func (s *Series) Total() (total float64, known, missing int) {
	for i := range s.Points {
		switch p := &s.Points[i]; {
		case p.Known:
			total += p.Value
			known++
		case !p.Start.After(s.Now):
			missing++
		}
	}
	return total, known, missing
}

// By gives the same series in longer buckets, as far as they are whole: by day
// of one by hour. A bucket of which a past part is not known is not known. For
// power the mean is taken, else the sum.
func (s *Series) By(step Step) *Series {
	out := &Series{Unit: s.Unit, Step: step, Now: s.Now}
	parts := 0
	for i := range s.Points {
		p := &s.Points[i]
		n := len(out.Points)
		if n == 0 || !p.Start.Before(out.Points[n-1].End) {
			start := out.floor(p.Start)
			out.Points = append(out.Points, Point{Start: start, End: out.next(start), Known: start.Equal(p.Start)})
			n, parts = n+1, 0
		}
		q := &out.Points[n-1]
		switch {
		case p.Known:
			parts++
			q.Value += p.Value
		case !p.Start.After(s.Now):
			q.Known = false
		}
		if last := i == len(s.Points)-1 || !s.Points[i+1].Start.Before(q.End); last {
			finish(q, parts, p.End, s.Unit)
		}
	}
	out.settle()
	return out
}

// finish ends a longer bucket at its last part.
func finish(q *Point, parts int, end time.Time, unit Unit) {
	if parts == 0 || end.Before(q.End) || !q.Known {
		q.Value, q.Known = 0, false
		return
	}
	if unit == Watt {
		q.Value /= float64(parts)
	}
}

// Sum adds the series of the outlets of a strip up, bucket by bucket; all have
// the same buckets. The sum is not known where one of them is not.
func Sum(parts []Part) *Series {
	if len(parts) == 0 {
		return &Series{}
	}
	first := &parts[0].Series
	out := &Series{
		Unit: first.Unit, Step: first.Step, Now: first.Now, Parts: parts,
		Points: make([]Point, len(first.Points)),
	}
	for i := range first.Points {
		p := first.Points[i]
		for j := range parts[1:] {
			other := parts[j+1].Points
			if i >= len(other) || !other[i].Start.Equal(p.Start) || !other[i].Known {
				p.Value, p.Known = 0, false
				break
			}
			p.Value += other[i].Value
		}
		if !p.Known {
			p.Value = 0
		}
		out.Points[i] = p
	}
	return out
}
