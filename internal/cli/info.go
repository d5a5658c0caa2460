package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

// infoView is who a device is and how it stands, as programs see it. What the
// device does not tell is left out.
type infoView struct {
	Device    string            `json:"device"`
	Identity  device.Identity   `json:"identity"`
	Address   string            `json:"address,omitempty"`
	Transport string            `json:"transport,omitempty"`
	Network   string            `json:"network,omitempty"`
	RSSI      *int              `json:"rssi,omitempty"`
	Location  *device.Location  `json:"location,omitempty"`
	Cloud     *cloudView        `json:"cloud,omitempty"`
	Secrets   map[string]string `json:"secrets,omitempty"`
}

type cloudView struct {
	Connected *bool  `json:"connected"`
	Bound     *bool  `json:"bound"`
	Account   string `json:"account,omitempty"`
	Server    string `json:"server,omitempty"`
}

func newInfo(a *app) *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:     "info DEVICE",
		Short:   "Show who a device is: versions, network, cloud, place, set-up codes",
		Example: "wattle info heater\nwattle info heater --secrets\nwattle info heater --json",
		Long: `Whoever has the set-up codes can take the device into a Matter or HomeKit home: they are shown only
with --secrets.`,
		GroupID:           groupRead,
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			v, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (*infoView, error) {
				return d.inform(ctx, secrets)
			})
			if err != nil {
				return err
			}
			v.Device = t.name()
			return a.print(v, v.table())
		},
	}
	cmd.Flags().BoolVar(&secrets, "secrets", false, "show the Matter and HomeKit codes as well")
	return cmd
}

// inform gathers what there is; what a device does not have is left out.
func (d *opened) inform(ctx context.Context, secrets bool) (*infoView, error) {
	st, err := d.dev.Poll(ctx)
	if err != nil {
		return nil, err
	}
	v := &infoView{Identity: st.Identity()}
	var s shape
	d.conn.describe(&s, st.Source())
	v.Address, v.Transport = s.Address, s.Transport
	if ssid := st.Value("ssid"); ssid.Known() {
		v.Network = ssid.String()
	}
	if n, ok := st.Value("rssi").Number(); ok {
		rssi := int(n)
		v.RSSI = &rssi
	}
	if l, ok := st.Location(); ok {
		v.Location = &l
	}
	switch c, err := d.dev.Cloud(ctx); {
	case err == nil:
		v.Cloud = &cloudView{c.Connected, c.Bound, c.Account, c.Server}
	case ctx.Err() != nil:
		return nil, err
	}
	if !secrets {
		return v, nil
	}
	codes, err := d.dev.SetupCodes(ctx)
	if err != nil && !errors.Is(err, wattle.ErrUnsupported) {
		return nil, err
	}
	v.Secrets = map[string]string{}
	for name, code := range map[string]wattle.Secret{
		"matter_code": codes.MatterCode, "matter_payload": codes.MatterPayload,
		"homekit_code": codes.HomeKitCode, "homekit_id": codes.HomeKitID,
	} {
		if !code.IsZero() {
			v.Secrets[name] = code.Reveal() // asked for by --secrets
		}
	}
	return v, nil
}

func (v *infoView) table() *table {
	t := &table{head: []string{"what", "value"}, bare: true}
	add := func(what, value string) {
		if value != "" {
			t.add(plain(what), plain(value))
		}
	}
	id := &v.Identity
	add("name", id.Alias)
	add("model", id.Model.String())
	add("kind", string(id.Type))
	add("hardware", id.Hardware)
	add("firmware", id.Firmware+" "+id.Build)
	if !id.MAC.IsZero() {
		add("MAC", id.MAC.String())
	}
	add("device id", id.DeviceID)
	add("address", v.Address)
	add("transport", v.Transport)
	add("network", v.Network)
	if v.RSSI != nil {
		add("signal", strconv.Itoa(*v.RSSI)+" dBm")
	}
	if l := v.Location; l != nil {
		add("place", fmt.Sprintf("%.4f %.4f", l.Latitude, l.Longitude))
	}
	if c := v.Cloud; c != nil {
		add("cloud", cloudText(c))
	}
	for _, name := range []string{"matter_code", "matter_payload", "homekit_code", "homekit_id"} {
		add(name, v.Secrets[name])
	}
	return t
}

func cloudText(c *cloudView) string {
	text := "not connected"
	switch {
	case c.Connected == nil:
		text = "not known"
	case *c.Connected:
		text = "connected"
	}
	if c.Bound != nil && !*c.Bound {
		text += ", belongs to nobody"
	}
	if c.Account != "" {
		text += ", belongs to " + c.Account
	}
	return text
}
