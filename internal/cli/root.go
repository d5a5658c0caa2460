package cli

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The groups of commands in the help.
const (
	groupRead   = "read"
	groupSwitch = "switch"
	groupSetup  = "setup"
	groupHub    = "hub"
	groupSim    = "sim"
)

// makers are the commands by name, in no order that matters.
var makers = []struct {
	name string
	make func(*app) *cobra.Command
}{
	{"discover", newDiscover},
	{"list", newList},
	{"state", newState},
	{"get", newGet},
	{"watch", newWatch},
	{"events", newEvents},
	{"energy", newEnergy},
	{"on", newOn},
	{"off", newOff},
	{"toggle", newToggle},
	{"set", newSet},
	{"schedule", newSchedule},
	{"timer", newTimer},
	{"away", newAway},
	{"auto-off", newAutoOff},
	{"light", newLight},
	{"alias", newAlias},
	{"reboot", newReboot},
	{"hub", newHub},
	{"vacuum", newVacuum},
	{"raw", newRaw},
	{"info", newInfo},
	{"time", newTime},
	{"led", newLED},
	{"location", newLocation},
	{"firmware", newFirmware},
	{"wifi", newWiFi},
	{"cloud", newCloud},
	{"setup", newSetup},
	{"reset", newReset},
	{"serve", newServe},
	{"history", newHistory},
	{"group", newGroup},
	{"scene", newScene},
	{"rule", newRule},
	{"token", newToken},
	{"hook", newHook},
	{"backup", newBackup},
	{"demo", newDemo},
	{"sim", newSim},
	{"inspect", newInspect},
	{"auth", newAuth},
	{"config", newConfig},
	{"version", newVersion},
	{"completion", newCompletion},
}

// commands makes all commands, or the only one that is wanted.
func commands(a *app, only string) []*cobra.Command {
	var out []*cobra.Command
	for _, m := range makers {
		if only == "" || only == m.name {
			out = append(out, m.make(a))
		}
	}
	return out
}

// onlyCommand is the name of the command that arguments call, if that is plain
// to see: a short command need not build the help of all others. Flags in front,
// aliases, help and completion take the whole tree.
func onlyCommand(args []string) string {
	if len(args) == 0 || slices.ContainsFunc(args, func(arg string) bool { return arg == "--help" || arg == "-h" }) {
		return ""
	}
	for _, m := range makers {
		if m.name == args[0] {
			return m.name
		}
	}
	return ""
}

// newRoot builds the command tree, or as much of it as one command needs.
func newRoot(a *app, only string) *cobra.Command {
	root := &cobra.Command{
		Use:   "wattle",
		Short: "Find, read, switch and simulate Kasa and Tapo devices",
		Long: `wattle finds TP-Link Kasa and Tapo devices in the local network, reads and
switches them, and stands in for them where there are none. It needs no cloud; with
"wattle cloud login" it reaches them from elsewhere too.`,
		Example: `wattle demo                          # no devices at hand? a simulated home
wattle discover                      # look for devices
wattle auth login                    # the account that the devices were set up with
wattle on "Desk lamp"                # by name, address, MAC or id
wattle set "Desk lamp" brightness=40 color_temperature=2700
wattle state --json`,
		Args:              cobra.ArbitraryArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.prepare() },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.AddGroup(
		&cobra.Group{ID: groupRead, Title: "Find and read:"},
		&cobra.Group{ID: groupSwitch, Title: "Switch and change:"},
		&cobra.Group{ID: groupHub, Title: "A home with a hub:"},
		&cobra.Group{ID: groupSim, Title: "Without hardware:"},
		&cobra.Group{ID: groupSetup, Title: "Account, settings and upkeep:"},
	)
	f := root.PersistentFlags()
	f.StringVar(&a.flags.profile, "profile", "", "account and state to use; \"demo\" is the simulated home (env WATTLE_PROFILE)")
	f.StringVar(&a.flags.config, "config", "", "configuration `file` (env WATTLE_CONFIG)")
	f.StringVarP(&a.flags.output, "output", "o", "", "`format` of the result: table, json, yaml or csv")
	f.BoolVar(&a.flags.json, "json", false, "print JSON: the result on stdout, the last error on stderr")
	f.StringVar(&a.flags.via, "via", "", "reach devices by this `way`: local, cloud or prefer-local")
	f.StringVar(&a.flags.hub, "hub", "", "running hub to go through: auto, off, or its `url` (env WATTLE_HUB)")
	f.DurationVar(&a.flags.timeout, "timeout", 0, "give up after this long, such as 5s")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.BoolVarP(&a.flags.verbose, "verbose", "v", false, "say more on stderr")
	f.BoolVar(&a.flags.debug, "debug", false, "log what is sent where to stderr, without secrets")
	f.BoolVar(&a.flags.noColor, "no-color", false, "no colours (env NO_COLOR)")
	f.BoolVar(&a.flags.noInput, "no-input", false, "never ask; fail instead")
	_ = root.RegisterFlagCompletionFunc("output", fixed(formats...))
	_ = root.RegisterFlagCompletionFunc("via", fixed(policies...))
	_ = root.RegisterFlagCompletionFunc("hub", fixed("auto", "off"))
	_ = root.RegisterFlagCompletionFunc("profile", a.completeProfiles)

	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(helpCommand(a))
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.AddCommand(commands(a, only)...)
	if only == "" {
		root.AddCommand(topics()...)
	}
	return root
}

// fixed completes from a fixed list.
func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// unknownCommand says which command was likely meant.
func unknownCommand(parent *cobra.Command, typed string) error {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			names = append(append(names, c.Name()), c.Aliases...)
		}
	}
	hint := meant(typed, names)
	if hint == "" {
		hint = listsCommands(parent)
	}
	return usagef(hint, "unknown command %q", parent.CommandPath()+" "+typed)
}

func listsCommands(parent *cobra.Command) string {
	return `"` + parent.CommandPath() + ` --help" lists the commands`
}

// flagError says which flag was likely meant.
func flagError(cmd *cobra.Command, err error) error {
	hint := `"` + cmd.CommandPath() + ` --help" lists the flags`
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if found := meant("--"+unknown.GetSpecifiedName(), names); found != "" {
			hint = found
		}
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if want := flagWords[wrong.GetFlag().Value.Type()]; want != "" {
			return usagef(hint, "--%s %q: want %s", wrong.GetFlag().Name, wrong.GetValue(), want)
		}
	}
	return usagef(hint, "%w", err)
}

// flagWords say what flags of a type take.
var flagWords = map[string]string{
	"int": "a whole number", "float64": "a number", "duration": "a time such as 30s, 5m or 1h", "bool": "true or false",
}

// group is a command that has only subcommands.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.Annotations = map[string]string{"group": "yes"}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	return cmd
}

// atLeast and exactly check the number of arguments and say what is missing.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef("for example: "+firstExample(cmd), "%s: missing %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

func exactly(n int, what string) cobra.PositionalArgs {
	return between(n, n, what)
}

func between(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := atLeast(least, what)(cmd, args); err != nil {
			return err
		}
		if len(args) > most && most == 0 {
			return usagef("for example: "+firstExample(cmd), "%s: %q is too much: it takes none", cmd.CommandPath(), args[0])
		}
		if len(args) > most {
			return usagef("names with blanks need quotes; for example: "+firstExample(cmd), "%s: %q is too much", cmd.CommandPath(), args[most])
		}
		return nil
	}
}
