package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"

	"wattle/internal/atomicfile"
)

func newConfig(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "config",
		Short:   "Show and change the settings",
		GroupID: groupSetup,
		Example: "wattle config show --origin\nwattle config set discovery.targets 192.168.50.0/24",
	})
	cmd.AddCommand(newConfigShow(a), newConfigPath(a), newConfigSet(a), newConfigSchema(a))
	return cmd
}

func newConfigShow(a *app) *cobra.Command {
	var origin bool
	cmd := &cobra.Command{
		Use:     "show [KEY...]",
		Short:   "Print the settings as they apply now",
		Example: "wattle config show\nwattle config show --origin\nwattle config show discovery.targets",
		Long: `A flag wins over the environment, the environment over the file, the file over
the default; --origin says which of them it was. Passwords are never settings.`,
		ValidArgsFunction: fixed(keys()...),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := a.settings()
			if err != nil {
				return err
			}
			wanted := args
			if len(wanted) == 0 {
				for _, row := range schema {
					if !strings.Contains(row.key, "*") {
						wanted = append(wanted, row.key)
					}
				}
				for _, key := range slices.Sorted(maps.Keys(set.byKey)) {
					if !slices.Contains(wanted, key) {
						wanted = append(wanted, key)
					}
				}
			}
			head := []string{"key", "value"}
			if origin {
				head = append(head, "origin")
			}
			t := &table{head: head}
			type entry struct {
				Value  any    `json:"value"`
				Origin string `json:"origin"`
			}
			doc := map[string]any{}
			for _, key := range wanted {
				row, ok := findSetting(key)
				if !ok {
					return &fault{err: fmt.Errorf("no setting %q", key), code: CodeNotFound, hint: meant(key, keys())}
				}
				v := set.get(key)
				cells := []cell{plain(key), plain(strings.Join(v.values, ", "))}
				if origin {
					cells = append(cells, dimmed(v.origin))
				}
				t.add(cells...)
				var val any = strings.Join(v.values, ",")
				switch row.kind {
				case words:
					val = append([]string{}, v.values...)
				case boolean:
					val = val == "true"
				case count, number:
					val = nil // empty
					if len(v.values) > 0 {
						val = json.RawMessage(v.values[0])
					}
				}
				doc[key] = val
				if origin {
					doc[key] = entry{val, v.origin}
				}
			}
			return a.print(doc, t)
		},
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	return cmd
}

func newConfigPath(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "Print where settings and state are stored",
		Example: "wattle config path\nls -l \"$(wattle config path -o json | jq -r .state)\"",
		Args:    exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			file, err := a.configFile()
			if err != nil {
				return err
			}
			p, err := a.profile()
			if err != nil {
				return err
			}
			t := &table{head: []string{"what", "path"}, bare: true}
			t.add(plain("config"), plain(file))
			t.add(plain("state"), plain(p.dir))
			return a.print(map[string]string{"config": file, "state": p.dir}, t)
		},
	}
}

func newConfigSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file, for editors",
		Long:  "An editor that knows it completes and checks the file as you type.",
		Example: `wattle config schema >~/.config/wattle/schema.json   # then, as the first line of config.yaml:
                                                     # yaml-language-server: $schema=schema.json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(ConfigSchema())
			return err
		},
	}
}

func newConfigSet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "set KEY VALUE...",
		Short:   "Change a setting in the configuration file",
		Long:    "Comments in the file are kept. A list takes several values.",
		Example: "wattle config set discovery.targets 192.168.50.0/24 10.0.7.255\nwattle config set output json",
		Args:    atLeast(2, "a key and a value"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return keys(), cobra.ShellCompDirectiveNoFileComp
			}
			row, _ := findSetting(args[0])
			return row.choices, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			row, ok := findSetting(args[0])
			if !ok {
				return &fault{err: fmt.Errorf("no setting %q", args[0]), code: CodeNotFound, hint: meant(args[0], keys())}
			}
			if err := row.check(args[1:]); err != nil {
				return err
			}
			file, err := a.configFile()
			if err != nil {
				return err
			}
			old, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			changed, err := edit(file, old, row, args[1:])
			if err != nil {
				return err
			}
			return replaceFile(file, changed)
		},
	}
}

// edit gives the text of a file with one setting changed, comments kept.
func edit(path string, old []byte, row setting, values []string) ([]byte, error) {
	var leaf any = values[0]
	switch row.kind {
	case words:
		leaf = values
	case boolean:
		leaf = values[0] == "true"
	case count, number:
		n, err := strconv.ParseFloat(values[0], 64)
		if err != nil { // it was checked: there is none
			return nil, usagef("to leave it empty, edit the file", "%s: want a %s", row.key, row.kind)
		}
		if leaf = n; n == math.Trunc(n) {
			leaf = int64(n)
		}
		values = []string{strconv.FormatFloat(n, 'f', -1, 64)}
	}
	file, err := parser.ParseBytes(old, parser.ParseComments)
	if err != nil {
		return nil, yamlError(path, err)
	}
	parts := strings.Split(row.key, ".")
	if len(file.Docs) == 0 || file.Docs[0].Body == nil || file.Docs[0].Body.Type() == ast.CommentType {
		added, err := below(parts, leaf)
		if len(old) > 0 && old[len(old)-1] != '\n' {
			old = append(old, '\n')
		}
		return append(old, added...), err
	}
	// The deepest part of the key that is there already takes the rest.
	for n := len(parts); n >= 0; n-- {
		where, err := yaml.PathString("$" + strings.Join(append([]string{""}, parts[:n]...), "."))
		if err != nil {
			return nil, err
		}
		node, err := where.FilterFile(file)
		if err != nil || node.Type() == ast.NullType && n < len(parts) {
			continue // nothing there: it is put in at the level above
		}
		rest, err := below(parts[n:], leaf)
		if err != nil {
			return nil, err
		}
		switch node.Type() {
		case ast.MappingType, ast.MappingValueType:
			err = where.MergeFromReader(file, bytes.NewReader(rest))
		default:
			err = where.ReplaceWithReader(file, bytes.NewReader(rest))
		}
		if err != nil {
			return nil, err
		}
		break
	}
	// What comes out is read back before it replaces what the user wrote.
	out := []byte(file.String())
	back := &settings{byKey: map[string]value{}}
	if err := parseConfig(path, out, back); err != nil {
		return nil, err
	}
	if !slices.Equal(back.list(row.key), values) {
		return nil, fmt.Errorf("%s: cannot change %s here; edit the file", path, row.key)
	}
	return out, nil
}

// below is YAML for a value under some keys.
func below(keys []string, value any) ([]byte, error) {
	for _, key := range slices.Backward(keys) {
		value = yaml.MapSlice{{Key: key, Value: value}}
	}
	return yaml.MarshalWithOptions(value, yaml.IndentSequence(true))
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, b []byte) error {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return atomicfile.Write(path, b, 0o644, false)
}
