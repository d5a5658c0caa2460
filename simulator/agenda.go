package simulator

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"wattle/rule"
)

// What devices do by themselves over time. A device sleeps between requests;
// at the next one everything that fell due meanwhile happens, in order and
// each at its own moment, so that energy and on-times come out right.

const (
	// lookBack is how much of a long silence is caught up with. Rules repeat
	// every week.
	lookBack  = 35 * 24 * time.Hour
	maxEvents = 100_000
)

// agenda is what comes next: everything that happens at one moment of the
// simulator's time. The zero agenda is empty.
type agenda struct {
	at  time.Time
	run []func()
}

// add takes note of something; a zero moment is never.
func (a *agenda) add(at time.Time, run ...func()) {
	switch {
	case at.IsZero() || len(run) == 0:
	case len(a.run) == 0 || at.Before(a.at):
		a.at, a.run = at, append([]func(){}, run...)
	case at.Equal(a.at):
		a.run = append(a.run, run...)
	}
}

// pass brings a device forward to now. upcoming gives what comes next after a
// moment.
func (c *clock) pass(upcoming func(after time.Time) agenda) {
	if c.frozen {
		return
	}
	now := c.real()
	if c.seen.IsZero() || now.Before(c.seen) {
		c.seen = now
	}
	if now.Sub(c.seen) > lookBack {
		c.seen = now.Add(-lookBack)
	}
	for range maxEvents {
		next := upcoming(c.seen)
		if len(next.run) == 0 || next.at.After(now) {
			break
		}
		if next.at.Before(c.seen) {
			next.at = c.seen
		}
		c.standing = next.at
		for _, run := range next.run {
			run()
		}
		c.seen = next.at
	}
	c.standing = time.Time{}
	c.seen = now
}

// local is a moment of the simulator's time on the device's clock, and moment
// the reverse.
func (c *clock) local(t time.Time) time.Time  { return t.Add(c.ahead).In(c.zone) }
func (c *clock) moment(t time.Time) time.Time { return t.Add(-c.ahead) }

// routine is what one relay or lamp does by its rules. It is computed anew
// after every change of them, and of the clock.
type routine struct {
	known bool
	next  agenda
	// touched: a rule was changed or carried out, so that what the capture
	// says of the future is no longer true.
	touched bool
}

// drop forgets what was planned.
func (r *routine) drop() { r.known = false }

// occasion is a rule that acts, or whose interval ends.
type occasion struct {
	index int
	end   bool
}

// occasions are the next ones of a list of schedules after a moment of the
// device's clock: all that share the earliest time.
func occasions(list []rule.Schedule, after time.Time, p rule.Place) (at time.Time, which []occasion) {
	take := func(t time.Time, ok bool, o occasion) {
		switch {
		case !ok || len(which) > 0 && t.After(at):
		case len(which) > 0 && t.Equal(at):
			which = append(which, o)
		default:
			at, which = t, []occasion{o}
		}
	}
	for i := range list {
		if !list[i].Enabled {
			continue
		}
		t, ok := list[i].Next(after, p)
		take(t, ok, occasion{i, false})
		t, ok = list[i].NextEnd(after, p)
		take(t, ok, occasion{i, true})
	}
	return at, which
}

// step is one switching of away mode.
type step struct {
	at time.Time
	on bool
}

const (
	awayLeast  = 5 * time.Minute // between two switchings
	awaySpread = 40              // minutes more, at random
)

// awaySteps are the switchings in one window, the same in every run: on and
// off in turn, and off at the end. seed is of the device and the rule.
func awaySteps(seed string, start, end time.Time) []step {
	h := fnv.New64a()
	h.Write([]byte(seed))
	random := rand.New(rand.NewPCG(h.Sum64(), uint64(start.Unix())))
	var steps []step
	at, on := start.Add(time.Duration(random.IntN(15))*time.Minute), true
	for at.Before(end) {
		steps = append(steps, step{at, on})
		at = at.Add(awayLeast + time.Duration(random.IntN(awaySpread))*time.Minute)
		on = !on
	}
	return append(steps, step{end, false})
}

// nextAway is the next switching of a list of away rules after a moment of
// the device's clock.
func nextAway(list []rule.Away, after time.Time, p rule.Place, seed string) (next step, index int, ok bool) {
	for i := range list {
		if !list[i].Enabled {
			continue
		}
		start, end, open := list[i].Window(after, p)
		if !open {
			continue
		}
		for _, s := range awaySteps(seed+list[i].ID, start, end) {
			if s.at.After(after) {
				if !ok || s.at.Before(next.at) {
					next, index, ok = s, i, true
				}
				break
			}
		}
	}
	return next, index, ok
}

// placeOf reads a location in degrees × 10⁴, or in degrees.
func placeOf(o object) rule.Place {
	latitude, ok := o.number("latitude_i")
	longitude, ok2 := o.number("longitude_i")
	scale := 1e4
	if !ok || !ok2 {
		latitude, _ = o.number("latitude")
		longitude, _ = o.number("longitude")
		if o.has("sw_ver") { // sysinfo of an old plug
			scale = 1
		}
	}
	p := rule.Place{Latitude: latitude / scale, Longitude: longitude / scale}
	if p.Latitude < -90 || p.Latitude > 90 || p.Longitude < -180 || p.Longitude > 180 {
		return rule.Place{}
	}
	return p
}
