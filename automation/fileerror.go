package automation

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"wattle"
)

// FileError is what is wrong with a file. It is of the class [wattle.ErrParam].
type FileError struct {
	Name         string
	Line, Column int // from 1; 0 where the whole file is meant
	Err          error
}

// Error begins with NAME:LINE:COLUMN.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// placedError is an error about a node of a file.
type placedError struct {
	node ast.Node
	error
}

func (e *placedError) Unwrap() error { return e.error }

// kindOf says for people what a field takes.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "keys and values"
	}
	return "a number"
}

// located gives an error of the library its place.
func located(name string, err error) error {
	if p, ok := errors.AsType[*placedError](err); ok {
		return at(name, p.node, p.error)
	}
	if wrong, ok := errors.AsType[*yaml.TypeError](err); ok && wrong.DstType != nil {
		return atToken(name, wrong.Token, bad("want %s here", kindOf(wrong.DstType)))
	}
	if wrong, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return atToken(name, wrong.Token, bad("want %s here", strings.ToLower(wrong.Expected.String())))
	}
	if y, ok := errors.AsType[yaml.Error](err); ok && y.GetToken() != nil {
		return atToken(name, y.GetToken(), bad("%s", clip(y.GetMessage())))
	}
	if errors.Is(err, wattle.ErrParam) {
		return &FileError{name, 0, 0, err}
	}
	return &FileError{name, 0, 0, bad("%s", clip(strings.Join(strings.Fields(err.Error()), " ")))}
}

func at(name string, node ast.Node, err error) error {
	if node == nil {
		return &FileError{name, 0, 0, err}
	}
	return atToken(name, node.GetToken(), err)
}

func atToken(name string, t *token.Token, err error) error {
	if t == nil || t.Position == nil {
		return &FileError{name, 0, 0, err}
	}
	return &FileError{name, t.Position.Line, t.Position.Column, err}
}

// found gives what is wrong with an item its place in the file: that of the field,
// or of the nearest one around it that is written there.
func found(name string, file *ast.File, prefix string, err error) error {
	path := prefix
	if wrong, ok := errors.AsType[*FieldError](err); ok {
		if wrong.Path != "" {
			path += "." + wrong.Path
		}
		err = wrong.Err
	}
	for ; path != ""; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
		p, bad := yaml.PathString("$." + path)
		if bad != nil {
			continue
		}
		node, bad := safely(func() (ast.Node, error) { return p.FilterFile(file) })
		if bad == nil && node != nil {
			return at(name, node, fmt.Errorf("%s: %w", path, err))
		}
	}
	return &FileError{name, 0, 0, err}
}
