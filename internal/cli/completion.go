package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle/hub"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `SHELL is bash, zsh, fish or powershell. Completion knows the names of your
devices and what each can do: they come from the known devices, not from the network.`,
		Example: `wattle completion bash > ~/.local/share/bash-completion/completions/wattle
wattle completion zsh > "${fpath[1]}/_wattle"
wattle completion fish > ~/.config/fish/completions/wattle.fish
wattle completion powershell | Out-String | Invoke-Expression`,
		Args:              exactly(1, "the name of a shell: "+list(shells)),
		ValidArgsFunction: fixed(shells...),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return usagef(meant(args[0], shells), "%q is not a shell that is known here: want %s", args[0], list(shells))
		},
	}
}

// completeProfiles offers the profiles that have state.
func (a *app) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	out := []string{demoProfile + "\tThe simulated home of \"wattle demo\""}
	if root, err := a.stateRoot(); err == nil {
		entries, _ := os.ReadDir(filepath.Join(root, "profiles"))
		for _, e := range entries {
			if e.IsDir() && e.Name() != demoProfile {
				out = append(out, e.Name())
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// candidates are the names of known devices that fit what is typed, with what
// they are. It asks no network.
func (a *app) candidates(ctx context.Context, used []string) []string {
	book, err := a.book()
	if err != nil || book.load(ctx) != nil {
		return nil
	}
	var out []string
	for _, d := range book.devices() {
		name := cmp.Or(d.Alias, d.MAC.String())
		out = append(out, name+"\t"+strings.TrimSpace(d.Model.String()+" "+d.Address))
		for _, c := range d.Children {
			out = append(out, name+"/"+c.Name()+"\t"+cmp.Or(c.Model.Name, "outlet"))
		}
	}
	for _, room := range hub.Rooms(book.places()) {
		out = append(out, hub.RoomWord+room+"\tRoom")
	}
	return slices.DeleteFunc(out, func(s string) bool {
		name, _, _ := strings.Cut(s, "\t")
		return slices.Contains(used, name)
	})
}

// completeDevices offers devices for every argument.
func (a *app) completeDevices(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.candidates(cmd.Context(), args), cobra.ShellCompDirectiveNoFileComp
}

// completeDeviceThen offers devices for the first argument, and what then
// gives for the others.
func (a *app) completeDeviceThen(then func(features []notedFeature) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return a.candidates(cmd.Context(), nil), cobra.ShellCompDirectiveNoFileComp
		}
		if then == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return then(a.notedFeatures(cmd.Context(), args[0])), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// notedFeatures are what the device had when it was read last.
func (a *app) notedFeatures(ctx context.Context, ref string) []notedFeature {
	book, err := a.book()
	if err != nil || book.load(ctx) != nil {
		return nil
	}
	t, err := book.find(ref)
	if err != nil {
		return nil
	}
	n := book.note(t.known.MAC)
	if t.child == "" {
		return n.Features
	}
	for _, c := range n.Children {
		if c.ID == t.child {
			return c.Features
		}
	}
	return nil
}

// completeDeviceFeatures is for "get DEVICE FEATURE...".
func (a *app) completeDeviceFeatures(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return a.completeDeviceThen(func(features []notedFeature) (out []string) {
		for _, f := range features {
			if !slices.Contains(args, f.ID) {
				out = append(out, f.ID+"\t"+f.Name)
			}
		}
		return out
	})(cmd, args, word)
}

// completeAssignments is for "set DEVICE FEATURE=VALUE...".
func (a *app) completeAssignments(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	id, _, valued := strings.Cut(word, "=")
	words, directive := a.completeDeviceThen(func(features []notedFeature) (out []string) {
		for _, f := range features {
			switch {
			case !f.Settable:
			case valued && f.ID == id:
				for _, c := range f.Choices {
					out = append(out, id+"="+c)
				}
			case !valued:
				out = append(out, f.ID+"=\t"+f.Name)
			}
		}
		return out
	})(cmd, args, word)
	if len(args) > 0 && !valued {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return words, directive
}
