package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/automation"
	"wattle/hub"
	"wattle/internal/hubclient"
)

func newGroup(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "group",
		Short: "Groups of devices of the running hub: list, make, switch",
		Example: `wattle group set evening "Desk lamp" "Study lamp"
wattle group on evening
wattle group apply evening brightness=30`,
		Long: `Scenes, rules and other groups mean a group by "@evening". "@all" is always there, and
"room:kitchen" means the devices that are in a room when it is used.`,
		GroupID: groupHub,
	})
	cmd.AddCommand(
		shelfList(a, groupShelf, `"wattle group set NAME DEVICE..." makes one`, func(g *automation.Group) []cell {
			return []cell{plain(g.Name), plain(strings.Join(a.namesOf(g.Devices), ", "))}
		}, "name", "devices"),
		newGroupShow(a), newGroupSet(a), shelfDelete(a, groupShelf),
		newGroupTurn(a, "on", "Switch a group on", map[string]any{"state": true}),
		newGroupTurn(a, "off", "Switch a group off", map[string]any{"state": false}),
		newGroupTurn(a, "toggle", "Switch a group off where one is on, else on", nil),
		newGroupApply(a),
	)
	return cmd
}

func newGroupShow(a *app) *cobra.Command {
	return newShelfShow(a, groupShelf, "wattle group show evening", func(all *automation.Document, is func(string) bool) automation.Document {
		return automation.Document{Groups: slices.DeleteFunc(all.Groups, func(g automation.Group) bool { return !is(g.Name) })}
	})
}

// namesOf are devices as people call them, where they are stored by id.
func (a *app) namesOf(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id
		if a.memory == nil {
			continue
		}
		for _, d := range a.memory.housed {
			if d.ID == id {
				out[i] = d.Name
			}
		}
	}
	return out
}

// idsOf are devices of the hub as the user calls them; "@group" and
// "room:NAME" stay, since they mean what is there when they are used.
func (a *app) idsOf(ctx context.Context, refs []string) ([]string, error) {
	var out []string
	for _, ref := range refs {
		if _, room := hub.CutRoom(ref); room || strings.HasPrefix(ref, "@") {
			out = append(out, ref)
			continue
		}
		targets, err := a.resolve(ctx, []string{ref})
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			out = append(out, hub.Slug(hub.ID{MAC: t.known.MAC, Child: t.child}))
		}
	}
	return out, nil
}

// shelfList lists what is stored of a kind; making says how one is made.
func shelfList[T any](a *app, s shelf, making string, row func(*T) []cell, head ...string) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the " + s.many + " of the running hub",
		Example: fmt.Sprintf("wattle %s list\nwattle %s list --json", s.one, s.one),
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				items, err := hubclient.List[T](ctx, c, "/"+s.many)
				if err != nil {
					return err
				}
				if err := a.knowNames(ctx); err != nil {
					return err
				}
				t := &table{head: head}
				for i := range items {
					t.add(row(&items[i])...)
				}
				return a.printRows(items, t, fmt.Sprintf("there are no %s; %s", s.many, making))
			})
		},
	}
}

// knowNames reads the devices of the hub, for their names.
func (a *app) knowNames(ctx context.Context) error {
	book, err := a.book()
	if err != nil {
		return err
	}
	return book.load(ctx)
}

// shelfDelete deletes a stored thing.
func shelfDelete(a *app, s shelf) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		Short:   "Delete a " + s.one + " of the running hub",
		Example: fmt.Sprintf("wattle %s delete evening", s.one),
		Args:    exactly(1, "the name of a "+s.one),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.tell(cmd, a, args[0], http.MethodDelete, s.path(args[0]), nil)
		},
	}
}

func newGroupSet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "set NAME DEVICE...",
		Short:   "Make a group of devices, or give it others",
		Example: "wattle group set evening \"Desk lamp\" \"Study lamp\"\nwattle group set downstairs @kitchen @hall",
		Args:    atLeast(2, "a name and devices"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := groupShelf.check(cmd, args[0]); err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				ids, err := a.idsOf(ctx, args[1:])
				if err != nil {
					return err
				}
				return c.Do(ctx, http.MethodPut, groupShelf.path(args[0]), automation.Group{Name: args[0], Devices: ids}, nil)
			})
		},
	}
}

func newGroupTurn(a *app, word, short string, set map[string]any) *cobra.Command {
	return &cobra.Command{
		Use:     word + " NAME",
		Short:   short,
		Example: fmt.Sprintf("wattle group %s evening\nwattle group %s all", word, word),
		Args:    exactly(1, "the name of a group"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimPrefix(args[0], "@")
			if set == nil {
				return groupShelf.outcomes(cmd, a, name, "/toggle", struct{}{})
			}
			return groupShelf.outcomes(cmd, a, name, "/set", set)
		},
	}
}

func newGroupApply(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "apply NAME FEATURE=VALUE...",
		Short:   "Set features of all devices of a group that have them",
		Example: "wattle group apply evening brightness=30 color_temperature=2700",
		Args:    atLeast(2, "a group and what to set"),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := settingsOf(args[1:])
			if err != nil {
				return err
			}
			return groupShelf.outcomes(cmd, a, strings.TrimPrefix(args[0], "@"), "/set", set)
		},
	}
}

// settingsOf reads feature=value: on, off, numbers and other JSON are that, the rest
// is text.
func settingsOf(args []string) (map[string]any, error) {
	out := map[string]any{}
	for _, arg := range args {
		id, text, ok := strings.Cut(arg, "=")
		if !ok || id == "" {
			return nil, usagef("for example brightness=40", "%q is not FEATURE=VALUE", arg)
		}
		var v any = text
		switch {
		case text == "on" || text == "off":
			v = text == "on"
		case json.Valid([]byte(text)):
			_ = json.Unmarshal([]byte(text), &v)
		}
		out[id] = v
	}
	return out, nil
}

// outcomes posts what several devices do, and shows how each did it.
func (s shelf) outcomes(cmd *cobra.Command, a *app, name, what string, body any) error {
	return s.with(cmd, a, name, func(ctx context.Context, c *hubclient.Client) error {
		list := []automation.Outcome{}
		if err := c.Do(ctx, http.MethodPost, s.path(name, what), body, &list); err != nil {
			return err
		}
		t := &table{head: []string{"device", "did"}}
		errs := make([]error, len(list))
		for i, o := range list {
			if o.Error != "" {
				errs[i] = of(o.Name, errors.New(o.Error))
				continue
			}
			t.add(plain(o.Name), plain(o.Did))
		}
		if len(list) == 0 {
			errs = append(errs, fmt.Errorf("%w: nothing in the %s has what is to be set", wattle.ErrUnsupported, s.one))
		}
		if len(t.rows) == 0 && a.format() == formatTable {
			return join(errs)
		}
		return errors.Join(a.print(list, t), join(errs))
	})
}
