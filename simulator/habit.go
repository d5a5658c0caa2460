package simulator

import (
	"hash/fnv"
	"time"

	"wattle/energy"
)

// habit makes up how a device was used before it was started: in each hour for
// some part of it, more in the evening than at night, and the same in every run.
type habit struct {
	seed       uint64
	share      float64 // of the time that it is on; 1: always
	load, idle float64 // W
}

func newHabit(name string, share, load, idle float64) *habit {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &habit{seed: h.Sum64(), share: min(max(share, 0), 1), load: load, idle: idle}
}

// evening is how much of a day's use falls into an hour, in relation to others.
var evening = [24]float64{0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 0.8, 1.4, 1.2, 0.8, 0.7, 0.8, 1.1, 1, 0.8, 0.8, 1, 1.4, 1.9, 2.2, 2.3, 2.1, 1.6, 1}

// chance is a number from 0 to 1 that belongs to a moment.
func (h *habit) chance(at int64, salt uint64) float64 {
	x := h.seed ^ uint64(at)*0x9e3779b97f4a7c15 ^ salt //nolint:gosec // any bits will do
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

// on is the part of an hour that it was on.
func (h *habit) on(hour time.Time) float64 {
	if h.share == 1 {
		return 1
	}
	y, m, d := hour.Date()
	day := int64(y*10_000 + int(m)*100 + d)
	mood := 0.6 + 0.8*h.chance(day, 1) // busy days and quiet ones
	return min(h.share*evening[hour.Hour()]*mood*(0.5+h.chance(hour.Unix(), 2)), 1)
}

func (h *habit) minutes(hour time.Time) float64 { return 60 * h.on(hour) }

func (h *habit) wattHours(hour time.Time) float64 {
	on := h.on(hour)
	return on*h.load*(0.9+0.2*h.chance(hour.Unix(), 3)) + (1-on)*h.idle
}

// fitted makes the past add up to what a capture shows for its day and its
// month, in whole units.
func fitted(past func(time.Time) float64, at time.Time, today, month float64) func(time.Time) float64 {
	day, first := energy.Day.Floor(at), energy.Month.Floor(at)
	var t tally
	t.start(at, past)
	soFar, before := t.day(day), 0.0
	for d := first; d.Before(day); d = energy.Day.Next(d) {
		before += t.day(d)
	}
	factor := func(want, have float64) float64 {
		if want <= 0 || have <= 0 {
			return 0
		}
		return want / have
	}
	onDay, inMonth := factor(today, soFar), factor(month-today, before)
	return func(hour time.Time) float64 {
		switch {
		case !hour.Before(day):
			return past(hour) * onDay
		case !hour.Before(first):
			return past(hour) * inMonth
		}
		return past(hour)
	}
}
