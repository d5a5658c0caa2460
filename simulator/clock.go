package simulator

import (
	"time"
)

// frozenAt is where the clock of a frozen device stands whose capture does not
// tell the time. All IOT captures are such.
var frozenAt = time.Date(2026, time.January, 15, 12, 0, 0, 0, time.UTC)

// clock is the clock of a device. It goes with the time of the simulator, moved
// by what was set; a frozen one stands.
type clock struct {
	now    func() time.Time
	frozen bool
	stands time.Time     // where a frozen clock stands
	ahead  time.Duration // of the simulator's time, where it runs
	zone   *time.Location
	unset  bool // it was never set: it shows the year 2000

	seen     time.Time // up to here what fell due has happened, of the simulator's time
	standing time.Time // the moment at which something happens that fell due earlier
}

// never is what a clock shows that was never set.
var never = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

func newClock(now func() time.Time, frozen bool) clock {
	if now == nil {
		now = time.Now
	}
	return clock{now: now, frozen: frozen, stands: frozenAt, zone: time.UTC}
}

// real is the time of the simulator, which measures how long something lasts.
// It does not go on while the device is frozen.
func (c *clock) real() time.Time {
	if c.frozen {
		return frozenAt
	}
	if !c.standing.IsZero() {
		return c.standing
	}
	return c.now()
}

// time is what the device takes for the time, in its zone.
func (c *clock) time() time.Time {
	if c.frozen {
		return c.stands.In(c.zone)
	}
	return c.local(c.real())
}

// set puts the clock to t.
func (c *clock) set(t time.Time) {
	c.stands = t
	c.ahead = t.Sub(c.now())
}

// Faster is a clock that starts at the present and runs n times as fast as
// that of the computer, for [DeviceOptions.Now].
func Faster(n float64) func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(time.Duration(float64(time.Since(start)) * n)) }
}

// stopwatch counts how long something is on.
type stopwatch struct {
	on    bool
	base  time.Duration // at the moment since
	since time.Time
}

func (s *stopwatch) value(now time.Time) time.Duration {
	if !s.on {
		return s.base
	}
	return s.base + max(now.Sub(s.since), 0)
}

// turn starts from zero when it is switched on, and shows zero when it is off.
func (s *stopwatch) turn(on bool, now time.Time) {
	if s.on != on {
		*s = stopwatch{on: on, since: now}
	}
}

func seconds(d time.Duration) int { return int(d / time.Second) }
