package simulator

import "time"

// fade is a dimmer on its way from one brightness to another. It shows what it
// has reached, 1 % at least while it is on. Bulbs do not: they tell at once
// what they will be (docs/protocol/iot.md section 7.1).
type fade struct {
	from, to int // %; 0 ends with the relay open
	keep     int // the brightness to show once the relay is open
	start    time.Time
	length   time.Duration
}

// startFade begins one, or jumps where it takes no time or the clock stands.
func (e *iot) startFade(to int, length time.Duration) {
	now := e.d.clock.real()
	e.moveFade(now)
	level, _ := e.sys.integer("brightness")
	f := &fade{from: level, to: to, keep: level, start: now, length: length}
	if e.fade != nil && e.fade.to == 0 {
		f.keep = e.fade.keep
	}
	if !e.isOn() {
		if f.from = 0; to == 0 {
			return
		}
	}
	if length <= time.Millisecond || e.d.clock.frozen {
		f.length = 0
	}
	e.fade = nil
	if to > 0 {
		e.turn(e.whole, true)
	}
	e.fade = f
	e.moveFade(now)
}

// endFade stops where it is, because something else was asked for.
func (e *iot) endFade() {
	if f := e.fade; f != nil && f.to == 0 {
		e.sys.put("brightness", max(f.keep, 1))
	}
	e.fade = nil
}

// moveFade shows how far the fade has come.
func (e *iot) moveFade(now time.Time) {
	f := e.fade
	if f == nil {
		return
	}
	gone := now.Sub(f.start)
	if gone < f.length {
		level := f.from + int(float64(f.to-f.from)*float64(gone)/float64(f.length))
		e.sys.put("brightness", max(level, 1))
		e.advance(e.whole)
		e.setPower(e.whole)
		return
	}
	e.fade = nil
	if f.to > 0 {
		e.sys.put("brightness", f.to)
		e.advance(e.whole)
		e.setPower(e.whole)
		return
	}
	e.sys.put("brightness", max(f.keep, 1))
	e.turn(e.whole, false)
}
