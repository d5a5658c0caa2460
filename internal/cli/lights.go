package cli

import (
	"context"
	"errors"
	"strconv"

	"wattle/device"
	"wattle/feature"
)

// lightLine is one of several lights as it is printed.
type lightLine struct {
	lightView
	MAC   string `json:"mac,omitempty"`
	Error string `json:"error,omitempty"`
}

// darkError is that of a device that is no light: it is left out where it was not
// named itself.
type darkError struct{ error }

func (e darkError) Unwrap() error { return e.error }

// lights changes lights, all at the same time, and shows them: one alone with all that
// it has, several with a line each. A nil change changes nothing.
func (a *app) lights(ctx context.Context, refs []string, c *lightChange) error {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	targets, err := a.resolve(ctx, refs)
	if err != nil {
		return err
	}
	if len(targets) == 1 && !targets[0].every {
		return a.oneLight(ctx, targets, func(ctx context.Context, d *opened, l *device.Light) error {
			if err := c.apply(ctx, d, l); err != nil {
				return err
			}
			if _, err := d.dev.Poll(ctx); err != nil || a.flags.quiet && !a.jsonWanted() {
				return err
			}
			return a.printLight(l, refs[0])
		})
	}
	views, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (device.LightState, error) {
		l, err := d.dev.Light()
		if err != nil {
			return device.LightState{}, darkError{err}
		}
		if err := c.apply(ctx, d, l); err != nil {
			return device.LightState{}, err
		}
		_, err = d.dev.Poll(ctx)
		return l.State(), err
	})
	out := []lightLine{}
	var failed []error
	t := &table{head: []string{"device", "state", "brightness", "shows", "colour"}, sparse: []string{"brightness", "shows", "colour"}}
	for i := range targets {
		_, dark := errors.AsType[darkError](errs[i])
		row := lightLine{lightView: lightView{Device: targets[i].name(), LightState: views[i]}, MAC: targets[i].mac()}
		switch err := errs[i]; {
		case targets[i].every && dark:
			continue
		case err != nil:
			row.Error = err.Error()
		default:
			t.add(a.lightCells(&row.lightView)...)
		}
		out = append(out, row)
		failed = append(failed, errs[i])
	}
	if len(out) == 0 {
		return &fault{subject: refs[0], err: errors.New("no light is there"), code: CodeNotFound, hint: `"wattle list" shows all devices`}
	}
	if a.jsonWanted() || !a.flags.quiet && len(t.rows) > 0 {
		if err := a.print(out, t); err != nil {
			return err
		}
	}
	return join(failed)
}

// lightCells are the line of a light.
func (a *app) lightCells(v *lightView) []cell {
	shows, colour := a.shows(v.Effect, v.Temperature, v.Color)
	return []cell{plain(v.Device), stateCell(v.On), percent(v.Brightness), shows, colour}
}

// percent is a brightness, empty where there is none.
func percent(brightness *int) cell {
	if brightness == nil {
		return plain("")
	}
	return plain(strconv.Itoa(*brightness) + " %")
}

// shows says what a light or a preset shows, an effect, a white in K or a colour, and
// the patch of it.
func (a *app) shows(effect string, kelvin *int, color *feature.HSV) (text, patch cell) {
	switch {
	case effect != "":
		return plain(effect), plain("")
	case kelvin != nil:
		return plain(strconv.Itoa(*kelvin) + " K"), a.swatch(func(int) (r, g, b uint8) { return feature.KelvinRGB(*kelvin) }, 4)
	case color != nil:
		return plain(hex(*color)), a.swatch(paintOf([]feature.HSV{*color}), 4)
	}
	return plain(""), plain("")
}

// withLight opens one device as a light.
func (a *app) withLight(ctx context.Context, ref string, do func(context.Context, *opened, *device.Light) error) error {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return err
	}
	if len(targets) != 1 {
		return usagef("name one light", "%q means %d devices", ref, len(targets))
	}
	return a.oneLight(ctx, targets, do)
}

func (a *app) oneLight(ctx context.Context, targets []target, do func(context.Context, *opened, *device.Light) error) error {
	_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
		l, err := d.dev.Light()
		if err != nil {
			return struct{}{}, err
		}
		err = do(ctx, d, l)
		if f, ok := errors.AsType[*fault](err); ok && f.subject == "" {
			f.subject = targets[0].name() // so that its hint is kept
		}
		return struct{}{}, err
	})
	return join(errs)
}
