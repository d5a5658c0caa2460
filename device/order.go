package device

import (
	"context"
	"errors"
	"fmt"

	"wattle"
	"wattle/method"
	"wattle/session"
)

// order makes one call that changes something.
func order[P any](ctx context.Context, d *Device, m method.Method[P, method.None], p P) error {
	call, err := m.With(p)
	if err != nil {
		return err
	}
	results, err := d.Call(ctx, call)
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.label(), err)
	}
	return nil
}

// lost reports whether an answer got lost on its way: the device has probably
// done what it was told, and left before it could say so.
func lost(ctx context.Context, err error) bool {
	return errors.Is(err, session.ErrUncertain) && ctx.Err() == nil
}

// requires is the error for a device without a component, nil where it has it.
// Kasa devices list none: they are asked.
func (d *Device) requires(component, what string) error {
	if d.family != wattle.SMART || d.known().identity.Components[component] > 0 {
		return nil
	}
	return d.lacks(what)
}

func (d *Device) lacks(what string) error {
	return fmt.Errorf("%s: %w: it has no %s", d.label(), wattle.ErrUnsupported, what)
}

// unsupported reports whether a device refused because it does not know a
// module or method.
func unsupported(err error) bool { return errors.Is(err, wattle.ErrUnsupported) }
