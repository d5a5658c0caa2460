package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
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
