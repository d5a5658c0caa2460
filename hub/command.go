package hub

import (
	"context"
	"fmt"
	"time"

	"wattle"
	"wattle/device"
	"wattle/method"
)

// Device is the open device or child for everything beyond features: rules,
// histories, firmware. Its polls are the hub's: do not poll it yourself. The error
// says why the device cannot be reached, or wraps [wattle.ErrNotFound].
func (h *Hub) Device(ctx context.Context, id ID) (*device.Device, error) {
	e, err := h.entry(id)
	if err != nil {
		return nil, err
	}
	root, err := e.open(ctx)
	if err != nil || id.Child == "" {
		return root, err
	}
	if c := childOf(root, id); c != nil {
		return c, nil
	}
	return nil, h.unknown(id)
}

// childOf finds a child, nil where there is none.
func childOf(root *device.Device, id ID) *device.Device {
	for i, c := range root.Children() {
		known := c.Identity().DeviceID
		if known == id.Child || known == "" && fmt.Sprintf("%02d", i) == id.Child {
			return c
		}
	}
	return nil
}

// stale has the next poll ask everything: nobody knows what a call has changed.
func (e *entry) stale(id ID) {
	e.mu.Lock()
	d := e.dev
	e.mu.Unlock()
	if d != nil && id.Child != "" {
		d = childOf(d, id)
	}
	if d != nil {
		d.Stale()
	}
}

// Call performs calls on a device, past the features: see [method.Caller]. The
// device is polled afterwards where a call may have changed something.
func (h *Hub) Call(ctx context.Context, id ID, calls ...method.Call) ([]method.Result, error) {
	e, err := h.entry(id)
	if err != nil {
		return nil, err
	}
	var to method.Caller = e.keeper
	if id.Child != "" {
		to = e.keeper.Child(id.Child)
	}
	results, err := to.Do(ctx, calls...)
	if changes(calls) {
		e.stale(id)
		e.pollSoon()
	}
	return results, err
}

// Set gives features of a device new values, as [device.Device.SetMany] does; the
// setting "state" of a strip switches all its outlets. Commands for one device
// that come within 50 ms of each other are sent as one, the newest value of each
// feature. The views show the new values after the poll that follows.
func (h *Hub) Set(ctx context.Context, id ID, settings ...device.Setting) error {
	e, err := h.entry(id)
	if err != nil {
		return err
	}
	if len(settings) == 0 {
		return fmt.Errorf("%w: nothing to set", wattle.ErrParam)
	}
	return e.commands.add(ctx, id, settings)
}

// Act does an action of a device, such as "reboot". Actions are not merged.
func (h *Hub) Act(ctx context.Context, id ID, action string) error {
	d, err := h.Device(ctx, id)
	if err != nil {
		return err
	}
	return d.Act(ctx, action)
}

// Toggle switches a device to the opposite of what it says now.
func (h *Hub) Toggle(ctx context.Context, id ID) (on bool, err error) {
	d, err := h.Device(ctx, id)
	if err != nil {
		return false, err
	}
	return d.Toggle(ctx)
}

// Refresh polls a device now and gives its view, or why it does not answer.
func (h *Hub) Refresh(ctx context.Context, id ID) (*View, error) {
	e, err := h.entry(id)
	if err != nil {
		return nil, err
	}
	d, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if _, err = d.Poll(ctx); err != nil {
		return nil, err
	}
	e.succeeded(d, time.Since(begun))
	return h.View(id)
}

// Rename gives a device or a child another name, which the device keeps and the
// view shows after the poll that follows. The error wraps [wattle.ErrParam] for an
// empty one.
func (h *Hub) Rename(ctx context.Context, id ID, name string) error {
	d, err := h.Device(ctx, id)
	if err != nil {
		return err
	}
	return d.SetAlias(ctx, name)
}
