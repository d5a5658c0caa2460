package rulefile

import (
	"encoding/json"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"wattle/method"
)

// text is a single value; extra has none.
func (r *reader) text(f field) (string, error) {
	switch n := f.value.(type) {
	case *ast.NullNode:
		return "", r.at(f.node, bad("%s has no value", clip(f.key)))
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	if f.key == "extra" || strings.HasSuffix(f.key, "state_extra") {
		return "", nil
	}
	return "", r.at(f.value, bad("%s: want a single value", clip(f.key)))
}

// extra reads fields of a device's object: any mapping.
func (r *reader) extra(node ast.Node) (method.Extra, error) {
	fields, err := r.mapping(node)
	if err != nil {
		return nil, err
	}
	out := method.Extra{}
	for _, f := range fields {
		v, err := r.value(f.value, 0)
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, r.at(f.value, bad("%v", err))
		}
		out[f.key] = raw
	}
	return out, nil
}

func (r *reader) value(node ast.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, r.at(node, bad("it is nested too deeply"))
	}
	switch n := node.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.IntegerNode:
		if text := n.GetToken().Value; json.Valid([]byte(text)) {
			return json.Number(text), nil
		}
	case *ast.FloatNode:
		if text := n.GetToken().Value; json.Valid([]byte(text)) {
			return json.Number(text), nil
		}
	case *ast.StringNode:
		return n.Value, nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, item := range n.Values {
			v, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case *ast.MappingNode, *ast.MappingValueNode:
		fields, err := r.mapping(node)
		if err != nil {
			return nil, err
		}
		out := map[string]any{}
		for _, f := range fields {
			if out[f.key], err = r.value(f.value, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, r.at(node, bad("want plain values here"))
}
