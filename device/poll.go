package device

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
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
	queries := root.due(before.view, full)
	snapshot, err := root.ask(ctx, before.view.Snapshot, queries...)
	if err != nil {
		d.shared.markStale(root, queries)
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

// due are the queries that it is time for.
func (d *Device) due(v *feature.View, full bool) []method.Query {
	queries := d.baseQueries(v)
	if full {
		queries = append(queries, d.moduleQueries(v)...)
	}
	now := d.shared.now()
	stale := d.shared.takeStale(d, queries)
	out := queries[:0]
	for _, q := range queries {
		h := d.health(q.Key())
		if h.due(q.Pace, now) || stale[q.Key()] && !h.absent {
			out = append(out, q)
		}
	}
	return out
}

// baseQueries tell who the device is, what is on, and who is behind it.
func (d *Device) baseQueries(v *feature.View) []method.Query {
	switch {
	case d.parent != nil:
		return nil // the parent's list has it
	case d.family == wattle.IOT:
		return []method.Query{iot.GetSysinfo.Query(method.EveryPoll)}
	}
	out := []method.Query{smart.GetDeviceInfo.Query(method.EveryPoll)}
	if d.components["child_device"] > 0 {
		pace := method.EveryDay
		if v.Type == wattle.Hub { // its children come and go
			pace = method.EveryPoll
		}
		out = append(out, smart.GetChildList.Query(method.EveryPoll), smart.GetChildComponents.Query(pace))
	}
	return out
}

// moduleQueries are what the rows of the device read from besides.
func (d *Device) moduleQueries(v *feature.View) []method.Query {
	var out []method.Query
	for _, q := range catalog.Queries(catalog.For(v)) {
		if q.Key() == d.base {
			continue
		}
		if d.parent != nil && v.Parent.Type == wattle.Hub {
			// Battery devices sleep, and their state is in the hub's list
			// (docs/protocol/smart.md section 1.4). It keeps their logs as well.
			if q.Key() != smart.GetTriggerLogs.Key() {
				q.Pace = max(q.Pace, method.EveryDay)
			}
		}
		out = append(out, q)
	}
	return out
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
	if err := d.same(v); err != nil {
		return err
	}
	children := d.Children()
	if entries, ok := d.list(snapshot); ok {
		children = d.adopt(entries)
		for i, c := range children {
			cv, err := c.listen(ctx, entries[i], v, snapshot.Time(), full)
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
	d.publish(v, children)
	return nil
}

// same refuses another device than the one that was opened.
func (d *Device) same(v *feature.View) error {
	before := d.known()
	if before == nil {
		return nil
	}
	was, is := before.identity, identify(v)
	if !was.MAC.IsZero() && !is.MAC.IsZero() && was.MAC != is.MAC {
		return fmt.Errorf("%w: %s (%s) instead of %s (%s)", wattle.ErrIdentity, is.Label(), is.MAC, was.Label(), was.MAC)
	}
	return nil
}

// publish evaluates views, children first, and shows the new states.
func (d *Device) publish(v *feature.View, children []*Device) {
	states := make([]*State, len(children))
	for i, c := range children {
		states[i] = evaluate(v.Children[i], c.existing)
	}
	s := evaluate(v, d.existing)
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
	d.children.Store(&children)
}

// adopt gives a Device for each listed child: the one there was, or a new one.
// Entries with the id of an earlier one are dropped by list.
func (d *Device) adopt(entries []listed) []*Device {
	known := map[string]*Device{}
	for _, c := range d.Children() {
		known[c.child] = c
	}
	children := make([]*Device, len(entries))
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
		if e.components != nil {
			c.components = e.components
		}
		children[i] = c
	}
	return children
}

// listen takes what the parent says of a child and, with full, asks the child
// for the rest. The view is good also where it comes with an error: the child did
// not answer, and the parent's list still tells most.
func (d *Device) listen(ctx context.Context, e listed, parent *feature.View, at time.Time, full bool) (*feature.View, error) {
	snapshot := method.NewSnapshot(at, parent.Snapshot.Source(), nil)
	if before := d.known(); before != nil {
		snapshot = before.view.Snapshot
	}
	a := method.Answer{Raw: e.raw, Time: at}
	switch d.family {
	case wattle.IOT:
		if o, err := iot.GetOutlet.Decode(e.raw); o != nil {
			a.Value, a.Err = o, err
		}
	case wattle.SMART:
		if i, err := smart.GetDeviceInfo.Decode(e.raw); i != nil {
			a.Value, a.Err = i, err
		}
	}
	snapshot = snapshot.With(at, map[string]method.Answer{d.base: a})
	v := d.view(snapshot, parent)
	if !full || d.caller == nil {
		return v, nil
	}
	queries := d.due(v, true)
	asked, err := d.ask(ctx, snapshot, queries...)
	if err == nil {
		return d.view(asked, parent), nil
	}
	d.shared.log.Debug("child does not answer", slog.String("child", d.child), slog.Any("err", err))
	now := d.shared.now()
	failed := make(map[string]method.Answer, len(queries))
	for _, q := range queries {
		h := d.health(q.Key())
		h.note(err, now)
		h.notBefore = now.Add(time.Duration(h.failures) * pausePer) // it may sleep
		failed[q.Key()] = method.Answer{Call: q.Call, Err: err, Time: now}
	}
	return d.view(snapshot.With(now, failed), parent), err
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
func (s *shared) takeStale(d *Device, queries []method.Query) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
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
