package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

// networkView is a Wi-Fi network as programs see it.
type networkView struct {
	SSID     string `json:"ssid"`
	Security string `json:"security,omitempty"`
	BSSID    string `json:"bssid,omitempty"`
	Channel  int    `json:"channel,omitempty"`
	Signal   *int   `json:"signal_level,omitempty"`
	RSSI     *int   `json:"rssi,omitempty"`
}

// joinFlags are how a password is given, which is never by flag.
type joinFlags struct {
	security, passwordFile string
	stdin, yes             bool
}

func (f *joinFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.security, "security", "", "`kind` of protection: "+list(securities)+" (default: as the device sees it)")
	cmd.Flags().BoolVar(&f.stdin, "password-stdin", false, "read the Wi-Fi password from stdin")
	cmd.Flags().StringVar(&f.passwordFile, "password-file", "", "read the Wi-Fi password from a `file`")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "password-file")
	_ = cmd.RegisterFlagCompletionFunc("security", fixed(securities...))
}

var securities = []string{"open", "wep", "wpa", "wpa2", "wpa3"}

func newWiFi(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "wifi",
		Short:   "Show the Wi-Fi networks that a device sees, and make it join one",
		GroupID: groupSetup,
		Example: "wattle wifi scan heater\nwattle wifi join heater \"Home 2\"",
		Long:    `"wattle setup" does it for a device that waits to be set up.`,
	})
	cmd.AddCommand(newWiFiScan(a), newWiFiJoin(a))
	return cmd
}

func newWiFiScan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "scan DEVICE",
		Short:             "Have a device look for Wi-Fi networks",
		Example:           "wattle wifi scan heater\nwattle wifi scan heater --json",
		Long:              "It takes up to ten seconds. The strongest network comes first.",
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			networks, _, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) ([]device.Network, error) {
				return d.dev.ScanWiFi(ctx)
			})
			if err != nil {
				return err
			}
			return a.printNetworks(networks)
		},
	}
}

func (a *app) printNetworks(networks []device.Network) error {
	views := make([]networkView, len(networks))
	t := &table{head: []string{"network", "security", "signal", "channel"}}
	for i, n := range networks {
		views[i] = networkView{n.SSID, string(n.Security), n.BSSID, n.Channel, n.Signal, n.RSSI}
		signal, channel := "-", "-"
		if n.RSSI != nil {
			signal = strconv.Itoa(*n.RSSI) + " dBm"
		} else if n.Signal != nil {
			signal = strconv.Itoa(*n.Signal) + " of 3"
		}
		if n.Channel > 0 {
			channel = strconv.Itoa(n.Channel)
		}
		t.add(plain(n.SSID), plain(string(n.Security)), plain(signal), plain(channel))
	}
	return a.printRows(views, t, "it sees no network")
}

func newWiFiJoin(a *app) *cobra.Command {
	var f joinFlags
	cmd := &cobra.Command{
		Use:     "join DEVICE NETWORK",
		Short:   "Make a device change to another Wi-Fi network",
		Example: "wattle wifi join heater \"Home 2\"\nwattle wifi join heater guests --password-stdin --yes < wifi.txt",
		Long: `The device leaves its network at once. With a wrong password it comes back, or opens an access
point of its own. The password is asked for, never given by flag; devices get it inside of their
encrypted transport, old Kasa devices in one that is no secret. It asks on a terminal; elsewhere
--yes is needed.`,
		Args:              exactly(2, "a device and the name of a network"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			if f.security != "" && !contains(securities, f.security) {
				return usagef(meant(f.security, securities), "--security %q: want %s", f.security, list(securities))
			}
			networks, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) ([]device.Network, error) {
				return d.dev.ScanWiFi(ctx)
			})
			if err != nil {
				return err
			}
			j, err := a.joinTo(ctx, &f, args[1], networks)
			if err != nil {
				return err
			}
			if err := a.confirm(ctx, fmt.Sprintf("move %s to the network %s", t.name(), args[1]), f.yes); err != nil {
				return err
			}
			if j.Account, err = a.account(ctx); err != nil {
				return err
			}
			_, _, err = one(ctx, a, args[0], func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.dev.JoinWiFi(ctx, j)
			})
			if err == nil {
				a.say(`%s was told to join %s; "wattle discover" shows when it is there`, t.name(), args[1])
			}
			return err
		},
	}
	f.add(cmd)
	return cmd
}

// joinTo is the network of a name, with its password.
func (a *app) joinTo(ctx context.Context, f *joinFlags, ssid string, networks []device.Network) (device.Join, error) {
	j := device.Join{SSID: ssid, Security: device.Security(f.security)}
	seen := false
	for _, n := range networks {
		if n.SSID == ssid {
			seen = true
			if j.Security == "" {
				j.Security = n.Security
			}
		}
	}
	if !seen {
		a.warn(fmt.Errorf("the device does not see a network %q", ssid))
	}
	if j.Security == device.SecurityOpen {
		return j, nil
	}
	password, err := a.wifiPassword(ctx, f)
	j.Password = password
	return j, err
}

func (a *app) wifiPassword(ctx context.Context, f *joinFlags) (wattle.Secret, error) {
	if f.passwordFile == "" && !f.stdin && a.canAsk() {
		text, err := a.askHidden(ctx, "Wi-Fi password")
		return wattle.NewSecret(text), err
	}
	return a.password(ctx, f.stdin, f.passwordFile)
}
