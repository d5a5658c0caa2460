package recorder

import (
	"time"

	"wattle/feature"
	"wattle/history"
	"wattle/hub"
	"wattle/method"
)

// maker makes samples of polls and events. It is used by one goroutine.
type maker struct {
	filter  history.Filter
	devices map[hub.ID]*memory
	asked   time.Time // when clock was called last
}

// memory is what is remembered of a device between two polls.
type memory struct {
	readings []feature.Reading // of the last poll
	at       time.Time         // of the last poll
	offline  bool
	whole    time.Time       // of the last poll that was gone through whole
	meter    history.Reading // that was kept last
}

// made is what becomes of what has come.
type made struct {
	history.Batch
	back []hub.ID // devices that are there again
}

// refusals are samples that make no sense.
type refusals struct {
	count uint64
	err   error // of the first
}

// clockJump is by how much the clock may be wrong from one look to the next
// before it counts as set by somebody.
const clockJump = 2 * time.Second

// clock notices when the clock of this computer is set, and by how much. Then
// everything is kept once more: what was kept is of another time.
func (m *maker) clock(now time.Time) (jumped time.Duration) {
	before := m.asked
	m.asked = now
	if before.IsZero() {
		return 0
	}
	// The difference of the clocks on the wall, less what really passed.
	jumped = now.Round(0).Sub(before.Round(0)) - now.Sub(before)
	if jumped.Abs() <= clockJump {
		return 0
	}
	m.filter = history.Filter{}
	return jumped
}

// batch makes samples of what has come, in its order.
func (m *maker) batch(list []taken) (made, refusals) {
	var out made
	var no refusals
	for i := range list {
		switch t := &list[i]; {
		case t.poll != nil:
			for _, v := range t.poll.Views {
				m.polled(&out, v, t.poll.At)
			}
		case t.event != nil:
			m.happened(&out, t.event, t.at)
		}
	}
	refuse := func(err error) {
		if no.count++; no.err == nil {
			no.err = err
		}
	}
	kept := out.Samples[:0]
	for i := range out.Samples {
		if err := out.Samples[i].Check(); err != nil {
			refuse(err)
			continue
		}
		kept = append(kept, out.Samples[i])
	}
	out.Samples = kept
	meters := out.Meters[:0]
	for i := range out.Meters {
		if err := out.Meters[i].Check(); err != nil {
			refuse(err)
			continue
		}
		meters = append(meters, out.Meters[i])
	}
	out.Meters = meters
	return out, no
}

// polled takes what a device or child said.
func (m *maker) polled(out *made, v *hub.View, at time.Time) {
	if v.State == nil {
		return
	}
	d := m.devices[v.ID]
	if d == nil {
		d = &memory{}
		m.devices[v.ID] = d
	}
	now, before := v.State.Readings(), d.readings
	whole := d.offline || at.Sub(d.whole).Abs() >= wholeEvery
	var fresh []feature.Reading // of its meter
	for i := range now {
		r := &now[i]
		old := earlier(before, i, r.ID)
		again := old == nil || !old.Time.Equal(r.Time) || old.Value.Known() != r.Value.Known()
		if again && isMeter(r.ID) {
			fresh = append(fresh, *r)
		}
		switch {
		case !again && !whole, !recorded(r):
			continue
		case !r.Value.Known() && (old == nil || !old.Value.Known()):
			continue
		case old != nil && runs(r, old):
			continue
		}
		s := sample(v.ID, r, at)
		if !again && r.Err == nil {
			s.Time = at // it was not asked again, and is believed
		}
		if m.filter.Take(&s, history.RuleFor(r.Meta)) {
			out.Samples = append(out.Samples, s)
		}
	}
	if len(fresh) > 0 {
		m.metered(out, d, v, at, fresh)
	}
	if whole {
		d.whole = at
	}
	d.readings, d.at, d.offline = now, at, false
}

// wholeEvery is how often values that are rarely asked for are looked at too:
// half of the shortest heartbeat.
const wholeEvery = history.DefaultHeartbeat / 2

// earlier is the reading of the poll before, which is mostly at the same place.
func earlier(before []feature.Reading, i int, id string) *feature.Reading {
	if i < len(before) && before[i].ID == id {
		return &before[i]
	}
	for i := range before {
		if before[i].ID == id {
			return &before[i]
		}
	}
	return nil
}

// recorded reports whether a feature has a value that may be kept.
func recorded(r *feature.Reading) bool {
	return r.Kind != feature.Action && r.Kind != feature.Event && !r.Secret
}

// runs reports whether a time has only gone on with the clock.
func runs(r, before *feature.Reading) bool {
	now, ok := feature.As[time.Time](r.Value)
	then, was := feature.As[time.Time](before.Value)
	return ok && was && !now.Equal(then) && !r.News(before)
}

// sample is a reading as a sample.
func sample(id hub.ID, r *feature.Reading, at time.Time) history.Sample {
	s := history.Sample{Key: history.Key{Device: id, Feature: r.ID}, Time: r.Time, Value: r.Value, Unit: r.Unit}
	if r.Time.IsZero() || r.Time.After(at) || !r.Value.Known() {
		s.Time = at
	}
	if r.Source == method.Cloud {
		s.Source = history.Cloud
	}
	return s
}

// ended makes what was known of a device unknown from its last poll on.
func (m *maker) ended(out *made, id hub.ID) {
	d := m.devices[id]
	if d == nil || d.offline {
		return
	}
	d.offline = true
	for i := range d.readings {
		r := &d.readings[i]
		if !recorded(r) || !r.Value.Known() {
			continue
		}
		s := history.Sample{Key: history.Key{Device: id, Feature: r.ID}, Time: d.at.Add(time.Millisecond), Unit: r.Unit}
		if m.filter.Take(&s, history.RuleFor(r.Meta)) {
			out.Samples = append(out.Samples, s)
		}
	}
}
