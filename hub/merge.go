package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/device"
)

// mergeWindow is how long after a command further ones for the same device are
// collected and sent as one.
const mergeWindow = 50 * time.Millisecond

// collector sends the first command at once, and what comes within the window
// after it together: for each device and child as one, in the order of the newest
// command of each.
type collector struct {
	entry *entry

	mu      sync.Mutex
	open    bool // a window runs
	pending []*order
}

// order is what waits for one device or child.
type order struct {
	id      ID
	waiters []*waiter // in the order in which they came
}

// waiter is one command.
type waiter struct {
	ctx      context.Context //nolint:containedctx // of the caller who waits
	settings []device.Setting
	done     chan error // has room for one
}

func (c *collector) add(ctx context.Context, id ID, settings []device.Setting) error {
	c.mu.Lock()
	if !c.open {
		c.open = true
		c.mu.Unlock()
		return c.first(ctx, id, settings)
	}
	o := &order{id: id}
	if i := slices.IndexFunc(c.pending, func(o *order) bool { return o.id == id }); i >= 0 {
		o = c.pending[i]
		c.pending = slices.Delete(c.pending, i, i+1)
	}
	w := &waiter{ctx, settings, make(chan error, 1)}
	o.waiters = append(o.waiters, w)
	c.pending = append(c.pending, o)
	c.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// first sends a command; what has come meanwhile follows.
func (c *collector) first(ctx context.Context, id ID, settings []device.Setting) error {
	begun := time.Now()
	defer func() { time.AfterFunc(max(0, mergeWindow-time.Since(begun)), c.rest) }()
	return c.send(ctx, id, settings)
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
	defer func() { time.AfterFunc(max(0, mergeWindow-time.Since(begun)), c.rest) }()
	life, ok := c.entry.enter()
	if ok {
		defer c.entry.done.Done()
	}
	for _, o := range pending {
		if ok {
			c.sendOrder(life, o)
			continue
		}
		for _, w := range o.waiters {
			w.done <- fmt.Errorf("%w: the device was removed, or the hub ends", wattle.ErrClosed)
		}
	}
}

// sendOrder sends merged settings. Where they are not valid together, or the
// device refuses a part, each command is sent by itself, so that a wrong one does
// not spoil the others. Whoever has left is not obeyed.
func (c *collector) sendOrder(life context.Context, o *order) {
	var settings []device.Setting
	var waiters []*waiter
	for _, w := range o.waiters {
		if w.ctx.Err() == nil {
			settings, waiters = newest(settings, w.settings), append(waiters, w)
		}
	}
	if len(waiters) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(life, pollTimeout)
	defer cancel()
	err := c.send(ctx, o.id, settings)
	alone := len(waiters) > 1 && refusesPart(err)
	for _, w := range waiters {
		if alone {
			err = c.sendAlone(ctx, w, o.id)
		}
		w.done <- err
	}
}

func (c *collector) sendAlone(life context.Context, w *waiter, id ID) error {
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	defer context.AfterFunc(life, func() { cancel(context.Cause(life)) })()
	return c.send(ctx, id, w.settings)
}

// refusesPart reports whether an error may be about one setting of several.
func refusesPart(err error) bool {
	if _, ok := errors.AsType[*wattle.DeviceError](err); ok {
		return true
	}
	return errors.Is(err, wattle.ErrParam) || errors.Is(err, wattle.ErrUnsupported)
}

// newest puts settings in place of earlier ones of the same features.
func newest(old, added []device.Setting) []device.Setting {
	out := make([]device.Setting, 0, len(old)+len(added))
	for _, s := range old {
		if !slices.ContainsFunc(added, func(a device.Setting) bool { return a.ID == s.ID }) {
			out = append(out, s)
		}
	}
	return append(out, added...)
}

// send carries settings out. "state" of a strip goes to all its outlets.
func (c *collector) send(ctx context.Context, id ID, settings []device.Setting) error {
	d, err := c.entry.hub.Device(ctx, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(settings, func(s device.Setting) bool { return s.ID == "state" })
	if i < 0 {
		return d.SetMany(ctx, settings...)
	}
	on, ok := settings[i].Value.(bool)
	if _, err := d.Get("state"); ok && (len(settings) == 1 || err != nil) {
		if err := d.SetOn(ctx, on); err != nil {
			return err
		}
		return d.SetMany(ctx, slices.Delete(slices.Clone(settings), i, i+1)...)
	}
	return d.SetMany(ctx, settings...)
}
