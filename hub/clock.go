package hub

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"wattle"
	"wattle/device"
)

const (
	// clockEvery is how often a clock is looked at, and set at most.
	clockEvery = time.Hour
	// clockWrong is from where on a clock is set.
	clockWrong = time.Minute
)

// checkClock sets the clock of a device that has no connection to the cloud, from
// which it would get the time, and whose clock is wrong: schedules and statistics
// go by it. It is called by one poll at a time.
func (e *entry) checkClock(ctx context.Context, d *device.Device) {
	if e.hub.Tuning().NoClocks {
		return
	}
	if online, known := d.State().Value("cloud_connection").Bool(); !known || online {
		return
	}
	e.mu.Lock()
	due := !time.Now().Before(e.clock)
	if due {
		e.clock = time.Now().Add(clockEvery)
	}
	e.mu.Unlock()
	if !due {
		return
	}
	c, err := d.Clock(ctx)
	if err == nil && (!c.Set || c.Drift.Abs() > clockWrong) {
		if err = d.SetClock(ctx, time.Now(), nil); err == nil {
			e.hub.log.LogAttrs(ctx, slog.LevelInfo, "clock set", slog.String("device", e.id.String()), slog.Bool("was_set", c.Set), slog.Duration("drift", c.Drift))
		}
	}
	if err != nil && !errors.Is(err, wattle.ErrUnsupported) && ctx.Err() == nil {
		e.hub.log.LogAttrs(ctx, slog.LevelWarn, "clock", slog.String("device", e.id.String()), slog.Any("err", err))
	}
}
