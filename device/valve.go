package device

import (
	"context"
	"fmt"
	"slices"

	"wattle"
	"wattle/climate"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// Valve is a radiator valve. Temperatures, mode, child lock and frost
// protection are features (target_temperature, thermostat_mode, child_lock,
// frost_protection, ...); here is what is not a single value. See
// docs/protocol/smart.md section 12.
type Valve struct{ d *Device }

// Valve is for radiator valves; for others the error wraps
// [wattle.ErrUnsupported].
func (d *Device) Valve() (*Valve, error) {
	if err := d.needs("temp_control", "it is no radiator valve"); err != nil {
		return nil, err
	}
	return &Valve{d}, nil
}

// States are what the valve does just now, in its own words: "heating",
// "window_open", "low_battery", ...; none while it rests.
func (v *Valve) States() []string {
	if i := smart.GetDeviceInfo.Result(v.d.known().Snapshot()); i != nil {
		return slices.Clone(i.TRVStates)
	}
	return nil
}

// WindowOpen tells whether the valve has closed because a window is open, as
// of the newest poll; known is false where it cannot tell such.
func (v *Valve) WindowOpen() (open, known bool) {
	if v.d.needs("window_open_detect", "") != nil || smart.GetDeviceInfo.Result(v.d.known().Snapshot()) == nil {
		return false, false
	}
	return slices.ContainsFunc(v.States(), func(s string) bool { return s == "window_open" || s == "open_window" }), true
}

// EarlyStart tells whether the valve begins to heat before a schedule wants the
// room to be warm.
func (v *Valve) EarlyStart(ctx context.Context) (bool, error) {
	s, err := v.earlyStart(ctx)
	if err != nil {
		return false, err
	}
	on, _ := s.Enable.Get()
	return on, nil
}

func (v *Valve) earlyStart(ctx context.Context) (*smart.Switchable, error) {
	if err := v.d.needs("early_start", "it knows no early start"); err != nil {
		return nil, err
	}
	s, err := ask(ctx, v.d, smart.GetEarlyStart, method.None{})
	if s == nil {
		return nil, err
	}
	if !s.Enable.Known() {
		return nil, fmt.Errorf("%s: get_early_start: %w: it does not say whether it is on", v.d.label(), wattle.ErrProtocol)
	}
	return s, nil
}

// SetEarlyStart switches early start.
func (v *Valve) SetEarlyStart(ctx context.Context, on bool) error {
	s, err := v.earlyStart(ctx)
	if err != nil {
		return err
	}
	s.Enable = method.Some(on)
	return do(ctx, v.d, smart.SetEarlyStart, *s)
}

// Frost tells below which temperature the valve opens while frost protection
// is on.
func (v *Valve) Frost(ctx context.Context) (degrees float64, unit feature.Unit, err error) {
	if err := v.d.needs("frost_protection", "it has no frost protection"); err != nil {
		return 0, "", err
	}
	f, err := ask(ctx, v.d, smart.GetFrost, method.None{})
	if f == nil {
		return 0, "", err
	}
	degrees, ok := f.Min.Get()
	if !ok {
		return 0, "", fmt.Errorf("%s: get_frost_protection: %w: it does not say the temperature", v.d.label(), wattle.ErrProtocol)
	}
	return degrees, feature.Unit(f.Unit.Or(string(feature.Celsius))), nil
}

// Climate gives what a sensor recorded of temperature and humidity in the past
// 24 hours, in steps of a quarter of an hour, with times in the device's zone.
// The error wraps [wattle.ErrUnsupported] for a device that records nothing.
func (d *Device) Climate(ctx context.Context) (climate.Series, error) {
	if err := d.needs("temp_humidity_record", "it keeps no record of temperature and humidity"); err != nil {
		return climate.Series{}, err
	}
	r, err := ask(ctx, d, smart.GetRecords, method.None{})
	if r == nil {
		return climate.Series{}, err
	}
	return climate.Read(r, d.root().known().DeviceTime().Location()), nil
}
