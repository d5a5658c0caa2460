package device

import (
	"context"
	"fmt"
	"math"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Reboot restarts the device, or a child that can, after a delay of whole
// seconds, at least one: without it devices do not even answer. It is away for
// some ten seconds. Errors wrap [wattle.ErrUnsupported] where it cannot be told.
func (d *Device) Reboot(ctx context.Context, delay time.Duration) error {
	n := max(int(math.Ceil(delay.Seconds())), 1)
	var err error
	if d.family == wattle.IOT {
		d = d.root()
		err = d.firstSystem(func(m iot.System) error { return order(ctx, d, m.Reboot, iot.Delay{Delay: n}) })
	} else {
		err = order(ctx, d, smart.DeviceReboot, smart.Delay{Delay: n})
	}
	if lost(ctx, err) {
		return nil
	}
	return err
}

// Reset brings the device back to the state in which it left the factory: it
// forgets its network, account, name, rules and statistics, and waits to be set
// up, in an access point of its own. It cannot be undone, and the session is
// of no use afterwards. A child cannot be reset: unpair it from its hub.
func (d *Device) Reset(ctx context.Context) error {
	if d.parent != nil {
		return fmt.Errorf("%s: %w: only the whole device, %s, can be reset", d.label(), wattle.ErrUnsupported, d.parent.label())
	}
	var err error
	if d.family == wattle.IOT {
		err = d.firstSystem(func(m iot.System) error { return order(ctx, d, m.Reset, iot.Delay{Delay: 1}) })
	} else {
		err = order(ctx, d, smart.DeviceReset, method.None{})
	}
	if lost(ctx, err) {
		return nil
	}
	return err
}
