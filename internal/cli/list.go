package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wattle/hub"
)

// listed is one known device as list shows it.
type listed struct {
	Alias     string        `json:"alias"`
	Room      string        `json:"room,omitempty"`
	Model     string        `json:"model"`
	Region    string        `json:"region,omitempty"`
	Family    string        `json:"family"`
	State     *bool         `json:"state"`
	Address   string        `json:"address"`
	Transport string        `json:"transport"`
	MAC       string        `json:"mac"`
	DeviceID  string        `json:"device_id,omitempty"`
	Seen      time.Time     `json:"last_seen,omitzero"`
	Children  []listedChild `json:"children,omitempty"`
}

type listedChild struct {
	Alias    string `json:"alias"`
	Room     string `json:"room,omitempty"`
	Model    string `json:"model,omitempty"`
	State    *bool  `json:"state"`
	DeviceID string `json:"device_id"`
}

func newList(a *app) *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Show the known devices with their last state",
		Example: "wattle list\nwattle list --refresh\nwattle list --json | jq -r '.[].alias'",
		Long: `Shows what earlier commands have learned, without asking the network: the state is
as old as "seen" says. With a running hub it is what the hub knows now. --refresh
asks every device now.`,
		Aliases: []string{"ls"},
		GroupID: groupRead,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			book, err := a.book()
			if err != nil {
				return err
			}
			if err := book.load(ctx); err != nil {
				return err
			}
			var failed error
			if refresh {
				targets, err := a.resolve(ctx, []string{everything})
				if err != nil {
					return err
				}
				_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) {
					return d.poll(ctx, false)
				})
				failed = join(errs)
			}
			return errors.Join(a.printList(), failed)
		},
	}
	cmd.Flags().BoolVarP(&refresh, "refresh", "r", false, "ask every device for its state first")
	return cmd
}

// ago is how old something is, for people.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours()/24))
}

func (a *app) printList() error {
	book, err := a.book()
	if err != nil {
		return err
	}
	devices := book.devices()
	rows := []listed{}
	t := &table{head: []string{"name", "model", "state", "address", "transport", "mac", "seen", "room"}, spare: []string{"mac", "seen", "room"}, sparse: []string{"room"}}
	now := time.Now()
	for _, d := range devices {
		n := book.note(d.MAC)
		row := listed{
			Alias: d.Alias, Room: book.room(d.MAC, ""), Model: d.Model.Name, Region: d.Model.Region, Family: string(d.Family), State: n.On, Address: d.Address,
			Transport: d.Route.Name(), MAC: d.MAC.String(), DeviceID: d.ID, Seen: d.LastSeen,
		}
		if n.Time.After(row.Seen) {
			row.Seen = n.Time
		}
		live := book.housed[hub.ID{MAC: d.MAC}] // what a running hub says is newer
		if live != nil {
			row.State, row.Address, row.Transport = live.On, cmp.Or(live.Address, row.Address), cmp.Or(live.Transport, row.Transport)
			if live.Time != nil {
				row.Seen = *live.Time
			}
		}
		seen := "-"
		if !row.Seen.IsZero() {
			seen = ago(now.Sub(row.Seen))
		}
		t.add(plain(d.Name()), plain(d.Model.String()), stateCell(row.State), plain(row.Address), plain(row.Transport), plain(row.MAC), dimmed(seen), plain(row.Room))
		for _, c := range d.Children {
			child := listedChild{Alias: c.Alias, Room: book.room(d.MAC, c.ID), Model: c.Model.Name, DeviceID: c.ID}
			for _, k := range n.Children {
				if k.ID == c.ID {
					child.State = k.On
				}
			}
			if now := book.housed[hub.ID{MAC: d.MAC, Child: c.ID}]; now != nil {
				child.State = now.On
			}
			row.Children = append(row.Children, child)
			t.add(plain("  "+c.Name()), plain(c.Model.Name), stateCell(child.State), plain(""), plain(""), plain(""), plain(""), plain(child.Room))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		a.say(`no device is known yet: "wattle discover" looks for them`)
		if a.format() == formatTable {
			return nil
		}
	}
	return a.print(rows, t)
}
