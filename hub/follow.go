package hub

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"time"

	"wattle"
	"wattle/device"
	"wattle/event"
)

// follow begins to read the event logs of a device that has them, once.
func (e *entry) follow(d *device.Device) {
	h := e.hub
	h.mu.Lock()
	running, ctx := h.running, h.ctx
	h.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.events != nil || running == nil || ctx.Err() != nil {
		return
	}
	positions, err := e.positions(ctx)
	if err != nil {
		h.log.Warn("event positions", "device", e.id.String(), "err", err)
	}
	f, err := d.Follower(&device.FollowOptions{Positions: positions})
	if errors.Is(err, wattle.ErrUnsupported) {
		return
	}
	ctx, e.events = context.WithCancel(ctx)
	e.done.Add(1)
	running.Go(func() {
		defer e.done.Done()
		e.tellEvents(ctx, f)
	})
}

func (e *entry) tellEvents(ctx context.Context, f *device.Follower) {
	saved := map[string]event.Position{}
	for happened, err := range f.Events(ctx) {
		if err != nil {
			e.hub.log.LogAttrs(ctx, slog.LevelDebug, "events", slog.String("device", e.id.String()), slog.Any("err", err))
			continue
		}
		id := e.id
		if happened.Device.Parent() != nil {
			id.Child = happened.Device.Identity().DeviceID
		}
		e.hub.tell(Event{Device: id, Time: happened.Time, Kind: string(happened.Kind), Detail: &happened.Event})
		positions := f.Positions()
		if !maps.EqualFunc(saved, positions, samePosition) {
			e.keepPositions(ctx, positions)
			saved = positions
		}
	}
	e.keepPositions(context.WithoutCancel(ctx), f.Positions())
}

func samePosition(a, b event.Position) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func (e *entry) positionsName() string { return "events/" + Slug(e.id) }

func (e *entry) positions(ctx context.Context) (map[string]event.Position, error) {
	if e.hub.options.Keep == nil {
		return nil, nil
	}
	data, err := e.hub.options.Keep.Load(ctx, e.positionsName())
	if err != nil || data == nil {
		return nil, err
	}
	var out map[string]event.Position
	return out, json.Unmarshal(data, &out)
}

func (e *entry) keepPositions(ctx context.Context, positions map[string]event.Position) {
	if e.hub.options.Keep == nil || len(positions) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	data, err := json.Marshal(positions)
	if err == nil {
		err = e.hub.options.Keep.Save(ctx, e.positionsName(), data)
	}
	if err != nil {
		e.hub.log.Warn("event positions", "device", e.id.String(), "err", err)
	}
}
