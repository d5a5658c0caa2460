package history

import (
	"encoding/json"
	"sort"
	"time"

	"wattle/energy"
)

// Entry is one hour in the books of a meter.
type Entry struct {
	Hour time.Time // its start, in the zone of the history
	// Counted came from the steps of counters; Spread too, but over a time in
	// which nothing was read, so that its place is not sure.
	Counted, Spread Energy
	// Estimated was integrated from power, Filled came from the device's own
	// history.
	Estimated, Filled Energy
	// Replaced was estimated once, until something better was known.
	Replaced Energy
	// Device is what the device's own history says of the whole hour, nil while
	// it was not asked. It is there to compare; what was counted stands.
	Device *Energy
}

// Energy is what the books say of the hour.
func (e *Entry) Energy() Energy { return e.Counted + e.Spread + e.Estimated + e.Filled }

// MarshalJSON writes kWh.
func (e Entry) MarshalJSON() ([]byte, error) {
	v := struct {
		Hour      time.Time `json:"hour"`
		Energy    float64   `json:"energy_kwh"`
		Counted   float64   `json:"counted_kwh"`
		Spread    float64   `json:"spread_kwh,omitempty"`
		Estimated float64   `json:"estimated_kwh,omitempty"`
		Filled    float64   `json:"filled_kwh,omitempty"`
		Replaced  float64   `json:"replaced_estimate_kwh,omitempty"`
		Device    *float64  `json:"device_kwh"`
	}{
		e.Hour, e.Energy().KWh(), e.Counted.KWh(), e.Spread.KWh(), e.Estimated.KWh(),
		e.Filled.KWh(), e.Replaced.KWh(), nil,
	}
	if e.Device != nil {
		kwh := e.Device.KWh()
		v.Device = &kwh
	}
	return json.Marshal(v)
}

// Usage is the energy of a span: an hour, a day or a month.
type Usage struct {
	Start, End time.Time
	Energy     Energy
	// Estimated and Filled are parts of Energy that no counter of ours saw.
	Estimated, Filled Energy
	// Known is for how long of the span the books say anything: none where it
	// is 0.
	Known time.Duration
	// Incomplete: a part of the span is known to be missing.
	Incomplete bool
	Running    bool
}

// MarshalJSON writes kWh, and null where nothing is known.
func (u Usage) MarshalJSON() ([]byte, error) {
	v := struct {
		Start      time.Time `json:"start"`
		End        time.Time `json:"end"`
		Energy     *float64  `json:"energy_kwh"`
		Estimated  float64   `json:"estimated_kwh,omitempty"`
		Filled     float64   `json:"filled_kwh,omitempty"`
		Incomplete bool      `json:"incomplete,omitempty"`
		Running    bool      `json:"running,omitempty"`
	}{u.Start, u.End, nil, u.Estimated.KWh(), u.Filled.KWh(), u.Incomplete, u.Running}
	if u.Known > 0 {
		kwh := u.Energy.KWh()
		v.Energy = &kwh
	}
	return json.Marshal(v)
}

// Usages adds the books up by hour, day or month ([energy.Step]) of a zone, over
// whole buckets that cover a span. Errors wrap [wattle.ErrParam].
func Usages(by energy.Step, zone *time.Location, from, to, now time.Time, entries []Entry, spans []Span) ([]Usage, error) {
	grid, err := energy.Grid(energy.KilowattHour, by, from.In(zone), to.In(zone), now)
	if err != nil {
		return nil, err
	}
	out := make([]Usage, len(grid.Points))
	for i, p := range grid.Points {
		out[i] = Usage{Start: p.Start, End: p.End, Running: p.End.After(now) && !p.Start.After(now)}
	}
	at := func(t time.Time) int {
		return sort.Search(len(out), func(i int) bool { return out[i].End.After(t) })
	}
	for i := range entries {
		e := &entries[i]
		n := at(e.Hour)
		if n == len(out) || e.Hour.Before(out[n].Start) {
			continue
		}
		u := &out[n]
		u.Energy += e.Energy()
		u.Estimated += e.Estimated
		u.Filled += e.Filled
		u.Known += Hour.Next(e.Hour, zone).Sub(e.Hour)
	}
	for _, s := range spans {
		if s.Kind != Missing {
			continue
		}
		for n := at(s.From); n < len(out) && out[n].Start.Before(s.To); n++ {
			out[n].Incomplete = true
		}
	}
	return out, nil
}
