package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/cloud"
	"wattle/discover"
)

// cloudDevice is one device of the account as "cloud devices" shows it.
type cloudDevice struct {
	Name     string `json:"name"`
	Model    string `json:"model"`
	Type     string `json:"type"`
	MAC      string `json:"mac,omitempty"`
	DeviceID string `json:"device_id"`
	Shared   bool   `json:"shared,omitempty"`
	// Local is where it answers in this network, "" where it does not.
	Local     string `json:"local,omitempty"`
	Transport string `json:"transport,omitempty"`
	// Cloud is the service that reaches it, "" for none; Standing is how sure that is.
	Cloud     string `json:"cloud,omitempty"`
	Standing  string `json:"standing,omitempty"`
	Connected *bool  `json:"connected"` // to that service; null where nothing tells
	Note      string `json:"note,omitempty"`

	Entry json.RawMessage `json:"entry,omitempty"` // of the relay's list, as it came
	Thing json.RawMessage `json:"thing,omitempty"` // of the things service
}

func newCloudDevices(a *app) *cobra.Command {
	var noLocal bool
	cmd := &cobra.Command{
		Use:     "devices",
		Short:   "List the devices of the account, and how each can be reached",
		Example: "wattle cloud devices\nwattle cloud devices -v\nwattle cloud devices --json | jq -r '.[].name'",
		Long: `Joins the lists of the account with what is found in the local network, by MAC. A Tapo
device hangs on another service than a Kasa device: the "status" that the Kasa relay has of it
means nothing, and it is not called off line for that. "experimental" follows from what is known
and was not seen to work by others. -v shows every field of the lists.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.cloudDevices(ctx, !noLocal)
		},
	}
	cmd.Flags().BoolVar(&noLocal, "no-discover", false, "do not look for the devices in the local network")
	return cmd
}

func (a *app) cloudDevices(ctx context.Context, look bool) error {
	c, err := a.cloud(ctx)
	if err != nil {
		return err
	}
	home, err := c.Refresh(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(home.Errs)) {
		a.warn(fmt.Errorf("the list %q could not be read: %w", name, home.Errs[name]))
	}
	var local map[wattle.MAC]*discover.Found
	if look {
		if local, err = a.foundLocally(ctx); err != nil {
			return err
		}
	}
	rows := make([]cloudDevice, len(home.Entries))
	t := &table{head: []string{"name", "model", "type", "mac", "local", "cloud", "note"}}
	for i := range home.Entries {
		d := describeEntry(&home.Entries[i], local[home.Entries[i].MAC])
		if a.flags.verbose || a.format() != formatTable {
			if e := home.Entries[i].Device; e != nil {
				d.Entry, _ = json.Marshal(e)
			}
			if e := home.Entries[i].Thing; e != nil {
				d.Thing, _ = json.Marshal(e)
			}
		}
		rows[i] = d
		t.add(plain(d.Name), plain(d.Model), plain(d.Type), plain(d.MAC), localCell(&d, look), cloudCell(&d), cell{d.Note, style.dim})
	}
	if a.flags.verbose && a.format() == formatTable {
		return a.cloudDetails(rows)
	}
	return a.printRows(rows, t, "the account has no devices")
}

// foundLocally sweeps the network.
func (a *app) foundLocally(ctx context.Context) (map[wattle.MAC]*discover.Found, error) {
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	if err := book.load(ctx); err != nil {
		return nil, err
	}
	o, err := a.sweepOptions(nil)
	if err != nil {
		return nil, err
	}
	found := map[wattle.MAC]*discover.Found{}
	problems := sweep(ctx, o, func(f *discover.Found) {
		book.sighted(f)
		found[f.MAC] = f
	})
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	for _, err := range problems {
		a.log.Debug("sweep", "err", err)
	}
	return found, book.save(ctx)
}

// describeEntry says by which ways a device can be reached.
func describeEntry(e *cloud.Entry, local *discover.Found) cloudDevice {
	d := cloudDevice{Name: e.Name, Model: e.Model, Type: e.Type, DeviceID: e.ID, Shared: e.Role != 0}
	if !e.MAC.IsZero() {
		d.MAC = e.MAC.String()
	}
	if local != nil {
		d.Local = local.Addr.String()
		if len(local.Routes) > 0 {
			d.Transport = local.Routes[0].Name()
		}
	}
	if connected, known := e.Connected(); known {
		d.Connected = &connected
	}
	path, err := e.Path()
	if err != nil {
		d.Note = "not controllable through this API; use it locally"
		return d
	}
	d.Cloud, d.Standing, d.Note = serviceName(path), path.Standing(), path.Note
	switch {
	case d.Connected != nil && !*d.Connected:
		d.Note = "not connected to the cloud now"
	case d.Connected == nil:
		d.Note = "whether it is connected is not told"
	}
	return d
}

// serviceName is how people may call a way through the cloud.
func serviceName(p cloud.Path) string {
	switch {
	case p.Service == cloud.Things:
		return "Tapo service"
	case p.Family == wattle.SMARTCAM:
		return "camera relay"
	}
	return "Kasa relay"
}

func localCell(d *cloudDevice, looked bool) cell {
	switch {
	case d.Local != "":
		return plain(d.Local)
	case looked:
		return dimmed("not found")
	}
	return dimmed("-")
}

func cloudCell(d *cloudDevice) cell {
	if d.Cloud == "" {
		return dimmed("no way")
	}
	text := d.Cloud
	if d.Standing != "attested" {
		text += " (" + d.Standing + ")"
	}
	if d.Connected != nil && !*d.Connected {
		return cell{text + ", not connected", style.yellow}
	}
	return plain(text)
}

// cloudDetails prints every field of the lists.
func (a *app) cloudDetails(rows []cloudDevice) error {
	t := &table{head: []string{"device", "list", "field", "value"}}
	for i := range rows {
		for _, part := range []struct {
			list string
			raw  json.RawMessage
		}{{"relay", rows[i].Entry}, {"things", rows[i].Thing}} {
			var fields map[string]json.RawMessage
			if len(part.raw) > 0 && json.Unmarshal(part.raw, &fields) != nil {
				return errors.New("an entry of the list cannot be shown")
			}
			for _, key := range slices.Sorted(maps.Keys(fields)) {
				text := string(fields[key])
				var plainText string
				if json.Unmarshal(fields[key], &plainText) == nil {
					text = plainText
				}
				t.add(plain(rows[i].Name), plain(part.list), plain(key), plain(text))
			}
		}
	}
	return a.print(rows, t)
}
