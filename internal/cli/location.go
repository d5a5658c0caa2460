package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"wattle/device"
)

func newLocation(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "location DEVICE [LATITUDE LONGITUDE]",
		Short:             "Show or set where a device is, for sunrise and sunset",
		Example:           "wattle location heater\nwattle location heater 52.5200 13.4050\nwattle location heater -- -33.8568 151.2153",
		Long:              "In degrees; north and east are above 0. After -- a number may begin with a minus.",
		GroupID:           groupSetup,
		Args:              between(1, 3, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			var want *device.Location
			switch len(args) {
			case 2:
				return usagef("for example: "+firstExample(cmd)+" 52.52 13.405", "%s: a place has a latitude and a longitude", cmd.CommandPath())
			case 3:
				latitude, err1 := strconv.ParseFloat(args[1], 64)
				longitude, err2 := strconv.ParseFloat(args[2], 64)
				if err1 != nil || err2 != nil {
					return usagef("for example 52.52 13.405", "%q %q is not a place", args[1], args[2])
				}
				want = &device.Location{Latitude: latitude, Longitude: longitude}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			l, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (*device.Location, error) {
				if want != nil {
					if err := d.dev.SetLocation(ctx, *want); err != nil {
						return nil, err
					}
				}
				st, err := d.dev.Poll(ctx)
				if err != nil {
					return nil, err
				}
				if l, ok := st.Location(); ok {
					return &l, nil
				}
				return nil, nil
			})
			if err != nil {
				return err
			}
			text := "not told"
			if l != nil {
				text = fmt.Sprintf("%.4f %.4f", l.Latitude, l.Longitude)
			}
			table := &table{head: []string{"device", "place"}, bare: true}
			table.add(plain(t.name()), plain(text))
			return a.print(map[string]any{"device": t.name(), "location": l}, table)
		},
	}
}
