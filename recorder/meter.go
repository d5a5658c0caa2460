package recorder

import (
	"time"

	"wattle/feature"
	"wattle/history"
	"wattle/hub"
)

// meterRest is after how long the reading of a meter is kept although no counter
// has moved: well below [history.MaxStep].
const meterRest = 30 * time.Second

func isMeter(id string) bool {
	switch id {
	case "consumption_total", "consumption_today", "consumption_this_month", "current_consumption":
		return true
	}
	return false
}

// metered makes a reading of what a meter has just said. Values of an earlier
// poll are left out: at midnight they belong to another day than the clock.
func (m *maker) metered(out *made, d *memory, v *hub.View, at time.Time, fresh []feature.Reading) {
	asked := time.Time{}
	for i := range fresh {
		if fresh[i].Time.After(asked) {
			asked = fresh[i].Time
		}
	}
	if asked.IsZero() || asked.After(at) {
		asked = at
	}
	clock := v.State.DeviceTime()
	if !clock.IsZero() {
		clock = clock.Add(asked.Sub(v.State.Time()))
	}
	r, ok := history.NewReading(v.ID, asked, clock, fresh)
	if !ok {
		return
	}
	counts := r.Total.Known() || r.Today.Known() || r.Month.Known()
	if counts && !moved(&r, &d.meter) && asked.Sub(d.meter.Time) < meterRest && !asked.Before(d.meter.Time) {
		return
	}
	out.Meters = append(out.Meters, r)
	r.Total, r.Today, r.Month = either(r.Total, d.meter.Total), either(r.Today, d.meter.Today), either(r.Month, d.meter.Month)
	d.meter = r
}

// moved reports whether a counter says something else than before.
func moved(r, before *history.Reading) bool {
	for _, c := range [][2]feature.Value{{r.Total, before.Total}, {r.Today, before.Today}, {r.Month, before.Month}} {
		if c[0].Known() && !c[0].Equal(c[1]) {
			return true
		}
	}
	return false
}

func either(now, before feature.Value) feature.Value {
	if now.Known() {
		return now
	}
	return before
}
