package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

func newBinding(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "binding DEVICE",
		Short:             "Show which account a device belongs to, and its connection to the cloud",
		Example:           "wattle cloud binding heater",
		Args:              exactly(1, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
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
}

func newBind(a *app) *cobra.Command {
	return a.changeBinding("bind", "Give a device to the stored account",
		`The account is that of "wattle auth login". A Tapo device takes only this e-mail and password from
then on, and nobody checks them: a mistake locks you out until a factory reset. Asks on a terminal;
elsewhere --yes is needed.`)
}

func newUnbind(a *app) *cobra.Command {
	return a.changeBinding("unbind", "Take a Kasa device away from its account",
		"It works on in the local network. Asks on a terminal; elsewhere --yes is needed.")
}

func (a *app) changeBinding(what, short, long string) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:               what + " DEVICE",
		Short:             short,
		Example:           "wattle cloud " + what + " heater\nwattle cloud " + what + " heater --yes",
		Long:              long,
		Args:              exactly(1, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.rebind(ctx, args[0], what == "unbind", yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) rebind(ctx context.Context, ref string, unbind, yes bool) error {
	var account wattle.Credentials
	var err error
	question, done := "take %s away from its account", "%s belongs to no account now"
	if !unbind {
		if account, err = a.account(ctx); err != nil {
			return err
		}
		question, done = "give %s to "+account.Username, "%s belongs to "+account.Username+" now"
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
		if unbind {
			return struct{}{}, d.dev.UnbindCloud(ctx)
		}
		return struct{}{}, d.dev.BindCloud(ctx, account)
	})
	if errs[0] == nil {
		a.say(done, targets[0].name())
	}
	return errs[0]
}
