package device

import (
	"context"
	"strings"
)

// Energy is what a meter says, in the same units for every device. A nil field
// is unknown, which is not 0.
type Energy struct {
	Power   *float64 `json:"power,omitempty"`      // W, now
	Voltage *float64 `json:"voltage,omitempty"`    // V, now
	Current *float64 `json:"current,omitempty"`    // A, now
	Today   *float64 `json:"today,omitempty"`      // kWh since midnight of the device's clock
	Month   *float64 `json:"this_month,omitempty"` // kWh since the first of the month
	Past7   *float64 `json:"past7,omitempty"`      // kWh in seven days, today among them; Tapo only
	Past30  *float64 `json:"past30,omitempty"`     // kWh in thirty days; Tapo only
	Total   *float64 `json:"total,omitempty"`      // kWh since the counter was erased; Kasa only
}

// Energy gathers the energy readings of the state; ok is false for a device
// without a meter.
func (s *State) Energy() (e Energy, ok bool) {
	for id, to := range map[string]**float64{
		"current_consumption":    &e.Power,
		"voltage":                &e.Voltage,
		"current":                &e.Current,
		"consumption_today":      &e.Today,
		"consumption_this_month": &e.Month,
		"energy_past7":           &e.Past7,
		"energy_past30":          &e.Past30,
		"consumption_total":      &e.Total,
	} {
		// Lamps tell how much they used in days, and are no meters for that.
		ok = ok || s.find(id) >= 0 && !strings.HasPrefix(id, "energy_past")
		if n, known := s.Value(id).Number(); known {
			*to = &n
		}
	}
	return e, ok
}

// Energy polls and gives the energy readings; ok is false for a device
// without a meter.
func (d *Device) Energy(ctx context.Context) (e Energy, ok bool, err error) {
	s, err := d.Poll(ctx)
	if err != nil {
		return Energy{}, false, err
	}
	e, ok = s.Energy()
	return e, ok, nil
}
