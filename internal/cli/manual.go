package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

//go:generate go run ./genmanual ../../docs

// Manual is the reference manual by file name: one Markdown page for each
// command and topic, made from the command tree.
func Manual() map[string]string {
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }, environ: os.Environ}
	root := newRoot(a, "")
	pages := map[string]string{}
	var index strings.Builder
	index.WriteString("# The wattle manual\n\nMade from the command tree by `go generate ./internal/cli`; do not edit.\n")
	var visit func(cmd *cobra.Command, depth int)
	visit = func(cmd *cobra.Command, depth int) {
		if !isTopic(cmd) && !cmd.IsAvailableCommand() && cmd.HasParent() {
			return
		}
		if cmd.HasParent() {
			fmt.Fprintf(&index, "%s- [%s](%s): %s\n", strings.Repeat("  ", depth), title(cmd), page(cmd), cmd.Short)
			pages[page(cmd)] = manualPage(cmd)
		}
		for _, sub := range cmd.Commands() {
			if !isTopic(sub) {
				visit(sub, depth+1)
			}
		}
	}
	index.WriteString("\n" + cmdText(root) + "\n## Commands\n\n")
	visit(root, -1)
	index.WriteString("\n## Topics\n\n")
	for _, sub := range root.Commands() {
		if isTopic(sub) {
			visit(sub, 0)
		}
	}
	index.WriteString("\n## Global flags\n\n" + flagTable(root.PersistentFlags()))
	pages["README.md"] = index.String()
	return pages
}

func page(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".md"
}

func title(cmd *cobra.Command) string {
	if isTopic(cmd) {
		return cmd.Name()
	}
	return cmd.CommandPath()
}

func cmdText(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "```sh\n%s\n```\n", strings.TrimSpace(cmd.Example))
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", markdown(cmd.Long))
	}
	return b.String()
}

func manualPage(cmd *cobra.Command) string {
	var b strings.Builder
	if isTopic(cmd) {
		fmt.Fprintf(&b, "# %s\n\n```text\n%s\n```\n", cmd.Short, strings.Trim(cmd.Long, "\n"))
		return b.String()
	}
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", title(cmd), cmd.Short)
	b.WriteString(cmdText(cmd))
	b.WriteString("\n## Usage\n\n```text\n" + strings.Join(usages(cmd), "\n") + "\n```\n")
	if flags := flagTable(cmd.NonInheritedFlags()); flags != "" {
		b.WriteString("\n## Flags\n\n" + flags)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n## Commands\n\n")
		for _, sub := range cmd.Commands() {
			fmt.Fprintf(&b, "- [%s](%s): %s\n", title(sub), page(sub), sub.Short)
		}
	}
	b.WriteString("\nSee also: [all commands and global flags](README.md), [exit codes](wattle-exit-codes.md).\n")
	return b.String()
}

// markdown keeps indented blocks of a help text as they are: a line that
// begins with two blanks is code.
func markdown(long string) string {
	var b strings.Builder
	code := false
	for l := range strings.Lines(strings.TrimSpace(long) + "\n") {
		if in := strings.HasPrefix(l, "  "); in != code && strings.TrimSpace(l) != "" {
			b.WriteString("```text\n"[:map[bool]int{true: 8, false: 3}[in]])
			if !in {
				b.WriteString("\n")
			}
			code = in
		}
		b.WriteString(l)
	}
	if code {
		b.WriteString("```\n")
	}
	return strings.TrimSpace(b.String())
}

func flagTable(set *pflag.FlagSet) string {
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		left, usage := flagName(f)
		if b.Len() == 0 {
			b.WriteString("| flag | what it does |\n|---|---|\n")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimSpace(left), strings.ReplaceAll(usage, "|", "\\|"))
	})
	return b.String()
}

// WriteManual makes the folder hold exactly the pages of [Manual].
func WriteManual(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	pages := Manual()
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range old {
		if _, ok := pages[e.Name()]; !ok && strings.HasSuffix(e.Name(), ".md") {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
