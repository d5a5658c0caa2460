package cli

import (
	"cmp"
	"context"
	"fmt"

	"wattle"
	"wattle/device"
	"wattle/internal/known"
)

// target is a device that a command is about: what is known of it, and which
// of its children is meant.
type target struct {
	known known.Device
	child string // id of the child, "" for the device itself
	label string // as it is shown: "Strip/Outlet 2"
	every bool   // it was not named: "all", a room, a group, or nothing
	room  bool   // it is one of "room:NAME" or "@GROUP"
}

func (t *target) name() string { return t.label }

func (t *target) mac() string { return t.known.MAC.String() }

// key tells which connection the target needs.
func (t *target) key() string {
	if t.known.MAC.IsZero() {
		return cmp.Or(t.known.Address, t.known.ID)
	}
	return t.known.MAC.Key()
}

// visit calls do for each target, many at once; targets in one device share
// its connection. The results and errors are in the order of the targets.
func visit[T any](ctx context.Context, a *app, targets []target, do func(context.Context, *opened) (T, error)) ([]T, []error) {
	shared := map[string]*connection{}
	for i := range targets {
		key := targets[i].key()
		if shared[key] == nil {
			shared[key] = newConnection(a, targets[i].known)
		}
		shared[key].users.Add(1)
	}
	results := make([]T, len(targets))
	errs := fan(ctx, len(targets), parallel, func(ctx context.Context, i int) error {
		t := &targets[i]
		c := shared[t.key()]
		defer c.leave(ctx)
		root, err := c.wake(ctx)
		if err != nil {
			return of(t.name(), ended(ctx, err))
		}
		d, err := pickChild(root, t)
		if err == nil {
			results[i], err = do(ctx, &opened{app: a, dev: d, conn: c})
		}
		return of(t.name(), ended(ctx, err))
	}, nil)
	return results, errs
}

// opened is a device or child that a command may use.
type opened struct {
	app  *app
	dev  *device.Device
	conn *connection
}

// pickChild is the device that a target means.
func pickChild(root *device.Device, t *target) (*device.Device, error) {
	if t.child == "" {
		return root, nil
	}
	for _, c := range root.Children() {
		if c.Identity().DeviceID == t.child {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: it has no child %s any more", wattle.ErrNotFound, t.child)
}

// poll reads everything.
func (d *opened) poll(ctx context.Context, meta bool) (shape, error) {
	st, err := d.dev.Poll(ctx)
	if err != nil {
		return shape{}, err
	}
	s := shapeOf(st, meta)
	d.conn.describe(&s, st.Source())
	d.conn.knows(&s, d.dev)
	return s, nil
}

// turn switches, and says which state the device has then.
func (d *opened) turn(ctx context.Context, to turn) (bool, error) {
	if d.dev.Identity().Type == wattle.Hub {
		// Its children are as different as valves and plugs: not all at once.
		return false, fmt.Errorf("a hub has no switch: name one of its children: %w", wattle.ErrUnsupported)
	}
	if to == turnOver {
		on, err := d.dev.Toggle(ctx)
		if err == nil {
			d.conn.turned(d.dev, on)
		}
		return on, err
	}
	on := to == turnOn
	if err := d.dev.SetOn(ctx, on); err != nil {
		return on, err
	}
	d.conn.turned(d.dev, on)
	return on, nil
}

// rename gives the device another name, and learns it.
func (d *opened) rename(ctx context.Context, name string) error {
	if err := d.dev.SetAlias(ctx, name); err != nil {
		return err
	}
	_, err := d.dev.Poll(ctx)
	return err
}

// set changes features, and gives what the device says of them then.
func (d *opened) set(ctx context.Context, wanted []assignment) (shape, error) {
	settings := make([]device.Setting, len(wanted))
	for i, w := range wanted {
		settings[i] = device.Setting{ID: w.id, Value: w.text}
	}
	if err := d.dev.SetMany(ctx, settings...); err != nil {
		return shape{}, err
	}
	return d.poll(ctx, false)
}
