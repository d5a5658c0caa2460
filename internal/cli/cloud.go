package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

func newCloud(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "cloud DEVICE [bind | unbind]",
		Short: "Show the cloud connection of a device, bind it or take it away",
		Example: `wattle cloud heater
wattle cloud heater unbind
wattle cloud heater bind --yes`,
		Long: `"bind" gives the device to the stored account ("wattle auth login"). A Tapo device takes only this
e-mail and password from then on, and nobody checks them: a mistake locks you out until a factory
reset. "unbind" takes a Kasa device away from its account; it works on in the local network. Both
ask on a terminal; elsewhere --yes is needed.`,
		GroupID:           groupSetup,
		Args:              between(1, 2, "a device"),
		ValidArgsFunction: a.completeDeviceThen(func([]notedFeature) []string { return []string{"bind", "unbind"} }),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			if len(args) == 2 {
				return a.changeCloud(ctx, cmd, args[0], args[1], yes)
			}
			c, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (device.Cloud, error) { return d.dev.Cloud(ctx) })
			if err != nil {
				return err
			}
			v := &cloudView{c.Connected, c.Bound, c.Account, c.Server}
			table := &table{head: []string{"device", "cloud"}, bare: true}
			table.add(plain(t.name()), plain(cloudText(v)))
			return a.print(v, table)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) changeCloud(ctx context.Context, cmd *cobra.Command, ref, what string, yes bool) error {
	var account wattle.Credentials
	var err error
	question, done := "take %s away from its account", "%s belongs to no account now"
	switch what {
	case "unbind":
	case "bind":
		if account, err = a.account(ctx); err != nil {
			return err
		}
		question, done = "give %s to "+account.Username, "%s belongs to "+account.Username+" now"
	default:
		return usagef(meant(what, []string{"bind", "unbind"}), "%s: want bind or unbind", cmd.CommandPath())
	}
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return err
	}
	if len(targets) != 1 {
		return usagef("name one device", "%q is %d devices", ref, len(targets))
	}
	if err := a.confirm(ctx, fmt.Sprintf(question, targets[0].name()), yes); err != nil {
		return err
	}
	_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
		if what == "unbind" {
			return struct{}{}, d.dev.UnbindCloud(ctx)
		}
		return struct{}{}, d.dev.BindCloud(ctx, account)
	})
	if errs[0] == nil {
		a.say(done, targets[0].name())
	}
	return errs[0]
}

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
