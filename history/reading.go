package history

import (
	"fmt"
	"math"
	"strings"
	"time"

	"wattle"
	"wattle/feature"
)

// Energy is an amount of energy in milliwatt-hours. Whole numbers, so that what
// is added up in pieces is exactly the whole.
type Energy int64

// KilowattHour is 1 kWh.
const KilowattHour Energy = 1_000_000

// FromKWh rounds kilowatt-hours to an [Energy].
func FromKWh(kwh float64) Energy { return Energy(math.Round(kwh * float64(KilowattHour))) }

// KWh is the energy in kilowatt-hours.
func (e Energy) KWh() float64 { return float64(e) / float64(KilowattHour) }

// String is the energy in kWh with three digits.
func (e Energy) String() string { return fmt.Sprintf("%.3f kWh", e.KWh()) }

// Reading is what a meter says at one moment. What it does not say stays
// unknown; one counter or the power is enough.
type Reading struct {
	Device Device
	Time   time.Time // by our clock
	// Clock is what the device's clock showed, in its zone; zero where it is
	// not known, then Time in the zone of the history stands in.
	Clock time.Time
	// Total counts from the last reboot or erasure on, Today and Month from the
	// device's midnight; in kWh.
	Total, Today, Month feature.Value
	Power               feature.Value // W
}

// NewReading picks what concerns a meter out of what a device says.
func NewReading(d Device, at, clock time.Time, readings []feature.Reading) (r Reading, ok bool) {
	r = Reading{Device: d, Time: at, Clock: clock}
	for i := range readings {
		switch v := readings[i].Value; readings[i].ID {
		case "consumption_total":
			r.Total = v
		case "consumption_today":
			r.Today = v
		case "consumption_this_month":
			r.Month = v
		case "current_consumption":
			r.Power = v
		}
	}
	return r, r.Total.Known() || r.Today.Known() || r.Month.Known() || r.Power.Known()
}

// most is the largest counter that is believed, in kWh.
const most = 1e6

// Check says why a reading makes no sense, nil if it does. Errors wrap
// [wattle.ErrParam].
func (r *Reading) Check() error {
	if err := r.Device.Check(); err != nil {
		return err
	}
	if r.Time.Year() < 1970 || r.Time.Year() > 9999 || !r.Clock.IsZero() && (r.Clock.Year() < 1970 || r.Clock.Year() > 9999) {
		return fmt.Errorf("%w: %s: a reading of %s, its clock at %s: want a time from 1970 to 9999", wattle.ErrParam, r.Device, r.Time, r.Clock)
	}
	var bad []string
	for _, q := range []struct {
		name  string
		value feature.Value
	}{{"total", r.Total}, {"today", r.Today}, {"month", r.Month}, {"power", r.Power}} {
		if n, ok := q.value.Number(); q.value.Known() && (!ok || math.IsNaN(n) || math.Abs(n) > most) {
			bad = append(bad, fmt.Sprintf("%s %v", q.name, q.value))
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s: a meter does not say %s: want kWh and W up to %g", wattle.ErrParam, r.Device, strings.Join(bad, ", "), most)
	}
	return nil
}

// counter gives a counter of a reading; negative ones are not known.
func counter(v feature.Value) (Energy, bool) {
	n, ok := v.Number()
	if !ok || n < 0 {
		return 0, false
	}
	return FromKWh(n), true
}
