package device

import "context"

// Vacuum is a robot vacuum as what it does most. It is built on the features
// "vacuum_start", "vacuum_pause", "vacuum_return_home", "vacuum_status",
// "vacuum_fan_speed", "clean_count" and "battery_level".
type Vacuum struct{ group }

// Vacuum gives the device as a vacuum; the error wraps
// [wattle.ErrUnsupported] where it is none.
func (d *Device) Vacuum() (*Vacuum, error) {
	g, err := d.grouped("vacuum_start", "vacuum")
	if err != nil {
		return nil, err
	}
	return &Vacuum{g}, nil
}

// Start begins to clean, or goes on.
func (v *Vacuum) Start(ctx context.Context) error { return v.d.Act(ctx, "vacuum_start") }

// Pause stops where it is.
func (v *Vacuum) Pause(ctx context.Context) error { return v.d.Act(ctx, "vacuum_pause") }

// ReturnHome sends it to its dock.
func (v *Vacuum) ReturnHome(ctx context.Context) error { return v.d.Act(ctx, "vacuum_return_home") }

// Status is what it does as of the last poll: cleaning, charging, ...
func (v *Vacuum) Status() (status string, ok bool) { return value[string](v.group, "vacuum_status") }

// Battery is its charge in %, as of the last poll.
func (v *Vacuum) Battery() (percent int, ok bool) { return value[int](v.group, "battery_level") }

// Suctions are the strengths that [Vacuum.SetSuction] takes.
func (v *Vacuum) Suctions() []string {
	r, _ := v.d.known().Reading("vacuum_fan_speed")
	return r.Choices
}

// SetSuction sets how strongly it cleans.
func (v *Vacuum) SetSuction(ctx context.Context, strength string) error {
	return v.set(ctx, "vacuum_fan_speed", strength)
}

// SetPasses sets how often it cleans each place, 1 to 3.
func (v *Vacuum) SetPasses(ctx context.Context, times int) error {
	return v.set(ctx, "clean_count", times)
}
