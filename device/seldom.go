package device

import (
	"context"
	"slices"
	"time"

	"wattle/method"
)

// Seldom asks one thing that polls leave to others ([method.OnRequest]), such as whether
// there is newer firmware: the first that the device or a child of it says it has and
// that was not asked for a while. It is a message of its own, for which a device may ask
// its cloud for seconds; polls and commands do not wait for Seldom, but the session
// carries one message at a time. An answer is in the next [Device.State]; where none
// came it counts as asked, and what was known stays. more says whether another thing is
// due. See docs/protocol/smart.md section 2.
func (d *Device) Seldom(ctx context.Context, every time.Duration) (more bool, err error) {
	root := d.root()
	of, q, more, err := root.overdue(ctx, every)
	if of == nil || err != nil {
		return false, err
	}
	asked := []*asking{q}
	calls := []method.Call{q.At(of.localTime(d.shared.now()))}
	results, err := of.Call(ctx, calls...)
	if err != nil {
		return more, err
	}
	if err := d.shared.lock(ctx); err != nil {
		return more, err
	}
	defer d.shared.unlock()
	now := d.shared.now()
	if err := results[0].Err; err != nil {
		q.health.note(err, now)
		return more, err
	}
	before := of.known().Snapshot()
	snapshot := before.WithTaken(before.Time(), of.answers(before, asked, calls, results, now))
	if of == root {
		return more, root.conclude(ctx, snapshot, false)
	}
	v := of.view(snapshot, root.known().view)
	of.state.Store(of.evaluate(v, identify(v)))
	return more, root.conclude(ctx, root.known().Snapshot(), false)
}

// overdue finds what Seldom asks, and marks it as asked; nil where there is nothing.
func (d *Device) overdue(ctx context.Context, every time.Duration) (of *Device, q *asking, more bool, err error) {
	if err := d.shared.lock(ctx); err != nil {
		return nil, nil, false, err
	}
	defer d.shared.unlock()
	now := d.shared.now()
	for _, each := range append([]*Device{d}, d.Children()...) {
		s := each.known()
		if s == nil || each.caller == nil {
			continue
		}
		queries := slices.DeleteFunc(each.moduleQueries(s), func(q method.Query) bool { return q.Pace != method.OnRequest })
		for _, a := range each.asking(queries) {
			if h := a.health; h.absent || !h.asked.IsZero() && now.Sub(h.asked) < every {
				continue
			}
			if of != nil {
				return of, q, true, nil
			}
			of, q = each, a
			q.health.asked = now
		}
	}
	return of, q, false, nil
}
