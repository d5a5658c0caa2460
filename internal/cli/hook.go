package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

func newHook(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "hook",
		Short:   "Links of the running hub that do one thing, for phones and NFC tags",
		Example: "wattle hook new lamp --toggle \"Desk lamp\"\nwattle hook list",
		Long:    "Who has the link can do that one thing, and nothing else. It is shown once.",
		GroupID: groupHub,
	})
	cmd.AddCommand(newHookList(a), newHookNew(a), newHookRevoke(a))
	return cmd
}

func newHookList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List links, without their secrets",
		Example: "wattle hook list",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				list, err := hubclient.List[hubapi.Hook](ctx, c, "/hooks")
				if err != nil {
					return err
				}
				if err := a.knowNames(ctx); err != nil {
					return err
				}
				t := &table{head: []string{"name", "does", "uses", "last used", "expires"}}
				for _, h := range list {
					t.add(plain(h.Name), plain(a.hookText(&h.Command)), plain(fmt.Sprint(h.Uses)), plain(timeOr(h.LastUsed)), plain(timeOr(h.Expires)))
				}
				return a.printRows(list, t, `there are no links; "wattle hook new" makes one`)
			})
		},
	}
}

func (a *app) hookText(c *hubapi.HookCommand) string {
	device := a.namesOf([]string{c.Device})[0]
	switch {
	case c.Scene != "":
		return "scene " + c.Scene
	case c.Toggle:
		return "toggle " + device
	case c.Action != "":
		return c.Action + " " + device
	}
	var parts []string
	for id, v := range c.Set {
		parts = append(parts, id+"="+string(v))
	}
	return "set " + device + " " + strings.Join(parts, " ")
}

func newHookNew(a *app) *cobra.Command {
	var toggle, scene, lasts, base string
	var once bool
	cmd := &cobra.Command{
		Use:   "new NAME [DEVICE FEATURE=VALUE...]",
		Short: "Make a link and print it, this once",
		Example: `wattle hook new night "Desk lamp" state=off
wattle hook new lamp --toggle "Desk lamp"
wattle hook new reading --scene reading --once --for 7d`,
		Args: atLeast(1, "a name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := hubapi.HookRequest{Name: args[0], Once: once, Command: hubapi.HookCommand{Scene: scene, Toggle: toggle != ""}}
			ways := 0
			for _, given := range []bool{len(args) > 2, toggle != "", scene != ""} {
				if given {
					ways++
				}
			}
			if ways != 1 || len(args) == 2 {
				return usagef("for example: "+firstExample(cmd), "say what the link does, in one way: DEVICE FEATURE=VALUE, --toggle DEVICE or --scene SCENE")
			}
			var err error
			if in.Expires, err = expiry(lasts); err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				ref := toggle
				if len(args) > 1 {
					ref = args[1]
					set, err := settingsOf(args[2:])
					if err != nil {
						return err
					}
					if in.Command.Set, err = rawSettings(set); err != nil {
						return err
					}
				}
				if ref != "" {
					if in.Command.Device, _, err = a.hubDevice(ctx, ref); err != nil {
						return err
					}
				}
				var made hubapi.NewHook
				err := c.Do(ctx, http.MethodPost, "/hooks", in, &made)
				switch {
				case isNotFound(err) && scene != "":
					return sceneShelf.missing(ctx, c, scene, err)
				case isNotFound(err) && ref != "":
					return &fault{err: err, code: CodeNotFound, hint: fmt.Sprintf(`"wattle state %q --all" lists what it has`, ref)}
				case err != nil:
					return err
				}
				if a.jsonWanted() {
					return writeJSON(a.out, made)
				}
				a.say("it is shown this once")
				_, err = fmt.Fprintln(a.out, strings.TrimSuffix(base, "/")+made.Path)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&toggle, "toggle", "", "switch this `device` over")
	cmd.Flags().StringVar(&scene, "scene", "", "apply this `scene`")
	cmd.Flags().BoolVar(&once, "once", false, "it works one time")
	cmd.Flags().StringVar(&lasts, "for", "", "how `long` it is good, such as 7d (default for ever)")
	cmd.Flags().StringVar(&base, "base", "", "`address` of the hub to put in front, such as http://nas:8420")
	return cmd
}

// rawSettings writes values as JSON.
func rawSettings(set map[string]any) (hubapi.Settings, error) {
	out := hubapi.Settings{}
	for id, v := range set {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[id] = raw
	}
	return out, nil
}

func newHookRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME",
		Short:   "Make a link void",
		Example: "wattle hook revoke lamp",
		Args:    exactly(1, "the name of a link"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return hookShelf.tell(cmd, a, args[0], http.MethodDelete, hookShelf.path(args[0]), nil)
		},
	}
}

func newBackup(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup",
		Short: "Copy what the running hub remembers into a folder of its computer",
		Example: `wattle backup
rsync -a "$(wattle backup)" nas:backups/`,
		Long: `While it runs: the history (as of one moment, and checked), known devices, groups,
scenes, rules, tokens as hashes, and the configuration; no passwords. Prints the folder, in
which RESTORE.txt says how to go back. A history in PostgreSQL is pg_dump's.`,
		GroupID: groupHub,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var made struct {
					Path string    `json:"path"`
					Time time.Time `json:"time"`
				}
				if err := c.Do(ctx, http.MethodPost, "/backup", nil, &made); err != nil {
					return err
				}
				made.Time = time.Now()
				if a.jsonWanted() {
					return writeJSON(a.out, made)
				}
				_, err := fmt.Fprintln(a.out, made.Path)
				return err
			})
		},
	}
}
