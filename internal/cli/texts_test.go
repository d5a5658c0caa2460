package cli

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// quotedCommand is a command in a text: behind a quote, a backtick or the beginning
// of a line of code.
var quotedCommand = regexp.MustCompile("(?m)(?:[\"“`]|^(?:    |\t)?(?:\\$ )?(?:[A-Z_]+=\\S+ )*|[|;&] )wattle ([^\"”`\n]*)")

// prose are words that follow the name of the program in a sentence.
var prose = []string{"account", "adds", "finds", "follows", "has", "is", "reaches", "says", "simulated", "uses"}

// word is what can be a command.
var word = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// commandError says what is wrong with "wattle" and what follows it: a command or a
// flag that does not exist.
func commandError(root *cobra.Command, text string) error {
	if at := strings.IndexAny(text, "|;&#>()<,"); at >= 0 {
		text = text[:at]
	}
	cmd := root
	flags := false
	for arg := range strings.FieldsSeq(text) {
		arg = strings.TrimRight(arg, ".:…")
		switch {
		case strings.HasPrefix(arg, "--") && len(arg) > 2:
			flags = true
			name, _, _ := strings.Cut(arg[2:], "=")
			if name = strings.Trim(name, "'[]"); word.MatchString(name) && name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				return fmt.Errorf("%s has no flag --%s", cmd.CommandPath(), name)
			}
		case strings.HasPrefix(arg, "-"):
			flags = true
		case strings.Contains(arg, "%"):
			return nil // a name that is put in later
		case !cmd.HasSubCommands():
		default:
			next, _, err := cmd.Find([]string{arg})
			known := err == nil && next != cmd
			if !known && (cmd == root && word.MatchString(arg) && !flags || cmd != root && isGroup(cmd) && word.MatchString(arg)) {
				return fmt.Errorf("%s has no command %q", cmd.CommandPath(), arg)
			}
			if known {
				cmd = next
			}
		}
	}
	return nil
}

// TestTextsNameRealCommands: no text of the program, of its API and of its
// documents tells people to give a command or a flag that does not exist.
func TestTextsNameRealCommands(t *testing.T) {
	root := testRoot()
	root.InitDefaultHelpCmd()
	for _, text := range []string{"token new NAME", "hub status --quiet", "-v rule import x.yaml --dry-run", "sim ctl heater fault drop", "--hub off list", `set "Desk lamp" brightness=3`} {
		if err := commandError(root, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"token add NAME", "tokens list", "hub status --loud", "rule imports x", "serve --port 80"} {
		if commandError(root, text) == nil {
			t.Errorf("wattle %s is taken for a command", text)
		}
	}
	n := 0
	look := func(where, text string) {
		for _, m := range quotedCommand.FindAllStringSubmatch(text, -1) {
			first, _, _ := strings.Cut(m[1], " ")
			if slices.Contains(prose, strings.TrimRight(first, ",:")) || strings.HasPrefix(first, "─") {
				continue
			}
			n++
			if err := commandError(root, m[1]); err != nil {
				t.Errorf("%s: wattle %s: %v", where, m[1], err)
			}
		}
	}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir():
			if strings.HasPrefix(name, ".") && name != ".." && name != "." || name == "testdata" || name == "protocol" || name == "adr" || name == "tools" {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, "_test.go"), name == "CHANGELOG.md":
		case strings.HasSuffix(name, ".go"):
			return literals(path, look)
		case strings.HasSuffix(name, ".md"), strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".yml"), strings.HasSuffix(name, ".service"), strings.HasSuffix(name, ".json") && strings.Contains(path, "docs"):
			text, err := os.ReadFile(path)
			look(path, strings.ReplaceAll(string(text), `\"`, `"`))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 500 {
		t.Errorf("%d commands were found in the texts: the search has gone blind", n)
	}
	t.Logf("%d commands in texts", n)
}

// literals looks at the strings of a file.
func literals(path string, look func(where, text string)) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if l, ok := node.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text, err := strconv.Unquote(l.Value); err == nil {
				look(set.Position(l.Pos()).String(), text)
			}
		}
		return true
	})
	return nil
}
