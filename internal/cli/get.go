package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/feature"
)

func newGet(a *app) *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:   "get DEVICE FEATURE...",
		Short: "Read single features of a device",
		Example: `wattle get "Desk lamp" brightness
wattle get heater current_consumption voltage --json`,
		Long: `One feature prints its value alone, fit for scripts; several print a table.
"wattle state DEVICE --all" lists the features that a device has. A set-up code is "[secret]" unless
--secrets is given.`,
		GroupID:           groupRead,
		Args:              atLeast(2, "a device and a feature"),
		ValidArgsFunction: a.completeDeviceFeatures,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args[:1])
			if err != nil {
				return err
			}
			shapes, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) {
				return d.poll(ctx, false)
			})
			if len(targets) > 1 {
				for i := range shapes {
					if secrets {
						shapes[i].reveal()
					}
				}
				return a.printMany(targets, shapes, errs, args[1:])
			}
			if err := join(errs); err != nil {
				return err
			}
			if secrets {
				shapes[0].reveal()
			}
			return a.printFeatures(&shapes[0], args[1:])
		},
	}
	cmd.Flags().BoolVar(&secrets, "secrets", false, "show the Matter and HomeKit codes in clear")
	return cmd
}

// printFeatures prints the wanted features of a device that was read.
func (a *app) printFeatures(s *shape, ids []string) error {
	values := map[string]feature.Value{}
	t := &table{head: []string{"feature", "value"}, bare: true}
	errs := make([]error, len(ids))
	for i, id := range ids {
		r, ok := s.read(id)
		switch {
		case !ok:
			errs[i] = noFeature(s, id)
		case r.Kind == feature.Action:
			errs[i] = &fault{subject: s.name(), err: fmt.Errorf("%s is an action and has no value", id), code: CodeUsage}
		case r.Err != nil && !r.Value.Known():
			errs[i] = &fault{subject: s.name(), err: fmt.Errorf("%s: %w", id, r.Err)}
		default:
			values[id] = r.Value
			t.add(plain(id), painted(r))
		}
	}
	if len(ids) == 1 && len(values) == 1 && a.format() == formatTable {
		r, _ := s.read(ids[0])
		value := &table{head: []string{"value"}, bare: true}
		if a.outTTY {
			value.add(painted(r))
		} else {
			value.add(plain(r.Value.String())) // no unit: it goes into a script
		}
		return value.write(a.out, a.outStyle, 0)
	}
	if len(values) > 0 {
		if err := a.print(values, t); err != nil {
			return err
		}
	}
	return join(errs)
}

// printMany prints features of several devices, those that have them.
func (a *app) printMany(targets []target, shapes []shape, errs []error, ids []string) error {
	type row struct {
		Device   string         `json:"device"`
		Features map[string]any `json:"features"`
	}
	rows := []row{}
	t := &table{head: []string{"device", "feature", "value"}}
	for i := range targets {
		if errs[i] != nil {
			if targets[i].every && errors.Is(errs[i], wattle.ErrUnsupported) {
				errs[i] = nil
			}
			continue
		}
		r := row{targets[i].name(), map[string]any{}}
		for _, id := range ids {
			if f, ok := shapes[i].read(id); ok && f.Value.Known() {
				r.Features[id] = f.Value
				t.add(plain(r.Device), plain(id), painted(f))
			}
		}
		if len(r.Features) > 0 {
			rows = append(rows, r)
		}
	}
	err := join(errs)
	if len(rows) == 0 && err == nil {
		return &fault{err: fmt.Errorf("none of these %d devices has %s", len(targets), strings.Join(ids, ", ")), code: CodeUnsupported}
	}
	if len(rows) > 0 && (!a.flags.quiet || a.jsonWanted()) {
		err = errors.Join(a.print(rows, t), err)
	}
	return err
}

// noFeature says that a device does not have a feature, and which it could be.
func noFeature(s *shape, id string) error {
	var ids []string
	for _, r := range s.readings {
		ids = append(ids, r.ID)
	}
	hint := meant(id, ids)
	if hint == "" {
		hint = fmt.Sprintf(`"wattle state %q --all" lists what it has`, s.name())
	}
	return &fault{subject: s.name(), err: fmt.Errorf("no feature %q: %w", id, wattle.ErrUnsupported), hint: hint}
}
