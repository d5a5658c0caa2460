package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newReset(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "reset DEVICE",
		Short:   "Bring a device back to the state in which it left the factory",
		Example: "wattle reset \"Desk lamp\"\nwattle reset heater --yes",
		Long: `It forgets its network, account, name, rules and statistics, and is gone from this network until
somebody sets it up again ("wattle setup"). It cannot be undone. Asks on a terminal; elsewhere
--yes is needed.`,
		GroupID:           groupSetup,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := a.resolve(cmd.Context(), args)
			if err != nil {
				return err
			}
			if len(targets) != 1 {
				return usagef("name one device", "%q is %d devices", args[0], len(targets))
			}
			t := targets[0]
			if err := a.confirm(cmd.Context(), fmt.Sprintf("reset %s: all that it knows is lost", t.name()), yes); err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.dev.Reset(ctx)
			})
			if errs[0] == nil {
				a.say("%s was reset and waits to be set up", t.name())
			}
			return errs[0]
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
