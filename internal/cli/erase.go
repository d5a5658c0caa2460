package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newEnergyErase(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "erase DEVICE...",
		Short:   "Make a device forget the energy that it counted",
		Example: "wattle energy erase heater\nwattle energy erase \"Media strip\" --yes",
		Long: `Days, months, hours and sums are gone for good, on a strip those of all outlets. Asks on a
terminal; elsewhere --yes is needed.`,
		Args:              atLeast(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := a.resolve(cmd.Context(), args)
			if err != nil {
				return err
			}
			for _, t := range targets {
				if err := a.confirm(cmd.Context(), fmt.Sprintf("erase the energy history of %s for good", t.name()), yes); err != nil {
					return err
				}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.dev.EraseEnergy(ctx)
			})
			for i, t := range targets {
				if errs[i] == nil {
					a.say("%s has forgotten its energy", t.name())
				}
			}
			return join(errs)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
