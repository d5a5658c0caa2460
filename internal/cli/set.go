package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

// assignment is FEATURE=VALUE.
type assignment struct{ id, text string }

func newSet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set DEVICE FEATURE=VALUE...",
		Short: "Change features of a device",
		Example: `wattle set "Desk lamp" brightness=40
wattle set "Desk lamp" brightness=40 color_temperature=2700
wattle set bedroom hsv=30,100,80 state=on
wattle set heater auto_off_enabled=yes auto_off_minutes=90`,
		Long: `Several features are set with as few requests as the device allows. Switches
take on and off (or yes/no, true/false, 1/0); a choice takes the beginning of its
text; a colour is hue,saturation,value or #rrggbb or a name. What is out of
range is refused before anything is sent.`,
		GroupID:           groupSwitch,
		Args:              atLeast(2, "a device and FEATURE=VALUE"),
		ValidArgsFunction: a.completeAssignments,
		RunE: func(cmd *cobra.Command, args []string) error {
			var wanted []assignment
			for _, arg := range args[1:] {
				id, text, ok := strings.Cut(arg, "=")
				if !ok || id == "" {
					return usagef("for example: "+firstExample(cmd), "%q is not FEATURE=VALUE", arg)
				}
				wanted = append(wanted, assignment{strings.TrimSpace(id), text})
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args[:1])
			if err != nil {
				return err
			}
			shapes, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) {
				return d.set(ctx, wanted)
			})
			ids := make([]string, len(wanted))
			for i, w := range wanted {
				ids[i] = w.id
			}
			if len(targets) > 1 {
				return a.printMany(targets, shapes, errs, ids)
			}
			if err := join(errs); err != nil {
				return err
			}
			if a.flags.quiet && !a.jsonWanted() {
				return nil
			}
			return a.printFeatures(&shapes[0], ids)
		},
	}
}
