package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Clock is what the clock of a device shows. Schedules and statistics go by it.
type Clock struct {
	// Time is in the device's time zone. It was taken in the middle of the
	// question, and devices tell whole seconds.
	Time time.Time
	// Set is false for a clock that was not set since the device has power; Time
	// means nothing then. Devices have no battery and ask the internet.
	Set bool
	// Zone is the IANA name of the time zone, "" where the device tells only an
	// offset or a name of its own.
	Zone string
	// Index is the number of the time zone of a Kasa device, else -1.
	Index int
	// Drift is how far the clock is ahead of this computer's, good to about a
	// second.
	Drift time.Duration
}

// clockOf are the methods of an IOT device's clock.
func (d *Device) clockOf() iot.Clock {
	if d.isLight() {
		return iot.BulbClock
	}
	return iot.PlugClock
}

// Clock asks what the device's clock shows; a child has that of its parent.
// Errors wrap [wattle.ErrUnsupported] where there is none. See
// docs/protocol/iot.md section 9 and smart.md section 6.
func (d *Device) Clock(ctx context.Context) (Clock, error) {
	r := d.root()
	if err := r.requires("time", "clock"); err != nil {
		return Clock{}, err
	}
	start := r.shared.now()
	// middle is the moment of this computer for which the answer stands.
	middle := func() time.Time {
		took := r.shared.now().Sub(start)
		return start.Add(took / 2)
	}
	c := Clock{Index: -1}
	var host time.Time
	if r.family == wattle.SMART {
		t, err := ask(ctx, r, smart.GetDeviceTime, method.None{})
		if err != nil {
			return Clock{}, fmt.Errorf("%s: %w", r.label(), err)
		}
		host = middle()
		c.Time, c.Set = t.Moment()
		if _, ok := method.Zone(t.Region); ok {
			c.Zone = t.Region
		}
	} else {
		t, err := ask(ctx, r, r.clockOf().GetTime, method.None{})
		if err != nil {
			return Clock{}, fmt.Errorf("%s: %w", r.label(), err)
		}
		host = middle()
		zone, err := ask(ctx, r, r.clockOf().GetTimezone, method.None{})
		if err != nil {
			return Clock{}, fmt.Errorf("%s: %w", r.label(), err)
		}
		if i, ok := zone.Index.Get(); ok {
			c.Index = i
		}
		location := zone.Location(t, host)
		c.Time, c.Set = t.In(location)
		c.Zone = location.String()
	}
	c.Set = c.Set && c.Time.Year() >= firstYear
	// Devices cut off the fraction of a second: on average half of one.
	c.Drift = c.Time.Add(time.Second / 2).Sub(host)
	if !c.Set {
		c.Drift = 0
	}
	return c, nil
}

// SetClock puts the device's clock to a moment, and into a time zone unless
// zone is nil, which leaves the one it has; a child's parent is set. Kasa devices
// know 110 zones: the error wraps [wattle.ErrParam] for a zone that behaves like
// none of them. Errors wrap [wattle.ErrUnsupported] where there is no clock.
func (d *Device) SetClock(ctx context.Context, t time.Time, zone *time.Location) error {
	r := d.root()
	if err := r.requires("time", "clock"); err != nil {
		return err
	}
	set := r.setClockIOT
	if r.family == wattle.SMART {
		set = r.setClockSMART
	}
	if err := set(ctx, t, zone); err != nil {
		return err
	}
	// Everything that is told by the device's day is another thing now.
	r.Stale()
	return nil
}

func (d *Device) setClockSMART(ctx context.Context, t time.Time, zone *time.Location) error {
	p, err := ask(ctx, d, smart.GetDeviceTime, method.None{})
	switch {
	case zone != nil:
		p = new(smart.TimeOf(t, zone))
	case err != nil:
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	p.Timestamp = method.Some(int(t.Unix()))
	return order(ctx, d, smart.SetDeviceTime, *p)
}

// setClockIOT sends set_timezone only where the zone changes, or where the
// device takes no set_time, as several plugs.
func (d *Device) setClockIOT(ctx context.Context, t time.Time, zone *time.Location) error {
	clock := d.clockOf()
	present, err := ask(ctx, d, clock.GetTimezone, method.None{})
	if err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	index, known := present.Index.Get()
	same := true
	if zone == nil {
		shown, err := ask(ctx, d, clock.GetTime, method.None{})
		if err != nil {
			return fmt.Errorf("%s: %w", d.label(), err)
		}
		zone = present.Location(shown, d.shared.now())
	} else {
		wanted, err := iot.ZoneIndex(zone, t)
		if err != nil {
			return fmt.Errorf("%s: %w", d.label(), err)
		}
		same = known && wanted == index
		index, known = wanted, true
	}
	local := iot.TimeOf(t.In(zone))
	if same {
		err := order(ctx, d, clock.SetTime, local)
		if err == nil || !known || !errors.Is(err, wattle.ErrParam) && !unsupported(err) {
			return err
		}
	}
	return order(ctx, d, clock.SetTimezone, iot.SetTimezone{Time: local, Index: index})
}
