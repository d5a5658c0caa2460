package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newReboot(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "reboot DEVICE",
		Short:   "Restart a device",
		Example: "wattle reboot \"Desk lamp\"\nwattle reboot strip --yes",
		Long: `The device is away for some ten seconds, and what it switches may be without power meanwhile.
Asks on a terminal; elsewhere --yes is needed.`,
		GroupID:           groupSwitch,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := a.resolve(cmd.Context(), args)
			if err != nil {
				return err
			}
			for _, t := range targets {
				if err := a.confirm(cmd.Context(), fmt.Sprintf("restart %s", t.name()), yes); err != nil {
					return err
				}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.dev.Reboot(ctx, time.Second)
			})
			for i, t := range targets {
				if errs[i] == nil {
					a.say("%s restarts", t.name())
				}
			}
			return join(errs)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
