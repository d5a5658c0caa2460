package device

import (
	"context"
	"fmt"
	"slices"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
)

// wanted are the rows that settings may be about. Where only an answer tells
// which of several rows of an id a device has, all of them are.
type wanted struct {
	rows  [][]*feature.Feature // of each setting; none where a poll has to tell
	whole bool                 // one sends a whole object back
}

func (d *Device) wanted(settings []Setting) wanted {
	s := d.known()
	w := wanted{rows: make([][]*feature.Feature, len(settings))}
	for i, set := range settings {
		if row := s.row(set.ID); row != nil {
			w.rows[i] = []*feature.Feature{row}
		} else if !d.root().full.Load() {
			w.rows[i] = s.mayHave(set.ID)
		}
		w.whole = w.whole || slices.ContainsFunc(w.rows[i], func(f *feature.Feature) bool { return f.Whole })
	}
	return w
}

// mayHave are the rows of an id that apply.
func (s *State) mayHave(id string) []*feature.Feature {
	var out []*feature.Feature
	for _, row := range s.applying {
		if row.ID == id {
			out = append(out, row)
		}
	}
	return out
}

// readFor asks what has to be known before the settings can be made, and not
// more: whether the device has a feature, and objects that are sent back as a
// whole. The state that it gives is for that alone; nil means that only a poll
// tells.
func (d *Device) readFor(ctx context.Context, settings []Setting, w wanted) (*State, error) {
	s := d.known()
	var rows []*feature.Feature
	for i, set := range settings {
		unsure := s.row(set.ID) == nil
		if unsure && len(w.rows[i]) == 0 && !d.root().full.Load() {
			return nil, nil
		}
		for _, row := range w.rows[i] {
			if unsure || row.Whole && (d.State() == nil || d.shared.isStale(d, row.Queries)) {
				rows = append(rows, row)
			}
		}
	}
	queries := catalog.Queries(rows)
	if len(queries) == 0 {
		return s, nil
	}
	if d.parent != nil && slices.ContainsFunc(queries, func(q method.Query) bool { return q.Key() == d.base }) {
		return nil, nil // that is in the list of its parent
	}
	// How these fare says nothing about polls, which therefore need not be waited
	// for.
	asked := make([]*asking, len(queries))
	for i, q := range queries {
		asked[i] = &asking{q, &health{}}
	}
	snapshot, err := d.askAll(ctx, s.Snapshot(), asked)
	if err != nil {
		return nil, err
	}
	v := *s.view
	v.Snapshot = snapshot
	return &State{identity: s.identity, view: &v, applying: s.applying, rows: s.rows, readings: s.readings}, nil
}

// settable finds the rows of settings in a state, polling once where only the
// answers of a poll can tell whether the device has one. It gives the state that
// has them.
func (d *Device) settable(ctx context.Context, s *State, settings []Setting, w wanted) ([]*feature.Feature, *State, error) {
	out := make([]*feature.Feature, len(settings))
	for i, set := range settings {
		row := s.row(set.ID)
		if j := slices.IndexFunc(w.rows[i], func(f *feature.Feature) bool { return f.Exists(s.view) }); row == nil && j >= 0 {
			row = w.rows[i][j]
		}
		if row == nil && !d.root().full.Load() {
			if _, err := d.Poll(ctx); err != nil {
				return nil, nil, err
			}
			s = d.known()
			row = s.row(set.ID)
		}
		switch {
		case row == nil:
			return nil, nil, d.noFeature(set.ID)
		case row.Kind == feature.Action:
			return nil, nil, fmt.Errorf("%s: %w: it is an action, which is done and not set", set.ID, wattle.ErrUnsupported)
		}
		out[i] = row
	}
	return out, s, nil
}
