package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wattle/recorder"
)

// readConfig reads the file, strictly: an unknown key or a wrong value is an
// error that names the line. No file is no error, unless somebody named it.
func readConfig(path string, wanted bool) (*settings, error) {
	set := &settings{byKey: map[string]value{}}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !wanted:
		return set, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &fault{err: err, code: CodeNotFound, hint: `"wattle config set" makes it`}
	case err != nil:
		return nil, err
	}
	set.file = path
	return set, parseConfig(path, b, set)
}

// parseConfig adds what the text of a file says.
func parseConfig(path string, b []byte, set *settings) error {
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return yamlError(path, err)
	}
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if err := walk(path, "", doc.Body, set); err != nil {
			return err
		}
	}
	return nil
}

// walk flattens a mapping into dotted keys.
func walk(path, prefix string, node ast.Node, set *settings) error {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.NullNode, *ast.CommentGroupNode:
		return nil
	default:
		return at(path, node, usagef("", "%s: want keys and values here, not %s", orFile(prefix), strings.ToLower(node.Type().String())))
	}
	for _, pair := range pairs {
		key := prefix + pair.Key.GetToken().Value
		if key == tariffsKey {
			if err := readTariffs(path, pair.Value, set); err != nil {
				return err
			}
			continue
		}
		row, known := findSetting(key)
		if !known {
			if !isSection(key) {
				return at(path, pair.Key, usagef(meant(key, keys()), "unknown key %q", key))
			}
			if err := walk(path, key+".", pair.Value, set); err != nil {
				return err
			}
			continue
		}
		if pair.Value.Type() == ast.NullType {
			continue // "key:" alone says nothing
		}
		values, err := scalars(pair.Value)
		if err == nil {
			err = row.check(values)
		}
		if err != nil {
			return at(path, pair.Value, err)
		}
		set.byKey[key] = value{values, fmt.Sprintf("%s:%d", path, pair.Key.GetToken().Position.Line)}
	}
	return nil
}

// tariffsKey is the part of the file that is a list of objects.
const tariffsKey = "tariffs"

// readTariffs reads and checks what energy costs.
func readTariffs(path string, node ast.Node, set *settings) error {
	if node.Type() == ast.NullType {
		return nil
	}
	if err := yaml.NodeToValue(node, &set.tariffs, yaml.Strict()); err != nil {
		return yamlError(path, err)
	}
	if _, err := recorder.ParseTariffs(time.UTC, set.tariffs); err != nil {
		return at(path, node, err)
	}
	return nil
}

func orFile(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

// isSection reports whether known keys begin with this one.
func isSection(key string) bool {
	parts := strings.Split(key, ".")
	return slices.ContainsFunc(schema, func(row setting) bool {
		want := strings.Split(row.key, ".")
		if len(want) <= len(parts) {
			return false
		}
		for i, p := range parts {
			if want[i] != p && want[i] != "*" {
				return false
			}
		}
		return true
	})
}

func keys() []string {
	out := make([]string, len(schema))
	for i, row := range schema {
		out[i] = row.key
	}
	return out
}

// scalars is the text of a value or of each item of a list.
func scalars(node ast.Node) ([]string, error) {
	switch n := node.(type) {
	case *ast.SequenceNode:
		var out []string
		for _, item := range n.Values {
			if _, ok := item.(ast.ScalarNode); !ok {
				return nil, usagef("", "want a list of texts")
			}
			out = append(out, item.GetToken().Value)
		}
		return out, nil
	case *ast.LiteralNode:
		return []string{strings.TrimSpace(n.Value.Value)}, nil
	case ast.ScalarNode:
		return []string{n.GetToken().Value}, nil
	}
	return nil, usagef("", "want a value, not keys below it")
}

// at puts file, line and column in front of an error.
func at(path string, node ast.Node, err error) error {
	where := path
	if tok := node.GetToken(); tok != nil && tok.Position != nil {
		where = fmt.Sprintf("%s:%d:%d", path, tok.Position.Line, tok.Position.Column)
	}
	hint := ""
	if f, ok := errors.AsType[*fault](err); ok {
		hint = f.hint
	}
	return &fault{subject: where, err: err, code: CodeUsage, hint: hint}
}

func yamlError(path string, err error) error {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		where := path
		if tok := e.GetToken(); tok != nil && tok.Position != nil {
			where = fmt.Sprintf("%s:%d:%d", path, tok.Position.Line, tok.Position.Column)
		}
		return &fault{subject: where, err: errors.New(e.GetMessage()), code: CodeUsage}
	}
	return &fault{subject: path, err: err, code: CodeUsage}
}
