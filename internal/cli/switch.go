package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"wattle"
)

// turn is what on, off and toggle do to a state.
type turn uint8

const (
	turnOn turn = iota
	turnOff
	turnOver
)

func newOn(a *app) *cobra.Command {
	return newSwitch(a, "on", turnOn, "Switch devices on", `wattle on "Desk lamp"
wattle on desk heater "Strip/Outlet 2"
wattle on 192.168.1.20`)
}

func newOff(a *app) *cobra.Command {
	return newSwitch(a, "off", turnOff, "Switch devices off", `wattle off "Desk lamp"
wattle off all`)
}

func newToggle(a *app) *cobra.Command {
	return newSwitch(a, "toggle", turnOver, "Switch devices to the other state", `wattle toggle "Desk lamp"`)
}

func newSwitch(a *app, name string, to turn, short, example string) *cobra.Command {
	return &cobra.Command{
		Use:     name + " DEVICE...",
		Short:   short,
		Example: example,
		Long: `Several devices are switched at the same time; "all" leaves out what cannot be
switched. "wattle help devices" says how to name them.`,
		GroupID:           groupSwitch,
		Args:              atLeast(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.switchDevices(cmd.Context(), args, to)
		},
	}
}

// switched is the result for one device.
type switched struct {
	Device string `json:"device"`
	MAC    string `json:"mac,omitempty"`
	State  *bool  `json:"state"`
	Error  string `json:"error,omitempty"`
}

func (a *app) switchDevices(ctx context.Context, refs []string, to turn) error {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	targets, err := a.resolve(ctx, refs)
	if err != nil {
		return err
	}
	states, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (bool, error) {
		return d.turn(ctx, to)
	})
	out := []switched{}
	t := &table{head: []string{"device", "state"}, bare: true}
	for i, target := range targets {
		row := switched{Device: target.name(), MAC: target.mac()}
		switch err := errs[i]; {
		case err != nil && target.every && errors.Is(err, wattle.ErrUnsupported):
			errs[i] = nil
			continue
		case err != nil:
			row.Error = err.Error()
		default:
			row.State = &states[i]
			t.add(plain(row.Device), stateCell(&states[i]))
		}
		out = append(out, row)
	}
	if !a.flags.quiet || a.jsonWanted() {
		if err := a.print(out, t); err != nil {
			return err
		}
	}
	return join(errs)
}

// stateCell is "on", "off", or "-" where it is not known.
func stateCell(on *bool) cell {
	switch {
	case on == nil:
		return dimmed("-")
	case *on:
		return cell{"on", style.green}
	}
	return dimmed("off")
}
