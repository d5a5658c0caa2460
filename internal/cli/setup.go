package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

func newSetup(a *app) *cobra.Command {
	var f joinFlags
	var ssid, alias, zone string
	cmd := &cobra.Command{
		Use:   "setup ADDRESS",
		Short: "Set up a device that is new, or was reset",
		Example: `wattle setup 192.168.0.1
wattle setup 192.168.0.1 --wifi Home --name "Desk lamp" --zone Europe/Berlin
wattle setup 192.168.0.1 --wifi Home --password-file wifi.txt --yes`,
		Long: `A device that waits to be set up opens a Wi-Fi network of its own, such as "Tapo_Plug_1234" or
"TP-LINK_Smart Plug_1234". Join it with this computer; the device is at 192.168.0.1 then. What is not
given is asked for: the network that it is to join, and its password. A Tapo device is bound to the
stored account ("wattle auth login"), offline. Afterwards take this computer back to its network;
"wattle discover" finds the device there.`,
		GroupID: groupSetup,
		Args:    exactly(1, "the address of the device"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.setup(ctx, args[0], ssid, alias, zone, &f)
		},
	}
	cmd.Flags().StringVar(&ssid, "wifi", "", "`network` to join")
	cmd.Flags().StringVar(&alias, "name", "", "`name` for the device")
	cmd.Flags().StringVar(&zone, "zone", "local", "its time `zone`, an IANA name")
	f.add(cmd)
	return cmd
}

func (a *app) setup(ctx context.Context, ref, ssid, alias, zoneName string, f *joinFlags) error {
	zone, err := a.zone(zoneName)
	if err != nil && zoneName != "local" {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	type met struct {
		networks []device.Network
		who      device.Identity
	}
	m, t, err := one(ctx, a, ref, func(ctx context.Context, d *opened) (met, error) {
		networks, err := d.dev.ScanWiFi(ctx)
		return met{networks, d.dev.Identity()}, err
	})
	if err != nil {
		return err
	}
	if m.who.Family == wattle.SMART && account.IsZero() {
		return &fault{
			err: of(t.name(), errors.New("a Tapo device is set up for an account, and none is stored")), code: CodeAuth,
			hint: `run "wattle auth login" first`,
		}
	}
	if ssid == "" {
		if ssid, err = a.chooseNetwork(ctx, m.networks); err != nil {
			return err
		}
	}
	j, err := a.joinTo(ctx, f, ssid, m.networks)
	if err != nil {
		return err
	}
	j.Account, j.Zone = account, zone
	label := m.who.Label()
	if err := a.confirm(ctx, fmt.Sprintf("set up %s (%s) in the network %s", label, m.who.Model, ssid), f.yes); err != nil {
		return err
	}
	_, _, err = one(ctx, a, ref, func(ctx context.Context, d *opened) (struct{}, error) {
		if alias != "" {
			if err := d.rename(ctx, alias); err != nil {
				return struct{}{}, err
			}
		}
		if m.who.Family == wattle.IOT && zone != nil {
			if err := d.dev.SetClock(ctx, time.Now(), zone); err != nil {
				a.warn(err) // it will ask the Internet
			}
		}
		return struct{}{}, d.dev.JoinWiFi(ctx, j)
	})
	if err == nil {
		a.say(`%s was told to join %s; take this computer there as well, and "wattle discover" shows it`, label, ssid)
	}
	return err
}

// chooseNetwork asks which of the networks is meant.
func (a *app) chooseNetwork(ctx context.Context, networks []device.Network) (string, error) {
	if !a.canAsk() {
		return "", usagef("add --wifi", "no network was given, and nobody to ask")
	}
	var names []string
	for _, n := range networks {
		if n.SSID != "" && !contains(names, n.SSID) {
			names = append(names, n.SSID)
		}
	}
	for i, name := range names {
		fmt.Fprintf(a.err, "%3d  %s\n", i+1, oneLine(name))
	}
	answer, err := a.ask(ctx, "Network (number or name)", "")
	if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(names) {
		return names[n-1], nil
	}
	return answer, nil
}
