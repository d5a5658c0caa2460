package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

func newAlias(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "alias DEVICE NAME",
		Short: "Give a device another name",
		Example: `wattle alias 192.168.1.20 "Desk lamp"
wattle alias "Strip/Outlet 2" Coffee`,
		Long:              `The name is stored in the device; the apps show it as well.`,
		GroupID:           groupSwitch,
		Args:              exactly(2, "a device and its new name"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimSpace(args[1])
			if name == "" {
				return usagef("", "the new name is empty")
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args[:1])
			if err != nil {
				return err
			}
			if len(targets) != 1 {
				return usagef("name one device", "%q is %d devices", args[0], len(targets))
			}
			_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.rename(ctx, name)
			})
			if err := join(errs); err != nil {
				return err
			}
			a.say("%s is now %s", targets[0].name(), name)
			return nil
		},
	}
}
