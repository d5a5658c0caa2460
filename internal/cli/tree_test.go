package cli

import (
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite golden files, scripts and the manual")

func testRoot() *cobra.Command {
	return newRoot(&app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}, "")
}

// each calls f for every command of the tree that a person can call.
func each(cmd *cobra.Command, f func(*cobra.Command)) {
	if !isTopic(cmd) {
		f(cmd)
	}
	for _, sub := range cmd.Commands() {
		each(sub, f)
	}
}

// The command tree as data: what every command must have.
func TestTree(t *testing.T) {
	n := 0
	each(testRoot(), func(cmd *cobra.Command) {
		n++
		path := cmd.CommandPath()
		switch r := []rune(cmd.Short); {
		case len(r) == 0:
			t.Errorf("%s has no short help", path)
		case !unicode.IsUpper(r[0]):
			t.Errorf("%s: short help %q does not start with a capital", path, cmd.Short)
		case strings.HasSuffix(cmd.Short, "."):
			t.Errorf("%s: short help %q ends with a full stop", path, cmd.Short)
		case len(cmd.Short) > 72:
			t.Errorf("%s: short help has %d letters, want at most 72", path, len(cmd.Short))
		}
		if !strings.Contains(cmd.Example, path) && cmd.Name() != "help" {
			t.Errorf("%s: no example calls it:\n%s", path, cmd.Example)
		}
		for l := range strings.Lines(cmd.Example) {
			if l = strings.TrimSpace(l); l == "" {
				t.Errorf("%s: empty line in the examples", path)
			}
		}
		if !strings.HasPrefix(cmd.UseLine(), path) {
			t.Errorf("%s: usage line %q has not its full path", path, cmd.UseLine())
		}
		if cmd.RunE == nil {
			t.Errorf("%s cannot be run", path)
		}
		if cmd.HasParent() && cmd.Parent() == cmd.Root() && cmd.GroupID == "" &&
			!slices.Contains([]string{"help", "version", "completion"}, cmd.Name()) {
			t.Errorf("%s is in no group", path)
		}
		global := map[string]bool{}
		cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) { global[f.Name], global["-"+f.Shorthand] = true, true })
		cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "hub" && (cmd.Name() == "sim" || cmd.Name() == "inspect") {
				return // a capture of a hub: they reach no devices of anybody's
			}
			if cmd.HasParent() && (global[f.Name] || f.Shorthand != "" && global["-"+f.Shorthand]) {
				t.Errorf("%s: flag --%s is a global flag as well", path, f.Name)
			}
			if f.Usage == "" || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s: flag --%s: help %q", path, f.Name, f.Usage)
			}
			for _, word := range []string{"password", "secret", "token"} {
				if strings.Contains(f.Name, word) && f.Value.Type() != "bool" && cmd.Name() != "sim" && !strings.HasSuffix(f.Name, "-file") && !strings.HasSuffix(f.Name, "-stdin") {
					t.Errorf("%s: flag --%s puts a secret into the process list", path, f.Name)
				}
			}
		})
	})
	t.Logf("%d commands", n)
}

func TestExitCodesAreDocumented(t *testing.T) {
	text := exitCodeText()
	for _, row := range classes {
		if !strings.Contains(text, row.code.name()) {
			t.Errorf("code %d of class %q is not in the help", row.code, row.class)
		}
	}
	seen := map[Code]bool{}
	for _, c := range codes {
		if seen[c.code] {
			t.Errorf("code %d is listed twice", c.code)
		}
		seen[c.code] = true
	}
}

// The help of every command and topic, as a person sees it.
func TestHelpGolden(t *testing.T) {
	root := testRoot()
	var b strings.Builder
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	for _, cmd := range all {
		if cmd.HasParent() && !isTopic(cmd) {
			// The global flags are shown once, with the root.
			text, _, _ := strings.Cut(helpText(cmd, false), "\nGlobal flags:")
			b.WriteString("==== " + cmd.CommandPath() + "\n" + text + "\n")
			continue
		}
		b.WriteString("==== " + cmd.CommandPath() + "\n" + helpText(cmd, false) + "\n")
	}
	golden(t, filepath.Join("testdata", "help.golden"), b.String())
	for l := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimRight(l, "\n"))); n > 140 {
			t.Errorf("%d columns are too many: %s", n, l)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update rewrites it:\n%s", path, diff)
	}
}

// The manual in docs/manual is what the command tree says.
func TestManualIsFresh(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "manual")
	if *update {
		if err := WriteManual(dir); err != nil {
			t.Fatal(err)
		}
	}
	pages := Manual()
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(b) != pages[name] {
			t.Errorf("%s is stale: run go generate ./internal/cli", name)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := pages[f.Name()]; !ok {
			t.Errorf("docs/manual/%s belongs to no command", f.Name())
		}
	}
}

// What is built for one command alone is the same as in the whole tree.
func TestOnlyCommand(t *testing.T) {
	whole := testRoot()
	names := map[string]bool{}
	for _, m := range makers {
		names[m.name] = true
		cmd, _, err := whole.Find([]string{m.name})
		if err != nil || cmd.Name() != m.name {
			t.Errorf("%s makes %q: %v", m.name, cmd.Name(), err)
		}
		if got := onlyCommand([]string{m.name, "x"}); got != m.name {
			t.Errorf("only %q for %s", got, m.name)
		}
	}
	for _, cmd := range whole.Commands() {
		if !isTopic(cmd) && !names[cmd.Name()] && cmd.Name() != "help" {
			t.Errorf("%s is made elsewhere", cmd.Name())
		}
	}
	for _, args := range [][]string{nil, {"-v", "on", "x"}, {"on", "-h"}, {"on", "--help"}, {"help", "on"}, {"__complete", "on", ""}, {"ls"}} {
		if got := onlyCommand(args); got != "" {
			t.Errorf("%q: only %q, want the whole tree", args, got)
		}
	}
}
