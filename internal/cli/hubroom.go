package cli

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle/cloud"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

func newHubRoom(a *app) *cobra.Command {
	var none bool
	cmd := &cobra.Command{
		Use:   "room DEVICE... ROOM",
		Short: "Say in which room devices of the running hub are",
		Long: `"room:ROOM" then means the devices of a room wherever devices are named. The hub remembers the
room, also of a device that is removed and comes back. An outlet or a sensor can be in another room
than its strip or hub. --none takes devices out of their rooms.`,
		Example: `wattle hub room "Desk lamp" "Reading light" Study
wattle hub room "Strip/Outlet 2" "Living room"
wattle hub room room:study Office                # gives the room another name
wattle hub room "Desk lamp" --none
wattle off room:office`,
		Args: func(cmd *cobra.Command, args []string) error {
			if none {
				return atLeast(1, "the name of a device")(cmd, args)
			}
			return atLeast(2, "devices and a room")(cmd, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			words, directive := a.completeDevices(cmd, args, word)
			if !none && len(args) > 0 {
				words = append(words, a.roomNames(cmd.Context())...)
			}
			return words, directive
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				room := ""
				if !none {
					var err error
					name := args[len(args)-1]
					if short, ok := hub.CutRoom(name); ok {
						name = short
					}
					if room, err = hub.CheckRoom(name); err != nil {
						return err
					}
					args = args[:len(args)-1]
				}
				targets, err := a.settled(ctx, args)
				if err != nil {
					return err
				}
				errs := make([]error, len(targets))
				for i := range targets {
					t := &targets[i]
					if _, in := a.memory.housed[hub.ID{MAC: t.known.MAC}]; !in {
						errs[i] = notInHub(t)
						continue
					}
					errs[i] = of(t.name(), hubFault(c.Do(ctx, http.MethodPatch, "/devices/"+t.slug(), hubapi.ChangeRequest{Room: &room}, nil)))
					switch {
					case errs[i] != nil:
					case room == "":
						a.say("%s is in no room now", t.name())
					default:
						a.say("%s is in %s now", t.name(), room)
					}
				}
				return join(errs)
			})
		},
	}
	cmd.Flags().BoolVar(&none, "none", false, "take the devices out of their rooms")
	return cmd
}

// roomShown is a room as "hub rooms" shows it.
type roomShown struct {
	Room    string       `json:"room"`
	Devices []roomDevice `json:"devices"`
}

type roomDevice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	From string `json:"from"` // "account" or "owner"
}

func newHubRooms(a *app) *cobra.Command {
	var account bool
	cmd := &cobra.Command{
		Use:   "rooms",
		Short: "List the rooms of the running hub with their devices",
		Example: `wattle hub rooms
wattle hub rooms --json | jq -r '.[].room'
wattle hub rooms --from-account       # after "wattle cloud login"`,
		Long: `A room is there as long as a device is in it: "wattle hub room DEVICE ROOM" makes one.
--from-account asks the TP-Link account now, once, in which rooms its Tapo devices are, and puts
those there of which you have said nothing. What you have said stays.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				if account {
					if err := a.roomsFromAccount(ctx, c); err != nil {
						return err
					}
				}
				return a.printRooms(ctx, c)
			})
		},
	}
	cmd.Flags().BoolVar(&account, "from-account", false, "first take the rooms of the TP-Link account for devices that you have put into none")
	return cmd
}

func (a *app) printRooms(ctx context.Context, c *hubclient.Client) error {
	devices, err := c.Devices(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for i := range devices {
		if devices[i].Child == "" {
			names[devices[i].ID] = devices[i].Name
		}
	}
	rooms := []roomShown{}
	for i := range devices {
		d := &devices[i]
		if d.Room == "" {
			continue
		}
		at := slices.IndexFunc(rooms, func(r roomShown) bool { return strings.EqualFold(r.Room, d.Room) })
		if at < 0 {
			at, rooms = len(rooms), append(rooms, roomShown{Room: d.Room})
		}
		shown := roomDevice{ID: d.ID, Name: d.Name, From: "owner"}
		if d.Child != "" {
			shown.Name = names[d.Parent] + "/" + d.Name
		}
		if d.RoomFrom != "" {
			shown.From = d.RoomFrom
		}
		rooms[at].Devices = append(rooms[at].Devices, shown)
	}
	slices.SortFunc(rooms, func(x, y roomShown) int { return strings.Compare(strings.ToLower(x.Room), strings.ToLower(y.Room)) })
	if len(rooms) == 0 && a.format() == formatTable {
		a.say(`no device is in a room yet: "wattle hub room DEVICE ROOM" puts it there`)
		return nil
	}
	t := &table{head: []string{"room", "device", "said by", "id"}, spare: []string{"id"}}
	for _, r := range rooms {
		for i, d := range r.Devices {
			room := r.Room
			if i > 0 && a.outTTY {
				room = ""
			}
			t.add(plain(room), plain(d.Name), plain(map[string]string{"owner": "you"}[d.From]+strings.TrimPrefix(d.From, "owner")), dimmed(d.ID))
		}
	}
	return a.print(rooms, t)
}

// roomsFromAccount asks the account for rooms, and tells them to the hub. The hub
// keeps what the owner has said.
func (a *app) roomsFromAccount(ctx context.Context, c *hubclient.Client) error {
	account, err := a.cloud(ctx)
	if err != nil {
		return err
	}
	homes, err := account.Families(ctx)
	if err != nil {
		return err
	}
	home, err := account.Refresh(ctx)
	if err != nil {
		return err
	}
	rooms := map[string]string{} // by MAC, or by the id of a child
	for i := range home.Entries {
		e := &home.Entries[i]
		key := e.MAC.Key()
		if e.Thing != nil && e.Thing.IsSubThing {
			key = strings.ToUpper(e.ID)
		} else if e.MAC.IsZero() {
			continue
		}
		if room := cloud.RoomOf(homes, e); room != "" {
			rooms[key] = room
		}
	}
	devices, err := c.Devices(ctx)
	if err != nil {
		return err
	}
	took := 0
	var errs []error
	for i := range devices {
		d := &devices[i]
		key := d.MAC.Key()
		if d.Child != "" {
			key = strings.ToUpper(d.Child)
		}
		room := rooms[key]
		if room == "" || d.Room != "" && (d.RoomFrom == "" || d.Room == room) {
			continue
		}
		change := hubapi.ChangeRequest{Room: &room, RoomFrom: hubapi.FromAccount}
		if err := c.Do(ctx, http.MethodPatch, "/devices/"+d.ID, change, nil); err != nil {
			errs = append(errs, of(d.Name, hubFault(err)))
			continue
		}
		took++
	}
	a.say("the account knows the rooms of %d devices; %d devices of the hub were put there", len(rooms), took)
	return join(errs)
}
