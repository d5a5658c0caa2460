package device

import (
	"slices"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// agenda is what a device is asked. It changes only when the rows do that the
// device may have, and so is not made at every poll.
type agenda struct {
	rows    []*feature.Feature
	kind    wattle.DeviceType
	made    bool
	base    int       // how many of all tell who the device is
	queries []*asking // those first, then what rows read from besides
}

// due are the queries that it is time for.
func (d *Device) due(v *feature.View, rows []*feature.Feature, full bool) []*asking {
	if p := &d.agenda; !p.made || p.kind != v.Type || !slices.Equal(p.rows, rows) {
		base := d.asking(d.baseQueries(v))
		*p = agenda{rows: rows, kind: v.Type, made: true, base: len(base)}
		p.queries = append(base, d.asking(d.rowQueries(v, rows))...)
	}
	queries := d.agenda.queries
	if !full {
		queries = queries[:d.agenda.base]
	}
	now := d.shared.now()
	stale := d.shared.takeStale(d, queries)
	out := make([]*asking, 0, len(queries))
	for _, q := range queries {
		if q.health.due(q.Pace, now) || stale[q.Key()] && !q.health.absent {
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

// rowQueries are what the rows of the device read from besides.
func (d *Device) rowQueries(v *feature.View, rows []*feature.Feature) []method.Query {
	var out []method.Query
	for _, q := range catalog.Queries(rows) {
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

// moduleQueries are what the rows of a state read from besides who the device
// is.
func (d *Device) moduleQueries(s *State) []method.Query { return d.rowQueries(s.view, s.applying) }

func queriesOf(asked []*asking) []method.Query {
	out := make([]method.Query, len(asked))
	for i, q := range asked {
		out[i] = q.Query
	}
	return out
}
