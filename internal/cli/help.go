package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// help prints the help of a command: what it does, examples first.
func (a *app) help(cmd *cobra.Command, _ []string) {
	width := 0
	if a.outTTY {
		width, _ = size(a.out)
	}
	_, _ = a.out.Write([]byte(wrapped(helpText(cmd, a.outStyle), width)))
}

func helpText(cmd *cobra.Command, st style) string {
	var b strings.Builder
	head := func(s string) { fmt.Fprintf(&b, "\n%s\n", st.bold(s)) }
	b.WriteString(cmd.Short + "\n")
	if isTopic(cmd) {
		b.WriteString("\n" + strings.TrimSpace(cmd.Long) + "\n")
		return b.String()
	}
	if cmd.Example != "" {
		head("Examples:")
		for l := range strings.Lines(strings.TrimSpace(cmd.Example)) {
			b.WriteString("  " + strings.TrimSpace(l) + "\n")
		}
	}
	head("Usage:")
	for _, u := range usages(cmd) {
		b.WriteString("  " + u + "\n")
	}
	if cmd.Long != "" {
		b.WriteString("\n" + strings.TrimSpace(cmd.Long) + "\n")
	}
	subcommands(&b, cmd, head)
	if own := flagLines(cmd.NonInheritedFlags(), cmd); cmd.HasParent() && len(own) > 0 {
		head("Flags:")
		b.WriteString(strings.Join(own, "\n") + "\n")
	}
	if global := flagLines(cmd.Root().PersistentFlags(), cmd); len(global) > 0 {
		head("Global flags:")
		b.WriteString(strings.Join(global, "\n") + "\n")
	}
	if !cmd.HasParent() {
		b.WriteString("\n\"wattle help TOPIC\" explains: ")
		var names []string
		for _, c := range cmd.Commands() {
			if isTopic(c) {
				names = append(names, c.Name())
			}
		}
		b.WriteString(strings.Join(names, ", ") + ".\n")
	}
	return b.String()
}

// usages are the ways to call a command.
func usages(cmd *cobra.Command) []string {
	var out []string
	if !isGroup(cmd) {
		out = append(out, cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		out = append(out, cmd.CommandPath()+" COMMAND [ARGUMENT...] [flags]")
	}
	return out
}

func subcommands(b *strings.Builder, cmd *cobra.Command, head func(string)) {
	width := 0
	for _, c := range cmd.Commands() {
		width = max(width, len(c.Name()))
	}
	write := func(title, id string) {
		first := true
		for _, c := range cmd.Commands() {
			if !c.IsAvailableCommand() || c.GroupID != id {
				continue
			}
			if first {
				head(title)
				first = false
			}
			fmt.Fprintf(b, "  %-*s  %s\n", width, c.Name(), c.Short)
		}
	}
	for _, g := range cmd.Groups() {
		write(g.Title, g.ID)
	}
	write(map[bool]string{true: "More:", false: "Commands:"}[len(cmd.Groups()) > 0], "")
}

// flagLines are the flags as two columns. Hidden ones and --help are left out.
func flagLines(set *pflag.FlagSet, _ *cobra.Command) []string {
	type pair struct{ left, right string }
	var pairs []pair
	width := 0
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		left, usage := flagName(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			usage += " (default " + f.DefValue + ")"
		}
		pairs = append(pairs, pair{left, usage})
		width = max(width, len(left))
	})
	var out []string
	for _, p := range pairs {
		out = append(out, fmt.Sprintf("  %-*s  %s", width, p.left, p.right))
	}
	return out
}

// flagName is "-o, --output format" and the help of a flag.
func flagName(f *pflag.Flag) (left, usage string) {
	variable, usage := pflag.UnquoteUsage(f)
	left = "    --" + f.Name
	if f.Shorthand != "" {
		left = "-" + f.Shorthand + ", --" + f.Name
	}
	if variable != "" {
		left += " " + strings.ToUpper(variable)
	}
	return left, usage
}

// helpCommand is "wattle help [COMMAND|TOPIC]".
func helpCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Explain a command or a topic",
		Example: "wattle help set\nwattle help exit-codes",
		GroupID: "",
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			target, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			a.help(target, nil)
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			target, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, c := range target.Commands() {
				if c.IsAvailableCommand() || isTopic(c) {
					out = append(out, c.Name()+"\t"+c.Short)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// isTopic reports whether a command is only a text to read.
func isTopic(cmd *cobra.Command) bool { return cmd.Annotations["topic"] != "" }

// isGroup reports whether a command does nothing without a subcommand.
func isGroup(cmd *cobra.Command) bool { return !cmd.HasParent() || cmd.Annotations["group"] != "" }

func firstExample(cmd *cobra.Command) string {
	first, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	first, _, _ = strings.Cut(first, "  #")
	return strings.TrimSpace(first)
}
