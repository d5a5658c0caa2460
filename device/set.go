package device

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method"
)

// Set gives a feature a new value: a bool, a number, a text, a [feature.HSV],
// a [feature.Value], or what JSON decodes to. The value is checked against
// what the device says is allowed before anything is sent.
//
// The state shows the new value after the next poll; see [Options.Verify].
// Errors wrap [wattle.ErrUnsupported] where the device does not have the
// feature or it cannot be set, [wattle.ErrParam] for a value that is not
// allowed, or what the device answered.
func (d *Device) Set(ctx context.Context, id string, v any) error {
	return d.SetMany(ctx, Setting{id, v})
}

// SetText is [Device.Set] with a value as a person types it: on, 50, 30%,
// "#ff8800", "warm".
func (d *Device) SetText(ctx context.Context, id, text string) error { return d.Set(ctx, id, text) }

// Setting is one new value for [Device.SetMany].
type Setting struct {
	ID    string
	Value any // see [Device.Set]
}

// SetMany gives several features new values. All are checked before anything
// is sent; settings that go by the same method are sent as one call, so that a
// lamp does not show a state in between, where the method can take them together. When the device refuses one call the
// further ones are still sent, and the first refusal is returned.
func (d *Device) SetMany(ctx context.Context, settings ...Setting) error {
	if len(settings) == 0 {
		return nil
	}
	w := d.wanted(settings)
	if w.whole {
		if err := take(ctx, d.shared.changing); err != nil {
			return err
		}
		defer func() { <-d.shared.changing }()
	}
	s, err := d.readFor(ctx, settings, w)
	if err != nil {
		return err
	}
	if s == nil {
		if _, err := d.Poll(ctx); err != nil {
			return err
		}
		s = d.known()
	}
	rows, s, err := d.settable(ctx, s, settings, w)
	if err != nil {
		return err
	}
	err = d.apply(ctx, s, rows, settings)
	if errors.Is(err, feature.ErrNotPolled) {
		if _, err := d.Poll(ctx); err != nil {
			return err
		}
		err = d.apply(ctx, d.known(), rows, settings)
	}
	if err != nil || !d.shared.options.Verify {
		return err
	}
	return d.verify(ctx, rows, settings)
}

// noFeature says that the device does not have a feature, and what is like it.
func (d *Device) noFeature(id string) error {
	var like []string
	for _, r := range d.known().readings {
		if id != "" && (strings.Contains(r.ID, id) || strings.Contains(id, r.ID)) {
			like = append(like, r.ID)
		}
	}
	hint := ""
	if len(like) > 0 {
		hint = "; it has " + strings.Join(like, ", ")
	}
	return fmt.Errorf("%w: %s has no feature %q%s", wattle.ErrUnsupported, d.label(), id, hint)
}

// target is where the calls of a row go.
func (d *Device) target(row *feature.Feature) *Device {
	if row.OnParent && d.parent != nil {
		return d.parent
	}
	return d
}

// apply makes the calls of all settings, joins them and sends them.
func (d *Device) apply(ctx context.Context, s *State, rows []*feature.Feature, settings []Setting) error {
	calls, err := d.plan(s, rows, settings)
	if err != nil {
		return err
	}
	return d.send(ctx, rows, calls)
}

// plan makes the calls of all settings and joins them, for each device that
// they go to.
func (d *Device) plan(s *State, rows []*feature.Feature, settings []Setting) (map[*Device][]method.Call, error) {
	calls := map[*Device][]method.Call{}
	order := make([]int, len(rows))
	values := make([]feature.Value, len(rows))
	for i, row := range rows {
		order[i] = i
		var err error
		if values[i], err = row.Convert(s.view, settings[i].Value); err != nil {
			return nil, err
		}
	}
	// What turns the device off goes last, so that a brightness that would turn
	// it on does not win; what turns it on goes first.
	slices.SortStableFunc(order, func(a, b int) int {
		return rank(rows[a], values[a]) - rank(rows[b], values[b])
	})
	for _, i := range order {
		made, err := rows[i].Set(s.view, values[i])
		if err != nil {
			return nil, err
		}
		to := d.target(rows[i])
		var present json.RawMessage
		if rows[i].Whole {
			of := s
			if to != d {
				of = to.known()
			}
			present = of.Snapshot().Raw(rows[i].Queries[0].Key())
		}
		for _, c := range made {
			if rows[i].Apart {
				calls[to] = append(calls[to], c)
			} else {
				calls[to] = join(calls[to], c, present)
			}
		}
	}
	return calls, nil
}

// send makes planned calls; the first refusal comes back when all are made.
func (d *Device) send(ctx context.Context, rows []*feature.Feature, calls map[*Device][]method.Call) error {
	var first error
	for _, to := range []*Device{d, d.parent} {
		if len(calls[to]) == 0 {
			continue
		}
		results, err := to.Call(ctx, calls[to]...)
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != nil && first == nil {
				first = r.Err
			}
		}
	}
	for _, row := range rows {
		d.shared.markStale(d, row.Queries)
	}
	return first
}

func rank(row *feature.Feature, v feature.Value) int {
	if row.ID != "state" {
		return 0
	}
	if on, _ := v.Bool(); on {
		return -1
	}
	return 1
}

// join adds a call to others: its parameters go into an earlier call of the
// same method. For a call that sends a whole object back, present is that object:
// what only repeats it does not undo what an earlier call changes.
func join(calls []method.Call, c method.Call, present json.RawMessage) []method.Call {
	i := slices.IndexFunc(calls, func(e method.Call) bool {
		return e.Key() == c.Key() && e.Effect == method.Absolute && c.Effect == method.Absolute
	})
	var old, added, now map[string]json.RawMessage
	if i < 0 || json.Unmarshal(calls[i].Params, &old) != nil || json.Unmarshal(c.Params, &added) != nil {
		return append(calls, c)
	}
	_ = json.Unmarshal(present, &now)
	merged := maps.Clone(old)
	for key, value := range added {
		if _, taken := old[key]; taken && now[key] != nil && bytes.Equal(value, now[key]) {
			continue
		}
		merged[key] = value
	}
	params, err := json.Marshal(merged)
	if err != nil {
		return append(calls, c)
	}
	calls[i].Params = params
	return calls
}

// verify polls and compares.
func (d *Device) verify(ctx context.Context, rows []*feature.Feature, settings []Setting) error {
	s, err := d.Poll(ctx)
	if err != nil {
		return err
	}
	for i, row := range rows {
		want, err := row.Convert(s.view, settings[i].Value)
		if err != nil {
			return err
		}
		if got := s.Value(row.ID); got.Known() && !same(want, got) {
			return fmt.Errorf("%s: %w: it was set to %v, but the device says %v", row.ID, wattle.ErrRefused, want, got)
		}
	}
	return nil
}

func same(a, b feature.Value) bool {
	x, ok := a.Number()
	y, also := b.Number()
	if ok && also {
		return math.Abs(x-y) < 1e-6
	}
	return a.Equal(b)
}

// Act does an action, such as "reboot".
func (d *Device) Act(ctx context.Context, id string) error {
	s := d.known()
	row := s.row(id)
	if row == nil {
		return d.noFeature(id)
	}
	if id == pairAction { // more than one message
		_, err := d.Pair(ctx)
		return err
	}
	calls, err := row.Do(s.view)
	if err != nil {
		return err
	}
	if len(calls) > 0 {
		results, err := d.target(row).Call(ctx, calls...)
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != nil {
				return r.Err
			}
		}
	}
	if len(row.Queries) > 0 {
		d.shared.markStale(d, row.Queries)
		_, err = d.Poll(ctx)
	}
	return err
}

// SetOn turns the device on or off. A strip turns all its outlets; what is behind
// a hub are devices of their own.
func (d *Device) SetOn(ctx context.Context, on bool) error {
	if d.known().row("state") != nil || len(d.Children()) == 0 || d.Identity().Type == wattle.Hub {
		return d.Set(ctx, "state", on)
	}
	var errs []error
	turned := false
	for _, c := range d.Children() {
		if c.known().row("state") == nil {
			continue
		}
		turned = true
		errs = append(errs, c.SetOn(ctx, on))
	}
	if !turned {
		return d.noFeature("state")
	}
	return errors.Join(errs...)
}

// Toggle turns the device off where it is on, else on, and tells which. It
// reads the state first and sets the opposite, so that a repeated message does
// no harm.
func (d *Device) Toggle(ctx context.Context) (on bool, err error) {
	s, err := d.Refresh(ctx)
	if err != nil {
		return false, err
	}
	was, known := s.On()
	if !known {
		return false, d.noFeature("state")
	}
	return !was, d.SetOn(ctx, !was)
}
