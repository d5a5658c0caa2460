package reference

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/feature"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
	"wattle/transport"
)

// An Example is an embedded device, or a child of one, with what it answers.
type Example struct {
	Capture  *capture.File
	Info     simulator.Info // of the device that has the connection
	State    *device.State
	View     *feature.View
	Children []*Example
	Waiting  bool // to be paired
	Can      []Ability
}

// Examples opens and polls all embedded devices, without a network.
func Examples(ctx context.Context) ([]*Example, error) {
	var out []*Example
	for i, file := range homes.Demo() {
		e, err := open(ctx, file, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		out = append(out, e)
	}
	// Those that wait to be paired are put behind a hub of their own.
	for i, file := range homes.Children() {
		if slices.ContainsFunc(all(out), func(e *Example) bool { return e.is(file) }) {
			continue
		}
		e, err := open(ctx, file, len(out)+i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		for _, child := range e.Children {
			child.Waiting = true
		}
		out = append(out, e.Children...)
	}
	return out, nil
}

// is reports whether the example was made of a capture of a child.
func (e *Example) is(child *capture.File) bool {
	id := e.State.Identity()
	return child.Name == fmt.Sprintf("%s_%s_%s", id.Model, id.Hardware, id.Firmware)
}

func open(ctx context.Context, file *capture.File, index int) (*Example, error) {
	virtual, err := simulator.New(file, &simulator.DeviceOptions{
		Library: homes.Library(), KeepIDs: true, Index: index, Now: now,
	})
	if err != nil {
		return nil, err
	}
	info := virtual.Info()
	s := session.New(&wire{virtual, info.Route}, file.Family, nil)
	defer s.Close()
	d, err := device.New(ctx, s, file.Family, &device.Options{Now: now})
	if err != nil {
		return nil, err
	}
	state, err := d.Poll(ctx)
	if err != nil {
		return nil, err
	}
	e := example(file, info, state, nil)
	e.try(ctx, d)
	return e, nil
}

// now is the time of all examples, so that the manual is the same every day.
func now() time.Time { return time.Date(2025, time.October, 5, 12, 30, 0, 0, time.UTC) }

// example puts together what rows see of a device and of its children.
func example(file *capture.File, info simulator.Info, state *device.State, parent *feature.View) *Example {
	id := state.Identity()
	e := &Example{
		Capture: file, Info: info, State: state,
		View: &feature.View{Family: id.Family, Type: id.Type, Components: id.Components, Snapshot: state.Snapshot(), Parent: parent},
	}
	if parent != nil {
		e.View.Child = id.DeviceID
	}
	for _, child := range state.Children() {
		c := example(nil, info, child, e.View)
		e.Children = append(e.Children, c)
		e.View.Children = append(e.View.Children, c.View)
	}
	return e
}

// all are the examples and their children.
func all(examples []*Example) (out []*Example) {
	for _, e := range examples {
		out = append(append(out, e), all(e.Children)...)
	}
	return out
}

// wire carries messages to a simulated device without a transport between:
// Exchange and Handle are mirror images.
type wire struct {
	*simulator.Device
	route wattle.Route
}

func (w *wire) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	return w.Handle(ctx, request)
}
func (w *wire) Info() transport.Info { return transport.Info{Route: w.route} }
func (*wire) Reset()                 {}
func (*wire) Close() error           { return nil }
