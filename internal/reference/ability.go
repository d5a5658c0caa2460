package reference

import (
	"context"

	"wattle"
	"wattle/device"
)

// An Ability is more than a feature: something that a device offers which has
// commands of its own.
type Ability struct {
	Name    string
	Command string // "wattle light"
}

// abilities are tried on each device; those that it refuses it does not have.
var abilities = []struct {
	Ability
	try func(context.Context, *device.Device) error
}{
	{Ability{"light", "wattle light"}, func(_ context.Context, d *device.Device) error { _, err := d.Light(); return err }},
	{Ability{"fan", ""}, func(_ context.Context, d *device.Device) error { _, err := d.Fan(); return err }},
	{Ability{"thermostat", ""}, func(_ context.Context, d *device.Device) error { _, err := d.Thermostat(); return err }},
	{Ability{"vacuum", ""}, func(_ context.Context, d *device.Device) error { _, err := d.Vacuum(); return err }},
	{Ability{"siren", "wattle hub siren"}, func(_ context.Context, d *device.Device) error { _, err := d.Siren(); return err }},
	{Ability{"children", "wattle hub"}, func(_ context.Context, d *device.Device) error { _, err := d.Pairing(); return err }},
	{Ability{"energy", "wattle energy"}, func(ctx context.Context, d *device.Device) error {
		if _, ok, err := d.Energy(ctx); err != nil || !ok {
			return wattle.ErrUnsupported
		}
		return nil
	}},
	{Ability{"schedules", "wattle schedule"}, func(ctx context.Context, d *device.Device) error { _, err := d.Schedules(ctx); return err }},
	{Ability{"timer", "wattle timer"}, func(ctx context.Context, d *device.Device) error { _, err := d.Timer(ctx); return err }},
	{Ability{"away mode", "wattle away"}, func(ctx context.Context, d *device.Device) error { _, err := d.Away(ctx); return err }},
	{Ability{"auto-off", "wattle auto-off"}, func(ctx context.Context, d *device.Device) error { _, err := d.AutoOff(ctx); return err }},
	{Ability{"status LED", "wattle led"}, func(ctx context.Context, d *device.Device) error { _, err := d.LED(ctx); return err }},
	{Ability{"events", "wattle hub events"}, func(ctx context.Context, d *device.Device) error { _, err := d.Logged(ctx, 1); return err }},
	{Ability{"climate of 24 hours", "wattle hub records"}, func(ctx context.Context, d *device.Device) error { _, err := d.Climate(ctx); return err }},
	{Ability{"firmware", "wattle firmware"}, func(ctx context.Context, d *device.Device) error { _, err := d.Firmware(ctx); return err }},
}

// try finds out what a device and its children offer.
func (e *Example) try(ctx context.Context, d *device.Device) {
	for _, a := range abilities {
		if a.try(ctx, d) == nil {
			e.Can = append(e.Can, a.Ability)
		}
	}
	for i, child := range d.Children() {
		if i < len(e.Children) {
			e.Children[i].try(ctx, child)
		}
	}
}
