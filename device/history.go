package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/energy"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// EnergySeries gives the energy in kWh from a moment up to another by hour, day
// or month, in whole buckets of the device's own calendar. It asks as often as
// the device wants it split up, see docs/protocol/smart.md section 7.1, and
// docs/protocol/iot.md section 5 for what Kasa devices keep, which is days and
// months. Of a strip it is the sum of the outlets, with each in Parts.
//
// What the device has not measured is unknown, and so is the future. Tapo
// devices give 0 for the time before they were bought, too.
//
// Errors wrap [wattle.ErrUnsupported] where there is no meter, or where it does
// not keep such steps, and then say what is possible; [wattle.ErrParam] for a
// span that is empty or much too long; [wattle.ErrRefused] for a device whose
// clock is not set: it counts nothing.
func (d *Device) EnergySeries(ctx context.Context, from, to time.Time, by energy.Step) (*energy.Series, error) {
	return d.series(ctx, energy.KilowattHour, from, to, by)
}

// PowerSeries gives the mean power in W from a moment up to another by
// [energy.FiveMinutes] or [energy.Hour], in buckets that begin at full hours of
// UTC, see docs/protocol/smart.md section 7.2. Tapo devices keep it for some
// days, Kasa devices not at all. Errors are those of [Device.EnergySeries].
func (d *Device) PowerSeries(ctx context.Context, from, to time.Time, by energy.Step) (*energy.Series, error) {
	return d.series(ctx, energy.Watt, from, to, by)
}

// RuntimeSeries gives the minutes that a Kasa device was on from a moment up to
// another by day or month, see docs/protocol/iot.md section 12.5. Tapo devices
// keep sums only, see [Device.Runtime]. Errors are those of
// [Device.EnergySeries].
func (d *Device) RuntimeSeries(ctx context.Context, from, to time.Time, by energy.Step) (*energy.Series, error) {
	return d.series(ctx, energy.Minute, from, to, by)
}

func (d *Device) series(ctx context.Context, unit energy.Unit, from, to time.Time, by energy.Step) (*energy.Series, error) {
	sources, err := d.sources(unit, by)
	if err != nil {
		return nil, err
	}
	now, err := d.DeviceTime(ctx)
	if err != nil {
		return nil, err
	}
	parts := make([]energy.Part, len(sources))
	for i, source := range sources {
		s, err := energy.Grid(unit, by, from.In(now.Location()), to.In(now.Location()), now)
		if err != nil {
			return nil, err
		}
		id := source.Identity()
		parts[i] = energy.Part{Name: id.Alias, ID: id.DeviceID, Series: *s}
	}
	if d.family == wattle.IOT {
		err = gather(ctx, sources, parts)
	} else {
		for i := range sources {
			if err = sources[i].measure(ctx, &parts[i].Series); err != nil {
				break
			}
		}
	}
	switch {
	case err != nil:
		return nil, err
	case sources[0] == d:
		return &parts[0].Series, nil
	}
	return energy.Sum(parts), nil
}

// sources are what measures: the device, or the outlets of a strip.
func (d *Device) sources(unit energy.Unit, by energy.Step) ([]*Device, error) {
	if d.family == wattle.IOT && unit == energy.Watt {
		return nil, fmt.Errorf("%s: %w: it keeps no power; ask for its energy by day or month", d.label(), wattle.ErrUnsupported)
	}
	if d.family == wattle.IOT {
		if err := energy.IOTSupports(by); err != nil {
			return nil, fmt.Errorf("%s: %w", d.label(), err)
		}
	} else if unit == energy.Minute {
		return nil, fmt.Errorf("%s: %w: it keeps sums of its runtime only: today, 7 and 30 days", d.label(), wattle.ErrUnsupported)
	}
	measures := func(c *Device) bool { return unit == energy.Minute || hasMeter(c.known()) }
	// A strip answers for its first outlet only (docs/protocol/iot.md section 5).
	if strip := d.family == wattle.IOT && len(d.Children()) > 0; measures(d) && !strip {
		return []*Device{d}, nil
	}
	var out []*Device
	for _, c := range d.Children() {
		if d.known().identity.Type != wattle.Hub && measures(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, d.noMeter()
	}
	return out, nil
}

func (d *Device) noMeter() error {
	return fmt.Errorf("%s: %w: it does not measure energy", d.label(), wattle.ErrUnsupported)
}

// firstYear is when the first of these devices were sold: a clock that shows
// less was not set since the power came back.
const firstYear = 2012

// DeviceTime asks what the device's clock shows, in the device's zone: days and
// hours of its histories are those of this zone. Errors wrap
// [wattle.ErrRefused] where the clock is not set.
func (d *Device) DeviceTime(ctx context.Context) (time.Time, error) {
	if err := d.shared.lock(ctx); err != nil {
		return time.Time{}, err
	}
	defer d.shared.unlock()
	root := d.root()
	queries := []method.Query{smart.GetDeviceTime.Query(method.EveryPoll)}
	if d.family == wattle.IOT {
		c := iot.PlugClock
		if d.isLight() {
			c = iot.BulbClock
		}
		queries = []method.Query{c.GetTime.Query(method.EveryPoll), c.GetTimezone.Query(method.EveryPoll)}
	}
	snapshot, err := root.ask(ctx, root.empty(), queries...)
	if err != nil {
		return time.Time{}, err
	}
	now := catalog.LocalTime(root.view(snapshot, nil))
	if now.Year() < firstYear {
		return time.Time{}, fmt.Errorf("%s: %w: its clock shows %s, and it counts nothing until that is set; let it reach the internet",
			d.label(), wattle.ErrRefused, now.Format(time.DateTime))
	}
	return now, nil
}

// measure asks a SMART device for a series.
func (d *Device) measure(ctx context.Context, s *energy.Series) error {
	questions, err := s.Questions()
	if err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	m := smart.GetEnergyData
	if s.Unit == energy.Watt {
		m = smart.GetPowerData
	}
	for _, q := range questions {
		answer, err := ask(ctx, d, m, q.EnergySpan)
		if err == nil {
			err = s.Answer(q, answer)
		}
		if err != nil {
			return d.historyError(err)
		}
	}
	return nil
}

// ask makes one call and decodes the answer.
func ask[P, R any](ctx context.Context, d *Device, m method.Method[P, R], p P) (*R, error) {
	call, err := m.With(p)
	if err != nil {
		return nil, err
	}
	results, err := d.Call(ctx, call)
	if err != nil {
		return nil, err
	}
	if results[0].Err != nil {
		return nil, results[0].Err
	}
	return m.Decode(results[0].Raw)
}

// historyError says what refusals of histories mean.
func (d *Device) historyError(err error) error {
	var refused *wattle.DeviceError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	switch refused.Code {
	case -1002, -1008: // the second is what most say of a method that they do not have
		return fmt.Errorf("%s: it keeps no history of this kind, or not by this step: %w", d.label(), err)
	case -1001, -1003, -1007, -1601: // docs/protocol/smart.md section 2
		return fmt.Errorf("%s: its clock may not be set; let it reach the internet, or set the clock: %w", d.label(), err)
	}
	return fmt.Errorf("%s: %w", d.label(), err)
}

// gather asks IOT devices, the outlets of a strip or one device, for the days
// or months of their series.
func gather(ctx context.Context, sources []*Device, parts []energy.Part) error {
	lists := make([][]energy.Entry, len(sources))
	first := 0
	for i, d := range sources {
		list, err := d.entries(ctx, &parts[i].Series)
		if err != nil {
			return d.historyError(err)
		}
		lists[i] = list
		if f := energy.First(list); f != 0 && (first == 0 || f < first) {
			first = f
		}
	}
	for i := range parts {
		parts[i].List(lists[i], first)
	}
	return nil
}

// entries asks for all days or months that a series needs.
func (d *Device) entries(ctx context.Context, s *energy.Series) ([]energy.Entry, error) {
	days, months := d.statistics(s.Unit)
	pick := energy.Energies
	if s.Unit == energy.Minute {
		pick = energy.Runtimes
	}
	var calls []method.Call
	if s.Step == energy.Day {
		for _, p := range s.Months() {
			c, err := days.With(p)
			if err != nil {
				return nil, err
			}
			calls = append(calls, c)
		}
	} else {
		for _, p := range s.Years() {
			c, err := months.With(p)
			if err != nil {
				return nil, err
			}
			calls = append(calls, c)
		}
	}
	var out []energy.Entry
	for part := range slices.Chunk(calls, callsAtOnce) {
		results, err := d.Call(ctx, part...)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			if r.Err != nil {
				return nil, r.Err
			}
			if s.Step == energy.Day {
				list, err := days.Decode(r.Raw)
				if list == nil {
					return nil, err
				}
				out = append(out, pick(list.Days)...)
				continue
			}
			list, err := months.Decode(r.Raw)
			if list == nil {
				return nil, err
			}
			for i := range list.Months {
				list.Months[i].Day = 0
			}
			out = append(out, pick(list.Months)...)
		}
	}
	return out, nil
}

// isLight reports whether an IOT device is a lamp, whose modules have other
// names.
func (d *Device) isLight() bool {
	s := iot.GetSysinfo.Result(d.root().known().Snapshot())
	return s != nil && s.IsLight()
}

// callsAtOnce bounds how much waits in the queue of a device, so that switching
// it does not wait for a history.
const callsAtOnce = 4

// statistics are the methods that give days and months of an IOT device.
func (d *Device) statistics(unit energy.Unit) (method.Method[iot.Month, iot.DayStat], method.Method[iot.Year, iot.MonthStat]) {
	light := d.isLight()
	switch {
	case unit == energy.Minute && light:
		return iot.BulbRuntime.GetDayStat, iot.BulbRuntime.GetMonthStat
	case unit == energy.Minute:
		return iot.PlugRuntime.GetDayStat, iot.PlugRuntime.GetMonthStat
	case light:
		return iot.BulbEmeter.GetDayStat, iot.BulbEmeter.GetMonthStat
	}
	return iot.Emeter.GetDayStat, iot.Emeter.GetMonthStat
}
