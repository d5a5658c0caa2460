package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"wattle"
	"wattle/device"
	"wattle/method"
)

// mergeWindow is how long after a command further ones for the same device are
// collected and sent as one.
const mergeWindow = 50 * time.Millisecond

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
	for i, c := range root.Children() {
		known := c.Identity().DeviceID
		if known == id.Child || known == "" && fmt.Sprintf("%02d", i) == id.Child {
			return c, nil
		}
	}
	return nil, h.unknown(id)
}

// Call performs calls on a device, past the features: see [method.Caller]. The
// device is polled afterwards where a call may have changed something.
func (h *Hub) Call(ctx context.Context, id ID, calls ...method.Call) ([]method.Result, error) {
	e, err := h.entry(id)
	if err != nil {
		return nil, err
	}
	c := &caller{entry: e, to: e.keeper}
	if id.Child == "" {
		return c.Do(ctx, calls...)
	}
	return c.Child(id.Child).Do(ctx, calls...)
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
	state, err := d.Poll(ctx)
	if err != nil {
		return nil, err
	}
	e.succeeded(d, state, time.Since(begun))
	return h.View(id)
}

// collector sends the first command at once, and what comes within the window
// after it together.
type collector struct {
	entry *entry

	mu      sync.Mutex
	open    bool // a window runs
	pending map[ID]*order
}

// order is a command that waits.
type order struct {
	settings []device.Setting
	waiters  []*waiter
}

type waiter struct {
	ctx      context.Context
	settings []device.Setting
	done     chan error
}

func (c *collector) add(ctx context.Context, id ID, settings []device.Setting) error {
	c.mu.Lock()
	if !c.open {
		c.open = true
		c.mu.Unlock()
		return c.first(ctx, id, settings)
	}
	o := c.pending[id]
	if o == nil {
		o = &order{}
		if c.pending == nil {
			c.pending = map[ID]*order{}
		}
		c.pending[id] = o
	}
	w := &waiter{ctx, settings, make(chan error, 1)}
	o.settings = newest(o.settings, settings)
	o.waiters = append(o.waiters, w)
	c.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// newest puts settings in place of earlier ones of the same features.
func newest(old, added []device.Setting) []device.Setting {
	var out []device.Setting
	for _, s := range old {
		kept := true
		for _, a := range added {
			kept = kept && a.ID != s.ID
		}
		if kept {
			out = append(out, s)
		}
	}
	return append(out, added...)
}

// first sends a command, and afterwards what has come meanwhile.
func (c *collector) first(ctx context.Context, id ID, settings []device.Setting) error {
	begun := time.Now()
	err := c.send(ctx, id, settings)
	time.AfterFunc(max(0, mergeWindow-time.Since(begun)), c.rest)
	return err
}

// rest sends what was collected, until nothing more has come.
func (c *collector) rest() {
	c.mu.Lock()
	pending := c.pending
	c.pending = nil
	c.open = len(pending) > 0
	c.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	begun := time.Now()
	var sending sync.WaitGroup
	for id, o := range pending {
		sending.Go(func() { c.sendOrder(id, o) })
	}
	sending.Wait()
	time.AfterFunc(max(0, mergeWindow-time.Since(begun)), c.rest)
}

// sendOrder sends merged settings. Where they are not valid together each
// command is sent by itself, so that a wrong one does not spoil the others.
func (c *collector) sendOrder(id ID, o *order) {
	ctx, cancel := context.WithTimeout(context.Background(), pollTimeout)
	defer cancel()
	err := c.send(ctx, id, o.settings)
	alone := len(o.waiters) > 1 && (errors.Is(err, wattle.ErrParam) || errors.Is(err, wattle.ErrUnsupported))
	for _, w := range o.waiters {
		if alone {
			err = c.send(w.ctx, id, w.settings)
		}
		w.done <- err
	}
}

func (c *collector) send(ctx context.Context, id ID, settings []device.Setting) error {
	d, err := c.entry.hub.Device(ctx, id)
	if err != nil {
		return err
	}
	if len(settings) == 1 && settings[0].ID == "state" {
		if on, ok := settings[0].Value.(bool); ok {
			return d.SetOn(ctx, on)
		}
	}
	return d.SetMany(ctx, settings...)
}
