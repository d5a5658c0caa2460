package hub

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"wattle/device"
)

// What is asked on request only, such as whether there is newer firmware, costs a device
// a question to its cloud: it is asked once some minutes after the first poll, and then
// once in seldomEvery or up to seldomSpread later, so that devices do not stay together.
// Between two things of one device, or of children of one hub, seldomPause passes.
const (
	seldomFirst   = 10 * time.Minute
	seldomEvery   = 23 * time.Hour
	seldomSpread  = time.Hour
	seldomPause   = time.Minute
	seldomTimeout = 15 * time.Second
)

// askSeldom asks what is due of that. It is called by one poll at a time, after all
// that a poll is for. A device that has no connection to its cloud is not asked, nor one
// that is reached through it.
func (e *entry) askSeldom(life context.Context, d *device.Device) {
	now := time.Now()
	e.mu.Lock()
	if e.seldom.IsZero() {
		e.seldom = now.Add(seldomPause + rand.N(seldomFirst))
	}
	due := !now.Before(e.seldom)
	e.mu.Unlock()
	if !due {
		return
	}
	next := seldomEvery + rand.N(seldomSpread)
	if online, known := d.State().Value("cloud_connection").Bool(); known && !online || e.keeper.Away() {
		next = time.Hour
	} else {
		ctx, cancel := context.WithTimeout(life, seldomTimeout)
		defer cancel()
		more, err := d.Seldom(ctx, seldomEvery)
		if err != nil && life.Err() == nil {
			e.hub.log.LogAttrs(ctx, slog.LevelDebug, "not told", slog.String("device", e.id.String()), slog.Any("err", err))
		}
		if more {
			next = seldomPause + rand.N(seldomPause)
		}
	}
	e.mu.Lock()
	e.seldom = time.Now().Add(next)
	e.mu.Unlock()
}
