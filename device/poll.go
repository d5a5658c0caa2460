package device

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
)

// Poll asks what is due and gives the new state. Each query is asked as often
// as is good for the device, see [method.Pace]; one that the device does not
// know is not asked again, and one that keeps failing is asked less often.
// A query that fails makes its features unknown and does not hide the others.
//
// For a child the parent is polled, with all its children. Polls of one device
// wait for each other. After an error the state stays the one before, with its
// time.
func (d *Device) Poll(ctx context.Context) (*State, error) { return d.polled(ctx, true) }

// Refresh is a poll of the least that shows what is on: one message, without
// energy and settings. Their values stay those of the poll before.
func (d *Device) Refresh(ctx context.Context) (*State, error) { return d.polled(ctx, false) }

func (d *Device) polled(ctx context.Context, full bool) (*State, error) {
	if err := d.shared.lock(ctx); err != nil {
		return nil, err
	}
	defer d.shared.unlock()
	root := d.root()
	before := root.known()
	due := root.due(before.view, before.applying, full)
	snapshot, err := root.askAll(ctx, before.view.Snapshot, due)
	if err != nil {
		d.shared.markStale(root, queriesOf(due))
		return nil, err
	}
	if err := root.conclude(ctx, snapshot, full); err != nil {
		return nil, err
	}
	if full {
		root.full.Store(true)
	}
	return d.State(), nil
}

// conclude makes the state of a device and its children from a new snapshot;
// with full it asks the children what is due.
func (d *Device) conclude(ctx context.Context, snapshot *method.Snapshot, full bool) error {
	if err := failure(snapshot, d.base); err != nil {
		return err
	}
	v := d.view(snapshot, nil)
	if v.Type == "" {
		return fmt.Errorf("%w: %s does not say what kind of device it is", wattle.ErrProtocol, d.base)
	}
	id := identify(v)
	if err := d.same(&id); err != nil {
		return err
	}
	children := d.Children()
	if entries, ok := d.list(snapshot); ok {
		children = d.adopt(entries)
		for i, c := range children {
			cv, err := c.listen(ctx, &entries[i], v, full)
			if err != nil && ctx.Err() != nil {
				return err
			}
			// A child that does not answer costs seconds: the others are asked in
			// the next poll.
			full = full && err == nil
			v.Children = append(v.Children, cv)
		}
	} else {
		for _, c := range children {
			v.Children = append(v.Children, c.view(c.known().view.Snapshot, v))
		}
	}
	d.publish(v, id, children)
	return nil
}

// same refuses another device than the one that was opened.
func (d *Device) same(is *Identity) error {
	before := d.known()
	if before == nil {
		return nil
	}
	was := &before.identity
	if !was.MAC.IsZero() && !is.MAC.IsZero() && was.MAC != is.MAC {
		return fmt.Errorf("%w: %s (%s) instead of %s (%s)", wattle.ErrIdentity, is.Label(), is.MAC, was.Label(), was.MAC)
	}
	return nil
}

// publish evaluates views, children first, and shows the new states.
func (d *Device) publish(v *feature.View, id Identity, children []*Device) {
	var states []*State
	for i, c := range children {
		states = append(states, c.evaluate(v.Children[i], identify(v.Children[i])))
	}
	s := d.evaluate(v, id)
	s.children = states
	if c := d.shared.connection; c != nil && c.Found != nil && s.identity.Model.Region == "" {
		s.identity.Model.Region = c.Found.Model.Region // many devices tell it to discovery only
	}
	if s.Time().IsZero() { // from memory
		d.basis.Store(s.forget())
		for i, c := range children {
			c.basis.Store(states[i].forget())
		}
	} else {
		d.state.Store(s)
		for i, c := range children {
			c.state.Store(states[i])
		}
	}
	if !slices.Equal(children, d.Children()) {
		d.children.Store(&children)
	}
}

// adopt gives a Device for each listed child: the one there was, or a new one.
// Entries with the id of an earlier one are dropped by list.
func (d *Device) adopt(entries []listed) []*Device {
	children := d.Children()
	if slices.EqualFunc(children, entries, func(c *Device, e listed) bool { return c.child == e.id }) {
		for i, c := range children {
			c.learn(entries[i].components)
		}
		return children
	}
	known := map[string]*Device{}
	for _, c := range children {
		known[c.child] = c
	}
	children = make([]*Device, len(entries))
	for i, e := range entries {
		c := known[e.id]
		if c == nil {
			var caller method.Caller
			if r, ok := d.caller.(childReacher); ok {
				caller = r.Child(e.id)
			}
			c = newDevice(d.shared, d.family, caller)
			c.parent, c.child = d, e.id
			if d.family == wattle.IOT {
				c.base = iot.GetOutlet.Key()
			}
		}
		c.learn(e.components)
		children[i] = c
	}
	return children
}

// learn takes what the parent says of the components of a child, if anything.
func (d *Device) learn(components map[string]int) {
	if components != nil {
		d.components = components
	}
}

// listen takes what the parent says of a child and, with full, asks the child
// for the rest. The view is good also where it comes with an error: the child did
// not answer, and the parent's list still tells most.
func (d *Device) listen(ctx context.Context, e *listed, parent *feature.View, full bool) (*feature.View, error) {
	before := d.known()
	snapshot := before.Snapshot()
	if before == nil {
		snapshot = method.NewSnapshot(parent.Time(), parent.Snapshot.Source(), nil)
	}
	snapshot = snapshot.WithTaken(parent.Time(), []method.Taken{{Key: d.base, Answer: e.answer}})
	v := d.view(snapshot, parent)
	if !full || d.caller == nil {
		return v, nil
	}
	var rows []*feature.Feature
	if before != nil {
		rows = before.applying
	} else {
		rows = catalog.For(v)
	}
	due := d.due(v, rows, true)
	if len(due) == 0 {
		return v, nil
	}
	asked, err := d.askAll(ctx, snapshot, due)
	if err == nil {
		return d.view(asked, parent), nil
	}
	d.shared.log.Debug("child does not answer", slog.String("child", d.child), slog.Any("err", err))
	now := d.shared.now()
	failed := make([]method.Taken, len(due))
	for i, q := range due {
		q.health.note(err, now)
		q.health.notBefore = now.Add(time.Duration(q.health.failures) * pausePer) // it may sleep
		failed[i] = method.Taken{Key: q.Key(), Answer: method.Answer{Call: q.Call, Err: err, Time: now}}
	}
	return d.view(snapshot.WithTaken(now, failed), parent), err
}

// Stale has the next poll ask everything that the device knows, whatever its
// pace: for who has changed something past the features.
func (d *Device) Stale() {
	s := d.known()
	if s == nil {
		return
	}
	d.shared.markStale(d, slices.DeleteFunc(d.moduleQueries(s), func(q method.Query) bool { return q.Pace == method.OnRequest }))
}

// markStale has queries asked again by the next poll, whatever their pace.
func (s *shared) markStale(d *Device, queries []method.Query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stale[d] == nil {
		s.stale[d] = map[string]bool{}
	}
	for _, q := range queries {
		s.stale[d][q.Key()] = true
	}
}

// takeStale gives which of the queries are marked, and unmarks them.
func (s *shared) takeStale(d *Device, queries []*asking) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stale[d]) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, q := range queries {
		if s.stale[d][q.Key()] {
			out[q.Key()] = true
			delete(s.stale[d], q.Key())
		}
	}
	return out
}

// isStale reports whether one of the queries is marked.
func (s *shared) isStale(d *Device, queries []method.Query) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range queries {
		if s.stale[d][q.Key()] {
			return true
		}
	}
	return false
}
