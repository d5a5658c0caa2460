package device

import (
	"context"
	"errors"
	"fmt"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// Vacuum is a robot vacuum. It is built on the features of the device
// ("vacuum_status", "vacuum_fan_speed", "battery_level", ...), and adds what is
// not a single value: rooms and zones, maps, records, parts that wear out and
// the hours in which it is quiet. See docs/protocol/smart.md section 13.
//
// Reading costs no I/O where a method takes no context: it tells what the last
// poll found. A Vacuum may be used by several goroutines. Errors of what a
// vacuum lacks wrap [wattle.ErrUnsupported].
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

// Start cleans the whole home. A vacuum that is paused goes on with what it was
// doing. An empty battery is refused with an error that says so.
func (v *Vacuum) Start(ctx context.Context) error {
	status, err := v.now(ctx)
	switch {
	case err != nil:
		return err
	case status == smart.VacuumPaused:
		return v.Resume(ctx)
	}
	return v.clean(ctx, smart.SwitchClean{Mode: smart.CleanHome})
}

// Pause stops where it is, also on its way to the dock.
func (v *Vacuum) Pause(ctx context.Context) error {
	status, err := v.now(ctx)
	switch {
	case err != nil:
		return err
	case status == smart.VacuumReturns:
		return v.send(do(ctx, v.d, smart.SetSwitchCharge, smart.SwitchCharge{}))
	}
	return v.send(do(ctx, v.d, smart.SetRobotPause, smart.Pause{Pause: true}))
}

// Resume goes on after a pause.
func (v *Vacuum) Resume(ctx context.Context) error {
	return v.send(do(ctx, v.d, smart.SetRobotPause, smart.Pause{}))
}

// ReturnHome sends it to its dock.
func (v *Vacuum) ReturnHome(ctx context.Context) error {
	return v.send(do(ctx, v.d, smart.SetSwitchCharge, smart.SwitchCharge{Charge: true}))
}

// Clean cleans some rooms of a map, see [Vacuum.Rooms], in their order.
func (v *Vacuum) Clean(ctx context.Context, mapID int, rooms ...int) error {
	if len(rooms) == 0 {
		return fmt.Errorf("%w: no room is named", wattle.ErrParam)
	}
	return v.clean(ctx, smart.SwitchClean{Mode: smart.CleanRooms, MapID: mapID, Rooms: rooms, StartType: 1})
}

// CleanZones cleans some zones that were drawn on a map, see [Vacuum.Map]. What
// is sent was inferred from how rooms are cleaned; no device was seen to take it.
func (v *Vacuum) CleanZones(ctx context.Context, mapID int, zones ...int) error {
	if len(zones) == 0 {
		return fmt.Errorf("%w: no zone is named", wattle.ErrParam)
	}
	return v.clean(ctx, smart.SwitchClean{Mode: smart.CleanZones, MapID: mapID, Areas: zones, StartType: 1})
}

// CleanSpot cleans around the place where it is. What is sent was inferred from
// how a home is cleaned; no device was seen to take it.
func (v *Vacuum) CleanSpot(ctx context.Context) error {
	return v.clean(ctx, smart.SwitchClean{Mode: smart.CleanSpot})
}

func (v *Vacuum) clean(ctx context.Context, p smart.SwitchClean) error {
	p.On, p.Order = true, true
	return v.send(do(ctx, v.d, smart.SetSwitchClean, p))
}

// now asks for the status: what was polled may be old.
func (v *Vacuum) now(ctx context.Context) (int, error) {
	s, err := ask(ctx, v.d, smart.GetVacStatus, method.None{})
	if s == nil {
		return 0, fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return s.Status.Or(-1), nil
}

// send has the status read anew by the next poll.
func (v *Vacuum) send(err error) error {
	v.d.stale(smart.GetVacStatus.Query(method.EveryPoll))
	if err != nil {
		return fmt.Errorf("%s: %w", v.d.label(), err)
	}
	return nil
}

// VacuumState is what a vacuum does. A nil field is unknown, or the vacuum does
// not have it.
type VacuumState struct {
	Status  string         `json:"status"`           // such as Cleaning or Charging; "" where it is not known
	Problem *VacuumProblem `json:"problem"`          // nil where nothing is wrong
	Battery *int           `json:"battery"`          // %
	Mode    string         `json:"mode,omitempty"`   // of the run under way: home, rooms, zones; "" where it does not say
	Working *bool          `json:"working"`          // a run is under way
	Area    *int           `json:"area"`             // of this run or the last one, in AreaUnit
	Unit    feature.Unit   `json:"area_unit"`        // [feature.SquareMetre], [feature.SquareFoot] or [feature.Ping]
	Minutes *int           `json:"minutes"`          // the same
	Percent *int           `json:"percent"`          // the same
	Suction string         `json:"suction"`          // see [Vacuum.Suctions]
	Passes  *int           `json:"passes"`           // how often it cleans each place
	Boost   *bool          `json:"carpet_boost"`     // more suction on carpets
	Mop     *bool          `json:"mop"`              // it is attached
	Water   string         `json:"water,omitempty"`  // see [Vacuum.WaterLevels]
	Volume  *int           `json:"volume,omitempty"` // %
	Dustbin string         `json:"dustbin,omitempty"`
}

// VacuumProblem is why a vacuum does not work.
type VacuumProblem struct {
	Code int    `json:"code"`
	Name string `json:"name,omitempty"` // "" for a code that is not known
	Text string `json:"text"`           // what is wrong, and what to do
}

// State polls, and tells what the vacuum does.
func (v *Vacuum) State(ctx context.Context) (VacuumState, error) {
	if _, err := v.d.Poll(ctx); err != nil {
		return VacuumState{}, err
	}
	g := v.group
	area, _ := v.d.known().Reading("clean_area")
	s := VacuumState{
		Problem: v.Problem(), Battery: reading[int](g, "battery_level"), Area: reading[int](g, "clean_area"), Unit: area.Unit,
		Percent: reading[int](g, "clean_progress"), Passes: reading[int](g, "clean_count"),
		Boost: reading[bool](g, "carpet_boost"), Mop: reading[bool](g, "mop_attached"), Volume: reading[int](g, "volume"),
	}
	s.Status, _ = v.Status()
	s.Suction, _ = value[string](g, "vacuum_fan_speed")
	s.Water, _ = value[string](g, "mop_waterlevel")
	s.Dustbin, _ = value[string](g, "dustbin_mode")
	if i := smart.GetCleanInfo.Result(v.d.known().view.Snapshot); i != nil {
		s.Minutes = pointer(i.Minutes)
	}
	run, err := ask(ctx, v.d, smart.GetCleanStatus, method.None{})
	var refused *wattle.DeviceError
	switch {
	case errors.As(err, &refused): // it does not tell
		return s, nil
	case run == nil:
		return s, err
	}
	s.Working = pointer(run.Working)
	if mode, ok := run.Mode.Get(); ok && run.Working.Or(false) {
		s.Mode = smart.CleanMode(mode).String()
	}
	return s, nil
}

// reading is the value of a feature as of the last poll, or nil.
func reading[T feature.Scalar](g group, id string) *T {
	if x, ok := value[T](g, id); ok {
		return &x
	}
	return nil
}

// Status is what it does as of the last poll: Cleaning, Charging, ...
func (v *Vacuum) Status() (status string, ok bool) { return value[string](v.group, "vacuum_status") }

// Problem is why it does not work as of the last poll, nil where nothing is
// wrong or nothing is known.
func (v *Vacuum) Problem() *VacuumProblem {
	s := smart.GetVacStatus.Result(v.d.known().view.Snapshot)
	if s == nil {
		return nil
	}
	code, ok := s.Error()
	if !ok || code == 0 {
		return nil
	}
	name, text, _ := smart.VacuumError(code)
	return &VacuumProblem{code, name, text}
}

// Battery is its charge in %, as of the last poll.
func (v *Vacuum) Battery() (percent int, ok bool) { return value[int](v.group, "battery_level") }
