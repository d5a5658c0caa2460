package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle/automation"
	"wattle/internal/hubclient"
)

func newScene(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "scene",
		Short: "Scenes of the running hub: how some devices are to be set together",
		Example: `wattle scene capture reading "Desk lamp" @evening   # as they are now
wattle scene set reading "Desk lamp" brightness=60 + "Study lamp" state=off
wattle scene apply reading`,
		GroupID: groupHub,
	})
	cmd.AddCommand(
		shelfList(a, sceneShelf, `"wattle scene capture NAME DEVICE..." makes one of how devices are now`, func(s *automation.Scene) []cell {
			var parts []string
			for _, p := range s.Parts {
				parts = append(parts, a.namesOf([]string{p.Device})[0]+": "+settingsText(p.Set))
			}
			return []cell{plain(s.Name), plain(strings.Join(parts, "; "))}
		}, "name", "sets"),
		newSceneShow(a), newSceneSet(a), newSceneCapture(a), newSceneApply(a), shelfDelete(a, sceneShelf),
	)
	return cmd
}

func newSceneShow(a *app) *cobra.Command {
	return newShelfShow(a, sceneShelf, "wattle scene show reading >reading.yaml", func(all *automation.Document, is func(string) bool) automation.Document {
		return automation.Document{Scenes: slices.DeleteFunc(all.Scenes, func(s automation.Scene) bool { return !is(s.Name) })}
	})
}

// settingsText is brightness=40 state=on.
func settingsText(set map[string]any) string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(set)) {
		out = append(out, fmt.Sprintf("%s=%v", id, set[id]))
	}
	return strings.Join(out, " ")
}

func newSceneApply(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "apply NAME",
		Short:   "Set the devices of a scene",
		Example: "wattle scene apply reading",
		Args:    exactly(1, "the name of a scene"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sceneShelf.outcomes(cmd, a, args[0], "/apply", struct{}{})
		},
	}
}

func newSceneCapture(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "capture NAME DEVICE...",
		Short:   "Make a scene of how devices are now",
		Example: "wattle scene capture reading \"Desk lamp\" @evening",
		Args:    atLeast(2, "a name and devices"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sceneShelf.check(cmd, args[0]); err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				ids, err := a.idsOf(ctx, args[1:])
				if err != nil {
					return err
				}
				return c.Do(ctx, http.MethodPost, sceneShelf.path(args[0], "/capture"), map[string]any{"devices": ids}, nil)
			})
		},
	}
}

func newSceneSet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "set NAME DEVICE FEATURE=VALUE... [+ DEVICE FEATURE=VALUE...]...",
		Short:   "Make a scene of what to set on which device",
		Example: `wattle scene set reading "Desk lamp" brightness=60 + @evening state=off`,
		Args:    atLeast(3, "a name, a device and what to set"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sceneShelf.check(cmd, args[0]); err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				scene := automation.Scene{Name: args[0]}
				for _, part := range cutAt(args[1:], "+") {
					if len(part) < 2 {
						return usagef("for example: "+firstExample(cmd), "%q: want a device and what to set", strings.Join(part, " "))
					}
					ids, err := a.idsOf(ctx, part[:1])
					if err != nil {
						return err
					}
					set, err := settingsOf(part[1:])
					if err != nil {
						return err
					}
					for _, id := range ids {
						scene.Parts = append(scene.Parts, automation.ScenePart{Device: id, Set: set})
					}
				}
				return c.Do(ctx, http.MethodPut, sceneShelf.path(args[0]), scene, nil)
			})
		},
	}
}

// cutAt cuts a list at a word.
func cutAt(list []string, word string) (out [][]string) {
	for {
		i := slices.Index(list, word)
		if i < 0 {
			return append(out, list)
		}
		out, list = append(out, list[:i]), list[i+1:]
	}
}
