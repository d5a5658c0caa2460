package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wattle"
	"wattle/energy"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Runtime is how long a device was on. A nil field is unknown, which is not 0.
// Days are those of the device's clock, and today is one of them.
type Runtime struct {
	Today  *time.Duration
	Past7  *time.Duration // days
	Past30 *time.Duration
	Month  *time.Duration // since the first of the month
}

// Runtime asks how long the device was on: Tapo devices keep these sums, see
// docs/protocol/smart.md sections 6 and 7, and of Kasa devices they are summed
// up from days, see docs/protocol/iot.md section 12.5. Errors wrap
// [wattle.ErrUnsupported] where the device does not keep it, as a strip, whose
// outlets do.
func (d *Device) Runtime(ctx context.Context) (Runtime, error) {
	if d.family == wattle.IOT {
		return d.runtimeOfDays(ctx)
	}
	usage, err := ask(ctx, d, smart.GetDeviceUsage, method.None{})
	if err != nil {
		return Runtime{}, d.historyError(err)
	}
	r := Runtime{Today: minutes(usage.Time.Today.Get()), Past7: minutes(usage.Time.Past7.Get()), Past30: minutes(usage.Time.Past30.Get())}
	if hasMeter(d.known()) {
		if sums, err := ask(ctx, d, smart.GetEnergyUsage, method.None{}); err == nil {
			r.Month = minutes(sums.MonthRuntime.Get())
		} else if ctx.Err() != nil {
			return Runtime{}, context.Cause(ctx)
		}
	}
	return r, nil
}

func minutes(n float64, ok bool) *time.Duration {
	if !ok || n < 0 || n > float64(1<<40) {
		return nil
	}
	t := time.Duration(n * float64(time.Minute))
	return &t
}

func (d *Device) runtimeOfDays(ctx context.Context) (Runtime, error) {
	if len(d.Children()) > 0 {
		return Runtime{}, fmt.Errorf("%s: %w: ask its outlets", d.label(), wattle.ErrUnsupported)
	}
	now, err := d.DeviceTime(ctx)
	if err != nil {
		return Runtime{}, err
	}
	y, m, _ := now.Date()
	from := energy.Day.Floor(now).AddDate(0, 0, -29)
	month := energy.Month.Floor(now)
	if month.Before(from) {
		from = month
	}
	s, err := d.RuntimeSeries(ctx, from, energy.Day.Next(now), energy.Day)
	if err != nil {
		return Runtime{}, err
	}
	sum := func(after time.Time) *time.Duration {
		total := 0.0
		for i := range s.Points {
			if p := &s.Points[i]; p.Known && p.Start.After(after) {
				total += p.Value
			}
		}
		return minutes(total, true)
	}
	day := func(back int) time.Time { return time.Date(y, m, now.Day()-back, 12, 0, 0, 0, now.Location()) }
	return Runtime{Today: sum(day(1)), Past7: sum(day(7)), Past30: sum(day(30)), Month: sum(month.Add(-time.Second))}, nil
}

// EraseEnergy makes the device forget all the energy that it has counted: days,
// months, sums, and the total of Kasa devices. Of a strip all outlets forget.
// It cannot be undone. Errors wrap [wattle.ErrUnsupported] where there is no
// meter.
func (d *Device) EraseEnergy(ctx context.Context) error {
	sources, err := d.sources(energy.KilowattHour, energy.Day)
	if err != nil {
		return err
	}
	var errs []error
	for _, source := range sources {
		call := smart.ClearEnergyData.Call()
		if d.family == wattle.IOT {
			call = iot.Emeter.EraseEmeterStat.Call()
			if d.isLight() {
				call = iot.BulbEmeter.EraseEmeterStat.Call()
			}
		}
		errs = append(errs, source.erase(ctx, call))
	}
	return errors.Join(errs...)
}

// EraseRuntime makes a Kasa device forget how long it was on, see
// docs/protocol/iot.md section 12.5; of a strip all outlets do. Tapo devices
// cannot forget that alone. Errors wrap [wattle.ErrUnsupported].
func (d *Device) EraseRuntime(ctx context.Context) error {
	sources, err := d.sources(energy.Minute, energy.Day)
	if err != nil {
		return err
	}
	var errs []error
	for _, source := range sources {
		call := iot.PlugRuntime.EraseRuntimeStat.Call()
		if d.isLight() {
			call = iot.BulbRuntime.EraseRuntimeStat.Call()
		}
		errs = append(errs, source.erase(ctx, call))
	}
	return errors.Join(errs...)
}

// erase makes a call, after which all sums are to be asked anew.
func (d *Device) erase(ctx context.Context, call method.Call) error {
	results, err := d.Call(ctx, call)
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	d.Stale()
	return nil
}
