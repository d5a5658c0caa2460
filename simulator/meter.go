package simulator

import (
	"math"
	"time"
)

// meter is the load behind a relay, or the lamp itself, and the energy that it
// has used.
type meter struct {
	energy tally   // Wh
	watts  float64 // now
	load   float64 // when it is on, at full brightness
	idle   float64 // when it is off
	// recorded is what the capture shows: while the power is that, the
	// recorded digits are served.
	recorded float64
	ripple   float64
}

// newPower takes the power of the capture for the load. Where it was off, the
// load is made up.
func newPower(watts float64, on bool, level, madeUp float64) meter {
	m := meter{watts: watts, recorded: watts, load: madeUp}
	switch {
	case !on:
		m.idle = watts
	case watts > 0:
		m.load = watts / levelFactor(level)
	}
	m.energy.rate = watts
	return m
}

// open tells that the recorded power was measured at a relay that is on, while
// this one is off. A frozen device shows it nevertheless.
func (m *meter) open(frozen bool) {
	if m.idle == 0 {
		return
	}
	m.load, m.idle = m.idle, 0
	if !frozen {
		m.watts, m.energy.rate = 0, 0
	}
}

// levelFactor is the part of the full power at a brightness in percent.
func levelFactor(level float64) float64 { return 0.08 + 0.92*min(max(level, 0), 100)/100 }

// turn sets the power; the energy has to be brought forward before.
func (m *meter) turn(on bool, level float64) {
	m.watts = m.idle
	if on {
		m.watts = m.load * levelFactor(level)
		if math.Abs(m.watts-m.recorded) < 1e-9*m.recorded {
			m.watts = m.recorded
		}
	}
	m.energy.rate = m.watts
}

func (m *meter) advance(now time.Time) { m.energy.advance(now) }

// shown is the power as the device tells it: a real load is never quite still.
func (m *meter) shown(now time.Time) float64 {
	if m.ripple == 0 || m.watts == 0 {
		return m.watts
	}
	phase := float64(now.UnixMilli()%60_000) / 60_000 * 2 * math.Pi
	return m.watts * (1 + m.ripple*(math.Sin(phase)+math.Sin(7*phase)/2)/1.5)
}
